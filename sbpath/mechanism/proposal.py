"""A mechanism proposed from phases and their energies: every transformation that can go downhill.

Phases near the convex hull are kept, and each ordered pair whose affinity ``A = Omega_p - Omega_q`` is positive anywhere between
the cut-offs becomes an edge. For line compounds A is linear in the potential, so that both cut-offs tell. What no table of
energies holds is assumed: interfacial energies (`sbpath.mechanism.interface_rules`), and the kinetics and the electrode of antimony
in a cell with this alkali metal.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, cast, get_args

from sbpath.arguments import number
from sbpath.calls import methods_checked
from sbpath.errors import InputError, nearest, printable, same_name
from sbpath.files import atomic_write, check_ending, check_writable
from sbpath.mechanism.convex_hull import EquilibriumPlateau, above_hull_J_per_mol, hull_corners, plateaus
from sbpath.mechanism.documents import ENDING
from sbpath.mechanism.entries import read_entries
from sbpath.mechanism.interface_rules import REFERENCE, RULES, Rule, interface_energy, misfit_law
from sbpath.mechanism.mechanism import MOST_EDGES, MOST_PHASES, Mechanism
from sbpath.mechanism.phase_energies import VOLUME, PhaseEnergy, read_phase_table
from sbpath.mechanism.reader import load_mechanism, mechanism_from_written
from sbpath.mechanism.toml_text import toml_text
from sbpath.physical import FARADAY_C_PER_MOL as F

# Smallest affinity that drives a transformation (J/mol), and smallest distance from the hull of a metastable phase.
LEAST_AFFINITY_J_PER_MOL = 1e-3
MOST_LISTED = 30
PYMATGEN_ENDING = ".json"


@methods_checked
@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A proposed mechanism and how it came about.

    Attributes
    ----------
    mechanism : Mechanism
        Read and checked like a file.
    text : str
        The file.
    above_hull_kJ_per_mol : dict of str to float
        Of each phase kept, per mole of the host element; 0 for a stable one.
    plateaus : tuple of EquilibriumPlateau
        At zero rate, from all phases given.
    left_out : tuple of (str, str)
        Name of each phase left out, and why.
    interfaces : str
        The rule of the interfacial energies, in words.
    without : dict of str to Proposal
        With `reduce`, the same without one metastable phase each, by its name.
    """

    mechanism: Mechanism
    text: str
    above_hull_kJ_per_mol: dict[str, float]
    plateaus: tuple[EquilibriumPlateau, ...]
    left_out: tuple[tuple[str, str], ...]
    interfaces: str
    without: dict[str, Proposal]

    def write(self, path: str | Path) -> list[Path]:
        """Write the file, and those of `without` next to it as ``NAME-without-PHASE.toml``; their paths.

        Raises
        ------
        InputError
            If one of them cannot be written; nothing is written then.
        """
        path = Path(path)
        check_ending(path, (ENDING,), "a mechanism is")
        texts = {path: self.text}
        for name, proposal in self.without.items():
            texts[path.with_name(f"{path.stem}-without-{name}{ENDING}")] = proposal.text
        for target in texts:
            check_writable(target)
        for target, text in texts.items():
            with atomic_write(target) as file:
                file.write(text.encode())
        return list(texts)


def propose(
    phases: str | Path,
    ion: str,
    *,
    above_hull_kJ_per_mol: float = 15.0,
    interfaces: str = "volume",
    lower_V: float | None = None,
    upper_V: float | None = None,
    reduce: bool = False,
) -> Proposal:
    """Propose a mechanism from the energies of phases of an alkali metal and one host element.

    Parameters
    ----------
    phases : str or Path
        A table (CSV) with columns phase, formula, energy_J_per_mol (of formation) and molar_volume_cm3_per_mol, both per mole of
        the host element; or, ending in ``.json``, entries of pymatgen.
    ion : str
        ``"Li"``, ``"Na"`` or ``"K"``.
    above_hull_kJ_per_mol : float
        Phases higher above the convex hull, per mole of host, are left out.
    interfaces : str
        ``"volume"``: interfacial energies by the misfit of volumes, like lithium's; ``"antonow"``: sums over the phases
        between.
    lower_V, upper_V : float, optional
        Cut-offs (V against the alkali metal); those of the shipped antimony file of the ion if not given.
    reduce : bool
        Also propose mechanisms with one metastable phase left out, each.

    Returns
    -------
    Proposal

    Raises
    ------
    InputError
        With file, row, column, value and what to try.
    """
    known = get_args(Mechanism.model_fields["ion"].annotation)
    metal, rule = same_name(str(ion), known), same_name(str(interfaces), RULES)
    if metal is None:
        raise InputError(
            f"ion: there is no {str(ion)[:40]!r}; {nearest(str(ion), known, 'choose Li, Na or K')}"
        )
    if rule is None:
        raise InputError(
            f"interfaces: there is no rule {str(interfaces)[:40]!r}; choose {' or '.join(RULES)}"
        )
    limit = number("above_hull_kJ_per_mol", above_hull_kJ_per_mol, least=0.0)
    like = load_mechanism(f"{metal.lower()}-sb")
    low = like.lower_cutoff_V if lower_V is None else number("lower_V", lower_V, -10.0, 10.0)
    high = like.upper_cutoff_V if upper_V is None else number("upper_V", upper_V, -10.0, 10.0)
    if low >= high:
        raise InputError(
            f"lower_V: {low:g} V is not below the upper cut-off of {high:g} V; swap or correct them"
        )
    read = read_entries if Path(phases).suffix.lower() == PYMATGEN_ENDING else read_phase_table
    host, given = read(phases, metal)
    task = _Task(Path(phases), metal, host, limit, cast(Rule, rule), (low, high), like.name)
    proposal, metastable = task.proposal(given)
    if not reduce:
        return proposal
    without = {
        phase.name: task.proposal([other for other in given if other is not phase], phase.name)[0]
        for phase in metastable
    }
    return replace(proposal, without=without)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is the same for the whole proposal and those with a phase less."""

    path: Path
    ion: str
    host: str
    limit_kJ_per_mol: float
    rule: Rule
    window_V: tuple[float, float]
    like: str

    def proposal(self, given: Sequence[PhaseEnergy], without: str = "") -> tuple[Proposal, list[PhaseEnergy]]:
        """The proposal from the phases given, and the metastable ones it keeps."""
        corners = hull_corners(given)
        initial, steps = corners[0], plateaus(corners)
        heights = {phase.name: above_hull_J_per_mol(phase, corners) for phase in given}
        limit = self.limit_kJ_per_mol
        kept = [phase for phase in given if heights[phase.name] <= 1e3 * limit or phase is initial]
        left_out = [
            (
                phase.name,
                f"{heights[phase.name] / 1e3:.1f} kJ per mol {self.host} above the hull, more than {limit:g}",
            )
            for phase in given
            if phase not in kept
        ]
        for phase in self._never_formed(initial, kept):
            kept.remove(phase)
            left_out.append(
                (phase.name, f"does not form above {self.window_V[0]:g} V{self._potential(phase, initial)}")
            )
        self._check(initial, kept)
        metastable = [
            phase for phase in kept if heights[phase.name] > LEAST_AFFINITY_J_PER_MOL and phase is not initial
        ]
        law = misfit_law(load_mechanism(REFERENCE))
        document = {
            "title": f"{self.host} in a {self.ion} cell, proposed from {self._name}"
            + (f" without {without}" if without else ""),
            "description": self._description(given, kept, steps, left_out),
            "ion": self.ion,
            "host": self.host,
            "temperature_C": 25.0,
            "temperature_range_C": [0.0, 50.0],
            "lower_cutoff_V": self.window_V[0],
            "upper_cutoff_V": self.window_V[1],
            "initial_phase": initial.name,
            "phases": {phase.name: self._phase(phase, kept) for phase in kept},
            "transformations": [{"equation": self._equation(*pair)} for pair in self._downhill(kept)],
            "interfaces": {
                f"{one.name}|{other.name}": {"energy_J_per_m2": self._interface(one, other, kept, law)}
                for one, other in combinations(kept, 2)
            },
            "kinetics": {"extends": self.like},
            "electrode": {"extends": self.like},
            "electrolyte": {"name": "not stated", "kind": "liquid"},
            "sources": {"phases": self._source},
        }
        mechanism = mechanism_from_written(document, Path(f"{self.path.stem}{ENDING}"))
        how = "as sums over the phases between (Antonow), each by" if self.rule == "antonow" else "by"
        words = f"{how} volume: {law}, as in {REFERENCE}"
        kept_heights = {phase.name: heights[phase.name] / 1e3 for phase in kept}
        proposal = Proposal(mechanism, toml_text(document), kept_heights, steps, tuple(left_out), words, {})
        return proposal, metastable

    # -- which phases and edges ---------------------------------------------------------------

    def _downhill(self, phases: Sequence[PhaseEnergy]) -> list[tuple[PhaseEnergy, PhaseEnergy]]:
        """Every ordered pair whose affinity is positive anywhere between the cut-offs."""
        return [
            (one, other)
            for one, other in permutations(phases, 2)
            if max(
                one.energy_J_per_mol - other.energy_J_per_mol + F * volts * (one.alkali - other.alkali)
                for volts in self.window_V
            )
            > LEAST_AFFINITY_J_PER_MOL
        ]

    def _never_formed(self, initial: PhaseEnergy, phases: Sequence[PhaseEnergy]) -> list[PhaseEnergy]:
        """Phases to which no path leads from the initial one."""
        edges = self._downhill(phases)
        reached, fresh = {initial.name}, True
        while fresh:
            fresh = {other.name for one, other in edges if one.name in reached} - reached
            reached |= fresh
        return [phase for phase in phases if phase.name not in reached]

    def _check(self, initial: PhaseEnergy, kept: Sequence[PhaseEnergy]) -> None:
        """Raise InputError if the phases kept make no mechanism."""
        where, high = str(self.path), self.window_V[1]
        if len(kept) == 1:
            raise InputError(
                f"{where}: no phase but {initial.name} forms between {self.window_V[0]:g} and {high:g} V; energies of formation "
                f"are negative, in J (not kJ) per mole of {self.host}, e.g. -85300; check them, --above-hull and --lower"
            )
        edges = self._downhill(kept)
        left = {one.name for one, _ in edges}
        for phase in kept:
            if phase.name not in left:
                raise InputError(
                    f"{where}: {phase.where}: {phase.name} is still stable at the upper cut-off of {high:g} V"
                    f"{self._potential(phase, initial)}; give a higher one (--upper)"
                )
        if len(kept) > MOST_PHASES or len(edges) > MOST_EDGES:
            raise InputError(
                f"{where}: {len(kept)} phases with {len(edges)} transformations are kept, and a mechanism has at most "
                f"{MOST_PHASES} and {MOST_EDGES}; lower --above-hull from {self.limit_kJ_per_mol:g}, or leave out rows"
            )
        if missing := [phase for phase in kept if phase.molar_volume_cm3_per_mol is None]:
            listed = ", ".join(f"{phase.name} ({phase.where})" for phase in missing[:MOST_LISTED])
            more = f" and {len(missing) - MOST_LISTED} more" if len(missing) > MOST_LISTED else ""
            raise InputError(
                f"{where}: column {VOLUME!r}: missing for {listed}{more}; give the cell volume in cubic angstrom x 0.6022 / atoms of "
                f"{self.host} in the cell"
            )

    def _potential(self, phase: PhaseEnergy, initial: PhaseEnergy) -> str:
        """`` (in equilibrium with Sb at 0.01 V)``; empty for a phase without alkali."""
        if phase.alkali == initial.alkali:
            return ""
        volts = -(phase.energy_J_per_mol - initial.energy_J_per_mol) / (F * (phase.alkali - initial.alkali))
        return f" (in equilibrium with {initial.name} at {volts:.3g} V)"

    # -- what is written ----------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return printable(self.path.name).replace("$", "").replace("\\", "")[:60]

    @property
    def _source(self) -> str:
        return f"{self._name}, SHA-256 {hashlib.sha256(self.path.read_bytes()).hexdigest()}"

    def _phase(self, phase: PhaseEnergy, kept: Sequence[PhaseEnergy]) -> dict[str, Any]:
        formula = f"{self.ion}{_amount(phase.alkali)}{self.host}" if phase.alkali else self.host
        assert phase.molar_volume_cm3_per_mol is not None
        polymorph = any(other.alkali == phase.alkali and other is not phase for other in kept)
        given = {
            "status": "assumed",
            "source": "phases",
            "note": f"{phase.where} of {self._name}, as given there",
        }
        return {
            "formula": formula,
            "structure": "not stated",
            "crystalline": True,
            **({"label": phase.name[:40]} if polymorph or phase.name != formula else {}),
            "enthalpy_J_per_mol": {"value": phase.energy_J_per_mol, **given},
            "entropy_J_per_mol_K": {"value": 0.0, "status": "assumed", "source": "own", "note": "not given"},
            "molar_volume_cm3_per_mol": {"value": phase.molar_volume_cm3_per_mol, **given},
        }

    def _equation(self, one: PhaseEnergy, other: PhaseEnergy) -> str:
        change = other.alkali - one.alkali
        moved = _amount(abs(change))
        if moved == "0":
            return f"{one.name} -> {other.name}"
        amount = f"{moved} " if moved else ""
        ions = f" + {amount}{self.ion}+ + {amount}e-"
        return f"{one.name}{ions if change > 0.0 else ''} -> {other.name}{ions if change < 0.0 else ''}"

    def _interface(
        self, one: PhaseEnergy, other: PhaseEnergy, kept: Sequence[PhaseEnergy], law: Any
    ) -> dict[str, Any]:
        energy, note = interface_energy(one, other, kept, law, self.rule)
        return {"value": float(f"{energy:.4g}"), "status": "assumed", "source": "sbpath", "note": note}

    def _description(
        self,
        given: Sequence[PhaseEnergy],
        kept: Sequence[PhaseEnergy],
        steps: Sequence[EquilibriumPlateau],
        left_out: Sequence[tuple[str, str]],
    ) -> str:
        low, high = self.window_V
        parts = [
            f"{len(kept)} of {len(given)} phases of {self._name}: those within {self.limit_kJ_per_mol:g} kJ per mol {self.host} of the "
            f"convex hull. Every transformation that is downhill anywhere between {low:g} and {high:g} V is open.",
            "At zero rate: " + "; ".join(ladder(steps)) + ".",
            *(["Left out: " + "; ".join(_listed(left_out)) + "."] if left_out else []),
            f"Interfacial energies are assumed; kinetics and electrode are those of {self.like}. No entropy is given: valid "
            "within 25 K of 25 C.",
        ]
        return "\n\n".join(textwrap.fill(part, 100) for part in parts) + "\n"


def ladder(steps: Sequence[EquilibriumPlateau]) -> Iterator[str]:
    """``0.8840 V, x = 0 to 1, Sb -> KSb`` for each plateau."""
    for step in steps:
        yield f"{step.voltage_V:.4f} V, x = {step.x_empty:.4g} to {step.x_full:.4g}, {step.empty} -> {step.full}"


def _listed(left_out: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"{name}, {why}" for name, why in left_out[:MOST_LISTED]]
    return [*lines, f"and {len(left_out) - MOST_LISTED} more"] if len(left_out) > MOST_LISTED else lines


def _amount(value: float) -> str:
    """An amount as formulas and equations have it: empty for 1, without an exponent."""
    text = f"{value:.12f}".rstrip("0").rstrip(".")
    return "" if text == "1" else text
