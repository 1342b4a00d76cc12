"""The printed results of overlays, fits, rankings and plans."""

from __future__ import annotations

import textwrap

from sbpath.fitting.cells import rate_label
from sbpath.fitting.overlay import OverlaidFractions, OverlaidHalf, Overlay
from sbpath.fitting.plan import NextExperiment, Plan
from sbpath.fitting.rank import Candidate, Ranking, Verdict
from sbpath.fitting.result import FitResult, FittedNumber
from sbpath.measured.experiment_file import Measurement
from sbpath.mechanism.groups import short_name
from sbpath.text.curve_report import measurement_report
from sbpath.text.tables import Column, printed_table, table

WIDTH = 118


def report(found: Measurement | Overlay | FitResult | Ranking | Plan) -> str:
    """The text that the commands ``read``, ``overlay``, ``fit``, ``rank`` and ``plan`` print."""
    if isinstance(found, Measurement):
        return measurement_report(found)
    if isinstance(found, Overlay):
        return overlay_report(found)
    if isinstance(found, FitResult):
        return fit_report(found)
    return ranking_report(found) if isinstance(found, Ranking) else plan_report(found)


def fit_report(result: FitResult) -> str:
    """All that `result` says."""
    error = result.error
    told = sum(not number.held for number in result.numbers)
    count = len(result.targets)
    data = f"{count} target{'s' * (count > 1)}"
    if error is not None:
        data = f"{result.half_cycles} half cycle{'s' * (result.half_cycles > 1)}, {error.points} points"
    head = (
        f"{data}; {told} free, {len(result.nuisances)} nuisances; "
        f"{result.starts} start{'s' * (result.starts > 1)}, {result.agree} agree; {result.simulations} simulations"
    )
    if result.interrupted:
        head += "; interrupted, the best so far"
    rows = [
        [number.name, number.unit, *_values(number, error is None), number.told_by or "held"]
        for number in (*result.numbers, *result.tied)
    ]
    lines = [head, table(["", "", "fitted", "95 % interval", "start", "told by"], rows)]
    if error is None:
        met = [
            [f"{n}: {one.name}", one.unit, f"{one.given:g}", f"{one.error:g}", f"{one.found:.4g}"]
            for n, one in enumerate(result.targets, 1)
        ]
        lines.append(table(["target", "", "given", "error", "found"], met))
    else:
        lines.append(
            f"misfit {error.rms_mV:.1f} mV rms (white {error.white_mV:.1f}, drift {error.drift_mV:.1f} over "
            f"{100 * error.length:.0f} % of a half cycle, shared by rates {error.repeated_mV:.1f}); "
            f"{error.independent_points:.0f} independent points of {error.points}"
        )
    if error is not None and error.fractions:
        lines.append(
            f"{error.fractions} phase fractions, off by {error.fraction_rms:.2g} of their errors (rms)"
        )
    if result.agree < 2 and not result.interrupted:
        lines.append("No two starts agree: give better starting values, or fewer free numbers.")
    lines += [textwrap.fill(remark, WIDTH, subsequent_indent="  ") for remark in result.remarks]
    return "\n".join(lines)


def _values(number: FittedNumber, exact: bool) -> list[str]:
    """Fitted, interval, and start, as many digits as the interval bears; the fitted number with four if `exact`."""
    digits, zero = 4, 0.0
    if number.low is not None and number.high is not None:
        if number.low <= 0.0 <= number.high:
            zero = 1e-3 * (number.high - number.low)
        share = (number.high - number.low) / max(abs(number.value), 1e-300)
        digits = 4 if share < 0.1 else 3 if share < 0.5 else 2

    def text(value: float) -> str:
        return f"{value if abs(value) > zero else 0.0:.{digits}g}"

    if number.held:
        interval = "-"
    elif number.low is None and number.high is None:
        interval = "no limits"
    elif number.high is None:
        interval = f">= {text(number.low or 0.0)}"
    elif number.low is None:
        interval = f"<= {text(number.high)}"
    else:
        interval = f"{text(number.low)} .. {text(number.high)}"
    return [f"{number.value:.4g}" if exact else text(number.value), interval, f"{number.start:.4g}"]


def _pair(values: tuple[float, float]) -> str:
    return f"{values[0]:.0f} / {values[1]:.0f}"


def _lists(values: tuple[tuple[float, ...], tuple[float, ...]]) -> str:
    return " / ".join(", ".join(f"{v:.3f}" for v in own) or "-" for own in values)


OVERLAY_COLUMNS: tuple[Column[OverlaidHalf], ...] = (
    Column("curve", lambda row: row.curve),
    Column("cycle", lambda row: row.measured.cycle, short="cycle"),
    Column("direction", lambda row: row.measured.direction, short="half cycle"),
    Column("C-rate [1/h]", lambda row: row.measured.rate_per_h, "{:.6g}"),
    Column("", lambda row: rate_label(row.measured.rate_per_h), short="rate"),
    Column("measured capacity [mAh/g]", lambda row: row.capacity_mAh_per_g[0], "{:.6g}"),
    Column("simulated capacity [mAh/g]", lambda row: row.capacity_mAh_per_g[1], "{:.6g}"),
    Column("", lambda row: _pair(row.capacity_mAh_per_g), short="mAh/g"),
    Column("measured plateaus [V]", lambda row: " ".join(f"{v:.4f}" for v in row.plateaus_V[0])),
    Column("simulated plateaus [V]", lambda row: " ".join(f"{v:.4f}" for v in row.plateaus_V[1])),
    Column("", lambda row: _lists(row.plateaus_V), short="plateaus (V)"),
    Column("measured peaks of dQ/dV [V]", lambda row: " ".join(f"{v:.4f}" for v in row.peaks_V[0])),
    Column("simulated peaks of dQ/dV [V]", lambda row: " ".join(f"{v:.4f}" for v in row.peaks_V[1])),
    Column("", lambda row: _lists(row.peaks_V), short="peaks of dQ/dV (V)"),
    Column("rms distance [mV]", lambda row: row.rms_mV, "{:.6g}", "rms (mV)", "{:.1f}"),
)


FRACTION_COLUMNS: tuple[Column[OverlaidFractions], ...] = (
    Column("curve", lambda row: row.half.curve, short="curve"),
    Column("cycle", lambda row: row.half.measured.cycle, short="cycle"),
    Column("half cycle", lambda row: row.half.measured.direction, short="half cycle"),
    Column("phase", lambda row: row.points.name, short="phase"),
    Column("points", lambda row: len(row.points.q), short="points"),
    Column("rms difference of fractions", lambda row: row.rms, "{:.6g}", "rms difference", "{:.3f}"),
)


def overlay_report(found: Overlay) -> str:
    """The table of an overlay, with what its pairs are, and those of phase fractions."""
    lines = [printed_table(OVERLAY_COLUMNS, found.halves), "Pairs are measured / simulated."]
    if found.fractions:
        lines += ["", printed_table(FRACTION_COLUMNS, found.fractions)]
    lines += [textwrap.fill(remark, WIDTH) for cell in found.cells for remark in cell.remarks]
    return "\n".join(lines)


RANKING_COLUMNS: tuple[Column[Candidate], ...] = (
    Column("candidate", lambda row: row.name, short="candidate"),
    Column("misfit [mV]", lambda row: row.misfit_mV, "{:.6g}", "misfit (mV)", "{:.1f}"),
    Column("free", lambda row: row.free, short="free"),
    Column("delta BIC", lambda row: row.delta_BIC, "{:.6g}", "dBIC", "{:.0f}"),
    Column("fit alone", lambda row: row.fit_alone, "{:.6g}", "fit alone", "{:.0f}"),
    Column("blocks", lambda row: row.blocks, "{:.6g}", "blocks", "{:.1%}"),
    Column("verdict", lambda row: row.verdict.value, short="verdict"),
)


def ranking_report(found: Ranking) -> str:
    """The table of a ranking, and where the others differ from the data."""
    lines = [printed_table(RANKING_COLUMNS, found.candidates)]
    lines += [f"{row.name}: {row.feature}" for row in found.candidates if row.feature]
    if found.candidates[0].verdict is Verdict.NONE:
        lines.append("The best of them misses the data too: the pathway may be another one.")
    lines += [textwrap.fill(remark, WIDTH, subsequent_indent="  ") for remark in found.remarks]
    return "\n".join(lines)


def _duration(hours: float) -> str:
    return f"{hours:.0f}" if hours >= 10.0 else f"{hours:.1f}"


PLAN_COLUMNS: tuple[Column[NextExperiment], ...] = (
    Column("experiment", lambda row: row.name, short="next experiment"),
    Column("gain [nats]", lambda row: row.gain, "{:.6g}", "gain (nats)", "{:.1f}"),
    Column("time [h]", lambda row: row.hours, "{:.6g}"),
    Column("", lambda row: _duration(row.hours), short="hours"),
    Column("what it settles", lambda row: row.settles, short="what it settles"),
    Column("trusts the model most", lambda row: "yes" if row.trusts_model else "no"),
    Column("", lambda row: "trusts the model most" if row.trusts_model else "", short=" "),
    Column("temperature [C]", lambda row: row.temperature_C, "{:.6g}"),
    Column("protocol", lambda row: "; ".join(row.protocol)),
)


def plan_report(found: Plan) -> str:
    """The table of a plan, and how it is ordered."""
    if found.rivals:
        order = f"by what tells {found.rivals[0]} from {found.rivals[1]}"
    else:
        order = "by " + (f"the error of {short_name(found.wanted)}" if found.wanted else "the gain")
    lines = [
        printed_table(PLAN_COLUMNS, found.experiments),
        f"In order {order}{', per hour' if found.per_hour else ''}; errors are standard deviations, now -> then.",
    ]
    if any(one.trusts_model for one in found.experiments):
        lines.append(
            "Last: rates or temperatures beyond those measured, where what the model leaves out matters most."
        )
    if found.left_out:
        lines.append(f"Left out: {', '.join(found.left_out)}.")
    return "\n".join(textwrap.fill(line, WIDTH) if "\n" not in line else line for line in lines)
