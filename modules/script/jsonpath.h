/* JSONPath (RFC 9535), inside: what the parser makes and the walk reads. All of it is
 * immutable once parsed. */
#ifndef WF_SCRIPT_JSONPATH_H
#define WF_SCRIPT_JSONPATH_H

#include "script/internal.h"

/* ---- limits ----------------------------------------------------------------------- */

#define WF_JP_TEXT_MAX 4096
#define WF_JP_NESTING_MAX 32                /* parentheses, functions, filters */
#define WF_JP_FILTERS_MAX 8                 /* filters within filters */
#define WF_JP_SEGMENTS_MAX 64               /* of one query: each may recurse */
#define WF_JP_FOUND_MAX 100000              /* values that a query gives */
#define WF_JP_VISITS_MAX 2000000            /* values that it looks at */
#define WF_JP_DEPTH_MAX 128                 /* levels of a value */
#define WF_JP_NUMBER_MAX 9007199254740991LL /* indexes and slices: 2^53 - 1 */

/* ---- queries ---------------------------------------------------------------------- */

typedef struct wf_jp_expr_t wf_jp_expr_t;

typedef enum {
    WF_JP_NAME,
    WF_JP_INDEX,
    WF_JP_SLICE,
    WF_JP_WILDCARD,
    WF_JP_FILTER
} wf_jp_selector_e;

typedef struct wf_jp_selector_t {
    struct wf_jp_selector_t *next;
    wf_jp_selector_e kind;
    const char *name;              /* NAME; NULL: holds a NUL, no member has that */
    int has_start, has_end;        /* SLICE */
    apr_int64_t start, end, step;  /* SLICE; INDEX: start */
    const wf_jp_expr_t *condition; /* FILTER */
} wf_jp_selector_t;

typedef struct wf_jp_segment_t {
    struct wf_jp_segment_t *next;
    int descendant; /* ..: of the value itself and of everything below */
    wf_jp_selector_t *selectors;
} wf_jp_segment_t;

typedef struct wf_jp_query_t {
    int relative; /* @: begins at the value that a filter looks at */
    int singular;
    wf_jp_segment_t *segments;
} wf_jp_query_t;

struct wf_jsonpath_t {
    const char *text;
    wf_jp_query_t *query;
};

/* ---- filters ---------------------------------------------------------------------- */

/* What an expression gives, by the type system of section 2.4.1. */
typedef enum { WF_JP_VALUE, WF_JP_LOGICAL, WF_JP_NODES } wf_jp_type_e;

typedef enum {
    WF_JP_LITERAL,
    WF_JP_QUERY,
    WF_JP_FUNCTION,
    WF_JP_COMPARISON,
    WF_JP_NOT,
    WF_JP_AND, /* of all parts */
    WF_JP_OR   /* of any part */
} wf_jp_expr_e;

#define WF_JP_ARGS_MAX 2

typedef struct wf_jp_function_t wf_jp_function_t;

struct wf_jp_expr_t {
    wf_jp_expr_e kind;
    apr_size_t pos;
    wf_value_t literal;
    wf_jp_query_t *query;
    const wf_jp_function_t *function;
    const wf_pattern_t *pattern; /* of a function whose pattern is a literal */
    wf_op_e op;                  /* COMPARISON */
    /* COMPARISON: both sides; NOT: the first; FUNCTION: its arguments */
    const wf_jp_expr_t *args[WF_JP_ARGS_MAX];
    const wf_jp_expr_t *parts; /* AND, OR: a list */
    wf_jp_expr_t *next;        /* in such a list */
};

/* ---- reading ---------------------------------------------------------------------- */

/* All readers return NULL (or 0) when they have filled the error. */
typedef struct wf_jp_reader_t {
    const char *text;
    apr_size_t pos;
    int nesting, filters;
    apr_pool_t *pool;
    wf_error_t *err;
} wf_jp_reader_t;

static inline char wf_jp_peek(const wf_jp_reader_t *r)
{
    return r->text[r->pos];
}

/** Fill the error, here or at a position; return NULL. */
void *wf_jp_bad(wf_jp_reader_t *r, const char *why);
void *wf_jp_bad_at(wf_jp_reader_t *r, apr_size_t pos, const char *why);
/** One level deeper; 0 if that is too deep. */
int wf_jp_enter(wf_jp_reader_t *r);
/** Step over the mark if it is next. */
int wf_jp_take(wf_jp_reader_t *r, const char *mark);
void wf_jp_skip_blanks(wf_jp_reader_t *r);
/** A quoted text, at its quote; it may hold NULs by \u0000. */
int wf_jp_read_text(wf_jp_reader_t *r, wf_value_t *value);
/** A number as JSON has it. */
int wf_jp_read_number(wf_jp_reader_t *r, wf_value_t *value);
/** An index or a part of a slice: no leading zeros, no -0. */
int wf_jp_read_integer(wf_jp_reader_t *r, apr_int64_t *i);
/** At $ or @. */
wf_jp_query_t *wf_jp_read_query(wf_jp_reader_t *r);
/** What stands behind the ? of a filter. */
wf_jp_expr_t *wf_jp_read_condition(wf_jp_reader_t *r);

/* ---- walking ---------------------------------------------------------------------- */

typedef struct wf_jp_walk_t {
    const wf_value_t *root;
    apr_pool_t *pool;
    wf_error_t *err;
    apr_int64_t visits;
    apr_int64_t deadline; /* of regular expressions, wf_mono_us; 0: none met yet */
} wf_jp_walk_t;

/** Called for each value found; anything but APR_SUCCESS ends the walk. */
typedef apr_status_t wf_jp_sink_fn(void *baton, const wf_value_t *value);

/** What ends a walk that has seen enough: no failure. */
#define WF_JP_ENOUGH APR_EOF

/** current: what @ is. */
apr_status_t wf_jp_walk(wf_jp_walk_t *w, const wf_jp_query_t *query,
                        const wf_value_t *current, wf_jp_sink_fn *sink, void *baton);

/** Is the condition true for the value? */
apr_status_t wf_jp_holds(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                         const wf_value_t *current, int *holds);

/* ---- functions -------------------------------------------------------------------- */

/** What an argument of type VALUE or NODES gave. */
typedef struct wf_jp_arg_t {
    const wf_value_t *value; /* VALUE: NULL is Nothing; NODES: the only one, or NULL */
    apr_int64_t count;       /* NODES */
} wf_jp_arg_t;

struct wf_jp_function_t {
    const char *name;
    wf_jp_type_e gives;
    int nargs;
    wf_jp_type_e takes[WF_JP_ARGS_MAX];
    int whole; /* match, search: 1 the whole text has to match, 0 a part; else -1 */

    /** VALUE: *found 0 is Nothing. LOGICAL: *found is the truth, *result is not set. */
    apr_status_t (*call)(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                         const wf_jp_arg_t *args, wf_value_t *result, int *found);
};

const wf_jp_function_t *wf_jp_function_find(const char *name, apr_size_t length);

#endif
