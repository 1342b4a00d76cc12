"""Charge transfer between electrolyte and host: every current crosses the host's surface.

    V = E - I R_s - eta,    eta = (2 R T / F) asinh( I / (2 i0 A_s) )

the Butler-Volmer equation of a symmetric reaction (Newman and Thomas-Alyea, Electrochemical Systems,
3rd ed., section 8.1), with the exchange current density i0 per area and the surface A_s per gram of
host, that of spheres, 3 / (density x radius). eta has the sign of I, so its heat I eta is never
negative.

There is one overpotential for the whole electrode: its particles are at one potential E, and the
current crosses the sum of their surfaces. What they exchange among each other costs nothing.
"""

from __future__ import annotations

from math import asinh, cosh, hypot, sinh

from sbpath.kernels import kernel
from sbpath.model.network import Network

# Of Newton's method for the current; it needs about six.
MAX_ITERATIONS = 100


@kernel
def overpotential(current: float, network: Network) -> float:
    """The overpotential eta (V) at a `current` in A/g; zero without an exchange current."""
    if network.exchange <= 0.0:
        return 0.0
    return network.thermal_voltage * asinh(current / network.exchange)


@kernel
def drop_slope(
    current: float, by_resistance: float, by_exchange: float, by_thermal: float, network: Network
) -> float:
    """How E - V (V) at a `current` in A/g changes with resistance, exchange current and thermal voltage of the network."""
    change = by_resistance * current
    if network.exchange > 0.0:
        share = current / network.exchange
        change += by_thermal * asinh(share)
        change -= by_exchange * network.thermal_voltage * share / network.exchange / hypot(1.0, share)
    return change


@kernel
def is_direct(network: Network) -> bool:
    """Whether the voltage at the terminals is the potential of the electrode, whatever the current."""
    return network.resistance == 0.0 and network.exchange <= 0.0


@kernel
def driven_current(drop: float, network: Network) -> tuple[float, float]:
    """The current I (A/g) that a drop E - V drives, and dI/dE (A/(g V)); not if `is_direct`.

    With ``z = asinh(I / (2 i0 A_s))`` it is the root of ``R_s 2 i0 A_s sinh z + (2RT/F) z = E - V``.
    Newton's method converges monotonically, since the left side is convex and each of its terms alone
    gives an upper bound of z to start from.
    """
    resistance, exchange, thermal = network.resistance, network.exchange, network.thermal_voltage
    if exchange <= 0.0:
        return drop / resistance, 1.0 / resistance
    size = abs(drop)
    z = size / thermal
    if resistance > 0.0:
        ohmic = resistance * exchange
        z = min(z, asinh(size / ohmic))
        for _ in range(MAX_ITERATIONS):
            step = (ohmic * sinh(z) + thermal * z - size) / (ohmic * cosh(z) + thermal)
            z -= step
            if step <= 1e-15 * z:
                break
    current = exchange * sinh(z)
    by_potential = 1.0 / (resistance + thermal / (exchange * cosh(z)))
    return current if drop > 0.0 else -current, by_potential
