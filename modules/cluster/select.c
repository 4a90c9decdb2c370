/* Who of the slaves runs an execution. */
#include "cluster/cluster.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a slave has --------------------------------------------------------------- */

static int has_capability(const wf_slave_t *slave, const char *name)
{
    int i;

    for (i = 0; i < slave->capabilities->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(slave->capabilities, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The first of some capabilities that it lacks, or NULL. */
static const char *lacks(const wf_slave_t *slave, const apr_array_header_t *names)
{
    int i;

    for (i = 0; names != NULL && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!has_capability(slave, name)) {
            return name;
        }
    }
    return NULL;
}

static int has_labels(const wf_slave_t *slave, const apr_table_t *labels)
{
    const apr_array_header_t *rows = labels != NULL ? apr_table_elts(labels) : NULL;
    int i;

    for (i = 0; rows != NULL && i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);
        const char *value = apr_table_get(slave->labels, row->key);

        if (value == NULL || strcmp(value, row->val) != 0) {
            return 0;
        }
    }
    return 1;
}

static int is_of_type(const wf_slave_t *slave, const wf_selector_t *selector)
{
    const char *type =
        selector->type != NULL ? selector->type : wf_slave_type_name(WF_SLAVE_WORKER);

    return strcmp(type, wf_slave_type_name(slave->type)) == 0;
}

static apr_int64_t room(const wf_slave_t *slave)
{
    return slave->max_vus - slave->active_vus;
}

/* ---- by their ids ---------------------------------------------------------------------- */

static const wf_slave_t *find(const apr_array_header_t *slaves, const char *id)
{
    int i;

    for (i = 0; i < slaves->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(slaves, i, wf_slave_t);

        if (strcmp(slave->id, id) == 0) {
            return slave;
        }
    }
    return NULL;
}

static apr_status_t unavailable(wf_error_t *err, const char *text, const char *what)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, text, what);
}

static int is_chosen(const apr_array_header_t *chosen, const wf_slave_t *slave)
{
    int i;

    for (i = 0; i < chosen->nelts; i++) {
        if (APR_ARRAY_IDX(chosen, i, const wf_slave_t *) == slave) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t name_them(apr_array_header_t *chosen,
                              const apr_array_header_t *slaves,
                              const wf_selector_t *selector, const wf_wanted_t *wanted,
                              wf_error_t *err)
{
    int i;

    for (i = 0; i < selector->ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(selector->ids, i, const char *), *missing;
        const wf_slave_t *slave = find(slaves, id);

        if (slave == NULL || slave->state != WF_SLAVE_ONLINE) {
            return unavailable(
                err, slave ? "slave is not online: %.100s" : "slave not found: %.100s",
                id);
        }
        missing = lacks(slave, wanted->capabilities);
        if (missing != NULL) {
            return wf_error_set(err, WF_ERR_UNAVAILABLE,
                                "slave %s lacks %s, which a step needs", id, missing);
        }
        if (!is_chosen(chosen, slave)) {
            APR_ARRAY_PUSH(chosen, const wf_slave_t *) = slave;
        }
    }
    return APR_SUCCESS;
}

/* ---- by what they are -------------------------------------------------------------------- */

static int by_load(const void *a, const void *b)
{
    const wf_slave_t *one = *(const wf_slave_t *const *)a,
                     *two = *(const wf_slave_t *const *)b;
    double difference = wf_slave_load(one) - wf_slave_load(two);

    return difference < 0 ? -1 : difference > 0 ? 1 : strcmp(one->id, two->id);
}

/* "a=1, b=2" */
static const char *labels_text(const apr_table_t *labels, apr_pool_t *p)
{
    const apr_array_header_t *rows = apr_table_elts(labels);
    const char *text = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        text = apr_pstrcat(p, text, i ? ", " : "", row->key, "=", row->val, NULL);
    }
    return text;
}

/* How many are left after each of the things that are asked for. */
typedef struct left_t {
    int online, labelled, able;
} left_t;

static apr_status_t nobody(const wf_selector_t *selector, const wf_wanted_t *wanted,
                           const left_t *left, apr_pool_t *p, wf_error_t *err)
{
    if (left->online == 0) {
        return unavailable(err, "%s", "no online slaves available");
    }
    if (left->labelled == 0) {
        return unavailable(err, "no slaves found matching labels: %s",
                           labels_text(selector->labels, p));
    }
    return unavailable(
        err, "no slaves found with capabilities: %s",
        apr_array_pstrcat(
            p, left->able == 0 ? selector->capabilities : wanted->capabilities, ','));
}

static apr_status_t find_them(apr_array_header_t *chosen,
                              const apr_array_header_t *slaves,
                              const wf_selector_t *selector, const wf_wanted_t *wanted,
                              apr_pool_t *p, wf_error_t *err)
{
    int least = selector->min_slaves > 0 ? selector->min_slaves : 1, i;
    left_t left = { 0 };

    for (i = 0; i < slaves->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(slaves, i, wf_slave_t);
        int online = slave->state == WF_SLAVE_ONLINE && is_of_type(slave, selector);
        int labelled = online && has_labels(slave, selector->labels);
        int able = labelled && lacks(slave, selector->capabilities) == NULL;

        left.online += online;
        left.labelled += labelled;
        left.able += able;
        if (able && lacks(slave, wanted->capabilities) == NULL) {
            APR_ARRAY_PUSH(chosen, const wf_slave_t *) = slave;
        }
    }
    if (chosen->nelts == 0) {
        return nobody(selector, wanted, &left, p, err);
    }
    if (chosen->nelts < least) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "not enough slaves available: need %d, have %d", least,
                            chosen->nelts);
    }
    qsort(chosen->elts, (size_t)chosen->nelts, sizeof(const wf_slave_t *), by_load);
    if (selector->max_slaves > 0 && chosen->nelts > selector->max_slaves) {
        chosen->nelts = selector->max_slaves;
    }
    return APR_SUCCESS;
}

/* ---- both ------------------------------------------------------------------------------------ */

apr_status_t wf_select(apr_array_header_t **out, const apr_array_header_t *slaves,
                       const wf_selector_t *selector, const wf_wanted_t *wanted,
                       apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *chosen =
        apr_array_make(p, slaves->nelts + 1, sizeof(const wf_slave_t *));
    apr_int64_t together = 0;
    apr_status_t rv = selector->mode == WF_SELECT_MANUAL
                          ? name_them(chosen, slaves, selector, wanted, err)
                          : find_them(chosen, slaves, selector, wanted, p, err);
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (wanted->vus > 0 && chosen->nelts > wanted->vus) {
        chosen->nelts = (int)wanted->vus; /* the others would have nobody */
    }
    for (i = 0; i < chosen->nelts; i++) {
        together += room(APR_ARRAY_IDX(chosen, i, const wf_slave_t *));
    }
    if (together < wanted->vus) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "the slaves chosen have room for %" APR_INT64_T_FMT
                            " virtual users together, and %" APR_INT64_T_FMT
                            " are asked for",
                            together, wanted->vus);
    }
    *out = chosen;
    return APR_SUCCESS;
}

apr_int64_t *wf_select_weights(const apr_array_header_t *chosen, apr_pool_t *p)
{
    apr_int64_t *weights =
        apr_pcalloc(p, (apr_size_t)(chosen->nelts + 1) * sizeof(*weights));
    int i;

    for (i = 0; i < chosen->nelts; i++) {
        weights[i] = room(APR_ARRAY_IDX(chosen, i, const wf_slave_t *));
    }
    return weights;
}
