/* The grammar of conditions, and what a document may say of a threshold.
 *
 *   condition = [ stat ] op limit
 *   limit     = number | baseline [ "*" number | "+" number [ "%" ] | "-" number [ "%" ] ]
 *   stat      = count | rate | value | min | max | avg | med | passes | fails | p(N) | pN
 *   op        = < | <= | > | >= | == | !=
 */
#include "metrics/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- grammar ----------------------------------------------------------------------- */

/* Longer ones first: the first that matches is taken. */
static const struct {
    const char *text;
    wf_op_e op;
} ops[] = {
    { "<=", WF_OP_LE }, { ">=", WF_OP_GE }, { "==", WF_OP_EQ },
    { "!=", WF_OP_NE }, { "<", WF_OP_LT },  { ">", WF_OP_GT },
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

const char *wf_percentile_parse(const char **s, double *percentile)
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
    apr_size_t n = 0;

    while (apr_isalpha((*s)[n])) {
        n++;
    }
    if (n == 0) {
        return NULL;
    }
    if (n == 1 && **s == 'p') {
        condition->stat = WF_STAT_PERCENTILE;
        return wf_percentile_parse(s, &condition->percentile);
    }
    condition->stat = wf_stat_find(*s, n);
    if (condition->stat == WF_STAT_NONE) {
        return "the statistic must be one of: count, rate, value, min, max, avg, med, "
               "passes, fails, p(N)";
    }
    *s += n;
    return NULL;
}

static const char *read_op(wf_condition_t *condition, const char **s)
{
    size_t i;

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strncmp(ops[i].text, *s, strlen(ops[i].text)) == 0) {
            condition->op = ops[i].op;
            *s += strlen(ops[i].text);
            return NULL;
        }
    }
    return "needs one of < <= > >= == != and a number";
}

/* What stands behind the word baseline. */
static const char *read_relation(wf_condition_t *condition, const char **s)
{
    static const char wrong[] = "behind baseline: * 1.1, + 20, - 20, + 10% or - 10%";
    char op = **s;
    double number;

    condition->relative = 1;
    condition->factor = 1;
    if (op == '\0') {
        return NULL;
    }
    *s = skip_blanks(*s + 1);
    if (strchr("*+-", op) == NULL || !read_number(s, &number)) {
        return wrong;
    }
    *s = skip_blanks(*s);
    if (op == '*') {
        condition->factor = number;
        return NULL;
    }
    number = op == '-' ? -number : number;
    if (**s == '%') {
        condition->factor = 1 + number / 100;
        *s += 1;
        return NULL;
    }
    condition->offset = number;
    return NULL;
}

static const char *read_limit(wf_condition_t *condition, const char **s)
{
    static const char baseline[] = "baseline";
    apr_size_t n = sizeof(baseline) - 1;

    if (strncmp(*s, baseline, n) == 0 && !apr_isalnum((*s)[n])) {
        *s = skip_blanks(*s + n);
        return read_relation(condition, s);
    }
    return read_number(s, &condition->limit) ? NULL
                                             : "needs a number behind the comparison";
}

const char *wf_condition_parse(wf_condition_t *condition, const char *text, apr_pool_t *p)
{
    const char *s = skip_blanks(text);
    const char *wrong;

    memset(condition, 0, sizeof(*condition));
    wrong = read_stat(condition, &s);
    if (wrong == NULL) {
        s = skip_blanks(s);
        wrong = read_op(condition, &s);
    }
    if (wrong != NULL) {
        return wrong;
    }
    s = skip_blanks(s);
    wrong = read_limit(condition, &s);
    if (wrong != NULL) {
        return wrong;
    }
    s = skip_blanks(s);
    return *s == '\0' ? NULL
                      : apr_psprintf(p, "unexpected text behind the number: %.40s", s);
}

void wf_condition_relate(wf_condition_t *condition, double baseline)
{
    condition->limit = baseline * condition->factor + condition->offset;
    condition->known = 1;
}

int wf_condition_holds(const wf_condition_t *condition, double value)
{
    if (condition->relative && !condition->known) {
        return 1;
    }
    switch (condition->op) {
    case WF_OP_LT:
        return value < condition->limit;
    case WF_OP_LE:
        return value <= condition->limit;
    case WF_OP_GT:
        return value > condition->limit;
    case WF_OP_GE:
        return value >= condition->limit;
    case WF_OP_EQ:
        return value == condition->limit;
    default:
        return value != condition->limit;
    }
}

/* ---- thresholds -------------------------------------------------------------------- */

static const char *check_part(const wf_threshold_t *t, const wf_source_t *source)
{
    if (t->window_ns == 0 && t->from_ns == 0 && t->to_ns == 0) {
        return NULL;
    }
    if (source->kind == WF_SOURCE_MOMENT) {
        return "this is a number of the whole run, not of a part of it";
    }
    if (t->window_ns < 0 || t->from_ns < 0 || t->to_ns < 0) {
        return "a part of the run has no negative times";
    }
    return t->window_ns > 0 && t->window_ns < WF_WINDOW_MIN_NS ? "a window is at least 1s"
                                                               : NULL;
}

static const char *check_stat(const wf_threshold_t *t, const wf_source_t *source,
                              const wf_metric_table_t *table, apr_pool_t *p)
{
    unsigned stats = wf_source_stats(source, table);

    if (source->fixed && t->condition.stat != WF_STAT_NONE) {
        return apr_psprintf(p,
                            "%s names its statistic already; here only the comparison "
                            "and the number are expected",
                            t->metric);
    }
    if (!source->fixed && !(stats & (1u << t->condition.stat))) {
        return apr_psprintf(p, "%s has no such statistic, it has: %s", t->metric,
                            wf_stats_text(stats, p));
    }
    return NULL;
}

const char *wf_threshold_check(const wf_threshold_t *threshold,
                               const wf_metric_table_t *table, int *known, apr_pool_t *p)
{
    wf_source_t source = wf_source_find(table, threshold->metric);
    const char *wrong = check_part(threshold, &source);

    *known = source.kind != WF_SOURCE_NONE;
    return wrong == NULL && *known ? check_stat(threshold, &source, table, p) : wrong;
}

/* ---- what a relative condition is about ----------------------------------------------- */

/* As figures of reports end. NULL: reports do not have it. */
static const char *figure_stat(wf_metric_type_e type, wf_stat_e stat, double percentile,
                               apr_pool_t *p)
{
    static const char *const own[WF_METRIC_TYPES] = {
        [WF_COUNTER] = "count", [WF_GAUGE] = "value", [WF_RATE] = "rate",
        [WF_TREND] = "avg"
    };
    int of_report = percentile == 90 || percentile == 95 || percentile == 99;

    if (stat == WF_STAT_NONE) {
        return own[type];
    }
    if (stat != WF_STAT_PERCENTILE) {
        return wf_stats_text(1u << stat, p);
    }
    return percentile == 50 ? "med" : of_report ? apr_psprintf(p, "p%g", percentile) : NULL;
}

static const char *metric_figure(const wf_threshold_t *t, const wf_source_t *source,
                                 const wf_metric_table_t *table, apr_pool_t *p)
{
    const wf_metric_t *metric = wf_metric_at(table, source->metrics[0]);
    int own = t->condition.stat == WF_STAT_NONE;
    wf_stat_e stat = own ? source->stat : t->condition.stat;
    const char *word = figure_stat(
        metric->type, stat, own ? source->percentile : t->condition.percentile, p);

    if (metric->type == WF_TALLY || word == NULL
        || (metric->step != NULL && metric->type == WF_COUNTER && stat == WF_STAT_RATE)) {
        return NULL;
    }
    return metric->step ? apr_pstrcat(p, metric->step, ".", metric->name, ".", word, NULL)
                        : apr_pstrcat(p, metric->name, ".", word, NULL);
}

const char *wf_threshold_figure(const wf_threshold_t *threshold,
                                const wf_metric_table_t *table, apr_pool_t *p)
{
    wf_source_t source = wf_source_find(table, threshold->metric);

    switch (source.kind) {
    case WF_SOURCE_METRIC:
        return metric_figure(threshold, &source, table, p);
    case WF_SOURCE_SHARE:
        return apr_pstrcat(p, threshold->metric, ".rate", NULL);
    case WF_SOURCE_MOMENT:
        return apr_pstrcat(p, threshold->metric, ".value", NULL);
    default:
        return NULL;
    }
}
