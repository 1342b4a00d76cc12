"""Oracles: closed forms and the model written out a second time, none of it taken from `sbpath`.

Amounts are per mole of Sb. Constants are typed in again (CODATA 2018, exact in the SI of 2019).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

F = 96485.33212331001
R = 8.31446261815324
K_B = 1.380649e-23
M_SB = 121.760
# g/mol, typed in from the periodic table of IUPAC (2021), of the elements that compounds hold besides.
WEIGHTS = {
    "Sb": M_SB, "O": 15.999, "S": 32.06, "Cl": 35.45, "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38,
    "Ga": 69.723, "Se": 78.971, "In": 114.82, "Sn": 118.71, "Te": 127.60, "Bi": 208.98, "Mn": 54.938, "Ti": 47.867,
}  # fmt: skip

# Affinity (J/mol) within which the model rounds the corner of the growth law at A = 0, without and with
# propagation, and the share of the Sb below which nothing propagates.
CORNER, FRONT_CORNER, FIRST_FRONT = 0.1, 10.0, 1e-9


# -- rate equations with a closed form -------------------------------------------------------


def relaxation(time, tau):
    """First-order decay ``theta(t) = exp(-t / tau)`` of a reactant that begins at 1.

    Source: any textbook of kinetics, e.g. Atkins, Physical Chemistry, integrated rate laws.
    """
    return np.exp(-np.asarray(time) / tau)


def bateman(time, k1, k2):
    """Fractions of A, B and C in ``A -k1-> B -k2-> C`` that begins with A alone.

        A = exp(-k1 t),   B = k1 / (k2 - k1) (exp(-k1 t) - exp(-k2 t)),   C = 1 - A - B

    Source: H. Bateman, Proc. Cambridge Philos. Soc. 15, 423 (1910); k1 and k2 must differ.
    """
    time = np.asarray(time)
    a = np.exp(-k1 * time)
    b = k1 / (k2 - k1) * (a - np.exp(-k2 * time))
    return np.array([a, b, 1.0 - a - b])


def depletion_plateau(time, current, equilibrium, growth, temperature):
    """Potential of ``A + e -> B`` at constant current when growth alone is slow and C_dl = 0.

    Charge fixes the fraction, ``theta_A = 1 - t / T`` with ``T = F / (M I)``, and the rate,
    ``theta_A k0 (exp(a/2) - exp(-a/2)) = 1 / T``. So with one electron and alpha = 1/2

        E = E_eq - (R T / F) 2 arcsinh( 1 / (2 k0 T theta_A) ).

    Source: the Butler-Volmer equation solved for the overpotential (Newman and Thomas-Alyea,
    Electrochemical Systems, 3rd ed., section 8.1), with the area falling as theta_A.
    """
    total = F / (M_SB * current)
    left = 1.0 - np.asarray(time) / total
    return equilibrium - R * temperature / F * 2.0 * np.arcsinh(1.0 / (2.0 * growth * total * left))


# -- thermodynamics ----------------------------------------------------------------------------


def equilibrium_potential(gibbs_p, x_p, gibbs_q, x_q):
    """Potential (V) where two line compounds coexist: ``-(G_q - G_p) / (F (x_q - x_p))``.

    Source: Nernst; Weppner and Huggins 1978, J. Electrochem. Soc. 125, 7.
    """
    return -(gibbs_q - gibbs_p) / (F * (x_q - x_p))


def msmr_content(potential, temperature, fixed, galleries):
    """``x = fixed + sum_j X_j / (1 + exp(F (E - U_j) / (R T w_j)))`` for (X, U, w) in `galleries`.

    Written with tanh, which is the same function and cannot overflow. Source: Verbrugge et al.
    2017, J. Electrochem. Soc. 164, E3243.
    """
    x = np.full_like(np.asarray(potential, dtype=float), fixed)
    for sites, centre, width in galleries:
        x = x + sites * 0.5 * (1.0 - np.tanh(F * (potential - centre) / (2.0 * R * temperature * width)))
    return x


def msmr_slope(potential, temperature, galleries):
    """dx/dE (1/V): each gallery gives ``-X b e / (1 + e)^2``, ``e = exp(-b |E - U|)``, ``b = F / (R T w)``."""
    total = 0.0
    for sites, centre, width in galleries:
        steepness = F / (R * temperature * width)
        small = np.exp(-steepness * abs(potential - centre))
        total -= sites * steepness * small / (1.0 + small) ** 2
    return total


def msmr_gibbs(potential, temperature, gibbs, galleries):
    """Gibbs energy (J/mol) of a solution phase at the content that it has at `potential`.

        G = G_0 + sum_j X_j ( -F U_j f_j + w_j R T (f_j ln f_j + (1 - f_j) ln(1 - f_j)) )

    with the filling f_j of each gallery: energy of the sites and their entropy of mixing. It
    is the Legendre transform of the grand potential, so that dG/dx = -F E. Same source.
    """
    total = np.full_like(np.asarray(potential, dtype=float), gibbs)
    for sites, centre, width in galleries:
        z = F * (potential - centre) / (R * temperature * width)
        f = 0.5 * (1.0 - np.tanh(0.5 * z))
        # ln f = -ln(1 + e^z) and ln(1 - f) = -ln(1 + e^-z), neither of which is ever ln 0.
        mixing = -f * np.logaddexp(0.0, z) - (1.0 - f) * np.logaddexp(0.0, -z)
        total = total + sites * (-F * centre * f + width * R * temperature * mixing)
    return total


def lower_hull(x, gibbs):
    """Corners ``(x, G)`` of the lower convex hull of the points, by Andrew's monotone chain.

    The equilibrium potential at a content between two corners is ``-slope / F``. Source: A. M.
    Andrew, Inf. Process. Lett. 9, 216 (1979); the common-tangent construction of Gibbs.
    """
    hull: list[tuple[float, float]] = []
    for point in sorted(zip(np.asarray(x).tolist(), np.asarray(gibbs).tolist(), strict=True)):
        while len(hull) > 1:
            (x0, g0), (x1, g1) = hull[-2], hull[-1]
            if (x1 - x0) * (point[1] - g0) > (g1 - g0) * (point[0] - x0):
                break
            hull.pop()
        hull.append(point)
    corners = np.array(hull)
    return corners[:, 0], corners[:, 1]


def hull_potential(content, corners_x, corners_gibbs):
    """Equilibrium potential (V) at each `content` strictly inside the hull."""
    segment = np.searchsorted(corners_x, content) - 1
    return -np.diff(corners_gibbs)[segment] / np.diff(corners_x)[segment] / F


# -- the whole electrode once more, from the numbers of the file ---------------------------------


@dataclass(frozen=True)
class Textbook:
    """The equations of the model in plain NumPy, from a mechanism's document.

    The model's equations as a textbook would have them, with no care for overflow:

        r = theta_p / (tau_s + 1 / (k0 g k (e^(alpha a) - e^(-(1-alpha) a))) + R^2 / (pi^2 D))
        1 / tau_s = J0 exp(-B / A^2) + k_p (Theta_q - s)^2 / Theta_q
        B = 16 pi S gamma^3 V_q^2 / (3 k_B T),   V_q = V_full - v (x_full - x_q(E))
        g = (s + (1 - s) theta_q)^m,   k = 1 - exp(-A / A_r)

    `names`, `fixed`, `full`, `gibbs`, `galleries`, `volume`, `partial` describe the nodes, sums
    over the phases of each; `edges` holds one tuple per edge, last in it the volume of the phases
    that stand on both sides and whether the rest swells with E; `mass` is that of the host per mole of Sb.
    """

    temperature: float
    names: list[str]
    fixed: np.ndarray
    full: np.ndarray
    gibbs: np.ndarray
    galleries: list[list[tuple[float, float, float]]]
    volume: np.ndarray
    partial: np.ndarray
    edges: list[tuple]
    double_layer: float
    transport: float
    mass: float

    @classmethod
    def of(cls, document, graph, celsius):
        """Read a mechanism's merged document without the records that sbpath makes of it."""
        kelvin = celsius + 273.15
        texts = document.get("assemblages") or {name: name for name in document["phases"]}
        names = list(texts)
        nodes = []
        for text in texts.values():
            terms = [term.split() for term in text.split(" + ")]
            nodes.append({term[-1]: float(term[0]) if len(term) == 2 else 1.0 for term in terms})

        def sites_of(phase):
            return [
                (g["sites"], g["potential_V"], g["width"])
                for g in document["phases"][phase].get("galleries", [])
            ]

        def alkali(phase):
            total = 0.0
            for amount in re.findall(
                r"(?:Li|Na|K)(?![a-z])(\d+(?:\.\d+)?|x|\([^)]*\))?|Nax|Lix|Kx",
                document["phases"][phase]["formula"],
            ):
                total += 1.0 if amount == "" else 0.0 if "x" in amount else float(amount)
            if "x" in document["phases"][phase]["formula"]:
                total = float((re.search(r"\((\d+)\+x\)", document["phases"][phase]["formula"]) or [0, 0])[1])
                total += sum(x for x, _, _ in sites_of(phase))
            return total

        galleries = [[(n * x, u, w) for p, n in node.items() for x, u, w in sites_of(p)] for node in nodes]
        full = [sum(n * alkali(p) for p, n in node.items()) for node in nodes]

        def number(table, key, default=0.0):
            return table[key]["value"] if key in table else default

        def summed(node, value):
            return sum(n * value(document["phases"][p]) for p, n in node.items())

        def volume(phase):
            return number(phase, "molar_volume_cm3_per_mol") * 1e-6

        kinetics, electrode = document["kinetics"], document["electrode"]
        warmer = (1.0 / 298.15 - 1.0 / kelvin) / R
        edges = []
        for t in document.get("transformations", []):
            if graph not in t["graphs"]:
                continue
            left, right = (
                next(w for w in side.split() if w in names) for side in t["equation"].split(" -> ")
            )
            p, q = names.index(left), names.index(right)
            pair = f"{left}|{right}" if f"{left}|{right}" in document["interfaces"] else f"{right}|{left}"
            interface = document["interfaces"][pair]
            own = {**kinetics, **t}
            edges.append(
                (
                    p,
                    q,
                    max(1.0, abs(full[q] - full[p])),
                    number(interface, "energy_J_per_m2"),
                    number(interface, "shape_factor", 1.0),
                    number(own, "attempt_rate_per_s"),
                    number(own, "growth_rate_per_s")
                    * np.exp(number(own, "growth_activation_energy_J_per_mol") * warmer),
                    number(own, "transfer_coefficient"),
                    number(own, "autocatalytic_order"),
                    number(own, "seed_fraction", 1e-3),
                    number(own, "transformation_work_J_per_mol"),
                    number(own, "propagation_rate_per_s")
                    * np.exp(number(own, "propagation_activation_energy_J_per_mol") * warmer),
                    (
                        sum(
                            min(n, nodes[q].get(phase, 0.0)) * volume(document["phases"][phase])
                            for phase, n in nodes[p].items()
                        ),
                        # A solution phase on both sides has its present volume on both.
                        0.0 if any(sites_of(phase) for phase in nodes[p].keys() & nodes[q].keys()) else 1.0,
                    ),
                )
            )
        diffusivity = number(kinetics, "diffusivity_m2_per_s") * np.exp(
            number(kinetics, "diffusion_activation_energy_J_per_mol") * warmer
        )
        return cls(
            temperature=kelvin,
            names=names,
            fixed=np.array([a - sum(s for s, _, _ in g) for a, g in zip(full, galleries, strict=True)]),
            full=np.array(full),
            gibbs=np.array(
                [
                    summed(
                        node,
                        lambda p: number(p, "enthalpy_J_per_mol") - kelvin * number(p, "entropy_J_per_mol_K"),
                    )
                    for node in nodes
                ]
            ),
            galleries=galleries,
            volume=np.array([summed(node, volume) for node in nodes]),
            partial=np.array(
                [
                    sum(number(document["phases"][p], "partial_molar_volume_cm3_per_mol") for p in node)
                    * 1e-6
                    for node in nodes
                ]
            ),
            edges=edges,
            double_layer=number(electrode, "double_layer_F_per_g"),
            transport=number(electrode, "particle_radius_m") ** 2 / (np.pi**2 * diffusivity),
            mass=sum(
                n * (float(amount) if amount else 1.0) * WEIGHTS.get(element, 0.0)
                for p, n in nodes[names.index(document["initial_phase"])].items()
                for element, amount in re.findall(
                    r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?", document["phases"][p]["formula"]
                )
            )
            / number(electrode, "active_fraction", 1.0),
        )

    def contents(self, potential):
        """x of each node (rows) at each potential."""
        return np.array(
            [
                msmr_content(potential, self.temperature, fixed, sites)
                for fixed, sites in zip(self.fixed, self.galleries, strict=True)
            ]
        )

    def grand_potentials(self, potential):
        """Omega of each node as G + F E x, with G from energy and entropy of the galleries."""
        gibbs = np.array(
            [
                msmr_gibbs(potential, self.temperature, g, sites)
                for g, sites in zip(self.gibbs, self.galleries, strict=True)
            ]
        )
        return gibbs + F * potential * self.contents(potential)

    def composition(self, fractions, potential):
        """Alkali per Sb of the whole electrode."""
        return (fractions * self.contents(potential)).sum(axis=0)

    def charge(self, fractions, potential):
        """``q = (F/M) x - C_dl E`` (C/g), whose rate of change is the insertion current."""
        return F / self.mass * self.composition(fractions, potential) - self.double_layer * potential

    def stored_energy(self, fractions, potential):
        """Free energy of phases and double layer (J/g): sum theta_p G_p(x_p) / M + C_dl E^2 / 2."""
        gibbs = self.grand_potentials(potential) - F * potential * self.contents(potential)
        return (fractions * gibbs).sum(axis=0) / self.mass + 0.5 * self.double_layer * potential**2

    def swelling(self, fractions, potential, host):
        """Volume change in percent of node number `host`."""
        missing = self.full[:, None] - self.contents(potential)
        volume = (fractions * (self.volume[:, None] - self.partial[:, None] * missing)).sum(axis=0)
        return (volume / self.volume[host] - 1.0) * 100.0

    def rates(self, theta, potential, around=None):
        """Rate (1/s) and affinity (J/mol) of every edge at one state, whose fronts come from the shares `around`."""
        around = theta if around is None else around
        omega, x = self.grand_potentials(potential), self.contents(potential)
        rates, affinities = [], []
        for (
            p,
            q,
            nu,
            gamma,
            shape,
            attempt,
            growth,
            alpha,
            order,
            seed,
            work,
            fronts,
            unchanged,
        ) in self.edges:
            affinity = omega[p] - omega[q]
            driving = affinity - work
            affinities.append(affinity)
            if driving <= 0.0:
                rates.append(0.0)
                continue
            shared, kept = unchanged
            volume = self.volume[q] - kept * self.partial[q] * (self.full[q] - x[q]) - shared
            kt = 3.0 * K_B * self.temperature
            barrier = 16.0 * np.pi * shape * gamma**3 * volume**2 / (kt * driving**2)
            a = driving / (nu * R * self.temperature)
            filled = (seed + (1.0 - seed) * theta[q]) ** order
            with np.errstate(over="ignore", divide="ignore"):
                arriving = fronts * max(around[q] - FIRST_FRONT, 0.0) ** 2 / max(around[q], FIRST_FRONT)
                waiting = 1.0 / (attempt * np.exp(-barrier) + arriving) + self.transport
                rounded = 1.0 - np.exp(-driving / (FRONT_CORNER if fronts > 0.0 else CORNER))
                waiting += 1.0 / (growth * filled * rounded * (np.exp(alpha * a) - np.exp((alpha - 1.0) * a)))
            rates.append(max(theta[p], 0.0) / waiting)
        return np.array(rates), np.array(affinities)

    def derivative(self, theta, potential, current):
        """d(theta, E)/dt at a given current (A/g)."""
        rates, _ = self.rates(theta, potential)
        x = self.contents(potential)
        slope = np.array([msmr_slope(potential, self.temperature, sites) for sites in self.galleries])
        motion, faradaic = np.zeros(len(self.names)), 0.0
        for (p, q, *_), r in zip(self.edges, rates, strict=True):
            motion[p] -= r
            motion[q] += r
            faradaic += F / self.mass * (x[q] - x[p]) * r
        capacitance = self.double_layer - F / self.mass * float(theta @ slope)
        return np.append(motion, (faradaic - current) / capacitance)

    def particle(self, size, energy):
        """The same with another particle radius and other interfacial energies, by factors."""
        edges = [(*edge[:3], edge[3] * energy, *edge[4:]) for edge in self.edges]
        return replace(self, edges=edges, transport=self.transport * size**2)


def electrode_rates(books, weights, thetas, potential, current):
    """d(theta_1, ..., theta_N, E)/dt of particles that share E and fronts, at a given current (A/g)."""
    book, x = books[0], books[0].contents(potential)
    slope = np.array([msmr_slope(potential, book.temperature, sites) for sites in book.galleries])
    around = weights @ thetas
    motions, faradaic = np.zeros(thetas.shape), 0.0
    for i, own in enumerate(books):
        rates, _ = own.rates(thetas[i], potential, around)
        for (p, q, *_), r in zip(own.edges, rates, strict=True):
            motions[i, p] -= r
            motions[i, q] += r
            faradaic += weights[i] * F / book.mass * (x[q] - x[p]) * r
    capacitance = book.double_layer - F / book.mass * float(around @ slope)
    return np.append(motions.ravel(), (faradaic - current) / capacitance)
