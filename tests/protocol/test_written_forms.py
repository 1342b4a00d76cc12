"""Steps as people write them. Oracles: the same step in its plain form, and charge as current times time."""

from __future__ import annotations

import pytest

import sbpath
from sbpath import InputError, load_mechanism, simulate
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.protocol import parse_step
from sbpath.protocol.quantities import read
from sbpath.protocol.steps import CapacityLimit, Charge, ChargeLimit, Rate, TimeLimit

LI = "Discharge at 50 mA/g until 0.05 V"


@pytest.mark.parametrize(
    "text",
    [
        "Discharge at 50 mA g-1 until 0.05 V",
        "Discharge at 50 mA·g⁻¹ until 0.05 V",
        "Discharge at 50 mA g^-1 until 0.05 V",
        "Discharge at 50 mA g^{-1} until 0.05 V",
        "Discharge at 50 mA.g-1 until 0.05 V",
        "Discharge at 50 mA per g until 0.05 V",
        "Discharge at 50\u2009mA\u202fg\u207b\u00b9 until 0.05\u00a0V",
        "Discharge at 50 mA g\u22121 until 50 mV",
        "Discharge at 50 mA\u2215g until 0.05 volts",
        "Discharge at 50 mA\u2044g until 0.05 Volt",
        "Discharge at 50\u200b mA/g until 0.05 V.",
        "Discharge at 50 A/kg until 0.05 V",
        "Discharge at 50000 µA/g until 0.05 V",
        "Discharge at 50 mA/g until 0.05 V vs. Li+/Li",
        "Discharge at 50 mA/g until 0.05 V vs Li/Li⁺",
        "Discharge at 50 mA/g until 0.05 V (vs. Li+/Li)",
        "Discharge at 50 mA/g until 0.05 V versus Li",
        "Discharge at 50 mA/g until 0.05V vs. Li | Li+",
    ],
)
def test_forms_of_one_step(text):
    assert parse_step(text, "Li") == parse_step(LI)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 h 30 min", 5400.0),
        ("1h30min", 5400.0),
        ("1 h and 30 min", 5400.0),
        ("2 days 1 h 0.5 s", 176400.5),
        ("1 day", 86400.0),
        ("1.5 d", 129600.0),
        ("1 week", 604800.0),
        ("01:30:00", 5400.0),
        ("100:00:07.5", 360007.5),
    ],
)
def test_times(text, seconds):
    assert read(text) == ("time", seconds, "s")
    assert parse_step(f"Rest for {text} (1 min 30 s period)").period_s == 90.0


@pytest.mark.parametrize(
    ("text", "limit", "canonical"),
    [
        ("for 300 mAh/g", ChargeLimit(Charge(0.3, "Ah/g")), "for 300 mAh/g"),
        ("for 0.3 Ah g-1", ChargeLimit(Charge(0.3, "Ah/g")), "for 300 mAh/g"),
        ("for 1.5 mAh cm⁻²", ChargeLimit(Charge(0.0015, "Ah/cm2")), "for 1.5 mAh/cm2"),
        ("for 2 mAh", ChargeLimit(Charge(0.002, "Ah")), "for 2 mAh"),
        ("until 600 mA h g-1", CapacityLimit(Charge(0.6, "Ah/g")), "until 600 mAh/g"),
        ("until 50%", CapacityLimit(Charge(50.0, "%")), "until 50% of theoretical capacity"),
        ("until 50 % of capacity", CapacityLimit(Charge(50.0, "%")), "until 50% of theoretical capacity"),
        (
            "for 2.5 % of theoretical capacity",
            ChargeLimit(Charge(2.5, "%")),
            "for 2.5% of theoretical capacity",
        ),
    ],
)
def test_charges(text, limit, canonical):
    step = parse_step(f"Charge at 0.1 mA/cm^2 {text} or until 1.5 V, or for 1 day")
    assert step.rate == Rate(1e-4, "A/cm2")
    assert step.limits[0] == limit
    assert str(step) == f"Extract at 100 uA/cm2 {canonical} or until 1.5 V or for 24 h"
    assert parse_step(str(step)) == step


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("Discharge at C/10 until 0.05 V, Charge at C/10 until 1.5 V", "a second step begins with 'Charge'; write each"),
        ("Discharge at C/10 until 0.05 V; Rest for 1 h", "a second step begins with 'Rest'"),
        ("Discharge at C/10 until 0.05 V then Charge at C/10 until 1.5 V", "a second step begins with 'Charge'"),
        ("Discharge at C/10 for 2 h, until 0.05 V", "',' has no meaning here; put 'or' between limits"),
        ("Discharge at 0,1C until 0.05 V", "'0,1' has a comma; the decimal separator is a point"),
        ("Rest for 1,000 s", "'1,000' has a comma; the decimal separator is a point, and digits are not grouped"),
        ("Discharge at C/10 until 0.05 V vs. Na+/Na", "'Na+/Na' is not the reference of a Li cell, which is Li+/Li"),
        ("Discharge at C/10 until 0.05 V vs. SHE", "as in 0.05 V vs. Li+/Li"),
        ("Discharge at C/10 until 0.05 V vs. Li+/Na", "'Li+/Na' is not the reference"),
        ("Discharge at C/10² until 0.05 V", "is not a number"),
        ("Discharge at 0.1C for 1h 30m", "write min for minutes"),
        ("Discharge at 0.1C for 1:30 h", "write 01:30:00 or 1 h 30 min"),
        ("Discharge at 0.1C for 01:30:00 h", "write 01:30:00 or 1 h 30 min"),
        ("Charge at 1/10 C until 1.5 V", "'/10 C'; write C/10;"),
        ("Charge at 0.1 C-rate until 1.5 V", "write C/10 or 0.1C;"),
        ("Discharge at 660 mA gSb-1 until 0.05 V", "are per gram of host as prepared; write mA/g"),
        ("Charge at 100 mA (g Sb)-1 until 1.5 V", "are per gram of host as prepared; write mA/g"),
        ("Discharge at 0.1C until SOC = 50%", "write until 50% of theoretical capacity"),
        ("Discharge until 0.05 V at C/10", "'at C/10' must follow the verb, before 'for' and 'until'"),
        ("Rest for 2 h from 25 C to 60 C at 1 K/min", "'at 1 K/min': a ramp has a time, as in"),
        ("OCV for 2 h", "the nearest known one is 'Rest'; write for example 'Rest for 1 hour'"),
        ("Open circuit for 2 h", "the nearest known one is 'Rest'"),
        ("CCCV at 0.05 V until C/50", "the nearest known one is 'Hold'"),
        ("Scan at 0.1 mV/s to 0.05 V", "the nearest known one is 'Sweep'"),
        ("Intercalate at C/10 until 0.05 V", "the nearest known one is 'Insert'"),
        ("Heat from 25 C to 60 C in 2 h", "write for example 'Rest for 2 h from 25 C to 60 C'"),
        ("Rest for 01:30", "may be hours or minutes; write 01:30:00 or 1 h 30 min"),
        ("Rest for 01:75:00", "more than 59 minutes"),
        ("Rest for 1.5 h 30 min", "not a time in falling units, such as 1 h 30 min"),
        ("Rest for 30 min 1 h", "not a time in falling units"),
        ("Rest for 5 m", "unknown unit, 'm'; write min for minutes"),
        ("Charge at C/10 until 50% SOC", "write until 50% of theoretical capacity, or until x = 1.5"),
        ("Hold at 0.1 V for 300 mAh/g", "a hold cannot be ended by a charge that passes, only by"),
        ("Charge at C/10 until 0 mAh/g", "a charge [Ah/g] must be above 0"),
        ("Rest for " + "1" * 2000 + " s", "has 2,011 characters, and a step has at most 1,000"),
    ],
)  # fmt: skip
def test_refused_with_the_form_that_does_it(text, fragment):
    with pytest.raises(InputError) as caught:
        parse_step(text, "Li")
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


def test_charge_that_passes_and_charge_held():
    # q = I t; x = 3 q / Q for a host that begins empty.
    cell = load_mechanism("li-sb")
    full = cell.theoretical_capacity_mAh_per_g
    solution = simulate(
        cell,
        [
            ("Insert at 0.1 mA/cm2 for 300 mAh/g", "Rest for 1 min", "Insert at 2 mA until 400 mAh/g"),
            ("Extract at C/5 for 50 mAh/g", "Extract at C/5 until 25%", "Insert at C/5 for 1 mAh/cm2"),
        ],
        electrode_mass_g=0.02,
        loading_mg_per_cm2=2.0,
        progress=False,
    )
    steps = solution.steps
    assert [s.outcome for s in steps] == [
        Outcome.CHARGE, Outcome.TIME, Outcome.CAPACITY, Outcome.CHARGE, Outcome.CAPACITY, Outcome.CHARGE,
    ]  # fmt: skip
    currents = [solution.current_A_per_g[s.first + 1] for s in steps]
    assert currents[0] == pytest.approx(1e-4 / 2e-3, rel=1e-12)  # A/cm2 over g/cm2
    assert currents[2] == pytest.approx(2e-3 / 0.02, rel=1e-12)  # A over g
    passed = [s.charge_mAh_per_g for s in steps]
    assert passed[0] == pytest.approx(300.0, rel=1e-9)
    assert passed[3] == pytest.approx(-50.0, rel=1e-9)
    assert passed[5] == pytest.approx(500.0, rel=1e-9)
    assert steps[0].duration_s == pytest.approx(3600.0 * 0.3 / 0.05, rel=1e-12)
    held = [3.0 * 400.0 / full, 0.75]
    assert [solution.composition[steps[n].last - 1] for n in (2, 4)] == pytest.approx(held, rel=1e-9)
    assert "the charge of its limit had passed: 300 mAh/g" in str(steps[0])
    assert "the charge that it holds reached 25% of theoretical capacity" in str(steps[4])


def test_a_saved_solution_repeats_its_forms(tmp_path):
    made = simulate("li-sb", "Insert at 0.5 mA/cm2 for 20 mAh/g", progress=False)
    made.save(tmp_path / "s.npz")
    again = sbpath.simulate_again(sbpath.load_solution(tmp_path / "s.npz"), progress=False)
    assert str(again.steps[0].step) == "Insert at 500 uA/cm2 for 20 mAh/g"
    assert (again.voltage_V == made.voltage_V).all()


@pytest.mark.parametrize(
    ("step", "fragment"),
    [
        ("Insert at 0.1 mA until 0.05 V", "100 uA needs the mass of host in the electrode; give electrode_mass_g "
         "(--mass 2mg), or write it per gram, in A/g"),
        ("Hold at 0.5 V until 5 uA", "5 uA needs the mass of host"),
        ("Insert at C/10 for 2 mAh", "2 mAh needs the mass of host"),
        ("Insert at C/10 until 110%", "holds 0 to 3 Li per Sb, 100% or 660.4 mAh/g of host, and these limits are only "
         "approached; use at most 99%, or a voltage"),
    ],
)  # fmt: skip
def test_amounts_that_are_missing_or_too_large(step, fragment):
    with pytest.raises(InputError) as caught:
        simulate("li-sb", step, progress=False)
    assert fragment in str(caught.value)


def test_a_limit_that_is_never_reached_is_no_time_limit():
    with pytest.raises(
        sbpath.SimulationError, match=r"its limit was not reached in 1e\+12 s; give it one that can"
    ):
        simulate("li-sb", "Insert at 1e-12C until 0.05 V", progress=False)


@pytest.mark.parametrize(
    ("step", "fragment"),
    [
        ("Sweep at 6 mV/min to 0.05 V", "a scan rate is per second; divide it by 60 and write mV/s"),
        ("Sweep at 1 V/h to 0.05 V", "a scan rate is per second; divide it by 3600 and write mV/s"),
        (
            "Insert at 50 mA/gSb until 0.5 V",
            "currents and charges are per gram of host as prepared; write mA/g",
        ),
        ("Insert at C/10 for 200 mAh g-1 Sb", "per gram of host as prepared; write mA/g or mAh/g"),
        ("Insert at 5 kW/kg until 1 V", "power and resistance cannot be controlled"),
        ("Insert at 5 kΩ until 1 V", "power and resistance cannot be controlled"),
        ("Rest for 1 wink", "'wink'; the units are V, mV, C"),
    ],
)
def test_units_of_another_kind_are_named(step, fragment):
    with pytest.raises(InputError) as caught:
        parse_step(step)
    assert fragment in str(caught.value)


def test_a_time_limit_before_the_charge_is_a_time():
    steps = simulate("li-sb", ["Insert at C/10 for 1 h or for 300 mAh/g"], progress=False).steps
    assert steps[0].outcome is Outcome.TIME
    assert steps[0].step.limits[0] == TimeLimit(3600.0)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Rest for 2 h at 318 K", "Rest for 2 h at 44.85 C"),
        ("Rest for 2 h at 298.15K", "Rest for 2 h at 25 C"),
        ("Rest for 2 h from 25 to 60 C", "Rest for 2 h from 25 C to 60 C"),
        ("Rest for 2 h from 298.15 to 333.15 K", "Rest for 2 h from 25 C to 60 C"),
        ("Discharge at 0.1 C until 0.05 V from 25 to 60 °C in 2 h", "Insert at C/10 until 0.05 V from 25 C to 60 C in 2 h"),
    ],
)  # fmt: skip
def test_temperatures(text, canonical):
    assert str(parse_step(text)) == canonical
