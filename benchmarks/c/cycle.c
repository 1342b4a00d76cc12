/* A protocol of constant currents and rests by SUNDIALS, CVODE (y' = f) or IDA (y' - f = 0):
 * variable-order BDF, dense LU, analytic Jacobian, cut-offs by root finding. */
#include "electrode.h"

#include <cvode/cvode.h>
#include <ida/ida.h>
#include <nvector/nvector_serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <sundials/sundials_config.h>
#include <sundials/sundials_types.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

/* A solve that fails says so by its flag; version 7 keeps its files elsewhere. */
#if SUNDIALS_VERSION_MAJOR >= 7
#define QUIET(set_file)
#else
#define QUIET(set_file) set_file(s->memory, NULL)
#endif

/* How many steps a leg may take. */
#define MOST_STEPS 1000000

typedef struct {
    Electrode *electrode;
    int ida, leg;
    SUNContext context;
    N_Vector y, dydt;
    SUNMatrix matrix;
    SUNLinearSolver linear;
    void *memory;
} Solver;

/* ---- what SUNDIALS calls ----------------------------------------------------------------- */

static int rate(sunrealtype t, N_Vector y, N_Vector dydt, void *data) {
    Solver *s = data;
    (void)t;
    electrode_rate(s->electrode, s->electrode->current[s->leg], N_VGetArrayPointer(y),
                   N_VGetArrayPointer(dydt));
    return 0;
}

static int jacobian(sunrealtype t, N_Vector y, N_Vector dydt, SUNMatrix matrix, void *data, N_Vector a,
                    N_Vector b, N_Vector c) {
    Solver *s = data;
    (void)t, (void)dydt, (void)a, (void)b, (void)c;
    electrode_jacobian(s->electrode, s->electrode->current[s->leg], N_VGetArrayPointer(y),
                       SUNDenseMatrix_Data(matrix));
    return 0;
}

static int residual(sunrealtype t, N_Vector y, N_Vector dydt, N_Vector out, void *data) {
    rate(t, y, out, data);
    double *r = N_VGetArrayPointer(out), *d = N_VGetArrayPointer(dydt);
    for (int k = 0; k <= ((Solver *)data)->electrode->nodes; k++) r[k] = d[k] - r[k];
    return 0;
}

static int residual_jacobian(sunrealtype t, sunrealtype cj, N_Vector y, N_Vector dydt, N_Vector r,
                             SUNMatrix matrix, void *data, N_Vector a, N_Vector b, N_Vector c) {
    (void)r;
    jacobian(t, y, dydt, matrix, data, a, b, c);
    int n = ((Solver *)data)->electrode->nodes + 1;
    double *J = SUNDenseMatrix_Data(matrix);
    for (int k = 0; k < n * n; k++) J[k] = -J[k];
    for (int k = 0; k < n; k++) J[k * n + k] += cj;
    return 0;
}

/* How far the terminal voltage is from the cut-off; zero or less where it is met. */
static double distance(const Solver *s, N_Vector y) {
    const Electrode *m = s->electrode;
    if (m->side[s->leg] == 0.0) return 1.0;
    double voltage = N_VGetArrayPointer(y)[m->nodes] - m->drop[s->leg];
    return m->side[s->leg] * (voltage - m->limit[s->leg]);
}

static int root(sunrealtype t, N_Vector y, sunrealtype *out, void *data) {
    (void)t;
    out[0] = distance(data, y);
    return 0;
}

static int root_ida(sunrealtype t, N_Vector y, N_Vector dydt, sunrealtype *out, void *data) {
    (void)dydt;
    return root(t, y, out, data);
}

/* ---- what Python calls ------------------------------------------------------------------- */

/* Version of SUNDIALS; where its source is from; the flags that it and this were compiled with; by what. */
const char *solver_facts(void) { return SUNDIALS_VERSION "|" ORIGIN "|" FLAGS "|" __VERSION__; }

void solver_free(Solver *s) {
    if (s->memory) s->ida ? IDAFree(&s->memory) : CVodeFree(&s->memory);
    SUNLinSolFree(s->linear);
    SUNMatDestroy(s->matrix);
    N_VDestroy(s->y);
    N_VDestroy(s->dydt);
    SUNContext_Free(&s->context);
    electrode_free(s->electrode);
    free(s);
}

/* A solver for the electrode and protocol of a text file; NULL where it cannot be made. All is
 * allocated here: repeated solves reuse it. */
Solver *solver_new(const char *path, int ida, double rtol, double atol) {
    Electrode *m = electrode_read(path);
    if (!m) return NULL;
    Solver *s = calloc(1, sizeof *s);
    s->electrode = m;
    s->ida = ida;
#if SUNDIALS_VERSION_MAJOR >= 7
    SUNContext_Create(SUN_COMM_NULL, &s->context);
    SUNContext_ClearErrHandlers(s->context);
#else
    SUNContext_Create(NULL, &s->context);
#endif
    int n = m->nodes + 1;
    s->y = N_VNew_Serial(n, s->context);
    s->dydt = N_VNew_Serial(n, s->context);
    s->matrix = SUNDenseMatrix(n, n, s->context);
    s->linear = SUNLinSol_Dense(s->y, s->matrix, s->context);
    for (int k = 0; k < n; k++) N_VGetArrayPointer(s->y)[k] = m->start[k];
    rate(0.0, s->y, s->dydt, s);
    int direction = -1, bad = 0;
    if (ida) {
        s->memory = IDACreate(s->context);
        QUIET(IDASetErrFile);
        bad |= IDAInit(s->memory, residual, 0.0, s->y, s->dydt);
        bad |= IDASStolerances(s->memory, rtol, atol);
        bad |= IDASetUserData(s->memory, s);
        bad |= IDASetLinearSolver(s->memory, s->linear, s->matrix);
        bad |= IDASetJacFn(s->memory, residual_jacobian);
        bad |= IDARootInit(s->memory, 1, root_ida);
        bad |= IDASetRootDirection(s->memory, &direction);
    } else {
        s->memory = CVodeCreate(CV_BDF, s->context);
        QUIET(CVodeSetErrFile);
        bad |= CVodeInit(s->memory, rate, 0.0, s->y);
        bad |= CVodeSStolerances(s->memory, rtol, atol);
        bad |= CVodeSetUserData(s->memory, s);
        bad |= CVodeSetLinearSolver(s->memory, s->linear, s->matrix);
        bad |= CVodeSetJacFn(s->memory, jacobian);
        bad |= CVodeRootInit(s->memory, 1, root);
        bad |= CVodeSetRootDirection(s->memory, &direction);
    }
    if (bad) {
        solver_free(s);
        return NULL;
    }
    return s;
}

/* Begin a leg at t = 0 from where the last one ended. */
static int begin_leg(Solver *s) {
    const Electrode *m = s->electrode;
    double stop = m->duration[s->leg];
    int bad = 0;
    if (s->ida) {
        rate(0.0, s->y, s->dydt, s);
        bad |= IDAReInit(s->memory, 0.0, s->y, s->dydt);
        bad |= IDASetStopTime(s->memory, stop);
    } else {
        bad |= CVodeReInit(s->memory, 0.0, s->y);
        bad |= CVodeSetStopTime(s->memory, stop);
    }
    return bad;
}

/* Steps, evaluations of f, of its Jacobian, and failed error tests of the leg, added to counts. */
static void add_counts(Solver *s, long *counts) {
    long steps, evaluations, jacobians, failed;
    if (s->ida) {
        IDAGetNumSteps(s->memory, &steps);
        IDAGetNumResEvals(s->memory, &evaluations);
        IDAGetNumJacEvals(s->memory, &jacobians);
        IDAGetNumErrTestFails(s->memory, &failed);
    } else {
        CVodeGetNumSteps(s->memory, &steps);
        CVodeGetNumRhsEvals(s->memory, &evaluations);
        CVodeGetNumJacEvals(s->memory, &jacobians);
        CVodeGetNumErrTestFails(s->memory, &failed);
    }
    counts[0] += steps;
    counts[1] += evaluations;
    counts[2] += jacobians;
    counts[3] += failed;
}

/* The whole protocol. A row per step: leg, time since its start (s), fractions, E (V); nodes + 3
 * numbers. Returns how many rows, or a negative flag of SUNDIALS; `most` rows have room. */
int solver_run(Solver *s, double *rows, int most, long *counts) {
    const Electrode *m = s->electrode;
    int n = m->nodes + 1, count = 0;
    double *y = N_VGetArrayPointer(s->y);
    for (int k = 0; k < n; k++) y[k] = m->start[k];
    for (int k = 0; k < 4; k++) counts[k] = 0;
    for (s->leg = 0; s->leg < m->legs; s->leg++) {
        int over = distance(s, s->y) <= 0.0;
        sunrealtype t = 0.0;
        if (begin_leg(s)) return -100;
        for (int step = 0;; step++) {
            if (count == most) return -101;
            double *row = rows + (size_t)count++ * (size_t)(n + 2);
            row[0] = s->leg;
            row[1] = t;
            for (int k = 0; k < n; k++) row[k + 2] = y[k];
            if (over) break;
            if (step == MOST_STEPS) return -102;
            double end = m->duration[s->leg];
            int flag = s->ida ? IDASolve(s->memory, end, &t, s->y, s->dydt, IDA_ONE_STEP)
                              : CVode(s->memory, end, s->y, &t, CV_ONE_STEP);
            if (flag < 0) return flag;
            /* The flags of IDA have the same numbers. */
            over = flag == CV_ROOT_RETURN || flag == CV_TSTOP_RETURN;
        }
        add_counts(s, counts);
    }
    return count;
}
