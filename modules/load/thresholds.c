/* Thresholds: the grammar of conditions, the names of metrics, the verdict.
 *
 *   condition = [ stat ] op number
 *   stat      = count | rate | value | min | max | avg | med | passes | fails | p(N) | pN
 *   op        = < | <= | > | >= | == | !=
 */
#include "load/internal.h"

#include <apr_lib.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- grammar ----------------------------------------------------------------------- */

typedef struct word_t {
    const char *text;
    int value;
} word_t;

static const word_t stat_words[] = {
    { "count", WF_STAT_COUNT }, { "rate", WF_STAT_RATE },
    { "value", WF_STAT_VALUE }, { "min", WF_STAT_MIN },
    { "max", WF_STAT_MAX },     { "avg", WF_STAT_AVG },
    { "med", WF_STAT_MED },     { "passes", WF_STAT_PASSES },
    { "fails", WF_STAT_FAILS }, { NULL, 0 },
};

/* Longer ones first: the first that matches is taken. */
static const word_t op_words[] = {
    { "<=", WF_OP_LE }, { ">=", WF_OP_GE }, { "==", WF_OP_EQ }, { "!=", WF_OP_NE },
    { "<", WF_OP_LT },  { ">", WF_OP_GT },  { NULL, 0 },
};

static const char *skip_blanks(const char *s)
{
    while (apr_isspace(*s)) {
        s++;
    }
    return s;
}

/* A plain decimal number; strtod alone would take nan, hex and infinity too. */
static int read_number(const char **s, double *number)
{
    const char *from = *s + (**s == '-' || **s == '+');
    char *end;

    if (!apr_isdigit(*from) && !(*from == '.' && apr_isdigit(from[1]))) {
        return 0;
    }
    if (from[0] == '0' && (from[1] == 'x' || from[1] == 'X')) {
        return 0;
    }
    *number = strtod(*s, &end);
    *s = end;
    return isfinite(*number);
}

/* p(95), p( 99.9 ), p95 */
static const char *read_percentile(const char **s, double *percentile)
{
    int bracket;

    *s = skip_blanks(*s + 1);
    bracket = **s == '(';
    *s = skip_blanks(*s + bracket);
    if (!read_number(s, percentile) || *percentile < 0 || *percentile > 100) {
        return "a percentile needs a number from 0 to 100, such as p(95)";
    }
    *s = skip_blanks(*s);
    if (bracket && **s != ')') {
        return "p( without its )";
    }
    *s += bracket;
    return NULL;
}

static const char *read_stat(wf_condition_t *condition, const char **s)
{
    const word_t *w;
    size_t n = 0;

    while (apr_isalpha((*s)[n])) {
        n++;
    }
    if (n == 0) {
        return NULL;
    }
    if (n == 1 && **s == 'p') {
        condition->stat = WF_STAT_PERCENTILE;
        return read_percentile(s, &condition->percentile);
    }
    for (w = stat_words; w->text != NULL; w++) {
        if (strlen(w->text) == n && strncmp(w->text, *s, n) == 0) {
            condition->stat = w->value;
            *s += n;
            return NULL;
        }
    }
    return "the statistic must be one of: count, rate, value, min, max, avg, med, "
           "passes, "
           "fails, p(N)";
}

const char *wf_condition_parse(wf_condition_t *condition, const char *text, apr_pool_t *p)
{
    const char *s = skip_blanks(text);
    const char *wrong;
    const word_t *w;

    memset(condition, 0, sizeof(*condition));
    wrong = read_stat(condition, &s);
    if (wrong != NULL) {
        return wrong;
    }
    s = skip_blanks(s);
    for (w = op_words; w->text != NULL && strncmp(w->text, s, strlen(w->text)) != 0;
         w++) {
    }
    if (w->text == NULL) {
        return "needs one of < <= > >= == != and a number";
    }
    condition->op = w->value;
    s = skip_blanks(s + strlen(w->text));
    if (!read_number(&s, &condition->limit)) {
        return "needs a number behind the comparison";
    }
    s = skip_blanks(s);
    return *s == '\0' ? NULL
                      : apr_psprintf(p, "unexpected text behind the number: %.40s", s);
}

/* ---- metrics by name --------------------------------------------------------------- */

typedef enum { COUNTER, GAUGE, RATE, TREND, NUMBER } metric_type_e;

/* A metric as a threshold sees it. */
typedef struct metric_t {
    metric_type_e type;
    double count;                /* COUNTER; NUMBER: the number itself */
    double value, min, max, avg; /* GAUGE */
    double passes, total;        /* RATE: passes are the samples that are true */
    const wf_histogram_t *trend; /* TREND, microseconds */
} metric_t;

typedef void read_fn(metric_t *out, const wf_view_t *view);

static void rate(metric_t *out, apr_int64_t passes, apr_int64_t total)
{
    out->passes = (double)passes;
    out->total = (double)total;
}

static void read_http_reqs(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->metrics->http_reqs;
}

static void read_http_duration(metric_t *out, const wf_view_t *view)
{
    out->trend = &view->metrics->http_duration;
}

static void read_http_failed(metric_t *out, const wf_view_t *view)
{
    rate(out, view->metrics->http_failed, view->metrics->http_reqs);
}

static void read_iterations(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->metrics->iterations;
}

static void read_iteration_duration(metric_t *out, const wf_view_t *view)
{
    out->trend = &view->metrics->iteration_duration;
}

static void read_iteration_success(metric_t *out, const wf_view_t *view)
{
    const wf_metrics_t *m = view->metrics;

    rate(out, m->iterations - m->iterations_failed, m->iterations);
}

static void read_dropped(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->metrics->dropped;
}

static void read_sent(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->metrics->sent;
}

static void read_received(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->metrics->received;
}

static void read_vus(metric_t *out, const wf_view_t *view)
{
    out->value = (double)view->vus_shown;
    out->min = (double)view->vus_min;
    out->max = (double)view->vus_max;
    out->avg = view->vus_samples ? (double)view->vus_sum / (double)view->vus_samples : 0;
}

static void read_vus_max(metric_t *out, const wf_view_t *view)
{
    out->value = out->min = out->max = out->avg = (double)view->plan->options.vus;
}

static void read_total_vus(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->vus_shown;
}

static void read_duration(metric_t *out, const wf_view_t *view)
{
    out->count = (double)view->elapsed_us / 1000.0;
}

typedef struct builtin_t {
    const char *name;
    metric_type_e type;
    read_fn *read;
} builtin_t;

static const builtin_t builtins[] = {
    /* clang-format off */
    { "http_reqs",          COUNTER, read_http_reqs },
    { "http_req_duration",  TREND,   read_http_duration },
    { "http_req_failed",    RATE,    read_http_failed },
    { "iterations",         COUNTER, read_iterations },
    { "iteration_duration", TREND,   read_iteration_duration },
    { "iteration_success",  RATE,    read_iteration_success },
    { "dropped_iterations", COUNTER, read_dropped },
    { "data_sent",          COUNTER, read_sent },
    { "data_received",      COUNTER, read_received },
    { "vus",                GAUGE,   read_vus },
    { "vus_max",            GAUGE,   read_vus_max },
    { "total_iterations",   NUMBER,  read_iterations },
    { "total_vus",          NUMBER,  read_total_vus },
    { "duration",           NUMBER,  read_duration },
    /* clang-format on */
};

static const builtin_t *builtin_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (strcmp(builtins[i].name, name) == 0) {
            return &builtins[i];
        }
    }
    return NULL;
}

/* Which statistics a type has; NONE is its default. */
static const struct {
    const char *name;
    unsigned stats;
} metric_types[] = {
#define HAS(stat) (1u << WF_STAT_##stat)
    [COUNTER] = { "counter", HAS(NONE) | HAS(COUNT) | HAS(RATE) },
    [GAUGE] = { "gauge", HAS(NONE) | HAS(VALUE) | HAS(MIN) | HAS(MAX) | HAS(AVG) },
    [RATE] = { "rate", HAS(NONE) | HAS(RATE) | HAS(PASSES) | HAS(FAILS) },
    [TREND] = { "trend", HAS(NONE) | HAS(COUNT) | HAS(MIN) | HAS(MAX) | HAS(AVG)
                             | HAS(MED) | HAS(PERCENTILE) },
    [NUMBER] = { "number", HAS(NONE) | HAS(VALUE) | HAS(COUNT) },
#undef HAS
};

/* ---- metrics of a step: <step>.<what> ---------------------------------------------- */

static double ratio(apr_int64_t part, apr_int64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static double ms(apr_uint64_t us)
{
    return (double)us / 1000.0;
}

/* 1 and *value if what names a statistic of a duration; *samples: it has any. */
static int step_duration(const wf_histogram_t *h, const char *what, double *value)
{
    static const struct {
        const char *name;
        double percent;
    } percentiles[] = {
        { "p50", 50 }, { "med", 50 }, { "p90", 90 }, { "p95", 95 }, { "p99", 99 }
    };
    size_t i;

    if (strcmp(what, "min") == 0) {
        *value = ms(h->count ? h->min : 0);
        return 1;
    }
    if (strcmp(what, "max") == 0) {
        *value = ms(h->max);
        return 1;
    }
    if (strcmp(what, "avg") == 0) {
        *value = h->count ? ms(h->sum) / (double)h->count : 0;
        return 1;
    }
    for (i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
        if (strcmp(what, percentiles[i].name) == 0) {
            *value = ms(wf_histogram_percentile(h, percentiles[i].percent));
            return 1;
        }
    }
    return 0;
}

static int step_extra(const wf_step_t *step, const wf_step_metrics_t *s, const char *what,
                      double *value)
{
    int i;

    for (i = 0; step->type->extras[i] != NULL; i++) {
        if (strcmp(step->type->extras[i], what) == 0) {
            apr_int64_t samples = s->success + s->failure;

            *value = samples ? s->extras[i] / (double)samples : 0;
            return 1;
        }
    }
    return 0;
}

static int step_value(const wf_step_t *step, const wf_step_metrics_t *s, const char *what,
                      double *value, int *empty_trend)
{
    const struct {
        const char *name;
        double value;
    } counts[] = {
        { "count", (double)s->count },
        { "success_count", (double)s->success },
        { "failure_count", (double)s->failure },
        { "success_rate", ratio(s->success, s->success + s->failure) },
        { "failure_rate", ratio(s->failure, s->success + s->failure) },
    };
    size_t i;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (strcmp(counts[i].name, what) == 0) {
            *value = counts[i].value;
            return 1;
        }
    }
    if (strncmp(what, "duration.", 9) == 0) {
        *empty_trend = s->duration.count == 0;
        return step_duration(&s->duration, what + 9, value);
    }
    return step_extra(step, s, what, value);
}

static int find_step_metric(const char *metric, const wf_view_t *view, double *value,
                            int *empty_trend)
{
    const wf_plan_t *plan = view->plan;
    int i;

    for (i = 0; i < plan->nsteps; i++) {
        size_t n = strlen(plan->steps[i].id);

        if (strncmp(metric, plan->steps[i].id, n) == 0 && metric[n] == '.'
            && step_value(&plan->steps[i], &view->metrics->steps[i], metric + n + 1,
                          value, empty_trend)) {
            return 1;
        }
    }
    return 0;
}

/* ---- verdict ----------------------------------------------------------------------- */

static double trend_stat(const wf_histogram_t *h, const wf_condition_t *c)
{
    switch (c->stat) {
    case WF_STAT_COUNT:
        return (double)h->count;
    case WF_STAT_MIN:
        return ms(h->count ? h->min : 0);
    case WF_STAT_MAX:
        return ms(h->max);
    case WF_STAT_MED:
        return ms(wf_histogram_percentile(h, 50));
    case WF_STAT_PERCENTILE:
        return ms(wf_histogram_percentile(h, c->percentile));
    default:
        return h->count ? ms(h->sum) / (double)h->count : 0;
    }
}

static double gauge_stat(const metric_t *m, wf_stat_e stat)
{
    return stat == WF_STAT_MIN   ? m->min
           : stat == WF_STAT_MAX ? m->max
           : stat == WF_STAT_AVG ? m->avg
                                 : m->value;
}

static double rate_stat(const metric_t *m, wf_stat_e stat)
{
    if (stat == WF_STAT_PASSES) {
        return m->passes;
    }
    if (stat == WF_STAT_FAILS) {
        return m->total - m->passes;
    }
    return m->total > 0 ? m->passes / m->total : 0;
}

static double statistic(const metric_t *m, const wf_condition_t *c, const wf_view_t *view)
{
    switch (m->type) {
    case GAUGE:
        return gauge_stat(m, c->stat);
    case RATE:
        return rate_stat(m, c->stat);
    case TREND:
        return trend_stat(m->trend, c);
    case COUNTER:
        if (c->stat == WF_STAT_RATE) {
            return view->elapsed_us > 0 ? m->count * 1e6 / (double)view->elapsed_us : 0;
        }
        return m->count;
    default:
        return m->count;
    }
}

static int holds(const wf_condition_t *c, double value)
{
    switch (c->op) {
    case WF_OP_LT:
        return value < c->limit;
    case WF_OP_LE:
        return value <= c->limit;
    case WF_OP_GT:
        return value > c->limit;
    case WF_OP_GE:
        return value >= c->limit;
    case WF_OP_EQ:
        return value == c->limit;
    default:
        return value != c->limit;
    }
}

/* A metric that does not exist never passes; a trend without samples always does. */
int wf_threshold_judge(const wf_threshold_t *threshold, const wf_view_t *view,
                       double *value)
{
    const builtin_t *builtin = builtin_find(threshold->metric);
    const wf_condition_t *c = &threshold->condition;
    int empty_trend = 0;

    *value = 0;
    if (builtin != NULL) {
        metric_t metric = { .type = builtin->type };

        builtin->read(&metric, view);
        *value = statistic(&metric, c, view);
        empty_trend =
            metric.type == TREND && metric.trend->count == 0 && c->stat != WF_STAT_COUNT;
    }
    else if (!find_step_metric(threshold->metric, view, value, &empty_trend)) {
        return 0;
    }
    return empty_trend || holds(c, *value);
}

/* ---- compiling --------------------------------------------------------------------- */

/* clang-format off */
static const wf_field_t threshold_fields[] = {
    WF_NEEDED("metric", STRING, wf_threshold_t, metric),
    WF_NEEDED("condition", STRING, wf_threshold_t, text),
    WF_FIELD("abort_on_fail", BOOLEAN, wf_threshold_t, abort_on_fail),
    WF_FIELDS_END
};
/* clang-format on */

static const char *check_stat(const wf_threshold_t *t, apr_pool_t *p)
{
    const builtin_t *builtin = builtin_find(t->metric);

    if (builtin == NULL) {
        return NULL;
    }
    if (!(metric_types[builtin->type].stats & (1u << t->condition.stat))) {
        return apr_psprintf(p, "%s is a %s and has no such statistic", t->metric,
                            metric_types[builtin->type].name);
    }
    return NULL;
}

static void compile_threshold(wf_threshold_t *t, const wf_node_t *node,
                              const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "condition" };
    const char *wrong;

    wf_schema_bind(threshold_fields, node, t, path, c);
    if (t->metric == NULL || t->text == NULL) {
        return;
    }
    wrong = wf_condition_parse(&t->condition, t->text, c->p);
    if (wrong == NULL) {
        wrong = check_stat(t, c->p);
    }
    if (wrong != NULL) {
        wf_compile_problem(c, "threshold", wf_node_get(node, "condition"), &at,
                           "\"%.60s\": %s", t->text, wrong);
    }
}

void wf_thresholds_compile(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_member_t *m;

    if (list->count > WF_PLAN_MAX_THRESHOLDS) {
        wf_compile_problem(c, "limit", list, path, "more than %d thresholds",
                           WF_PLAN_MAX_THRESHOLDS);
        return;
    }
    plan->thresholds = apr_pcalloc(c->p, list->count * sizeof(*plan->thresholds) + 1);
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = plan->nthresholds };

        compile_threshold(&plan->thresholds[plan->nthresholds++], m->value, &item, c);
    }
}
