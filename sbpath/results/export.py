"""A solution as a table: CSV, pandas, and the Battery Data Format (BDF).

`to_csv` and `to_dataframe` keep sbpath's conventions: insertion is positive, quantities are
per gram of Sb. `to_bdf` follows the Battery Data Alliance instead: charging is positive, and
current, capacity and energy refer to the whole electrode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import optional
from sbpath.files import check_bdf, check_table, write_csv
from sbpath.solution import Floats, Solution

if TYPE_CHECKING:
    import pandas

Column = NDArray[Any] | list[Any]

# Columns of the table by heading; phase fractions follow.
COLUMNS: dict[str, Callable[[Solution], Column]] = {
    "Time [s]": attrgetter("time_s"),
    "Cycle": attrgetter("cycle"),
    "Step": attrgetter("step"),
    "Direction": Solution.direction,
    "Current [A.g-1]": attrgetter("current_A_per_g"),
    "Potential [V]": attrgetter("potential_V"),
    "Voltage [V]": attrgetter("voltage_V"),
    "Temperature [degC]": attrgetter("temperatures_C"),
    "x": attrgetter("composition"),
    "Specific capacity [mA.h.g-1]": attrgetter("capacity_mAh_per_g"),
}


def columns(solution: Solution) -> dict[str, Column]:
    """The table of `solution`: columns of equal length by heading, ``Direction`` a list, others arrays.

    Returns
    -------
    dict
        The headings of `COLUMNS`, then ``Phase fraction: NAME`` for each node, from 0 to 1. Units are
        in the headings; per gram is per gram of host as prepared, current is positive on insertion, capacity starts
        at 0 in each half cycle.
    """
    table = {heading: column(solution) for heading, column in COLUMNS.items()}
    fractions = zip(solution.phases, solution.fractions, strict=True)
    # The integrator leaves -1e-11 where there is nothing; adding 0.0 turns -0.0 into 0.0.
    return table | {f"Phase fraction: {name}": np.clip(share, 0.0, 1.0) + 0.0 for name, share in fractions}


def to_csv(solution: Solution, path: str | Path, decimal_comma: bool = False) -> Path:
    """Write `columns` as text; every number reads back exactly.

    Parameters
    ----------
    solution : Solution
        Its rows become the rows of the file.
    path : str or Path
        Ends in ``.csv`` or ``.txt``.
    decimal_comma : bool
        Write 0,5 for 0.5, and semicolons between the cells.

    Raises
    ------
    InputError
        If the name has another ending or the file cannot be written; then it is left as it was.
    """
    check_table(path)
    return write_columns(columns(solution), path, decimal_comma)


def to_dataframe(solution: Solution) -> pandas.DataFrame:
    """`columns` as a pandas DataFrame.

    Raises
    ------
    InputError
        If pandas is not installed.

    Examples
    --------
    >>> import sbpath
    >>> frame = sbpath.to_dataframe(sbpath.simulate("li-sb", progress=False))
    >>> round(float(frame["Voltage [V]"].iloc[-1]), 3)
    1.5
    """
    return optional("pandas", "to_dataframe", "pandas").DataFrame(columns(solution))


def to_bdf(solution: Solution, path: str | Path) -> Path:
    """Write a Battery Data Format file (ontology 1.3).

    Current is positive on charge (extraction), opposite to sbpath's sign. Current (A), capacity
    (A h) and energy (W h) are for the simulated electrode mass, or for 1 g of host if none was given. Capacities and energies accumulate
    from the start of the solution, where time is 0, and are never reset.

    BDF requires time not to decrease; equal times are allowed. Where steps change, the end of one
    and the start of the next are two rows at the same time, distinguished by ``Step Count / 1``.
    Shifting one would introduce a current ramp; dropping one would lose the voltage jump.

    Parameters
    ----------
    solution : Solution
        Its rows become the rows of the file.
    path : str or Path
        Must end in ``.bdf.csv``, by which readers recognise the format.

    Raises
    ------
    InputError
        If the name has another ending, the rows of some cycles were not kept, or the file cannot be
        written; then it is left as it was.
    """
    check_bdf(path)
    solution.check_whole("to_bdf")
    return write_columns(_bdf_columns(solution), path)


def _bdf_columns(solution: Solution) -> dict[str, Column]:
    mass = solution.experiment.electrode_mass_g or 1.0
    # Adding 0.0 turns -0.0, as in a rest, into 0.0.
    net_capacity = -solution.charge_mAh_per_g * mass * 1e-3 + 0.0
    net_energy = -solution.energy_J_per_g * mass / 3600.0 + 0.0
    charging = np.diff(net_capacity) > 0.0
    return {
        "Test Time / s": solution.time_s - solution.time_s[0],
        "Voltage / V": solution.voltage_V,
        "Current / A": -solution.current_A_per_g * mass + 0.0,
        "Cycle Count / 1": solution.cycle,
        "Step Count / 1": solution.step,
        "Ambient Temperature / degC": solution.temperatures_C,
        "Charging Capacity / Ah": _total(net_capacity, charging),
        "Discharging Capacity / Ah": _total(-net_capacity, ~charging),
        "Net Capacity / Ah": net_capacity,
        "Charging Energy / Wh": _total(net_energy, charging),
        "Discharging Energy / Wh": _total(-net_energy, ~charging),
        "Net Energy / Wh": net_energy,
    }


def _total(running: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Cumulative sum, from 0, of the increments of `running` where `counted`."""
    return np.concatenate([[0.0], np.cumsum(np.where(counted, np.diff(running), 0.0))])


def write_columns(table: Mapping[str, Column], path: str | Path, decimal_comma: bool = False) -> Path:
    """Write columns of equal length, by heading, with `write_csv`."""
    # tolist() gives Python numbers, which csv writes in their shortest exact form.
    values = [column if isinstance(column, list) else column.tolist() for column in table.values()]
    return write_csv(path, table, zip(*values, strict=True), decimal_comma)
