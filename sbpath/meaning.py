"""The third gate: whether the records of a mechanism fit together."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from sbpath.chemistry import amount_text, imbalance, parse_equation, parse_formula
from sbpath.graph import stranded_phases
from sbpath.mechanism import Mechanism, Record, value_or

# Percentage points between a volume change that the review prints and the molar volumes.
VOLUME_TOLERANCE = 1.0


def meaning_problems(mechanism: Mechanism) -> list[str]:
    """All that does not fit, as ``path: what is wrong and what to do``; empty if nothing."""
    # Graph and interfaces can be judged only where names, formulas and equations are sound.
    problems = [*_names(mechanism), *_formulas(mechanism)]
    if not problems:
        problems = [*_equations(mechanism)]
    if not problems:
        problems = [*_graphs(mechanism), *_interfaces(mechanism), *_volumes(mechanism)]
    return [*problems, *_sources(mechanism)]


def _names(mechanism: Mechanism) -> Iterator[str]:
    known = ", ".join(mechanism.phases)
    if mechanism.initial_phase not in mechanism.phases:
        yield f"initial_phase: no phase is called {mechanism.initial_phase!r}; phases: {known}"
    if mechanism.default_graph not in mechanism.graphs:
        yield f"default_graph: no transformation is in a graph {mechanism.default_graph!r}; graphs: {', '.join(mechanism.graphs)}"
    if mechanism.lower_cutoff_V >= mechanism.upper_cutoff_V:
        yield (
            f"lower_cutoff_V: {mechanism.lower_cutoff_V:g} V is not below upper_cutoff_V = "
            f"{mechanism.upper_cutoff_V:g} V; swap them"
        )
    for name in mechanism.phases:
        if any(sign in name for sign in " |.+") or name in ("e-", "x"):
            yield f"phases.{name}: a phase name has no blank and none of | . + in it; write e.g. K3Sb-cubic"


def _formulas(mechanism: Mechanism) -> Iterator[str]:
    for name, phase in mechanism.phases.items():
        where = f"phases.{name}.formula"
        try:
            formula = parse_formula(phase.formula)
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        if formula.get("Sb") != (1.0, 0.0):
            yield f"{where}: {phase.formula} does not hold one Sb; all amounts are per mole of Sb, write e.g. Li3Sb"
        open_composition = any(slope for _, slope in formula.values())
        if open_composition and not phase.galleries:
            yield f"{where}: {phase.formula} has an open x but the phase has no galleries to fill it; add [[phases.{name}.galleries]]"
        sites = sum(g.sites for g in phase.galleries)
        alkali = formula.get(mechanism.ion, (0.0, 0.0))[0]
        if not open_composition and sites > alkali + 1e-9:
            yield f"phases.{name}.galleries: {sites:g} sites but {phase.formula} holds only {alkali:g} {mechanism.ion}; take fewer sites"


def _equations(mechanism: Mechanism) -> Iterator[str]:
    formulas = {name: phase.formula for name, phase in mechanism.phases.items()}
    known = {*formulas, f"{mechanism.ion}+", "e-"}
    seen: dict[tuple[str, str], int] = {}
    for i, transformation in enumerate(mechanism.transformations, start=1):
        where = f"transformations[{i}].equation"
        try:
            equation = parse_equation(transformation.equation)
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        unknown = [name for name in (*equation.left, *equation.right) if name not in known]
        if unknown:
            yield f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            continue
        ends = [[n for n in side if n in formulas] for side in (equation.left, equation.right)]
        if any(len(end) != 1 for end in ends) or ends[0] == ends[1]:
            yield f"{where}: {transformation.equation!r} must lead from one phase to another one"
            continue
        if equation.left[ends[0][0]] != (1.0, 0.0) or equation.right[ends[1][0]] != (1.0, 0.0):
            yield f"{where}: {transformation.equation!r} must be written for one mole of Sb: one of each phase"
            continue
        missing = imbalance(equation, formulas, mechanism.ion)
        if missing:
            terms = ", ".join(f"{key}: {amount_text(amount)}" for key, amount in missing.items())
            yield f"{where}: {transformation.equation!r} does not balance (right minus left: {terms}); mend the amounts"
        pair = (ends[0][0], ends[1][0])
        if pair in seen:
            yield f"{where}: {pair[0]} -> {pair[1]} already stands in transformations[{seen[pair]}]; name both graphs there"
        seen[pair] = i


def _graphs(mechanism: Mechanism) -> Iterator[str]:
    if len(mechanism.phases) == 1:
        return
    for graph in mechanism.graphs:
        unreachable, closed = stranded_phases(mechanism, graph)
        for name in unreachable:
            yield f"phases.{name}: cannot be reached from {mechanism.initial_phase} on the graph {graph!r}; add a transformation to it"
        for name in closed:
            yield f"phases.{name}: cannot be left on the graph {graph!r}; add a transformation from it"


def _interfaces(mechanism: Mechanism) -> Iterator[str]:
    pairs: dict[frozenset[str], str] = {}
    for key in mechanism.interfaces:
        names = key.split("|")
        if len(names) != 2 or names[0] == names[1] or any(n not in mechanism.phases for n in names):
            yield f"interfaces.{key}: must name two phases, e.g. 'Sb|Li3Sb'; phases: {', '.join(mechanism.phases)}"
            continue
        pair = frozenset(names)
        if pair in pairs:
            yield f"interfaces.{key}: the same interface stands as {pairs[pair]!r}; keep one"
        pairs[pair] = key
    wanted = {frozenset((e.reactant, e.product)): e for e in mechanism.all_edges}
    for pair, edge in wanted.items():
        if pair not in pairs:
            yield f"interfaces.{edge.reactant}|{edge.product}: missing; the edge between them needs energy_J_per_m2"


def _volumes(mechanism: Mechanism) -> Iterator[str]:
    for name, phase in mechanism.phases.items():
        sites = sum(g.sites for g in phase.galleries)
        partial = value_or(phase.partial_molar_volume_cm3_per_mol, 0.0)
        empty = phase.molar_volume_cm3_per_mol.value - partial * sites
        if empty <= 0.0:
            yield f"phases.{name}.partial_molar_volume_cm3_per_mol: the empty phase would have {empty:g} cm3/mol; take less"
    host = mechanism.phases[mechanism.initial_phase].molar_volume_cm3_per_mol.value
    for name, phase in mechanism.phases.items():
        if phase.review_volume_change_percent is None:
            continue
        printed = phase.review_volume_change_percent.value
        found = (phase.molar_volume_cm3_per_mol.value / host - 1.0) * 100.0
        if abs(found - printed) > VOLUME_TOLERANCE:
            yield (
                f"phases.{name}.molar_volume_cm3_per_mol: gives a volume change of {found:.1f} % against "
                f"{printed:g} % in the review; check both"
            )


def _sources(mechanism: Mechanism) -> Iterator[str]:
    for path, key in cited_sources(mechanism):
        if key not in mechanism.sources:
            near = difflib.get_close_matches(key, mechanism.sources, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add it under [sources]"
            yield f"{path}: no source is called {key!r}; {hint}"


def cited_sources(mechanism: Mechanism) -> Iterator[tuple[str, str]]:
    """Every ``(path, source key)`` of the mechanism's numbers."""
    return _cited(mechanism, "")


def _cited(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Record):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name == "source":
                yield f"{path}.source", inner
            elif name not in ("document", "sources"):
                yield from _cited(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _cited(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value, start=1):
            yield from _cited(inner, f"{path}[{i}]")
