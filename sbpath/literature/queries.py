"""Rows of the tables by ion, material, electrolyte, strategy and table, optionally sorted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from sbpath.errors import InputError, nearest
from sbpath.literature.csv_files import load_hosts, load_studies
from sbpath.literature.entries import IONS, STRATEGIES, TABLES, Host, ReportedAnode

# Sort keys, largest first; rows without the number come last.
SORTS: dict[str, Callable[[ReportedAnode], tuple[float | None, ...]]] = {
    "capacity": lambda study: (study.capacity_mAh_per_g,),
    "efficiency": lambda study: (study.first_cycle_efficiency_percent,),
    "rate": lambda study: (study.rate_current_mA_per_g, study.rate_capacity_mAh_per_g),
    "cycles": lambda study: (study.cycles,),
}


def find_anodes(
    studies: Iterable[ReportedAnode] | None = None,
    *,
    ion: str | None = None,
    material: str | None = None,
    electrolyte: str | None = None,
    strategy: str | None = None,
    table: int | None = None,
    sort: str | None = None,
) -> list[ReportedAnode]:
    """Sb anodes of Tables 2-5 that match every argument given.

    Parameters
    ----------
    studies : iterable of ReportedAnode, optional
        Rows to choose from; the shipped tables if not given.
    ion : str, optional
        ``"Li"``, ``"Na"`` or ``"K"``; solid cells are Li.
    material : str, optional
        Part of the material's name. Case, subscripts and spaces are ignored.
    electrolyte : str, optional
        Whole words of the electrolyte: ``"FEC"``, ``"KFSI"``, ``"LiBH4"``; ``"EC"`` does not match DEC.
    strategy : str, optional
        ``"SEI control"``, ``"structure"`` or ``"composite"``, or the beginning of one.
    table : int, optional
        2 (Li), 3 (Na), 4 (K) or 5 (Li, solid electrolyte).
    sort : str, optional
        ``"capacity"``, ``"efficiency"``, ``"rate"`` or ``"cycles"``, largest first; ``"rate"`` is
        the current of the rate capability. If not given, in the order of the review.

    Raises
    ------
    InputError
        If an argument is not one of the known choices.

    Examples
    --------
    >>> import sbpath
    >>> len(sbpath.literature.find_anodes()), len(sbpath.literature.find_anodes(ion="K"))
    (55, 18)
    """
    chosen = list(load_studies() if studies is None else studies)
    if ion is not None:
        symbol = _choice("ion", ion, IONS)
        chosen = [study for study in chosen if study.ion == symbol]
    if table is not None:
        if table not in TABLES:
            raise InputError(
                f"table: {table!r} is not one of Tables 2-5; 2 is Li, 3 Na, 4 K, 5 Li with solid electrolyte "
                "(for the hosts of Table 1: sbpath literature --hosts, find_hosts)"
            )
        chosen = [study for study in chosen if study.table == table]
    if strategy is not None:
        name = _choice("strategy", strategy, STRATEGIES)
        chosen = [study for study in chosen if study.strategy == name]
    if material is not None:
        part = "".join(_plain(material).split())
        chosen = [study for study in chosen if part in "".join(_plain(study.material).split())]
    if electrolyte is not None:
        words = re.escape(_plain(electrolyte).strip())
        pattern = re.compile(rf"(?<![a-z0-9]){words}(?![a-z0-9])")
        chosen = [study for study in chosen if pattern.search(_plain(study.electrolyte()))]
    if sort is not None:
        key = SORTS[_choice("sort", sort, SORTS)]
        known = [study for study in chosen if None not in key(study)]
        lacking = [study for study in chosen if None in key(study)]
        chosen = sorted(known, key=key, reverse=True) + lacking
    return chosen


def find_hosts(hosts: Iterable[Host] | None = None, *, ion: str | None = None) -> list[Host]:
    """Hosts of Table 1, of one ion if given, in the order of the review.

    Raises
    ------
    InputError
        If `ion` is not Li, Na or K.
    """
    chosen = list(load_hosts() if hosts is None else hosts)
    symbol = None if ion is None else _choice("ion", ion, IONS)
    return [host for host in chosen if symbol in (None, host.ion)]


def _choice(what: str, given: str, choices: Iterable[str]) -> str:
    """The one among `choices` that begins with `given`, ignoring case and the charge of an ion."""
    known = list(choices)
    folded = _plain(given).strip().removesuffix("+")
    matching = [choice for choice in known if choice.casefold() == folded] or [
        choice for choice in known if folded and choice.casefold().startswith(folded)
    ]
    if len(matching) != 1:
        hint = nearest(folded, known, f"there are {', '.join(known)}")
        raise InputError(f"{what}: {given!r} is not known; {hint}")
    return matching[0]


def _plain(given: str) -> str:
    """`given` in lower case, with subscripts as digits."""
    return unicodedata.normalize("NFKC", given).casefold()
