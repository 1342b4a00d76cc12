#include "electrode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in sbpath.model: affinity (J/mol) below which an edge stands still, roundings beyond which its
 * growth is not rounded off, the largest exponent of a nucleation time, and the least front. */
#define SMALLEST_AFFINITY 1e-9
#define BEYOND_ROUNDING 40.0
#define LARGEST_EXPONENT 600.0
#define LEAST_FRONT 1e-9

/* ---- the text file: lines of "name count value ..." ------------------------------------ */

static double *find(FILE *file, const char *name, int *count) {
    char word[64];
    rewind(file);
    while (fscanf(file, "%63s %d", word, count) == 2) {
        double *values = malloc(sizeof(double) * (size_t)(*count + 1));
        for (int i = 0; i < *count; i++)
            if (fscanf(file, "%lf", values + i) != 1) {
                free(values);
                return NULL;
            }
        if (!strcmp(word, name)) return values;
        free(values);
    }
    fprintf(stderr, "no line '%s'\n", name);
    return NULL;
}

static int read_into(FILE *file, const char *name, double **to) {
    int count;
    return (*to = find(file, name, &count)) ? count : -1;
}

static int read_integers(FILE *file, const char *name, int **to) {
    int count;
    double *values = find(file, name, &count);
    if (!values) return -1;
    *to = malloc(sizeof(int) * (size_t)(count + 1));
    for (int i = 0; i < count; i++) (*to)[i] = (int)values[i];
    free(values);
    return count;
}

static int read_one(FILE *file, const char *name, double *to) {
    int count;
    double *values = find(file, name, &count);
    if (!values) return -1;
    *to = values[0];
    free(values);
    return count;
}

Electrode *electrode_read(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return NULL;
    }
    Electrode *m = calloc(1, sizeof *m);
    m->nodes = read_into(file, "gibbs", &m->gibbs);
    m->edges = read_integers(file, "source", &m->source);
    m->legs = read_into(file, "current", &m->current);
    int bad = m->nodes < 0 || m->edges < 0 || m->legs < 0;
    bad = bad || read_integers(file, "target", &m->target) < 0;
    bad = bad || read_integers(file, "gallery_start", &m->gallery_start) < 0;
    struct {
        const char *name;
        double **to;
    } arrays[] = {
        {"fixed", &m->fixed}, {"full", &m->full}, {"molar_volume", &m->molar_volume},
        {"partial_volume", &m->partial_volume}, {"sites", &m->sites},
        {"site_potential", &m->site_potential}, {"site_energy", &m->site_energy},
        {"unchanged", &m->unchanged}, {"grows", &m->grows}, {"alpha", &m->alpha},
        {"energy", &m->energy}, {"order", &m->order}, {"seed", &m->seed},
        {"transformation_work", &m->transformation_work}, {"barrier", &m->barrier},
        {"log_attempt", &m->log_attempt}, {"propagation", &m->propagation},
        {"rounding", &m->rounding}, {"drop", &m->drop}, {"growth", &m->growth}, {"transport", &m->transport},
        {"start", &m->start}, {"duration", &m->duration}, {"limit", &m->limit}, {"side", &m->side},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        bad = bad || read_into(file, arrays[i].name, arrays[i].to) < 0;
    bad = bad || read_one(file, "charge_scale", &m->charge_scale) < 0;
    bad = bad || read_one(file, "double_layer", &m->double_layer) < 0;
    bad = bad || read_one(file, "faraday", &m->faraday) < 0;
    fclose(file);
    if (bad) {
        electrode_free(m);
        return NULL;
    }
    size_t size = sizeof(double) * (size_t)m->nodes;
    m->omega = malloc(size);
    m->content = malloc(size);
    m->slope = malloc(size);
    m->curvature = malloc(size);
    return m;
}

void electrode_free(Electrode *m) {
    void *all[] = {m->gibbs, m->fixed, m->full, m->molar_volume, m->partial_volume,
                   m->gallery_start, m->sites, m->site_potential, m->site_energy, m->source,
                   m->target, m->unchanged, m->grows, m->alpha, m->energy, m->order, m->seed,
                   m->transformation_work, m->barrier, m->log_attempt, m->growth, m->transport,
                   m->propagation, m->rounding, m->drop,
                   m->start, m->current, m->duration, m->limit, m->side, m->omega, m->content,
                   m->slope, m->curvature};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    free(m);
}

/* ---- the equations ---------------------------------------------------------------------- */

/* Grand potential and alkali content of all nodes at potential E (V), and the slope of the
 * content (1/V); the curvature (1/V^2) only if wanted. */
static void fill_nodes(Electrode *m, double potential, int curvature) {
    const double F = m->faraday;
    for (int p = 0; p < m->nodes; p++) {
        double omega = m->gibbs[p] + F * potential * m->fixed[p];
        double content = m->fixed[p], slope = 0.0, bend = 0.0;
        for (int j = m->gallery_start[p]; j < m->gallery_start[p + 1]; j++) {
            double scale = m->site_energy[j];
            double z = F * (potential - m->site_potential[j]) / scale;
            double small = exp(-fabs(z));
            double occupied = (z > 0.0 ? small : 1.0) / (1.0 + small);
            double logarithm = log1p(small) - fmin(z, 0.0);
            double spread = m->sites[j] * occupied * (1.0 - occupied);
            omega -= m->sites[j] * scale * logarithm;
            content += m->sites[j] * occupied;
            slope -= spread * F / scale;
            if (curvature) bend += spread * (1.0 - 2.0 * occupied) * (F / scale) * (F / scale);
        }
        m->omega[p] = omega;
        m->content[p] = content;
        m->slope[p] = slope;
        m->curvature[p] = bend;
    }
}

/* 1 - exp(-a) where backward is exp(-a): no digits are lost where it is small. */
static double less_than_one(double a, double backward) { return a > 1.0 ? 1.0 - backward : -expm1(-a); }

/* Volume of what is new in the product of edge e (m^3/mol). */
static double new_volume(const Electrode *m, int e) {
    int q = m->target[e];
    double missing = m->grows[e] * (m->full[q] - m->content[q]);
    return m->molar_volume[q] - m->partial_volume[q] * missing - m->unchanged[e];
}

/* An edge that runs: its ends, what drives it (J/mol), the times (s) and the rate (1/s). */
typedef struct {
    int p, q;
    double driving, volume, start, nucleated, growth, waiting, rate, step, filled, occupied, rounded;
} Edge;

/* Edge e in state y, as in sbpath.model.rates; 0 where its reactant is empty, where it stands still,
 * or where it cannot start. */
static int edge_at(const Electrode *m, int e, const double *y, Edge *edge) {
    int p = edge->p = m->source[e], q = edge->q = m->target[e];
    if (y[p] <= 0.0) return 0;
    double driving = edge->driving = m->omega[p] - m->omega[q] - m->transformation_work[e];
    if (driving <= SMALLEST_AFFINITY) return 0;
    edge->volume = new_volume(m, e);
    double exponent = m->barrier[e] * edge->volume * edge->volume / (driving * driving) - m->log_attempt[e];
    double nucleation = exponent > LARGEST_EXPONENT ? INFINITY : exp(exponent);
    double front = y[q] > LEAST_FRONT ? (y[q] - LEAST_FRONT) * ((y[q] - LEAST_FRONT) / y[q]) : 0.0;
    double arriving = m->propagation[e] * front;
    edge->start = arriving <= 0.0 ? nucleation
                  : isinf(nucleation) ? 1.0 / arriving
                                      : nucleation / (1.0 + arriving * nucleation);
    if (isinf(edge->start)) return 0;
    edge->nucleated = edge->start * (edge->start / nucleation);
    double a = driving / m->energy[e], forward = exp(-m->alpha[e] * a);
    double backward = m->alpha[e] == 0.5 ? forward * forward : exp(-a);
    edge->occupied = less_than_one(a, backward);
    edge->growth = forward / (m->growth[e] * edge->occupied);
    edge->filled = m->seed[e] + (1.0 - m->seed[e]) * fmax(y[q], 0.0);
    if (m->order[e] > 0.0) edge->growth /= pow(edge->filled, m->order[e]);
    double near = driving / m->rounding[e];
    edge->rounded = near < BEYOND_ROUNDING ? less_than_one(near, exp(-near)) : 1.0;
    edge->growth /= edge->rounded;
    edge->waiting = edge->start + edge->growth + m->transport[e];
    edge->rate = y[p] / edge->waiting;
    edge->step = m->content[q] - m->content[p];
    return 1;
}

void electrode_rate(Electrode *m, double current, const double *y, double *dydt) {
    const int last = m->nodes;
    double faradaic = 0.0, capacitance = m->double_layer;
    fill_nodes(m, y[last], 0);
    for (int k = 0; k <= last; k++) dydt[k] = 0.0;
    for (int e = 0; e < m->edges; e++) {
        Edge edge;
        if (!edge_at(m, e, y, &edge)) continue;
        dydt[edge.p] -= edge.rate;
        dydt[edge.q] += edge.rate;
        faradaic += m->charge_scale * edge.step * edge.rate;
    }
    for (int p = 0; p < m->nodes; p++) capacitance -= m->charge_scale * y[p] * m->slope[p];
    dydt[last] = (faradaic - current) / capacitance;
}

void electrode_jacobian(Electrode *m, double current, const double *y, double *jacobian) {
    const int last = m->nodes, n = last + 1;
    double faradaic = 0.0, capacitance = m->double_layer;
#define J(i, j) jacobian[(j) * n + (i)]
    memset(jacobian, 0, sizeof(double) * (size_t)(n * n));
    fill_nodes(m, y[last], 1);
    for (int e = 0; e < m->edges; e++) {
        Edge edge;
        if (!edge_at(m, e, y, &edge)) continue;
        int p = edge.p, q = edge.q;
        double driving = edge.driving, waiting = edge.waiting, rate = edge.rate, step = edge.step;
        double slope = -2.0 * edge.nucleated * m->barrier[e] * edge.volume * edge.volume /
                           (driving * driving * driving) -
                       edge.growth * ((m->alpha[e] + (1.0 - edge.occupied) / edge.occupied) / m->energy[e] +
                                      (1.0 - edge.rounded) / edge.rounded / m->rounding[e]);
        double product_slope =
            m->order[e] > 0.0 ? -edge.growth * m->order[e] * (1.0 - m->seed[e]) / edge.filled : 0.0;
        double by_reactant = 1.0 / waiting;
        double apart = LEAST_FRONT / fmax(y[q], LEAST_FRONT), reached = edge.start / waiting;
        double by_product = y[p] * m->propagation[e] * (1.0 - apart * apart) * reached * reached -
                            rate * product_slope / waiting;
        double by_potential = rate * slope / waiting * step * m->faraday;
        /* The nucleus is as large as the product's content makes it. */
        double swelling =
            2.0 * m->barrier[e] * edge.volume * m->grows[e] * m->partial_volume[q] * m->slope[q];
        by_potential -= rate * edge.nucleated * swelling / (driving * driving) / waiting;
        double scale = m->charge_scale;
        faradaic += scale * step * rate;
        J(p, p) -= by_reactant;
        J(q, p) += by_reactant;
        J(p, q) -= by_product;
        J(q, q) += by_product;
        J(p, last) -= by_potential;
        J(q, last) += by_potential;
        J(last, p) += scale * step * by_reactant;
        J(last, q) += scale * step * by_product;
        J(last, last) += scale * (step * by_potential + (m->slope[q] - m->slope[p]) * rate);
    }
    for (int p = 0; p < m->nodes; p++) capacitance -= m->charge_scale * y[p] * m->slope[p];
    double motion = (faradaic - current) / capacitance;
    for (int p = 0; p < m->nodes; p++) {
        J(last, p) = (J(last, p) + motion * m->charge_scale * m->slope[p]) / capacitance;
        J(last, last) += motion * m->charge_scale * y[p] * m->curvature[p];
    }
    J(last, last) /= capacitance;
#undef J
}
