"""Oracles: differences of whole simulations, and derivatives that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import F
from scipy.interpolate import PchipInterpolator

from sbpath import InputError, Population, SolverOptions, cycling, load_mechanism, sensitivities, simulate
from sbpath.mechanism.reader import with_changes

FINE = SolverOptions(1e-9, 1e-12)
PARAMETERS = [
    "interfaces.Sb|Li2Sb.energy_J_per_m2",
    "interfaces.Li3Sb|Sb.energy_J_per_m2",
    "phases.Li3Sb.enthalpy_J_per_mol",
    "kinetics.growth_rate_per_s",
    "kinetics.diffusivity_m2_per_s",
    "electrode.double_layer_F_per_g",
    "temperature_C",
]


def run(mechanism, name, value, protocol, graph):
    celsius = value if name == "temperature_C" else mechanism.temperature_C
    changed = mechanism if name == "temperature_C" else with_changes(mechanism, {name: value})
    return simulate(
        changed,
        protocol,
        graph=graph,
        temperature_C=celsius,
        one_C_mA_per_g=660.0,
        options=FINE,
        progress=False,
    )


@pytest.mark.parametrize(
    ("system", "names"), [("li-sb", PARAMETERS), ("li-sb-llzo", ["electrolyte.conductivity_S_per_cm"])]
)
def test_sensitivities_are_the_differences_of_simulations(system, names):
    mechanism = load_mechanism(system)
    graph = "candidate"
    protocol = cycling("C/5", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    base = simulate(mechanism, protocol, graph=graph, one_C_mA_per_g=660.0, options=FINE, progress=False)
    found = sensitivities(base, names)
    assert found.parameters == tuple(names)
    # The others are read at fixed times, by the dense output, where nothing is interpolated.
    timed = [tuple(f"{step} (100 second period)" for step in cycle) for cycle in protocol.to_strings()]
    for k, name in enumerate(names):
        value = found.values[k]
        h = 1e-4 * abs(value)
        up, down = (run(mechanism, name, value + sign * h, timed, graph) for sign in (1.0, -1.0))
        for step, record in enumerate(base.steps):
            rows = slice(record.first, record.last)
            own = base.time_s[rows] - base.time_s[rows][0]
            count = min(s.steps[step].last - s.steps[step].first for s in (up, down)) - 2
            grid = 100.0 * np.arange(1, count)
            first = [s.steps[step].first for s in (up, down)]
            moved = [s.voltage_V[f + 1 : f + count] for s, f in zip((up, down), first, strict=True)]
            wanted = (moved[0] - moved[1]) / (2.0 * h)
            ours = PchipInterpolator(own, found.voltage[k, rows])(grid)
            # Where one reaction ends and the next begins the curve is steep, and rows are few.
            scale = np.abs(wanted).max() + 1e-6 / abs(value)
            error = np.abs(ours - wanted)
            assert np.median(error) < 1e-3 * scale, (name, step)
            # Two simulations differ by no less than some 1e-11 V for other reasons.
            assert np.quantile(error, 0.95) < 1e-2 * scale + 1e-11 / (2.0 * h), (name, step)
            longer = (up.steps[step].duration_s - down.steps[step].duration_s) / (2.0 * h)
            slack = 1e-4 * record.duration_s / abs(value)
            assert found.duration[k, step] == pytest.approx(longer, rel=2e-3, abs=slack), (name, step)


@pytest.mark.parametrize(
    "name",
    [
        "kinetics.growth_rate_per_s",
        "interfaces.Li2Sb|Li3Sb.energy_J_per_m2",
        "electrode.double_layer_F_per_g",
        "phases.Li3Sb.galleries[1].potential_V",
    ],
)
def test_a_step_to_a_composition_ends_later_by_what_the_double_layer_takes(name):
    protocol = [("Discharge at 1C until x = 2.5", "Rest for 10 min", "Charge at 1C until 1.5 V")]
    mechanism = load_mechanism("li-sb")
    base = simulate(mechanism, protocol, one_C_mA_per_g=660.0, options=FINE, progress=False)
    found = sensitivities(base, [name])
    h = 1e-5 * abs(found.values[0])
    up, down = (run(mechanism, name, found.values[0] + way * h, protocol, "candidate") for way in (1.0, -1.0))
    wanted = [(u.duration_s - d.duration_s) / (2.0 * h) for u, d in zip(up.steps, down.steps, strict=True)]
    assert found.duration[0] == pytest.approx(wanted, rel=2e-3, abs=1e-3 * max(map(abs, wanted)))
    # And the voltage at the end of the rest, which begins at another one.
    last = base.steps[1].last - 1
    ends = [s.voltage_V[s.steps[1].last - 1] for s in (up, down)]
    assert found.voltage[0, last] == pytest.approx((ends[0] - ends[1]) / (2.0 * h), rel=2e-3, abs=1e-9)


def test_what_is_zero_and_must_not_be_negative_is_looked_at_from_above():
    # A series resistance R in Ohm cm2 at 1 mg/cm2 is R / 1000 in Ohm g: dV/dR = -I / 1000.
    solution = simulate("li-sb", "Discharge at C/10 for 1 h", progress=False)
    found = sensitivities(solution, ["electrode.contact_resistance_ohm_cm2"])
    assert found.values.tolist() == [0.0]
    loading = load_mechanism("li-sb").electrode.loading_mg_per_cm2.value
    wanted = -solution.current_A_per_g * loading * 1e-3
    np.testing.assert_allclose(found.voltage[0], wanted, rtol=1e-6)


def test_energies_in_proportion_to_the_alkali_move_the_scale_of_potentials():
    # G_p + x_p d for all phases is E - d/F, whatever the barriers make of it.
    solution = simulate("li-sb", "Discharge at C/20 until 0.05 V", graph="candidate", progress=False)
    found = sensitivities(solution, [f"phases.{p}.enthalpy_J_per_mol" for p in ("Li2Sb", "Li3Sb")])
    together = 2.0 * found.voltage[0] + 3.0 * found.voltage[1]
    # On the first plateau; where it ends, the charge of the double layer shows that E began elsewhere.
    plateau = (solution.composition > 0.1) & (solution.composition < 1.5)
    np.testing.assert_allclose(together[plateau], -1.0 / F, rtol=1e-3)


def test_without_an_answer_there_is_none():
    # No heat-activated number of sodium stands in lithium's file, and a rest of a fresh cell does nothing.
    solution = simulate("li-sb", "Rest for 1 hour", progress=False)
    found = sensitivities(solution, ["kinetics.growth_rate_per_s"])
    assert np.abs(found.voltage).max() < 1e-9
    assert found.duration.tolist() == [[0.0]]
    np.testing.assert_allclose(found.relative_V, found.values[:, None] * found.voltage)


@pytest.mark.parametrize(
    ("protocol", "names", "population", "words"),
    [
        ("Hold at 0.5 V for 1 h", ["kinetics.growth_rate_per_s"], None, "controls the voltage"),
        ("Discharge at C/10 for 1 h (60 s period)", ["kinetics.growth_rate_per_s"], None, "output period"),
        ("Discharge at C/10 for 1 h", ["kinetics.growth"], None, "growth_rate_per_s"),
        ("Discharge at C/10 for 1 h", "kinetics.growth_rate_per_s", None, "list of names"),
        ("Discharge at C/10 for 1 h", ["upper_cutoff_V"], None, "limit of the protocol"),
        ("Discharge at C/10 for 1 h", ["kinetics.seed_fraction"], None, "the file does not give this number"),
        ("Discharge at C/10 for 1 h", ["temperature_C"], Population.lognormal(2), "population"),
    ],
)
def test_what_cannot_be_done_is_told(protocol, names, population, words):
    solution = simulate("li-sb", protocol, population=population, progress=False)
    with pytest.raises(InputError, match=words):
        sensitivities(solution, names)
