"""What a heading of a cycler's table means: names and units as makers write them.

A heading is a name and a unit: ``Ewe/V``, ``Current (mA)``, ``U[V]``, ``Current, A``, ``voltage_volt``. Names match as a
whole, after folding of case, spaces and punctuation. Those of one group mean the same; an earlier group is preferred.
A channel without a name, ``CH1-1[V]`` or ``mA``, is what its unit says, if nothing better is there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

# quantity: groups of names, the preferred one first.
_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "test time, total time, cumulative time, run time, elapsed time, total elapsed time, prog time, program time, test, "
        "time since start, total test time, 测试时间, 总时间, 累计时间, 运行时间, gesamtzeit, programmzeit, programmdauer, "
        "corrected time, tot time, 経過時間, 總時間, 총시간, 경과시간",
        "time, t, seconds, minutes, hours, zeit, temps, tiempo, tempo, 时间, 時間, 시간",
    ),
    "step time": (
        "step time, relative time, t step, state time, step, time in step, 工步时间, 相对时间, 步骤时间, schrittzeit, schrittdauer",
    ),
    "date": (
        "date time, date and time, datetime, timestamp, time stamp, real time, realtime, absolute time, sys time, system time, "
        "dpt time, date stamp, date, unix time, clock time, datum, zeitstempel, 日時, 绝对时间, 系统时间, 日期, 日期时间, 实时时间",
    ),
    "voltage": (
        "ewe, we1 potential, working electrode, working electrode potential, ewe-ref",
        "<ewe>",
        "voltage, volts, volt, potential, u, e, v, vf, ecell, cell voltage, cell potential, battery voltage, ewe-ece, vol, "
        "spannung, tension, tensión, tensione, 电压, 电位, 电势, 电池电压, 電圧, 電壓, 전압, voltage volt, terminal voltage, "
        "voltage measured, voltage reading",
        "<ecell>",
    ),
    "current": (
        "<i>",
        "current, amps, amp, amperes, mamps, i, im, cur, we1 current, i cell, cell current, strom, stromstärke, courant, corriente, "
        "corrente, 电流, 電流, 전류, iwe, specific current, current density, j, curr, current measured, current reading",
    ),
    "temperature": (
        "cell temperature, t cell, aux temperature 1, temperature t1, temperature, temp, t1, temperatur, température, 温度, "
        "logtemp001, temperature measured, temperature a1, tk1, battery temperature, ambient temperature, environment temperature",
    ),
    "cycle": (
        "cycle index, cycle number, cycle, cycle id, cycle no, cycle count, cycleno, cyc#, cyc, cycle c, cyc count, "
        "zyklus, cycle p, サイクル, 사이클, 循环号, 循环序号, 循环, 循环次数, 圈数, 循环数, total cycle",
    ),
    "step": (
        "step index, step number, step no, step id, step, step count, stepno, step#, ns, line, schritt, segment, 工步号, "
        "工步序号, 步次, 工步, step id 1, step count 1",
    ),
    "state": (
        "step type, step name, state, md, status, command, step status, mode, charge discharge state, instruction name, "
        "工步类型, 工步名称, 状态, 工作模式, 工步状态, 状態, モード, zustand, step mode, step state, work mode",
    ),
    "charge capacity": (
        "charge capacity, chg cap, chg capacity, capacitance chg, cap chg, q charge, ah cyc charge, chargecapacity, "
        "charging capacity, 充电容量, ahcha, ah charge",
    ),
    "discharge capacity": (
        "discharge capacity, dchg cap, dchg capacity, capacitance dchg, cap dchg, q discharge, ah cyc discharge, "
        "discharging capacity, 放电容量, ahdch, ah discharge",
    ),
    "capacity": (
        "capacity, cap, amp hr, amp hours, mamp hr, ah, ah step, ahaccu, q-qo, q charge/discharge, charge, q, cumulative charge, "
        "net capacity, specific capacity, spec cap, 比容量, 容量, 電気量, 용량, kapazität, capacité, step capacity",
    ),
}
# quantity: unit, folded: factor to s, V, A, C (coulomb) or degrees Celsius.
_UNITS: dict[str, dict[str, float]] = {
    "time": {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sekunden"), 1.0),
        "ms": 1e-3,
        **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
        **dict.fromkeys(("d", "day", "days"), 86400.0),
    },
    "voltage": {
        **dict.fromkeys(("v", "volt", "volts", "vdc"), 1.0),
        "mv": 1e-3,
        "millivolt": 1e-3,
        "uv": 1e-6,
    },
    "current": {
        **dict.fromkeys(("a", "amp", "amps", "ampere", "amperes", "adc"), 1.0),
        **dict.fromkeys(("ma", "milliamp", "milliamps", "milliampere"), 1e-3),
        **dict.fromkeys(("ua", "microamp", "microampere"), 1e-6),
        "na": 1e-9,
        "ka": 1e3,
    },
    "capacity": {
        **dict.fromkeys(("ah", "ahr", "amp-hr", "amp-hours", "amperehour", "ampere_hour"), 3600.0),
        **dict.fromkeys(("mah", "mahr"), 3.6),
        "uah": 3.6e-3,
        **dict.fromkeys(("as", "c", "coulomb", "coulombs"), 1.0),
        **dict.fromkeys(("mas", "mc"), 1e-3),
        **dict.fromkeys(("uas", "uc"), 1e-6),
    },
    "current density": {
        **dict.fromkeys(("a/g", "ag-1"), 1.0),
        **dict.fromkeys(("ma/g", "mag-1", "a/kg", "akg-1"), 1e-3),
    },
    "specific capacity": {
        **dict.fromkeys(("ah/g", "ahg-1"), 3600.0),
        **dict.fromkeys(("mah/g", "mahg-1", "ah/kg", "ahkg-1"), 3.6),
    },
    "temperature": dict.fromkeys(("c", "°c", "degc", "celsius", "deg c", "oc", "\N{DEGREE CELSIUS}"), 1.0),
}
# Of amounts per mass or area.
_PER_AMOUNT = {"current": "current density", "capacity": "specific capacity"}
_KINDS = {
    "step time": "time",
    "charge capacity": "capacity",
    "discharge capacity": "capacity",
}
# Names that say their unit.
_SAYING = {
    "v": "V",
    "amps": "A", "amp": "A", "amperes": "A", "volts": "V", "volt": "V", "seconds": "s", "minutes": "min", "hours": "h",
    "mamps": "mA", "mamphr": "mAh", "ah": "Ah", "amphr": "Ah", "amphours": "Ah", "ahstep": "Ah", "ahcyccharge": "Ah", "ahcycdischarge": "Ah",
}  # fmt: skip
_REFERENCE = re.compile(r"\b(?:vs|versus|against|gegen)\b\.?\s*[^\s()\[\]{}]+", re.I)
# Currents per mass or area.
_PER = re.compile(r"/\s*(?:k?g|cm|m)|(?:g|cm|m)\^?-[12]|\bper\b|_per_")
# A channel without a name, and the group of its meaning.
_CHANNEL = re.compile(r"(?:ch|channel|kanal|input|ai)?\d*")
UNNAMED = 9
# A clock in place of a unit: h:min:s.ms
_CLOCK = re.compile(r"(?:.*\bin )?[hmsd]{1,4}[a-z.]*\s*:.*", re.I)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading may stand for.

    Attributes
    ----------
    quantity : str
        A key of the table of names, or ``current density`` and ``specific capacity`` for what is per mass or area.
    group : int
        0 for the preferred names.
    unit : str
        As written; empty if the heading has none.
    factor : float or None
        To s, V, A, C or degrees Celsius, or A/g and C/g; None if there is no unit, or an unknown one.
    """

    quantity: str
    group: int
    unit: str
    factor: float | None


def unit_factor(quantity: str, unit: str) -> float | None:
    """The factor of a unit of `quantity` to s, V, A, C or degrees Celsius; None if it is not one of its units."""
    return _UNITS.get(_KINDS.get(quantity, quantity), {}).get(_folded_unit(unit))


def unit_names(quantity: str) -> str:
    """The units of a quantity, for a message."""
    examples = {"time": "s, min, h or d", "voltage": "V or mV", "current": "A, mA or uA"}
    return examples.get(_KINDS.get(quantity, quantity), "Ah, mAh or C")


@lru_cache(maxsize=4096)  # of files of any number of columns
def meanings(heading: str, unit_below: str = "") -> tuple[Meaning, ...]:
    """What a heading may stand for, with the unit in it or in the row below; empty if it is of no use here."""
    if len(heading) > 200:
        return ()
    found = []
    for name, unit in _split(heading):
        unit = unit or _bare(unit_below)
        for quantity, group in _groups().get(_folded(name), ()):
            known = _UNITS.get(_KINDS.get(quantity, quantity))
            said = unit or (_SAYING.get(_folded(name), "") if known else "")
            if _CLOCK.fullmatch(said):
                said = ""
            said = said.strip()
            if quantity in _PER_AMOUNT and _PER.search(said):
                quantity = _PER_AMOUNT[quantity]
            factor = unit_factor(quantity, said)
            if quantity in _PER_AMOUNT.values():
                pass
            elif said and known is None:
                if said not in ("1", "#"):
                    continue
                said = ""
            elif said and factor is None and _is_other_unit(quantity, said):
                continue
            if not any(other.quantity == quantity for other in found):
                found.append(Meaning(quantity, group, said, factor))
    return tuple(found) or _channel(heading, unit_below)


def _channel(heading: str, unit_below: str) -> tuple[Meaning, ...]:
    """What a channel without a name is by its unit."""
    for name, unit in (*_split(heading), ("", heading)):
        unit = unit or _bare(unit_below)
        for quantity in ("time", "voltage", "current"):
            if _CHANNEL.fullmatch(_folded(name)) and (factor := unit_factor(quantity, unit)) is not None:
                return (Meaning(quantity, UNNAMED, unit, factor),)
    return ()


def is_unit(text: str) -> bool:
    """Whether a cell is a unit of some quantity, as in a row of units below the headings."""
    return any(_folded_unit(_bare(text)) in units for units in _UNITS.values())


def _is_other_unit(quantity: str, unit: str) -> bool:
    """Whether `unit` is one of another quantity, or per mass or area, so that the heading means something else."""
    kind = _KINDS.get(quantity, quantity)
    folded = _folded_unit(unit)
    return "/" in folded or any(folded in units for other, units in _UNITS.items() if other != kind)


@cache
def _groups() -> dict[str, list[tuple[str, int]]]:
    """Quantity and group of each folded name."""
    table: dict[str, list[tuple[str, int]]] = {}
    for quantity, groups in _NAMES.items():
        for number, names in enumerate(groups):
            for name in names.split(","):
                table.setdefault(_folded(name), []).append((quantity, number))
    return table


def _split(heading: str) -> list[tuple[str, str]]:
    """Name and unit of a heading, in each way in which it may be written."""
    text = unicodedata.normalize("NFKC", _REFERENCE.sub("", heading)).strip().strip("~\"' ")
    text = re.sub(r"^<([^<>/]+)/([^<>/]+)>$", r"<\1>/\2", text)
    ways = []
    if match := re.fullmatch(r"(.*?)\s*[(\[{]\s*([^()\[\]{}]*)[)\]}]", text):
        ways.append((match[1].rstrip("/, "), match[2]))
    if "/" in text:
        name, _, unit = text.partition("/")
        ways.append((name, unit))
        if unit.count("/"):  # Q charge/discharge/mA.h
            ways.append((text.rpartition("/")[0], text.rpartition("/")[2]))
    if "," in text:
        name, _, unit = text.rpartition(",")
        ways.append((name, unit.strip(" ()")))
    if match := re.fullmatch(r"(.+)[_ ]([^_ ]+)", text):
        if any(_folded_unit(match[2]) in units for units in _UNITS.values()):
            ways.append((match[1], match[2]))
        if match[2].casefold() == "hour" and match[1].casefold().endswith("_ampere"):
            ways.append((match[1][: -len("_ampere")], "Ah"))
    ways.append((text, ""))
    return ways


def _folded(name: str) -> str:
    """A name without case, spaces and punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[^\w<>#/|]|_", "", plain).strip("/")


def _bare(unit: str) -> str:
    """A unit without brackets and reference electrode."""
    return _REFERENCE.sub("", unit).strip().strip("()[]{}").strip()


def _folded_unit(unit: str) -> str:
    plain = unicodedata.normalize("NFKC", unit).casefold().replace("\N{GREEK SMALL LETTER MU}", "u")
    return re.sub(r"[\s.·*]|(?<=a)-(?=h)", "", plain)
