"""Two processes that exist here alone show how one comes in. Oracles: differences, conservation, closed forms.

**An idle film.** A surface of A_i (m2 per g of host) takes charge below an onset E_f, and is covered
with a film of thickness L through which electrons have to migrate:

    j = kappa (E_f - E) / L,   dL/dt = v j,   dQ/dt = i = A_i j,   C dE/dt = -I + I_f + i

zero above the onset. It holds the charge Q and the energy -E_f Q; its heat is (E_f - E) i.

**Lost contact.** Each particle loses host at a constant rate lambda, and with it its alkali and energy:

    d theta_p/dt = (N r)_p - lambda theta_p,   dc/dt = lambda sum theta_p,   no current,
    d n_t/dt = lambda sum theta_p x_p,   d G_l/dt = lambda sum theta_p (Omega_p - F E x_p) / M
"""

from __future__ import annotations

import numpy as np
import pytest

from sbpath import Population, cycling, load_mechanism, load_solution, simulate, simulation
from sbpath.experiment import basis_of
from sbpath.model import columns, equations, processes, unknowns
from sbpath.model.columns import HEAT_CAUSES, Column, by_name
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network, sizes_of
from sbpath.model.population import populated
from sbpath.model.unknowns import PARTICLE, SHARED, TALLY, UNKNOWNS, Unknown, state_of
from sbpath.model.workspace import dense, workspace
from sbpath.native.library import interpreted
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.protocol.protocol import Protocol
from sbpath.solution import CAUSES
from sbpath.solver import electrode
from sbpath.solver.cycler import programme_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.solve import ALREADY, Checkpoint, Monitor, run

# Onset (V), conductivity (S/m), volume per charge (m3/C), area (m2/g), and the thickness at first (m).
ONSET, KAPPA, VOLUME, AREA, THIN = 0.8, 8.95e-12, 95.85e-6 / (2.0 * 96485.33212), 17.7, 5.3e-9

# -- the process as a module of its own would have it ---------------------------------------------------

THICKNESS, FILM_CHARGE = len(UNKNOWNS), len(UNKNOWNS) + 1
FILM_UNKNOWNS = (
    Unknown("film_thickness_m", "m", SHARED, start=THIN, floor=0.0, scale=1e-9),
    Unknown("film_charge_C_per_g", "C/g", TALLY, floor=0.0),
)
FILM = len(HEAT_CAUSES)
FILM_HEAT = (Column("film", "W/g", integral="film_heat_J_per_g"),)


def add_film(state, network, space, with_jacobian):
    at = network.layout
    at_E, at_L, at_Q = at.potential, at.first[THICKNESS], at.first[FILM_CHARGE]
    driving, thickness = ONSET - state[at_E], state[at_L]
    if driving.real <= 0.0:  # of complex steps too
        return 0.0
    density = KAPPA * driving / thickness
    dy_dt, _, _, rows, _ = space.derivatives
    dy_dt[at_L] += VOLUME * density
    dy_dt[at_Q] += AREA * density
    if with_jacobian:
        by_E, by_L = -KAPPA / thickness, -density / thickness
        of_L, of_Q = at_L - at_E, at_Q - at_E
        rows[0, at_E] += AREA * by_E
        rows[0, at_L] += AREA * by_L
        rows[of_L, at_E] += VOLUME * by_E
        rows[of_L, at_L] += VOLUME * by_L
        rows[of_Q, at_E] += AREA * by_E
        rows[of_Q, at_L] += AREA * by_L
    return AREA * density


def film_charge(state, network):
    return state[network.layout.first[FILM_CHARGE]]


def film_energy(state, network):
    return -ONSET * state[network.layout.first[FILM_CHARGE]]


def fill_film(state, network, values):
    at = network.layout
    driving = ONSET - state[at.potential]
    current = AREA * KAPPA * driving / state[at.first[THICKNESS]]
    values[network.columns.heat[FILM]] = driving * current if driving > 0.0 else 0.0


# -- and another ---------------------------------------------------------------------------------------

LOSS = 2e-5  # lambda (1/s)
CUT_OFF, TRAPPED, LOST_ENERGY = len(UNKNOWNS), len(UNKNOWNS) + 1, len(UNKNOWNS) + 2
LOSS_UNKNOWNS = (
    Unknown("cut_off", "1", PARTICLE, floor=0.0, host=True),
    Unknown("trapped", "mol/mol", TALLY, floor=0.0),
    Unknown("lost_energy_J_per_g", "J/g", TALLY, scale=1e3),
)


def add_loss(state, network, space, with_jacobian):
    at = network.layout
    at_E, at_n, at_G = at.potential, at.first[TRAPPED], at.first[LOST_ENERGY]
    dy_dt, blocks, _, rows, _ = space.derivatives
    for i, weight in enumerate(network.weight):
        cut_off = at.first[CUT_OFF]
        for p in range(len(network.gibbs)):
            k = i * at.block + p
            lost, content = LOSS * state[k], space.content[p]
            energy = network.charge_scale * (space.omega[p] / F - state[at_E] * content)
            dy_dt[k] -= lost
            dy_dt[i * at.block + cut_off] += lost
            dy_dt[at_n] += weight * lost * content
            dy_dt[at_G] += weight * lost * energy
            if with_jacobian:
                blocks[i, p, p] -= LOSS
                blocks[i, cut_off, p] += LOSS
                rows[at_n - at_E, k] += weight * LOSS * content
                rows[at_G - at_E, k] += weight * LOSS * energy
                rows[at_n - at_E, at_E] += weight * lost * space.slope[p]
                by_E = -network.charge_scale * state[at_E] * space.slope[p]
                rows[at_G - at_E, at_E] += weight * lost * by_E
    return 0.0


def trapped_charge(state, network):
    return network.charge_scale * state[network.layout.first[TRAPPED]]


def lost_energy(state, network):
    return state[network.layout.first[LOST_ENERGY]]


# -- what comes in for them: lines of the two tables, and one in each sum -------------------------------


def plug_in(monkeypatch, names, heat, rates, charge, energy, fill):
    """As if the tables and the sums of `sbpath.model.processes` had these lines more."""
    add_rates, side_charge = processes.add_rates, processes.side_charge
    held_energy, fill_columns = processes.held_energy, processes.fill_columns

    def all_columns(state, network, space, values):
        fill_columns(state, network, space, values)
        fill(state, network, values)

    sums = {
        "add_rates": lambda *given: add_rates(*given) + rates(*given),
        "side_charge": lambda *given: side_charge(*given) + charge(*given),
        "held_energy": lambda state, network, space: (
            held_energy(state, network, space) + energy(state, network)
        ),
        "fill_columns": all_columns,
    }
    monkeypatch.setattr(unknowns, "UNKNOWNS", UNKNOWNS + names)
    monkeypatch.setattr(columns, "HEAT_CAUSES", HEAT_CAUSES + heat)
    for module in (equations, electrode):
        for name in sums.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, sums[name])


def electrode_of(particles):
    """Sb in a Li cell."""
    plain = build_network(load_mechanism("li-sb"), "candidate", 298.15)
    if particles == "one particle":
        return plain
    return populated(plain, Population.discrete([0.5, 0.3, 0.2], [1.0, 2.0, 0.5], [1.0, 0.94, 1.05]))


@pytest.fixture(params=["one particle", "three particles"])
def filmed(request, monkeypatch):
    plug_in(monkeypatch, FILM_UNKNOWNS, FILM_HEAT, add_film, film_charge, film_energy, fill_film)
    return electrode_of(request.param)


@pytest.fixture(params=["one particle", "three particles"])
def losing(request, monkeypatch):
    plug_in(monkeypatch, LOSS_UNKNOWNS, (), add_loss, trapped_charge, lost_energy, lambda *given: None)
    return electrode_of(request.param)


def start_of(network, potential=1.5, **values):
    values = {"fractions": [1.0, 0.0, 0.0], "potential_V": potential, **values}
    return state_of(network.layout, sizes_of(network), values)


def carried(network, protocol, potential=1.5, rtol=1e-6, atol=1e-9):
    """The run interpreted, and its record by name."""
    steps = [step for _, _, step in protocol.steps()]
    programme = programme_of(steps, basis_of(load_mechanism("li-sb"), 660.35, None))
    totals = np.zeros(network.columns.width - network.columns.integrated)
    start = Checkpoint(start_of(network, potential), 0.0, totals)
    monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
    done = run(network, programme, start, Tolerances(rtol, atol, 20_000), np.inf, monitor)
    assert len(done.last) == len(steps)
    assert (done.ended <= ALREADY + 1).all()
    return done, by_name(done.table[:, : done.last[-1]], sizes_of(network))


def test_the_tables_and_the_layout_agree(filmed):
    network = filmed
    particles = len(network.weight)
    layout, table = network.layout, by_name(np.arange(200.0)[:, None], sizes_of(network))
    assert layout[:5] == (3, 3, 3 * particles, 2, 3 * particles + 3)
    assert layout.first.tolist() == [0, 3 * particles, 3 * particles + 1, 3 * particles + 2]
    np.testing.assert_array_equal(layout.floor, [0.0, 0.0, 0.0, -np.inf, 0.0, 0.0])
    assert table["potential_V"] == columns.POTENTIAL
    assert table["film_thickness_m"] == columns.POTENTIAL + 1
    assert table["film_charge_C_per_g"] == columns.POTENTIAL + 2
    assert table["fractions"][0] == network.columns.means
    own = network.columns
    assert table["rates_per_s"][0] == own.flow[0] == own.integrated
    assert table["rates_per_s"][-1] == own.recorded - 1
    for name, column in (
        ("converted", own.flow[0]),
        ("edge_charge_C_per_g", own.flow[1]),
        ("energy_J_per_g", own.power),
        ("film_heat_J_per_g", own.heat[FILM]),
    ):
        assert np.ravel(table[name])[0] == own.recorded + column - own.integrated
    # Sizes of everything at the start are those of the tables.
    assert start_of(network).tolist() == [1.0, 0.0, 0.0] * particles + [1.5, THIN, 0.0]


CONTROLS = {
    "current": (Control(True, 0.066, 0.0), 0.0),
    "hold through a resistance": (Control(False, 0.5, 0.0), 0.2),
    "sweep": (Control(False, 0.7, -1e-3), 0.0),
}


def assert_jacobian(network, mode, states, unit):
    """All of it against fourth-order differences; `unit` makes unknowns of other units comparable."""
    control, resistance = CONTROLS[mode]
    network = network._replace(resistance=resistance)
    space = workspace(network)

    def rhs(state):
        evaluate(10.0, state, control, network, space, False)
        return space.derivatives.dy_dt.copy()

    for state in states:
        evaluate(10.0, state, control, network, space, True)
        jacobian, wanted = dense(space.derivatives), []
        for k in range(len(state)):
            h = 1e-5 if k == network.layout.potential else 1e-3 * abs(state[k])
            moved = [rhs(state + step * h * np.eye(len(state))[k]) for step in (-2, -1, 1, 2)]
            wanted.append((moved[0] - 8.0 * moved[1] + 8.0 * moved[2] - moved[3]) / (12.0 * h))
        jacobian, wanted = jacobian * unit, np.array(wanted).T * unit
        size = np.abs(wanted).max(axis=1, keepdims=True) + 1e-3 * np.abs(rhs(state))[:, None] + 1e-25
        np.testing.assert_allclose(jacobian / size, wanted / size, atol=2e-6)


@pytest.mark.parametrize("mode", CONTROLS)
def test_the_jacobian_with_a_film_against_differences(filmed, mode):
    generator, unit = np.random.default_rng(7), np.ones(filmed.layout.unknowns)
    unit[filmed.layout.first[THICKNESS]] = 1e-8
    states = [
        start_of(
            filmed,
            generator.uniform(0.2, 1.2),
            fractions=generator.dirichlet(np.ones(3), len(filmed.weight)),
            film_thickness_m=generator.uniform(4e-9, 3e-8),
            film_charge_C_per_g=generator.uniform(1.0, 100.0),
        )
        for _ in range(10)
    ]
    assert_jacobian(filmed, mode, states, unit)


@pytest.mark.parametrize("mode", CONTROLS)
def test_the_jacobian_with_lost_contact_against_differences(losing, mode):
    generator, shares = np.random.default_rng(8), []
    for _ in range(10):
        shares.append(generator.dirichlet(np.ones(4), len(losing.weight)))
    states = [
        start_of(
            losing,
            generator.uniform(0.2, 1.2),
            fractions=own[:, :3],
            cut_off=own[:, 3:],
            trapped=0.3,
            lost_energy_J_per_g=-100.0,
        )
        for own in shares
    ]
    assert_jacobian(losing, mode, states, np.ones(losing.layout.unknowns))


def test_the_jacobian_of_the_film_against_complex_steps(filmed):
    network = filmed
    space, layout = workspace(network), network.layout
    state = start_of(network, 0.4, film_thickness_m=8e-9)
    add_film(state, network, space, True)
    rows = space.derivatives.rows
    for k in range(layout.potential, layout.potential + layout.shared):
        moved, step = state.astype(complex), 1e-200
        moved[k] += 1j * step
        rates = np.zeros(len(state), complex)
        elsewhere = space._replace(derivatives=space.derivatives._replace(dy_dt=rates))
        current = add_film(moved, network, elsewhere, False)
        assert rows[0, k] == pytest.approx(current.imag / step, rel=1e-14)
        wanted = rates[layout.potential + 1 :].imag / step
        np.testing.assert_allclose(rows[1:, k], wanted, rtol=1e-14)


@pytest.mark.parametrize("rate", ["C/10", "1C"])
def test_charge_and_energy_close_with_a_film(filmed, rate):
    network = filmed
    protocol = Protocol.parse(
        [
            (f"Discharge at {rate} until 0.3 V", "Rest for 2 h", "Hold at 0.4 V for 1 h"),
            ("Sweep at 0.1 mV/s to 1.0 V", f"Charge at {rate} until 1.4 V"),
        ],
        "Li",
    )
    done, table = carried(network, protocol)
    throughput = 3.6 * 660.35
    film = table["film_charge_C_per_g"]
    assert film[-1] > 20.0
    # Each state is moved onto the charge that has passed, film and all, by as much as the error allows.
    assert np.diff(film).min() >= -1e-7 * film[-1]
    # All of the charge that the film has taken has made it thicker: j in both is the same.
    grown = AREA * (table["film_thickness_m"] - THIN) / VOLUME
    np.testing.assert_allclose(film, grown, atol=1e-9 * film[-1])
    # Charge: what the electrode holds is in phases, film and double layer, in every row.
    scale, layer = network.charge_scale, network.double_layer
    held = scale * table["composition"] + film - layer * table["potential_V"]
    assert np.abs(held - table["charge_C_per_g"]).max() < 1e-10 * throughput
    content = _content(network, table)
    assert np.abs(scale * (content - table["composition"])).max() < 1e-10 * throughput
    # And what it has gained at constant current is exactly the current times the time.
    first, last = 0, done.last[0] - 1
    time, current = table["time_s"], table["current_A_per_g"]
    gained = held[last] - held[first]
    assert abs(gained - current[last] * (time[last] - time[first])) < 1e-10 * throughput
    # Energy: delivered, stored and turned to heat, the film's own included.
    assert table["film_heat_J_per_g"][-1] > 1.0
    assert np.diff(table["film_heat_J_per_g"]).min() >= -1e-7 * table["film_heat_J_per_g"][-1]
    heat = table["joule_heat_J_per_g"] + table["charge_transfer_heat_J_per_g"] + table["film_heat_J_per_g"]
    heat = heat + sum(table[f"{cause}_heat_J_per_g"].sum(axis=0) for cause in CAUSES)
    total = table["energy_J_per_g"] + table["stored_J_per_g"] + heat
    assert np.abs(total - total[0]).max() < 1e-5 * heat[-1]


def _content(network, table):
    """Alkali of the phases from fractions and potential alone."""
    space, found = workspace(network), []
    for shares, potential in zip(table["fractions"].T, table["potential_V"], strict=True):
        equations.fill_nodes(float(potential), network, space)
        found.append(float(shares @ space.content))
    return np.array(found)


def test_a_film_at_constant_potential_grows_as_a_parabola(filmed):
    network = filmed
    _, table = carried(network, Protocol.parse("Hold at 0.3 V for 10000 s", "Li"), 0.3, rtol=1e-9, atol=1e-12)
    wanted = np.sqrt(THIN**2 + 2.0 * VOLUME * KAPPA * (ONSET - 0.3) * table["time_s"])
    np.testing.assert_allclose(table["film_thickness_m"], wanted, rtol=1e-8)
    assert table["film_thickness_m"][-1] == pytest.approx(8.517e-9, rel=1e-4)


def test_above_the_onset_nothing_changes(filmed):
    network = filmed
    _, table = carried(network, cycling("1C", 0.85, 1.5))
    assert table["film_charge_C_per_g"].max() == table["film_heat_J_per_g"].max() == 0.0
    assert np.ptp(table["film_thickness_m"]) == 0.0


@pytest.mark.parametrize("tolerance", [1e-6, 1e-9])
def test_host_charge_and_energy_close_where_contact_is_lost(losing, tolerance):
    protocol = Protocol.parse(
        [("Discharge at 1C until 0.3 V", "Rest for 1 h", "Charge at 1C until 1.4 V")], "Li"
    )
    _, table = carried(losing, protocol, rtol=tolerance, atol=1e-3 * tolerance)
    # What is left and what is cut off are all of the host, and decay runs as it must.
    live = table["fractions"].sum(axis=0)
    np.testing.assert_allclose(live + table["cut_off"], 1.0, atol=1e-13)
    np.testing.assert_allclose(live, np.exp(-LOSS * table["time_s"]), atol=2.0 * tolerance)
    assert live[-1] < 0.9
    # Alkali that is cut off was paid for before: charge closes with it, in every row.
    scale, layer = losing.charge_scale, losing.double_layer
    held = scale * (_content(losing, table) + table["trapped"]) - layer * table["potential_V"]
    assert np.abs(held - table["charge_C_per_g"]).max() < 1e-10 * 3.6 * 660.35
    heat = sum(table[f"{cause}_heat_J_per_g"].sum(axis=0) for cause in CAUSES)
    total = table["energy_J_per_g"] + table["stored_J_per_g"] + heat
    assert table["lost_energy_J_per_g"][-1] < -10.0
    assert np.abs(total - total[0]).max() < 10.0 * tolerance * heat[-1]


def test_heat_by_edge_is_in_the_order_of_the_causes_of_a_solution():
    assert tuple(column.name for column in HEAT_CAUSES if column.size == "edges") == CAUSES


@pytest.mark.parametrize("many", [False, True], ids=["one particle", "three particles"])
def test_what_a_film_has_become_is_in_the_solution_and_in_a_continued_run(monkeypatch, tmp_path, many):
    plug_in(monkeypatch, FILM_UNKNOWNS, FILM_HEAT, add_film, film_charge, film_energy, fill_film)
    monkeypatch.setattr(simulation, "compiled", interpreted)
    population = Population.discrete([0.6, 0.4], [1.0, 2.0]) if many else None
    steps = ["Discharge at 2C until 0.6 V", "Rest for 10 min"]
    options = {"population": population, "progress": False}
    whole = simulate("li-sb", [tuple(steps)], **options)
    first = simulate("li-sb", steps[0], **options)
    assert first.others["film_thickness_m"][-1] > 1.001 * THIN
    first.save(tmp_path / "first.npz")
    for before in (first, load_solution(tmp_path / "first.npz")):
        rest = simulate("li-sb", steps[1], initial=before, **options)
        for name, values in whole.others.items():
            assert rest.others[name][-1] == pytest.approx(values[-1], rel=1e-12), name
        assert rest.voltage_V[-1] == pytest.approx(whole.voltage_V[-1], abs=1e-12)
    assert first.states.shape[1] == first.network.layout.unknowns
