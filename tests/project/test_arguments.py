"""Numbers, names and sequences are taken in every form that has one meaning, and refused by name otherwise."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import sbpath
from sbpath.arguments import as_number, as_whole, items, number, whole
from sbpath.mechanism.documents import shipped_names
from sbpath.mechanism.notation import node_labels, node_named, phase_labels, phase_named
from sbpath.protocol.steps import CompositionLimit, Rate, Rest, Sweep, TimeLimit, VoltageLimit

TWOS = [2, 2.0, np.int64(2), np.uint8(2), np.float32(2.0), np.float64(2.0), np.array(2), np.array(2.0)]
NO_NUMBERS = [
    True, np.True_, np.array(True), math.nan, np.float32("nan"), np.array(math.inf), -math.inf, "2", b"2", None,
    [2], np.array([2]), pd.Series([2]), 2j, Decimal(2), 10**400, np.datetime64("2024-01-01"),
]  # fmt: skip

# A public function of one whole number, and the argument that messages name.
WHOLE = {
    "cycles of cycling": ("cycles", lambda n: sbpath.cycling("C/10", 0.05, 1.5, cycles=n)),
    "cycles_each of rate_test": ("cycles_each", lambda n: sbpath.rate_test("1C", 0.05, 1.5, n)),
    "pulses of gitt": ("pulses", lambda n: sbpath.gitt("C/10", 0.05, 1.5, pulses=n)),
    "cycles of gitt": ("cycles", lambda n: sbpath.gitt("C/10", 0.05, 1.5, pulses=3, cycles=n)),
    "cycles of cv": ("cycles", lambda n: sbpath.cv("1 mV/s", 0.05, 1.5, cycles=n)),
    "full_cycles of reversals": ("full_cycles", lambda n: sbpath.first_order_reversals("1C", 0.05, 1.5, [1.0], n)),
    "cycles of partial_cycling": ("cycles", lambda n: sbpath.partial_cycling("1C", 0.05, 1.5, 1, 2, cycles=n)),
    "full_cycles of partial_cycling": (
        "full_cycles", lambda n: sbpath.partial_cycling("1C", 0.05, 1.5, 1, 2, full_cycles=n),
    ),
    "full_cycles of rest_after_reversal": (
        "full_cycles", lambda n: sbpath.rest_after_reversal("1C", 0.05, 1.5, 1.0, full_cycles=n),
    ),
    "max_steps": ("max_steps", lambda n: sbpath.SolverOptions(max_steps=n)),
    "count of a Sample": ("sample", lambda n: sbpath.Sample("lhs", n)),
    "seed of a Sample": ("seed", lambda n: sbpath.Sample("lhs", 2, n)),
    "number of a Population": ("population: number", lambda n: sbpath.Population.lognormal(n).weight.tolist()),
    "keep of simulate": ("keep", lambda n: sbpath.Experiment.of("li-sb", "Rest for 1 h", keep=n)),
    "cycles of sweep": (
        "cycles", lambda n: sbpath.sweep("li-sb", "rate=5C,6C", cycles=n, workers=1, progress=False).about,
    ),
}  # fmt: skip
# Functions of one number that may be 2.
NUMBERS = {
    "cut-off": ("a cut-off voltage", lambda v: sbpath.cycling("C/10", 0.05, v)),
    "rate": ("a rate", lambda v: Rate(v, "C")),
    "voltage": ("a cut-off voltage", VoltageLimit),
    "time": ("a time", TimeLimit),
    "x": ("a composition", CompositionLimit),
    "period": ("the output period", lambda v: Rest((TimeLimit(3.0),), v)),
    "scan rate": ("a scan rate", lambda v: Sweep(v, 0.05)),
    "temperature_C": ("temperature_C", lambda v: sbpath.Experiment.of("li-sb", temperature_C=v)),
    "mass": ("electrode_mass_g", lambda v: sbpath.Experiment.of("li-sb", electrode_mass_g=v)),
    "1C": ("one_C_mA_per_g", lambda v: sbpath.Experiment.of("li-sb", one_C_mA_per_g=v)),
    "potential": ("potential_V", lambda v: sbpath.State({"Sb": 1.0}, v)),
    "start": ("time_s", lambda v: sbpath.State({"Sb": 1.0}, 1.0, v)),
    "share": ("fractions: Sb", lambda v: sbpath.State({"Sb": v}, 1.0)),
    "low": ("rate", lambda v: sbpath.Range("rate", v, 3.0)),
    "width": ("population: width of size", lambda v: sbpath.Population.lognormal(2, size=v).size.tolist()),
    "reversal": ("reversals_x", lambda v: sbpath.first_order_reversals("1C", 0.05, 1.5, v)),
    "change": (
        "li-sb: kinetics.growth_rate_per_s",
        lambda v: sbpath.with_changes(sbpath.load_mechanism("li-sb"), {"kinetics.growth_rate_per_s": v}).sha256,
    ),
    "equilibrium": (
        "temperature_C", lambda v: sbpath.equilibrium_potential(sbpath.load_mechanism("li-sb"), "Sb", "Li3Sb", v),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_number_of_any_kind_is_the_same(case):
    _, make = WHOLE[case]
    # Two runs of a sweep take the same time only to the clock's resolution, so what was run is compared.
    assert all(make(two) == make(2) for two in TWOS)


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_no_whole_number_is_refused_by_name(case):
    name, make = WHOLE[case]
    for given in (*NO_NUMBERS, 2.5, -2, np.int64(-1)):
        if given is None and case == "pulses of gitt":
            continue  # as many as fill the electrode
        if isinstance(given, str) and case in ("cycles of cycling", "cycles of sweep"):
            continue  # blocks of cycles may be a text
        with pytest.raises(sbpath.InputError) as error:
            make(given)
        assert [problem for problem in error.value.problems if problem.startswith(name)], given
        assert all(len(problem.splitlines()) == 1 for problem in error.value.problems)


@pytest.mark.parametrize("case", NUMBERS)
def test_a_number_of_any_kind_is_the_same(case):
    _, make = NUMBERS[case]

    def outcome(two):
        try:
            return make(two)
        except sbpath.InputError as error:
            return error.problems

    assert all(outcome(two) == outcome(2.0) for two in TWOS)


@pytest.mark.parametrize("case", NUMBERS)
def test_what_is_no_number_is_refused_by_name(case):
    name, make = NUMBERS[case]
    optional = case in ("period", "temperature_C", "mass", "1C", "equilibrium")
    several = case == "reversal"
    for given in NO_NUMBERS:
        if (given is None and optional) or (several and isinstance(given, list | np.ndarray | pd.Series)):
            continue
        with pytest.raises(sbpath.InputError) as error:
            make(given)
        assert error.value.problems[0].startswith(name), given
        assert len(error.value.problems) == 1


def test_the_boundary():
    assert [as_number(two) for two in TWOS] == [2.0] * len(TWOS)
    assert {type(as_whole(two)) for two in TWOS} == {int}
    assert [as_number(given) for given in NO_NUMBERS] == [None] * len(NO_NUMBERS)
    assert as_whole(2.5) is None
    assert as_whole(10**20 + 1) == 10**20 + 1
    messages = {
        "a: must be a finite number, not nan": lambda: number("a", math.nan),
        "a: must be a number from 0 to 3, not 4": lambda: number("a", 4, 0, 3),
        "a: must be a number, 1 or more, not 0": lambda: number("a", 0, 1),
        "a: must be a number above 0, not 0": lambda: number("a", 0, above=0),
        "a: must be a whole number, 1 or more, not 0": lambda: whole("a", 0),
        "a: must be a whole number from 2 to 1,000, not '2'": lambda: whole("a", "2", 2, 1000),
    }
    for message, make in messages.items():
        with pytest.raises(sbpath.InputError) as error:
            make()
        assert str(error.value) == message


def test_sequences():
    for given in (
        [1, 2],
        (1, 2),
        np.array([1, 2]),
        pd.Series([1, 2]),
        iter([1, 2]),
        range(1, 3),
        {1: 0, 2: 0}.keys(),
    ):
        if not isinstance(given, type({}.keys())):
            assert items(given) == [1, 2]
    for given in ("ab", b"ab", {"a": 1}, {1, 2}, 3, None, np.array("a")):
        assert items(given) is None


def test_arguments_of_numpy_are_saved_and_loaded(tmp_path):
    options = sbpath.SolverOptions(rtol=np.float32(1e-6), atol=np.array(1e-9), max_steps=np.int64(20_000))
    start = sbpath.State({"Sb": np.float32(1.0)}, np.array(1.2), np.int64(3))
    solution = sbpath.simulate(
        "li-sb", Rest((TimeLimit(np.int64(60)),), np.float64(10)), temperature_C=np.int64(30), keep=np.int64(2),
        electrode_mass_g=np.float32(2), one_C_mA_per_g=np.array(600), options=options, initial=start, progress=False,
        population=sbpath.Population.lognormal(np.int64(2), size=np.float32(0.25)),
    )  # fmt: skip
    again = sbpath.load_solution(solution.save(tmp_path / "a.npz"))
    assert again.experiment.as_document() == solution.experiment.as_document()
    sbpath.sweep(
        "li-sb", sbpath.Variation("rate", np.array([5, 6])), cycles=np.int64(1), temperature_C=np.float32(30),
        workers=np.array(1), out=tmp_path / "a.sqlite", progress=False,
    )  # fmt: skip
    assert len(sbpath.load_sweep(tmp_path / "a.sqlite")) == 2


# -- names of phases ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
def test_phases_may_be_written_as_printed(name):
    mechanism = sbpath.load_mechanism(name)
    for find, labels, known in (
        (node_named, node_labels, mechanism.nodes),
        (phase_named, phase_labels, mechanism.phases),
    ):
        assert [find(mechanism, node) for node in known] == list(known)
        for options in ({}, {"mathtext": True}):
            for node, label in labels(mechanism, **options).items():
                if [*labels(mechanism, **options).values()].count(label) == 1:
                    assert find(mechanism, label) == node


def test_names_of_phases_everywhere():
    mechanism = sbpath.load_mechanism("li-sb")
    solution = sbpath.simulate(mechanism, "Insert at 1C until x = 1", progress=False)
    for name in (
        "Li2Sb",
        "Li₂Sb",
        "Li$_{2}$Sb",
        r"$\mathrm{Li_2Sb}$",
        "Li$\\mathregular{_{2}}$Sb",
        "Li_2Sb",
        " Li2Sb ",
    ):
        assert (solution.fraction(name) == solution.fraction("Li2Sb")).all()
        assert sbpath.equilibrium_potential(mechanism, "Sb", name) == pytest.approx(0.956, abs=1e-3)
        path = f"interfaces.{name}|Sb.energy_J_per_m2"
        assert sbpath.value(mechanism, path) == sbpath.value(mechanism, "interfaces.Sb|Li2Sb.energy_J_per_m2")
        start = sbpath.Experiment.of(mechanism, initial=sbpath.State({name: 1.0}, 0.9)).initial
        assert start.fractions == {"Sb": 0.0, "Li2Sb": 1.0, "Li3Sb": 0.0}
    for name, hint in (
        ("Li₂Sn", "did you mean 'Li2Sb'?"),
        ("NaSb", "there are Sb, Li2Sb, Li3Sb"),
        (3, "there are"),
    ):
        with pytest.raises(sbpath.InputError, match=rf"^{name}: no phase has this name; .*{hint[:12]}"):
            solution.fraction(name)
