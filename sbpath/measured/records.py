"""Frozen records of measured data: a curve, its pieces and its half cycles.

Sign as everywhere in sbpath: positive current is insertion into the host, whatever the file has.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal["insertion", "extraction"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file as it was understood.

    Attributes
    ----------
    quantity : str
        ``time``, ``voltage``, ``current``, ``temperature``, ``cycle``, ``step``, ``capacity``, ...
    heading : str
        As in the file; empty if it has none.
    unit : str
        In which its numbers are; empty for labels.
    """

    quantity: str
    heading: str
    unit: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a curve comes from.

    Attributes
    ----------
    path, sha256 : str
        The file and the checksum of its bytes.
    maker : str
        What the file looks like, such as ``BioLogic text``.
    encoding, delimiter : str
        Of the text.
    decimal_comma : bool
        Whether its numbers have decimal commas.
    header_row : int or None
        Line of the headings, from 1; None if there is none.
    rows : int
        Rows of the curve.
    columns : tuple of Column
        The columns that were used.
    """

    path: str
    sha256: str
    maker: str
    encoding: str
    delimiter: str
    decimal_comma: bool
    header_row: int | None
    rows: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, eq=False)
class Curve:
    """A measured curve; arrays are read-only.

    Attributes
    ----------
    time_s : array, shape (n,)
        Since the first row; never falls.
    current_A : array, shape (n,)
        Positive = insertion.
    voltage_V : array, shape (n,)
        Against the alkali metal.
    temperature_C : array, shape (n,), or None
        None if the file has none.
    cycle : integer array, shape (n,), or None
        As the file counts; None if it does not.
    step : integer array, shape (n,)
        0, 1, ...; grows where the step label of the file changes, and stays 0 if it has none.
    step_names : tuple of str
        Name of each step, ``CC_DChg``, ``Rest``; empty if the file has none.
    source : Source
        The file, and what was understood of it.
    stated, assumed : tuple of str
        What the user said, in words, and what the reader concluded, one sentence each.
    """

    time_s: NDArray[np.float64]
    current_A: NDArray[np.float64]
    voltage_V: NDArray[np.float64]
    temperature_C: NDArray[np.float64] | None
    cycle: NDArray[np.int64] | None
    step: NDArray[np.int64]
    step_names: tuple[str, ...]
    source: Source
    stated: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze_arrays(self)

    @cached_property
    def charge_C(self) -> NDArray[np.float64]:
        """Net charge since the first row, insertion positive, shape (n,).

        Between two rows flows the mean of their currents. Where the step or the sign of the current changes between them,
        the later current, for cyclers log the end of a step, and no longer than to the row after: what a file leaves out
        was a rest.
        """
        current, time, later = self.current_A, np.diff(self.time_s), self.current_A[1:]
        within = (np.diff(self.step) == 0) & (later * current[:-1] >= 0.0)
        after = np.concatenate([time[1:], [np.inf]])
        passed = np.where(within, 0.5 * (later + current[:-1]) * time, later * np.minimum(time, after))
        charge = np.concatenate([[0.0], np.cumsum(passed)])
        charge.setflags(write=False)
        return charge


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows ``first <= i < last`` of a curve that are of one kind.

    Attributes
    ----------
    kind : str
        ``current``; ``hold``, at constant voltage while the current fades; or ``rest``, without current or with
        less charge than a thousandth of the largest half cycle.
    first, last : int
        Its rows.
    current_A : float
        Mean, insertion positive.
    duration_s : float
        From the end of the piece before to its own end.
    """

    kind: Literal["current", "hold", "rest"]
    first: int
    last: int
    current_A: float
    duration_s: float


@dataclass(frozen=True, eq=False)
class MeasuredHalf:
    """One half cycle of a curve; arrays hold its m points under current, without rests and holds.

    Attributes
    ----------
    number, cycle : int
        1, 2, ...; two half cycles make a cycle, however the file counts.
    direction : str
        ``insertion`` or ``extraction``.
    q : array, shape (m,)
        Charge since the half cycle began, as a share of the theoretical capacity; rises from about 0 in both
        directions. The charge of a hold between two points counts.
    voltage_V, time_s : array, shape (m,)
        Against the alkali metal; since the curve began.
    rows : integer array, shape (m,)
        Where the points are in the curve.
    current_A_per_g : float
        Mean of the pieces under current, insertion positive.
    rate_per_h : float
        Its size over the theoretical capacity, the C-rate; positive.
    capacity_mAh_per_g : float
        All its charge, also of holds; positive.
    ended_by : str
        ``voltage``: within 10 mV of the farthest end of a half cycle of its direction; else ``turn``, turned back
        before, or ``end of file``.
    pieces : tuple of Piece
        In order, with the holds and rests within and after it.
    """

    number: int
    cycle: int
    direction: Direction
    q: NDArray[np.float64]
    voltage_V: NDArray[np.float64]
    time_s: NDArray[np.float64]
    rows: NDArray[np.int64]
    current_A_per_g: float
    rate_per_h: float
    capacity_mAh_per_g: float
    ended_by: Literal["voltage", "turn", "end of file"]
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        _freeze_arrays(self)

    @property
    def q_end(self) -> float:
        """Charge at its last point under current, as a share of the theoretical capacity."""
        return float(self.q[-1])


@dataclass(frozen=True, slots=True)
class Target:
    """A value known of a cell without its curve.

    Attributes
    ----------
    value, error : float
        A voltage (V) or a capacity (mAh per gram of host), and its standard deviation.
    x : float or None
        Alkali per atom of host at which the voltage is; None for a capacity.
    direction : str
        ``insertion`` or ``extraction``.
    rate : str
        Of all cycles, such as ``C/10``.
    cycle : int
        Which cycle, from 1.
    temperature_C : float or None
        None: that of the mechanism.
    source, note : str
        Where it is from.
    """

    value: float
    error: float
    x: float | None
    direction: Direction
    rate: str
    cycle: int
    temperature_C: float | None
    source: str
    note: str

    @property
    def name(self) -> str:
        """What it is, as tables print it."""
        where = "capacity" if self.x is None else f"x = {self.x:g}"
        return f"{where}, {self.direction} {self.cycle}, {self.rate}"

    @property
    def unit(self) -> str:
        """Its unit."""
        return "mAh/g" if self.x is None else "V"


def _freeze_arrays(record: Curve | MeasuredHalf) -> None:
    for item in fields(record):
        value = getattr(record, item.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
