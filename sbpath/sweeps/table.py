"""The runs of a sweep as columns, and their export."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sbpath.calls import methods_checked
from sbpath.errors import InputError, nearest, optional
from sbpath.files import atomic_write, check_ending, check_table
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_valid_document
from sbpath.results.export import write_columns
from sbpath.sweeps.ranges import RATE, TEMPERATURE
from sbpath.sweeps.store import Row, read_store

if TYPE_CHECKING:
    import pandas


@methods_checked
@dataclass(frozen=True, eq=False)
class SweepTable:
    """The finished runs of a sweep, in the order of its points.

    Attributes
    ----------
    about : dict
        What was run: the document of the mechanism, graph, protocol, options, what varies, and the total
        number of runs.
    parameters : tuple of str
        What varies.
    columns : dict
        An array of shape (n,) for each parameter, each measured quantity, ``run_s`` (time of
        simulation and measure, s) and ``failure`` (reason of a failed run, else empty). Missing
        numbers are nan, missing texts empty. ``table["hysteresis_mV"]`` is one column.
    """

    about: dict[str, Any]
    parameters: tuple[str, ...]
    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["failure"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One column."""
        if name not in self.columns:
            hint = nearest(str(name), self.columns, f"columns: {', '.join(self.columns)}")
            raise InputError(f"{name}: no column has this name; {hint}")
        return self.columns[name]

    def __repr__(self) -> str:
        return (
            f"<SweepTable {self.about['mechanism']['name']} over {', '.join(self.parameters)}: "
            f"{len(self)} of {self.about['runs']} runs, {int(self.failed.sum())} failed>"
        )

    @cached_property
    def mechanism(self) -> Mechanism:
        """The mechanism with the numbers that did not vary."""
        document = self.about["mechanism"]
        return mechanism_from_valid_document(document, where=document["name"])

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which runs failed, shape (n,)."""
        return self.columns["failure"] != ""

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the measured quantities."""
        return tuple(n for n in self.columns if n not in (*self.parameters, "run_s", "failure"))

    @property
    def units(self) -> dict[str, str]:
        """Units of the parameters; other columns have theirs in the name."""
        own = {about["name"]: about["unit"] for about in self.about["vary"]}
        return own | {name: unit for name, unit in ((RATE, "C"), (TEMPERATURE, "°C")) if name in own}

    def headed(self) -> dict[str, list[Any]]:
        """The columns as exported, by name; parameters with their unit in brackets."""
        units = self.units
        return {
            f"{name} [{units[name]}]" if units.get(name) else name: column.tolist()
            for name, column in self.columns.items()
        }

    def to_csv(self, path: str | Path, decimal_comma: bool = False) -> Path:
        """Write a CSV file with empty cells for missing values; numbers read back exactly.

        With `decimal_comma` it has 0,5 for 0.5, and semicolons between the cells.
        """
        check_table(path)
        # Only nan is unequal to itself.
        cells = {name: ["" if v != v else v for v in column] for name, column in self.headed().items()}
        return write_columns(cells, path, decimal_comma)

    def to_pandas(self) -> pandas.DataFrame:
        """The columns as a DataFrame, with the headings of the CSV file."""
        return optional("pandas", "to_pandas", "pandas").DataFrame(self.headed())

    def to_parquet(self, path: str | Path) -> Path:
        """Write a Parquet file with the headings of the CSV file; needs pyarrow."""
        check_ending(path, (".parquet",), "this is")
        check_parquet()
        import pyarrow
        import pyarrow.parquet

        with atomic_write(path) as file:
            pyarrow.parquet.write_table(pyarrow.table(self.headed()), file)
        return Path(path)


def check_parquet() -> None:
    """Raise InputError unless Parquet files can be written."""
    optional("pyarrow.parquet", "a Parquet file", "pyarrow, or write .csv")


def load_sweep(path: str | Path) -> SweepTable:
    """Read the file of a sweep, complete or not, even while the sweep is running.

    Parameters
    ----------
    path : str or Path
        The .sqlite file that `sbpath.sweep` or ``sbpath sweep --out`` made.
    """
    return table_of(*read_store(path))


def table_of(about: dict[str, Any], rows: list[Row]) -> SweepTable:
    """The rows of a store as columns."""
    parameters = tuple(varied["name"] for varied in about["vary"])
    measured = dict.fromkeys(name for row in rows for name in row.measured)
    columns = {name: _column([row.parameters[name] for row in rows]) for name in parameters}
    columns |= {name: _column([row.measured.get(name) for row in rows]) for name in measured}
    columns["run_s"] = _column([row.run_s for row in rows])
    columns["failure"] = np.array([row.failure for row in rows], dtype=object)
    for column in columns.values():
        column.setflags(write=False)
    return SweepTable(about, parameters, columns)


def _column(values: list[Any]) -> NDArray[Any]:
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values], dtype=object)
    return np.array([np.nan if value is None else value for value in values], dtype=float)
