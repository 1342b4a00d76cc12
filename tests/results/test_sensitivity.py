"""Oracles: differences of whole simulations, and derivatives that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import F
from bare import bare
from scipy.interpolate import PchipInterpolator
from worn import worn

from sbpath import (
    CurrentTable,
    InputError,
    Population,
    SolverOptions,
    cycling,
    load_mechanism,
    sensitivities,
    simulate,
    simulation,
)
from sbpath.mechanism.reader import with_changes
from sbpath.results import sensitivity

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
    mechanism = bare(system)
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
    mechanism = bare("li-sb")
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


@pytest.mark.parametrize(
    ("system", "rate", "names"),
    [
        ("na-sb", "1C", ["interfaces.Sb|NaxSb.energy_J_per_m2", "phases.NaxSb.enthalpy_J_per_mol"]),
        ("na-sb", "3C", ["interfaces.Sb|NaxSb.energy_J_per_m2", "interfaces.NaxSb|Na3Sb.energy_J_per_m2"]),
        ("li-sb", "3C", ["interfaces.Sb|Li2Sb.energy_J_per_m2", "interfaces.Li3Sb|Sb.energy_J_per_m2"]),
        ("k-sb", "1C", ["interfaces.Sb|KxSb.energy_J_per_m2", "kinetics.growth_rate_per_s"]),
    ],
)
def test_no_duration_responds_to_what_the_curve_went_through_before(system, rate, names):
    # Of sodium, 1 % more of the first energy moves some 8 % of the host at 0.36 V, and nothing at the cut-off.
    mechanism = load_mechanism(system)
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 2)
    settings = {"population": 1, "progress": False}
    base = simulate(mechanism, protocol, **settings)
    found = sensitivities(base, names)
    durations = np.array([step.duration_s for step in base.steps])
    for k, name in enumerate(names):
        h = 1e-4 * found.values[k]
        up, down = (
            simulate(
                with_changes(mechanism, {name: found.values[k] + way}), protocol, options=FINE, **settings
            )
            for way in (h, -h)
        )
        longer = [u.duration_s - d.duration_s for u, d in zip(up.steps, down.steps, strict=True)]
        # Of the duration, for a change by its own amount.
        wanted = np.array(longer) / 2e-4 / durations
        ours = found.duration[k] * found.values[k] / durations
        np.testing.assert_allclose(ours, wanted, rtol=2e-3, atol=1e-5, err_msg=name)


SPREAD = Population.lognormal(3, size=0.2, interfacial_energy=0.03)
TABLE = CurrentTable(
    np.array([0.0, 1000.0, 4000.0, 5000.0, 9000.0]),
    np.array([0.1, 0.2, 0.0, -0.1, 0.0]),
    source="ups and downs",
)
FRONTS = "kinetics.propagation_rate_per_s"
FILM = [
    "electrolyte.film.sealing_rate_per_s",
    "electrode.contact_loss",
    "interfaces.Sb|Li2Sb.energy_J_per_m2",
]


@pytest.mark.parametrize(
    ("system", "protocol", "names", "population"),
    [
        ("li-sb", "Discharge at C/5 until 0.3 V", PARAMETERS[:2] + PARAMETERS[3:5], SPREAD),
        ("li-sb", "Discharge at C/5 until x = 2.2", PARAMETERS[:2] + PARAMETERS[3:5], SPREAD),
        ("fronts", "Discharge at C/5 until 0.3 V", PARAMETERS[:1] + PARAMETERS[3:4] + [FRONTS], SPREAD),
        ("li-sb", TABLE, PARAMETERS[:1] + PARAMETERS[3:6], None),
        ("li-sb", TABLE, PARAMETERS[3:5], SPREAD),
        (
            "li-sb",
            ("Hold at 0.7 V for 30 min", "Charge at C/5 for 10 min"),
            PARAMETERS[:1] + PARAMETERS[3:5],
            None,
        ),
        ("na-sb", ("Sweep at 1 mV/s from 1 V to 0.4 V", "Hold at 0.4 V until C/10"), PARAMETERS[3:5], None),
        ("worn", ("Discharge at C/5 until 0.3 V", "Charge at C/5 until 1.2 V"), FILM, None),
        ("worn", "Discharge at C/5 until 0.3 V", FILM, SPREAD),
    ],
)
def test_populations_tables_voltages_and_films_respond_as_simulations_do(system, protocol, names, population):
    mechanism = worn("li-sb") if system == "worn" else bare(system.replace("fronts", "li-sb"))
    if system == "fronts":
        mechanism = with_changes(mechanism, {FRONTS: 1e-3})
    settings = {"population": population, "one_C_mA_per_g": 660.0, "options": FINE, "progress": False}
    base = simulate(mechanism, protocol, **settings)
    found = sensitivities(base, names)
    for k, name in enumerate(names):
        h = 2e-3 * found.values[k]
        sides = [
            simulate(with_changes(mechanism, {name: found.values[k] + sign * h}), protocol, **settings)
            for sign in (1.0, -1.0)
        ]
        for step, record in enumerate(base.steps):
            # At even times: rows are many where one reaction ends and the next begins.
            time = np.linspace(0.0, 0.999 * min(side.steps[step].duration_s for side in sides), 400)
            moved = [of_step(side, step, side.voltage_V)(time) for side in sides]
            wanted = (moved[0] - moved[1]) / (2.0 * h)
            error = np.abs(of_step(base, step, found.voltage[k])(time) - wanted)
            # Or of a millivolt for a change by its own amount: two simulations differ for other reasons too.
            scale = np.abs(wanted).max() + 1e-3 / abs(found.values[k])
            assert np.median(error) < 3e-3 * scale, (name, step)
            assert np.quantile(error, 0.9) < 3e-2 * scale, (name, step)
            longer = (sides[0].steps[step].duration_s - sides[1].steps[step].duration_s) / (2.0 * h)
            slack = 1e-4 * record.duration_s / found.values[k]
            assert found.duration[k, step] == pytest.approx(longer, rel=3e-3, abs=slack), (name, step)


PULSES = [("Discharge at C/5 for 30 min", "Rest for 20 min")] * 5 + [("Charge at C/5 until 1.2 V",)]
FILM_NUMBERS = [
    "electrolyte.film.sealing_rate_per_s",
    "electrolyte.film.electron_conductivity_S_per_m",
    "electrolyte.film.sealing_thickness_nm",
    "electrolyte.film.onset_potential_V",
    "electrolyte.film.torn_share",
    "electrode.idle_area_m2_per_g",
    "electrode.host_area_m2_per_g",
    "electrode.fragmentation",
]
DROP = ["electrode.contact_resistance_ohm_cm2", "kinetics.exchange_current_A_per_m2"]


@pytest.mark.parametrize(
    ("system", "protocol", "names", "changes"),
    [
        ("worn k-sb", ("Discharge at C/5 until 0.3 V", "Charge at C/5 until 1.2 V"), FILM_NUMBERS, {}),
        ("na-sb", PULSES, ["interfaces.Sb|NaxSb.energy_J_per_m2", *DROP], {DROP[0]: 15.0}),
        (
            "k-sb",
            ("Discharge at C/10 for 2 h", "Hold at 0.3 V until C/20", "Charge at C/5 until 1.2 V"),
            ["kinetics.growth_rate_per_s", *DROP],
            {DROP[0]: 15.0},
        ),
        (
            "na-sb",
            ("Discharge at C/5 until 0.45 V", "Charge at C/5 until 1.2 V"),
            [
                *(f"phases.NaxSb.galleries[1].{key}" for key in ("potential_V", "width", "sites")),
                "temperature_C",
            ],
            {},
        ),
    ],
)
def test_films_pulses_drops_and_galleries_respond_as_simulations_do(system, protocol, names, changes):
    made = worn("k-sb", "nano") if system == "worn k-sb" else load_mechanism(system)
    mechanism = with_changes(made, changes)
    settings = {"population": 1, "options": FINE, "progress": False, "one_C_mA_per_g": 600.0}
    base = simulate(mechanism, protocol, **settings)
    found = sensitivities(base, names)

    def side(name, number):
        if name == "temperature_C":
            return simulate(mechanism, protocol, temperature_C=number, **settings)
        return simulate(with_changes(mechanism, {name: number}), protocol, **settings)

    for k, name in enumerate(names):
        value, errors, longer = found.values[k], [], []
        for h in (1e-2 * value, 1e-3 * value, 1e-4 * value):
            sides = [side(name, value + way * h) for way in (1.0, -1.0)]
            errors.append([])
            for step in range(len(base.steps)):
                time = np.linspace(0.0, 0.999 * min(one.steps[step].duration_s for one in sides), 400)
                moved = [of_step(one, step, one.voltage_V)(time) for one in sides]
                wanted = (moved[0] - moved[1]) / (2.0 * h)
                error = np.abs(of_step(base, step, found.voltage[k])(time) - wanted)
                # Or of a millivolt for a change by its own amount: two simulations differ for other reasons too.
                errors[-1].append(np.quantile(error, (0.5, 0.9)) / (np.abs(wanted).max() + 1e-3 / abs(value)))
            durations = [np.array([step.duration_s for step in one.steps]) for one in sides]
            longer.append((durations[0] - durations[1]) / (2.0 * h))
        medians, most = np.moveaxis(np.min(errors, axis=0), 1, 0)
        assert medians.max() < 3e-3, name
        assert most.max() < 3e-2, name
        slack = 2e-5 * np.array([step.duration_s for step in base.steps]) / abs(value)
        assert (np.abs(found.duration[k] - longer) <= slack + 3e-3 * np.abs(longer)).any(axis=0).all(), name


def test_a_first_resistance_makes_a_hold_longer_as_simulations_say():
    # The voltage is E until there is a resistance; a negative one does not exist.
    protocol = ("Discharge at C/5 for 1 h", "Hold at 0.4 V until C/20", "Charge at C/5 until 1.2 V")
    mechanism, settings = bare("na-sb"), {"options": FINE, "progress": False, "one_C_mA_per_g": 600.0}
    base = simulate(mechanism, protocol, **settings)
    found = sensitivities(base, DROP[:1])
    sides = [simulate(with_changes(mechanism, {DROP[0]: h}), protocol, **settings) for h in (0.02, 0.01)]
    far, near = (
        np.array([one.duration_s - own.duration_s for one, own in zip(side.steps, base.steps, strict=True)])
        / h
        for side, h in zip(sides, (0.02, 0.01), strict=True)
    )
    np.testing.assert_allclose(found.duration[0], 2.0 * near - far, rtol=3e-3, atol=1e-4)
    assert abs(found.duration[0, 1]) > 1.0


def test_particles_of_a_large_population_are_simulated_once_more_and_of_a_small_one_are_known(monkeypatch):
    protocol, names = "Discharge at C/5 until 0.3 V", PARAMETERS[:1]
    again = []
    monkeypatch.setattr(sensitivity, "run", lambda *a, **k: again.append(1) or simulation.run(*a, **k))
    sensitivities(simulate("li-sb", protocol, progress=False), names)
    assert not again
    many = simulate(
        bare("li-sb"), protocol, population=Population.lognormal(40, interfacial_energy=0.03), progress=False
    )
    assert len(many.particles.row) < len(many.time_s) / 2
    found = sensitivities(many, names)
    assert again
    whole = sensitivities(simulation.run(many.experiment, progress=False, every_row=True), names)
    np.testing.assert_array_equal(found.voltage, whole.voltage)


def of_step(solution, step, values):
    """A quantity as a function of the time since the start of a step."""
    rows = slice(solution.steps[step].first, solution.steps[step].last)
    time = solution.time_s[rows] - solution.time_s[rows][0]
    once = np.append(np.diff(time) > 0.0, True)
    return PchipInterpolator(time[once], values[rows][once])


def test_a_spread_of_the_file_is_a_parameter_too(tmp_path):
    about = "status = 'assumed', source = 'own', note = 'test'"
    file = tmp_path / "spread.toml"
    file.write_text(
        f"extends = 'li-sb'\n[electrode.spread]\nparticles = {{ value = 4, {about} }}\n"
        f"interfacial_energy = {{ value = 0.05, {about} }}\n"
    )
    mechanism, name = load_mechanism(file), "electrode.spread.interfacial_energy"
    protocol, settings = "Discharge at C/5 for 3 h", {"options": FINE, "progress": False}
    base = simulate(mechanism, protocol, **settings)
    found = sensitivities(base, [name])
    sides = [simulate(with_changes(mechanism, {name: 0.05 + h}), protocol, **settings) for h in (1e-5, -1e-5)]
    moved = [PchipInterpolator(side.time_s, side.voltage_V)(base.time_s) for side in sides]
    wanted = (moved[0] - moved[1]) / 2e-5
    assert np.median(np.abs(found.voltage[0] - wanted)) < 3e-3 * np.abs(wanted).max()


@pytest.mark.parametrize("ohm_cm2", [0.0, 1e-12, 1e-8, 1e-6])
def test_what_is_zero_and_must_not_be_negative_is_looked_at_from_above(ohm_cm2):
    # A series resistance R in Ohm cm2 at 1 mg/cm2 is R / 1000 in Ohm g: dV/dR = -I / 1000. With charge transfer a network has at
    # least 1e-9 Ohm g.
    changes = {"electrode.contact_resistance_ohm_cm2": ohm_cm2, "kinetics.exchange_current_A_per_m2": 1.0}
    mechanism = bare("li-sb", changes if ohm_cm2 else {})
    solution = simulate(mechanism, "Discharge at C/10 for 1 h", progress=False)
    found = sensitivities(solution, ["electrode.contact_resistance_ohm_cm2"])
    assert found.values.tolist() == [ohm_cm2]
    loading = bare("li-sb").electrode.loading_mg_per_cm2.value
    wanted = -solution.current_A_per_g * loading * 1e-3
    np.testing.assert_allclose(found.voltage[0], wanted, rtol=2e-4 if ohm_cm2 else 1e-6)


def test_energies_in_proportion_to_the_alkali_move_the_scale_of_potentials():
    # G_p + x_p d for all phases is E - d/F, whatever the barriers make of it.
    solution = simulate(bare("li-sb"), "Discharge at C/20 until 0.05 V", graph="candidate", progress=False)
    found = sensitivities(solution, [f"phases.{p}.enthalpy_J_per_mol" for p in ("Li2Sb", "Li3Sb")])
    together = 2.0 * found.voltage[0] + 3.0 * found.voltage[1]
    # On the first plateau; where it ends, the charge of the double layer shows that E began elsewhere.
    plateau = (solution.composition > 0.1) & (solution.composition < 1.5)
    np.testing.assert_allclose(together[plateau], -1.0 / F, rtol=1e-3)


def test_without_an_answer_there_is_none():
    # No heat-activated number of sodium stands in lithium's file, and a rest of a fresh cell does nothing.
    solution = simulate(bare("li-sb"), "Rest for 1 hour", progress=False)
    found = sensitivities(solution, ["kinetics.growth_rate_per_s"])
    assert np.abs(found.voltage).max() < 1e-9
    assert found.duration.tolist() == [[0.0]]
    np.testing.assert_allclose(found.relative_V, found.values[:, None] * found.voltage)


@pytest.mark.parametrize(
    ("protocol", "names", "words"),
    [
        ("Sweep at 1 mV/s to 0.5 V", ["kinetics.growth_rate_per_s"], "sweeps from the voltage that it finds"),
        ("Discharge at C/10 for 1 h (60 s period)", ["kinetics.growth_rate_per_s"], "output period"),
        ("Discharge at C/10 for 1 h", ["kinetics.growth"], "growth_rate_per_s"),
        ("Discharge at C/10 for 1 h", "kinetics.growth_rate_per_s", "must be a list of"),
        ("Discharge at C/10 for 1 h", ["upper_cutoff_V"], "limit of the protocol"),
        ("Discharge at C/10 for 1 h", ["kinetics.seed_fraction"], "the file does not give this number"),
    ],
)
def test_what_cannot_be_done_is_told(protocol, names, words):
    solution = simulate(bare("li-sb"), protocol, progress=False)
    with pytest.raises(InputError, match=words):
        sensitivities(solution, names)
