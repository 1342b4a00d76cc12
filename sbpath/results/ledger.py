"""Where the charge went: a ledger of every cycle, and what a full cell keeps of it.

What is put in is taken out again, or is in film on the host (by cause), in film on idle surface, in host that has been
cut off, in live host, or in the double layer; the entries of each cycle add up. Incomplete conversion back shows as alkali
left in live host, film as film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sbpath.arguments import number
from sbpath.kernels import Floats
from sbpath.model.destinations import DESTINATIONS
from sbpath.solution import Solution


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The charge of one cycle, in mAh per gram of host, and the electrode at its end.

    Attributes
    ----------
    cycle : int
        Its number.
    inserted, extracted : float
        Put in and taken out.
    sealed, fresh, torn, grown : float
        Gone into film on the host: sealing surface that was bare at the start, surface made by breaking, and
        surface torn open; growth of film.
    idle : float
        Gone into film on carbon and additives.
    cut_off : float
        Cut off with its host.
    held : float
        Left in live host.
    layer : float
        Left in the double layer.
    live_share : float
        Share of the host that still takes part, at the end of the cycle.
    film_thickness_nm : float
        Mean thickness of film on the host at the end of the cycle; 0 as long as none has formed.
    """

    cycle: int
    inserted: float
    extracted: float
    sealed: float
    fresh: float
    torn: float
    grown: float
    idle: float
    cut_off: float
    held: float
    layer: float
    live_share: float
    film_thickness_nm: float

    @property
    def film(self) -> float:
        """Gone into film on the host."""
        return self.sealed + self.fresh + self.torn + self.grown

    @property
    def lost(self) -> float:
        """Put in and not taken out."""
        return self.inserted - self.extracted

    @property
    def efficiency(self) -> float:
        """Coulombic efficiency, as a fraction; nan if nothing was inserted."""
        return self.extracted / self.inserted if self.inserted > 0.0 else float("nan")


def ledger(solution: Solution) -> list[LedgerEntry]:
    """An entry for every cycle, whichever rows were kept.

    Examples
    --------
    >>> import sbpath
    >>> (entry,) = sbpath.ledger(sbpath.simulate("li-sb", progress=False))
    >>> round(entry.efficiency, 3)
    1.0
    """
    table, start = solution.cycle_table, solution.experiment.before_the_start(0.0)
    live, thickness = start["live_share"], start["film_thickness_m"]
    on_host = float(start["destinations_mAh_per_g"][: DESTINATIONS.index("idle")].sum())
    entries = []
    for cycle, (inserted, extracted) in zip(
        table.cycle.tolist(), table.charge_mAh_per_g.tolist(), strict=True
    ):
        own = table.halves(cycle)
        live += float(table.half_live_share[own].sum())
        thickness += float(table.half_film_thickness_m[own].sum())
        parts = dict(
            zip(DESTINATIONS, table.half_destinations_mAh_per_g[own].sum(axis=0).tolist(), strict=True)
        )
        entry = LedgerEntry(
            cycle, inserted, extracted, **parts, live_share=live, film_thickness_nm=1e9 * thickness
        )
        on_host += entry.film
        entries.append(entry if on_host > 0.0 else replace(entry, film_thickness_nm=0.0))
    return entries


def full_cell_capacity(entries: Sequence[LedgerEntry], reserve_mAh_per_g: float) -> Floats:
    """Capacity of a full cell in every cycle (mAh per gram of host), shape (C,).

    The counter-electrode brings a `reserve_mAh_per_g` of alkali, of which each cycle keeps what it loses: a half-cell
    has alkali without end, and there film never shows as fade. The capacity is what is left of the reserve, or
    what this electrode gives back if that is less.

    Raises
    ------
    InputError
        If the reserve is not a number above zero.
    """
    reserve = number("reserve_mAh_per_g", reserve_mAh_per_g, above=0.0)
    lost = np.cumsum([entry.lost for entry in entries])
    return np.clip(np.minimum(reserve - lost, [entry.extracted for entry in entries]), 0.0, None)
