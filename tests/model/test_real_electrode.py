"""Film, fresh surface and lost contact. Oracles: closed forms, differences, conservation, a separate calculation.

The closed forms are those of single processes: with all but one of them switched off, thickness follows a
parabola, bare surface an exponential, live host and surface a power of the strain. The tables at the end come from a
calculation of the same equations by other code (three nodes, SciPy).
"""

from __future__ import annotations

import numpy as np
import pytest
from bare import bare
from hypothesis import given, settings
from hypothesis import strategies as st
from worn import ONSETS, assert_closed, worn

from sbpath import Population, State, heat_flow, load_solution, loss_breakdown, simulate
from sbpath.model.columns import HEAT_CAUSES
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network, sizes_of, start_of
from sbpath.model.population import populated
from sbpath.model.unknowns import ORIGINS, state_of
from sbpath.model.workspace import dense, fill_nodes, node_volume, workspace
from sbpath.physical import COULOMB_PER_MAH
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R
from sbpath.results.loss_breakdown import LOSSES
from sbpath.solution import CAUSES, RUNNING
from sbpath.solver.trial import SolverOptions
from sbpath.text.loss_tables import loss_report, loss_rows

FRESH = State({"Sb": 1.0}, 1.5)
TIGHT = SolverOptions(rtol=1e-9, atol=1e-12)
OFF = {"torn_share": 0.0, "contact_loss": 0.0, "fragmentation": 0.0}
# The lowest the onset can be, far below any window.
NEVER = {"onset_potential_V": 1e-6}


def ran(mechanism, protocol, **options):
    options = {"initial": FRESH, "graph": "candidate", "progress": False} | options
    return simulate(mechanism, protocol, **options)


def cycle_of(name, rate="66.03 mA/g"):
    low = bare(name).lower_cutoff_V
    return (f"Discharge at {rate} until {low} V", f"Charge at {rate} until 1.5 V")


def film(solution, row=-1):
    """Charge in film on the host and on idle surface (mAh/g)."""
    host, idle = (solution.others[f"{name}_charge_C_per_g"][:, row].sum() for name in ("film", "idle_film"))
    return host / COULOMB_PER_MAH, idle / COULOMB_PER_MAH


# -- the Jacobian --------------------------------------------------------------------------------------

CONTROLS = {
    "current": (Control(True, 0.066, 0.0), 0.0),
    "hold through a resistance": (Control(False, 0.5, 0.0), 0.2),
    "sweep through a resistance": (Control(False, 0.7, -1e-3), 0.2),
    "sweep": (Control(False, 0.7, -1e-3), 0.0),
}


@pytest.mark.parametrize("many", [False, True], ids=["one particle", "three particles"])
@pytest.mark.parametrize("name", ["li-sb", "na-sb"])
@pytest.mark.parametrize("mode", CONTROLS)
def test_the_jacobian_against_differences(mode, name, many):
    control, resistance = CONTROLS[mode]
    network = build_network(worn(name, contact_loss=0.05), "candidate", 298.15)._replace(
        resistance=resistance
    )
    if many:
        network = network._replace(propagation=network.propagation + 1e-3)
        network = populated(network, Population.discrete([0.5, 0.3, 0.2], [1.0, 2.0, 0.5], [1.0, 0.94, 1.05]))
    space, layout, generator = workspace(network), network.layout, np.random.default_rng(5)

    def rhs(state):
        evaluate(10.0, state, control, network, space, False)
        return space.derivatives.dy_dt.copy()

    for _ in range(6):
        values = {
            "fractions": generator.dirichlet(np.ones(len(network.gibbs)), len(network.weight)),
            "potential_V": generator.uniform(0.1, 1.0),
            "live_share": generator.uniform(0.3, 1.0),
            "host_area_m2_per_g": generator.uniform(1.0, 60.0),
            "bare_share": generator.uniform(0.0, 0.3, ORIGINS),
            "film_thickness_m": generator.uniform(5e-9, 3e-8),
            "idle_bare_share": generator.uniform(0.0, 1.0),
            "idle_film_thickness_m": generator.uniform(5e-9, 3e-8),
            "film_charge_C_per_g": generator.uniform(1.0, 100.0, ORIGINS + 1),
            "idle_film_charge_C_per_g": generator.uniform(1.0, 100.0, 2),
            "trapped_mol_per_mol": 0.3,
            "lost_energy_J_per_g": -100.0,
            "strain": 1.0,
        }
        state = state_of(layout, sizes_of(network), values)
        evaluate(10.0, state, control, network, space, True)
        jacobian, by_time = dense(space.derivatives), space.derivatives.by_time.copy()
        for k in range(len(state)):
            h = 1e-5 if k == layout.potential else 1e-3 * abs(state[k])
            moved = [rhs(state + step * h * np.eye(len(state))[k]) for step in (-2, -1, 1, 2)]
            wanted = (moved[0] - 8.0 * moved[1] + 8.0 * moved[2] - moved[3]) / (12.0 * h)
            size = np.abs(wanted) + 1e-3 * np.abs(rhs(state)) / abs(state[k]) + 1e-22
            np.testing.assert_allclose(jacobian[:, k] / size, wanted / size, atol=2e-5)
        moved = []
        for time in (9.99, 10.01):
            evaluate(time, state, control, network, space, False)
            moved.append(space.derivatives.dy_dt.copy())
        wanted = (moved[1] - moved[0]) / 0.02
        np.testing.assert_allclose(by_time, wanted, rtol=1e-5, atol=1e-9 * np.abs(wanted).max() + 1e-30)


# -- limits --------------------------------------------------------------------------------------------


def test_filmed_surface_at_constant_potential_grows_as_a_parabola():
    mechanism = worn("li-sb", **OFF, electron_conductivity_S_per_m=8.95e-14)
    times = {"1e6 s": 8.517e-9, "1e7 s": 21.740e-9}
    filmed = State({"Sb": 1.0}, 0.3, others={"bare_share": (0.0, 0.0, 0.0), "idle_bare_share": (0.0,)})
    for time, wanted in times.items():
        solution = ran(mechanism, f"Hold at 0.3 V for {time}", initial=filmed, options=TIGHT)
        network = solution.network
        square = 5.3e-9**2 + 2.0 * network.film.volume * 8.95e-14 * 0.5 * solution.time_s
        for name in ("film_thickness_m", "idle_film_thickness_m"):
            np.testing.assert_allclose(solution.others[name], np.sqrt(square), atol=1e-15)
            assert solution.others[name][-1] == pytest.approx(wanted, abs=5e-13)


def test_bare_surface_at_constant_potential_seals_exponentially():
    mechanism = worn("li-sb", **OFF, electron_conductivity_S_per_m=1e-40)
    solution = ran(mechanism, "Hold at 0.5 V for 1 h", options=TIGHT)
    f = F / (R * 298.15)
    forward, backward = np.exp(0.5 * f * 0.3), np.exp(-0.5 * f * 0.3)
    k = 1.0 / (1.0 / (1e-3 * (forward - backward)) + 1.0)
    time = solution.time_s - solution.time_s[0]
    np.testing.assert_allclose(solution.others["idle_bare_share"], np.exp(-k * time), atol=1e-8)
    charge = 17.7 * solution.network.film.sealing_charge * -np.expm1(-k * time)
    np.testing.assert_allclose(
        solution.others["idle_film_charge_C_per_g"].sum(axis=0), charge, atol=1e-8 * charge[-1]
    )


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_surface_and_live_host_follow_the_strain(name):
    mechanism = worn(name, **NEVER, contact_loss=0.05)
    solution = ran(mechanism, [cycle_of(name, "1C")] * 2, options=TIGHT)
    strain = solution.others["strain"]
    np.testing.assert_allclose(solution.others["live_share"], np.exp(-0.05 * strain), rtol=1e-6)
    area = 70.0 - (70.0 - 0.448) * np.exp(-2.0 * strain)
    np.testing.assert_allclose(solution.others["host_area_m2_per_g"], area, rtol=1e-6)
    assert film(solution) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "volume"), [("li-sb", "Li3Sb"), ("na-sb-nasb", "Na3Sb"), ("k-sb-ksb", "K3Sb")]
)
def test_a_complete_cycle_strains_twice_the_logarithm_of_the_swelling(name, volume):
    mechanism = worn(name, **NEVER, **OFF)
    solution = ran(mechanism, [cycle_of(name)], options=TIGHT)
    ratio = mechanism.volume_cm3_per_mol(volume) / mechanism.volume_cm3_per_mol("Sb")
    # Up to what the cut-offs leave untransformed.
    assert solution.others["strain"][-1] == pytest.approx(2.0 * np.log(ratio), rel=0.01)
    ends = solution.steps[0].last - 1
    transformed = solution.converted[:, ends]
    volumes = [mechanism.volume_cm3_per_mol(node) for node in mechanism.nodes]
    nodes = list(mechanism.nodes)
    by_edge = sum(
        share * abs(np.log(volumes[nodes.index(e.product)] / volumes[nodes.index(e.reactant)]))
        for share, e in zip(transformed, solution.edges, strict=True)
    )
    assert solution.others["strain"][ends] == pytest.approx(by_edge, rel=1e-6)


def test_galleries_alone_strain_by_their_swelling():
    name = "li-tisb2"
    mechanism = worn(name, **NEVER, **OFF)
    node = mechanism.initial_phase
    solution = ran(mechanism, "Sweep at 0.1 mV/s to 1.2 V", initial=State({node: 1.0}, 1.5), graph=None)
    network = solution.network
    index, space, volumes = list(mechanism.nodes).index(node), workspace(network), []
    assert solution.fractions[index].min() > 0.999
    for potential in (1.5, float(solution.potential_V[-1])):
        fill_nodes(potential, network, space)
        volumes.append(node_volume(index, network, space))
    moved = abs(np.log(volumes[1] / volumes[0]))
    assert solution.others["strain"][-1] == pytest.approx(moved, rel=2e-5, abs=1e-12)


def test_film_that_strain_tears_open_where_nothing_seals():
    filmed = State({"Sb": 1.0}, 1.5, others={"bare_share": (0.0, 0.0, 0.0)})
    mechanism = worn("li-sb", **OFF | {"torn_share": 0.3}, **NEVER)
    solution = ran(mechanism, [cycle_of("li-sb", "1C")], initial=filmed, options=TIGHT)
    covered = 1.0 - solution.others["bare_share"].sum(axis=0)
    np.testing.assert_allclose(covered, np.exp(-0.2 * solution.others["strain"]), atol=1e-6)


def test_film_where_all_that_is_torn_seals_at_once():
    others = {"bare_share": (0.0, 0.0, 0.0), "idle_bare_share": (0.0,)}
    mechanism = worn(
        "li-sb",
        **OFF | {"torn_share": 0.02},
        onset_potential_V=1.6,
        electron_conductivity_S_per_m=1e-40,
        sealing_rate_per_s=1e3,
        sealing_time_s=1e-6,
    )
    solution = ran(
        mechanism, [cycle_of("li-sb", "1C")], initial=State({"Sb": 1.0}, 1.5, others=others), options=TIGHT
    )
    wanted = 0.448 * solution.network.film.sealing_charge * 2.0 / 3.0 * 0.02 * solution.others["strain"][-1]
    assert film(solution)[0] * COULOMB_PER_MAH == pytest.approx(wanted, rel=1e-6)
    assert film(solution)[1] < 1e-20


def test_without_strain_effects_the_loss_is_of_formation_alone():
    mechanism = worn("li-sb", **OFF, electron_conductivity_S_per_m=1e-40)
    solution = ran(mechanism, [cycle_of("li-sb")] * 3)
    area_charge = solution.network.film.sealing_charge / COULOMB_PER_MAH
    assert film(solution) == pytest.approx((0.448 * area_charge, 17.7 * area_charge), rel=1e-6)
    ends = [np.flatnonzero(solution.cycle == cycle)[-1] for cycle in (1, 3)]
    assert sum(film(solution, ends[1])) - sum(film(solution, ends[0])) < 1e-6


def test_at_rest_film_takes_what_host_and_double_layer_give_up():
    """And the potential never passes the onset by it."""
    losses = {}
    for name in ("li-sb", "k-sb-ksb"):
        mechanism = worn(name, "nano")
        low = mechanism.lower_cutoff_V
        solution = ran(mechanism, [f"Discharge at 66.03 mA/g until {low} V", "Rest for 1000 h"])
        begin = solution.steps[0].last - 1
        losses[name] = sum(film(solution)) - sum(film(solution, begin))
        held = solution.network.charge_scale / COULOMB_PER_MAH
        content = (
            solution.composition * solution.others["live_share"] + solution.others["trapped_mol_per_mol"]
        )
        layer = (
            solution.network.double_layer / COULOMB_PER_MAH * np.diff(solution.potential_V[[begin, -1]])[0]
        )
        gave = held * (content[begin] - content[-1]) + layer
        assert losses[name] == pytest.approx(gave, rel=1e-8)
        assert solution.potential_V[begin:].max() <= ONSETS[mechanism.ion] + 1e-6
        end = {"li-sb": 0.8, "k-sb-ksb": 0.4724}[name]
        assert solution.potential_V[-1] == pytest.approx(end, abs=5e-5)
    assert losses == pytest.approx({"li-sb": 2.37, "k-sb-ksb": 224.2}, abs=0.1)


# -- invariants ----------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(["li-sb", "na-sb", "k-sb", "li-tisb2", "na-sb2s3"]),
    onset=st.floats(0.1, 1.2),
    conductivity=st.floats(-16.0, -11.0),
    loss=st.floats(0.0, 0.1),
    torn=st.floats(0.0, 1.0),
    breaking=st.floats(0.0, 5.0),
    area=st.sampled_from([0.0]) | st.floats(1e-3, 100.0),
    particles=st.sampled_from([1, 3]),
    rate=st.sampled_from(["C/20", "1C"]),
)
def test_charge_and_energy_close(name, onset, conductivity, loss, torn, breaking, area, particles, rate):
    mechanism = worn(
        name,
        onset_potential_V=onset,
        electron_conductivity_S_per_m=10.0**conductivity,
        contact_loss=loss,
        torn_share=torn,
        fragmentation=breaking,
        host_area_m2_per_g=area,
        fragment_area_m2_per_g=70.0,
    )
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    protocol = [
        (f"Discharge at {rate} until {low} V", "Rest for 2 h", f"Hold at {low + 0.2} V for 1 h"),
        (f"Sweep at 0.5 mV/s to {high} V", f"Discharge at {rate} until {low} V"),
    ]
    population = Population.lognormal(3, interfacial_energy=0.03) if particles > 1 else None
    solution = simulate(mechanism, protocol, population=population, progress=False)
    if "live_share" not in solution.others:
        assert loss == 0.0
        return
    assert_closed(solution)


STEPS = (
    "Discharge at C/5 until {low} V",
    "Charge at C/2 until {high} V",
    "Rest for 5 h",
    "Hold at {middle} V for 2 h",
    "Sweep at 0.5 mV/s to {low} V",
    "Sweep at 1 mV/s to {high} V",
    "Charge at C/5 until {high} V at 40 C",
    "Rest for 1 h at 10 C",
    "Discharge at C/5 until {low} V at 40 C",
)


@settings(max_examples=10, deadline=None)
@given(
    name=st.sampled_from(["li-sb", "na-sb-nasb", "k-sb", "li-znsb"]),
    steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=6),
    onset=st.floats(0.2, 1.0),
    loss=st.sampled_from([1e-4, 0.05]),
    torn=st.sampled_from([0.0, 0.02, 1.0]),
    particles=st.sampled_from([1, 3]),
)
def test_charge_and_energy_close_in_any_protocol(name, steps, onset, loss, torn, particles):
    mechanism = worn(name, onset_potential_V=onset, contact_loss=loss, torn_share=torn)
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    protocol = [tuple(step.format(low=low, high=high, middle=low + 0.3) for step in steps)]
    population = Population.lognormal(3, interfacial_energy=0.03) if particles > 1 else None
    assert_closed(simulate(mechanism, protocol, population=population, progress=False))


def film_work(solution, rows):
    """The integral of eta (i_h + i_i) dt over some rows, as eta dQ (J/g)."""
    others = solution.others
    charge = others["film_charge_C_per_g"].sum(axis=0) + others["idle_film_charge_C_per_g"].sum(axis=0)
    driving = np.maximum(solution.network.film.onset - solution.potential_V, 0.0)
    return np.trapezoid(driving[rows], charge[rows])


@pytest.mark.parametrize("design", ["micron", "composite"])
def test_a_loop_splits_exactly_with_film(design):
    """And the share of film is the integral of eta (i_h + i_i)."""
    solution = ran(worn("na-sb-nasb", design, contact_loss=1e-3), [cycle_of("na-sb-nasb")] * 5)
    parts = loss_breakdown(solution)
    assert parts.losses_mV.sum() + parts.stored_mV == pytest.approx(parts.hysteresis_mV, abs=1e-2)
    assert abs(parts.unaccounted_J_per_g) < 1e-5 * parts.loop_J_per_g
    own = np.flatnonzero(solution.cycle == 5)
    halves = [own[solution.step[own] == number] for number in (9, 10)]
    wanted = [film_work(solution, rows) for rows in halves]
    assert parts.film_J_per_g == pytest.approx(wanted, rel=5e-3, abs=1e-4)
    assert parts.losses_J_per_g[:, LOSSES.index("film")].tolist() == parts.film_J_per_g.tolist()
    film_rows = [row for row in loss_rows(parts) if row[2] == "film"]
    assert [float(row[-1]) for row in film_rows] == pytest.approx(parts.film_J_per_g.tolist(), rel=1e-8)
    assert "film and host that is cut off keep what they took" in loss_report(solution, parts)


def test_heat_flow_includes_film_and_leaves_what_is_cut_off():
    solution = ran(worn("li-sb", contact_loss=0.1), [cycle_of("li-sb")])
    flow = heat_flow(solution)
    for step in solution.steps:
        rows = slice(step.first, step.last)
        for rate, passed in (
            (flow.film_W_per_g, solution.film_heat_J_per_g),
            (flow.irreversible_W_per_g, solution.irreversible_heat_J_per_g),
            (flow.reversible_W_per_g, flow.reversible_J_per_g),
        ):
            integral = np.trapezoid(rate[rows], solution.time_s[rows])
            assert integral == pytest.approx(np.diff(passed[rows][[0, -1]])[0], rel=1e-3, abs=1e-3)


def test_populations_share_the_surface():
    """Equal particles are one particle."""
    mechanism, cycle = worn("na-sb", contact_loss=0.01), cycle_of("na-sb", "1C")
    one = ran(mechanism, [cycle], options=TIGHT)
    many = ran(mechanism, [cycle], population=Population.discrete([0.2, 0.3, 0.5]), options=TIGHT)
    for name, values in one.others.items():
        np.testing.assert_allclose(many.others[name][..., -1], values[..., -1], rtol=1e-6, err_msg=name)


def test_a_continued_run_goes_on_with_film_and_loss(tmp_path):
    mechanism, (into, out) = worn("li-sb"), cycle_of("li-sb", "1C")
    whole = ran(mechanism, [(into, out)])
    first = ran(mechanism, into)
    first.save(tmp_path / "first.npz")
    for before in (first, load_solution(tmp_path / "first.npz")):
        rest = ran(mechanism, out, initial=before)
        for name, values in whole.others.items():
            np.testing.assert_allclose(rest.others[name][..., -1], values[..., -1], rtol=1e-9, err_msg=name)
        assert rest.voltage_V[-1] == pytest.approx(whole.voltage_V[-1], abs=1e-9)
    joined = first + ran(mechanism, out, initial=first)
    for name in RUNNING:
        values = getattr(whole, name)[..., -1]
        np.testing.assert_allclose(getattr(joined, name)[..., -1], values, rtol=1e-9, atol=1e-9, err_msg=name)


def test_an_electrode_without_these_numbers_has_none_of_it():
    solution = ran("li-sb", [cycle_of("li-sb")])
    assert solution.others == {}
    assert not solution.film_heat_J_per_g.any()
    assert start_of(solution.network) == {}


def test_heat_by_edge_is_in_the_order_of_the_causes_of_a_solution():
    assert tuple(column.name for column in HEAT_CAUSES if column.size == "edges") == CAUSES


# -- a separate calculation -----------------------------------------------------------------------------

# In, out, film on host, film on idle surface, trapped (mAh/g), live share, of the first cycle.
FIRST_CYCLES = {
    ("li-sb", "micron"): (884.81, 661.72, 170.12, 52.47, 0.229, 0.999249),
    ("li-sb", "nano"): (903.24, 664.72, 186.01, 52.48, 0.026, 0.999915),
    ("li-sb", "composite"): (989.82, 669.54, 0.0, 320.26, 0.018, 0.999942),
    ("na-sb-nasb", "micron"): (911.05, 661.47, 196.52, 52.56, 0.330, 0.998803),
    ("na-sb-nasb", "nano"): (920.23, 664.80, 202.83, 52.56, 0.038, 0.999864),
    ("na-sb-nasb", "composite"): (990.44, 669.75, 0.0, 320.67, 0.026, 0.999907),
    ("k-sb-ksb", "micron"): (923.23, 651.59, 217.00, 53.98, 0.397, 0.998492),
    ("k-sb-ksb", "nano"): (929.94, 657.58, 218.37, 53.95, 0.045, 0.999828),
    ("k-sb-ksb", "composite"): (996.11, 667.23, 0.0, 328.85, 0.031, 0.999883),
}


@pytest.mark.parametrize("case", FIRST_CYCLES, ids=" ".join)
def test_first_cycles(case):
    name, design = case
    solution = ran(worn(name, design), [cycle_of(name)])
    into, out = solution.cycle_table.charge_mAh_per_g[0]
    trapped = solution.others["trapped_mol_per_mol"][-1] * solution.network.charge_scale / COULOMB_PER_MAH
    found = (into, out, *film(solution), trapped)
    wanted = FIRST_CYCLES[case]
    assert found == pytest.approx(wanted[:5], abs=0.05)
    assert trapped == pytest.approx(wanted[4], abs=1e-3)
    assert solution.others["live_share"][-1] == pytest.approx(wanted[5], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "li-sb",
            {2: (661.22, 94.268, 0.99850), 3: (660.72, 99.087, 0.99775), 10: (657.26, 99.260, 0.99251),
             100: (614.40, 99.260, 0.92762)},
        ),
        (
            "na-sb-nasb",
            {2: (660.58, 96.858, 0.99761), 3: (659.79, 98.760, 0.99641), 10: (654.30, 98.770, 0.98809),
             100: (587.59, 98.777, 0.88711)},
        ),
    ],
)  # fmt: skip
def test_later_cycles(name, wanted):
    solution = ran(worn(name), [cycle_of(name)] * 100)
    charges = solution.cycle_table.charge_mAh_per_g
    for cycle, (out, efficiency, live) in wanted.items():
        assert charges[cycle - 1, 1] == pytest.approx(out, abs=0.02)
        assert 100.0 * charges[cycle - 1, 1] / charges[cycle - 1, 0] == pytest.approx(efficiency, abs=0.003)
        last = np.flatnonzero(solution.cycle == cycle)[-1]
        assert solution.others["live_share"][last] == pytest.approx(live, abs=1e-5)
