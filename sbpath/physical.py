"""Physical constants (exact in the 2019 SI), potentials of the alkali metals, and the Arrhenius law."""

from math import exp

FARADAY_C_PER_MOL = 96485.33212331001
GAS_CONSTANT_J_PER_MOL_K = 8.31446261815324
BOLTZMANN_J_PER_K = 1.380649e-23
AVOGADRO_PER_MOL = GAS_CONSTANT_J_PER_MOL_K / BOLTZMANN_J_PER_K

ZERO_CELSIUS_K = 273.15
COULOMB_PER_MAH = 3.6

# Standard potentials of A+/A in water at 25 C against the standard hydrogen electrode (V), CRC
# Handbook of Chemistry and Physics, 97th ed. In an organic electrolyte they differ by 0.1-0.2 V.
STANDARD_POTENTIAL_V = {"Li": -3.0401, "Na": -2.71, "K": -2.931}


def arrhenius(rate: float, activation_energy: float, temperature: float, reference: float) -> float:
    """`rate` (given at `reference`, K) at `temperature` (K), activation energy in J/mol."""
    return rate * exp(-activation_energy / GAS_CONSTANT_J_PER_MOL_K * (1.0 / temperature - 1.0 / reference))
