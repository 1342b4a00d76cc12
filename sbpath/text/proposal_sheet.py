"""A proposed mechanism as text: phases kept and left out, and the plateaus at zero rate."""

from __future__ import annotations

from sbpath.mechanism.proposal import Proposal
from sbpath.text.tables import table


def proposal_report(proposal: Proposal) -> str:
    """Phases with their distance from the hull, what was left out and why, the ladder, and what was assumed."""
    mechanism = proposal.mechanism
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    kept = [
        [
            name,
            f"{mechanism.full_content(name):.4g}",
            f"{mechanism.phases[name].enthalpy_J_per_mol.value / 1e3:.1f}",
            f"{above:.1f}",
            f"{mechanism.volume_cm3_per_mol(name):.4g}",
        ]
        for name, above in proposal.above_hull_kJ_per_mol.items()
    ]
    steps = [
        [
            f"{step.voltage_V:.4f}",
            f"{step.x_empty:.4g} to {step.x_full:.4g}",
            f"{step.empty} -> {step.full}",
            "" if low < step.voltage_V < high else "outside the cut-offs",
        ]
        for step in proposal.plateaus
    ]
    lines = [
        f"Phases kept, per mole of {mechanism.host}",
        table(["name", "x", "energy / kJ/mol", "above hull / kJ/mol", "volume / cm3/mol"], kept),
        "",
        *(
            ["Left out", table(["name", "why"], [[*pair] for pair in proposal.left_out]), ""]
            if proposal.left_out
            else []
        ),
        "Plateaus at zero rate",
        table(["E / V", "x", "phases", ""], steps),
        "",
        f"{len(mechanism.transformations)} transformations, each downhill somewhere between {low:g} and {high:g} V",
        f"interfacial energies assumed {proposal.interfaces}",
    ]
    return "\n".join(lines)
