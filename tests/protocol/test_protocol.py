"""Oracles: steps written out by hand, the text round trip, and one fragment of the message per mistake."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbpath.errors import InputError
from sbpath.protocol.protocol import Protocol, cycling, parse_step
from sbpath.protocol.steps import (
    CompositionLimit,
    ConstantCurrent,
    ConstantVoltage,
    CurrentLimit,
    Limit,
    Rate,
    Rest,
    Step,
    Sweep,
    TimeLimit,
    VoltageLimit,
)
from sbpath.protocol.temperature import Ramp

C_10 = Rate(0.1, "C")
TO_0V05 = (VoltageLimit(0.05),)
DISCHARGE = ConstantCurrent("insertion", C_10, TO_0V05)
CHARGE = ConstantCurrent("extraction", C_10, (VoltageLimit(1.5),))


# --- rates


@pytest.mark.parametrize(
    ("text", "rate", "canonical"),
    [
        ("C/10", Rate(0.1, "C"), "C/10"),
        ("c / 10", Rate(0.1, "C"), "C/10"),
        ("0.1C", Rate(0.1, "C"), "C/10"),
        ("C/3", Rate(1 / 3, "C"), "C/3"),
        ("0.3 C", Rate(0.3, "C"), "0.3C"),
        ("C/1", Rate(1.0, "C"), "1C"),
        ("2C", Rate(2.0, "C"), "2C"),
        ("50 mA/g", Rate(0.05, "A/g"), "50 mA/g"),
        ("0.05 A/g", Rate(0.05, "A/g"), "50 mA/g"),
        ("0.7mA / g", Rate(0.0007, "A/g"), "700 uA/g"),
        ("1.32 A/g", Rate(1.32, "A/g"), "1.32 A/g"),
        ("1 A", Rate(1.0, "A"), "1 A"),
        ("5 mA", Rate(0.005, "A"), "5 mA"),
        ("20 uA", Rate(2e-5, "A"), "20 uA"),
        ("20 \u00b5A", Rate(2e-5, "A"), "20 uA"),
        ("20 \u03bcA", Rate(2e-5, "A"), "20 uA"),
        ("1e-3 A", Rate(0.001, "A"), "1 mA"),
    ],
)
def test_rate_is_read_exactly_and_written_canonically(text: str, rate: Rate, canonical: str) -> None:
    assert Rate.parse(text) == rate
    assert str(rate) == canonical


@pytest.mark.parametrize(
    ("rate", "expected_A_per_g"),
    [
        (Rate(0.1, "C"), 0.066),  # 0.66 A/g times 0.1
        (Rate(0.05, "A/g"), 0.05),
        (Rate(5e-6, "A"), 0.0025),  # 5 uA on 2 mg
    ],
)
def test_rate_in_A_per_g(rate: Rate, expected_A_per_g: float) -> None:
    assert rate.to_A_per_g(one_C_A_per_g=0.66, electrode_mass_g=0.002) == pytest.approx(
        expected_A_per_g, rel=1e-15
    )


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "'': '' is not a number with a unit"),
        ("fast", "'fast' is not a number with a unit"),
        ("C", "'C' is not a number with a unit"),
        ("C/0", "'C/0' divides by 0"),
        ("0C", "must be above 0, not 0"),
        ("-5 mA", "must be above 0, not -0.005"),
        ("nan A", "must be a finite number, not nan"),
        ("5", "'5' has no unit"),
        ("5 W", "unknown unit, 'W'"),
        ("5 V", "'5 V' is a voltage, where a current is needed"),
    ],
)
def test_bad_rate_text(text: str, fragment: str) -> None:
    message = message_of(Rate.parse, text)
    assert fragment in message
    assert message.endswith("write for example 'C/10', '50 mA/g' or '5 mA'")


# --- steps from text


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Discharge at C/10 until 0.05 V", DISCHARGE),
        ("discharge AT c / 10 UNTIL 0.05v", DISCHARGE),
        ("  Discharge  at C/10   until 50 mV ", DISCHARGE),
        ("Insert at 0.1C until 0.05 V", DISCHARGE),
        ("Lithiate at C/10 until 0.05 V", DISCHARGE),
        ("Sodiate at C/10 until 0.05 V", DISCHARGE),
        ("Potassiate at C/10 until 0.05 V", DISCHARGE),
        ("Charge at C/10 until 1.5 V", CHARGE),
        ("Extract at C/10 until 1.5 V", CHARGE),
        ("Delithiate at C/10 until 1.5 V", CHARGE),
        ("Desodiate at C/10 until 1.5 V", CHARGE),
        ("Depotassiate at C/10 until 1.5 V", CHARGE),
        ("Charge at 1 A until 1.5 V", ConstantCurrent("extraction", Rate(1, "A"), (VoltageLimit(1.5),))),
        ("Discharge at C/10 until -0.02 V", ConstantCurrent("insertion", C_10, (VoltageLimit(-0.02),))),
        ("Discharge at C/10 until \u22120.02 V", ConstantCurrent("insertion", C_10, (VoltageLimit(-0.02),))),
        ("Discharge at 0.5C for 2 hours", ConstantCurrent("insertion", Rate(0.5, "C"), (TimeLimit(7200),))),
        (
            "Discharge at C/5 for 30 minutes or until 0.05 V",
            ConstantCurrent("insertion", Rate(0.2, "C"), (TimeLimit(1800), VoltageLimit(0.05))),
        ),
        (
            "Discharge at C/5 until 0.05 V or for 30 minutes",
            ConstantCurrent("insertion", Rate(0.2, "C"), (VoltageLimit(0.05), TimeLimit(1800))),
        ),
        (
            "Insert at 50 mA/g until x = 2.5",
            ConstantCurrent("insertion", Rate(0.05, "A/g"), (CompositionLimit(2.5),)),
        ),
        (
            "Insert at 50mA/g until x=2.5 or until 0.05V (1 min period)",
            ConstantCurrent(
                "insertion", Rate(0.05, "A/g"), (CompositionLimit(2.5), VoltageLimit(0.05)), 60.0
            ),
        ),
        ("Rest for 1 hour", Rest((TimeLimit(3600),))),
        ("Rest for 1 h at 45 C", Rest((TimeLimit(3600),), temperature_C=45.0)),
        ("Rest at 45 \u00b0C for 1 h", Rest((TimeLimit(3600),), temperature_C=45.0)),
        ("Rest for 2 h from 25 C to 60 C (1 s period)", Rest((TimeLimit(7200),), 1.0, Ramp(25.0, 60.0))),
        ("Rest from 25 C to 60 C in 2 h", Rest((TimeLimit(7200),), None, Ramp(25.0, 60.0))),
        (
            "Discharge at 2 C until 0.05 V vs. Li+/Li at -10 degC",
            ConstantCurrent("insertion", Rate(2.0, "C"), TO_0V05, temperature_C=-10.0),
        ),
        (
            "Discharge at C/10 until 0.05 V from 25 C to 60 C in 2 h",
            ConstantCurrent("insertion", C_10, TO_0V05, temperature_C=Ramp(25.0, 60.0, 7200.0)),
        ),
        ("Rest for 10 s (0.5 second period)", Rest((TimeLimit(10),), 0.5)),
        ("Rest for 10 s(10 second period)", Rest((TimeLimit(10),), 10)),
        ("Hold at 0.01 V until C/50", ConstantVoltage(0.01, (CurrentLimit(Rate(0.02, "C")),))),
        (
            "Hold at 10 mV for 30 min or until 5 mA/g",
            ConstantVoltage(0.01, (TimeLimit(1800), CurrentLimit(Rate(0.005, "A/g")))),
        ),
        ("Hold at -5 mV until x = 3", ConstantVoltage(-0.005, (CompositionLimit(3),))),
        ("Sweep at 0.1 mV/s from 1.5 V to 0.05 V", Sweep(1e-4, 0.05, 1.5)),
        ("Sweep at 100 \u00b5V/s to 1.5 V", Sweep(1e-4, 1.5)),
        (
            "Sweep at 0.1 mV / s to 1.5 V for 2 h (10 second period)",
            Sweep(1e-4, 1.5, None, (TimeLimit(7200),), 10),
        ),
    ],
)
def test_step_is_read(text: str, step: Step) -> None:
    assert parse_step(text) == step
    assert parse_step(str(step)) == step


@pytest.mark.parametrize("unit", ["h", "hr", "hrs", "hour", "hours", "H", "Hours"])
def test_hour_has_many_names(unit: str) -> None:
    assert parse_step(f"Rest for 2{unit}") == parse_step(f"Rest for 2 {unit}") == Rest((TimeLimit(7200.0),))


@pytest.mark.parametrize("unit", ["min", "mins", "minute", "minutes"])
def test_minute_has_many_names(unit: str) -> None:
    assert parse_step(f"Rest for 2 {unit}") == Rest((TimeLimit(120.0),))


@pytest.mark.parametrize("unit", ["s", "sec", "secs", "second", "seconds"])
def test_second_has_many_names(unit: str) -> None:
    assert parse_step(f"Rest for 2 {unit}") == Rest((TimeLimit(2.0),))


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (DISCHARGE, "Insert at C/10 until 0.05 V"),
        (CHARGE, "Extract at C/10 until 1.5 V"),
        (Rest((TimeLimit(5400),), 10), "Rest for 1.5 h (10 s period)"),
        (Rest((TimeLimit(1800),)), "Rest for 30 min"),
        (Rest((TimeLimit(1000),)), "Rest for 1000 s"),
        (
            ConstantVoltage(0.01, (CurrentLimit(Rate(0.02, "C")), TimeLimit(7200))),
            "Hold at 0.01 V until C/50 or for 2 h",
        ),
        (ConstantVoltage(0, (CompositionLimit(3),)), "Hold at 0 V until x = 3"),
        (Sweep(1e-4, 0.05, 1.5), "Sweep at 0.1 mV/s from 1.5 V to 0.05 V"),
        (Sweep(1e-4, 1.5), "Sweep at 0.1 mV/s to 1.5 V"),
    ],
)
def test_canonical_text(step: Step, text: str) -> None:
    assert str(step) == text


MAGNITUDES = st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False)
VOLTAGES = st.floats(allow_nan=False, allow_infinity=False)
# the numbers people type, where the tidy units (mA/g, min, C/10) come into play
TYPED = st.integers(1, 5000).map(lambda n: n / 1000) | st.integers(1, 10**6).map(float)
RATES = st.builds(
    Rate, MAGNITUDES | TYPED | st.integers(1, 200).map(lambda n: 1 / n), st.sampled_from(["C", "A/g", "A"])
)
PERIODS = st.none() | MAGNITUDES | TYPED
LIMITS: dict[str, st.SearchStrategy[Limit]] = {
    "V": st.builds(VoltageLimit, VOLTAGES | TYPED),
    "I": st.builds(CurrentLimit, RATES),
    "t": st.builds(TimeLimit, MAGNITUDES | TYPED),
    "x": st.builds(CompositionLimit, MAGNITUDES | st.just(0.0)),
}


def limits(kinds: str, at_least: int = 1) -> st.SearchStrategy[tuple[Limit, ...]]:
    return st.lists(st.one_of(*(LIMITS[kind] for kind in kinds)), min_size=at_least, max_size=3).map(tuple)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(ConstantCurrent, st.sampled_from(["insertion", "extraction"]), RATES, limits("Vtx"), PERIODS),
    st.builds(ConstantVoltage, VOLTAGES, limits("Itx"), PERIODS),
    st.builds(Rest, limits("t"), PERIODS),
    st.tuples(MAGNITUDES | TYPED, VOLTAGES, st.none() | VOLTAGES, limits("t", 0), PERIODS)
    .filter(lambda fields: fields[1] != fields[2])
    .map(lambda fields: Sweep(*fields)),
)


@settings(deadline=None)
@given(STEPS)
def test_text_of_any_step_gives_the_step_back(step: Step) -> None:
    text = str(step)
    assert parse_step(text) == step
    assert parse_step(text.upper()) == step
    assert str(parse_step(text)) == text


@settings(deadline=None)
@given(st.lists(st.lists(STEPS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple))
def test_strings_of_any_protocol_give_the_protocol_back(cycles: tuple[tuple[Step, ...], ...]) -> None:
    protocol = Protocol(cycles)
    assert Protocol.parse(protocol.to_strings()) == protocol


@settings(deadline=None)
@given(
    st.text()
    | st.from_regex(r"(Discharge|Rest|Hold|Sweep)( (at|for|until|to|from|or|[-0-9a-zA-Z/.=]+)){0,8}")
)
def test_any_text_is_a_step_or_a_one_line_error(text: str) -> None:
    try:
        step = parse_step(text)
    except InputError as error:
        lines = str(error).splitlines()
    else:
        lines = [str(step)]
        assert parse_step(lines[0]) == step
    assert len(lines) == 1


# --- mistakes


def message_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


BAD_STEPS = [
    (
        "Rest for 1 h at 113 F",
        "'113 F' is not in C; temperatures of steps are in C, as in 'Rest for 1 h at 45 C'",
    ),
    ("Rest for 1 h at 45 C at 50 C", "a step has one temperature; leave one out"),
    (
        "Hold at 0.1 V until C/50 from 25 C to 60 C",
        "a ramp needs a time; give the step one with 'for', or write",
    ),
    ("Rest from 25 C to 60 C in 2 V", "'2 V' is a voltage, where a time is needed"),
    ("", "no step begins with ''"),
    ("Dischrge at C/10 until 0.05 V", "no step begins with 'Dischrge', the nearest known one is 'Discharge'"),
    ("Sodate at C/10 until 0.05 V", "the nearest known one is 'Sodiate'"),
    ("Flurble at C/10 until 0.05 V", "no step begins with 'Flurble'; write for example 'Discharge at"),
    ("Discharge at C/10", "a constant-current step needs a limit, 'for' a time or 'until' a value"),
    ("Rest", "a rest needs a limit"),
    ("Hold at 0.1 V", "a hold needs a limit"),
    ("Discharge until 0.05 V", "'at' and a value must follow the verb"),
    ("Discharge C/10 until 0.05 V", "'at' and a value must follow the verb"),
    ("Discharge at fast until 0.05 V", "'fast' is not a number with a unit"),
    ("Discharge at 0.05 V for 1 h", "'0.05 V' is a voltage, where a current is needed"),
    (
        "Discharge at 1 W until 0.05 V",
        "'1 W' has an unknown unit, 'W'; power and resistance cannot be controlled; give a current",
    ),
    ("Discharge at 5 until 0.05 V", "'5' has no unit"),
    ("Discharge at 0C until 0.05 V", "a rate [C] must be above 0, not 0"),
    ("Discharge at C/0 until 0.05 V", "'C/0' divides by 0"),
    ("Discharge at -C/10 until 0.05 V", "a rate [C] must be above 0, not -0.1"),
    ("Discharge at C/-10 until 0.05 V", "a rate [C] must be above 0, not -0.1"),
    ("Discharge at C/inf until 0.05 V", "a rate [C] must be above 0, not 0"),
    ("Charge at -1 A until 1.5 V", "a rate [A] must be above 0, not -1"),
    ("Charge at inf A until 1.5 V", "a rate [A] must be a finite number, not inf"),
    ("Discharge at C/10 until C/20", "a constant-current step cannot be ended by a current"),
    ("Discharge at C/10 until nan V", "a cut-off voltage [V] must be a finite number, not nan"),
    ("Discharge at C/10 until 1e999 V", "a cut-off voltage [V] must be a finite number, not inf"),
    ("Discharge at C/10 until 0.05", "'0.05' has no unit"),
    ("Discharge at C/10 until 0,05 V", "the decimal separator is a point"),
    ("Discharge at C/10 until 2 h", "'for' takes a time"),
    ("Discharge at C/10 for 0.05 V", "'for' takes a time"),
    (
        "Discharge at C/10 until 1 mV/s",
        "'until' a voltage, a current, a charge or a composition, not '1 mV/s'",
    ),
    ("Discharge at C/10 until 0.05 V or 2 h", "'2 h' is not a limit; begin each with 'for' or 'until'"),
    ("Discharge at C/10 until 0.05 V for 2 h", "put 'or' between them"),
    ("Discharge at C/10 for", "'for' is not a limit"),
    ("Insert at C/10 until x = -1", "a composition x cannot be negative, as -1 is"),
    ("Insert at C/10 until x = inf", "a composition x [mol per mol Sb] must be a finite number"),
    ("Hold at C/10 for 1 h", "'C/10' is a current, where a voltage is needed"),
    ("Hold at 0.1 V until 0.2 V", "a hold cannot be ended by a voltage, only by a current"),
    ("Hold at nan V for 1 h", "the voltage of a hold [V] must be a finite number"),
    ("Rest until 1 V", "a rest cannot be ended by a voltage, only by a time"),
    ("Rest until C/50", "a rest cannot be ended by a current, only by a time"),
    ("Rest for 1 h or until x = 1", "a rest cannot be ended by a composition, only by a time"),
    ("Rest at 1 V for 1 h", "unexpected 'at 1 V' between 'Rest' and 'for'"),
    ("Rest for 0 s", "a time [s] must be above 0, not 0"),
    ("Rest for -1 h", "a time [s] must be above 0, not -3600"),
    ("Rest for 3 fortnights", "unknown unit, 'fortnights'"),
    ("Rest for 1 h (10 s)", "'(10 s)' is not an output period such as '(10 second period)'"),
    ("Rest for 1 h (0 s period)", "the output period [s] must be above 0"),
    ("Rest for 1 h (10 mV period)", "'10 mV' is a voltage, where a time is needed"),
    ("Sweep at 0.1 mV/s until 0.05 V", "a sweep needs 'to' and its end voltage"),
    ("Sweep at 0.1 mV/s to 0.05 V until 0.1 V", "a sweep cannot be ended by a voltage, only by a time"),
    ("Sweep at 0.1 V from 1 V to 0 V", "'0.1 V' is a voltage, where a scan rate is needed"),
    ("Sweep at 0 mV/s to 0 V", "a scan rate [V/s] must be above 0"),
    ("Sweep at -1 mV/s to 0 V", "a scan rate [V/s] must be above 0"),
    ("Sweep at 1 mV/s from 1 V to 1000 mV", "a sweep cannot start and end at the same voltage, 1 V"),
]


@pytest.mark.parametrize(("text", "fragment"), BAD_STEPS)
def test_bad_text_is_named_explained_and_answered_with_an_example(text: str, fragment: str) -> None:
    message = message_of(parse_step, text)
    assert message.startswith(f"'{text}': ")
    assert fragment in message
    example = message.rpartition("write for example '")[2].removesuffix("'")
    parse_step(example)  # advice that does not parse would be worse than none


def test_error_stays_one_line_when_the_text_is_not() -> None:
    assert "'Rest for ever and ever'" in message_of(parse_step, "Rest\nfor ever\r\nand ever")


def test_a_number_is_not_a_step() -> None:
    assert message_of(parse_step, 3).startswith("3: a step or a rate is a line of text")


@pytest.mark.parametrize(
    ("verb", "ion", "other"),
    [
        ("Sodiate", "Na", "Li"),
        ("Lithiate", "Li", "K"),
        ("Potassiate", "K", "Na"),
        ("Desodiate", "Na", "K"),
        ("Delithiate", "Li", "Na"),
        ("Depotassiate", "K", "Li"),
    ],
)
def test_verb_of_another_ion_is_refused(verb: str, ion: Any, other: Any) -> None:
    text = f"{verb} at C/10 until 0.5 V"
    assert parse_step(text, ion) == parse_step(text)
    assert f"'{verb}' is for a {ion} cell and this is a {other} cell" in message_of(parse_step, text, other)


def test_neutral_verbs_fit_every_ion() -> None:
    for ion in ("Li", "Na", "K"):
        assert parse_step("Discharge at C/10 until 0.05 V", ion) == DISCHARGE
        assert parse_step("Extract at C/10 until 1.5 V", ion) == CHARGE


@pytest.mark.parametrize(
    ("build", "fragment"),
    [
        (lambda: Rate(1.0, "mA"), "the unit of a rate must be C, A/g, A or A/cm2, not 'mA'"),  # type: ignore[arg-type]
        (lambda: Rate("1", "A"), "a rate [A] must be a finite number, not '1'"),  # type: ignore[arg-type]
        (lambda: Rate(1.0, "A").to_A_per_g(0.66, 0.0), "electrode_mass_g must be above 0"),
        (lambda: C_10.to_A_per_g(float("nan"), 1.0), "one_C_A_per_g must be a finite number"),
        (lambda: CurrentLimit("C/10"), "the rate of a current limit must be a Rate, not 'C/10'"),  # type: ignore[arg-type]
        (lambda: ConstantCurrent("discharge", C_10, TO_0V05), "'insertion' or 'extraction', not 'discharge'"),  # type: ignore[arg-type]
        (lambda: ConstantCurrent("insertion", "C/10", TO_0V05), "must be a Rate, not 'C/10'"),  # type: ignore[arg-type]
        (lambda: Rest([TimeLimit(1.0)]), "the limits of a rest must be a tuple"),  # type: ignore[arg-type]
        (lambda: Rest(("1 h",)), "a rest cannot be ended by '1 h'"),  # type: ignore[arg-type]
        (lambda: Rest((TimeLimit(1.0),), -1.0), "the output period [s] must be above 0, not -1"),
        (lambda: Sweep(1e-4, 0.05, float("inf")), "the start of a sweep [V] must be a finite number"),
    ],
)
def test_objects_built_by_hand_are_checked_too(build: Any, fragment: str) -> None:
    assert fragment in message_of(build)


def test_steps_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DISCHARGE.period_s = 1.0  # type: ignore[misc]


# --- protocols

D, C = "Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V"


@pytest.mark.parametrize(
    ("given_", "cycles"),
    [
        (D, ((DISCHARGE,),)),
        (DISCHARGE, ((DISCHARGE,),)),
        ([D], ((DISCHARGE,),)),
        ([D, C], ((DISCHARGE, CHARGE),)),
        ((D, CHARGE), ((DISCHARGE, CHARGE),)),
        (np.array([D, C]), ((DISCHARGE, CHARGE),)),
        (pd.Series([D, C]), ((DISCHARGE, CHARGE),)),
        (map(str, [D, C]), ((DISCHARGE, CHARGE),)),
        (((D, C) for _ in range(2)), ((DISCHARGE, CHARGE),) * 2),
        (np.array([[D, C], [D, C]]), ((DISCHARGE, CHARGE),) * 2),
        ([(D, C)], ((DISCHARGE, CHARGE),)),
        ([[D, CHARGE]], ((DISCHARGE, CHARGE),)),
        ([(D, C)] * 3, ((DISCHARGE, CHARGE),) * 3),
        ([D, (C, D)] + [C] * 2, ((DISCHARGE,), (CHARGE, DISCHARGE), (CHARGE,), (CHARGE,))),
    ],
)
def test_what_counts_as_a_cycle(given_: Any, cycles: tuple[tuple[Step, ...], ...]) -> None:
    assert Protocol.parse(given_).cycles == cycles


def test_a_protocol_passes_through() -> None:
    protocol = Protocol(((DISCHARGE, CHARGE),))
    assert Protocol.parse(protocol) is protocol


def test_steps_are_counted_over_the_whole_protocol() -> None:
    rest = Rest((TimeLimit(3600.0),))
    assert list(Protocol.parse([(D, C), "Rest for 1 h", (D, C)]).steps()) == [
        (1, 1, DISCHARGE),
        (1, 2, CHARGE),
        (2, 3, rest),
        (3, 4, DISCHARGE),
        (3, 5, CHARGE),
    ]


def test_to_strings_is_nested_as_the_cycles_are() -> None:
    assert Protocol.parse([(D, C), "rest for 60 min"]).to_strings() == [
        ["Insert at C/10 until 0.05 V", "Extract at C/10 until 1.5 V"],
        ["Rest for 1 h"],
    ]


def test_all_bad_steps_are_reported_together() -> None:
    with pytest.raises(InputError) as caught:
        Protocol.parse([(D, "Rest"), (C, D), ("Sodiate at C/5 until 0.1 V", "Rest"), (3, D)], ion="Li")  # type: ignore[list-item]
    problems = caught.value.problems
    assert all(len(problem.splitlines()) == 1 for problem in problems)
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["cycle 1, step 2 (and 1 more like it)", "'Rest'"],
        ["cycle 3, step 5", "'Sodiate at C/5 until 0.1 V'"],
        ["cycle 4, step 7", "3"],
    ]


@pytest.mark.parametrize(
    ("given_", "fragment"),
    [
        ([], "the protocol is empty"),
        ((), "the protocol is empty"),
        ([(D, C), ()], "cycle 2: a cycle is a tuple of one or more steps"),
        ([[[D]]], "cycle 1, step 1: ['Discharge at C/10 until 0.05 V']: a step or a rate is a line of text"),
        (None, "cycle 1, step 1: None: a step or a rate is a line of text"),
    ],
)
def test_bad_protocol(given_: Any, fragment: str) -> None:
    assert fragment in message_of(Protocol.parse, given_)


def test_protocol_built_by_hand_is_checked() -> None:
    assert "cycle 1: a cycle is a tuple of one or more steps, not ('Rest',)" in message_of(
        Protocol, (("Rest",),)
    )


def test_cycling_inserts_then_extracts() -> None:
    assert cycling("C/10", 0.05, 1.5) == Protocol(((DISCHARGE, CHARGE),))
    assert cycling(C_10, 0.05, 1.5, cycles=3) == Protocol(((DISCHARGE, CHARGE),) * 3)
    assert cycling("0.1C", 0.05, 1.5, cycles=2, first="extraction") == Protocol(((CHARGE, DISCHARGE),) * 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("C/10", 1.5, 0.05),
            "cut-offs are the wrong way round: lower 1.5 V is not below upper 0.05 V; swap them",
        ),
        (
            ("C/10", 1, 1.0),
            "the cut-offs are the same, 1 V; give lower_V below upper_V, such as 0.05 and 1.5",
        ),
        (("C/10", float("nan"), 1.5), "a cut-off voltage [V] must be a finite number, not nan"),
        (("C/10", 0.05, float("inf")), "a cut-off voltage [V] must be a finite number, not inf"),
        (("C/10", 0.05, 1.5, 0), "cycles: must be a whole number, 1 or more, not 0"),
        (("C/10", 0.05, 1.5, 1.5), "cycles: must be a whole number, 1 or more, not 1.5"),
        (("C/10", 0.05, 1.5, 1, "charge"), "first must be 'insertion' or 'extraction', not 'charge'"),
        (
            ("10", 0.05, 1.5),
            "'10': '10' has no unit; the units are V, mV, C, A, mA, A/g, mA/g, mA/cm2, mAh/g, %, s, min, h, day, mV/s; "
            "write for example 'C/10', '50 mA/g' or '5 mA'",
        ),
    ],
)
def test_bad_cycling(arguments: tuple[Any, ...], message: str) -> None:
    assert message_of(cycling, *arguments) == message
