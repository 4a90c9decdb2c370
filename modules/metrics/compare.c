/* Two runs beside each other. What is compared are the figures of their reports, each
 * under one name: http_req_duration.p95, http_reqs.rate, login.duration.p95,
 * login.success_rate.rate. Of the earlier run only these are kept, so it may be deleted
 * meanwhile. */
#include "metrics/internal.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

typedef enum { LESS = -1, NEITHER = 0, MORE = 1 } good_e; /* what is better */

typedef struct figure_t {
    const char *step, *metric, *stat; /* step NULL: of the run */
    const char *name;                 /* all of them, in one */
    double value;
    good_e good;
    int told;  /* a statistic that people look at */
    int quiet; /* its metric is only compared if somebody names it */
} figure_t;

typedef void figure_fn(void *baton, const figure_t *figure);

/* ---- the figures of a report --------------------------------------------------------- */

/* clang-format off */
static const struct { const char *name; good_e good; int quiet; } known[] = {
    { "http_reqs",                MORE,    0 },
    { "http_req_duration",        LESS,    0 },
    { "http_req_waiting",         LESS,    0 },
    { "http_req_failed",          LESS,    0 },
    { "iterations",               MORE,    0 },
    { "iteration_duration",       LESS,    0 },
    { "iteration_success",        MORE,    0 },
    { "dropped_iterations",       LESS,    0 },
    { "interrupted_iterations",   LESS,    0 },
    { "checks",                   MORE,    0 },
    { "data_sent",                NEITHER, 1 },
    { "data_received",            NEITHER, 1 },
    { "vus",                      NEITHER, 1 },
    { "vus_max",                  NEITHER, 1 },
    { "http_reqs_held",           LESS,    1 },
    { "http_req_blocked",         LESS,    1 }, /* a few microseconds in most runs, … */
    { "http_req_looking_up",      LESS,    1 },
    { "http_req_connecting",      LESS,    1 },
    { "http_req_tls_handshaking", LESS,    1 },
    { "http_req_sending",         LESS,    1 },
    { "http_req_receiving",       LESS,    1 }, /* … of which half is no news */
    { "iteration_start_delay",    LESS,    1 },
};

/* Keys of values in a report, and whether people look at them; a trend's p(95) is p95. */
static const struct { const char *type, *key, *stat; int told; } statistics[] = {
    { "counter", "count",  "count",  0 },
    { "counter", "rate",   "rate",   1 },
    { "gauge",   "value",  "value",  0 },
    { "gauge",   "min",    "min",    0 },
    { "gauge",   "max",    "max",    0 },
    { "gauge",   "avg",    "avg",    1 },
    { "rate",    "rate",   "rate",   1 },
    { "rate",    "passes", "passes", 0 },
    { "rate",    "fails",  "fails",  0 },
    { "trend",   "count",  "count",  0 },
    { "trend",   "min",    "min",    0 },
    { "trend",   "avg",    "avg",    1 },
    { "trend",   "med",    "med",    1 },
    { "trend",   "max",    "max",    0 },
    { "trend",   "p(90)",  "p90",    1 },
    { "trend",   "p(95)",  "p95",    1 },
    { "trend",   "p(99)",  "p99",    1 },
};

static const struct { const char *key, *metric, *stat; good_e good; int told; } of_step[] = {
    { "count",         "count",         "count", NEITHER, 0 },
    { "success_count", "success_count", "count", NEITHER, 0 },
    { "failure_count", "failure_count", "count", NEITHER, 0 },
    { "success_rate",  "success_rate",  "rate",  MORE,    1 },
    { "min_ms",        "duration",      "min",   LESS,    0 },
    { "avg_ms",        "duration",      "avg",   LESS,    1 },
    { "p50_ms",        "duration",      "med",   LESS,    1 },
    { "p90_ms",        "duration",      "p90",   LESS,    1 },
    { "p95_ms",        "duration",      "p95",   LESS,    1 },
    { "p99_ms",        "duration",      "p99",   LESS,    1 },
    { "max_ms",        "duration",      "max",   LESS,    0 },
};

static const struct { const char *key, *metric; } of_run[] = {
    { "total_iterations", "total_iterations" },
    { "max_vus",          "total_vus" },
    { "duration_ms",      "duration" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef struct walk_t {
    figure_fn *tell;
    void *baton;
    apr_pool_t *p;
} walk_t;

static void tell_number(const walk_t *walk, figure_t *figure, double value)
{
    figure->value = value;
    figure->name =
        apr_pstrcat(walk->p, figure->step ? figure->step : "", figure->step ? "." : "",
                    figure->metric, ".", figure->stat, NULL);
    walk->tell(walk->baton, figure);
}

static void tell(const walk_t *walk, figure_t *figure, json_object *value)
{
    if (json_object_is_type(value, json_type_int)
        || json_object_is_type(value, json_type_double)) {
        tell_number(walk, figure, json_object_get_double(value));
    }
}

static double number_of(json_object *values, const char *key)
{
    return json_object_get_double(wf_json_get(values, key));
}

/* No samples, no figures: a trend without any has no time of 0. */
static int is_measured(const char *type, json_object *values)
{
    if (strcmp(type, "trend") == 0) {
        return number_of(values, "count") > 0;
    }
    return strcmp(type, "rate") != 0
           || number_of(values, "passes") + number_of(values, "fails") > 0;
}

static void tell_values(const walk_t *walk, figure_t *figure, const char *type,
                        json_object *values)
{
    size_t i;

    for (i = 0; is_measured(type, values) && i < COUNT(statistics); i++) {
        if (strcmp(statistics[i].type, type) == 0) {
            figure->stat = statistics[i].stat;
            figure->told = statistics[i].told;
            tell(walk, figure, wf_json_get(values, statistics[i].key));
        }
    }
}

static void tell_metric(const walk_t *walk, const char *name, json_object *metric)
{
    figure_t figure = { .metric = name };
    size_t i;

    figure.good =
        strcmp(wf_json_string(metric, "contains", ""), "time") == 0 ? LESS : NEITHER;
    for (i = 0; i < COUNT(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            figure.good = known[i].good;
            figure.quiet = known[i].quiet;
        }
    }
    tell_values(walk, &figure, wf_json_string(metric, "type", ""),
                wf_json_get(metric, "values"));
}

/* Numbers that a type of steps has for itself. */
static void tell_own(const walk_t *walk, const char *step, json_object *own)
{
    figure_t figure = { .step = step, .good = NEITHER, .quiet = 1 };

    if (json_object_is_type(own, json_type_object)) {
        json_object_object_foreach(own, name, values)
        {
            figure.metric = name;
            tell_values(walk, &figure, "gauge", values);
        }
    }
}

static void tell_step(const walk_t *walk, json_object *step)
{
    figure_t figure = { .step = wf_json_string(step, "step_id", NULL) };
    json_object *good = wf_json_get(step, "success_rate");
    size_t i;

    for (i = 0; figure.step != NULL && i < COUNT(of_step); i++) {
        figure.metric = of_step[i].metric;
        figure.stat = of_step[i].stat;
        figure.good = of_step[i].good;
        figure.told = of_step[i].told;
        tell(walk, &figure, wf_json_get(step, of_step[i].key));
    }
    if (figure.step != NULL && good != NULL) {
        figure_t bad = { figure.step, "failure_rate", "rate", NULL, 0, LESS, 0, 0 };

        tell_number(walk, &bad, 1 - json_object_get_double(good));
        tell_own(walk, figure.step, wf_json_get(step, "metrics"));
    }
}

static void each_figure(json_object *report, const walk_t *walk)
{
    json_object *metrics = wf_json_get(report, "metrics");
    json_object *steps = wf_json_get(report, "step_details");
    json_object *summary = wf_json_get(report, "summary");
    size_t i;

    if (json_object_is_type(metrics, json_type_object)) {
        json_object_object_foreach(metrics, name, metric)
        {
            tell_metric(walk, name, metric);
        }
    }
    for (i = 0; json_object_is_type(steps, json_type_array)
                && i < json_object_array_length(steps);
         i++) {
        tell_step(walk, json_object_array_get_idx(steps, i));
    }
    for (i = 0; i < COUNT(of_run); i++) {
        figure_t figure = { .metric = of_run[i].metric, .stat = "value", .quiet = 1 };

        tell(walk, &figure, wf_json_get(summary, of_run[i].key));
    }
}

/* ---- what is kept of a run -------------------------------------------------------------- */

static const char *const about[] = { "execution_id", "workflow_id", "start_time",
                                     "end_time", "status" };

static void keep(void *baton, const figure_t *figure)
{
    wf_json_add_double(baton, figure->name, figure->value);
}

static json_object *step_ids(json_object *report)
{
    json_object *steps = wf_json_get(report, "step_details");
    json_object *ids = json_object_new_array();
    size_t i;

    for (i = 0; json_object_is_type(steps, json_type_array)
                && i < json_object_array_length(steps);
         i++) {
        const char *id =
            wf_json_string(json_object_array_get_idx(steps, i), "step_id", NULL);

        if (id != NULL) {
            json_object_array_add(ids, json_object_new_string(id));
        }
    }
    return ids;
}

static void copy_about(json_object *into, json_object *from)
{
    size_t i;

    for (i = 0; i < COUNT(about); i++) {
        wf_json_add_string(into, about[i], wf_json_string(from, about[i], ""));
    }
}

json_object *wf_figures(json_object *report, apr_pool_t *p)
{
    json_object *o = json_object_new_object(), *figures = json_object_new_object();
    walk_t walk = { keep, figures, p };

    copy_about(o, report);
    each_figure(report, &walk);
    json_object_object_add(o, "figures", figures);
    json_object_object_add(o, "steps", step_ids(report));
    return o;
}

int wf_figure_find(json_object *figures, const char *name, double *value)
{
    json_object *number = wf_json_get(wf_json_get(figures, "figures"), name);

    *value = number ? json_object_get_double(number) : 0;
    return number != NULL;
}

/* Is the rest of a name behind a metric a statistic of it? */
static int ends_right(const char *rest, wf_metric_type_e type)
{
    size_t i;

    for (i = 0; i < COUNT(statistics); i++) {
        if (strcmp(statistics[i].type, wf_metric_type_name(type)) == 0
            && strcmp(statistics[i].stat, rest) == 0) {
            return 1;
        }
    }
    return *rest == '\0';
}

/* What is behind a prefix and a dot; "" for the prefix itself, NULL for others. */
static const char *behind(const char *name, const char *prefix)
{
    apr_size_t n = strlen(prefix);

    if (strncmp(name, prefix, n) != 0) {
        return NULL;
    }
    return name[n] == '.' ? name + n + 1 : name[n] == '\0' ? "" : NULL;
}

static int names_metric(const wf_metric_t *metric, const char *name)
{
    const char *rest = name, *share;

    if (metric->step != NULL) {
        rest = behind(name, metric->step);
        if (rest == NULL || *rest == '\0') {
            return rest != NULL;
        }
        share = behind(rest, "success_rate");
        share = share ? share : behind(rest, "failure_rate");
        if (share != NULL) {
            return ends_right(share, WF_RATE);
        }
    }
    rest = behind(rest, metric->name);
    return rest != NULL && metric->type != WF_TALLY && ends_right(rest, metric->type);
}

int wf_figure_known(const wf_metric_table_t *table, const char *name)
{
    int i;

    for (i = 0; i < wf_metric_count(table); i++) {
        if (names_metric(wf_metric_at(table, i), name)) {
            return 1;
        }
    }
    return 0;
}

/* ---- comparing -------------------------------------------------------------------------- */

typedef enum { SAME, BETTER, WORSE, CHANGED, VERDICTS } verdict_e;

static const char *const verdict_names[VERDICTS] = { "same", "better", "worse",
                                                     "changed" };

typedef struct comparison_t {
    const wf_compare_t *how;
    json_object *before;
    json_object *metrics, *steps; /* rows */
    int verdicts[VERDICTS];
    double worst;
} comparison_t;

/* Is the name in a list that one figure, or something that has it? 2: exactly that one.
 */
static int is_named(const wf_compare_t *how, const char *name)
{
    int found = 0, i;

    for (i = 0; i < how->nonly; i++) {
        apr_size_t n = strlen(how->only[i]);

        if (strncmp(name, how->only[i], n) == 0 && (name[n] == '\0' || name[n] == '.')) {
            found = name[n] == '\0' ? 2 : found ? found : 1;
        }
    }
    return found;
}

static int is_wanted(const wf_compare_t *how, const figure_t *figure)
{
    int named = is_named(how, figure->name);

    return how->nonly == 0 ? figure->told && !figure->quiet
                           : named == 2 || (named && figure->told);
}

/* What was nothing has changed by all of what it is now. */
static double change_of(double before, double now)
{
    if (before == 0) {
        return now > 0 ? 100 : now < 0 ? -100 : 0;
    }
    return (now - before) * 100 / fabs(before);
}

static verdict_e judge(comparison_t *c, const figure_t *figure, double change)
{
    double worse = figure->good == LESS ? change : -change;

    if (figure->good != NEITHER && worse > c->worst) {
        c->worst = worse;
    }
    if (fabs(change) <= c->how->tolerance) {
        return SAME;
    }
    return figure->good == NEITHER ? CHANGED : worse > 0 ? WORSE : BETTER;
}

/* Three decimals, as reports have. */
static double rounded(double number)
{
    return round(number * 1000) / 1000;
}

/* p(95), as conditions of thresholds have it. */
static const char *stat_text(const char *stat, char buffer[16])
{
    if (stat[0] != 'p' || stat[1] < '0' || stat[1] > '9') {
        return stat;
    }
    apr_snprintf(buffer, 16, "p(%s)", stat + 1);
    return buffer;
}

static void compare(void *baton, const figure_t *figure)
{
    comparison_t *c = baton;
    double before, change;
    verdict_e verdict;
    json_object *row;
    char buffer[16];

    if (!is_wanted(c->how, figure) || !wf_figure_find(c->before, figure->name, &before)
        || (before == 0 && figure->value == 0)) {
        return;
    }
    change = change_of(before, figure->value);
    verdict = judge(c, figure, change);
    c->verdicts[verdict]++;
    row = json_object_new_object();
    if (figure->step != NULL) {
        wf_json_add_string(row, "step_id", figure->step);
    }
    wf_json_add_string(row, "metric", figure->metric);
    wf_json_add_string(row, "statistic", stat_text(figure->stat, buffer));
    wf_json_add_double(row, "before", rounded(before));
    wf_json_add_double(row, "now", rounded(figure->value));
    wf_json_add_double(row, "change", rounded(change));
    wf_json_add_string(row, "verdict", verdict_names[verdict]);
    json_object_array_add(figure->step ? c->steps : c->metrics, row);
}

static int has_text(json_object *list, const char *text)
{
    size_t i;

    for (i = 0;
         json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
         i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text)
            == 0) {
            return 1;
        }
    }
    return 0;
}

/* The texts of a list that are not in the other one. */
static json_object *without(json_object *list, json_object *other)
{
    json_object *rest = json_object_new_array();
    size_t i;

    for (i = 0;
         json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
         i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(list, i));

        if (!has_text(other, text)) {
            json_object_array_add(rest, json_object_new_string(text));
        }
    }
    return rest;
}

json_object *wf_compare(const wf_compare_t *how, json_object *before, json_object *report,
                        double *worst, apr_pool_t *p)
{
    comparison_t c = { .how = how, .before = before };
    walk_t walk = { compare, &c, p };
    json_object *o = json_object_new_object(), *ids = step_ids(report);
    int i;

    c.metrics = json_object_new_array();
    c.steps = json_object_new_array();
    each_figure(report, &walk);
    copy_about(o, before);
    wf_json_add_double(o, "tolerance", how->tolerance);
    for (i = 0; i < VERDICTS; i++) {
        wf_json_add_int(o, verdict_names[i], c.verdicts[i]);
    }
    wf_json_add_double(o, "worst_change", rounded(c.worst));
    json_object_object_add(o, "metrics", c.metrics);
    json_object_object_add(o, "steps", c.steps);
    json_object_object_add(o, "new_steps", without(ids, wf_json_get(before, "steps")));
    json_object_object_add(o, "missing_steps",
                           without(wf_json_get(before, "steps"), ids));
    json_object_put(ids);
    if (worst != NULL) {
        *worst = c.worst;
    }
    return o;
}

/* ---- options ---------------------------------------------------------------------------- */

const char *wf_percent_parse(double *percent, const char *text)
{
    char *end;

    *percent = strtod(text, &end);
    if (end == text || !(*text >= '0' && *text <= '9') || !isfinite(*percent)) {
        return "is a percentage such as 10%";
    }
    end += *end == '%';
    return *end == '\0' ? NULL : "is a percentage such as 10%";
}
