"""Film on the surfaces of an electrode: bare surface seals below an onset potential, and film grows.

With ``eta = E_f - E``, a surface of area S (m2 per g of host), its bare share b and the mean thickness
L of its living film, all rates zero for ``eta <= 0``:

    k = 1 / (1 / (k_f (exp(alpha f eta) - exp(-(1 - alpha) f eta))) + tau_f),   f = F/(R T)
    j = kappa eta / L
    i = S (k b q0 + (1 - b) j)
    db/dt = -k b,   dL/dt = v j + k b (L0 - L) / (1 - b),   q0 = L0 / v

Sealing is an edge from bare to filmed surface with a Butler-Volmer rate; film grows as electrons
migrate through it (P. Marquis, thesis, University of Oxford 2020, eq. 5.94). Torn film is shed with its
thickness, and what seals anew is L0 thick. The charge i consumes is in the film for good, torn-off film
included: a state, not thickness times area, which would lose charge when host is lost. The film holds
the energy -E_f Q, and its heat is eta i.

Two surfaces: that of the live host, S = a A, whose bare share is kept by origin (bare from the start,
fresh from breaking, torn open; see `sbpath.model.strain`), and the idle one of carbon and additives.
"""

from __future__ import annotations

from math import exp

from sbpath.kernels import Floats, kernel
from sbpath.model.columns import FILM
from sbpath.model.network import Network
from sbpath.model.rates import MAX_EXPONENT
from sbpath.model.unknowns import (
    BARE,
    FILM_CHARGE,
    FILM_THICKNESS,
    HOST_AREA,
    IDLE_BARE,
    IDLE_FILM_CHARGE,
    IDLE_FILM_THICKNESS,
    LIVE_SHARE,
    ORIGINS,
    live_share,
)
from sbpath.model.workspace import Workspace
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R

# Beside the filmed share in a denominator, for a surface without film.
SMALLEST_FILMED = 1e-6


@kernel
def sealing(driving: float, network: Network) -> tuple[float, float]:
    """K (1/s) and dk/d(eta) at ``eta = driving`` > 0 (V)."""
    film, per_volt = network.film, F / (R * network.temperature)
    forward = exp(min(film.transfer * per_volt * driving, MAX_EXPONENT))
    backward = exp((film.transfer - 1.0) * per_volt * driving)
    free = film.sealing_rate * (forward - backward)
    slope = film.sealing_rate * per_volt * (film.transfer * forward + (1.0 - film.transfer) * backward)
    slowed = 1.0 + film.sealing_time * free
    return free / slowed, slope / slowed / slowed


@kernel
def add_film(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> float:
    """Add the rates of film on both surfaces; returns the current that they consume (A/g)."""
    if not network.film.forms:
        return 0.0
    layout = network.layout
    driving = network.film.onset - state[layout.potential]
    if driving <= 0.0:
        return 0.0
    first = layout.first
    at_area: int = first[HOST_AREA]
    live, area = live_share(state, layout), state[at_area]
    density, host = _add_surface(
        live * area,
        ORIGINS,
        first[BARE],
        first[FILM_THICKNESS],
        first[FILM_CHARGE],
        driving,
        state,
        network,
        space,
        with_jacobian,
    )
    _, idle = _add_surface(
        network.film.idle_area,
        1,
        first[IDLE_BARE],
        first[IDLE_FILM_THICKNESS],
        first[IDLE_FILM_CHARGE],
        driving,
        state,
        network,
        space,
        with_jacobian,
    )
    if with_jacobian:
        k = sealing(driving, network)[0]
        _by_area(first[HOST_AREA], live, k, density, state, network, space)
        if layout.loses:
            _by_area(first[LIVE_SHARE], area, k, density, state, network, space)
    return host + idle


@kernel
def _add_surface(
    area: float,
    origins: int,
    bare: int,
    thickness: int,
    charge: int,
    driving: float,
    state: Floats,
    network: Network,
    space: Workspace,
    with_jacobian: bool,
) -> tuple[float, float]:
    """Add the rates of one surface; returns its current per area (A/m2) and its current (A/g).

    `bare`, `thickness` and `charge` are positions in the state: of the bare shares by origin, of the
    thickness, and of the charge sealed by origin, after which comes that of growth.
    """
    film, at_E = network.film, network.layout.potential
    dy_dt, _, _, rows, _, _ = space.derivatives
    k, k_slope = sealing(driving, network)
    open_share = 0.0
    for o in range(origins):
        open_share += state[bare + o]
    covered = 1.0 - open_share
    filmed = covered + SMALLEST_FILMED
    per_volt = film.conductivity / state[thickness]
    growth = per_volt * driving
    thinning = (film.sealing_thickness - state[thickness]) / filmed
    for o in range(origins):
        sealed = k * state[bare + o]
        dy_dt[bare + o] -= sealed
        dy_dt[charge + o] += area * sealed * film.sealing_charge
    dy_dt[charge + origins] += area * covered * growth
    dy_dt[thickness] += film.volume * growth + k * open_share * thinning
    density = k * open_share * film.sealing_charge + covered * growth
    if with_jacobian:
        of_L, of_Q, of_b = thickness - at_E, charge - at_E, bare - at_E
        by_E = -k_slope * open_share * film.sealing_charge - covered * per_volt
        by_bare = k * film.sealing_charge - growth
        by_L = -covered * growth / state[thickness]
        rows[0, at_E] += area * by_E
        rows[0, thickness] += area * by_L
        rows[of_L, at_E] -= film.volume * per_volt + k_slope * open_share * thinning
        rows[of_L, thickness] -= film.volume * growth / state[thickness] + k * open_share / filmed
        rows[of_Q + origins, at_E] -= area * covered * per_volt
        rows[of_Q + origins, thickness] += area * by_L
        for o in range(origins):
            at = bare + o
            rows[0, at] += area * by_bare
            rows[of_L, at] += k * thinning * (1.0 + open_share / filmed)
            rows[of_b + o, at] -= k
            rows[of_b + o, at_E] += k_slope * state[at]
            rows[of_Q + o, at] += area * k * film.sealing_charge
            rows[of_Q + o, at_E] -= area * k_slope * state[at] * film.sealing_charge
            rows[of_Q + origins, at] -= area * growth
    return density, area * density


@kernel
def _by_area(
    at: int, factor: float, k: float, density: float, state: Floats, network: Network, space: Workspace
) -> None:
    """Derivatives of the host's film with respect to the unknown at `at`, whose product with `factor` is its area."""
    first, at_E = network.layout.first, network.layout.potential
    rows = space.derivatives.rows
    of_Q = first[FILM_CHARGE] - at_E
    sealed = 0.0
    for o in range(ORIGINS):
        own = k * state[first[BARE] + o] * network.film.sealing_charge
        rows[of_Q + o, at] += factor * own
        sealed += own
    rows[of_Q + ORIGINS, at] += factor * (density - sealed)
    rows[0, at] += factor * density


@kernel
def film_charge(state: Floats, network: Network) -> float:
    """Charge in film (C/g)."""
    if not network.film.forms:
        return 0.0
    host: int = network.layout.first[FILM_CHARGE]
    idle: int = network.layout.first[IDLE_FILM_CHARGE]
    charge = 0.0
    for k in range(ORIGINS + 1):
        charge += state[host + k]
    for k in range(2):
        charge += state[idle + k]
    return charge


@kernel
def fill_film(state: Floats, network: Network, space: Workspace, values: Floats) -> None:
    """Fill the column of heat, after `evaluate`."""
    if network.film.forms:
        values[network.columns.heat[FILM]] = film_heat(state, network, space)


@kernel
def film_heat(state: Floats, network: Network, space: Workspace) -> float:
    """Heat of film on all surfaces (W/g), after `evaluate`."""
    if not network.film.forms:
        return 0.0
    first, dy_dt, current = network.layout.first, space.derivatives.dy_dt, 0.0
    for k in range(ORIGINS + 1):
        current += dy_dt[first[FILM_CHARGE] + k]
    for k in range(2):
        current += dy_dt[first[IDLE_FILM_CHARGE] + k]
    return (network.film.onset - state[network.layout.potential]) * current
