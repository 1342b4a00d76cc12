"""Workspace for one evaluation of the equations, and the quantities that all processes share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, kernel
from sbpath.model.network import Network
from sbpath.model.thermo import node_state


class Derivatives(NamedTuple):
    """dy/dt and its Jacobian, an arrow (N blocks of B unknowns, with a border) and what comes through K means.

    `dy_dt` (n); `blocks` (N, B, B): derivatives of each particle's rates with respect to its own
    unknowns; `columns` (g + K, N B): those of all particles' rates with respect to each shared unknown, then
    each mean; `rows` (g + m, N B + g + K): those of the rates of the shared unknowns, then of the tallies, with
    respect to all unknowns but the tallies, then the means; `by_time` (n): explicit time derivatives of all
    rates; `means` (K, N B): those of the means with respect to the particles' unknowns, which are constant.
    """

    dy_dt: Floats
    blocks: Floats3
    columns: Floats2
    rows: Floats2
    by_time: Floats
    means: Floats2


class Workspace(NamedTuple):
    """Workspace for one evaluation: N particles of B unknowns, P nodes, E edges.

    `derivatives`; `mean` (B): weighted averages of the particles' unknowns, the Theta_p first;
    `content` x_p, `omega`, `slope` dx/dE, `curvature` (P each); `affinity` (J/mol; E); of
    `sbpath.model.strain`: ln V and d ln V/dE of the nodes, `log_volume` and `log_slope` (P each), the
    `strain_rate` (1; 1/s) and its derivatives `strain_row` (N B + g + K) and `strain_by_time` (1); `rate`
    (1/s), and the times `start` and `growth` (s, active edges only) (N rows of E); `way` (n) and
    `way_mean` (B): a change of the state and its average.
    """

    derivatives: Derivatives
    mean: Floats
    content: Floats
    omega: Floats
    slope: Floats
    curvature: Floats
    affinity: Floats
    log_volume: Floats
    log_slope: Floats
    strain_rate: Floats
    strain_row: Floats
    strain_by_time: Floats
    rate: Floats2
    start: Floats2
    growth: Floats2
    way: Floats
    way_mean: Floats


@kernel
def new_derivatives(network: Network) -> Derivatives:
    """Derivatives of `network`, all zero."""
    particles, layout = len(network.weight), network.layout
    electrode, widened = layout.unknowns - layout.potential, layout.shared + len(network.meant)
    means = np.zeros((len(network.meant), layout.potential))
    for m in range(len(network.meant)):
        for i in range(particles):
            means[m, i * layout.block + network.meant[m]] = network.weight[i]
    return Derivatives(
        np.zeros(layout.unknowns),
        np.zeros((particles, layout.block, layout.block)),
        np.zeros((widened, layout.potential)),
        np.zeros((electrode, layout.potential + widened)),
        np.zeros(layout.unknowns),
        means,
    )


@kernel
def workspace(network: Network) -> Workspace:
    """Workspace for evaluations of `network`."""
    particles, nodes, edges = len(network.weight), len(network.gibbs), len(network.source)
    return Workspace(
        new_derivatives(network),
        np.zeros(network.layout.block),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(edges),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(1),
        np.zeros(network.layout.potential + network.layout.shared + len(network.meant)),
        np.zeros(1),
        np.zeros((particles, edges)),
        np.zeros((particles, edges)),
        np.zeros((particles, edges)),
        np.zeros(network.layout.unknowns),
        np.zeros(network.layout.block),
    )


@kernel
def clear(derivatives: Derivatives, with_jacobian: bool) -> None:
    """Set the derivatives to zero before processes add theirs."""
    derivatives.dy_dt[:] = 0.0
    if with_jacobian:
        derivatives.blocks[:] = 0.0
        derivatives.columns[:] = 0.0
        derivatives.rows[:] = 0.0
        derivatives.by_time[:] = 0.0


@kernel
def copy_derivatives(source: Derivatives, target: Derivatives) -> None:
    """Copy `source` into `target`."""
    target.dy_dt[:] = source.dy_dt
    target.blocks[:] = source.blocks
    target.columns[:] = source.columns
    target.rows[:] = source.rows
    target.by_time[:] = source.by_time


def dense(derivatives: Derivatives) -> Floats2:
    """The Jacobian as one matrix, shape (n, n)."""
    particles, block, _ = derivatives.blocks.shape
    count, border = len(derivatives.dy_dt), particles * block
    matrix = np.zeros((count, count))
    for i in range(particles):
        own = slice(i * block, (i + 1) * block)
        matrix[own, own] = derivatives.blocks[i]
    shared = len(derivatives.columns) - len(derivatives.means)
    matrix[:border, border : border + shared] = derivatives.columns[:shared].T
    matrix[border:, : border + shared] = derivatives.rows[:, : border + shared]
    matrix[:border, :border] += derivatives.columns[shared:].T @ derivatives.means
    matrix[border:, :border] += derivatives.rows[:, border + shared :] @ derivatives.means
    return matrix


@kernel
def fill_nodes(potential: float, network: Network, space: Workspace) -> None:
    """Thermodynamic functions of all nodes at `potential` (V)."""
    for p in range(len(network.gibbs)):
        space.omega[p], space.content[p], space.slope[p], space.curvature[p] = node_state(
            potential,
            network.gibbs[p],
            network.fixed[p],
            network.gallery_start[p],
            network.gallery_start[p + 1],
            network.sites,
            network.site_potential,
            network.site_energy,
        )


@kernel
def fill_means(state: Floats, network: Network, means: Floats) -> None:
    """Weighted averages of the particles' unknowns, shape (B,), the share Theta_p of all Sb in each node first."""
    block = len(means)
    for b in range(block):
        means[b] = 0.0
    for i in range(len(network.weight)):
        for b in range(block):
            means[b] += network.weight[i] * state[i * block + b]


@kernel
def node_volume(node: int, network: Network, space: Workspace) -> float:
    """Molar volume of a node at its present content (m^3/mol Sb); call after `fill_nodes`."""
    missing = network.full[node] - space.content[node]
    return network.molar_volume[node] - network.partial_volume[node] * missing
