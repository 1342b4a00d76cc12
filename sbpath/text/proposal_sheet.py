"""A proposed mechanism as text: phases kept and left out, and the plateaus at zero rate."""

from __future__ import annotations

from sbpath.mechanism.convex_hull import EquilibriumPlateau
from sbpath.mechanism.proposal import Proposal
from sbpath.text.tables import Column, printed_table, table


def proposal_report(proposal: Proposal) -> str:
    """Phases with their distance from the hull, what was left out and why, the ladder, and what was assumed."""
    mechanism = proposal.mechanism
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    kept: tuple[Column[tuple[str, float]], ...] = (
        Column("", lambda k: k[0], short="name"),
        Column("", lambda k: mechanism.full_content(k[0]), short="x", terminal="{:.4g}"),
        Column("", lambda k: mechanism.phases[k[0]].enthalpy_J_per_mol.value / 1e3, short="energy / kJ/mol", terminal="{:.1f}"),
        Column("", lambda k: k[1], short="above hull / kJ/mol", terminal="{:.1f}"),
        Column("", lambda k: mechanism.volume_cm3_per_mol(k[0]), short="volume / cm3/mol", terminal="{:.4g}"),
    )  # fmt: skip
    steps: tuple[Column[EquilibriumPlateau], ...] = (
        Column("", lambda s: s.voltage_V, short="E / V", terminal="{:.4f}"),
        Column("", lambda s: f"{s.x_empty:.4g} to {s.x_full:.4g}", short="x"),
        Column("", lambda s: f"{s.empty} -> {s.full}", short="phases"),
        Column("", lambda s: "" if low < s.voltage_V < high else "outside the cut-offs", short=" "),
    )
    lines = [
        f"Phases kept, per mole of {mechanism.host}",
        printed_table(kept, proposal.above_hull_kJ_per_mol.items()),
        "",
        *(
            ["Left out", table(["name", "why"], [[*pair] for pair in proposal.left_out]), ""]
            if proposal.left_out
            else []
        ),
        "Plateaus at zero rate",
        printed_table(steps, proposal.plateaus),
        "",
        f"{len(mechanism.transformations)} transformations, each downhill somewhere between {low:g} and {high:g} V",
        f"interfacial energies assumed {proposal.interfaces}",
    ]
    return "\n".join(lines)
