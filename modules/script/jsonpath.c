/* JSONPath: reading a query by the grammar of RFC 9535. What the standard calls "not
 * well-typed" is refused here, too, so that a walk has nothing left to check. */
#include "script/jsonpath.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* ---- selectors -------------------------------------------------------------------- */

static int read_slice_rest(wf_jp_reader_t *r, wf_jp_selector_t *s)
{
    s->kind = WF_JP_SLICE;
    s->step = 1;
    wf_jp_skip_blanks(r);
    if (wf_jp_peek(r) == '-' || apr_isdigit(wf_jp_peek(r))) {
        s->has_end = 1;
        if (!wf_jp_read_integer(r, &s->end)) {
            return 0;
        }
        wf_jp_skip_blanks(r);
    }
    if (wf_jp_take(r, ":")) {
        wf_jp_skip_blanks(r);
        if ((wf_jp_peek(r) == '-' || apr_isdigit(wf_jp_peek(r)))
            && !wf_jp_read_integer(r, &s->step)) {
            return 0;
        }
    }
    return 1;
}

/* An index or a slice: blanks may stand before the colon. */
static int read_position(wf_jp_reader_t *r, wf_jp_selector_t *s)
{
    apr_size_t after;

    s->kind = WF_JP_INDEX;
    if (wf_jp_peek(r) != ':') {
        if (!wf_jp_read_integer(r, &s->start)) {
            return 0;
        }
        s->has_start = 1;
    }
    after = r->pos;
    wf_jp_skip_blanks(r);
    if (wf_jp_take(r, ":")) {
        return read_slice_rest(r, s);
    }
    r->pos = after;
    return 1;
}

static int read_filter(wf_jp_reader_t *r, wf_jp_selector_t *s)
{
    s->kind = WF_JP_FILTER;
    if (++r->filters > WF_JP_FILTERS_MAX) {
        wf_error_set(r->err, WF_ERR_TOO_LARGE, "%s: more than %d filters in one another",
                     wf_position_text("JSONPath", r->text, r->pos, r->pool),
                     WF_JP_FILTERS_MAX);
        return 0;
    }
    wf_jp_skip_blanks(r);
    s->condition = wf_jp_read_condition(r);
    r->filters--;
    return s->condition != NULL;
}

static int set_name(wf_jp_selector_t *s, const wf_value_t *text)
{
    s->kind = WF_JP_NAME;
    s->name =
        strlen(text->as.text.data) == text->as.text.length ? text->as.text.data : NULL;
    return 1;
}

static wf_jp_selector_t *read_selector(wf_jp_reader_t *r)
{
    wf_jp_selector_t *s = apr_pcalloc(r->pool, sizeof(*s));
    char c = wf_jp_peek(r);
    wf_value_t text;
    int fine;

    if (c == '\'' || c == '"') {
        fine = wf_jp_read_text(r, &text) && set_name(s, &text);
    }
    else if (wf_jp_take(r, "*")) {
        s->kind = WF_JP_WILDCARD;
        fine = 1;
    }
    else if (wf_jp_take(r, "?")) {
        fine = read_filter(r, s);
    }
    else if (c == '-' || c == ':' || apr_isdigit(c)) {
        fine = read_position(r, s);
    }
    else {
        return wf_jp_bad(r, "expected a quoted name, an index, a slice, * or ?");
    }
    return fine ? s : NULL;
}

static int read_brackets(wf_jp_reader_t *r, wf_jp_segment_t *segment)
{
    wf_jp_selector_t **last = &segment->selectors;

    do {
        wf_jp_skip_blanks(r);
        *last = read_selector(r);
        if (*last == NULL) {
            return 0;
        }
        last = &(*last)->next;
        wf_jp_skip_blanks(r);
    } while (wf_jp_take(r, ","));
    if (!wf_jp_take(r, "]")) {
        wf_jp_bad(r, "expected , or ]");
        return 0;
    }
    return 1;
}

static int is_name_first(char c)
{
    return apr_isalpha(c) || c == '_' || (c & 0x80);
}

/* Behind a dot: a name without quotes, or *. */
static int read_shorthand(wf_jp_reader_t *r, wf_jp_segment_t *segment)
{
    wf_jp_selector_t *s = apr_pcalloc(r->pool, sizeof(*s));
    apr_size_t from = r->pos;

    segment->selectors = s;
    if (wf_jp_take(r, "*")) {
        s->kind = WF_JP_WILDCARD;
        return 1;
    }
    if (!is_name_first(wf_jp_peek(r))) {
        wf_jp_bad(r, "expected a name or *; other names are written ['like this']");
        return 0;
    }
    while (is_name_first(wf_jp_peek(r)) || apr_isdigit(wf_jp_peek(r))) {
        r->pos++;
    }
    s->kind = WF_JP_NAME;
    s->name = apr_pstrmemdup(r->pool, r->text + from, r->pos - from);
    return 1;
}

/* ---- queries ---------------------------------------------------------------------- */

/* 1 read, 0 failed, -1: there is none. */
static int read_segment(wf_jp_reader_t *r, wf_jp_segment_t **segment)
{
    apr_size_t from = r->pos;
    wf_jp_segment_t *s;

    wf_jp_skip_blanks(r);
    if (wf_jp_peek(r) != '[' && wf_jp_peek(r) != '.') {
        r->pos = from; /* blanks belong to a segment that follows */
        return -1;
    }
    s = *segment = apr_pcalloc(r->pool, sizeof(*s));
    s->descendant = wf_jp_take(r, "..");
    if (wf_jp_take(r, "[")) {
        return read_brackets(r, s);
    }
    if (!s->descendant) {
        wf_jp_take(r, ".");
    }
    return read_shorthand(r, s);
}

static int is_single(const wf_jp_segment_t *s)
{
    return !s->descendant && s->selectors->next == NULL
           && (s->selectors->kind == WF_JP_NAME || s->selectors->kind == WF_JP_INDEX);
}

/* At $ or @. */
wf_jp_query_t *wf_jp_read_query(wf_jp_reader_t *r)
{
    wf_jp_query_t *query = apr_pcalloc(r->pool, sizeof(*query));
    wf_jp_segment_t **last = &query->segments;
    int count = 0, more;

    query->relative = r->text[r->pos++] == '@';
    query->singular = 1;
    while ((more = read_segment(r, last)) > 0) {
        query->singular = query->singular && is_single(*last);
        last = &(*last)->next;
        if (++count > WF_JP_SEGMENTS_MAX) {
            wf_error_set(r->err, WF_ERR_TOO_LARGE, "%s: more than %d segments",
                         wf_position_text("JSONPath", r->text, r->pos, r->pool),
                         WF_JP_SEGMENTS_MAX);
            return NULL;
        }
    }
    return more < 0 ? query : NULL;
}

/* ---- the whole -------------------------------------------------------------------- */

apr_status_t wf_jsonpath_parse(wf_jsonpath_t **path, const char *text, apr_pool_t *p,
                               wf_error_t *err)
{
    apr_size_t length = strlen(text);
    wf_jp_reader_t r = { .pool = p, .err = err };

    if (length > WF_JP_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "JSONPath: longer than %d bytes",
                            WF_JP_TEXT_MAX);
    }
    if (!wf_utf8_valid(text, length)) {
        return wf_error_set(err, WF_ERR_INVALID, "JSONPath: not UTF-8");
    }
    *path = apr_pcalloc(p, sizeof(**path));
    r.text = (*path)->text = apr_pstrmemdup(p, text, length);
    if (*text != '$') {
        wf_jp_bad(&r, "a query begins with $");
        return WF_EFAILED;
    }
    (*path)->query = wf_jp_read_query(&r);
    if ((*path)->query == NULL) {
        return WF_EFAILED;
    }
    if (r.pos < length) {
        wf_jp_bad(&r, "expected . or [ or the end");
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}

int wf_jsonpath_singular(const wf_jsonpath_t *path)
{
    return path->query->singular;
}
