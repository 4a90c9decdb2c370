/* Which metrics a run has. Found by step and name; on the hot path by index alone. */
#include "metrics/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

typedef struct names_t {
    const char *step;
    apr_hash_t *indexes; /* name -> int * */
} names_t;

struct wf_metric_table_t {
    apr_pool_t *pool;
    apr_array_header_t *metrics; /* of wf_metric_t */
    names_t plain;               /* those of no step */
    apr_hash_t *steps;           /* id -> names_t * */
};

wf_metric_table_t *wf_metric_table_create(apr_pool_t *p)
{
    wf_metric_table_t *table = apr_pcalloc(p, sizeof(*table));

    table->pool = p;
    table->metrics = apr_array_make(p, 32, sizeof(wf_metric_t));
    table->plain.indexes = apr_hash_make(p);
    table->steps = apr_hash_make(p);
    return table;
}

static const names_t *names_find(const wf_metric_table_t *table, const char *step,
                                 apr_size_t length)
{
    return step ? apr_hash_get(table->steps, step, (apr_ssize_t)length) : &table->plain;
}

static const names_t *names_make(wf_metric_table_t *table, const char *step)
{
    names_t *names = apr_pcalloc(table->pool, sizeof(*names));

    names->step = step;
    names->indexes = apr_hash_make(table->pool);
    apr_hash_set(table->steps, step, APR_HASH_KEY_STRING, names);
    return names;
}

int wf_metric_declare(wf_metric_table_t *table, const wf_metric_t *metric)
{
    apr_size_t length = metric->step ? strlen(metric->step) : 0;
    const names_t *names = names_find(table, metric->step, length);
    int *index = apr_palloc(table->pool, sizeof(*index));

    if (names == NULL) {
        names = names_make(table, metric->step);
    }
    *index = table->metrics->nelts;
    APR_ARRAY_PUSH(table->metrics, wf_metric_t) = *metric;
    apr_hash_set(names->indexes, metric->name, APR_HASH_KEY_STRING, index);
    return *index;
}

int wf_metric_find_part(const wf_metric_table_t *table, const char *name,
                        apr_size_t name_length, const char *step, apr_size_t step_length)
{
    const names_t *names = names_find(table, step, step_length);
    const int *index =
        names ? apr_hash_get(names->indexes, name, (apr_ssize_t)name_length) : NULL;

    return index ? *index : -1;
}

int wf_metric_find(const wf_metric_table_t *table, const char *name, const char *step)
{
    return wf_metric_find_part(table, name, strlen(name), step, step ? strlen(step) : 0);
}

const char *wf_metric_step(const wf_metric_table_t *table, const char *step,
                           apr_size_t length)
{
    const names_t *names = names_find(table, step, length);

    return names ? names->step : NULL;
}

int wf_metric_count(const wf_metric_table_t *table)
{
    return table->metrics->nelts;
}

const wf_metric_t *wf_metric_at(const wf_metric_table_t *table, int index)
{
    return &APR_ARRAY_IDX(table->metrics, index, wf_metric_t);
}

const char *wf_metric_type_name(wf_metric_type_e type)
{
    static const char *const names[WF_METRIC_TYPES] = {
        [WF_COUNTER] = "counter", [WF_GAUGE] = "gauge", [WF_RATE] = "rate",
        [WF_TREND] = "trend",     [WF_TALLY] = "tally",
    };

    return names[type];
}

int wf_metric_name_valid(const char *name)
{
    apr_size_t n;

    if (!apr_isascii(*name) || !apr_isalpha(*name)) {
        return 0;
    }
    for (n = 1; name[n] != '\0'; n++) {
        if (!apr_isascii(name[n]) || (!apr_isalnum(name[n]) && name[n] != '_')) {
            return 0;
        }
    }
    return n <= WF_METRIC_NAME_MAX;
}
