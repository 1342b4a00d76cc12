/* The electrode of docs/model.md in C, by hand: one particle, given current. */
#ifndef ELECTRODE_H
#define ELECTRODE_H

/* Numbers of a network (SI units, per gram of host), a start and a protocol, as
 * benchmarks/stacks/sundials.py writes them. */
typedef struct {
    int nodes, edges, legs;
    /* Nodes; the galleries of node p are gallery_start[p] <= j < gallery_start[p + 1]. */
    double *gibbs, *fixed, *full, *molar_volume, *partial_volume;
    int *gallery_start;
    double *sites, *site_potential, *site_energy;
    /* Edges. */
    int *source, *target;
    double *unchanged, *grows, *alpha, *energy, *order, *seed, *transformation_work;
    double *rounding, *barrier, *log_attempt, *propagation, *growth, *transport;
    /* Whole electrode. */
    double charge_scale, double_layer, faraday;
    /* nodes fractions, then E (V). */
    double *start;
    /* Legs of the protocol: I (A/g), longest time (s), a cut-off that is met where
     * side (V - limit) falls to zero (a side of 0 is none), and E - V (V). */
    double *current, *duration, *limit, *side, *drop;
    /* Room: thermodynamics of the nodes. */
    double *omega, *content, *slope, *curvature;
} Electrode;

/* NULL where the file cannot be read, with a word on stderr. */
Electrode *electrode_read(const char *path);
void electrode_free(Electrode *electrode);

/* dy/dt at current I (A/g). */
void electrode_rate(Electrode *m, double current, const double *y, double *dydt);

/* d(dy/dt)/dy, column by column: element (i, j) is jacobian[j n + i], n = nodes + 1. */
void electrode_jacobian(Electrode *m, double current, const double *y, double *jacobian);

#endif
