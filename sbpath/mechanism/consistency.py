"""The third gate: whether the records of a mechanism fit together."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice

from sbpath.errors import nearest
from sbpath.mechanism.chemistry import (
    ATOMIC_WEIGHT,
    Amount,
    Equation,
    amount_text,
    composition,
    imbalance,
    parse_contents,
    parse_equation,
    parse_formula,
)
from sbpath.mechanism.graph import stranded_phases
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import Cell, Phase, value_or

# Largest difference between the review's volume change and the molar volumes (percentage points).
VOLUME_TOLERANCE = 1.0
# Largest relative difference between the molar volume of a phase and that of its cell.
CELL_TOLERANCE = 0.02

# A letter first, so that no name can be mistaken for an amount or part of an arrow.
PHASE_NAME = re.compile(r"[^\W\d_][\w'()-]*")
# Problems of one kind that are looked for.
MOST_OF_A_KIND = 200
RESERVED_NAMES = ("e-", "x")


def consistency_problems(mechanism: Mechanism) -> list[str]:
    """Every inconsistency, as ``path: what is wrong and what to do``."""
    if not_one := _host(mechanism):
        return [not_one]
    formulas = _formulas(mechanism)
    # Without valid assemblages there are no nodes to check.
    if invalid := _first(_assemblages(mechanism, formulas)):
        return [*formulas.values(), *invalid, *_first(_sources(mechanism))]
    problems = [*_names(mechanism), *formulas.values(), *_first(_equations(mechanism, formulas))]
    interfaces = _first(_interfaces(mechanism))
    # Edges, and what depends on them, can be checked only if there are no mistakes so far.
    if not problems:
        problems = [*_graphs(mechanism), *_overfull(mechanism)]
        interfaces = interfaces or [*_missing_interfaces(mechanism)]
    crystals = _crystals(mechanism, formulas)
    return [*problems, *interfaces, *_volumes(mechanism), *crystals, *_first(_sources(mechanism))]


def _first(problems: Iterator[str]) -> list[str]:
    """The first of `problems`, which take time to find if there are thousands."""
    return list(islice(problems, MOST_OF_A_KIND))


def number_problems(mechanism: Mechanism) -> list[str]:
    """Those of `consistency_problems` that new numbers can cause in a consistent mechanism."""
    formulas = _formulas(mechanism)
    problems = [*_names(mechanism), *formulas.values()] or [*_overfull(mechanism)]
    return [*problems, *_volumes(mechanism), *_crystals(mechanism, formulas)]


def _host(mechanism: Mechanism) -> str:
    """Why the host element cannot be one, if so."""
    host, ion = mechanism.host, mechanism.ion
    if host in ATOMIC_WEIGHT and host != ion:
        return ""
    what = "is the alkali metal too" if host == ion else "is not the symbol of an element known here"
    return f'host: {host!r} {what}; write the element that takes up {ion}, e.g. host = "Sb" or host = "Si"'


def _names(mechanism: Mechanism) -> Iterator[str]:
    kind, nodes = _kind(mechanism)
    graphs = f"graphs: {', '.join(mechanism.graphs)}"
    initial, graph = mechanism.initial_phase, mechanism.default_graph
    if initial not in mechanism.nodes:
        yield f"initial_phase: no {kind} is called {initial!r}; {nearest(initial, mechanism.nodes, nodes)}"
    if graph not in mechanism.graphs:
        yield f"default_graph: no transformation is in a graph {graph!r}; {nearest(graph, mechanism.graphs, graphs)}"
    if mechanism.lower_cutoff_V >= mechanism.upper_cutoff_V:
        yield (
            f"lower_cutoff_V: {mechanism.lower_cutoff_V:g} V is not below upper_cutoff_V = "
            f"{mechanism.upper_cutoff_V:g} V; swap them or correct one"
        )
    if mechanism.temperature_range_C is not None:
        low, high = mechanism.temperature_range_C
        if not low <= mechanism.temperature_C <= high:
            yield (
                f"temperature_range_C: {low:g} to {high:g} C does not include temperature_C = "
                f"{mechanism.temperature_C:g}; correct one of them"
            )
    for table, names in (("phases", mechanism.phases), ("assemblages", mechanism.assemblages)):
        for name in names:
            if name in RESERVED_NAMES or not PHASE_NAME.fullmatch(name):
                yield (
                    f"{table}.{name}: {name!r} cannot be a name; begin with a letter, then letters, "
                    "digits, - _ ( ) ', e.g. K3Sb-cubic"
                )


def _or_add(mechanism: Mechanism, name: str) -> str:
    """Advice to add a missing node, if its name is a valid one."""
    if not PHASE_NAME.fullmatch(name):
        return ""
    place = f"{name} to [assemblages]" if mechanism.assemblages else f"[phases.{name}]"
    return f"; add {place} or correct the name"


def _kind(mechanism: Mechanism) -> tuple[str, str]:
    """Whether nodes are phases or assemblages, and a list of their names."""
    kind = "assemblage" if mechanism.assemblages else "phase"
    return kind, f"{kind}s: {', '.join(mechanism.nodes)}"


def _assemblages(mechanism: Mechanism, invalid: Container[str]) -> Iterator[str]:
    """Mistakes in the contents of assemblages, and phases that are in none."""
    used: set[str] = set()
    for name, text in mechanism.assemblages.items():
        where = f"assemblages.{name}"
        try:
            contents = parse_contents(text)
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        used |= contents.keys()
        known = f"phases: {', '.join(mechanism.phases)}"
        unknown = [phase for phase in contents if phase not in mechanism.phases]
        for phase in unknown:
            yield f"{where}: {text!r} contains the unknown {phase!r}; {nearest(phase, mechanism.phases, known)}"
        if unknown or any(phase in invalid for phase in contents):
            continue
        host = mechanism.host
        elements = composition(contents, {p: mechanism.phases[p].formula for p in contents})
        held, _ = elements.get(host, (0.0, 0.0))
        if abs(held - 1.0) > 1e-9:
            yield (
                f"{where}: {text!r} holds {held:g} {host}, but all amounts are per mole of {host}; "
                f"divide by it, e.g. '{host} + 1.5 Li2S'"
            )
        open_phases = [phase for phase in contents if mechanism.phases[phase].galleries]
        if len(open_phases) > 1:
            yield f"{where}: {' and '.join(open_phases)} both have galleries; keep one solution phase in an assemblage"
    if mechanism.assemblages:
        for name in mechanism.phases:
            if name not in used:
                yield f"phases.{name}: is in no assemblage; add it to one, or remove the phase"


def _sites(phase: Phase) -> float:
    return sum(gallery.sites for gallery in phase.galleries)


def _formulas(mechanism: Mechanism) -> dict[str, str]:
    """Mistakes in formulas, by phase name."""
    found = {name: _formula_problem(mechanism, name) for name in mechanism.phases}
    return {name: f"phases.{name}.{problem}" for name, problem in found.items() if problem}


def _formula_problem(mechanism: Mechanism, name: str) -> str:
    phase, ion = mechanism.phases[name], mechanism.ion
    try:
        formula = parse_formula(phase.formula)
    except ValueError as error:
        return f"formula: {error}"
    host = mechanism.host
    if not mechanism.assemblages and formula.get(host) != (1.0, 0.0):
        return (
            f"formula: {phase.formula} does not hold one {host}; all amounts are per mole of {host}, "
            f"{_per_host(formula, host) or f'write e.g. {ion}3{host}'}, or name [assemblages] of one {host} each"
            f"{'' if host in formula else _another_host(mechanism)}"
        )
    alkali, slope = formula.get(ion, (0.0, 0.0))
    slopes = [slope for _, slope in formula.values() if slope]
    if slopes and (slopes != [1.0] or slope != 1.0):
        return (
            f"formula: in {phase.formula}, x must be the {ion} in the galleries and nothing else; "
            f"write e.g. {ion}x{host} or {ion}(1+x){host}"
        )
    if slopes and not phase.galleries:
        return f"formula: {phase.formula} has an x but no galleries to fill; add [[phases.{name}.galleries]]"
    if not slopes and _sites(phase) > alkali + 1e-9:
        return (
            f"galleries: {_sites(phase):g} sites, but {phase.formula} holds only {alkali:g} {ion}; "
            "use fewer sites"
        )
    return ""


def _another_host(mechanism: Mechanism) -> str:
    """Advice to name the host element, if all phases have another one in common."""
    formulas = [parse_formula(phase.formula) for phase in mechanism.phases.values()]
    common = set.intersection(*map(set, formulas)) - {mechanism.ion}
    return f'; for another host element write host = "{common.pop()}"' if len(common) == 1 else ""


def _per_host(formula: Mapping[str, Amount], host: str) -> str:
    """Advice to write a compound per atom of the host; empty if it has none or a variable amount."""
    held, _ = formula.get(host, (0.0, 0.0))
    if held <= 0.0 or any(slope for _, slope in formula.values()):
        return ""
    parts = ((element, constant / held) for element, (constant, _) in formula.items())
    one = "".join(element if amount == 1.0 else f"{element}{amount:.6g}" for element, amount in parts)
    return f"write {one} with its enthalpy, entropy and volume divided by {held:g}"


def _equations(mechanism: Mechanism, invalid: Container[str]) -> Iterator[str]:
    seen: dict[tuple[str, str], int] = {}
    # Phases of all balanced equations, and of each unbalanced one.
    balanced: set[str] = set()
    unbalanced: list[set[str]] = []
    for i, transformation in enumerate(mechanism.transformations, start=1):
        where, text = f"transformations[{i}].equation", transformation.equation
        try:
            equation = parse_equation(text)
        except ValueError as error:
            yield f"{where}: {error}"
            continue
        problems = [*_species(mechanism, equation)] or [*_one_mole(mechanism, equation)]
        yield from (f"{where}: {text!r} {problem}" for problem in problems)
        if problems:
            continue
        (reactant,), (product,) = _ends(mechanism, equation)
        phases = {*mechanism.nodes[reactant], *mechanism.nodes[product]}
        if not any(phase in invalid for phase in phases):
            contents = {name: mechanism.composition(name) for name in (reactant, product)}
            missing = imbalance(equation, contents, mechanism.ion)
            if not missing:
                balanced |= phases
            else:
                unbalanced.append(phases)
                terms = ", ".join(f"{amount_text(amount)} {key}" for key, amount in missing.items())
                yield f"{where}: {text!r} does not balance (right minus left is {terms}); correct the amounts"
        first = seen.setdefault((reactant, product), i)
        if first != i:
            yield (
                f"{where}: {reactant} -> {product} is already in transformations[{first}]; "
                "keep one and list all graphs there"
            )
    yield from _common_cause(mechanism, unbalanced, balanced)


def _common_cause(mechanism: Mechanism, unbalanced: Sequence[set[str]], balanced: set[str]) -> Iterator[str]:
    """The one phase, if any, that is in every unbalanced equation and in no balanced one."""
    if len(unbalanced) < 2:
        return
    common = set.intersection(*unbalanced) - balanced
    # A phase named after its formula is the least suspect.
    suspects = {name for name in common if mechanism.phases[name].formula != name} or common
    if len(suspects) == 1:
        (name,) = suspects
        yield (
            f"phases.{name}.formula: all {len(unbalanced)} transformations that do not balance have {name}; "
            f"is its formula = {mechanism.phases[name].formula!r} right?"
        )


def _ends(mechanism: Mechanism, equation: Equation) -> list[list[str]]:
    """The nodes on the left and on the right side."""
    return [[name for name in side if name in mechanism.nodes] for side in (equation.left, equation.right)]


def _species(mechanism: Mechanism, equation: Equation) -> Iterator[str]:
    known = [*mechanism.nodes, f"{mechanism.ion}+", "e-"]
    for name in dict.fromkeys([*equation.left, *equation.right]):
        bare = name.lstrip("0123456789.")
        if name in known:
            continue
        if bare in known:
            amount = name.removesuffix(bare)
            yield f"has {name!r}; write amount and name with a space between them: '{amount} {bare}'"
        elif "+" in name[:-1]:
            yield f"has {name!r}; put spaces around the + between two terms"
        else:
            listed = f"known: {', '.join(known)}{_or_add(mechanism, name)}"
            yield f"contains the unknown {name!r}; {nearest(name, known, listed)}"


def _one_mole(mechanism: Mechanism, equation: Equation) -> Iterator[str]:
    left, right = _ends(mechanism, equation)
    for side, phases in (("left", left), ("right", right)):
        if not phases:
            yield f"has no phase on its {side} side; write it from one phase to another"
        elif len(phases) > 1:
            yield f"has {' and '.join(phases)} on its {side} side; write a transformation for each"
    if left == right:
        yield "leads from a phase to itself; write it from one phase to another"
    amounts = [equation.left[name] for name in left] + [equation.right[name] for name in right]
    if set(amounts) - {(1.0, 0.0)}:
        yield f"is not for one mole of {mechanism.host}; write each phase without an amount, and adapt the others"


def _overfull(mechanism: Mechanism) -> Iterator[str]:
    """Galleries so large that an equation's amounts turn negative before they are full."""
    reported: set[str] = set()
    for i, transformation in enumerate(mechanism.transformations, start=1):
        equation = parse_equation(transformation.equation)
        amounts = [*equation.left.values(), *equation.right.values()]
        for name in (phase for (node,) in _ends(mechanism, equation) for phase in mechanism.nodes[node]):
            phase = mechanism.phases[name]
            full = _sites(phase) if "x" in phase.formula else 0.0
            negative = [a for a in amounts if a[0] + a[1] * full < -1e-9]
            if negative and name not in reported:
                reported.add(name)
                yield (
                    f"phases.{name}.galleries: {full:g} sites, but transformations[{i}] has "
                    f"{amount_text(negative[0])}, negative when they are full; use fewer sites"
                )


def _graphs(mechanism: Mechanism) -> Iterator[str]:
    if len(mechanism.nodes) == 1:
        return
    table = "assemblages" if mechanism.assemblages else "phases"
    for graph in mechanism.graphs:
        unreachable, dead_ends = stranded_phases(mechanism, graph)
        for name in unreachable:
            yield (
                f"{table}.{name}: cannot be reached from {mechanism.initial_phase} on the graph {graph!r}; "
                "add a transformation to it, or remove the phase"
            )
        for name in dead_ends:
            yield f"{table}.{name}: cannot be left on the graph {graph!r}; add a transformation from it"


def _interfaces(mechanism: Mechanism) -> Iterator[str]:
    pairs: dict[frozenset[str], str] = {}
    for key in mechanism.interfaces:
        names = key.split("|")
        unknown = [name for name in names if name not in mechanism.nodes]
        bare = "|".join(name.strip() for name in names)
        if bare != key:
            yield f'interfaces.{key}: has an extra space; write [interfaces."{bare}"], no spaces around |'
        elif len(names) != 2 or names[0] == names[1]:
            yield f'interfaces.{key}: must name two phases with | between them, e.g. [interfaces."Sb|Li3Sb"]'
        elif unknown:
            (name, *_), (kind, known) = unknown, _kind(mechanism)
            others = [node for node in mechanism.nodes if node not in names]  # not the node on the other side
            advice = nearest(name, others, f"{known}{_or_add(mechanism, name)}")
            yield f"interfaces.{key}: no {kind} is called {name!r}; {advice}"
        elif (pair := frozenset(names)) in pairs:
            yield f"interfaces.{key}: the same interface is given as {pairs[pair]!r}; it has no direction, keep one"
        else:
            pairs[pair] = key


def _missing_interfaces(mechanism: Mechanism) -> Iterator[str]:
    given = {frozenset(key.split("|")) for key in mechanism.interfaces}
    for edge in mechanism.all_edges:
        pair = frozenset((edge.reactant, edge.product))
        if pair not in given:
            given.add(pair)
            name = f"{edge.reactant}|{edge.product}"
            yield (
                f"interfaces.{name}: missing, but a transformation connects the two; add the line "
                f'[interfaces."{name}"] and below it the line energy_J_per_m2 = {{ value = 0.1, '
                'status = "assumed", source = "own", note = "why" }'
            )


def _volumes(mechanism: Mechanism) -> Iterator[str]:
    for name, phase in mechanism.phases.items():
        full = phase.molar_volume_cm3_per_mol.value
        empty = full - value_or(phase.partial_molar_volume_cm3_per_mol, 0.0) * _sites(phase)
        if empty <= 0.0:
            yield (
                f"phases.{name}.partial_molar_volume_cm3_per_mol: leaves {empty:g} cm3/mol of {full:g} "
                f"when all {_sites(phase):g} sites are empty; use a smaller value"
            )
    hosts = [name for name, phase in mechanism.phases.items() if phase.formula == mechanism.host]
    if not hosts:
        return
    host = mechanism.phases[hosts[0]].molar_volume_cm3_per_mol.value
    for name, phase in mechanism.phases.items():
        if phase.review_volume_change_percent is None:
            continue
        printed = phase.review_volume_change_percent.value
        found = (phase.molar_volume_cm3_per_mol.value / host - 1.0) * 100.0
        if abs(found - printed) > VOLUME_TOLERANCE:
            yield (
                f"phases.{name}.molar_volume_cm3_per_mol: gives a volume change of {found:.1f} % from "
                f"{hosts[0]}, but review_volume_change_percent says {printed:g} %; check both"
            )


def _crystals(mechanism: Mechanism, invalid: Container[str]) -> Iterator[str]:
    """Mistakes in cells and atoms; `results.crystal` checks, by symmetry, that the atoms fill the cell."""
    for name, phase in mechanism.phases.items():
        where = f"phases.{name}"
        if phase.cell is None and phase.atoms:
            yield f"{where}.atoms: have no cell; add [{where}.cell], or remove them"
        if phase.cell is not None:
            if not phase.crystalline:
                yield (
                    f"{where}.cell: an amorphous phase has none; remove cell and atoms, or set crystalline = true"
                )
            if phase.space_group is None:
                yield f'{where}.space_group: missing, but there is a cell; add e.g. space_group = "Fm-3m"'
            yield from _cell_volume(where, phase, phase.cell)
        if name not in invalid and phase.atoms:
            yield from _atoms(where, phase)


def _cell_volume(where: str, phase: Phase, cell: Cell) -> Iterator[str]:
    stated, found = phase.molar_volume_cm3_per_mol.value, cell.molar_volume_cm3_per_mol
    if abs(found - stated) <= CELL_TOLERANCE * stated:
        return
    yield (
        f"{where}.cell: {cell.volume_cubic_angstrom:.5g} cubic angstrom with formula_units = {cell.formula_units} "
        f"make {found:.4g} cm3/mol, but molar_volume_cm3_per_mol says {stated:g}; check lengths, angles "
        "(90 degrees unless given) and formula_units"
    )


def _atoms(where: str, phase: Phase) -> Iterator[str]:
    elements = parse_formula(phase.formula)
    for i, atom in enumerate(phase.atoms, start=1):
        if atom.element not in elements:
            known = f"write {' or '.join(elements)}"
            yield (
                f"{where}.atoms[{i}].element: {phase.formula} holds no {atom.element!r}; "
                f"{nearest(atom.element, elements, known)}"
            )
    if missing := [element for element in elements if element not in {atom.element for atom in phase.atoms}]:
        yield f"{where}.atoms: no {' and no '.join(missing)} among them; give one atom for each site, or none at all"


def _sources(mechanism: Mechanism) -> Iterator[str]:
    for key in mechanism.cites:
        if key not in mechanism.sources:
            advice = nearest(key, mechanism.sources, 'add it under [sources] as key = "citation"')
            yield f"cites: no source is called {key!r}; {advice}"
    for path, number in mechanism.numbers():
        if number.source not in mechanism.sources:
            advice = nearest(number.source, mechanism.sources, 'add it under [sources] as key = "citation"')
            yield f"{path}.source: no source is called {number.source!r}; {advice}"
