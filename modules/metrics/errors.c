/* The distinct errors of a sheet. All texts are the sheet's own, so that lists of
 * different loops and machines can be added; memory is kept when the list is cleared. */
#include "metrics/internal.h"

#include <string.h>

typedef struct entry_t {
    wf_metric_error_t
        shown; /* its texts are those below, or the table's id of the step */
    apr_uint32_t hash;
    char step[WF_ERROR_STEP + 1], code[WF_ERROR_CODE + 1], message[WF_ERROR_TEXT + 1];
} entry_t;

struct wf_errors_t {
    apr_pool_t *pool;
    const wf_metric_table_t *table;
    entry_t *entries[WF_ERRORS_MAX]; /* made when first used */
    int n;
    apr_int64_t total;
};

wf_errors_t *wf_errors_create(const wf_metric_table_t *table, apr_pool_t *p)
{
    wf_errors_t *errors = apr_pcalloc(p, sizeof(*errors));

    errors->pool = p;
    errors->table = table;
    return errors;
}

void wf_errors_clear(wf_errors_t *errors)
{
    errors->n = 0;
    errors->total = 0;
}

/* A text that is looked for: no longer than what is kept of it. */
typedef struct wanted_t {
    const char *step, *code, *message;
    apr_size_t step_length, code_length, message_length;
    apr_uint32_t hash;
} wanted_t;

static wanted_t wanted(const wf_errors_t *errors, const wf_metric_error_t *e,
                       const char *message)
{
    wanted_t w = { .step = e->step, .code = e->code, .message = message };

    if (w.step != NULL) {
        const char *known = wf_metric_step(errors->table, w.step, strlen(w.step));

        w.step_length = known ? strlen(known) : wf_text_kept(w.step, WF_ERROR_STEP);
    }
    w.code_length = wf_text_kept(w.code, WF_ERROR_CODE);
    w.message_length = wf_text_kept(w.message, WF_ERROR_TEXT);
    w.hash = w.step ? wf_text_hash(WF_TEXT_HASH, w.step, w.step_length) : 0;
    w.hash = wf_text_hash(w.hash, w.code, w.code_length);
    w.hash = wf_text_hash(w.hash, w.message, w.message_length);
    return w;
}

static entry_t *find(const wf_errors_t *errors, const wanted_t *w)
{
    int i;

    for (i = 0; i < errors->n; i++) {
        entry_t *e = errors->entries[i];

        if (e->hash == w->hash && (e->shown.step != NULL) == (w->step != NULL)
            && (w->step == NULL || wf_text_same(e->shown.step, w->step, w->step_length))
            && wf_text_same(e->code, w->code, w->code_length)
            && wf_text_same(e->message, w->message, w->message_length)) {
            return e;
        }
    }
    return NULL;
}

static entry_t *make(wf_errors_t *errors, const wanted_t *w)
{
    entry_t *e;

    if (errors->n == WF_ERRORS_MAX) {
        return NULL;
    }
    e = errors->entries[errors->n];
    if (e == NULL) {
        e = errors->entries[errors->n] = apr_palloc(errors->pool, sizeof(*e));
    }
    errors->n++;
    e->hash = w->hash;
    wf_text_keep(e->code, w->code, w->code_length);
    wf_text_keep(e->message, w->message, w->message_length);
    e->shown = (wf_metric_error_t){ .code = e->code, .message = e->message };
    if (w->step != NULL) {
        e->shown.step = wf_metric_step(errors->table, w->step, w->step_length);
    }
    if (w->step != NULL && e->shown.step == NULL) {
        wf_text_keep(e->step, w->step, w->step_length);
        e->shown.step = e->step;
    }
    return e;
}

static apr_int64_t plus(apr_int64_t a, apr_int64_t b)
{
    apr_int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? APR_INT64_MAX : sum;
}

void wf_errors_count(wf_errors_t *errors, apr_int64_t times)
{
    errors->total = plus(errors->total, times);
}

void wf_errors_add(wf_errors_t *errors, const wf_metric_error_t *from)
{
    char buffer[WF_ERROR_TEXT + 1];
    wanted_t w = wanted(errors, from, wf_text_printable(from->message, buffer));
    entry_t *e = find(errors, &w);

    wf_errors_count(errors, from->times);
    if (e == NULL) {
        e = make(errors, &w);
    }
    if (e == NULL) {
        return;
    }
    if (e->shown.times == 0 || from->first_ms < e->shown.first_ms) {
        e->shown.first_ms = from->first_ms;
    }
    e->shown.times = plus(e->shown.times, from->times);
}

void wf_errors_merge(wf_errors_t *into, const wf_errors_t *from)
{
    apr_int64_t rest = from->total;
    int i;

    for (i = 0; i < from->n; i++) {
        wf_errors_add(into, &from->entries[i]->shown);
        rest -= from->entries[i]->shown.times;
    }
    wf_errors_count(into, rest > 0 ? rest : 0);
}

/* Entries that are equal to one of another list, whose texts are cut already. */
static const entry_t *find_equal(const wf_errors_t *errors, const entry_t *entry)
{
    wanted_t w = wanted(errors, &entry->shown, entry->message);

    return find(errors, &w);
}

int wf_errors_since(wf_errors_t *into, const wf_errors_t *errors, const wf_errors_t *base)
{
    int i, found = 0;

    for (i = 0; i < errors->n; i++) {
        const entry_t *before = find_equal(base, errors->entries[i]);
        wf_metric_error_t added = errors->entries[i]->shown;

        found += before != NULL;
        added.times -= before != NULL ? before->shown.times : 0;
        if (added.times < 0) {
            return 0;
        }
        if (added.times > 0) {
            wf_errors_add(into, &added);
        }
    }
    if (found < base->n || errors->total - base->total < into->total) {
        return 0;
    }
    into->total = errors->total - base->total;
    return 1;
}

int wf_errors_number(const wf_errors_t *errors)
{
    return errors->n;
}

const wf_metric_error_t *wf_errors_at(const wf_errors_t *errors, int i)
{
    return &errors->entries[i]->shown;
}

apr_int64_t wf_errors_total(const wf_errors_t *errors)
{
    return errors->total;
}
