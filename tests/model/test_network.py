"""A network of changed numbers. Oracle: the one that is built anew."""

from __future__ import annotations

import numpy as np
import pytest

from sbpath import load_mechanism
from sbpath.mechanism.paths import displaced
from sbpath.model.network import build_network, displaced_network


def plain(item):
    """Arrays and numbers of a network as nested tuples."""
    if isinstance(item, np.ndarray):
        return item.dtype.str, item.shape, item.tobytes()
    return tuple(map(plain, item)) if isinstance(item, tuple) else item


@pytest.mark.parametrize("name", ["li-sb", "k-sb-xrd", "na-nisb", "li-znsnsb2", "li-sb-llzo"])
def test_a_displaced_number_gives_the_network_of_its_mechanism(name):
    mechanism = load_mechanism(name)
    graph, kelvin = mechanism.graph_named(), 310.0
    network = build_network(mechanism, graph, kelvin)
    moved = 0
    for path, number in mechanism.numbers():
        at = getattr(number, "value", None)
        if at is None or "cell" in path or "atoms" in path:
            continue
        changed = displaced(mechanism, path, at + (1e-3 * at or 1e-4))
        found, wanted = (
            plain(displaced_network(network, mechanism, changed, graph)),
            plain(build_network(changed, graph, kelvin)),
        )
        assert found == wanted, path
        moved += found != plain(network)
    assert moved > 10
