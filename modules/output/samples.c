/* The samples of an interval: each metric of the table under the name that it has
 * outside, with the statistics of its type. */
#include "output/internal.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------- */

static void name_step(wf_figure_t *figures, const wf_output_step_t *step)
{
    const struct {
        int index;
        wf_figure_t figure;
    } rows[] = {
        { step->count, { "step_reqs", step, WF_COUNTER, -1 } },
        { step->success, { NULL, step, WF_COUNTER, -1 } },
        { step->failure, { "step_failed", step, WF_RATE, step->success } },
        { step->duration, { "step_duration", step, WF_TREND, -1 } },
        { step->status, { "step_status", step, WF_TALLY, -1 } },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        figures[rows[i].index] = rows[i].figure;
    }
}

static apr_hash_t *steps_by_id(const wf_output_run_t *run, apr_pool_t *p)
{
    apr_hash_t *steps = apr_hash_make(p);
    int i;

    for (i = 0; i < run->nsteps; i++) {
        apr_hash_set(steps, run->steps[i].id, APR_HASH_KEY_STRING, &run->steps[i]);
    }
    return steps;
}

/* NULL: it is not told, or under another metric's name. What all steps have together is
 * left out: who adds up what is told of each would count twice. */
static const char *name_outside(const wf_metric_t *metric, apr_pool_t *p)
{
    if (metric->step != NULL) {
        return apr_pstrcat(p, "custom_", metric->name, NULL);
    }
    return metric->derived ? NULL : metric->name;
}

const wf_figure_t *wf_figures_create(const wf_output_run_t *run, apr_pool_t *p)
{
    int i, n = wf_metric_count(run->table);
    wf_figure_t *figures = apr_pcalloc(p, (n + 1) * sizeof(*figures));
    apr_hash_t *steps = steps_by_id(run, p);

    for (i = 0; i < n; i++) {
        const wf_metric_t *metric = wf_metric_at(run->table, i);

        figures[i].name = name_outside(metric, p);
        figures[i].step = metric->step == NULL
                              ? NULL
                              : apr_hash_get(steps, metric->step, APR_HASH_KEY_STRING);
        figures[i].type = metric->type;
        figures[i].others = -1;
    }
    for (i = 0; i < run->nsteps; i++) {
        name_step(figures, &run->steps[i]);
    }
    return figures;
}

/* ---- statistics -------------------------------------------------------------------- */

typedef struct row_t {
    const char *name;
    wf_stat_e stat;
    double percentile;
} row_t;

/* clang-format off */
static const row_t rows[WF_METRIC_TYPES][WF_SAMPLE_STATS + 1] = {
    [WF_COUNTER] = { { "count", WF_STAT_COUNT, 0 }, { "rate", WF_STAT_RATE, 0 } },
    [WF_GAUGE]   = { { "value", WF_STAT_VALUE, 0 }, { "min", WF_STAT_MIN, 0 },
                     { "max", WF_STAT_MAX, 0 },     { "avg", WF_STAT_AVG, 0 } },
    [WF_RATE]    = { { "rate", WF_STAT_RATE, 0 },   { "passes", WF_STAT_PASSES, 0 },
                     { "fails", WF_STAT_FAILS, 0 } },
    [WF_TREND]   = { { "count", WF_STAT_COUNT, 0 }, { "min", WF_STAT_MIN, 0 },
                     { "max", WF_STAT_MAX, 0 },     { "avg", WF_STAT_AVG, 0 },
                     { "med", WF_STAT_MED, 0 },     { "p(90)", WF_STAT_PERCENTILE, 90 },
                     { "p(95)", WF_STAT_PERCENTILE, 95 },
                     { "p(99)", WF_STAT_PERCENTILE, 99 } },
};
/* clang-format on */

static void add(wf_sample_t *sample, const char *name, double value)
{
    sample->stats[sample->n].name = name;
    sample->stats[sample->n++].value = value;
}

double wf_sample_stat(const wf_sample_t *sample, const char *name)
{
    int i;

    for (i = 0; i < sample->n; i++) {
        if (strcmp(sample->stats[i].name, name) == 0) {
            return sample->stats[i].value;
        }
    }
    return 0;
}

/* ---- walking ----------------------------------------------------------------------- */

typedef struct walk_t {
    const wf_sheet_t *sheet;
    double seconds;
    apr_pool_t *p;
    wf_sample_fn *fn;
    void *baton;
} walk_t;

static double per_second(const walk_t *w, double count)
{
    return w->seconds > 0 ? count / w->seconds : 0;
}

/* A share of two counters: those of the one are what the rate counts. */
static void tell_share(const walk_t *w, wf_sample_t *sample, int index, int others)
{
    double yes = wf_sheet_counter(w->sheet, index);
    double no = wf_sheet_counter(w->sheet, others);

    if (yes + no > 0) {
        add(sample, "rate", yes / (yes + no));
        add(sample, "passes", yes);
        add(sample, "fails", no);
        w->fn(w->baton, sample);
    }
}

static void tell_tally(const walk_t *w, wf_sample_t *sample, int index)
{
    double count;
    int i, key;

    sample->type = WF_COUNTER;
    for (i = 0; wf_sheet_tallied(w->sheet, index, i, &key, &count); i++) {
        if (count > 0) {
            sample->n = 0;
            sample->status = key >= 0 ? apr_itoa(w->p, key) : "other";
            add(sample, "count", count);
            add(sample, "rate", per_second(w, count));
            w->fn(w->baton, sample);
        }
    }
}

static void tell_figure(const walk_t *w, wf_sample_t *sample, int index)
{
    const row_t *row;
    double value;

    for (row = rows[sample->type]; row->name != NULL; row++) {
        wf_sheet_stat(w->sheet, index, row->stat, row->percentile, w->seconds, &value);
        add(sample, row->name, value);
    }
    w->fn(w->baton, sample);
}

void wf_samples_walk(const wf_sheet_t *sheet, const wf_figure_t *figures, double seconds,
                     apr_pool_t *p, wf_sample_fn *fn, void *baton)
{
    walk_t w = { sheet, seconds, p, fn, baton };
    int i, n = wf_metric_count(wf_sheet_table(sheet));

    for (i = 0; i < n; i++) {
        const wf_figure_t *figure = &figures[i];
        wf_sample_t sample = { .metric = figure->name,
                               .type = figure->type,
                               .unit = wf_metric_at(wf_sheet_table(sheet), i)->unit,
                               .step = figure->step };

        if (figure->name == NULL) {
            continue;
        }
        if (figure->others >= 0) {
            tell_share(&w, &sample, i, figure->others);
        }
        else if (figure->type == WF_TALLY) {
            tell_tally(&w, &sample, i);
        }
        else if (wf_sheet_sampled(sheet, i)) {
            tell_figure(&w, &sample, i);
        }
    }
}
