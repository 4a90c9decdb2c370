/* Errors: one that a caller gets, and lists of problems of a document. */
#include "core/internal.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define MAX_PROBLEMS 100

static const char *const kind_names[WF_ERR_KINDS] = {
    [WF_ERR_NONE] = "none",
    [WF_ERR_INVALID] = "invalid",
    [WF_ERR_NOT_FOUND] = "not_found",
    [WF_ERR_CONFLICT] = "conflict",
    [WF_ERR_FORBIDDEN] = "forbidden",
    [WF_ERR_TOO_LARGE] = "too_large",
    [WF_ERR_UNSUPPORTED] = "unsupported",
    [WF_ERR_UNAVAILABLE] = "unavailable",
    [WF_ERR_IN_FLIGHT] = "in_flight",
    [WF_ERR_REUSED] = "reused",
    [WF_ERR_EXECUTION] = "execution",
    [WF_ERR_INTERNAL] = "internal",
};

const char *wf_err_name(wf_err_kind_e kind)
{
    return (unsigned)kind < WF_ERR_KINDS ? kind_names[kind] : "internal";
}

wf_err_kind_e wf_err_parse(const char *name)
{
    for (int i = 0; name && i < WF_ERR_KINDS; i++) {
        if (!strcmp(kind_names[i], name)) {
            return i;
        }
    }
    return WF_ERR_INTERNAL;
}

void wf_error_init(wf_error_t *err, apr_pool_t *p)
{
    memset(err, 0, sizeof(*err));
    err->pool = p;
}

/* Formats cut what they quote by bytes ("%.60s"), perhaps within a character: what is
 * left of that goes. */
static char *format(apr_pool_t *p, const char *fmt, va_list ap)
{
    char *text = apr_pvsprintf(p, fmt, ap);
    apr_size_t n = strlen(text), at = wf_utf8_prefix(text, n), to = at, good;

    while (at < n) {
        at++;
        good = wf_utf8_prefix(text + at, n - at);
        memmove(text + to, text + at, good);
        at += good;
        to += good;
    }
    text[to] = '\0';
    return text;
}

/* The first failure wins: what follows from it would only hide the cause. */
static int is_first(wf_error_t *err, wf_err_kind_e kind)
{
    if (err->kind != WF_ERR_NONE) {
        return 0;
    }
    err->kind = kind;
    return 1;
}

apr_status_t wf_error_set(wf_error_t *err, wf_err_kind_e kind, const char *fmt, ...)
{
    va_list ap;

    if (is_first(err, kind)) {
        va_start(ap, fmt);
        err->message = format(err->pool, fmt, ap);
        va_end(ap);
    }
    return WF_EFAILED;
}

apr_status_t wf_error_apr(wf_error_t *err, wf_err_kind_e kind, apr_status_t rv,
                          const char *fmt, ...)
{
    char reason[120];
    va_list ap;

    if (is_first(err, kind)) {
        va_start(ap, fmt);
        err->message = apr_pstrcat(err->pool, format(err->pool, fmt, ap), ": ",
                                   apr_strerror(rv, reason, sizeof(reason)), NULL);
        va_end(ap);
    }
    return WF_EFAILED;
}

apr_status_t wf_error_field(wf_error_t *err, wf_err_kind_e kind, const char *field,
                            const char *fmt, ...)
{
    va_list ap;

    if (is_first(err, kind)) {
        va_start(ap, fmt);
        err->message = format(err->pool, fmt, ap);
        va_end(ap);
        err->field = apr_pstrdup(err->pool, field);
    }
    return WF_EFAILED;
}

apr_status_t wf_error_note(wf_error_t *err, apr_status_t rv, const char *fmt, ...)
{
    const char *message = err->message ? err->message : "unknown failure", *note;
    va_list ap;

    va_start(ap, fmt);
    note = format(err->pool, fmt, ap);
    va_end(ap);
    err->trace = apr_pstrcat(err->pool, err->trace ? err->trace : message, "\n  at ", note,
                             NULL);
    err->message = apr_pstrcat(err->pool, note, ": ", message, NULL);
    if (err->kind == WF_ERR_NONE) {
        err->kind = WF_ERR_INTERNAL;
    }
    return rv;
}

void wf_error_copy(wf_error_t *dst, const wf_error_t *src)
{
    dst->kind = src->kind;
    dst->message = apr_pstrdup(dst->pool, src->message);
    dst->trace = apr_pstrdup(dst->pool, src->trace);
    dst->field = apr_pstrdup(dst->pool, src->field);
    dst->retry_after = src->retry_after;
}

/* ---- problems ------------------------------------------------------------------------ */

wf_problems_t *wf_problems_create(const char *resource, apr_pool_t *p)
{
    wf_problems_t *ps = apr_pcalloc(p, sizeof(*ps));

    ps->pool = p;
    ps->resource = apr_pstrdup(p, resource);
    ps->items = apr_array_make(p, 4, sizeof(wf_problem_t));
    return ps;
}

static void add(wf_problems_t *ps, int warning, const char *rule, const char *path, int line,
                int column, const char *fmt, va_list ap)
{
    wf_problem_t *item;

    ps->errors += !warning;
    if (ps->items->nelts >= MAX_PROBLEMS) {
        ps->dropped++;
        return;
    }
    item = apr_array_push(ps->items);
    item->path = apr_pstrdup(ps->pool, path);
    item->rule = rule;
    item->message = format(ps->pool, fmt, ap);
    item->line = line;
    item->column = column;
    item->warning = warning;
}

void wf_problem_add(wf_problems_t *ps, const char *rule, const char *path, int line,
                    int column, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(ps, 0, rule, path, line, column, fmt, ap);
    va_end(ap);
}

void wf_problem_warn(wf_problems_t *ps, const char *rule, const char *path, int line,
                     int column, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add(ps, 1, rule, path, line, column, fmt, ap);
    va_end(ap);
}

static const char *problem_text(const wf_problems_t *ps, const wf_problem_t *item,
                                apr_pool_t *p)
{
    const char *place = ps->resource ? ps->resource : "";

    if (item->line > 0) {
        place = apr_psprintf(p, "%s%s%d:%d", place, *place ? ":" : "", item->line,
                             item->column);
    }
    return apr_pstrcat(p, place, *place ? ": " : "", item->warning ? "warning: " : "", "[",
                       item->rule, "] ", item->path ? item->path : "", item->path ? ": " : "", item->message,
                       NULL);
}

static int stands_behind(const wf_problem_t *a, const wf_problem_t *b)
{
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* In the order of the document: checks run one after the other over all of it. There are
 * at most MAX_PROBLEMS, and those of one place keep their order. */
static apr_array_header_t *by_place(const wf_problems_t *ps, apr_pool_t *p)
{
    apr_array_header_t *items = apr_array_copy(p, ps->items);
    wf_problem_t *item = (wf_problem_t *)items->elts;

    for (int i = 1; i < items->nelts; i++) {
        for (int k = i; k > 0 && stands_behind(&item[k - 1], &item[k]); k--) {
            wf_problem_t moved = item[k];

            item[k] = item[k - 1];
            item[k - 1] = moved;
        }
    }
    return items;
}

apr_array_header_t *wf_problems_lines(const wf_problems_t *ps, apr_pool_t *p)
{
    apr_array_header_t *items = by_place(ps, p);
    apr_array_header_t *lines = apr_array_make(p, items->nelts + 1, sizeof(char *));

    for (int i = 0; i < items->nelts; i++) {
        APR_ARRAY_PUSH(lines, const char *) =
            problem_text(ps, &APR_ARRAY_IDX(items, i, wf_problem_t), p);
    }
    if (ps->dropped) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_psprintf(p, "and %d more problems", ps->dropped);
    }
    return lines;
}

const char *wf_problems_text(const wf_problems_t *ps, apr_pool_t *p)
{
    return apr_array_pstrcat(p, wf_problems_lines(ps, p), '\n');
}

apr_status_t wf_problems_check(const wf_problems_t *ps, wf_error_t *err)
{
    if (!ps->errors) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INVALID, "%s", wf_problems_text(ps, err->pool));
}
