"""Oracle: the protocols of the studies are steps written out by hand; all mistakes of a call are told together."""

from __future__ import annotations

import pytest

from sbpath import (
    InputError,
    Protocol,
    cv,
    cycling,
    first_order_reversals,
    gitt,
    partial_cycling,
    rate_test,
    rest_after_reversal,
)
from sbpath.protocol.steps import Rate

IN, OUT = "Insert at C/10 until 0.05 V", "Extract at C/10 until 1.5 V"


def to(x, step):
    """`step` ended by a composition too."""
    return step.replace("until", f"until x = {x:g} or until")


# -- what the functions expand to -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "cycles"),
    [
        (
            gitt("C/10", 0.05, 1.5, "x = 1.2", "4 h"),
            [[to(1.2, IN), "Rest for 4 h", to(2.4, IN), "Rest for 4 h", IN, "Rest for 4 h",
              to(2.4, OUT), "Rest for 4 h", to(1.2, OUT), "Rest for 4 h", OUT, "Rest for 4 h"]],
        ),
        (
            gitt(Rate(1.0, "C"), 0.05, 1.5, "30 min", "1 h", cycles=2),
            [["Insert at 1C for 30 min or until 0.05 V", "Rest for 1 h", "Insert at 1C until 0.05 V", "Rest for 1 h",
              "Extract at 1C for 30 min or until 1.5 V", "Rest for 1 h", "Extract at 1C until 1.5 V", "Rest for 1 h"]] * 2,
        ),
        (
            gitt("50 mA/g", 0.05, 1.5, "1 h", "2 h", pulses=1),
            [["Insert at 50 mA/g for 1 h or until 0.05 V", "Rest for 2 h", "Extract at 50 mA/g until 1.5 V", "Rest for 2 h"]],
        ),
        (
            cv(["0.1 mV/s", "1mV/s"], 0.05, 1.5, 1),
            [[f"Sweep at {v} mV/s from 1.5 V to 0.05 V", f"Sweep at {v} mV/s from 0.05 V to 1.5 V"] for v in ("0.1", "1")],
        ),
        (
            rate_test(["C/10", "1C"], 0.05, 1.5, 2),
            [[IN, OUT]] * 2 + [["Insert at 1C until 0.05 V", "Extract at 1C until 1.5 V"]] * 2,
        ),
        (partial_cycling("C/10", 0.05, 1.5, 0.5, 2.0, 2), [[IN, OUT]] * 2 + [[to(2, IN), to(0.5, OUT)]] * 2),
        (
            partial_cycling("C/10", 0.05, 1.5, 0.5, 2.0, 1, "extraction", full_cycles=0),
            [[IN], [to(0.5, OUT), to(2, IN)]],
        ),
        (
            first_order_reversals("C/10", 0.05, 1.5, [0.5, 2.5], full_cycles=1),
            [[IN, OUT], [to(0.5, IN), OUT, IN, OUT], [to(2.5, IN), OUT, IN, OUT],
             [IN, to(0.5, OUT), IN, OUT], [IN, to(2.5, OUT), IN, OUT]],
        ),
        (
            rest_after_reversal("C/10", 0.05, 1.5, 0.3, rest="5 h", full_cycles=0),
            [[to(0.4, IN), to(0.3, OUT), "Rest for 5 h", OUT], [IN, to(0.2, OUT), to(0.3, IN), "Rest for 5 h", IN]],
        ),
    ],
)  # fmt: skip
def test_protocols_of_studies_are_these_plain_steps(protocol, cycles):
    assert protocol.to_strings() == cycles
    assert Protocol.parse(cycles) == protocol


def test_pulses_by_time_add_up_to_the_capacity():
    # C/20 for 30 min is a fortieth of it: 39 such pulses each way and one to the cut-off.
    (cycle,) = gitt("C/20", 0.05, 1.5).to_strings()
    assert cycle.count("Insert at C/20 for 30 min or until 0.05 V") == 39
    assert cycle.count("Extract at C/20 for 30 min or until 1.5 V") == 39
    assert len(cycle) == 160


@pytest.mark.parametrize(
    ("make", "fragments"),
    [
        (
            lambda: gitt("fast", 1.5, 0.5, "3 V", "-1 h", 0, 0),
            ["rate: 'fast'", "wrong way round", "pulse: '3 V' is a voltage, where a time or a composition is needed",
             "rest: a time [s] must be above 0", "pulses: must be a whole number, 1 or more, not 0", "cycles:"],
        ),
        (lambda: gitt("5 mA/g", 0.05, 1.5), ["pulses: how many at 5 mA/g fill the electrode depends"]),
        (lambda: gitt("C/5", 0.05, 1.5, "x = 0"), ["pulse: must be a composition above 0 alkali per Sb, such as 1.5, not 0.0"]),
        (lambda: gitt("C/5", 0.05, 1.5, 30), ["pulse: must be text in quotes, not 30"]),
        (
            lambda: cv(["1 V", "0 mV/s"], 1.0, 0.0, True),
            ["wrong way round", "scan_rates: '1 V' is a voltage, where a scan rate is needed",
             "scan_rates: a scan rate [V/s] must be above 0", "cycles: must be a whole number, 1 or more, not True"],
        ),
        (lambda: cv([], 0.05, 1.5), ["scan_rates: must be a list such as ['0.1 mV/s', '0.5 mV/s'], not []"]),
        (lambda: rate_test(None, 0.05, 1.5, 1.5), ["rates: must be a list", "cycles_each: must be a whole number"]),
        (lambda: rate_test(["C/10", "x"], 0.05, float("nan")), ["a cut-off voltage", "rates: 'x'"]),
        (lambda: partial_cycling("C/10", 0.05, 1.5, 2.0, 1.0), ["low_x: must be below high_x, but 2 is not below 1"]),
        (
            lambda: partial_cycling("C/10", 0.05, 1.5, 0.0, -3.0, 0, "insertion", -1),
            ["low_x: must be a composition above 0", "high_x:", "cycles:", "full_cycles: must be a whole number, 0 or more"],
        ),
        (
            lambda: partial_cycling("C/10", 0.05, 1.5, 0.0, 1.0, 1, "in"),
            ["first: must be 'insertion' or 'extraction', not 'in'"],
        ),
        (lambda: first_order_reversals("C/10", 0.05, 1.5, [-3, "a"]), ["such as 1.5, not -3", "such as 1.5, not 'a'"]),
        (lambda: first_order_reversals("C/10", 0.05, 1.5, None), ["reversals_x: must be a list"]),
        (lambda: rest_after_reversal("C/10", 0.05, 1.5, 0.1), ["back_x: must be less than x = 0.1, not 0.1"]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_call_are_told_together(make, fragments):
    with pytest.raises(InputError) as caught:
        make()
    assert len(caught.value.problems) == len(fragments)
    for problem, fragment in zip(caught.value.problems, fragments, strict=True):
        assert fragment in problem


def test_one_value_may_stand_for_a_list_of_one():
    assert cv("1 mV/s", 0.05, 1.5) == cv(["1 mV/s"], 0.05, 1.5)
    assert rate_test("1C", 0.05, 1.5) == cycling("1C", 0.05, 1.5, 3)
    assert first_order_reversals("C/10", 0.05, 1.5, 1.5) == first_order_reversals("C/10", 0.05, 1.5, [1.5])
