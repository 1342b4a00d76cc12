"""Mechanisms small enough to have closed forms, built from a dict as a file would be."""

from __future__ import annotations

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document


def quantity(value):
    """A number with the provenance that every mechanism must give."""
    return {"value": float(value), "status": "computed", "source": "here"}


def tiny_mechanism(
    phases,
    chain=(),
    *,
    interfaces=None,
    growth=1e-3,
    attempt=1e30,
    alpha=0.5,
    diffusivity=1.0,
    double_layer=5.0,
    cutoffs=(-5.0, 5.0),
    resistance=0.0,
    temperature_C=25.0,
    **kinetics,
) -> Mechanism:
    """A Li mechanism of the given phases, with edges both ways along `chain`.

    Parameters
    ----------
    phases : dict
        For each name a dict with `formula`, `gibbs` (J/mol) and optionally `galleries` (a list
        of (X, U, w)), `volume` and `partial` (cm3/mol). The first one is the initial phase.
    chain : sequence of (reactant, product, electrons)
        Each is an edge, and its reverse another one, since a phase must have a way out. Electrons
        stand as in an equation: 2, or "x" and "(3-x)" with a phase of open composition.
    interfaces : dict, optional
        Energy in J/m2 by "one|other"; 0 where not given, that is, no barrier.
    growth, attempt, alpha, diffusivity : float
        Kinetics; as they stand, growth alone takes time.
    kinetics : float
        Further keys of the kinetics table, such as ``autocatalytic_order``.
    """
    table = {
        name: {
            "formula": about["formula"],
            "structure": "none",
            "crystalline": True,
            "enthalpy_J_per_mol": quantity(about.get("gibbs", 0.0)),
            "entropy_J_per_mol_K": quantity(0.0),
            "molar_volume_cm3_per_mol": quantity(about.get("volume", 20.0)),
            "partial_molar_volume_cm3_per_mol": quantity(about.get("partial", 0.0)),
            "galleries": [
                {"sites": x, "potential_V": u, "width": w, "status": "computed", "source": "here"}
                for x, u, w in about.get("galleries", [])
            ],
        }
        for name, about in phases.items()
    }
    transformations, pairs = [], {}
    for p, q, n in chain:
        transformations.append({"equation": f"{p} + {n} Li+ + {n} e- -> {q}", "graphs": ["all"]})
        transformations.append({"equation": f"{q} -> {p} + {n} Li+ + {n} e-", "graphs": ["all"]})
        pairs[f"{p}|{q}"] = {"energy_J_per_m2": quantity((interfaces or {}).get(f"{p}|{q}", 0.0))}
    document = {
        "title": "tiny",
        "name": "tiny",
        "ion": "Li",
        "temperature_C": temperature_C,
        "lower_cutoff_V": cutoffs[0],
        "upper_cutoff_V": cutoffs[1],
        "initial_phase": next(iter(phases)),
        "default_graph": "all",
        "phases": table,
        "transformations": transformations,
        "interfaces": pairs,
        "kinetics": {
            "attempt_rate_per_s": quantity(attempt),
            "growth_rate_per_s": quantity(growth),
            "transfer_coefficient": quantity(alpha),
            "diffusivity_m2_per_s": quantity(diffusivity),
            **{key: quantity(value) for key, value in kinetics.items()},
        },
        "electrode": {
            "particle_radius_m": quantity(1e-6),
            "double_layer_F_per_g": quantity(double_layer),
            "loading_mg_per_cm2": quantity(1.0),
            "contact_resistance_ohm_cm2": quantity(resistance),
        },
        "electrolyte": {"name": "none", "kind": "liquid"},
        "sources": {"here": "This test."},
    }
    return mechanism_from_document(document, where="tiny")


def one_edge(potential=0.5, **options) -> Mechanism:
    """Sb and LiSb, in equilibrium at `potential` (V)."""
    phases = {"Sb": {"formula": "Sb"}, "LiSb": {"formula": "LiSb", "gibbs": -96485.33212331001 * potential}}
    return tiny_mechanism(phases, [("Sb", "LiSb", 1)], **options)


def solution_phase(galleries, formula="LixSb", **options) -> Mechanism:
    """One solution phase without edges."""
    return tiny_mechanism({"LixSb": {"formula": formula, "galleries": galleries}}, **options)
