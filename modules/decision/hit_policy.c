/* Hit policies and aggregators: a row each. A policy chooses among the rules that hold,
 * an aggregator makes one value of what they give. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define HIT(hits, i) (&APR_ARRAY_IDX((hits), (i), wf_decision_hit_t))
/* So many rules are named in a message. */
#define NAMED_MAX 10

/* ---- policies --------------------------------------------------------------------- */

/* "rules 1, 4" */
static const char *name_rules(const apr_array_header_t *hits, apr_pool_t *p)
{
    const char *text = "rules ";

    for (int i = 0; i < hits->nelts && i < NAMED_MAX; i++) {
        text = apr_psprintf(p, "%s%s%d", text, i ? ", " : "", HIT(hits, i)->rule->number);
    }
    return hits->nelts > NAMED_MAX ? apr_pstrcat(p, text, " …", NULL) : text;
}

static apr_status_t only_one(const wf_decision_table_t *table, apr_array_header_t *hits,
                             wf_error_t *err)
{
    (void)table;
    if (hits->nelts <= 1) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "%s hold, but the hit policy UNIQUE allows one",
                        name_rules(hits, err->pool));
}

static apr_status_t all_the_same(const wf_decision_table_t *table,
                                 apr_array_header_t *hits, wf_error_t *err)
{
    for (int i = 1; i < hits->nelts; i++) {
        for (int o = 0; o < table->noutputs; o++) {
            if (!wf_feel_equal(&HIT(hits, 0)->values[o], &HIT(hits, i)->values[o])) {
                return wf_error_set(err, WF_ERR_EXECUTION,
                                    "rules %d and %d hold and give different values of "
                                    "'%s', which the hit policy ANY forbids",
                                    HIT(hits, 0)->rule->number,
                                    HIT(hits, i)->rule->number, table->outputs[o].name);
            }
        }
    }
    hits->nelts = hits->nelts ? 1 : 0;
    return APR_SUCCESS;
}

/* The place of a value among the output values, or -1. */
static int rank_of(const wf_decision_output_t *output, const wf_value_t *value)
{
    for (int i = 0; i < output->nvalues; i++) {
        if (wf_feel_equal(&output->values[i], value)) {
            return i;
        }
    }
    return -1;
}

static apr_status_t rank_hits(const wf_decision_table_t *table,
                              const apr_array_header_t *hits, wf_error_t *err)
{
    for (int i = 0; i < hits->nelts; i++) {
        wf_decision_hit_t *hit = HIT(hits, i);

        hit->ranks = apr_pcalloc(hits->pool, sizeof(int) * (table->noutputs + 1));
        for (int o = 0; o < table->noutputs; o++) {
            const wf_decision_output_t *output = &table->outputs[o];

            hit->ranks[o] = output->nvalues ? rank_of(output, &hit->values[o]) : 0;
            if (hit->ranks[o] < 0) {
                return wf_error_set(err, WF_ERR_EXECUTION,
                                    "rule %d gives a value of '%s' that is not among its "
                                    "output values",
                                    hit->rule->number, output->name);
            }
        }
        hit->ranks[table->noutputs] = hit->rule->number; /* equals stay as they are */
    }
    return APR_SUCCESS;
}

/* The first output counts most. Ranks end with the rule's number, so those of two hits
 * differ somewhere. */
static int by_rank(const void *a, const void *b)
{
    const int *ra = ((const wf_decision_hit_t *)a)->ranks;
    const int *rb = ((const wf_decision_hit_t *)b)->ranks;

    if (ra == rb) {
        return 0;
    }
    while (*ra == *rb) {
        ra++;
        rb++;
    }
    return *ra < *rb ? -1 : 1;
}

static apr_status_t by_outputs(const wf_decision_table_t *table, apr_array_header_t *hits,
                               wf_error_t *err)
{
    apr_status_t rv = rank_hits(table, hits, err);

    if (rv == APR_SUCCESS && hits->nelts > 1) {
        qsort(hits->elts, (size_t)hits->nelts, sizeof(wf_decision_hit_t), by_rank);
    }
    return rv;
}

static apr_status_t most_important(const wf_decision_table_t *table,
                                   apr_array_header_t *hits, wf_error_t *err)
{
    apr_status_t rv = by_outputs(table, hits, err);

    hits->nelts = hits->nelts ? 1 : 0;
    return rv;
}

/* clang-format off */
static const wf_hit_policy_t policies[] = {
    /* name            single first ordered before     settle */
    { "UNIQUE",        1,     0,    0,      only_one,  NULL },
    { "FIRST",         1,     1,    0,      NULL,      NULL },
    { "PRIORITY",      1,     0,    1,      NULL,      most_important },
    { "ANY",           1,     0,    0,      NULL,      all_the_same },
    { "COLLECT",       0,     0,    0,      NULL,      NULL },
    { "RULE ORDER",    0,     0,    0,      NULL,      NULL },
    { "OUTPUT ORDER",  0,     0,    1,      NULL,      by_outputs },
};
/* clang-format on */

const wf_hit_policy_t *wf_hit_policy_find(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        if (!strcmp(policies[i].name, name)) {
            return &policies[i];
        }
    }
    return NULL;
}

/* ---- aggregators ------------------------------------------------------------------ */

static int count(wf_feel_run_t *run, const wf_value_t *values, int nvalues, int nhits,
                 wf_value_t *result)
{
    (void)run, (void)values, (void)nvalues;
    *result = wf_integer(nhits);
    return 1;
}

static int sum(wf_feel_run_t *run, const wf_value_t *values, int nvalues, int nhits,
               wf_value_t *result)
{
    (void)nhits;
    for (int i = 0; i < nvalues; i++) {
        wf_value_t before = *result;

        if (!wf_is_integer(&values[i]) && values[i].type != WF_DOUBLE) {
            wf_feel_fail(run, "SUM adds numbers, not values of type %s",
                         wf_feel_kind(&values[i]));
            return -1;
        }
        if (i == 0) {
            *result = values[i];
        }
        else if (wf_feel_arithmetic(run, WF_FEEL_ADD, &before, &values[i], result)
                 != APR_SUCCESS) {
            return -1;
        }
    }
    return nvalues > 0;
}

/* The value that is `op` all others. */
static int extreme(wf_feel_run_t *run, wf_feel_op_e op, const wf_value_t *values,
                   int nvalues, wf_value_t *result)
{
    wf_value_t better;

    for (int i = 0; i < nvalues; i++) {
        const wf_value_t *best = i ? result : &values[0];

        if (wf_feel_compare(run, op, &values[i], best, &better) != APR_SUCCESS) {
            return -1;
        }
        *result = better.as.boolean ? values[i] : *best;
    }
    return nvalues > 0;
}

static int least(wf_feel_run_t *run, const wf_value_t *values, int nvalues, int nhits,
                 wf_value_t *result)
{
    (void)nhits;
    return extreme(run, WF_FEEL_LT, values, nvalues, result);
}

static int greatest(wf_feel_run_t *run, const wf_value_t *values, int nvalues, int nhits,
                    wf_value_t *result)
{
    (void)nhits;
    return extreme(run, WF_FEEL_GT, values, nvalues, result);
}

/* clang-format off */
static const wf_aggregator_t aggregators[] = {
    { "COUNT", count },
    { "SUM",   sum },
    { "MIN",   least },
    { "MAX",   greatest },
};
/* clang-format on */

const wf_aggregator_t *wf_aggregator_find(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(aggregators) / sizeof(aggregators[0]); i++) {
        if (!strcmp(aggregators[i].name, name)) {
            return &aggregators[i];
        }
    }
    return NULL;
}
