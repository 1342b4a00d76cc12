"""What the page shows of one solution: plain values for JSON, each read off by `sbpath.results` and named as in the figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from sbpath.app.reasons import reasons
from sbpath.fitting.residual import thinned
from sbpath.kernels import Floats
from sbpath.mechanism.notation import host_label, node_labels
from sbpath.plots.colours import node_looks
from sbpath.plots.graph_layout import Columns
from sbpath.plots.lifetime import PLACES, places
from sbpath.plots.losses import CAUSE_COLOURS
from sbpath.plots.operando import MIN_VISIBLE_SHARE
from sbpath.plots.style import EXTRACTION, INSERTION
from sbpath.results.cycles import HalfCycle, cycle_summaries, half_cycles
from sbpath.results.ledger import ledger
from sbpath.results.loss_breakdown import LOSSES, loss_breakdown
from sbpath.results.pathways import Pathways, pathways
from sbpath.simulation import doubts_of
from sbpath.solution import Solution
from sbpath.text.tables import path_text

# Points of a curve on the page.
POINTS = 400
DIRECTIONS = ("insertion", "extraction")


def answer(solution: Solution, single: Solution | None) -> dict[str, Any]:
    """All that the page shows of `solution`; `single` is the same of a single particle, for which choices are explained."""
    halves = half_cycles(solution)
    whole = [summary.cycle for summary in cycle_summaries(solution)]
    kept = [half.cycle for half in halves]
    cycle = max((n for n in whole if n in kept), default=kept[-1] if kept else 1)
    ways = {way.direction: way for way in pathways(solution) if way.cycle == cycle}
    mechanism = solution.mechanism
    return {
        "basis": f"mAh per g of {host_label(mechanism)}",
        "ion": mechanism.ion,
        "cycle": cycle,
        "of": len(solution.experiment.protocol.cycles),
        "curves": [_curve(solution, half) for half in halves],
        "stack": _stack(solution, cycle),
        "graph": _graph(solution, ways),
        "hysteresis": _hysteresis(solution, cycle),
        "ledger": _ledger(solution, cycle),
        "summary": _summary(solution, cycle),
        "path": {
            **{
                name: path_text(ways.get(name), node_labels(mechanism)).replace("->", "→")
                for name in DIRECTIONS
            },
            "decisions": [] if single is None else reasons(single),
        },
        "notices": list(doubts_of(solution.experiment)),
    }


def _plain(values: Floats) -> list[float]:
    """Six digits, which no screen shows."""
    return [float(f"{value:.6g}") for value in values.tolist()]


def _curve(solution: Solution, half: HalfCycle) -> dict[str, Any]:
    capacity, voltage = solution.capacity_mAh_per_g[half.rows], solution.voltage_V[half.rows]
    rows = thinned(capacity, POINTS)
    return {
        "cycle": half.cycle,
        "direction": half.direction,
        "charge": _plain(capacity[rows]),
        "voltage": _plain(voltage[rows]),
    }


def _stack(solution: Solution, cycle: int) -> dict[str, Any]:
    """Shares of the host by phase along the charge of one cycle, insertion and extraction after each other."""
    mechanism = solution.mechanism
    rows = np.flatnonzero(solution.cycle == cycle)
    charge = np.cumsum(
        np.abs(np.diff(solution.charge_mAh_per_g[rows], prepend=solution.charge_mAh_per_g[rows[:1]]))
    )
    chosen = thinned(charge, POINTS)
    rows, charge = rows[chosen], charge[chosen]
    directions = solution.direction()
    looks, labels = node_looks(mechanism), node_labels(mechanism)
    fractions = dict(zip(solution.phases, np.clip(solution.fractions[:, rows], 0.0, 1.0), strict=True))
    return {
        "charge": _plain(charge),
        "voltage": _plain(solution.voltage_V[rows]),
        "direction_at": [directions[row] for row in rows],
        "phases": [
            {
                "name": name,
                "label": labels[name],
                "colour": looks[name].colour,
                "crystalline": looks[name].crystalline_share == 1.0,
                "crystalline_share": looks[name].crystalline_share,
                "fraction": _plain(share),
            }
            for name, share in fractions.items()
            if share.max() > MIN_VISIBLE_SHARE
        ],
    }


def _graph(solution: Solution, ways: dict[str, Pathways]) -> dict[str, Any]:
    """Nodes with places, x to the right by alkali content and y upwards, and what each edge converted and carried."""
    mechanism = solution.mechanism
    centres = Columns(mechanism, ()).centres
    looks, labels = node_looks(mechanism), node_labels(mechanism, short=True)
    edges = []
    for number, edge in enumerate(solution.edges):
        one: dict[str, Any] = {"from": edge.reactant, "to": edge.product}
        for name in DIRECTIONS:
            way = ways.get(name)
            one[name] = 0.0 if way is None else float(f"{way.converted[number]:.6g}")
            one[f"{name}_mAh_per_g"] = 0.0 if way is None else float(f"{way.charge_mAh_per_g[number]:.6g}")
        edges.append(one)
    nodes = [
        {
            "name": name, "label": labels[name], "colour": looks[name].colour, "x": x, "y": y,
            "content": mechanism.full_content(name), "crystalline": looks[name].crystalline_share == 1.0,
        }
        for name, (x, y) in centres.items()
    ]  # fmt: skip
    return {"nodes": nodes, "edges": edges}


def _hysteresis(solution: Solution, cycle: int) -> dict[str, Any]:
    """The gap of the mean voltages by cause; without causes, and a note why, where the cycle is not closed."""
    one = next((summary for summary in cycle_summaries(solution) if summary.cycle == cycle), None)
    if one is None or one.loop_J_per_g is None:
        passed = (
            f": {one.insertion_mAh_per_g:.0f} mAh/g in, {one.extraction_mAh_per_g:.0f} out" if one else ""
        )
        note = f"cycle {cycle} is not closed{passed}; only a closed one divides into causes, and later cycles close better"
        return {"total_mV": one and one.hysteresis_mV, "causes": [], "note": note}
    found = loss_breakdown(solution, cycle)
    causes = [
        {"name": name, "label": name, "colour": CAUSE_COLOURS[name], "mV": float(mV)}
        for name, mV in zip(LOSSES, found.losses_mV.sum(axis=0).tolist(), strict=True)
    ]
    causes.append({"name": "stored", "label": "stored", "colour": "#ffffff", "mV": found.stored_mV})
    return {"total_mV": found.hysteresis_mV, "causes": causes, "note": ""}


def _ledger(solution: Solution, cycle: int) -> dict[str, Any]:
    """Where the charge of one cycle is at its end."""
    entry = next(entry for entry in ledger(solution) if entry.cycle == cycle)
    rows = [{"name": "taken out", "label": "taken out", "colour": EXTRACTION, "mAh_per_g": entry.extracted}]
    rows += [
        {"name": name, "label": name, "colour": colour, "mAh_per_g": part}
        for (name, colour), part in zip(PLACES.items(), places(entry), strict=True)
    ]
    return {
        "put_in": entry.inserted,
        "colour": INSERTION,
        "rows": rows,
        "live_share": entry.live_share,
        "film_thickness_nm": entry.film_thickness_nm,
    }


def _summary(solution: Solution, cycle: int) -> list[dict[str, Any]]:
    summaries = {summary.cycle: summary for summary in cycle_summaries(solution)}
    if cycle not in summaries:
        return []
    one, per_gram = summaries[cycle], f"mAh/g {host_label(solution.mechanism)}"
    rows: list[tuple[str, float | None, str]] = [
        ("insertion", one.insertion_mAh_per_g, per_gram),
        ("extraction", one.extraction_mAh_per_g, per_gram),
        ("mean voltage of insertion", one.insertion_V, "V"),
        ("mean voltage of extraction", one.extraction_V, "V"),
        ("hysteresis", one.hysteresis_mV, "mV"),
        ("coulombic efficiency", 100.0 * one.coulombic_efficiency, "%"),
        ("energy efficiency", None if one.energy_efficiency is None else 100.0 * one.energy_efficiency, "%"),
    ]
    if 1 in summaries and cycle != 1:
        rows.append(
            ("coulombic efficiency of the first cycle", 100.0 * summaries[1].coulombic_efficiency, "%")
        )
    return [
        {"label": label, "value": value, "unit": unit} for label, value, unit in rows if value is not None
    ]
