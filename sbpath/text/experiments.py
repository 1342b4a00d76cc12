"""Titration, voltammetry, rate test and reversals as text, for a terminal and for a file."""

from __future__ import annotations

from itertools import groupby

from sbpath.mechanism.mechanism import Edge
from sbpath.mechanism.notation import edge_label, node_labels
from sbpath.results.memory import SAME_V, full_before, rests_after_reversal, reversals, voltage_at
from sbpath.results.rate_capability import rate_capability
from sbpath.results.titration import couples, relaxed_gap_mV, titration
from sbpath.results.voltammetry import b_values, voltammetry_peaks
from sbpath.solution import Solution
from sbpath.text.simulation import heading
from sbpath.text.tables import or_dash, table

TITRATION_HEAD = ("Cycle", "Direction", "x", "Voltage [V]", "Relaxed voltage [V]", "Drift [mV.h-1]")
VOLTAMMETRY_HEAD = (
    "Cycle",
    "Scan rate [mV.s-1]",
    "Direction",
    "Voltage [V]",
    "Current [A.g-1]",
    "Transformation",
)
RATE_HEAD = (
    "Cycle", "Rate", "Current [mA.g-1]", "Insertion [mA.h.g-1]", "Extraction [mA.h.g-1]", "Coulombic efficiency",
    "Insertion [V]", "Extraction [V]",
)  # fmt: skip
REVERSAL_HEAD = ("Cycle", "Turned to", "x", "Voltage [V]", "Order", "Rejoins the full loop at x")

# Of each direction of a titration at most so many points are printed.
SHOWN = 12
REST_HEAD = (
    "Direction", "Composition", "Time [h]", "Voltage at start [V]", "Voltage at end [V]", "Loop insertion [V]",
    "Loop extraction [V]",
)  # fmt: skip


def titration_rows(solution: Solution) -> list[list[str]]:
    """Every point in the columns of `TITRATION_HEAD`."""
    return [
        [
            str(p.cycle), p.direction, f"{p.composition:.6f}", f"{p.voltage_V:.6f}", f"{p.relaxed_V:.6f}",
            f"{p.drift_mV_per_h:.6f}",
        ]
        for p in titration(solution)
    ]  # fmt: skip


def titration_report(solution: Solution) -> str:
    """Points of the titration, how far apart the relaxed curves lie, and the equilibria between them."""
    points = titration(solution)
    labels = node_labels(solution.mechanism)
    rows = []
    for (cycle, direction), group in groupby(points, key=lambda p: (p.cycle, p.direction)):
        chosen = list(group)
        rows += [
            [
                str(cycle), direction, f"{p.composition:5.3f}", f"{p.voltage_V:7.4f}", f"{p.relaxed_V:7.4f}",
                f"{1e3 * (p.relaxed_V - p.voltage_V):+8.1f}", f"{p.drift_mV_per_h:+8.3f}",
            ]
            for p in chosen[:: -(-len(chosen) // SHOWN)]
        ]  # fmt: skip
    head = [
        "cycle",
        "direction",
        "x",
        "under current / V",
        "relaxed / V",
        "change / mV",
        "still moving / mV/h",
    ]
    lines = [heading(solution), "", table(head, rows)]
    if len(rows) < len(points):
        lines += [f"({len(rows)} of {len(points)} points; --csv writes them all)"]
    lines += [""]
    for cycle in dict.fromkeys(p.cycle for p in points):
        gap = relaxed_gap_mV(points, cycle)
        if gap is not None:
            lines += [f"cycle {cycle}: the relaxed curves lie {gap:.1f} mV apart on average"]
    for couple in couples(solution):
        one, other = (labels[name] for name in couple.phases)
        lines += [f"{one} and {other} are in equilibrium at {couple.potential_V:.4f} V"]
    lines += [
        "no diffusion coefficient is read off: inside a phase the model holds no gradient that could relax"
    ]
    return "\n".join(lines)


def voltammetry_rows(solution: Solution) -> list[list[str]]:
    """Every peak of every cycle in the columns of `VOLTAMMETRY_HEAD`; phases by name."""
    return [
        [
            str(p.cycle), f"{1e3 * p.scan_rate_V_per_s:.6g}", p.direction, f"{p.voltage_V:.6f}",
            f"{p.current_A_per_g:.6g}", "" if p.transformation is None else str(p.transformation),
        ]
        for p in voltammetry_peaks(solution)
    ]  # fmt: skip


def voltammetry_report(solution: Solution) -> str:
    """Peaks of the last cycle at each scan rate, and the b-value of each transformation."""
    labels = node_labels(solution.mechanism)

    def named(transformation: Edge | None) -> str:
        return "within a phase" if transformation is None else edge_label(transformation, labels)

    peaks = voltammetry_peaks(solution)
    last = {p.scan_rate_V_per_s: p.cycle for p in peaks}
    peaks = [p for p in peaks if p.cycle == last[p.scan_rate_V_per_s]]
    rows = [
        [
            f"{1e3 * p.scan_rate_V_per_s:6g}", p.direction, f"{p.voltage_V:7.4f}", f"{p.current_A_per_g:8.4f}",
            named(p.transformation),
        ]
        for p in peaks
    ]  # fmt: skip
    lines = [
        heading(solution),
        "",
        table(["mV/s", "direction", "peak / V", "peak / A/g", "carried by"], rows),
    ]
    values = b_values(peaks)
    if values:
        rows = [
            [b.direction, named(b.transformation), f"{b.slope:.3f}", or_dash(b.standard_error, "{:.3f}"), str(b.points)]
            for b in values
        ]  # fmt: skip
        lines += [
            "",
            table(["direction", "carried by", "b", "+-", "scan rates"], rows),
            "b: slope of log peak current against log scan rate, with its standard error",
        ]
    return "\n".join(lines)


def rate_rows(solution: Solution) -> list[list[str]]:
    """Every cycle in the columns of `RATE_HEAD`."""
    return [
        [
            str(p.cycle), p.rate, f"{1e3 * p.current_A_per_g:.6g}", f"{p.insertion_mAh_per_g:.4f}",
            f"{p.extraction_mAh_per_g:.4f}", f"{p.coulombic_efficiency:.6f}", f"{p.insertion_V:.6f}",
            f"{p.extraction_V:.6f}",
        ]
        for p in rate_capability(solution)
    ]  # fmt: skip


def rate_report(solution: Solution) -> str:
    """Capacities, coulombic efficiency and mean voltages of each cycle."""
    rows = [
        [
            f"{p.cycle:5d}", p.rate, f"{1e3 * p.current_A_per_g:7.1f}", f"{p.insertion_mAh_per_g:6.1f}",
            f"{p.extraction_mAh_per_g:6.1f}", f"{p.coulombic_efficiency:8.2%}", f"{p.insertion_V:6.3f}",
            f"{p.extraction_V:6.3f}",
        ]
        for p in rate_capability(solution)
    ]  # fmt: skip
    head = ["cycle", "rate", "mA/g", "in / mAh/g", "out / mAh/g", "coulombic eff.", "in / V", "out / V"]
    return "\n".join(
        [
            heading(solution),
            "",
            table(head, rows),
            "coulombic: extraction / insertion capacity; off 100 % where the rate has changed, not by a loss",
        ]
    )


def reversal_rows(solution: Solution) -> list[list[str]]:
    """Every curve that begins inside the loop in the columns of `REVERSAL_HEAD`."""
    return [
        [
            str(r.cycle), r.direction, f"{r.composition:.6f}", f"{r.voltage_V:.6f}", str(r.order),
            "" if r.rejoins_x is None else f"{r.rejoins_x:.6f}",
        ]
        for r in reversals(solution)
    ]  # fmt: skip


def reversal_report(solution: Solution) -> str:
    """Where each curve leaves the full loop and where it is back on it."""
    rows = [
        [r.direction, f"{r.composition:5.3f}", f"{r.voltage_V:7.4f}", or_dash(r.rejoins_x, "{:5.3f}")]
        for r in reversals(solution)
    ]
    return "\n".join(
        [
            heading(solution),
            "",
            table(["turned to", "at x", "at V", "back on the full loop from x"], rows),
            f"back: within {1e3 * SAME_V:g} mV of the branch of its direction from there on; "
            "-: not before the loop's end",
        ]
    )


def rest_rows(solution: Solution) -> list[list[str]]:
    """Every rest on a curve inside the loop in the columns of `REST_HEAD`."""
    rows = []
    for curve, record in rests_after_reversal(solution):
        first, last = record.first, record.last - 1
        x = float(solution.composition[last])
        loop = {way: float(voltage_at(solution, run, x)) for way, run in full_before(solution, curve).items()}
        rows.append(
            [
                curve.direction, f"{x:.6f}", f"{record.duration_s / 3600.0:g}", f"{solution.voltage_V[first]:.6f}",
                f"{solution.voltage_V[last]:.6f}",
                *(f"{loop[way]:.6f}" if way in loop else "" for way in ("insertion", "extraction")),
            ]
        )  # fmt: skip
    return rows


def rest_report(solution: Solution) -> str:
    """How far the voltage moved in each rest, and where the branches of the full loop lie."""
    rows = [
        [way, f"{float(x):.3f}", hours, *(f"{float(v):.4f}" if v else "-" for v in volts)]
        for way, x, hours, *volts in rest_rows(solution)
    ]
    head = ["turned to", "at x", "h", "V, start of rest", "V, end", "loop in / V", "loop out / V"]
    return "\n".join(
        [
            heading(solution),
            "",
            table(head, rows),
            "A rest moves only as transformations with a driving force allow; the mean of the branches draws nothing.",
        ]
    )
