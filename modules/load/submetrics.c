/* Figures of some scenarios alone: http_req_duration{scenario:api}, as in k6. They are
 * metrics of the table like others. Only when a plan has some does each scenario count on
 * sheets of its own, so the way of a sample stays what it is: who adds the sheets of a
 * run up adds those of the scenarios that are meant to the metric once more. */
#include "load/internal.h"

#include <apr_lib.h>
#include <string.h>

/* ---- what a name means --------------------------------------------------------------- */

static const char *skip_blanks(const char *s)
{
    while (apr_isspace(*s)) {
        s++;
    }
    return s;
}

/* The text up to one of the stops, without blanks around it and without quotes. */
static const char *word(const char **at, const char *stops, apr_pool_t *p)
{
    const char *from = skip_blanks(*at);
    apr_size_t n = strcspn(from, stops);

    *at = from + n;
    while (n > 0 && apr_isspace(from[n - 1])) {
        n--;
    }
    if (n > 1 && (*from == '"' || *from == '\'') && from[n - 1] == *from) {
        from++;
        n -= 2;
    }
    return apr_pstrmemdup(p, from, n);
}

/* A tag of a scenario: its name, or one of its tags or the run's, its own first. */
static const char *tag_of(const wf_plan_t *plan, const wf_scenario_t *scenario,
                          const char *key, apr_pool_t *p)
{
    const wf_value_t *value = NULL;

    if (strcmp(key, "scenario") == 0) {
        return scenario->name;
    }
    if (scenario->tags != NULL) {
        value = wf_map_get(scenario->tags, key);
    }
    if (value == NULL && plan->tags != NULL) {
        value = wf_map_get(plan->tags, key);
    }
    return value != NULL ? wf_value_print(value, WF_LOAD, p) : NULL;
}

/* Keep the scenarios that have the tag. 0: none is left. */
static int narrow(const wf_plan_t *plan, wf_submetric_t *sub, const char *key,
                  const char *text, apr_pool_t *p)
{
    int i, left = 0;

    for (i = 0; i < plan->nscenarios; i++) {
        const char *tag = tag_of(plan, &plan->scenarios[i], key, p);

        sub->has[i] &= tag != NULL && strcmp(tag, text) == 0;
        left += sub->has[i];
    }
    return left;
}

/* key:value, … } NULL, or what is wrong. The name gets them as they are always written.
 */
static const char *read_tags(const wf_plan_t *plan, wf_submetric_t *sub, const char *at,
                             const char **name, apr_pool_t *p)
{
    const char *key, *text;

    do {
        key = word(&at, ":,}", p);
        if (*at != ':' || *key == '\0') {
            return "tags are written as {scenario:api} or {key:value,other:value}";
        }
        at++;
        text = word(&at, ",}", p);
        if (!narrow(plan, sub, key, text, p)) {
            return apr_psprintf(p, "no scenario has %.60s:%.60s", key, text);
        }
        *name = apr_pstrcat(p, *name, key, ":", text, *at == ',' ? "," : "}", NULL);
    } while (*at++ == ',');
    return at[-1] == '}' && *skip_blanks(at) == '\0' ? NULL : "the tags have no end";
}

/* ---- declaring ----------------------------------------------------------------------- */

const char *wf_submetric_name(const char **name, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const char *at = *name, *base, *wrong, *full;
    wf_submetric_t sub = { .has = apr_palloc(c->p, (apr_size_t)plan->nscenarios + 1) };
    wf_metric_t metric;

    if (strchr(*name, '{') == NULL) {
        return NULL;
    }
    base = word(&at, "{", c->p);
    sub.base = wf_metric_find(plan->metrics, base, NULL);
    if (sub.base < 0) {
        return NULL; /* unknown, whatever its tags */
    }
    metric = *wf_metric_at(plan->metrics, sub.base);
    if (sub.base == WF_M_VUS || sub.base == WF_M_VUS_MAX || metric.derived) {
        return apr_psprintf(c->p, "%s is not known by scenario", base);
    }
    memset(sub.has, 1, (apr_size_t)plan->nscenarios);
    full = apr_pstrcat(c->p, base, "{", NULL);
    wrong = read_tags(plan, &sub, at + 1, &full, c->p);
    if (wrong != NULL) {
        return wrong;
    }
    *name = metric.name = full;
    if (wf_metric_find(plan->metrics, full, NULL) < 0) {
        metric.derived = 1;
        sub.metric = wf_metric_declare(plan->metrics, &metric);
        APR_ARRAY_PUSH(plan->submetrics, wf_submetric_t) = sub;
    }
    return NULL;
}

/* ---- counting ------------------------------------------------------------------------ */

void wf_submetrics_sheets(wf_part_t *part, apr_pool_t *p)
{
    const wf_plan_t *plan = part->run->plan;
    int i;

    if (plan->submetrics->nelts == 0) {
        return;
    }
    part->sheets = apr_pcalloc(p, (apr_size_t)plan->nscenarios * sizeof(*part->sheets));
    for (i = 0; i < plan->nscenarios; i++) {
        part->sheets[i] = wf_sheet_create(plan->metrics, p);
    }
}

wf_sheet_t *wf_submetrics_sheet(const wf_part_t *part, const wf_scenario_t *scenario)
{
    return part->sheets != NULL && scenario->index >= 0 ? part->sheets[scenario->index]
                                                        : part->sheet;
}

void wf_submetrics_merge(wf_sheet_t *into, const wf_part_t *part)
{
    const wf_plan_t *plan = part->run->plan;
    int s, i;

    wf_sheet_merge(into, part->sheet);
    for (s = 0; part->sheets != NULL && s < plan->nscenarios; s++) {
        wf_sheet_merge(into, part->sheets[s]);
        for (i = 0; i < plan->submetrics->nelts; i++) {
            const wf_submetric_t *sub =
                &APR_ARRAY_IDX(plan->submetrics, i, wf_submetric_t);

            if (sub->has[s]) {
                wf_sheet_merge_metric(into, sub->metric, part->sheets[s], sub->base);
            }
        }
    }
}

double wf_submetrics_failed(const wf_part_t *part, int rate)
{
    double passes, total, failed;
    int s;

    wf_sheet_passes(part->sheet, rate, &passes, &total);
    failed = total - passes;
    for (s = 0; part->sheets != NULL && s < part->run->plan->nscenarios; s++) {
        wf_sheet_passes(part->sheets[s], rate, &passes, &total);
        failed += total - passes;
    }
    return failed;
}
