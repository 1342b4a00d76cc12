"""Groups of the numbers of a mechanism, by the names that the field uses for them."""

from __future__ import annotations

import re

from sbpath.errors import InputError, nearest
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import value
from sbpath.mechanism.records import Gallery, Quantity

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
    """The dotted paths that a group, such as "gamma", or a path means in a mechanism.

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
        if "." not in name:
            listed = f"groups: {', '.join(GROUPS)}; or the path of a number, e.g. kinetics.growth_rate_per_s"
            raise InputError(f"{name}: is no group of numbers; {nearest(name, GROUPS, listed)}")
        value(mechanism, name)
        return (name,)
    found = []
    for path, number in mechanism.numbers():
        whole = f"{path}.potential_V" if isinstance(number, Gallery) else path
        given = number.value if isinstance(number, Quantity) else None
        if re.fullmatch(GROUPS[name], whole) and not (name == "energies" and given == 0.0):
            found.append(whole)
    if not found:
        raise InputError(f"{name}: {mechanism.name} has no number of this group")
    return tuple(found)
