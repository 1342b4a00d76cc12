"""A network of changed numbers. Oracle: the one that is built anew."""

from __future__ import annotations

import numpy as np
import pytest
from worn import worn

from sbpath import load_mechanism, with_changes
from sbpath.mechanism.paths import displaced
from sbpath.model.network import APART, OF_TEMPERATURE, build_network, displaced_fields


def plain(item):
    """Arrays and numbers of a network as nested tuples."""
    if isinstance(item, np.ndarray):
        return item.dtype.str, item.shape, item.tobytes()
    return tuple(map(plain, item)) if isinstance(item, tuple) else item


@pytest.mark.parametrize(
    "name", ["li-sb", "k-sb-xrd", "na-nisb", "li-znsnsb2", "li-sb-llzo", "li-sb-libh4", "worn"]
)
def test_a_displaced_number_changes_the_fields_that_its_mechanism_does(name):
    mechanism = worn("na-sb") if name == "worn" else load_mechanism(name)
    graph, kelvin = mechanism.graph_named(), 310.0
    network = build_network(mechanism, graph, kelvin)
    moved = 0
    for path, number in mechanism.numbers():
        at = getattr(number, "value", None)
        if at is None or "cell" in path or "atoms" in path:
            continue
        changed = displaced(mechanism, path, at + (1e-3 * at or 1e-2))
        fields = displaced_fields(mechanism, changed, graph, kelvin)
        wanted = build_network(changed, graph, kelvin)
        found = plain(network._replace(**fields, **{name: getattr(wanted, name) for name in APART}))
        assert found == plain(wanted), path
        assert all(
            plain(getattr(network, one)) == plain(getattr(wanted, one)) for one in APART - {"change"}
        ), path
        moved += bool(fields)
    assert moved > 10


def test_temperature_changes_the_fields_that_are_listed():
    differ = {"change"}
    for name in ("li-sb-libh4", "na-sb", "k-sb"):
        mechanism = load_mechanism(name)
        if name == "na-sb":
            mechanism = with_changes(mechanism, {"phases.NaxSb.galleries[1].potential_slope_V_per_K": 1e-4})
        cold, warm = (
            build_network(mechanism, mechanism.graph_named(), kelvin)._asdict() for kelvin in (300.0, 320.0)
        )
        differ |= {field for field in cold if plain(cold[field]) != plain(warm[field])}
    assert differ == {*OF_TEMPERATURE, "change"}
