"""Are the equations in C the same? Every shipped mechanism, one C/10 cycle, at tight tolerances."""

from __future__ import annotations

import sbpath
from helper import NotInstalledError, error, machine, table
from stacks import sundials
from task import largest_error, make_task, true_curve

# Tight enough to tell a difference in the equations from one in the integration.
TOLERANCES = 1e-9, 1e-12


def report(quick: bool) -> str:
    """The largest difference of each method, and where it is."""
    del quick
    try:
        sundials.library()
    except NotInstalledError as complaint:
        return str(complaint)
    found: dict[str, list[tuple[float, str]]] = {method: [] for method in sundials.METHODS}
    names = sbpath.shipped_names()
    for name in names:
        mechanism = sbpath.load_mechanism(name)
        protocol = sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
        task = make_task(mechanism, protocol, mechanism.default_graph)
        truth = true_curve(task)
        for method in sundials.METHODS:
            one = sundials.contestant(task, method, *TOLERANCES)
            found[method].append((largest_error(one.curve(one.solve()), truth), name))
    rows = [
        [f"C + SUNDIALS {method}", str(len(names)), error(max(errors)[0]), max(errors)[1]]
        for method, errors in found.items()
    ]
    head = ["", "mechanisms", "largest difference / V", "of"]
    return f"{table(head, rows)}\n\n{machine(('numpy',))}"
