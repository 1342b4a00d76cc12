"""Files in the shape of each maker's export, made from one log of two cycles of an antimony half-cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

CURRENT_MA, MASS_MG = 0.06, 1.2
HALVES_MAH = (0.6, 0.54, 0.57, 0.54)
START = datetime(2024, 3, 28, 22, 15, 0)


@dataclass(frozen=True)
class Row:
    """What a cycler logs: time (s), in the step too, voltage (V), current (mA, charge positive), capacities (mAh)."""

    number: int
    time: float
    in_step: float
    volts: float
    mA: float
    cycle: int
    step: int
    state: str
    charged: float
    discharged: float

    @property
    def capacity(self) -> float:
        """Of this step."""
        return abs(self.mA) * self.in_step / 3600.0

    @property
    def date(self) -> datetime:
        return START + timedelta(seconds=self.time)


def log(every: float = 300.0) -> list[Row]:
    """Rest, then two cycles of insertion, rest and extraction; insertion is discharge, of negative current."""
    steps = [(1.0, "Rest", 0.0, 2.1, 2.0, 1)]
    for cycle, (inserted, extracted) in enumerate((HALVES_MAH[:2], HALVES_MAH[2:]), 1):
        steps.append((inserted / CURRENT_MA, "DChg", -CURRENT_MA, 1.1, 0.01, cycle))
        steps.append((0.5, "Rest", 0.0, 0.1, 0.3, cycle))
        steps.append((extracted / CURRENT_MA, "Chg", CURRENT_MA, 0.4, 1.5, cycle))
    rows: list[Row] = []
    start = charged = discharged = 0.0
    for step, (hours, state, mA, first, last, cycle) in enumerate(steps, 1):
        count = math.ceil(hours * 3600.0 / every)
        for i in range(count + 1):
            at = min(i * every, hours * 3600.0)
            share = at / (hours * 3600.0)
            passed = abs(mA) * at / 3600.0
            volts = first + (last - first) * (share + 0.1 * math.sin(2.0 * math.pi * share))
            rows.append(
                Row(
                    len(rows) + 1, start + at, at, volts, mA, cycle, step, state,
                    charged + passed * (state == "Chg"), discharged + passed * (state == "DChg"),
                )
            )  # fmt: skip
        start += hours * 3600.0
        total = abs(mA) * hours
        charged, discharged = charged + total * (state == "Chg"), discharged + total * (state == "DChg")
    return rows


@dataclass(frozen=True)
class Style:
    """How numbers are written: decimal comma or point, and the sign of currents."""

    comma: bool = False
    sign: int = 1

    def number(self, value: float, digits: int = 6) -> str:
        text = f"{value + 0.0:.{digits}f}"
        return text.replace(".", ",") if self.comma else text

    def science(self, value: float) -> str:
        text = f"{value + 0.0:.7E}"
        return text.replace(".", ",") if self.comma else text

    @property
    def separator(self) -> str:
        return ";" if self.comma else ","


def clock(seconds: float, days: str = "") -> str:
    """``26:03:04.000``, or with days ``1d 02:03:04.000``."""
    hours, rest = divmod(round(seconds * 1000), 3_600_000)
    text = ""
    if days:
        day, hours = divmod(hours, 24)
        text = f"{day}{days}"
    return f"{text}{hours:02d}:{rest // 60000:02d}:{rest // 1000 % 60:02d}.{rest % 1000:03d}"


def table(heads: list[str], rows: list[list[str]], separator: str, before: str = "", end: str = "\n") -> str:
    return before + end.join(separator.join(cells) for cells in [heads, *rows]) + end


def ec_lab(rows: list[Row], style: Style, name: str = "EC-Lab", volts: str = "Ewe/V") -> str:
    heads = ["mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.", "Ns", "I Range", "time/s",
             "control/V/mA", volts, "<I>/mA", "dq/mA.h", "(Q-Qo)/mA.h", "Q charge/discharge/mA.h", "half cycle",
             "Q discharge/mA.h", "Q charge/mA.h", "cycle number", "P/W"]  # fmt: skip
    cells = [
        ["3" if r.state == "Rest" else "1", "1" if r.mA > 0 else "0", "0", "0", "0", "0", str(r.step), "41",
         style.science(r.time), style.science(0.0), style.science(r.volts), style.science(style.sign * r.mA),
         style.science(0.0), style.science(style.sign * (r.charged - r.discharged)), style.science(r.capacity), "0",
         style.science(r.discharged), style.science(r.charged), style.science(r.cycle), style.science(0.0)]
        for r in rows
    ]  # fmt: skip
    settings = "\n".join(f"setting {i}           : 0.5" for i in range(20))
    head = f"{name} ASCII FILE\nNb header lines : 24                          \n\n{settings}\n"
    return table([*heads, ""], [[*row, ""] for row in cells], "\t", head, "\r\n")


def neware(rows: list[Row], style: Style) -> str:
    heads = ["DataPoint", "Cycle Index", "Step Index", "Step Type", "Time", "Total Time", "Current(mA)", "Voltage(V)",
             "Capacity(mAh)", "Spec. Cap.(mAh/g)", "Chg. Cap.(mAh)", "DChg. Cap.(mAh)", "Date", "Power(mW)"]  # fmt: skip
    names = {"Rest": "Rest", "Chg": "CC Chg", "DChg": "CC DChg"}
    cells = [
        [str(r.number), str(r.cycle), str(r.step), names[r.state], clock(r.in_step), clock(r.time),
         style.number(style.sign * r.mA), style.number(r.volts, 4), style.number(r.capacity), style.number(0.0),
         style.number(r.capacity * (r.state == "Chg")), style.number(r.capacity * (r.state == "DChg")),
         r.date.strftime("%Y-%m-%d %H:%M:%S"), style.number(0.0)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def neware_chinese(rows: list[Row], style: Style) -> str:
    heads = ["数据序号", "循环号", "工步号", "工步类型", "时间", "总时间", "电流(uA)", "电压(mV)", "容量(mAs)",
             "比容量(mAh/g)", "充电容量(mAs)", "放电容量(mAs)", "绝对时间"]  # fmt: skip
    names = {"Rest": "搁置", "Chg": "恒流充电", "DChg": "恒流放电"}
    cells = [
        [str(r.number), str(r.cycle), str(r.step), names[r.state], clock(r.in_step), clock(r.time),
         style.number(1e3 * style.sign * r.mA), style.number(1e3 * r.volts, 1), style.number(3600 * r.capacity),
         style.number(0.0), style.number(3600 * r.capacity * (r.state == "Chg")),
         style.number(3600 * r.capacity * (r.state == "DChg")), r.date.strftime("%Y-%m-%d %H:%M:%S")]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def neware_nested(rows: list[Row], style: Style) -> str:
    sep = style.separator
    lines = [
        sep.join(["Cycle ID", "Cap_Chg(mAh)", "Cap_DChg(mAh)"]),
        sep.join(["", "Step ID", "Step Name", "Step Time(h:min:s.ms)"]),
        sep.join(
            [
                "",
                "",
                "Record ID",
                "Time(h:min:s.ms)",
                "Voltage(V)",
                "Current(mA)",
                "Capacity(mAh)",
                "Realtime",
            ]
        ),
    ]
    names = {"Rest": "Rest", "Chg": "CC_Chg", "DChg": "CC_DChg"}
    cycle = step = 0
    for r in rows:
        if r.cycle != cycle:
            lines.append(sep.join([str(r.cycle), style.number(0.5), style.number(0.5)]))
        if r.step != step:
            lines.append(sep.join(["", str(r.step), names[r.state], clock(r.in_step)]))
        cycle, step = r.cycle, r.step
        cells = ["", "", str(r.number), clock(r.in_step), style.number(r.volts, 4)]
        cells += [style.number(style.sign * r.mA, 4), style.number(r.capacity)]
        lines.append(sep.join([*cells, r.date.strftime("%Y-%m-%d %H:%M:%S")]))
    return "\n".join(lines) + "\n"


def maccor(rows: list[Row], style: Style) -> str:
    heads = [
        "Rec#",
        "Cyc#",
        "Step",
        "Test (Min)",
        "Step (Min)",
        "Amp-hr",
        "Watt-hr",
        "Amps",
        "Volts",
        "State",
        "ES",
        "DPt Time",
    ]
    states = {"Rest": "R", "Chg": "C", "DChg": "D"}
    cells = [
        [str(r.number), str(r.cycle), str(r.step), style.number(r.time / 60), style.number(r.in_step / 60),
         style.number(1e-3 * r.capacity, 10), style.number(0.0), style.number(1e-3 * abs(r.mA), 10),
         style.number(r.volts, 8), states[r.state], "1", r.date.strftime("%m/%d/%Y %H:%M:%S")]
        for r in rows
    ]  # fmt: skip
    return table(
        heads, cells, "\t", "Today's Date 04/04/2016  Date of Test:\t03/31/2016\t Filename:\tx.001\n", "\r\n"
    )


def maccor_clock(rows: list[Row], style: Style) -> str:
    heads = ["Rec", "Cycle P", "Cycle C", "Step", "TestTime", "StepTime", "Cap. [Ah]", "Ener. [Wh]", "Current [A]",
             "Voltage [V]", "Md", "ES", "DPt Time"]  # fmt: skip
    states = {"Rest": "R", "Chg": "C", "DChg": "D"}
    cells = [
        [str(r.number), "0", str(r.cycle), str(r.step), clock(r.time, "d "), clock(r.in_step, "d "),
         style.number(1e-3 * r.capacity, 10), style.number(0.0), style.number(1e-3 * abs(r.mA), 10),
         style.number(r.volts), states[r.state], "1", r.date.strftime("%d/%m/%Y %H:%M:%S")]
        for r in rows
    ]  # fmt: skip
    return table(
        heads, cells, "\t", f"Name:\tx\nSCap\t{style.number(0.017, 3)}\nC Rate\t{style.number(0.003, 3)}\n\n"
    )


def maccor_minutes(rows: list[Row], style: Style) -> str:
    """Times without a unit, in minutes as the dates tell."""
    lines = maccor_clock(rows, style).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Rec"))
    for i, r in enumerate(rows, at + 1):
        cells = lines[i].split("\t")
        cells[4:6] = [style.number(r.time / 60), style.number(r.in_step / 60)]
        lines[i] = "\t".join(cells)
    return "\n".join(lines) + "\n"


def arbin(rows: list[Row], style: Style) -> str:
    heads = ["Data_Point", "Test_Time(s)", "Date_Time", "Step_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)",
             "Charge_Capacity(Ah)", "Discharge_Capacity(Ah)", "Charge_Energy(Wh)", "Internal_Resistance(Ohm)"]  # fmt: skip
    cells = [
        [str(r.number), style.number(r.time, 4), r.date.strftime("%m/%d/%Y %I:%M:%S %p"), style.number(r.in_step, 4),
         str(r.step), str(r.cycle), style.number(1e-3 * style.sign * r.mA, 9), style.number(r.volts, 6),
         style.number(1e-3 * r.charged, 9), style.number(1e-3 * r.discharged, 9), style.number(0.0), style.number(0.0)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def arbin_mits(rows: list[Row], style: Style) -> str:
    heads = ["Data Point", "Date Time", "Test Time (s)", "Step Time (s)", "Cycle Index", "Step Index", "Current (A)", "Voltage (V)",
             "Charge Capacity (Ah)", "Discharge Capacity (Ah)", "Aux_Temperature_1 (C)"]  # fmt: skip
    cells = [
        [str(r.number), r.date.strftime("\t%m/%d/%Y %H:%M:%S.000"), style.number(r.time, 4), style.number(r.in_step, 4),
         str(r.cycle), str(r.step), style.number(1e-3 * style.sign * r.mA, 9), style.number(r.volts, 6),
         style.number(1e-3 * r.charged, 9), style.number(1e-3 * r.discharged, 9), style.number(24.9, 3)]
        for r in rows
    ]  # fmt: skip
    return "\ufeff" + table(heads, cells, style.separator)


def basytec(rows: list[Row], style: Style) -> str:
    heads = ["~Time[h]", "DataSet", "t-Step[h]", "t-Set[h]", "Line", "Command", "U[V]", "I[A]", "P[W]", "Ah[Ah]", "Ah-Step",
             "T1[°C]", "Cyc-Count", "State"]  # fmt: skip
    names = {"Rest": "Pause", "Chg": "Charge", "DChg": "Discharge"}
    cells = [
        [style.number(r.time / 3600, 9), str(r.number), style.number(r.in_step / 3600, 9), "0", str(r.step), names[r.state],
         style.number(r.volts, 9), style.number(1e-3 * style.sign * r.mA, 9), "0", style.number(1e-3 * (r.charged - r.discharged), 9),
         style.number(1e-3 * r.capacity, 9), style.number(25.47, 5), str(r.cycle), "1"]
        for r in rows
    ]  # fmt: skip
    head = "~Resultfile from Basytec Battery Test System\n~Date and Time of Data Converting: 07.07.2023 10:55:58\n~\n"
    return table(heads, cells, "\t", head)


def novonix(rows: list[Row], style: Style) -> str:
    heads = ["Date and Time", "Cycle Number", "Step Type", "Run Time (h)", "Step Time (h)", "Current (A)", "Potential (V)",
             "Capacity (Ah)", "Temperature (°C)", "Energy (Wh)", "Step Number"]  # fmt: skip
    cells = [
        [r.date.strftime("%Y-%m-%d %H:%M:%S"), str(r.cycle), "7", style.number(r.time / 3600, 9), style.number(r.in_step / 3600, 9),
         style.number(1e-3 * style.sign * r.mA, 9), style.number(r.volts, 8), style.number(1e-3 * (r.charged - r.discharged), 9),
         style.number(24.644, 3), style.number(0.0), str(r.step)]
        for r in rows
    ]  # fmt: skip
    head = '[Summary]\nNovonix UHPC data file\nMass (g): 1.000\n[End Summary]\n[Protocol]\n{"Steps":[1,2]}\n[End Protocol]\n[Data]\n'
    return table(heads, cells, style.separator, head) + "[End Data]\n"


def pec(rows: list[Row], style: Style) -> str:
    heads = ["Test", "Cell", "Step", "Instruction Name", "Cycle", "Total Time (Hours in hh:mm:ss.xxx)",
             "Load On Time (Hours in hh:mm:ss.xxx)", "Step Time (Seconds)", "Real Time", "Voltage (V)", "Current (A)",
             "Charge Capacity (mAh)", "Discharge Capacity (mAh)"]  # fmt: skip
    names = {"Rest": "Idle", "Chg": "I Charge", "DChg": "I Discharge"}
    cells = [
        ["25195", "1", str(r.step), names[r.state], str(r.cycle), clock(r.time), clock(0.0), style.number(r.in_step, 3),
         r.date.strftime("%m/%d/%Y %H:%M:%S"), style.number(r.volts, 7), style.number(1e-3 * style.sign * r.mA, 9),
         style.number(r.charged), style.number(r.discharged)]
        for r in rows
    ]  # fmt: skip
    head = "\n".join(["Request Year:,2026", "Test:,25195", "TestRegime Name:,OCV", "Mass (kg),1.161"]) + "\n"
    return table(heads, cells, style.separator, head)


def bdf(rows: list[Row], style: Style, machine: bool = True) -> str:
    heads = [
        "test_time_second",
        "voltage_volt",
        "current_ampere",
        "cycle_count",
        "step_count",
        "step_capacity_ampere_hour",
    ]
    if not machine:
        heads = [
            "Test Time / s",
            "Voltage / V",
            "Current / A",
            "Cycle Count / 1",
            "Step Count / 1",
            "Step Capacity / Ah",
        ]
    cells = [
        [style.number(r.time, 3), style.number(r.volts), style.number(1e-3 * style.sign * r.mA, 9), str(r.cycle), str(r.step),
         style.number(1e-3 * r.capacity, 9)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def landt(rows: list[Row], style: Style, chinese: bool = False) -> str:
    heads = [
        "Index",
        "TestTime/Sec.",
        "StepTime/Sec.",
        "Voltage/V",
        "Current/mA",
        "Capacity/mAh",
        "SCapacity/mAh/g",
        "State",
        "SysTime",
    ]
    states = {"Rest": "R", "Chg": "C_CC", "DChg": "D_CC"}
    if chinese:
        heads = [
            "记录序号",
            "测试时间/Sec",
            "步骤时间/Sec",
            "电压/V",
            "电流/mA",
            "容量/mAh",
            "比容量/mAh/g",
            "状态",
            "系统时间",
        ]
    cells = [
        [str(r.number), style.number(r.time, 1), style.number(r.in_step, 1), style.number(r.volts, 4),
         style.number(style.sign * r.mA), style.number(r.capacity), style.number(0.0), states[r.state],
         r.date.strftime("%Y-%m-%d %H:%M:%S")]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, "\t")


def digatron(rows: list[Row], style: Style) -> str:
    heads = ["Time Stamp", "Step", "Status", "Prog Time", "Step Time", "Cycle", "Cycle Level", "Procedure", "Voltage", "Current",
             "AhAccu", "WhAccu", "LogTemp001"]  # fmt: skip
    units = ["", "", "", "", "", "", "", "", "[V]", "[A]", "[Ah]", "[Wh]", "[°C]"]
    names = {"Rest": "PAU", "Chg": "CHA", "DChg": "DCH"}
    cells = [
        [r.date.strftime("%d.%m.%Y %H:%M:%S"), str(r.step), names[r.state], clock(r.time), clock(r.in_step), str(r.cycle), "0", "x",
         style.number(r.volts, 5), style.number(1e-3 * style.sign * r.mA, 9), style.number(1e-3 * (r.charged - r.discharged), 9),
         style.number(0.0), style.number(23.1, 1)]
        for r in rows
    ]  # fmt: skip
    return table(heads, [units, *cells], style.separator, "Digatron,BTS-600\nCircuit,5\n\n")


def bitrode(rows: list[Row], style: Style) -> str:
    heads = ["Total Time, S", "Cycle", "Loop Counter #1", "Loop Counter #2", "Step", "Step Time, S", "Current, A", "Voltage, V",
             "Power, W", "Amp-Hours, AH", "Watt-Hours, WH", "Mode"]  # fmt: skip
    names = {"Rest": "REST", "Chg": "CHRG", "DChg": "DCHG"}
    cells = [
        [style.number(r.time, 2), str(r.cycle), "0", "0", str(r.step), style.number(r.in_step, 2),
         style.number(1e-3 * style.sign * r.mA, 9), style.number(r.volts), style.number(0.0), style.number(1e-3 * r.capacity, 9),
         style.number(0.0), names[r.state]]
        for r in rows
    ]  # fmt: skip
    return table([f'"{head}"' for head in heads], [[f'"{cell}"' for cell in row] for row in cells], ",")


def gamry(rows: list[Row], style: Style) -> str:
    heads = ["", "Pt", "T", "Vf", "Im", "Vu", "Sig", "Ach", "IERange", "Over", "Cycle", "Temp"]
    units = ["", "#", "s", "V vs. Ref.", "A", "V", "V", "V", "#", "bits", "#", "deg C"]
    cells = [
        ["", str(r.number), style.science(r.time), style.science(r.volts), style.science(1e-3 * style.sign * r.mA),
         style.science(0.0), style.science(0.0), style.science(0.0), "10", "...........", str(r.cycle), style.number(25.0, 2)]
        for r in rows
    ]  # fmt: skip
    return table(
        heads,
        [units, *cells],
        "\t",
        "EXPLAIN\nTAG\tPWR800\nDATE\tLABEL\t3/28/2024\tDate\nCURVE\tTABLE\t99\n",
        "\r\n",
    )


def ivium(rows: list[Row], style: Style) -> str:
    cells = [
        [style.science(r.time), style.science(1e-3 * style.sign * r.mA), style.science(r.volts)] for r in rows
    ]
    return table(["time /s", "I /A", "E /V"], cells, "\t")


def autolab(rows: list[Row], style: Style) -> str:
    heads = [
        "Column 1",
        "Time (s)",
        "Corrected time (s)",
        "Index",
        "WE(1).Potential (V)",
        "WE(1).Current (A)",
    ]
    cells = [
        [str(r.number), style.number(r.time + 17.3), style.number(r.time), "1", style.number(r.volts),
         style.number(1e-3 * style.sign * r.mA, 9)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, ";")


def squidstat(rows: list[Row], style: Style) -> str:
    heads = ["Step number", "Step name", "Elapsed Time (s)", "Timestamp", "Working Electrode (V)", "Current (A)",
             "Counter Electrode (V)", "Cumulative Charge (mAh)", "Temperature (C)"]  # fmt: skip
    cells = [
        [str(r.step), "Constant Current", style.number(r.time, 3), r.date.strftime("%Y-%m-%d %H:%M:%S.000"), style.number(r.volts),
         style.number(1e-3 * style.sign * r.mA, 9), style.number(0.0), style.number(r.charged - r.discharged), style.number(24.0)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def battery_archive(rows: list[Row], style: Style) -> str:
    heads = ["Date_Time", "Test_Time (s)", "Cycle_Index", "Current (A)", "Voltage (V)", "Charge_Capacity (Ah)",
             "Discharge_Capacity (Ah)", "Charge_Energy (Wh)", "Environment_Temperature (C)", "Cell_Temperature (C)"]  # fmt: skip
    cells = [
        [r.date.strftime("%Y-%m-%d %H:%M:%S.000000"), style.number(r.time, 3), str(r.cycle), style.number(1e-3 * style.sign * r.mA, 9),
         style.number(r.volts), style.number(1e-3 * r.charged, 9), style.number(1e-3 * r.discharged, 9), style.number(0.0), "",
         style.number(25.0)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def dates_only(rows: list[Row], style: Style) -> str:
    """No clock but dates, day first."""
    heads = ["Datum", "Spannung [mV]", "Strom [µA]", "Zyklus"]
    cells = [
        [r.date.strftime("%d.%m.%Y %H:%M:%S"), style.number(1e3 * r.volts, 2), style.number(1e3 * style.sign * r.mA, 3), str(r.cycle)]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, ";")


def origin(rows: list[Row], style: Style) -> str:
    """Four columns of one's own, with a row of units."""
    cells = [
        [style.number(r.time / 3600, 8), style.number(style.sign * r.mA), style.number(r.volts)] for r in rows
    ]
    return table(["Time", "I", "E"], [["h", "mA", "V vs. Na/Na+"], *cells], "\t")


def plain(rows: list[Row], style: Style) -> str:
    cells = [
        [style.number(r.time, 1), style.number(1e-3 * style.sign * r.mA, 9), style.number(r.volts)]
        for r in rows
    ]
    return table(["t_s", "I_A", "E_V"], cells, style.separator)


def columns_of_spaces(rows: list[Row], style: Style) -> str:
    cells = [[style.number(r.time, 1), style.number(style.sign * r.mA), style.number(r.volts)] for r in rows]
    return table(["Time(s)", "Current(mA)", "Voltage(V)"], cells, "   ")


def versastudio(rows: list[Row], style: Style) -> str:
    """Headings after a key, and closing marks below the table."""
    heads = [
        "Definition=Segment #",
        "Point #",
        "E(V)",
        "I(A)",
        "Elapsed Time(s)",
        "Current Range",
        "Status",
        "E Applied(V)",
    ]
    cells = [
        [str(r.step - 1), str(r.number), style.science(r.volts), style.science(1e-3 * style.sign * r.mA), style.science(r.time),
         "5", "0", style.science(0.0)]
        for r in rows
    ]  # fmt: skip
    head = "<Application>\nName=VersaStudio\n</Application>\n<Instrument>\nUnit=V, A\n</Instrument>\n<Segment1>\nType=2\n"
    return table(heads, cells, style.separator, head) + "</Segment1>\n"


def corrware(rows: list[Row], style: Style) -> str:
    """A line between headings and numbers."""
    cells = [
        [style.science(r.volts), style.science(1e-3 * style.sign * r.mA), style.science(r.time)] for r in rows
    ]
    return table(
        ["  E(Volts)", "I(Amps)", "T(Seconds)"], [["End Comments"], *cells], "\t", "CORRW ASCII\n Area: 1\n"
    )


def gamry_pieces(rows: list[Row], style: Style) -> str:
    """A table for each step, whose clock begins anew."""
    text = "EXPLAIN\nTAG\tPWR_CHARGE\n"
    for step in range(1, rows[-1].step + 1):
        cells = [
            ["", str(r.number), style.science(r.in_step), style.science(r.volts), style.science(1e-3 * style.sign * r.mA), "7", "..."]
            for r in rows if r.step == step
        ]  # fmt: skip
        units = ["", "#", "s", "V", "A", "#", "bits"]
        text += table(
            ["", "Pt", "T", "Vf", "Im", "IERange", "Over"],
            [units, *cells],
            "\t",
            f"CURVE{step}\tTABLE\t{len(cells)}\n",
        )
    return text


def maccor_month_names(rows: list[Row], style: Style) -> str:
    """No clock but dates with the names of months."""
    states = {"Rest": "R", "Chg": "C", "DChg": "D"}
    cells = [
        [str(r.step), style.number(1e-3 * r.capacity, 10), style.number(1e-3 * abs(r.mA), 10), style.number(r.volts), states[r.state],
         r.date.strftime("%d-%b-%y %I:%M:%S %p")]
        for r in rows
    ]  # fmt: skip
    heads = ["Step", "Capacity (AHr)", "Current (A)", "Voltage (V)", "MD", "DPT Time"]
    return table(heads, cells, style.separator)


def digatron_german(rows: list[Row], style: Style) -> str:
    heads = [
        "Zeitstempel",
        "Schritt",
        "Zustand",
        "Programmdauer",
        "Schrittdauer",
        "Zyklus",
        "Spannung",
        "Strom",
    ]
    names = {"Rest": "PAU", "Chg": "LAD", "DChg": "ENT"}
    cells = [
        [r.date.strftime("%d.%m.%Y %H:%M:%S"), str(r.step), names[r.state], clock(r.time), clock(r.in_step), str(r.cycle),
         style.number(r.volts, 5), style.number(1e-3 * abs(r.mA), 9)]
        for r in rows
    ]  # fmt: skip
    return table(heads, [["", "", "", "", "", "", "V", "A"], *cells], ";")


def time_of_day(rows: list[Row], style: Style) -> str:
    cells = [
        [r.date.strftime("%m/%d/%Y"), r.date.strftime("%I:%M:%S %p"), style.number(r.volts), style.number(style.sign * r.mA)]
        for r in rows
    ]  # fmt: skip
    return table(["Date", "Time", "Voltage[V]", "Current[mA]"], cells, style.separator)


def hokuto(rows: list[Row], style: Style) -> str:
    states = {"Rest": "休止", "Chg": "充電", "DChg": "放電"}
    cells = [
        [str(r.cycle), style.number(r.time, 1), style.number(r.volts), style.number(abs(r.mA)), style.number(r.capacity), states[r.state]]
        for r in rows
    ]  # fmt: skip
    return table(
        ["サイクル", "経過時間[Sec]", "電圧[V]", "電流[mA]", "電気量[mAh]", "状態"], cells, style.separator
    )


def korean(rows: list[Row], style: Style) -> str:
    cells = [
        [str(r.cycle), style.number(r.time, 1), style.number(r.volts), style.number(style.sign * r.mA)]
        for r in rows
    ]
    return table(["사이클", "총시간(s)", "전압(V)", "전류(mA)"], cells, style.separator)


def commented(rows: list[Row], style: Style) -> str:
    """Headings behind a mark of a comment, as NumPy writes them."""
    cells = [[style.number(r.time, 1), style.number(style.sign * r.mA), style.number(r.volts)] for r in rows]
    return "# " + table(["time(s)", "current(mA)", "voltage(V)"], cells, " ")


def repower(rows: list[Row], style: Style) -> str:
    heads = ["Record ID", "Cycle ID", "Step ID", "Step State", "Relative Time(Sec)", "Voltage(V)", "Current(A)", "Capacity(Ah)",
             "Charge Capacity(Ah)", "Discharge Capacity(Ah)", "System Time"]  # fmt: skip
    names = {"Rest": "Rest", "Chg": "CC Charge", "DChg": "CC Discharge"}
    cells = [
        [str(r.number), str(r.cycle), str(r.step), names[r.state], style.number(r.in_step, 1), style.number(r.volts),
         style.number(1e-3 * style.sign * r.mA, 9), style.number(1e-3 * r.capacity, 9), style.number(1e-3 * r.charged, 9),
         style.number(1e-3 * r.discharged, 9), r.date.strftime(" %Y-%m-%d %H:%M:%S")]
        for r in rows
    ]  # fmt: skip
    return table(heads, cells, style.separator)


def unnamed_channels(rows: list[Row], style: Style) -> str:
    """A logger's: a time of the day that passes midnight, and channels that have units only."""
    cells = [
        [r.date.strftime("%I:%M:%S %p"), style.number(r.volts), style.number(style.sign * r.mA)] for r in rows
    ]
    return table(["Time", "CH1-1[V]", "CH1-2[mA]"], cells, style.separator, "File name,x.csv\nTrigger,off\n")


def units_for_headings(rows: list[Row], style: Style) -> str:
    """A potentiostat's, after lines of what was measured."""
    cells = [
        [style.number(r.time, 1), style.number(r.volts), style.number(1e3 * style.sign * r.mA)] for r in rows
    ]
    head = "Date and time measurement:,2024-03-28 22:15:00\nChronopotentiometry: V vs s\n"
    return table(["s", "V", "µA"], cells, style.separator, head)


def maccor_milliamps(rows: list[Row], style: Style) -> str:
    states = {"Rest": "R", "Chg": "C", "DChg": "D"}
    cells = [
        [str(r.number), str(r.cycle), str(r.step), clock(r.time, "d "), style.number(r.capacity), style.number(abs(r.mA)),
         style.number(r.volts), states[r.state]]
        for r in rows
    ]  # fmt: skip
    return table(["Rec#", "Cyc#", "Step", "TestTime", "mAmp-hr", "mAmps", "Volts", "State"], cells, "\t")


def quoted_lines(rows: list[Row], style: Style) -> str:
    """Each line is one quoted cell, below a protocol with words that are headings elsewhere."""
    protocol = [
        "[Protocol]",
        "   [During CC, Save data when Δt > 1 minutes or when ΔV > 0.005 V]",
        "   [End step when time > 2 h or V < 3 V]",
        "[Data]",
    ]
    lines = novonix(rows, style).split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("Date and Time"))
    return "\n".join([*protocol, *(f'"{line}"' for line in lines[start:-2])]) + "\n"


def ec_lab_times(rows: list[Row], style: Style) -> str:
    """Dates under time/s, means as <Ewe/V>, columns of an impedance, and settings in columns between spaces."""
    heads = ["Ns", "time/s", "<Ewe/V>", "I/mA", "|I|/A", "Im(M)", "control/V"]
    cells = [
        [str(r.step), r.date.strftime("%m/%d/%Y %H:%M:%S.000"), style.science(r.volts), style.science(style.sign * r.mA),
         style.science(0.0), style.science(0.0), style.science(0.0)]
        for r in rows
    ]  # fmt: skip
    names = ["lim1_type", "lim1_comp", "E range min (V)"]
    values = [["Time", "Ecell", "|I|"], [">", ">", "<"], ["0.000", "0.000", "0.000"]]
    settings = "".join(
        f"{name:<20}{''.join(f'{cell:<20}' for cell in row)}\n"
        for name, row in zip(names, values, strict=True)
    )
    return table(heads, cells, "\t", f"BT-Lab ASCII FILE\n{settings}\n")


# Currents of the Maccor files are magnitudes, so their sign cannot be turned.
WRITERS: dict[str, Callable[[list[Row], Style], str]] = {
    "EC-Lab": ec_lab,
    "BT-Lab": lambda rows, style: ec_lab(rows, style, "BT-Lab", "Ecell/V"),
    "EC-Lab without a head": lambda rows, style: ec_lab(rows, style).split("\n", 23)[23],
    "Neware": neware,
    "Neware nested": neware_nested,
    "Neware Chinese": neware_chinese,
    "Maccor": maccor,
    "Maccor days": maccor_clock,
    "Maccor minutes": maccor_minutes,
    "Arbin": arbin,
    "Arbin MITS": arbin_mits,
    "Basytec": basytec,
    "Novonix": novonix,
    "PEC": pec,
    "BDF": bdf,
    "BDF labels": lambda rows, style: bdf(rows, style, machine=False),
    "Landt": landt,
    "Landt Chinese": lambda rows, style: landt(rows, style, chinese=True),
    "Digatron": digatron,
    "Bitrode": bitrode,
    "Gamry": gamry,
    "Ivium": ivium,
    "Autolab": autolab,
    "Squidstat": squidstat,
    "Battery Archive": battery_archive,
    "dates only": dates_only,
    "Origin": origin,
    "plain": plain,
    "spaces": columns_of_spaces,
}
# Of other kinds; the first seeds of the damaged files do not draw from them.
OTHERS: dict[str, Callable[[list[Row], Style], str]] = {
    "VersaStudio": versastudio,
    "CorrWare": corrware,
    "Gamry in pieces": gamry_pieces,
    "Maccor names of months": maccor_month_names,
    "Digatron German": digatron_german,
    "date and time of day": time_of_day,
    "Hokuto": hokuto,
    "Korean": korean,
    "commented": commented,
    "Repower": repower,
    "unnamed channels": unnamed_channels,
    "units for headings": units_for_headings,
    "Maccor milliamps": maccor_milliamps,
    "quoted lines": quoted_lines,
    "EC-Lab with times": ec_lab_times,
}
