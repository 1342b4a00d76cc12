"""Physical constants, exact by the SI of 2019, and the molar mass of antimony."""

FARADAY_C_PER_MOL = 96485.33212331001
GAS_CONSTANT_J_PER_MOL_K = 8.31446261815324
BOLTZMANN_J_PER_K = 1.380649e-23

# Standard atomic weight of Sb (IUPAC 2021): 121.760(1).
SB_MOLAR_MASS_G_PER_MOL = 121.760
