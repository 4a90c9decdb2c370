/* The grammar of conditions, and what a document may say of a threshold.
 *
 *   condition = [ stat ] op number
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
    if (!read_number(&s, &condition->limit)) {
        return "needs a number behind the comparison";
    }
    s = skip_blanks(s);
    return *s == '\0' ? NULL
                      : apr_psprintf(p, "unexpected text behind the number: %.40s", s);
}

int wf_condition_holds(const wf_condition_t *condition, double value)
{
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
