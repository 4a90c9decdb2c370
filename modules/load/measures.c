/* The metrics of a plan: those that every plan has, those of its steps, those that the
 * document declares; and the rows of options.thresholds, which name them. */
#include "load/internal.h"

#include <string.h>

static const struct {
    const char *name;
    wf_metric_type_e type;
    wf_metric_unit_e unit;
} rows[WF_M_BUILTIN] = {
    /* clang-format off */
    [WF_M_HTTP_REQS]          = { "http_reqs",              WF_COUNTER, WF_UNIT_NONE },
    [WF_M_HTTP_DURATION]      = { "http_req_duration",      WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_BLOCKED]       = { "http_req_blocked",       WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_LOOKING_UP]    = { "http_req_looking_up",    WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_CONNECTING]    = { "http_req_connecting",    WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_TLS]           = { "http_req_tls_handshaking", WF_TREND, WF_UNIT_MS },
    [WF_M_HTTP_SENDING]       = { "http_req_sending",       WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_WAITING]       = { "http_req_waiting",       WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_RECEIVING]     = { "http_req_receiving",     WF_TREND,   WF_UNIT_MS },
    [WF_M_HTTP_FAILED]        = { "http_req_failed",        WF_RATE,    WF_UNIT_NONE },
    [WF_M_HTTP_STATUS]        = { "http_req_status",        WF_TALLY,   WF_UNIT_NONE },
    [WF_M_HELD]               = { "http_reqs_held",         WF_COUNTER, WF_UNIT_NONE },
    [WF_M_ITERATIONS]         = { "iterations",             WF_COUNTER, WF_UNIT_NONE },
    [WF_M_ITERATION_DURATION] = { "iteration_duration",     WF_TREND,   WF_UNIT_MS },
    [WF_M_ITERATION_SUCCESS]  = { "iteration_success",      WF_RATE,    WF_UNIT_NONE },
    [WF_M_DROPPED]            = { "dropped_iterations",     WF_COUNTER, WF_UNIT_NONE },
    [WF_M_INTERRUPTED]        = { "interrupted_iterations", WF_COUNTER, WF_UNIT_NONE },
    [WF_M_START_DELAY]        = { "iteration_start_delay",  WF_TREND,   WF_UNIT_MS },
    [WF_M_VUS]                = { "vus",                    WF_GAUGE,   WF_UNIT_NONE },
    [WF_M_VUS_MAX]            = { "vus_max",                WF_GAUGE,   WF_UNIT_NONE },
    [WF_M_SENT]               = { "data_sent",              WF_COUNTER, WF_UNIT_BYTES },
    [WF_M_RECEIVED]           = { "data_received",          WF_COUNTER, WF_UNIT_BYTES },
    [WF_M_CHECKS]             = { "checks",                 WF_RATE,    WF_UNIT_NONE },
    [WF_M_STEP_REQS]          = { "step_reqs",              WF_COUNTER, WF_UNIT_NONE },
    [WF_M_STEP_DURATION]      = { "step_duration",          WF_TREND,   WF_UNIT_MS },
    [WF_M_STEP_FAILED]        = { "step_failed",            WF_RATE,    WF_UNIT_NONE },
    /* clang-format on */
};

wf_metric_table_t *wf_measures_create(apr_pool_t *p)
{
    wf_metric_table_t *table = wf_metric_table_create(p);
    int i;

    for (i = 0; i < WF_M_BUILTIN; i++) {
        wf_metric_t metric = { .name = rows[i].name,
                               .type = rows[i].type,
                               .unit = rows[i].unit,
                               .derived = i >= WF_M_STEP_REQS };

        wf_metric_declare(table, &metric);
    }
    return table;
}

/* ---- steps ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    wf_metric_type_e type;
    wf_metric_unit_e unit;
} step_rows[WF_SM_EXTRA] = {
    [WF_SM_COUNT] = { "count", WF_COUNTER, WF_UNIT_NONE },
    [WF_SM_SUCCESS] = { "success_count", WF_COUNTER, WF_UNIT_NONE },
    [WF_SM_FAILURE] = { "failure_count", WF_COUNTER, WF_UNIT_NONE },
    [WF_SM_DURATION] = { "duration", WF_TREND, WF_UNIT_MS },
    [WF_SM_STATUS] = { "status", WF_TALLY, WF_UNIT_NONE },
};

/* custom_<name>: a number that some steps have, of all of them. -1: the document has a
 * metric of that name. */
static int declare_custom(wf_metric_table_t *table, const char *extra, apr_pool_t *p)
{
    wf_metric_t metric = { .name = apr_pstrcat(p, "custom_", extra, NULL),
                           .type = WF_GAUGE,
                           .derived = 1 };
    int at = wf_metric_find(table, metric.name, NULL);

    if (at < 0) {
        return wf_metric_declare(table, &metric);
    }
    return wf_metric_at(table, at)->derived ? at : -1;
}

void wf_measures_step(wf_metric_table_t *table, wf_step_t *step, apr_pool_t *p)
{
    const char *const *extra = step->type->extras;
    int i;

    for (i = 0; i < WF_SM_EXTRA; i++) {
        wf_metric_t metric = { .name = step_rows[i].name,
                               .step = step->id,
                               .type = step_rows[i].type,
                               .unit = step_rows[i].unit };
        int at = wf_metric_declare(table, &metric);

        step->metric = i == 0 ? at : step->metric;
    }
    for (i = 0; extra != NULL && extra[i] != NULL; i++) {
        wf_metric_t metric = { .name = extra[i], .step = step->id, .type = WF_GAUGE };

        wf_metric_declare(table, &metric);
    }
    for (i = 0; extra != NULL && extra[i] != NULL; i++) {
        step->customs[i] = declare_custom(table, extra[i], p);
    }
}

/* A sample is a success only if the step succeeded and its answer did. */
void wf_measures_result(wf_sheet_t *sheet, const wf_result_t *result)
{
    const wf_step_t *step = result->step;
    const char *const *extra = step->type->extras;
    int good = result->status == WF_STEP_SUCCESS && !result->sample_failed;
    int i;

    if (result->sent > 0 || result->received > 0) {
        wf_sheet_count(sheet, WF_M_SENT, (double)result->sent);
        wf_sheet_count(sheet, WF_M_RECEIVED, (double)result->received);
    }
    if (step->metric < 0) {
        return;
    }
    wf_sheet_count(sheet, WF_M_STEP_REQS, 1);
    wf_sheet_count(sheet, step->metric + WF_SM_COUNT, 1);
    if (result->status == WF_STEP_SKIPPED) {
        return;
    }
    wf_sheet_time(sheet, WF_M_STEP_DURATION, result->duration_us);
    wf_sheet_rate(sheet, WF_M_STEP_FAILED, !good);
    wf_sheet_count(sheet, step->metric + (good ? WF_SM_SUCCESS : WF_SM_FAILURE), 1);
    wf_sheet_time(sheet, step->metric + WF_SM_DURATION, result->duration_us);
    if (result->http != NULL && result->http->status > 0) {
        wf_sheet_tally(sheet, step->metric + WF_SM_STATUS, result->http->status);
    }
    for (i = 0; extra != NULL && extra[i] != NULL; i++) {
        wf_sheet_gauge(sheet, step->metric + WF_SM_EXTRA + i, result->extras[i], 0);
        if (step->customs[i] >= 0) {
            wf_sheet_gauge(sheet, step->customs[i], result->extras[i], 0);
        }
    }
}

void wf_measures_check(wf_sheet_t *sheet, const char *step, const char *name, int passes,
                       int fails)
{
    int i;

    for (i = 0; i < passes + fails; i++) {
        wf_sheet_rate(sheet, WF_M_CHECKS, i < passes);
    }
    wf_sheet_check(sheet, step, name, passes, fails);
}

/* ---- metrics of one's own ------------------------------------------------------------ */

typedef struct draft_t {
    int type, unit;
} draft_t;

static const char *const type_words[] = { "counter", "gauge", "rate", "trend", NULL };
static const char *const unit_words[] = { "", "ms", "bytes", NULL };

/* clang-format off */
static const wf_field_t metric_fields[] = {
    WF_ONE_OF("type", type_words, draft_t, type),
    WF_ONE_OF("unit", unit_words, draft_t, unit),
    WF_FIELDS_END
};
/* clang-format on */

static int word_index(const char *text)
{
    int i;

    for (i = 0; type_words[i] != NULL; i++) {
        if (strcmp(type_words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static void declare(const char *name, const wf_node_t *node, const wf_where_t *path,
                    wf_compile_t *c)
{
    wf_metric_table_t *table = wf_plan_of(c)->metrics;
    wf_metric_t metric = { .name = name, .custom = 1 };
    draft_t draft = { .type = -1 };

    if (!wf_metric_name_valid(name)) {
        wf_compile_problem(c, "value", node, path,
                           "a metric's name is a letter, then letters, digits and _");
        return;
    }
    if (wf_metric_find(table, name, NULL) >= 0) {
        wf_compile_problem(c, "duplicate", node, path, "there is such a metric already");
        return;
    }
    if (node->type == WF_NODE_STRING) {
        draft.type = word_index(node->text);
    }
    else {
        wf_schema_bind(metric_fields, node, &draft, path, c);
    }
    if (draft.type < 0) {
        wf_compile_problem(c, "value", node, path,
                           "needs a type: counter, gauge, rate or trend");
        return;
    }
    metric.type = (wf_metric_type_e)draft.type;
    metric.unit = (wf_metric_unit_e)draft.unit;
    wf_metric_declare(table, &metric);
}

void wf_measures_custom(const wf_node_t *section, const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;

    if (section->count > WF_PLAN_MAX_METRICS) {
        wf_compile_problem(c, "limit", section, path, "more than %d metrics",
                           WF_PLAN_MAX_METRICS);
        return;
    }
    for (m = section->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        declare(m->key, m->value, &at, c);
    }
}

/* ---- thresholds -------------------------------------------------------------------- */

/* clang-format off */
#define JUDGING_FIELDS                                                                   \
    WF_NEEDED("condition", STRING, wf_threshold_t, text),                                \
    WF_FIELD("abort_on_fail", BOOLEAN, wf_threshold_t, abort_on_fail),                   \
    WF_FIELD("abort_delay", DURATION, wf_threshold_t, abort_delay_ns),                   \
    WF_FIELD("window", DURATION, wf_threshold_t, window_ns),                             \
    WF_FIELD("from", DURATION, wf_threshold_t, from_ns),                                 \
    WF_FIELD("to", DURATION, wf_threshold_t, to_ns)

static const wf_field_t threshold_fields[] = {
    WF_NEEDED("metric", STRING, wf_threshold_t, metric),
    JUDGING_FIELDS,
    WF_FIELDS_END
};

/* … below the name of its metric */
static const wf_field_t condition_fields[] = { JUDGING_FIELDS, WF_FIELDS_END };
/* clang-format on */

static const char *check_relation(const wf_threshold_t *t, wf_compile_t *c)
{
    const wf_plan_t *plan = wf_plan_of(c);

    if (plan->baseline_node == NULL) {
        return "there is no options.baseline";
    }
    return t->metric == NULL || wf_threshold_figure(t, plan->metrics, c->p) != NULL
               ? NULL
               : "a baseline does not have this figure; of times it has min, avg, med, "
                 "max, p(90), p(95) and p(99)";
}

/* About its metric, wherever that is written. */
static void complain(const wf_threshold_t *t, const wf_node_t *node,
                     const wf_where_t *path, const char *wrong, wf_compile_t *c)
{
    const wf_node_t *own = wf_node_get(node, "metric");
    wf_where_t metric = { .up = path, .key = "metric" };

    wf_compile_problem(c, "threshold", own ? own : node, own ? &metric : path,
                       "\"%.60s\": %s", t->metric, wrong);
}

static void check_threshold(wf_threshold_t *t, const wf_node_t *node,
                            const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t condition = { .up = path, .key = "condition" };
    wf_where_t metric = { .up = path, .key = "metric" };
    wf_where_t window = { .up = path, .key = "window" };
    wf_where_t to = { .up = path, .key = "to" };
    const char *wrong = t->metric ? wf_submetric_name(&t->metric, c) : NULL;
    int known = 1;

    if (wrong != NULL) {
        complain(t, node, path, wrong, c);
        return;
    }
    if (t->text != NULL) {
        wrong = wf_condition_parse(&t->condition, t->text, c->p);
        if (wrong == NULL && t->metric != NULL) {
            wrong = wf_threshold_check(t, wf_plan_of(c)->metrics, &known, c->p);
        }
    }
    if (wrong == NULL && known && t->condition.relative) {
        wrong = check_relation(t, c);
    }
    if (wrong != NULL) {
        wf_compile_problem(c, "threshold", wf_node_get(node, "condition"), &condition,
                           "\"%.60s\": %s", t->text, wrong);
    }
    else if (!known) {
        const wf_node_t *own = wf_node_get(node, "metric"), *at = own ? own : node;

        wf_problem_warn(c->problems, "threshold",
                        wf_where_text(own ? &metric : path, c->p), at->line, at->column,
                        "\"%.60s\": no metric is called so, it will not pass", t->metric);
    }
    if (t->window_ns > 0 && (t->from_ns > 0 || t->to_ns > 0)) {
        wf_compile_problem(c, "value", wf_node_get(node, "window"), &window,
                           "a threshold has either a window or from and to");
    }
    if (t->to_ns > 0 && t->to_ns <= t->from_ns) {
        wf_compile_problem(c, "value", wf_node_get(node, "to"), &to,
                           "must be later than from");
    }
}

static void add_threshold(const wf_node_t *node, const char *metric,
                          const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    wf_threshold_t *t = &plan->thresholds[plan->nthresholds++];

    t->metric = metric;
    wf_schema_bind(metric ? condition_fields : threshold_fields, node, t, path, c);
    if (node->type == WF_NODE_MAP) {
        check_threshold(t, node, path, c);
    }
}

/* A condition alone is short for {condition: …}. */
static void add_condition(const wf_node_t *node, const char *metric,
                          const wf_where_t *path, wf_compile_t *c)
{
    wf_member_t only = { .key = "condition", .value = node };
    wf_node_t map = { .type = WF_NODE_MAP, .first = &only, .count = 1 };

    only.line = map.line = node->line;
    only.column = map.column = node->column;
    add_threshold(node->type == WF_NODE_MAP ? node : &map, metric, path, c);
}

/* A map from metrics to their conditions, as in k6. */
static void add_by_metric(const wf_node_t *all, const wf_where_t *path, wf_compile_t *c)
{
    for (const wf_member_t *m = all->first; m != NULL; m = m->next) {
        wf_where_t metric = { .up = path, .key = m->key };
        int i = 0;

        if (m->value->type != WF_NODE_LIST) {
            add_condition(m->value, m->key, &metric, c);
            continue;
        }
        for (const wf_member_t *one = m->value->first; one != NULL; one = one->next) {
            wf_where_t item = { .up = &metric, .index = i++ };

            add_condition(one->value, m->key, &item, c);
        }
    }
}

static int count_thresholds(const wf_node_t *all)
{
    int n = all->count;

    for (const wf_member_t *m = all->first; m != NULL; m = m->next) {
        if (all->type == WF_NODE_MAP && m->value->type == WF_NODE_LIST) {
            n += m->value->count - 1;
        }
    }
    return n;
}

void wf_thresholds_compile(const wf_node_t *all, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    int n = count_thresholds(all), i = 0;

    if (n > WF_PLAN_MAX_THRESHOLDS) {
        wf_compile_problem(c, "limit", all, path, "more than %d thresholds",
                           WF_PLAN_MAX_THRESHOLDS);
        return;
    }
    plan->thresholds = apr_pcalloc(c->p, ((apr_size_t)n + 1) * sizeof(*plan->thresholds));
    if (all->type == WF_NODE_MAP) {
        add_by_metric(all, path, c);
        return;
    }
    if (all->type != WF_NODE_LIST) {
        wf_compile_problem(c, "type", all, path,
                           "must be a list of {metric, condition}, or a map from metrics "
                           "to conditions");
        return;
    }
    for (const wf_member_t *m = all->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = i++ };

        add_threshold(m->value, NULL, &item, c);
    }
}
