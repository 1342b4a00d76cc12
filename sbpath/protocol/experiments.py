"""Protocols of whole experiments: titration, voltammetry, rate tests, partial cycles, reversals.

Each function expands to plain steps, so what it asks for can be printed, saved and changed like
any other protocol. A protocol is a fixed list: where a cut-off comes early, the pulses that are
left over end at it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from sbpath.protocol.arguments import Arguments
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.steps import CompositionLimit, ConstantCurrent, Direction, Limit, Rate, Sweep


def gitt(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    pulse: str = "30 min",
    rest: str = "2 h",
    pulses: int | None = None,
    cycles: int = 1,
    full_x: float = 3.0,
) -> Protocol:
    """Return a galvanostatic intermittent titration: pulses and rests, in and out again.

    Every pulse also ends at the cut-off of its direction. The last pulse of extraction ends at
    nothing else, and that of insertion neither unless `pulses` is given, so that a titration
    of the whole range is a closed loop.

    Parameters
    ----------
    rate : str or Rate
        The current of the pulses.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    pulse : str
        How long a pulse is: a time such as ``"30 min"``, or a step of composition such as
        ``"x = 0.1"``, with which the pulses of both directions end at the same x = 0.1, 0.2, ...
    rest : str
        How long the rest after each pulse is, such as ``"2 h"``.
    pulses : int, optional
        How many in each direction. If not given, as many as fill the electrode, which for
        pulses by time can be told of a C-rate only (1C fills it in one hour).
    cycles : int
        How many times, 1 or more.
    full_x : float
        What the full electrode holds, mol of alkali per mol of Sb; 3 for A3Sb.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.gitt("C/20", 0.05, 1.5, pulse="x = 1", rest="4 h")
    >>> protocol.to_strings()[0][:2]
    ['Insert at C/20 until x = 1 or until 0.05 V', 'Rest for 4 h']
    """
    asked = Arguments()
    insertion, extraction = asked.halves(rate, lower_V, upper_V)
    size, relax = asked.pulse("pulse", pulse), asked.rest("rest", rest)
    full = asked.composition("full_x", full_x)
    if pulses is None:
        number = asked.pulses_to_fill("pulses", size, insertion.rate, full)
    else:
        number = asked.count("pulses", pulses)
    asked.count("cycles", cycles)
    asked.check()

    going_in = [_pulse(insertion, size, i, full) for i in range(1, number + 1)]
    if pulses is None:
        going_in[-1] = insertion
    coming_out = [_pulse(extraction, size, i, full) for i in range(number - 1, 0, -1)]
    steps = [step for current in (*going_in, *coming_out, extraction) for step in (current, relax)]
    return Protocol((tuple(steps),) * cycles)


def cv(scan_rates: Sequence[str] | str, lower_V: float, upper_V: float, cycles: int = 2) -> Protocol:
    """Return cyclic voltammetry: at each scan rate `cycles` sweeps down to `lower_V` and up again.

    A cell that does not stand at `upper_V` at the start jumps there.

    Parameters
    ----------
    scan_rates : sequence of str
        Such as ``["0.05 mV/s", "0.1 mV/s"]``, in the order in which they are run.
    lower_V, upper_V : float
        Where the sweeps turn [V], lower below upper.
    cycles : int
        At each scan rate, 1 or more. The first one still bears the marks of what was before.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.

    Examples
    --------
    >>> import sbpath
    >>> sbpath.cv("0.1 mV/s", 0.05, 1.5, cycles=1).to_strings()
    [['Sweep at 0.1 mV/s from 1.5 V to 0.05 V', 'Sweep at 0.1 mV/s from 0.05 V to 1.5 V']]
    """
    asked = Arguments()
    asked.window(lower_V, upper_V)
    speeds = asked.scan_rates("scan_rates", scan_rates)
    asked.count("cycles", cycles)
    asked.check()
    sweeps = [(Sweep(v, lower_V, upper_V), Sweep(v, upper_V, lower_V)) for v in speeds]
    return Protocol(tuple(cycle for cycle in sweeps for _ in range(cycles)))


def rate_test(
    rates: Sequence[str | Rate] | str | Rate, lower_V: float, upper_V: float, cycles_each: int = 3
) -> Protocol:
    """Return `cycles_each` constant-current cycles at each of `rates`, one rate after the other.

    Parameters
    ----------
    rates : sequence of str or Rate
        Such as ``["C/10", "1C", "C/10"]``; insertion and extraction run at the same one.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    cycles_each : int
        At each rate, 1 or more.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.

    Examples
    --------
    >>> import sbpath
    >>> len(sbpath.rate_test(["C/10", "1C"], 0.05, 1.5, cycles_each=2).cycles)
    4
    """
    asked = Arguments()
    asked.window(lower_V, upper_V)
    currents = asked.rates("rates", rates)
    asked.count("cycles_each", cycles_each)
    asked.check()
    each = [cycling(rate, lower_V, upper_V, cycles_each).cycles for rate in currents]
    return Protocol(tuple(cycle for cycles in each for cycle in cycles))


def partial_cycling(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    low_x: float,
    high_x: float,
    cycles: int = 3,
    first: Direction = "insertion",
    full_cycles: int = 2,
) -> Protocol:
    """Return minor loops: cycles between two compositions, after full cycles between the cut-offs.

    Parameters
    ----------
    rate : str or Rate
        The current throughout.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper; they end the partial cycles too.
    low_x, high_x : float
        Between which compositions, mol of alkali per mol of Sb.
    cycles : int
        How many partial cycles, 1 or more.
    first : {"insertion", "extraction"}
        Which half each partial cycle begins with, and so from which branch of the full loop
        the minor loop hangs: the electrode is empty before it, or full.
    full_cycles : int
        How many before, 0 or more; the first one of a fresh electrode can be unlike the others.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.
    """
    asked = Arguments()
    insertion, extraction = asked.halves(rate, lower_V, upper_V)
    low, high = asked.composition("low_x", low_x), asked.composition("high_x", high_x)
    if not asked.problems and low >= high:
        asked.problems.append(f"low_x: must be below high_x, but {low:g} is not below {high:g}; change one")
    if first not in get_args(Direction):
        asked.problems.append(f"first: must be 'insertion' or 'extraction', not {first!r}")
    asked.count("cycles", cycles)
    asked.count("full_cycles", full_cycles, least=0)
    asked.check()
    partial = (_to(insertion, high), _to(extraction, low))
    before = ((insertion, extraction),) * full_cycles
    if first == "extraction":
        partial = partial[::-1]
        before = (*before, (insertion,))
    return Protocol((*before, *(partial,) * cycles))


def first_order_reversals(
    rate: str | Rate, lower_V: float, upper_V: float, reversals_x: Sequence[float], full_cycles: int = 2
) -> Protocol:
    """Return first-order reversal curves from both branches of the full loop.

    For each composition in turn: from empty in to x, out again to `upper_V`, and once around
    the full loop. Then the same from the other branch: in to `lower_V`, out to x, in again, and
    out. Going around once matters: where Sb comes out amorphous and crystallizes by and by, the
    empty electrode still knows how it was emptied, and only the full one has forgotten. Each
    curve so begins on the full loop, in whatever order they come.

    Parameters
    ----------
    rate : str or Rate
        The current throughout.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    reversals_x : sequence of float
        Where to turn, mol of alkali per mol of Sb.
    full_cycles : int
        How many before, 0 or more; the last one is the loop that the curves lie in.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.
    """
    asked = Arguments()
    insertion, extraction = asked.halves(rate, lower_V, upper_V)
    turns = asked.compositions("reversals_x", reversals_x)
    asked.count("full_cycles", full_cycles, least=0)
    asked.check()
    return Protocol(
        (
            *((insertion, extraction),) * full_cycles,
            *((_to(insertion, x), extraction, insertion, extraction) for x in turns),
            *((insertion, _to(extraction, x), insertion, extraction) for x in turns),
        )
    )


def rest_after_reversal(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    x: float,
    back_x: float = 0.1,
    rest: str = "10 h",
    full_cycles: int = 2,
) -> Protocol:
    """Return two rests at one composition, each after the current has been turned around.

    From empty in to x + `back_x`, out to x, rest, and out to `upper_V`; then from full out to
    x - `back_x`, in to x, rest, and in to `lower_V`.

    Parameters
    ----------
    rate : str or Rate
        The current throughout.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    x : float
        Where it rests, mol of alkali per mol of Sb.
    back_x : float
        How far the current runs back before the rest, in x.
    rest : str
        How long, such as ``"10 h"``.
    full_cycles : int
        How many before, 0 or more.

    Raises
    ------
    InputError
        All that is wrong with the arguments, a line each.
    """
    asked = Arguments()
    insertion, extraction = asked.halves(rate, lower_V, upper_V)
    place, back = asked.composition("x", x), asked.composition("back_x", back_x)
    relax = asked.rest("rest", rest)
    if not asked.problems and not back < place:
        asked.problems.append(f"back_x: must be less than x = {place:g}, not {back:g}; take less")
    asked.count("full_cycles", full_cycles, least=0)
    asked.check()
    # The decimals that were typed, not 0.30000000000000004.
    above, below = round(place + back, 12), round(place - back, 12)
    return Protocol(
        (
            *((insertion, extraction),) * full_cycles,
            (_to(insertion, above), _to(extraction, place), relax, extraction),
            (insertion, _to(extraction, below), _to(insertion, place), relax, insertion),
        )
    )


def _to(step: ConstantCurrent, x: float) -> ConstantCurrent:
    """`step`, ended by the composition too."""
    return replace(step, limits=(CompositionLimit(x), *step.limits))


def _pulse(step: ConstantCurrent, size: Limit, number: int, full_x: float) -> ConstantCurrent:
    """`step` as a pulse; of those by composition number 1 stands between x = 0 and 1 step.

    A full electrode is only approached, so no pulse ends at `full_x`.
    """
    if not isinstance(size, CompositionLimit):
        return replace(step, limits=(size, *step.limits))
    x = round(number * size.x, 12)
    return _to(step, x) if x < full_x else step
