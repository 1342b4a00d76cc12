"""Derivatives of rates by numbers of a mechanism. Oracle: differences of the rates between networks built anew."""

from __future__ import annotations

import numpy as np
import pytest
from worn import worn

from sbpath import Population, load_mechanism, simulate, with_changes
from sbpath.kernels import compiled
from sbpath.mechanism.paths import displaced
from sbpath.model.charge_transfer import driven_current, is_direct
from sbpath.model.equations import Control, evaluate
from sbpath.model.forcing import fill_forcing, new_forcing
from sbpath.model.network import build_network
from sbpath.model.population import populated
from sbpath.model.workspace import workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.results import sensitivity

MIXED = Population.lognormal(3, size=0.2, interfacial_energy=0.03)
TEMPERATURE = "temperature_C"
LAWS = {
    "kinetics.propagation_rate_per_s": 3e-4,
    "kinetics.transformation_work_J_per_mol": 40.0,
    "kinetics.autocatalytic_order": 0.6,
    "kinetics.seed_fraction": 2e-3,
    "kinetics.exchange_current_A_per_m2": 0.3,
    "kinetics.transfer_coefficient": 0.4,
    "electrode.contact_resistance_ohm_cm2": 15.0,
}


def case(name):
    """A mechanism in which as much as possible happens."""
    if name in ("li-znsnsb2", "k-sb-xrd"):
        return with_changes(load_mechanism(name), LAWS)
    if name == "direct":
        free = {path: LAWS[path] for path in list(LAWS)[:4]}
        return with_changes(worn("na-sb", "nano"), free | {"electrode.contact_resistance_ohm_cm2": 0.0})
    return with_changes(worn(name, "nano", contact_loss=0.05, torn_share=0.3), LAWS)


def rates(network, state, time, control):
    """All rates but those of the tallies, and the current."""
    space = workspace(network)
    current = compiled(evaluate)(time, state, control, network, space, False)
    return np.append(space.derivatives.dy_dt[: network.layout.potential + network.layout.shared], current)


@pytest.mark.parametrize("particles", [None, MIXED])
@pytest.mark.parametrize("name", ["na-sb", "li-znsnsb2", "k-sb-xrd", "direct"])
@pytest.mark.parametrize("given", [True, False])
def test_rates_change_with_every_number_as_differences_say(name, particles, given):
    mechanism = case(name)
    solution = simulate(
        mechanism,
        ("Discharge at C/2 until 0.3 V", "Charge at C/2 until 1.2 V"),
        population=particles or 1,
        temperature_C=31.0,
        progress=False,
    )
    paths = [path for path, number in mechanism.numbers() if hasattr(number, "value")]
    paths += [
        f"phases.{phase}.galleries[{k + 1}].{key}"
        for phase, stated in mechanism.phases.items()
        for k in range(len(stated.galleries))
        for key in ("sites", "potential_V", "width", "potential_slope_V_per_K")
    ]
    paths = [path for path in paths if ".cell" not in path and ".atoms" not in path] + [TEMPERATURE]
    here = solution.network if particles is None else populated(solution.network, particles)
    whole = sensitivity._rows(solution, here)
    values = [sensitivity._value(solution, path) for path in paths]
    changes = [sensitivity._changes(solution, here, *one) for one in zip(paths, values, strict=True)]
    slopes, forcing = sensitivity._slopes(here, changes), new_forcing(len(paths), here)

    def side(path, at):
        kelvin, moved = here.temperature, mechanism
        if path == TEMPERATURE:
            kelvin = at + ZERO_CELSIUS_K
        else:
            moved = displaced(mechanism, path, at)
        network = build_network(moved, solution.graph, kelvin)
        return network if particles is None else populated(network, particles)

    seen = 0
    networks = {
        (k, h, way): side(path, values[k] + way * h * (abs(values[k]) or 1.0))
        for k, path in enumerate(paths)
        for h in (1e-3, 1e-5, 1e-7)
        for way in (1.0, -1.0)
    }
    for row in np.linspace(40, len(solution.time_s) - 40, 8).astype(int):
        state, time, current = whole.states[row], whole.time[row], whole.current[row]
        control = Control(given, current if given else solution.voltage_V[row], 0.0 if given else 1e-4, 0.0)
        space, free = workspace(here), given or not is_direct(here)
        found = compiled(evaluate)(time, state, control, here, space, True)
        drop = state[here.layout.potential] - control.level - control.slope * time
        stiffness = 0.0 if given or not free else driven_current(drop, here)[1]
        compiled(fill_forcing)(state, found, free, stiffness, 1e6, slopes, here, space, forcing)
        typical = np.abs(space.derivatives.dy_dt[: forcing.rates.shape[1]])
        for k, path in enumerate(paths):
            wanted = []
            for h in (1e-3, 1e-5, 1e-7):
                up, down = (rates(networks[k, h, way], state, time, control) for way in (1.0, -1.0))
                wanted.append((up - down)[:-1] / (2.0 * h * (abs(values[k]) or 1.0)))
            # Of the derivative, or of the rate itself for a change by the number's own amount.
            slack = 1e-7 * typical / (abs(values[k]) or 1.0) + 1e-14
            errors = [np.abs(forcing.rates[k] - one) / (slack + 1e-4 * np.abs(one)) for one in wanted]
            assert np.min(errors, axis=0).max() < 1.0, (path, row, forcing.rates[k], wanted)
            seen += bool(np.any(np.abs(forcing.rates[k]) > slack))
    assert seen > 50
