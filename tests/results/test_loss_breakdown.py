"""Oracles: the first law over rows, closed forms of single causes, the split written out a second time."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import CORNER, FRONT_CORNER, K_B, M_SB, F, R, Textbook
from bare import bare
from curves import at_composition, cycled, lobatto_integral, rows
from scipy.special import dawsn
from tiny import one_edge, solution_phase

from sbpath import (
    InputError,
    SolverOptions,
    State,
    cycling,
    half_cycles,
    hysteresis_profile,
    loss_breakdown,
    shipped_names,
    simulate,
)
from sbpath.results.loss_breakdown import LOSSES, loss_breakdowns
from sbpath.solution import CAUSES
from sbpath.text.loss_tables import loss_report, loss_rows

CELSIUS = 25.0
RT = R * (CELSIUS + 273.15)
FULL = F / M_SB  # C/g of one electron per Sb
NUCLEATION, GROWTH, TRANSPORT, WORK, RESISTANCE, CHARGE_TRANSFER = range(6)

DEFAULTS = [(name, bare(name).default_graph) for name in shipped_names()]
OTHERS = [(name, g) for name, default in DEFAULTS for g in bare(name).graphs if g != default]
# Every system at every rate, and its other graph at one of them.
# Sb itself at three rates, compounds at one; test_shipped_mechanisms has them at C/10.
CYCLES = [
    (*pair, rate)
    for pair in DEFAULTS
    for rate in ("C/20", "C/5", "1C")
    if rate == "C/5" or not bare(pair[0]).assemblages
]
CYCLES += [(*pair, "C/5") for pair in OTHERS]


def area(solution, cycle):
    """Loop of a cycle (J/g): minus the integral of V I dt over its rows, step by step."""
    total = 0.0
    for number, step in enumerate(solution.steps, 1):
        if step.cycle == cycle and step.last - step.first > 1:
            these = rows(solution, number)
            power = solution.voltage_V[these] * solution.current_A_per_g[these]
            total -= lobatto_integral(solution.time_s[these] - solution.time_s[these][0], power)
    return total


def textbook_split(solution, these):
    """Heat of each edge by cause (W/g, shape (4, E, n)) from the equations of the model.

    ``r (A - W) tau_i / sum(tau) / M`` with 1 / tau_n = J0 exp(-B / A'^2) + k_p theta_q, tau_g = 1 / (k0 g k sinh-like),
    tau_t = R^2 / (pi^2 D), and ``r W / M``; every time from the numbers of the file.
    """
    book = Textbook.of(solution.mechanism.document, solution.graph, solution.temperature_C)
    theta, potential = solution.fractions[:, these], solution.potential_V[these]
    omega, content = book.grand_potentials(potential), book.contents(potential)
    parts = np.zeros((4, len(book.edges), len(potential)))
    for e, (
        p,
        q,
        nu,
        gamma,
        shape,
        attempt,
        growth,
        alpha,
        order,
        seed,
        work,
        fronts,
        unchanged,
    ) in enumerate(book.edges):
        driving = omega[p] - omega[q] - work
        runs = driving > 0.0
        a = driving[runs]
        volume = (
            book.volume[q] - unchanged[1] * book.partial[q] * (book.full[q] - content[q]) - unchanged[0]
        )[runs]
        barrier = 16.0 * np.pi * shape * gamma**3 * volume**2 / (3.0 * K_B * book.temperature * a**2)
        reduced = a / (nu * R * book.temperature)
        filled = (seed + (1.0 - seed) * np.maximum(theta[q][runs], 0.0)) ** order
        speed = growth * filled * -np.expm1(-a / (FRONT_CORNER if fronts > 0.0 else CORNER))
        times = np.array(
            [
                1.0
                / (np.exp(-np.minimum(barrier, 600.0)) * attempt + fronts * np.maximum(theta[q][runs], 0.0)),
                1.0 / (speed * (np.exp(alpha * reduced) - np.exp((alpha - 1.0) * reduced))),
                np.full(len(a), book.transport),
            ]
        )
        waiting = times.sum(axis=0)
        rate = np.maximum(theta[p][runs], 0.0) / waiting
        parts[:3, e, runs] = rate * a * times / waiting / M_SB
        parts[3, e, runs] = rate * work / M_SB
    return parts


# -- the parts are the loop -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "graph", "rate"), CYCLES)
def test_parts_of_a_closed_cycle_add_up_to_the_area_of_its_loop(simulated, name, graph, rate):
    solution = cycled(simulated, name, rate, graph=graph)
    own = loss_breakdown(solution)
    assert own.cycle == 2
    loop = area(solution, 2)
    assert own.loop_J_per_g == pytest.approx(loop, rel=1e-6)
    # A graph on which something never comes back (NiSb on its reported one) repeats later.
    assert own.losses_J_per_g.sum() + own.stored_J_per_g == pytest.approx(loop, rel=1e-4)
    if not bare(name).assemblages:
        assert own.losses_J_per_g.sum() == pytest.approx(loop, rel=1e-4)
    # The same energy as a voltage: the mean gap, loop over charge.
    assert own.losses_mV.sum() + own.stored_mV == pytest.approx(own.hysteresis_mV, rel=1e-4)
    # No part is negative, of any edge in any row; rows inside an integrator step lie on a cubic.
    assert own.heat_J_per_g.min() >= 0.0
    assert own.resistance_J_per_g.min() >= 0.0
    total = solution.heat_J_per_g[:, -1].sum()
    assert np.diff(solution.heat_parts_J_per_g, axis=2).min() >= -1e-6 * total
    ends = np.unique([i for step in solution.steps for i in range(step.first, step.last, 3)])
    assert np.diff(solution.heat_parts_J_per_g[:, :, ends], axis=2).min() >= 0.0


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("li-sb", ("Sweep at 0.05 mV/s to 0.05 V", "Sweep at 0.05 mV/s to 1.5 V")),
        ("li-sb-llzo", ("Sweep at 0.2 mV/s to 0.05 V", "Sweep at 0.2 mV/s to 1.5 V")),
        ("na-sb", ("Rest for 10 h", "Insert at 1C until 0.02 V", "Extract at 1C until 1.5 V")),
        ("k-sb-ksb", ("Insert at C/2 until 0.01 V", "Hold at 0.01 V until C/20", "Rest for 1 h", "Extract at C/2 until 2 V")),
        ("li-sb", ("Hold at 0.6 V for 40 h", "Hold at 1.2 V for 40 h")),
        ("na-sb", ("Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V", "Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V")),
    ],
)  # fmt: skip
def test_sweeps_holds_rests_and_cycles_of_several_loops_are_accounted_for(simulated, name, steps):
    solution = simulated(name, (steps,) * 2)
    own = loss_breakdown(solution, 2)
    # The energy of a jump of the voltage lies between rows, and V I dt does not see it.
    jumps = sum(
        float(solution.energy_J_per_g[s.first] - solution.energy_J_per_g[s.first - 1])
        for s in solution.steps
        if s.cycle == 2
    )
    loop = area(solution, 2) - jumps
    assert own.loop_J_per_g == pytest.approx(loop, rel=1e-4)
    assert own.losses_J_per_g.sum() + own.stored_J_per_g == pytest.approx(loop, rel=1e-4)
    assert own.losses_J_per_g.min() >= 0.0
    inserted = np.diff(solution.charge_mAh_per_g, prepend=0.0)[solution.cycle == 2]
    assert own.capacity_mAh_per_g == pytest.approx(0.5 * np.abs(inserted).sum(), rel=2e-3)


@pytest.mark.parametrize(("name", "potentials"), [("li-sb", (0.6, 1.2)), ("na-sb", (0.02, 1.5))])
def test_the_first_cycle_is_accounted_for_where_it_begins_with_a_jump(simulated, name, potentials):
    low, high = potentials
    solution = simulated(name, ((f"Hold at {low} V for 40 h", f"Hold at {high} V for 40 h"),) * 2)
    own = loss_breakdown(solution, 1)
    assert own.losses_J_per_g.sum() + own.stored_J_per_g == pytest.approx(own.loop_J_per_g, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("na-sb", {}),
        ("k-sb", {}),
        ("li-sb-llzo", {}),
        ("li-sb", {"changes": (("kinetics.transformation_work_J_per_mol", 4000.0), ("kinetics.autocatalytic_order", 0.5))}),
    ],
)  # fmt: skip
def test_the_split_is_that_of_the_textbook_integrated_over_rows(simulated, name, options):
    solution = cycled(simulated, name, "C/5", **options)
    own = loss_breakdown(solution)
    for way, number in enumerate((3, 4)):
        these = rows(solution, number)
        time = solution.time_s[these] - solution.time_s[these][0]
        parts = textbook_split(solution, these)
        wanted = np.array([[lobatto_integral(time, edge) for edge in cause] for cause in parts])
        np.testing.assert_allclose(
            own.heat_J_per_g[way], wanted, rtol=1e-4, atol=1e-6 * own.loop_J_per_g, err_msg=f"step {number}"
        )
    assert (own.heat_J_per_g[:, WORK].sum() > 10.0) == ("changes" in options)


def test_an_output_period_does_not_change_the_losses(simulated):
    every = loss_breakdown(cycled(simulated, "na-sb", "C/5"))
    steps = ("Insert at C/5 until 0.02 V (1 h period)", "Extract at C/5 until 1.5 V (1 h period)")
    sparse = simulated("na-sb", (steps,) * 2)
    assert len(sparse.time_s) < 30
    own = loss_breakdown(sparse)
    np.testing.assert_allclose(own.heat_J_per_g, every.heat_J_per_g, rtol=1e-9, atol=1e-12)
    assert own.loop_J_per_g == pytest.approx(every.loop_J_per_g, rel=1e-12)


def test_by_direction_and_edge_lists_every_joule_once(simulated):
    own = loss_breakdown(cycled(simulated, "li-sb-llzo", "C/5"))
    rows_ = loss_rows(own)
    assert len(rows_) == 2 * (len(own.edges) + len(LOSSES) - len(CAUSES))
    assert sum(float(cell) for row in rows_ for cell in row[3:]) == pytest.approx(own.loop_J_per_g, rel=1e-5)
    assert own.heat_J_per_g.shape == (2, len(CAUSES), len(own.edges))


# -- one cause alone: closed forms ------------------------------------------------------------------


def one_cause(duration, low=0.1, high=0.9, rtol=1e-6, **options):
    """A cell of Sb and LiSb (0.5 V) cycled so that all charge passes in `duration` (s)."""
    mechanism = one_edge(**{"double_layer": 1e-3, "attempt": 1e30, "diffusivity": 1e-6, **options})
    current = 1e3 * FULL / duration
    steps = (f"Insert at {current!r} mA/g until {low} V", f"Extract at {current!r} mA/g until {high} V")
    strict = SolverOptions(rtol=rtol, atol=1e-3 * rtol)
    return simulate(mechanism, [steps] * 2, options=strict, progress=False)


def only(own, cause, value, rel):
    """Each direction loses `value` (J/g) to `cause` and next to nothing to the others."""
    np.testing.assert_allclose(own.losses_J_per_g[:, cause], value, rtol=rel)
    assert np.delete(own.losses_J_per_g, cause, axis=1).max() < 2.0 * rel * value


@pytest.mark.parametrize("duration", [1800.0, 7200.0, 72000.0])
def test_growth_alone_loses_the_overpotential_of_butler_and_volmer(duration):
    # theta 2 k0 sinh(a/2) = 1/T, so A = 2 RT arcsinh(c / theta), c = 1 / (2 k0 T), and
    # the integral of arcsinh(c / s) ds is s arcsinh(c / s) + c arcsinh(s / c).
    growth = 1e-4
    c = 1.0 / (2.0 * growth * duration)
    # The cut-off, 0.4 V away, leaves this share on either side.
    left = c / np.sinh(F * 0.4 / (2.0 * RT))

    def integral(s):
        return s * np.arcsinh(c / s) + c * np.arcsinh(s / c)

    own = loss_breakdown(one_cause(duration, growth=growth))
    only(own, GROWTH, 2.0 * RT / M_SB * (integral(1.0 - left) - integral(left)), rel=1e-4)


@pytest.mark.parametrize("energy", [0.06, 0.1, 0.15])
def test_nucleation_alone_loses_the_overpotential_of_classical_nucleation_theory(energy):
    # theta J0 exp(-B / A^2) = 1/T, so A = sqrt(B / ln(J0 T theta)); its mean over theta is
    # 2 sqrt(B) D(sqrt(ln(J0 T))) with Dawson's integral D (NIST DLMF 7.2.5).
    duration, attempt = 7200.0, 1e9
    volume = 20e-6
    constant = 16.0 * np.pi * energy**3 * volume**2 / (3.0 * K_B * 298.15)
    mean = 2.0 * np.sqrt(constant) * dawsn(np.sqrt(np.log(attempt * duration)))
    solution = one_cause(duration, growth=1e9, attempt=attempt, interfaces={"Sb|LiSb": energy})
    only(loss_breakdown(solution), NUCLEATION, mean / M_SB, rel=1e-4)


def test_transport_alone_loses_what_the_double_layer_gives_when_domains_run_out():
    # Without other delays the edge runs at its equilibrium potential until theta = tau / T. From
    # then on theta = (tau / T) exp(-s), s = t / tau, and E falls by (I tau / C)(s - 1 + exp(-s)).
    # The heat, integral of I exp(-s) times that, is I^2 tau^2 / 2C once s is large. The corner at
    # A = 0 is sharp where growth is so fast, and asks for a strict tolerance.
    duration, tau, capacitance = 1000.0, 50.0, 1000.0
    diffusivity = 1e-12 / (np.pi**2 * tau)
    options = {"growth": 1e5, "diffusivity": diffusivity, "double_layer": capacitance}
    solution = one_cause(duration, -0.5, 1.5, rtol=1e-8, **options)
    current = FULL / duration
    only(loss_breakdown(solution), TRANSPORT, (current * tau) ** 2 / (2.0 * capacitance), rel=5e-4)


@pytest.mark.parametrize("work", [500.0, 5000.0])
def test_transformation_work_is_lost_once_for_each_conversion(work):
    solution = one_cause(7200.0, growth=10.0, transformation_work_J_per_mol=work)
    own = loss_breakdown(solution)
    np.testing.assert_allclose(own.losses_J_per_g[:, WORK], work / M_SB, rtol=1e-4)
    # The plateaus stand off the equilibrium potential by W / F.
    insertion, extraction = (loss.plateau.voltage_V for loss in own.plateaus)
    assert 0.5 - insertion == pytest.approx(work / F, abs=1e-4)
    assert extraction - 0.5 == pytest.approx(work / F, abs=1e-4)
    converted = solution.converted[:, rows(solution, 3)]
    exactly = work / M_SB * float((converted[:, -1] - converted[:, 0]).sum())
    assert own.losses_J_per_g[0, WORK] == pytest.approx(exactly, rel=1e-9)


@pytest.mark.parametrize("resistance", [10.0, 500.0])
def test_resistance_loses_i_squared_r_and_shifts_each_branch_by_ir(resistance):
    # 1 mg/cm2, so R_s in Ohm g is a thousandth of the areal one.
    duration, ohm_g = 7200.0, 1e-3 * resistance
    solution = one_cause(duration, growth=10.0, resistance=resistance)
    own = loss_breakdown(solution)
    current = FULL / duration
    lasted = np.array([solution.steps[i].duration_s for i in (2, 3)])
    np.testing.assert_allclose(own.resistance_J_per_g, current**2 * ohm_g * lasted, rtol=1e-12)
    assert own.losses_mV[:, RESISTANCE].sum() == pytest.approx(2e3 * current * ohm_g, rel=1e-12)
    assert own.losses_mV.sum() == pytest.approx(2e3 * current * ohm_g, rel=0.02)


def test_charge_transfer_loses_its_overpotential_times_the_charge_and_shifts_each_branch_by_it():
    duration = 7200.0
    i0 = {"exchange_current_A_per_m2": 0.3}
    solution = one_cause(duration, growth=10.0, **i0)
    own = loss_breakdown(solution)
    # Spheres of 1 um of 121.76 g/mol and 20 cm3/mol.
    surface = 3.0 / (121.76 / 20.0 * 1e6 * 1e-6)
    eta = 2.0 * R * 298.15 / F * np.arcsinh(FULL / duration / (2.0 * 0.3 * surface))
    assert eta > 0.015
    assert own.losses_mV[:, CHARGE_TRANSFER] == pytest.approx(1e3 * eta, rel=1e-6)
    assert own.losses_mV.sum() == pytest.approx(2e3 * eta, rel=0.02)
    assert own.hysteresis_mV == pytest.approx(2e3 * eta, rel=0.02)


def test_resistance_of_a_solid_cell_is_thickness_over_conductivity(simulated):
    solution = cycled(simulated, "li-sb-llzo", "C/5")
    document = solution.mechanism.document
    cell, electrode = document["electrolyte"], document["electrode"]
    warmer = 1.0 / (solution.temperature_C + 273.15) - 1.0 / (cell["conductivity_temperature_C"] + 273.15)
    conductivity = cell["conductivity_S_per_cm"]["value"] * np.exp(
        -cell["conductivity_activation_energy_J_per_mol"]["value"] / R * warmer
    )
    areal = electrode["contact_resistance_ohm_cm2"]["value"] + (
        1e-4 * cell["thickness_um"]["value"] / conductivity
    )
    ohm_g = areal * 1e-3 * electrode["loading_mg_per_cm2"]["value"]
    current = 0.2 * 3.0 * FULL / 3600.0
    assert loss_breakdown(solution).losses_mV[:, RESISTANCE].sum() == pytest.approx(
        2e3 * current * ohm_g, rel=1e-9
    )
    assert 2e3 * current * ohm_g > 1.0


def test_what_has_no_edges_loses_nothing():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    own = loss_breakdown(simulate(phase, cycling("C/10", 0.1, 1.5, 2), progress=False))
    assert own.losses_J_per_g.tolist() == [[0.0] * len(LOSSES)] * 2
    assert abs(own.loop_J_per_g) < 1e-5


def test_a_cycle_without_losses_can_be_reported():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    solution = simulate(phase, cycling("C/10", 0.1, 1.5, 2), progress=False)
    assert "nan" not in loss_report(solution, loss_breakdown(solution))


# -- plateaus and the gap along x -----------------------------------------------------------------


@pytest.mark.parametrize("rate", ["C/50", "C/10"])
def test_a_plateau_loses_its_distance_from_the_equilibrium_potential(simulated, rate):
    own = loss_breakdown(cycled(simulated, "li-sb", rate))
    two, three, out = own.plateaus
    assert [p.direction for p in own.plateaus] == ["insertion", "insertion", "extraction"]
    # Weppner and Huggins 1978: 0.956 and 0.948 V, of the direct step 0.953 V.
    assert two.plateau.voltage_V + 1e-3 * two.losses_mV.sum() == pytest.approx(0.956, abs=2e-4)
    # Vacancies: what Li3Sb takes up between 0.948 V and the plateau is charge of the plateau too.
    assert three.plateau.voltage_V + 1e-3 * three.losses_mV.sum() == pytest.approx(0.948, abs=1e-3)
    assert out.plateau.voltage_V - 1e-3 * out.losses_mV.sum() == pytest.approx(0.953, abs=1e-3)


def test_a_plateau_after_a_jump_of_the_voltage_has_its_own_heat(simulated):
    # Held at 1.2 V, Li(3-b)Sb gives its vacancies at once; all that is lost is lost on the plateau.
    solution = simulated("li-sb", (("Hold at 0.6 V for 40 h", "Hold at 1.2 V for 40 h"),) * 2)
    own = loss_breakdown(solution)
    (loss,) = (p for p in own.plateaus if p.direction == "extraction")
    heat = 1e-3 * loss.losses_mV.sum() * 3.6 * loss.plateau.extent_mAh_per_g
    assert heat == pytest.approx(own.losses_J_per_g[1].sum(), rel=5e-3)


def stored_along(solution, number, share):
    """Energy that the electrode holds where these shares of a half cycle's charge have passed."""
    these = rows(solution, number)
    charge = solution.charge_mAh_per_g[these]
    done = (charge - charge[0]) / (charge[-1] - charge[0])
    return np.interp(share, done, solution.stored_J_per_g[these])


@pytest.mark.parametrize("name", ["li-sb", "li-sb-llzo", "na-sb", "k-sb", "k-sb-ksb"])
def test_gap_along_x_is_loss_and_storage_stretch_by_stretch(simulated, name):
    solution = cycled(simulated, name, "C/5")
    own, profile = loss_breakdown(solution), hysteresis_profile(solution, points=80)
    stretch = 3.6 * own.capacity_mAh_per_g / 80  # C/g
    assert 1e-3 * stretch * profile.gap_mV.sum() == pytest.approx(own.loop_J_per_g, rel=1e-5)
    sums = 1e-3 * stretch * profile.losses_mV.sum(axis=1)
    np.testing.assert_allclose(sums, own.losses_J_per_g.sum(axis=0), rtol=1e-5, atol=1e-6 * own.loop_J_per_g)
    assert abs(profile.stored_mV.mean()) < 1e-4 * own.hysteresis_mV
    assert profile.losses_mV.min() >= -1e-6
    # Stored energy of the state itself, which the profile does not use.
    share = np.linspace(0.0, 1.0, 81)
    into = np.diff(stored_along(solution, 3, share))
    out = np.diff(stored_along(solution, 4, 1.0 - share))
    np.testing.assert_allclose(profile.stored_mV, 1e3 * (into - out) / stretch, atol=0.05)
    middle = 0.5 * (share[1:] + share[:-1])
    np.testing.assert_allclose(profile.charge_mAh_per_g, middle * own.capacity_mAh_per_g, rtol=1e-4)
    assert profile.composition[0] < 0.05 < 2.9 < profile.composition[-1]


def test_gap_of_lithium_is_the_difference_of_the_branches_at_each_x(simulated):
    solution = cycled(simulated, "li-sb")
    profile = hysteresis_profile(solution)
    x = np.array([0.5, 1.0, 1.5, 2.3, 2.6])
    wanted = 1e3 * (at_composition(solution, 4, x) - at_composition(solution, 3, x))
    np.testing.assert_allclose(np.interp(x, profile.composition, profile.gap_mV), wanted, atol=0.5)
    # Check values of the independent calculation: 0.8501 V at x = 1 on the way in, 1.0287 out.
    assert np.interp(1.0, profile.composition, profile.gap_mV) == pytest.approx(178.6, abs=1.5)


@pytest.mark.parametrize(
    ("steps", "initial"),
    [
        pytest.param(
            ("Insert at C/2 until 0.05 V", "Extract at C/2 until 1.5 V"), State({"Sb": 1.0}, 1.5),
        ),
        (("Extract at C/2 until 1.5 V", "Insert at C/2 until 0.05 V"), State({"Li3Sb": 1.0}, 0.05)),
    ],
    ids=["insertion first", "extraction first"],
)  # fmt: skip
def test_where_less_comes_out_than_went_in_the_gap_is_still_taken_at_one_x(steps, initial):
    # Where the cycle turns both branches have the same content, whatever the other ends do.
    solution = simulate(bare("li-sb"), [steps], initial=initial, progress=False)
    inserted = next(h for h in half_cycles(solution) if h.direction == "insertion")
    extracted = next(h for h in half_cycles(solution) if h.direction == "extraction")
    assert abs(inserted.capacity_mAh_per_g - extracted.capacity_mAh_per_g) > 0.5
    profile = hysteresis_profile(solution)
    into, out = (1, 2) if steps[0].startswith("Insert") else (2, 1)
    near = (profile.composition > 2.7) & (profile.composition < 2.97)
    x = profile.composition[near]
    wanted = 1e3 * (at_composition(solution, out, x) - at_composition(solution, into, x))
    np.testing.assert_allclose(profile.gap_mV[near], wanted, atol=10.0)


def test_gap_profile_of_a_cycle_that_begins_with_a_rest(simulated):
    # Amorphous Sb left by a fast charge crystallises in the rest.
    steps = ("Rest for 10 h", "Insert at 1C until 0.02 V", "Extract at 1C until 1.5 V")
    solution = simulated("na-sb", (steps,) * 2)
    profile = hysteresis_profile(solution)
    assert abs(profile.stored_mV.mean()) < 1e-3 * profile.gap_mV.mean()


def test_gap_profile_of_a_cycle_of_voltage_steps(simulated):
    solution = simulated("li-sb", (("Hold at 0.6 V for 40 h", "Hold at 1.2 V for 40 h"),) * 2)
    own, profile = loss_breakdown(solution), hysteresis_profile(solution)
    stretch = 3.6 * own.capacity_mAh_per_g / len(profile.gap_mV)
    assert 1e-3 * stretch * profile.gap_mV.sum() == pytest.approx(own.loop_J_per_g, rel=1e-3)


# -- a first cycle stores --------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["C/20", "1C"])
def test_a_first_cycle_of_sodium_stores_amorphous_antimony(simulated, rate):
    # It begins as crystalline Sb and ends with a share of amorphous Sb, whose Gibbs energy the
    # file gives: the galleries of NaxSb are empty at 1.5 V.
    solution = cycled(simulated, "na-sb", rate)
    own = loss_breakdown(solution, 1)
    end = solution.steps[1].last - 1
    amorphous = solution.fraction("NaxSb")[end]
    phase = solution.mechanism.document["phases"]["NaxSb"]
    gibbs = phase["enthalpy_J_per_mol"]["value"] - 298.15 * phase["entropy_J_per_mol_K"]["value"]
    assert own.stored_J_per_g == pytest.approx(amorphous * gibbs / M_SB, rel=1e-3)
    assert own.stored_J_per_g > 20.0
    assert own.losses_J_per_g.sum() + own.stored_J_per_g == pytest.approx(own.loop_J_per_g, rel=1e-4)
    book = Textbook.of(solution.mechanism.document, solution.graph, CELSIUS)
    ends = solution.fractions[:, [0, end]], solution.potential_V[[0, end]]
    assert own.stored_J_per_g == pytest.approx(float(np.diff(book.stored_energy(*ends))[0]), rel=1e-6)


def test_parts_add_up_to_the_gap_of_a_first_cycle_of_lithium(simulated):
    own = loss_breakdown(cycled(simulated, "li-sb", "C/5"), 1)
    total = own.losses_mV.sum() + own.stored_mV
    assert total == pytest.approx(own.hysteresis_mV, rel=1e-5)


# -- what cannot be had ---------------------------------------------------------------------------


def test_cycles_that_do_not_close_have_no_loss_breakdown(simulated):
    half = simulated("li-sb", "Insert at C/2 until 0.05 V")
    assert loss_breakdowns(half) == []
    with pytest.raises(InputError, match="no cycle of this solution is closed"):
        loss_breakdown(half)
    with pytest.raises(InputError, match="no cycle of this solution is closed"):
        hysteresis_profile(half)
    with pytest.raises(InputError, match=r"cycle 7 is not closed; choose one of 1, 2"):
        loss_breakdown(cycled(simulated, "li-sb"), 7)


def test_gap_profile_asks_for_one_insertion_and_one_extraction(simulated):
    steps = ("Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V") * 2
    with pytest.raises(InputError, match="has 4 half cycles"):
        hysteresis_profile(simulated("na-sb", (steps,) * 2), 2)
