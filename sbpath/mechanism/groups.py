"""Groups of the numbers of a mechanism, by the names that the field uses for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sbpath.errors import InputError, nearest
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import plain_name
from sbpath.mechanism.paths import keys_of, value
from sbpath.mechanism.records import Gallery, Quantity
from sbpath.mechanism.units import ending_of

# Patterns of dotted paths.
GROUPS = {
    "gamma": r"interfaces\..+\.energy_J_per_m2",
    "growth": r"(kinetics|transformations\[\d+\].*)\.growth_rate_per_s",
    "J0": r"(kinetics|transformations\[\d+\].*)\.attempt_rate_per_s",
    "propagation": r"(kinetics|transformations\[\d+\].*)\.propagation_rate_per_s",
    "diffusivity": r"kinetics\.diffusivity_m2_per_s",
    "exchange": r"kinetics\.exchange_current_A_per_m2",
    "activation": r"(kinetics|electrolyte|transformations\[\d+\].*)\..*activation_energy_J_per_mol",
    "resistance": r"electrode\.contact_resistance_ohm_cm2",
    "spread": r"electrode\.spread\.(size|interfacial_energy)",
    "energies": r"phases\..+\.enthalpy_J_per_mol",
    "galleries": r"phases\..+\.galleries\[\d+\]\.potential_V",
}


def paths_of(mechanism: Mechanism, name: str) -> tuple[str, ...]:
    """The dotted paths, as the mechanism writes them, that a group, such as "gamma", a path or a printed name means.

    Formation enthalpies of 0, those of the elements, are a convention and in no group.

    Raises
    ------
    InputError
        If there is no such group or number, or the group is empty.

    Examples
    --------
    >>> import sbpath
    >>> from sbpath.mechanism.groups import paths_of
    >>> paths_of(sbpath.load_mechanism("li-sb"), "growth")
    ('kinetics.growth_rate_per_s',)
    """
    if name not in GROUPS:
        every = [path for path, _ in _numbers(mechanism)]
        printed = [path for path in every if plain_name(short_name(path)) == plain_name(name)]
        if printed:
            return tuple(printed)
        if "." not in name:
            listed = f"groups: {', '.join(GROUPS)}; or the path of a number, e.g. kinetics.growth_rate_per_s"
            raise InputError(f"{name}: is no group of numbers; {nearest(name, GROUPS, listed)}")
        value(mechanism, name)
        keys = keys_of(mechanism, name)
        return (next((path for path in every if keys_of(mechanism, path) == keys), name),)
    found = []
    for path, given in _numbers(mechanism):
        if re.fullmatch(GROUPS[name], path) and not (name == "energies" and given == 0.0):
            found.append(path)
    if not found:
        raise InputError(f"{name}: {mechanism.name} has no number of this group")
    return tuple(found)


def _numbers(mechanism: Mechanism) -> Iterator[tuple[str, float | None]]:
    """The path and value of each number that a file gives once; cells and atoms are none."""
    for path, number in mechanism.numbers():
        if isinstance(number, Gallery):
            yield f"{path}.potential_V", None
        elif isinstance(number, Quantity):
            yield path, number.value


def short_name(path: str) -> str:
    """A path as tables print it: gamma(Sb|Li2Sb), growth rate, J0."""
    parts = path.split(".")
    if parts[0] == "interfaces" and parts[-1] == "energy_J_per_m2":
        return f"gamma({'.'.join(parts[1:-1])})"
    if parts[0] == "phases":
        kind = {"enthalpy_J_per_mol": "H", "entropy_J_per_mol_K": "S", "potential_V": "U"}.get(
            parts[-1], parts[-1]
        )
        where = ".".join(parts[1:-1]).replace(".galleries", "")
        return f"{kind}({where})"
    known = {
        "growth_rate_per_s": "growth rate",
        "attempt_rate_per_s": "J0",
        "propagation_rate_per_s": "propagation rate",
        "diffusivity_m2_per_s": "diffusivity",
        "contact_resistance_ohm_cm2": "resistance",
        "exchange_current_A_per_m2": "exchange current",
    }
    last = parts[-1]
    name = known.get(last, last.removesuffix(ending_of(last)).replace("_", " "))
    if last.endswith("_activation_energy_J_per_mol"):
        name = f"Ea({last.removesuffix('_activation_energy_J_per_mol')})"
    if parts[0].startswith("transformations"):
        return f"{name} {parts[0].removeprefix('transformations')}"
    if "spread" in parts:
        return f"spread of {'gamma' if last == 'interfacial_energy' else last}"
    return name
