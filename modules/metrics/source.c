/* From the name in a threshold to what is measured. */
#include "metrics/internal.h"

#include <apr_lib.h>
#include <string.h>

/* ---- numbers of the run ------------------------------------------------------------ */

static double total_vus(const wf_moment_t *now)
{
    return now->total_vus;
}

static double total_iterations(const wf_moment_t *now)
{
    return now->total_iterations;
}

static double duration(const wf_moment_t *now)
{
    return (double)now->elapsed_us / 1000.0;
}

static const struct {
    const char *name;
    double (*read)(const wf_moment_t *now);
} moments[] = {
    { "total_vus", total_vus },
    { "total_iterations", total_iterations },
    { "duration", duration },
};

static wf_source_t find_moment(const char *name)
{
    wf_source_t source = { .kind = WF_SOURCE_NONE, .metrics = { -1, -1 } };
    size_t i;

    for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        if (strcmp(moments[i].name, name) == 0) {
            source.kind = WF_SOURCE_MOMENT;
            source.moment = moments[i].read;
        }
    }
    return source;
}

/* ---- metrics of the run and of steps ----------------------------------------------- */

/* A step's id, not terminated; NULL for the run. */
typedef struct owner_t {
    const wf_metric_table_t *table;
    const char *step;
    apr_size_t length;
} owner_t;

static int find(const owner_t *owner, const char *name, apr_size_t length)
{
    return wf_metric_find_part(owner->table, name, length, owner->step, owner->length);
}

static wf_metric_type_e type_of(const wf_metric_table_t *table, int metric)
{
    return wf_metric_at(table, metric)->type;
}

/* A step's own numbers, such as the status of its answers, are told by their mean. */
static wf_stat_e default_stat(const owner_t *owner, int metric)
{
    return owner->step != NULL && type_of(owner->table, metric) == WF_GAUGE
               ? WF_STAT_AVG
               : WF_STAT_NONE;
}

/* <tally>_<key> */
static int find_key(wf_source_t *source, const owner_t *owner, const char *name)
{
    const char *line = strrchr(name, '_');
    apr_int64_t key;
    int metric;

    if (line == NULL || !apr_isdigit(line[1]) || !wf_parse_int64(line + 1, &key)
        || key > APR_INT32_MAX) {
        return 0;
    }
    metric = find(owner, name, (apr_size_t)(line - name));
    if (metric < 0 || type_of(owner->table, metric) != WF_TALLY) {
        return 0;
    }
    source->kind = WF_SOURCE_KEY;
    source->metrics[0] = metric;
    source->key = (int)key;
    return 1;
}

static int find_metric(wf_source_t *source, const owner_t *owner, const char *name)
{
    int metric = find(owner, name, strlen(name));

    if (metric < 0) {
        return find_key(source, owner, name);
    }
    source->kind = WF_SOURCE_METRIC;
    source->metrics[0] = metric;
    source->stat = default_stat(owner, metric);
    return 1;
}

static int find_share(wf_source_t *source, const owner_t *owner, const char *name)
{
    static const struct {
        const char *name, *part, *others;
    } shares[] = {
        { "success_rate", "success_count", "failure_count" },
        { "failure_rate", "failure_count", "success_count" },
    };
    size_t i;

    for (i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        int part = find(owner, shares[i].part, strlen(shares[i].part));
        int others = find(owner, shares[i].others, strlen(shares[i].others));

        if (strcmp(shares[i].name, name) == 0 && part >= 0 && others >= 0) {
            source->kind = WF_SOURCE_SHARE;
            source->metrics[0] = part;
            source->metrics[1] = others;
            return 1;
        }
    }
    return 0;
}

/* min, max, avg, med, pN */
static int read_suffix(wf_source_t *source, const char *text)
{
    if (text[0] == 'p') {
        source->stat = WF_STAT_PERCENTILE;
        return apr_isdigit(text[1]) && !wf_percentile_parse(&text, &source->percentile)
               && *text == '\0';
    }
    source->stat = wf_stat_find(text, strlen(text));
    return source->stat == WF_STAT_MIN || source->stat == WF_STAT_MAX
           || source->stat == WF_STAT_AVG || source->stat == WF_STAT_MED;
}

static int find_duration(wf_source_t *source, const owner_t *owner, const char *name)
{
    static const char prefix[] = "duration.";
    apr_size_t n = sizeof(prefix) - 1;
    int metric;

    if (strncmp(name, prefix, n) != 0) {
        return 0;
    }
    metric = find(owner, prefix, n - 1);
    if (metric < 0 || !read_suffix(source, name + n)) {
        return 0;
    }
    source->kind = WF_SOURCE_METRIC;
    source->metrics[0] = metric;
    source->fixed = 1;
    return 1;
}

/* An id may contain dots, so each is tried as the end of one. */
static int find_of_step(wf_source_t *source, const wf_metric_table_t *table,
                        const char *metric)
{
    const char *dot;

    for (dot = strchr(metric, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        owner_t owner = { table, metric, (apr_size_t)(dot - metric) };

        if (wf_metric_step(table, metric, owner.length) != NULL
            && (find_share(source, &owner, dot + 1)
                || find_duration(source, &owner, dot + 1)
                || find_metric(source, &owner, dot + 1))) {
            return 1;
        }
    }
    return 0;
}

wf_source_t wf_source_find(const wf_metric_table_t *table, const char *metric)
{
    owner_t run = { .table = table };
    wf_source_t source = find_moment(metric);

    if (source.kind == WF_SOURCE_NONE && !find_metric(&source, &run, metric)) {
        find_of_step(&source, table, metric);
    }
    return source;
}

/* ---- values ------------------------------------------------------------------------ */

unsigned wf_source_stats(const wf_source_t *source, const wf_metric_table_t *table)
{
    switch (source->kind) {
    case WF_SOURCE_METRIC:
        return wf_metric_stats(type_of(table, source->metrics[0]));
    case WF_SOURCE_SHARE:
        return 1u << WF_STAT_NONE | 1u << WF_STAT_RATE;
    case WF_SOURCE_KEY:
        return wf_metric_stats(WF_COUNTER);
    default:
        return 1u << WF_STAT_NONE | 1u << WF_STAT_VALUE | 1u << WF_STAT_COUNT;
    }
}

static double metric_value(const wf_source_t *source, wf_metric_type_e type,
                           const wf_slot_t *slot, const wf_condition_t *condition,
                           double seconds, int *unmeasured)
{
    int own = condition->stat == WF_STAT_NONE;
    wf_stat_e stat = own ? source->stat : condition->stat;
    double value;

    *unmeasured = type == WF_TREND && stat != WF_STAT_COUNT && wf_slot_empty(type, slot);
    wf_slot_stat(type, slot, stat, own ? source->percentile : condition->percentile,
                 seconds, &value);
    return value;
}

double wf_source_value(const wf_source_t *source, const wf_metric_table_t *table,
                       const wf_slot_t *const slots[2], const wf_condition_t *condition,
                       double seconds, const wf_moment_t *now, int *unmeasured)
{
    wf_slot_t counter = { 0 };
    double value = 0, both;

    *unmeasured = 0;
    switch (source->kind) {
    case WF_SOURCE_METRIC:
        return metric_value(source, type_of(table, source->metrics[0]), slots[0],
                            condition, seconds, unmeasured);
    case WF_SOURCE_SHARE:
        both = slots[0]->count + slots[1]->count;
        return both > 0 ? slots[0]->count / both : 0;
    case WF_SOURCE_KEY:
        counter.count = wf_slot_tallied(slots[0], source->key);
        wf_slot_stat(WF_COUNTER, &counter, condition->stat, 0, seconds, &value);
        return value;
    case WF_SOURCE_MOMENT:
        return source->moment(now);
    default:
        return 0;
    }
}
