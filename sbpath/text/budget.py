"""The hysteresis budget of one system as text."""

from __future__ import annotations

from collections.abc import Sequence

from sbpath.experiments.counterfactual import Asymmetry
from sbpath.experiments.zero_rate import FITS, ZeroRate
from sbpath.mechanism.notation import edge_label, host_label, node_labels
from sbpath.results.budget import LOSSES, Budget
from sbpath.solution import Floats, Solution
from sbpath.text.tables import signed, table

BUDGET_HEAD = ("Cycle", "Direction", "Edge", *(f"{cause.capitalize()} [J.g-1]" for cause in LOSSES))


def budget_report(
    solution: Solution, budget: Budget, asymmetry: Asymmetry | None = None, limit: ZeroRate | None = None
) -> str:
    """A budget by direction, edge and plateau; what the asymmetry is worth; what remains at zero rate."""
    labels = node_labels(solution.mechanism)
    parts = [
        f"{solution.mechanism.name}: {solution.graph} graph, {solution.temperature_C:g} °C, cycle {budget.cycle}: "
        f"hysteresis {budget.hysteresis_mV:.1f} mV, loop {budget.loop_J_per_g:.1f} J/g {host_label(solution.mechanism)} "
        f"over {budget.capacity_mAh_per_g:.1f} mAh/g",
        "",
        "By direction / mV",
        table(["", *LOSSES, "sum"], _direction_rows(budget)),
        "",
        "By edge / J/g",
        table(["half cycle", "edge", *LOSSES[:-1], "sum"], _edge_rows(budget, labels)),
    ]
    if budget.plateaus:
        parts += [
            "",
            "By plateau: how far it lies from where it would be without loss / mV",
            table(["half cycle", "V", "mAh/g", *LOSSES, "sum"], _plateau_rows(budget)),
        ]
    if asymmetry is not None:
        parts += ["", *_asymmetry_lines(asymmetry, labels)]
    if limit is not None:
        parts += ["", *_limit_lines(limit)]
    if abs(budget.stored_J_per_g) > 1e-3 * abs(budget.loop_J_per_g):
        parts += [
            "",
            f"{budget.stored_J_per_g:+.1f} J/g of the loop are stored, not lost: the cycle ends in another state than "
            "it began; later cycles close",
        ]
    return "\n".join(parts)


def budget_rows(budget: Budget) -> list[list[str]]:
    """Heat by direction and edge in the columns of `BUDGET_HEAD`; the resistance has no edge."""
    rows = []
    for i, direction in enumerate(("insertion", "extraction")):
        for e, edge in enumerate(budget.edges):
            heat = [f"{value:.9g}" for value in budget.heat_J_per_g[i, :, e]]
            rows.append([str(budget.cycle), direction, str(edge), *heat, "0"])
        drop = f"{budget.resistance_J_per_g[i]:.9g}"
        rows.append([str(budget.cycle), direction, "resistance", *["0"] * (len(LOSSES) - 1), drop])
    return rows


def _direction_rows(budget: Budget) -> list[list[str]]:
    named = [*zip(("insertion", "extraction"), budget.losses_mV, strict=True)]
    total = budget.losses_mV.sum(axis=0)
    whole = float(total.sum())
    share = [f"{value / whole:.1%}" if whole > 0.0 else "-" for value in (*total, whole)]
    return [*(_numbers([name], values) for name, values in (*named, ("loop", total))), ["share", *share]]


def _edge_rows(budget: Budget, labels: dict[str, str]) -> list[list[str]]:
    rows = []
    for i, direction in enumerate(("insertion", "extraction")):
        for e, edge in enumerate(budget.edges):
            heat = budget.heat_J_per_g[i, :, e]
            # A thousandth of the loop is below what anybody can measure.
            if heat.sum() > 1e-3 * abs(budget.loop_J_per_g):
                rows.append(_numbers([direction, edge_label(edge, labels)], heat))
    return rows


def _plateau_rows(budget: Budget) -> list[list[str]]:
    return [
        _numbers(
            [loss.direction, f"{loss.plateau.voltage_V:.3f}", f"{loss.plateau.extent_mAh_per_g:.0f}"],
            loss.losses_mV,
        )
        for loss in budget.plateaus
    ]


def _asymmetry_lines(asymmetry: Asymmetry, labels: dict[str, str]) -> list[str]:
    rows = [["free", *_loop(asymmetry.free), "", "", ""]]
    for held, mV, joule in zip(
        asymmetry.held, asymmetry.difference_mV(), asymmetry.difference_J_per_g(), strict=True
    ):
        rows.append(
            [
                f"{held.followed} path both ways", *_loop(held.budget), signed(mV), signed(joule),
                ", ".join(f"{labels[p]} <-> {labels[q]}" for p, q in held.edges),
            ]
        )  # fmt: skip
    head = ["", "hysteresis / mV", "loop / J/g", "mAh/g", "free less this / mV", "/ J/g", "edges"]
    return ["What the asymmetry is worth: the same cycle held to one path both ways", table(head, rows)]


def _loop(budget: Budget) -> list[str]:
    return [f"{budget.hysteresis_mV:.1f}", f"{budget.loop_J_per_g:.1f}", f"{budget.capacity_mAh_per_g:.1f}"]


def _limit_lines(limit: ZeroRate) -> list[str]:
    rates = [f"C/{1.0 / c:.4g}" if c < 1.0 else f"{c:.4g}C" for c in limit.rates_C.tolist()]
    rows = [
        [rate, f"{gap:.1f}", f"{law:.1f}", "" if i < limit.fitted else "not fitted"]
        for i, (rate, gap, law) in enumerate(
            zip(rates, limit.hysteresis_mV.tolist(), limit.law_mV(limit.rates_C).tolist(), strict=True)
        )
    ]
    return [
        "As the current goes to zero: gap(c) = a / sqrt(L - ln c) + k c, c in 1/h",
        table(["rate", "hysteresis / mV", "law / mV", ""], rows),
        f"a = {limit.a_mV:.0f} mV, L = {limit.L:.2f}, k = {limit.k_mV_h:.3g} mV h (largest error {limit.error_mV:.2g} mV)",
        *(
            ["the law does not fit these rates: take slower ones"]
            if limit.error_mV > 10.0 * FITS * float(limit.hysteresis_mV.max())
            else []
        ),
        f"remains at one half cycle a century: {limit.remaining_mV:.1f} mV, falling by {limit.per_decade_mV:.1f} mV a decade",
    ]


def _numbers(names: Sequence[str], values: Floats) -> list[str]:
    return [*names, *(f"{value:.2f}" for value in values), f"{values.sum():.2f}"]
