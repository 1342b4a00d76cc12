"""Blocks of cycles, and protocols as one text, against the same written out."""

from __future__ import annotations

import pytest
from curves import cycled

import sbpath
from sbpath import InputError, cycling
from sbpath.experiment import full_cycles
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.schedule import blocks, blocks_text, written_cycles

A, B = "Discharge at C/20 until 0.05 V", "Charge at C/20 until 1.2 V (10 second period)"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("4", [(4, None)]),
        ("3 x C/20, 10 x C/2", [(3, "C/20"), (10, "C/2")]),
        ("3xC/20,10×C/2", [(3, "C/20"), (10, "C/2")]),
        ("3 * 50 mA/g, 10", [(3, "50 mA/g"), (10, None)]),
        ("3 cycles at C/20, then 10 at C/2", [(3, "C/20"), (10, "C/2")]),
        ("3 formation cycles at C/20, then 10 cycles at C/2", [(3, "C/20"), (10, "C/2")]),
        ("1 cycle, 2 cycles at 1C", [(1, None), (2, "1C")]),
        ("2 x (1 x C/10, 2 x 1C), 1 x C/10", [(1, "C/10"), (2, "1C"), (1, "C/10"), (2, "1C"), (1, "C/10")]),
        ([(3, "C/20"), (10, None)], [(3, "C/20"), (10, None)]),
    ],
)
def test_blocks_are_read_as_people_write_them(text, wanted):
    found = blocks(text)
    assert [(count, rate and str(rate)) for count, rate in found] == wanted
    assert blocks(blocks_text(found)) == found


def test_a_schedule_is_its_blocks_one_after_the_other():
    formation, test = (cycling(rate, 0.05, 1.5, count).cycles for rate, count in (("C/20", 3), ("C/2", 10)))
    wanted = Protocol(formation + test)
    assert cycling([(3, "C/20"), (10, "C/2")], 0.05, 1.5) == wanted
    assert cycling("1C", 0.05, 1.5, "3 x C/20, 10 x C/2") == wanted
    assert cycling("C/2", 0.05, 1.5, [(3, "C/20"), (10, None)]) == wanted
    assert cycling([(1, "C/10"), (2, "1C")], 0.05, 1.5, 2) == cycling(
        "C/2", 0.05, 1.5, "2 x (1 x C/10, 2 x 1C)"
    )
    mechanism = sbpath.load_mechanism("li-sb")
    assert full_cycles(mechanism, cycles="3 x C/20, 10 x C/2") == wanted


@pytest.mark.parametrize(
    ("cycles", "wanted"),
    [
        ("", "cycles: there are none; write a number, or blocks such as '3 x C/20, 10 x C/2'"),
        ([], "cycles: there are none; write a number, or blocks such as '3 x C/20, 10 x C/2'"),
        ("three", "cycles: 'three' is neither a whole number nor a block of cycles; write for example '3 x C/20, 10 x C/2'"),
        ("C/20 x 3", "cycles: 'C/20 x 3' is neither a whole number nor a block of cycles; write for example '3 x C/20, 10 x C/2'"),
        ("0 x C/20", "cycles: '0 x C/20' has no cycle; write 1 or more"),
        ("3 x C/20)", "cycles: ')' without '(' after '3 x C/20'; add or remove one"),
        ("2 x (3 x C/20", "cycles: '(' without ')' in '2 x (3 x C/20'; add or remove one"),
        ("100001", "cycles: more than 100,000 cycles; write fewer"),
        ("9" * 5000 + " x 1C", "cycles: more than 100,000 cycles; write fewer"),
        ("400 x (400 x 1C)", "cycles: more than 100,000 cycles; write fewer"),
        ("(" * 30 + "1" + ")" * 30, "cycles: brackets are nested more than 20 deep; write fewer"),
        ([3, "C/20"], "cycles: a block is a number of cycles and a rate, (3, 'C/20'), not 3"),
        ([(0, "C/20")], "cycles: must be a whole number, 1 or more, not 0"),
        (10**9, "cycles: more than 100,000 cycles; write fewer"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_in_one_line(cycles, wanted):
    with pytest.raises(InputError) as caught:
        cycling("C/10", 0.05, 1.5, cycles)
    assert str(caught.value) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (A, [(A,)]),
        (f"{A}; {B}", [(A, B)]),
        (f"{A}\n{B}\n", [(A, B)]),
        (f"3 x ({A}; {B})", [(A, B)] * 3),
        (f"# formation\n2 x (\n  {A}\n  {B}  # up again\n)\nRest for 1 h\n({A})", [(A, B)] * 2 + [("Rest for 1 h",), (A,)]),
        (f"2 x (2 × ({A}); {B})", [(A,), (A,), (B,)] * 2),
    ],
)  # fmt: skip
def test_a_text_is_cycles_of_steps(text, wanted):
    assert written_cycles(text) == wanted
    assert Protocol.parse(text, "Li") == Protocol.parse([*wanted], "Li")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"3 x {A}", "put steps that repeat in brackets, as in '3 x (Discharge at C/20 until 0.05 V; Charge"),
        (f"3 x ({A}; {B}", "protocol: '(' without ')' in '3 x (Discharge at C/20"),
        (f"{A})", "protocol: ')' without '(' after 'Discharge at C/20 until 0.05 V'"),
        (f"0 x ({A})", "has no cycle; write 1 or more"),
        (f"1000 x (1000 x ({A}))", "protocol: more than 100,000 cycles; write fewer"),
        ("# nothing", "the protocol is empty"),
        (f"2 x ({A}; Chargge at C/2 until 1 V)", "cycle 1, step 2 (and 1 more like it): 'Chargge"),
    ],
)
def test_a_text_that_is_no_protocol_is_refused_in_one_line(text, wanted):
    with pytest.raises(InputError) as caught:
        Protocol.parse(text, "Li")
    assert wanted in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_every_cycle_of_a_schedule_has_its_rate_capacities_and_loop(simulated):
    solution = cycled(simulated, "k-sb", "1C", "2 x C/10, 2")
    found = sbpath.cycle_summaries(solution)
    assert [one.rate for one in found] == ["C/10", "C/10", "1C", "1C"]
    # Alone, the formation and the cycle after it are the same to the last bit.
    alone = sbpath.cycle_summaries(cycled(simulated, "k-sb"))
    assert found[:2] == alone
    for one, halves in zip(found, zip(*[iter(sbpath.half_cycles(solution))] * 2, strict=True), strict=True):
        into, out = halves
        assert one.insertion_mAh_per_g == pytest.approx(into.capacity_mAh_per_g, rel=1e-9)
        assert one.extraction_mAh_per_g == pytest.approx(out.capacity_mAh_per_g, rel=1e-9)
        assert one.coulombic_efficiency == pytest.approx(out.capacity_mAh_per_g / into.capacity_mAh_per_g)
        assert one.hysteresis_mV == pytest.approx(1e3 * (one.extraction_V - one.insertion_V), abs=1e-9)
