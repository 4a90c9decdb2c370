/* The verdicts of a run. A threshold over the whole run needs only the sheet; one over a
 * window remembers what happened between looks, one over a part of the run what had
 * happened when it began.
 *
 *        see()    see()    see()     …      see()  verdict()
 *   ──────┼────────┼────────┼────────────────┼───────┼──▶ elapsed
 *         │ span   │ span   │ span           │ open  │
 *
 * A span is a difference of two states, so it is exact; the window is the sum of the
 * spans whose middle lies in it, and of what is open. */
#include "metrics/internal.h"

#include <string.h>

#define SPANS 128           /* that a window remembers at most */
#define GRAINS 120          /* it is known to such a part of its length … */
#define GRAIN_MIN_US 900000 /* … but not finer than the looks, which come each second */

typedef struct span_t {
    apr_int64_t start_us, end_us;
    wf_slot_t slots[2];
} span_t;

typedef struct window_t {
    struct window_t *next;
    int metrics[2];
    apr_int64_t length_us, grain_us;
    span_t spans[SPANS]; /* a ring */
    int first, n;
    apr_int64_t since_us;      /* when the open span began */
    wf_slot_t since[2];        /* the run's state then */
    wf_slot_t open[2], sum[2]; /* what the last verdict was made of */
} window_t;

typedef struct stretch_t {
    apr_int64_t from_us, to_us; /* to_us 0: until now */
    int begun, over;
    apr_int64_t begin_us, end_us; /* looks with which it began and ended, counted time */
    wf_slot_t begin[2];           /* the run's state then */
    wf_slot_t had[2];             /* what happened in it, as of end_us */
} stretch_t;

typedef struct rule_t {
    const wf_threshold_t *threshold;
    wf_source_t source;
    window_t *window; /* one of them, or none */
    stretch_t *stretch;
} rule_t;

struct wf_judge_t {
    apr_pool_t *pool;
    const wf_metric_table_t *table;
    rule_t *rules;
    int n;
    window_t *windows; /* thresholds with the same metrics and length share one */
    apr_int64_t seen_us;
};

/* ---- the one or two slots of a rule ------------------------------------------------ */

typedef struct pair_t {
    const wf_judge_t *judge;
    const int *metrics;
} pair_t;

static wf_metric_type_e type_of(const pair_t *pair, int k)
{
    return wf_metric_at(pair->judge->table, pair->metrics[k])->type;
}

static void pair_read(const pair_t *pair, wf_slot_t into[2], const wf_sheet_t *sheet)
{
    int k;

    for (k = 0; k < 2 && pair->metrics[k] >= 0; k++) {
        wf_slot_copy(type_of(pair, k), &into[k], wf_sheet_slot(sheet, pair->metrics[k]),
                     pair->judge->pool);
    }
}

static void pair_clear(const pair_t *pair, wf_slot_t slots[2])
{
    int k;

    for (k = 0; k < 2 && pair->metrics[k] >= 0; k++) {
        wf_slot_clear(type_of(pair, k), &slots[k]);
    }
}

static void pair_merge(const pair_t *pair, wf_slot_t into[2], const wf_slot_t from[2])
{
    int k;

    for (k = 0; k < 2 && pair->metrics[k] >= 0; k++) {
        wf_slot_merge(type_of(pair, k), &into[k], &from[k], pair->judge->pool);
    }
}

/* What happened since an earlier state. */
static void pair_difference(const pair_t *pair, wf_slot_t into[2],
                            const wf_sheet_t *sheet, const wf_slot_t earlier[2])
{
    int k;

    pair_read(pair, into, sheet);
    for (k = 0; k < 2 && pair->metrics[k] >= 0; k++) {
        wf_slot_subtract(type_of(pair, k), &into[k], &earlier[k]);
    }
}

/* Time without samples would make rates smaller than they were. */
static apr_int64_t counted_us(const wf_moment_t *now)
{
    return now->elapsed_us - now->warm_us;
}

/* ---- windows ----------------------------------------------------------------------- */

static window_t *window_for(wf_judge_t *judge, const rule_t *rule)
{
    apr_int64_t length_us = rule->threshold->window_ns / 1000;
    window_t *w;

    for (w = judge->windows; w != NULL; w = w->next) {
        if (w->length_us == length_us
            && memcmp(w->metrics, rule->source.metrics, sizeof(w->metrics)) == 0) {
            return w;
        }
    }
    w = apr_pcalloc(judge->pool, sizeof(*w));
    memcpy(w->metrics, rule->source.metrics, sizeof(w->metrics));
    w->length_us = length_us;
    w->grain_us = length_us / GRAINS > GRAIN_MIN_US ? length_us / GRAINS : GRAIN_MIN_US;
    w->next = judge->windows;
    judge->windows = w;
    return w;
}

static int inside(const window_t *w, const span_t *span, apr_int64_t now_us)
{
    return span->start_us + (span->end_us - span->start_us) / 2 >= now_us - w->length_us;
}

static span_t *span_at(window_t *w, int i)
{
    return &w->spans[(w->first + i) % SPANS];
}

static void drop_first(window_t *w)
{
    w->first = (w->first + 1) % SPANS;
    w->n--;
}

static void window_see(wf_judge_t *judge, window_t *w, const wf_sheet_t *sheet,
                       apr_int64_t now_us)
{
    pair_t pair = { judge, w->metrics };
    span_t *span;

    if (now_us - w->since_us < w->grain_us) {
        return;
    }
    while (w->n == SPANS || (w->n > 0 && !inside(w, span_at(w, 0), now_us))) {
        drop_first(w);
    }
    span = span_at(w, w->n++);
    span->start_us = w->since_us;
    span->end_us = now_us;
    pair_difference(&pair, span->slots, sheet, w->since);
    pair_read(&pair, w->since, sheet);
    w->since_us = now_us;
}

/* Returns the seconds that the sum covers. A reader's sheet may be older than the last
 * look. */
static double window_sum(wf_judge_t *judge, window_t *w, const wf_sheet_t *sheet,
                         apr_int64_t now_us)
{
    pair_t pair = { judge, w->metrics };
    apr_int64_t start_us = w->since_us;
    int i;

    pair_clear(&pair, w->sum);
    for (i = w->n - 1; i >= 0 && inside(w, span_at(w, i), now_us); i--) {
        pair_merge(&pair, w->sum, span_at(w, i)->slots);
        start_us = span_at(w, i)->start_us;
    }
    if (now_us > w->since_us) {
        pair_difference(&pair, w->open, sheet, w->since);
        pair_merge(&pair, w->sum, w->open);
    }
    return (double)((now_us > w->since_us ? now_us : w->since_us) - start_us) / 1e6;
}

/* ---- parts of the run -------------------------------------------------------------- */

/* Where they lie is told in the run's time, how long they are in that with samples. */

static stretch_t *stretch_for(wf_judge_t *judge, const wf_threshold_t *threshold)
{
    stretch_t *s = apr_pcalloc(judge->pool, sizeof(*s));

    s->from_us = threshold->from_ns / 1000;
    s->to_us = threshold->to_ns / 1000;
    s->begun = s->from_us == 0; /* with nothing measured, at 0 */
    return s;
}

static void stretch_grow(wf_judge_t *judge, const rule_t *rule, const wf_sheet_t *sheet,
                         apr_int64_t now_us)
{
    pair_t pair = { judge, rule->source.metrics };

    rule->stretch->end_us = now_us;
    pair_difference(&pair, rule->stretch->had, sheet, rule->stretch->begin);
}

static void stretch_see(wf_judge_t *judge, const rule_t *rule, const wf_sheet_t *sheet,
                        const wf_moment_t *now)
{
    pair_t pair = { judge, rule->source.metrics };
    stretch_t *s = rule->stretch;

    if (!s->begun && now->elapsed_us >= s->from_us) {
        pair_read(&pair, s->begin, sheet);
        s->begin_us = counted_us(now);
        s->begun = 1;
    }
    if (s->begun && !s->over && s->to_us > 0 && now->elapsed_us >= s->to_us) {
        s->over = 1;
        stretch_grow(judge, rule, sheet, counted_us(now));
    }
}

/* ---- the judge --------------------------------------------------------------------- */

wf_judge_t *wf_judge_create(const wf_threshold_t *thresholds, int n,
                            const wf_metric_table_t *table, apr_pool_t *p)
{
    wf_judge_t *judge = apr_pcalloc(p, sizeof(*judge));
    int i;

    judge->pool = p;
    judge->table = table;
    judge->rules = apr_pcalloc(p, (apr_size_t)n * sizeof(*judge->rules) + 1);
    judge->n = n;
    for (i = 0; i < n; i++) {
        rule_t *rule = &judge->rules[i];

        rule->threshold = &thresholds[i];
        rule->source = wf_source_find(table, thresholds[i].metric);
        if (rule->source.metrics[0] < 0) {
            continue;
        }
        if (thresholds[i].window_ns > 0) {
            rule->window = window_for(judge, rule);
        }
        else if (thresholds[i].from_ns > 0 || thresholds[i].to_ns > 0) {
            rule->stretch = stretch_for(judge, &thresholds[i]);
        }
    }
    return judge;
}

void wf_judge_see(wf_judge_t *judge, const wf_sheet_t *sheet, const wf_moment_t *now)
{
    window_t *w;
    int i;

    if (now->elapsed_us <= judge->seen_us) {
        return;
    }
    judge->seen_us = now->elapsed_us;
    for (w = judge->windows; w != NULL; w = w->next) {
        window_see(judge, w, sheet, counted_us(now));
    }
    for (i = 0; i < judge->n; i++) {
        if (judge->rules[i].stretch != NULL) {
            stretch_see(judge, &judge->rules[i], sheet, now);
        }
    }
}

/* Where the rule's slots are, and how long they were measured. */
static double measured(wf_judge_t *judge, const rule_t *rule, const wf_sheet_t *sheet,
                       apr_int64_t now_us, const wf_slot_t *slots[2])
{
    const stretch_t *s = rule->stretch;
    int k;

    if (rule->window != NULL) {
        slots[0] = &rule->window->sum[0];
        slots[1] = &rule->window->sum[1];
        return window_sum(judge, rule->window, sheet, now_us);
    }
    if (s != NULL && s->begun && !s->over && now_us > s->begin_us) {
        stretch_grow(judge, rule, sheet, now_us);
    }
    if (s != NULL) {
        slots[0] = &s->had[0];
        slots[1] = &s->had[1];
        return (double)(s->end_us - s->begin_us) / 1e6;
    }
    for (k = 0; k < 2; k++) {
        int metric = rule->source.metrics[k];

        slots[k] = metric < 0 ? NULL : wf_sheet_slot(sheet, metric);
    }
    return (double)now_us / 1e6;
}

wf_verdict_t wf_judge_verdict(wf_judge_t *judge, int i, const wf_sheet_t *sheet,
                              const wf_moment_t *now)
{
    const rule_t *rule = &judge->rules[i];
    const wf_condition_t *condition = &rule->threshold->condition;
    wf_verdict_t verdict = { 0 };
    const wf_slot_t *slots[2];
    double seconds;
    int unmeasured;

    verdict.judged = now->elapsed_us >= rule->threshold->abort_delay_ns / 1000
                     && (rule->stretch == NULL || rule->stretch->begun);
    if (rule->source.kind == WF_SOURCE_NONE) {
        return verdict;
    }
    seconds = measured(judge, rule, sheet, counted_us(now), slots);
    verdict.value = wf_source_value(&rule->source, judge->table, slots, condition,
                                    seconds, now, &unmeasured);
    verdict.passed = unmeasured || wf_condition_holds(condition, verdict.value);
    return verdict;
}

/* ---- checkpoints ------------------------------------------------------------------- */

#define VERSION 1

static void write_pair(wf_writer_t *w, const pair_t *pair, const char *name,
                       const wf_slot_t slots[2])
{
    int k;

    wf_write(w, ",\"");
    wf_write(w, name);
    wf_write(w, "\":[");
    for (k = 0; k < 2 && pair->metrics[k] >= 0; k++) {
        wf_write(w, k ? "," : "");
        wf_slot_write(w, type_of(pair, k), &slots[k]);
    }
    wf_write(w, "]");
}

static void write_stretch(wf_writer_t *w, const wf_judge_t *judge, int i)
{
    const rule_t *rule = &judge->rules[i];
    const stretch_t *s = rule->stretch;
    pair_t pair = { judge, rule->source.metrics };

    wf_write(w, "{\"threshold\":");
    wf_write_int(w, i);
    wf_write(w, ",\"metric\":");
    wf_write_string(w, rule->threshold->metric);
    wf_write(w, ",\"from\":");
    wf_write_int(w, s->from_us);
    wf_write(w, ",\"to\":");
    wf_write_int(w, s->to_us);
    wf_write(w, s->over ? ",\"over\":true,\"begin\":" : ",\"over\":false,\"begin\":");
    wf_write_int(w, s->begin_us);
    wf_write(w, ",\"end\":");
    wf_write_int(w, s->end_us);
    write_pair(w, &pair, "before", s->begin);
    if (s->over) {
        write_pair(w, &pair, "had", s->had);
    }
    wf_write(w, "}");
}

const char *wf_judge_encode(const wf_judge_t *judge, apr_pool_t *p)
{
    wf_writer_t w = wf_writer(p);
    const char *comma = "";
    int i;

    wf_write(&w, "{\"version\":");
    wf_write_int(&w, VERSION);
    wf_write(&w, ",\"parts\":[");
    for (i = 0; i < judge->n; i++) {
        if (judge->rules[i].stretch != NULL && judge->rules[i].stretch->begun) {
            wf_write(&w, comma);
            write_stretch(&w, judge, i);
            comma = ",\n";
        }
    }
    wf_write(&w, "]}");
    return wf_written(&w);
}

static int read_pair(const pair_t *pair, const wf_value_t *value, wf_slot_t slots[2])
{
    int k, n = pair->metrics[1] < 0 ? 1 : 2;

    if (wf_read_length(value) != n) {
        return 0;
    }
    for (k = 0; k < n; k++) {
        if (!wf_slot_read(wf_read_element(value, k), type_of(pair, k), &slots[k],
                          pair->judge->pool)) {
            return 0;
        }
    }
    return 1;
}

/* Is it that of the same threshold? */
static rule_t *rule_of(wf_judge_t *judge, const wf_value_t *value)
{
    const char *metric = wf_read_string(value, "metric");
    apr_int64_t i, from_us, to_us;
    rule_t *rule;

    if (metric == NULL || !wf_read_int(wf_read_member(value, "threshold"), 0, &i)
        || i >= judge->n || !wf_read_int(wf_read_member(value, "from"), 0, &from_us)
        || !wf_read_int(wf_read_member(value, "to"), 0, &to_us)) {
        return NULL;
    }
    rule = &judge->rules[i];
    return rule->stretch != NULL && rule->stretch->from_us == from_us
                   && rule->stretch->to_us == to_us
                   && strcmp(metric, rule->threshold->metric) == 0
               ? rule
               : NULL;
}

static int read_stretch(wf_judge_t *judge, const wf_value_t *value)
{
    const wf_value_t *over = wf_read_member(value, "over");
    rule_t *rule = rule_of(judge, value);
    pair_t pair = { judge, rule ? rule->source.metrics : NULL };
    stretch_t *s;

    if (rule == NULL) {
        return 0;
    }
    s = rule->stretch = stretch_for(judge, rule->threshold);
    s->begun = 1;
    s->over = over != NULL && over->type == WF_BOOLEAN && over->as.boolean;
    return wf_read_int(wf_read_member(value, "begin"), 0, &s->begin_us)
           && wf_read_int(wf_read_member(value, "end"), 0, &s->end_us)
           && (!s->over || s->end_us >= s->begin_us)
           && read_pair(&pair, wf_read_member(value, "before"), s->begin)
           && (!s->over || read_pair(&pair, wf_read_member(value, "had"), s->had));
}

static int read_stretches(wf_judge_t *judge, const wf_value_t *list)
{
    int i, length = wf_read_length(list);

    for (i = 0; i < length; i++) {
        if (!read_stretch(judge, wf_read_element(list, i))) {
            return 0;
        }
    }
    return length >= 0;
}

static void forget(wf_judge_t *judge)
{
    int i;

    for (i = 0; i < judge->n; i++) {
        if (judge->rules[i].stretch != NULL) {
            judge->rules[i].stretch = stretch_for(judge, judge->rules[i].threshold);
        }
    }
}

apr_status_t wf_judge_decode(wf_judge_t *judge, const char *text, apr_size_t length,
                             wf_error_t *err)
{
    wf_value_t value;
    apr_int64_t version;
    apr_pool_t *p;
    apr_status_t rv = apr_pool_create(&p, judge->pool);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "reading a judge of thresholds");
    }
    apr_pool_tag(p, "wf_judge_decode");
    rv = wf_json_value(&value, text, length, p, err);
    if (rv == APR_SUCCESS
        && (!wf_read_int(wf_read_member(&value, "version"), VERSION, &version)
            || version > VERSION
            || !read_stretches(judge, wf_read_member(&value, "parts")))) {
        forget(judge);
        rv = wf_error_set(err, WF_ERR_INVALID, "this is no judge of these thresholds");
    }
    apr_pool_destroy(p);
    return rv;
}
