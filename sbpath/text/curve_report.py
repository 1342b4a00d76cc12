"""What was understood of a cycler's file, as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sbpath.measured.amounts import rate_text
from sbpath.measured.experiment_file import Measurement, grams_of_host
from sbpath.measured.halves import THEORETICAL_MAH_PER_G, half_pieces, measured_halves, pieces
from sbpath.measured.layout import DELIMITER_NAMES
from sbpath.measured.records import Curve
from sbpath.mechanism.mechanism import Mechanism
from sbpath.physical import COULOMB_PER_MAH

# Half cycles of which the capacity is printed.
MOST_HALVES = 12
# Capacity (mAh/g) of Sb, and what it is of, where no mechanism is named.
ASSUMED = (THEORETICAL_MAH_PER_G, "three atoms per Sb, assumed")


def curve_report(
    curve: Curve,
    ion: str | None = None,
    mass_g: float | None = None,
    said: Sequence[str] = (),
    capacity: tuple[float, str] | None = None,
) -> str:
    """The columns, ranges and half cycles of a curve, and what was stated and concluded.

    Parameters
    ----------
    curve : Curve
        As read.
    ion, mass_g : str, float, optional
        The alkali metal and the mass of host, if stated.
    said : sequence of str
        What else was stated.
    capacity : (float, str), optional
        Theoretical capacity of the host (mAh/g), and what it is of; without it there are no rates.
    """
    source = curve.source
    marks = [source.encoding, DELIMITER_NAMES[source.delimiter], *["decimal comma"] * source.decimal_comma]
    row = "no headings" if source.header_row is None else f"headings in line {source.header_row}"
    head = f"{source.path}: {f'{source.maker} text' if source.maker else 'text'}, {', '.join(marks)}, {row}, {source.rows} rows"
    lines = [head]
    width = max([len(column.heading) for column in source.columns] + [1])
    ranges = _ranges(curve, ion)
    for column in source.columns:
        cells = f"  {column.quantity:<12}{column.heading:<{width}}  {column.unit:<8}{ranges.get(column.quantity, '')}"
        lines.append(cells.rstrip())
    lines += _halves(curve, mass_g, capacity)
    lines.append(f"Taken from you: {', '.join([*said, *curve.stated]) or 'nothing'}.")
    lines += ["Concluded:", *(f"  {sentence}" for sentence in curve.assumed)] if curve.assumed else []
    return "\n".join(lines)


def measurement_report(measurement: Measurement, mechanism: Mechanism | None = None) -> str:
    """What an experiment file holds; rates are of the theoretical capacity of `mechanism`.

    Raises
    ------
    InputError
        If host or ion are not those of the mechanism.
    """
    parts = []
    capacity = ASSUMED if measurement.host == "Sb" else None
    if mechanism is not None:
        grams = grams_of_host(measurement, mechanism)
        capacity = (grams * mechanism.theoretical_capacity_mAh_per_g, mechanism.name)
    for item in measurement.curves:
        host = measurement.host or "host"
        said = [f"{1e3 * item.mass_g:.4g} mg of {host} within {100 * item.mass_error:.2g} %", measurement.ion]
        said += [f"{item.temperature_C:g} °C"] if item.temperature_C is not None else []
        if item.cycles is not None:
            said.append(f"cycle{'s' * (len(item.cycles) > 1)} {' and '.join(map(str, item.cycles))}")
        parts.append(curve_report(item.curve, measurement.ion, item.mass_g, said, capacity))
    for table in measurement.fractions:
        where = f"{len(table.x)} values of x" if table.x is not None else f"{len(table.time_s or ())} times"
        parts.append(f"{table.path}: fractions of {', '.join(table.fractions)} at {where}")
    if measurement.targets:
        parts.append(
            "\n".join(
                f"target {number}: {one.value:g} {one.unit} within {one.error:g}, {one.name} ({one.source})"
                for number, one in enumerate(measurement.targets, 1)
            )
        )
    if measurement.free:
        parts.append("Free: " + ", ".join(number.path for number in measurement.free))
    return "\n\n".join(parts)


def _ranges(curve: Curve, ion: str | None) -> dict[str, str]:
    against = f" vs {ion}+/{ion}" if ion else ""
    top, bottom = 1e3 * float(curve.current_A.max()), 1e3 * float(curve.current_A.min())
    flows = [f"insertion up to {top:.4g} mA"] * (top > 0.0) + [f"extraction up to {-bottom:.4g} mA"] * (
        bottom < 0.0
    )
    ranges = {
        "time": f"{_duration(float(curve.time_s[-1]))}",
        "voltage": f"{curve.voltage_V.min():.3f} .. {curve.voltage_V.max():.3f} V{against}",
        "current": ", ".join(flows) or "none",
        "step": f"{len(curve.step_names)}",
    }
    if curve.temperature_C is not None:
        ranges["temperature"] = (
            f"{np.nanmin(curve.temperature_C):.1f} .. {np.nanmax(curve.temperature_C):.1f} °C"
        )
    return ranges


def _duration(seconds: float) -> str:
    return f"{seconds / 3600.0:.4g} h" if seconds >= 3600.0 else f"{seconds:.4g} s"


def _halves(curve: Curve, mass_g: float | None, capacity: tuple[float, str] | None) -> list[str]:
    """The capacities of the half cycles, with what they are per gram and at which rate if the mass is known."""
    if not half_pieces(pieces(curve)):
        return []
    found = measured_halves(curve, mass_g or 1.0)
    factor = mass_g or 1.0
    texts = [
        f"{'in' if half.direction == 'insertion' else 'out'} {half.capacity_mAh_per_g * factor:.4g}"
        for half in found[:MOST_HALVES]
    ]
    more = f" ... {len(found)} in all" if len(found) > MOST_HALVES else ""
    lines = [f"  half cycles {', '.join(texts)} mAh{more}"]
    if mass_g is not None:
        per_gram = ", ".join(f"{half.capacity_mAh_per_g:.0f}" for half in found[:MOST_HALVES])
        lines.append(f"  per gram    {per_gram} mAh/g{more}")
        sizes = [1e3 * abs(half.current_A_per_g) for half in found]
        if capacity is None:
            rates = [f"{size:.2g} mA/g" for size in sizes]
            last = "; 1C is unknown: name the mechanism (--mechanism)"
        else:
            full, of = capacity
            rates = [rate_text(float(f"{size / full:.2g}")) for size in sizes]
            last = f"; 1C is {full * mass_g:.3g} mA, {full:.0f} mA/g: {of}"
        lines.append(f"  rates       {', '.join(sorted(set(rates), key=len)[:6])}{last}")
    held = sum(abs(p.current_A) * p.duration_s for half in found for p in half.pieces if p.kind == "hold")
    if held > 0.0:
        lines.append(f"  holds       {held / COULOMB_PER_MAH:.3g} mAh at constant voltage, not used in fits")
    return lines
