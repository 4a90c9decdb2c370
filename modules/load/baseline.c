/* options.baseline: an earlier execution that a run is compared with.
 *
 *   baseline: exec-7f3a      or latest, or
 *   baseline: { execution: latest, tolerance: 10%, max_regression: 25%, metrics: [login]
 * }
 *
 * Which execution that is, only the owner of the load engine can find out; it brings the
 * figures before the start. They are few and stay with the plan. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

#define METRICS_MAX 100

/* ---- the document --------------------------------------------------------------------- */

typedef struct draft_t {
    const char *execution;
    const wf_node_t *tolerance, *max_regression, *metrics;
} draft_t;

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("execution", STRING, draft_t, execution),
    WF_FIELD("tolerance", NODE, draft_t, tolerance),
    WF_FIELD("max_regression", NODE, draft_t, max_regression),
    WF_FIELD("metrics", LIST, draft_t, metrics),
    WF_FIELDS_END
};
/* clang-format on */

static void read_percent(double *percent, const wf_node_t *node, const char *key,
                         const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };
    const char *text = node != NULL ? wf_node_text(node, c->p) : NULL;
    const char *wrong = wf_percent_parse(percent, text != NULL ? text : "");

    if (node != NULL && wrong != NULL) {
        wf_compile_problem(c, "value", node, &at, "%s", wrong);
    }
}

static void read_metrics(wf_compare_t *how, const wf_node_t *list, const wf_where_t *path,
                         wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "metrics" };
    const wf_member_t *m;
    const char **names;

    if (list->count > METRICS_MAX) {
        wf_compile_problem(c, "limit", list, &at, "more than %d", METRICS_MAX);
        return;
    }
    names = apr_pcalloc(c->p, (list->count + 1) * sizeof(*names));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = &at, .index = how->nonly };

        if (m->value->type != WF_NODE_STRING) {
            wf_compile_problem(c, "type", m->value, &item, "must be a text");
        }
        else if (!wf_figure_known(wf_plan_of(c)->metrics, m->value->text)) {
            wf_compile_problem(c, "value", m->value, &item,
                               "\"%.60s\" is no figure; write http_req_duration.p95, "
                               "<step>.duration, <step>",
                               m->value->text);
        }
        names[how->nonly++] = m->value->text;
    }
    how->only = names;
}

void wf_baseline_init(wf_baseline_t *baseline)
{
    baseline->how.tolerance = WF_COMPARE_TOLERANCE;
    baseline->max_regression = -1;
}

void wf_baseline_compile(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_baseline_t *baseline = &wf_plan_of(c)->baseline;
    draft_t draft = { .execution = WF_BASELINE_LATEST };

    baseline->line = node->line;
    baseline->column = node->column;
    if (node->type == WF_NODE_STRING) {
        draft.execution = node->text;
    }
    else if (node->type == WF_NODE_MAP) {
        wf_schema_bind(fields, node, &draft, path, c);
    }
    else {
        wf_compile_problem(c, "type", node, path,
                           "is the id of an execution, latest, or a map with one");
        return;
    }
    if (draft.tolerance != NULL) {
        read_percent(&baseline->how.tolerance, draft.tolerance, "tolerance", path, c);
    }
    if (draft.max_regression != NULL) {
        read_percent(&baseline->max_regression, draft.max_regression, "max_regression",
                     path, c);
    }
    if (draft.metrics != NULL) {
        read_metrics(&baseline->how, draft.metrics, path, c);
    }
    baseline->execution = draft.execution;
    if (*draft.execution == '\0') {
        wf_compile_problem(c, "value", node, path, "names no execution");
    }
}

/* ---- its figures ---------------------------------------------------------------------- */

const char *wf_plan_baseline(const wf_plan_t *plan)
{
    return plan->baseline.execution;
}

void wf_plan_refuse_baseline(const wf_plan_t *plan, wf_problems_t *problems,
                             const char *why)
{
    wf_problem_add(problems, "baseline", "options.baseline", plan->baseline.line,
                   plan->baseline.column, "%s", why);
}

static void relate_thresholds(wf_plan_t *plan)
{
    int i;

    for (i = 0; i < plan->nthresholds; i++) {
        wf_threshold_t *t = &plan->thresholds[i];
        const char *name = t->condition.relative
                               ? wf_threshold_figure(t, plan->metrics, plan->pool)
                               : NULL;
        double value;

        if (name != NULL && wf_figure_find(plan->baseline.figures, name, &value)) {
            wf_condition_relate(&t->condition, value);
        }
    }
}

apr_status_t wf_plan_compare(wf_plan_t *plan, const char *figures, wf_error_t *err)
{
    apr_status_t rv =
        wf_json_read(&plan->baseline.figures, figures, strlen(figures), plan->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!json_object_is_type(wf_json_get(plan->baseline.figures, "figures"),
                             json_type_object)) {
        plan->baseline.figures = NULL;
        return wf_error_set(err, WF_ERR_INVALID, "no figures of an execution");
    }
    relate_thresholds(plan);
    return APR_SUCCESS;
}

/* ---- comparing ------------------------------------------------------------------------ */

void wf_view_compare(wf_view_t *view, apr_pool_t *p)
{
    const wf_baseline_t *baseline = &view->plan->baseline;
    json_object *now;

    if (baseline->figures == NULL) {
        return;
    }
    now = wf_json_own(wf_summary_figures(view, p), p);
    view->comparison = wf_json_own(
        wf_compare(&baseline->how, baseline->figures, now, &view->regression, p), p);
}

json_object *wf_baseline_threshold(const wf_view_t *view, int *passed, apr_pool_t *p)
{
    double most = view->plan->baseline.max_regression;
    json_object *o;

    if (view->comparison == NULL || most < 0) {
        return NULL;
    }
    *passed = view->regression <= most;
    o = json_object_new_object();
    wf_json_add_string(o, "metric", "baseline");
    wf_json_add_string(o, "condition", apr_psprintf(p, "max_regression <= %g%%", most));
    wf_json_add_bool(o, "passed", *passed);
    wf_json_add_double(o, "value", view->regression);
    return o;
}

void wf_baseline_warn(const wf_view_t *view, json_object *warnings)
{
    const wf_baseline_t *baseline = &view->plan->baseline;
    json_object *o;

    if (baseline->execution == NULL || baseline->figures != NULL) {
        return;
    }
    o = json_object_new_object();
    wf_json_add_string(o, "code", "NO_BASELINE");
    wf_json_add_string(o, "reason", "baseline");
    wf_json_add_string(o, "message",
                       "there is no earlier completed execution of this workflow to "
                       "compare with");
    json_object_array_add(warnings, o);
}
