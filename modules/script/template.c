/* Templates: a text is cut into segments once, literal pieces and parts to evaluate. The
 * two dialects differ in the markers and in what a part may be, so each has its own
 * cutter; joining the printed parts is the same. */
#include "script/internal.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

/* Texts with at most so many segments are joined without extra memory. */
#define SLOTS_ON_STACK 16

typedef struct segment_t {
    const char *text; /* a literal piece, or a part as written with its markers */
    apr_size_t length;
    const wf_expr_t *expr; /* WF_UEL part */
    const wf_path_t *path; /* WF_LOAD part */
} segment_t;

struct wf_template_t {
    const char *source;
    const wf_rules_t *rules;
    const segment_t *segments;
    int count;
    int literal; /* the source is the result */
};

typedef struct cutter_t {
    wf_template_t *tmpl;
    apr_array_header_t *segments;
    apr_size_t length;  /* of the source */
    apr_size_t literal; /* where the pending literal piece starts */
    apr_pool_t *pool;
    wf_error_t *err;
} cutter_t;

/* ---- cutting ---------------------------------------------------------------------- */

static apr_status_t bad(cutter_t *c, apr_size_t pos, const char *why)
{
    return wf_error_set(c->err, WF_ERR_INVALID, "%s: %s",
                        wf_position_text("text", c->tmpl->source, pos, c->pool), why);
}

static apr_status_t push(cutter_t *c, const segment_t *segment)
{
    if (c->segments->nelts == WF_TEMPLATE_PARTS_MAX) {
        return wf_error_set(c->err, WF_ERR_TOO_LARGE, "a text with more than %d parts",
                            WF_TEMPLATE_PARTS_MAX);
    }
    APR_ARRAY_PUSH(c->segments, segment_t) = *segment;
    return APR_SUCCESS;
}

/* What lies between the last part and `end` becomes a segment. */
static apr_status_t flush(cutter_t *c, apr_size_t end)
{
    segment_t piece = { .text = c->tmpl->source + c->literal,
                        .length = end - c->literal };

    return piece.length ? push(c, &piece) : APR_SUCCESS;
}

static apr_status_t add_part(cutter_t *c, apr_size_t from, apr_size_t end,
                             segment_t *part)
{
    apr_status_t rv = flush(c, from);

    part->text = c->tmpl->source + from;
    part->length = end - from;
    c->literal = end;
    return rv == APR_SUCCESS ? push(c, part) : rv;
}

/* The offset of the } that closes the expression at `from`; quoted ones do not. */
static apr_size_t closing(const char *s, apr_size_t from)
{
    char quote = 0;

    for (; s[from]; from++) {
        if (quote) {
            if (s[from] == '\\' && s[from + 1]) {
                from++;
            }
            else if (s[from] == quote) {
                quote = 0;
            }
        }
        else if (s[from] == '}') {
            return from;
        }
        else if (s[from] == '\'' || s[from] == '"') {
            quote = s[from];
        }
    }
    return 0;
}

static apr_status_t cut_expression(cutter_t *c, apr_size_t at, apr_size_t *next)
{
    const char *s = c->tmpl->source;
    apr_size_t end = closing(s, at + 2);
    segment_t part = { 0 };
    wf_expr_t *expr;
    apr_status_t rv;

    if (!end) {
        return bad(c, at, apr_psprintf(c->pool, "%.2s has no closing }", s + at));
    }
    rv = wf_expr_parse(&expr, apr_pstrmemdup(c->pool, s + at + 2, end - at - 2), WF_UEL,
                       c->pool, c->err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    part.expr = expr;
    *next = end + 1;
    return add_part(c, at, end + 1, &part);
}

/* \${ and \#{ stand for the marker: the backslash ends a piece, the marker begins one. */
static apr_status_t cut_escape(cutter_t *c, apr_size_t at)
{
    apr_status_t rv = flush(c, at);

    c->literal = at + 1;
    c->tmpl->literal = 0;
    return rv;
}

static apr_status_t cut_uel(cutter_t *c)
{
    const char *s = c->tmpl->source;
    apr_status_t rv = APR_SUCCESS;
    char marker = 0;
    apr_size_t i = 0;

    while (i < c->length && rv == APR_SUCCESS) {
        i += strcspn(s + i, "\\$#");
        if (s[i] == '\\' && (s[i + 1] == '$' || s[i + 1] == '#') && s[i + 2] == '{') {
            rv = cut_escape(c, i);
            i += 3;
        }
        else if (s[i] && s[i] != '\\' && s[i + 1] == '{') {
            if (marker && marker != s[i]) {
                return bad(c, i, "${ and #{ cannot be mixed in one text");
            }
            marker = s[i];
            rv = cut_expression(c, i, &i);
        }
        else {
            i += s[i] != '\0';
        }
    }
    return rv;
}

/* What is no path stays as it is written: load texts may hold foreign ${…}. */
static apr_status_t cut_load(cutter_t *c)
{
    const char *s = c->tmpl->source, *at = s, *end;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && (at = strstr(at, "${")) && (end = strchr(at, '}'))) {
        segment_t part = { .path = wf_path_compile(at + 2, end - at - 2, c->pool) };

        if (part.path) {
            rv = add_part(c, at - s, end + 1 - s, &part);
        }
        at = end + 1;
    }
    return rv;
}

apr_status_t wf_template_parse(wf_template_t **tmpl, const char *text,
                               wf_dialect_e dialect, apr_pool_t *p, wf_error_t *err)
{
    cutter_t c = { .length = strlen(text), .pool = p, .err = err };
    apr_status_t rv;

    if (c.length > WF_TEMPLATE_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "a text is longer than %d MiB",
                            WF_TEMPLATE_TEXT_MAX / (1024 * 1024));
    }
    c.tmpl = apr_pcalloc(p, sizeof(*c.tmpl));
    c.tmpl->source = apr_pstrmemdup(p, text, c.length);
    c.tmpl->rules = wf_rules_of(dialect);
    c.tmpl->literal = 1;
    c.segments = apr_array_make(p, 4, sizeof(segment_t));
    rv = dialect == WF_UEL ? cut_uel(&c) : cut_load(&c);
    if (rv == APR_SUCCESS) {
        rv = flush(&c, c.length);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    c.tmpl->segments = (const segment_t *)c.segments->elts;
    c.tmpl->count = c.segments->nelts;
    for (int i = 0; i < c.tmpl->count; i++) {
        c.tmpl->literal &= !c.tmpl->segments[i].expr && !c.tmpl->segments[i].path;
    }
    *tmpl = c.tmpl;
    return APR_SUCCESS;
}

wf_template_t *wf_template_literal(const char *text, apr_pool_t *p)
{
    wf_template_t *tmpl = apr_pcalloc(p, sizeof(*tmpl));
    segment_t *piece = apr_pcalloc(p, sizeof(*piece));

    tmpl->source = piece->text = apr_pstrdup(p, text);
    piece->length = strlen(text);
    tmpl->rules = wf_rules_of(WF_UEL);
    tmpl->segments = piece;
    tmpl->count = piece->length > 0;
    tmpl->literal = 1;
    return tmpl;
}

int wf_template_is_literal(const wf_template_t *tmpl)
{
    return tmpl->literal;
}

const char *wf_template_source(const wf_template_t *tmpl)
{
    return tmpl->source;
}

/* ---- evaluating ------------------------------------------------------------------- */

/* One printed part; numbers are printed in place, so that they need no memory. */
typedef struct slot_t {
    const char *data;
    apr_size_t length;
    char number[WF_NUMBER_SIZE];
} slot_t;

static void fill(slot_t *slot, const wf_value_t *v, const wf_rules_t *rules,
                 apr_pool_t *p)
{
    wf_value_t text;

    slot->data = slot->number;
    if (wf_is_integer(v)) {
        slot->length = (apr_size_t)snprintf(slot->number, sizeof(slot->number),
                                            "%" APR_INT64_T_FMT, v->as.integer);
    }
    else if (v->type == WF_DOUBLE) {
        slot->length = (apr_size_t)rules->print_double(v->as.number, slot->number);
    }
    else {
        text = rules->print(v, p);
        slot->data = text.as.text.data;
        slot->length = text.as.text.length;
    }
}

static apr_status_t eval_segment(wf_eval_t *e, const segment_t *s, slot_t *slot)
{
    wf_value_t value;
    int found = 0;

    slot->data = s->text;
    slot->length = s->length;
    if (s->expr) {
        apr_status_t rv = wf_expr_run(e, s->expr, &value);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        found = 1;
    }
    else if (s->path) {
        found = wf_path_find(e, s->path, &value);
    }
    if (found < 0) {
        return wf_eval_fail(e, "cannot read '%s'", s->path->text);
    }
    if (found) {
        fill(slot, &value, e->rules, e->pool);
    }
    return APR_SUCCESS;
}

static apr_status_t join(wf_eval_t *e, const slot_t *slots, int count, wf_value_t *value)
{
    apr_size_t length = 0;
    char *out, *end;

    for (int i = 0; i < count; i++) {
        length += slots[i].length;
    }
    if (length > WF_RESULT_MAX) {
        return wf_eval_fail(e, "a text longer than %d MiB",
                            WF_RESULT_MAX / (1024 * 1024));
    }
    out = end = apr_palloc(e->pool, length + 1);
    for (int i = 0; i < count; i++) {
        memcpy(end, slots[i].data, slots[i].length);
        end += slots[i].length;
    }
    *end = '\0';
    *value = (wf_value_t){ .type = WF_STRING, .as.text = { out, length } };
    return APR_SUCCESS;
}

static apr_status_t eval_joined(const wf_template_t *tmpl, wf_eval_t *e,
                                wf_value_t *value)
{
    slot_t on_stack[SLOTS_ON_STACK];
    slot_t *slots = tmpl->count <= SLOTS_ON_STACK
                        ? on_stack
                        : apr_palloc(e->pool, tmpl->count * sizeof(*slots));

    for (int i = 0; i < tmpl->count; i++) {
        apr_status_t rv = eval_segment(e, &tmpl->segments[i], &slots[i]);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return join(e, slots, tmpl->count, value);
}

apr_status_t wf_template_eval(const wf_template_t *tmpl, const wf_scope_t *scope,
                              wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_eval_t e = { tmpl->source, tmpl->rules, scope, p, err, 0, 0 };

    if (tmpl->literal) {
        *value = wf_string(tmpl->source);
        return APR_SUCCESS;
    }
    if (tmpl->count == 1 && tmpl->segments[0].expr) {
        return wf_expr_eval(tmpl->segments[0].expr, scope, value, p, err);
    }
    return eval_joined(tmpl, &e, value);
}

apr_status_t wf_template_text(const wf_template_t *tmpl, const wf_scope_t *scope,
                              const char **text, apr_size_t *length, apr_pool_t *p,
                              wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv = wf_template_eval(tmpl, scope, &value, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *text = NULL;
    if (value.type != WF_NULL) {
        value = tmpl->rules->print(&value, p);
        *text = value.as.text.data;
    }
    if (length) {
        *length = *text ? value.as.text.length : 0;
    }
    return APR_SUCCESS;
}
