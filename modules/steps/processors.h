/* steps, inside: what is done with an answer: checks, assertions, extractors, and the
 * processors of a step. All of them become steps in the blocks before and after it. */
#ifndef WF_STEPS_PROCESSORS_H
#define WF_STEPS_PROCESSORS_H

#include "steps/internal.h"
#include "steps/keywords.h"

#define WF_CHECKS_MAX 200 /* of one list */

/* ---- where to look (look.c) -------------------------------------------------------- */

/* What a document says of it; at most one way is given. */
typedef struct wf_look_draft_t {
    const char *json_path, *jsonpath, *regex, *pattern, *header, *cookie;
    const char *source;
    const wf_node_t *data;
    apr_int64_t index, group; /* -1: not given */
} wf_look_draft_t;

/** The rows of a table whose struct has this draft as its member m. */
#define WF_LOOK_FIELDS(s, m)                                                             \
    WF_FIELD("json_path", STRING, s, m.json_path),                                       \
        WF_FIELD("jsonpath", STRING, s, m.jsonpath),                                     \
        WF_FIELD("regex", STRING, s, m.regex),                                           \
        WF_FIELD("pattern", STRING, s, m.pattern),                                       \
        WF_FIELD("header", STRING, s, m.header),                                         \
        WF_FIELD("cookie", STRING, s, m.cookie),                                         \
        WF_FIELD("source", STRING, s, m.source), WF_FIELD("data", NODE, s, m.data),      \
        WF_FIELD("index", INTEGER, s, m.index), WF_FIELD("group", INTEGER, s, m.group)

/* The same, compiled: a value, and what to find in it. */
typedef struct wf_look_t {
    const char *what;  /* for messages: "$.total", "header ETag", "response.body.total" */
    wf_expr_t *source; /* or NULL: shape */
    wf_shape_t *shape;
    const char *literal; /* what the shape gives for a name that nobody knows, or NULL */
    wf_finder_t *finder; /* NULL: the value itself */
    int loose;           /* texts by nature: numbers in them count as numbers */
    int secret;          /* never show values */
} wf_look_t;

/* Parts of the latest answer that have names of their own. */
typedef enum {
    WF_PART_STATUS,
    WF_PART_BODY,
    WF_PART_TEXT,
    WF_PART_HEADERS,
    WF_PART_TIME, /* milliseconds */
    WF_PARTS
} wf_part_e;

void wf_look_init(wf_look_draft_t *draft);
/** A part of the answer as it is. */
void wf_look_at_part(wf_look_t *look, wf_part_e part, wf_compile_t *c);
/** A value of the document. */
void wf_look_at_value(wf_look_t *look, const wf_node_t *node, const wf_where_t *path,
                      wf_compile_t *c);
/** Something found by a query, a pattern or a name; where: the member that says it. */
void wf_look_for(wf_look_t *look, wf_find_e kind, const char *text, const char *member,
                 const wf_look_draft_t *draft, const wf_node_t *node,
                 const wf_where_t *path, wf_compile_t *c);
/** As the draft says: 1 compiled (perhaps with problems), 0 it says nothing. */
int wf_look_compile(wf_look_t *look, const wf_look_draft_t *draft, const wf_node_t *node,
                    const wf_where_t *path, wf_compile_t *c);
/** Look. *found gets 0 and *value null where nothing is. */
apr_status_t wf_look(const wf_look_t *look, wf_strand_t *strand, wf_value_t *value,
                     int *found, apr_pool_t *p, wf_error_t *err);

/* ---- checks and assertions (checks.c) ---------------------------------------------- */

typedef struct wf_check_t {
    const char *name, *message; /* or NULL */
    wf_expr_t *truth;           /* an expression to be true, or NULL */
    const char *text;           /* that, as written */
    wf_look_t look;
    const wf_assertion_t *assertion; /* NULL: has to be found */
    wf_shape_t *expected;            /* NULL: the assertion needs nothing */
    const char *wanted;              /* that, as written; or NULL */
    wf_pattern_t *pattern;           /* a constant one */
} wf_check_t;

/** Complete a check whose look is set: what is expected, or nothing (node NULL). where:
 *  that of the expected value. */
void wf_check_expect(wf_check_t *check, const wf_assertion_t *assertion,
                     const wf_node_t *expected, const wf_where_t *where, wf_compile_t *c);
/** A step of checks; soft: they count and never fail the step. */
wf_step_t *wf_checks_step(const wf_check_t *checks, int count, int soft,
                          const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);
/** The lists assert and checks. NULL with problems. */
wf_step_t *wf_checks_compile(const wf_node_t *list, int soft, const wf_where_t *path,
                             wf_compile_t *c);

/* ---- extractors (extract.c) -------------------------------------------------------- */

typedef struct wf_extraction_t {
    const char *to; /* the variable */
    wf_look_t look;
    wf_shape_t *fallback; /* or NULL: it has to be found */
} wf_extraction_t;

/** The name of a variable in a scope: temp (NULL too) or env. NULL with a problem. */
const char *wf_scoped_name(const char *name, const char *scope, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c);
wf_step_t *wf_extract_step(const wf_extraction_t *extractions, int count,
                           const wf_node_t *node, const wf_where_t *path,
                           wf_compile_t *c);
/** The member extract: a map from variables, or a list. NULL with problems. */
wf_step_t *wf_extract_compile(const wf_node_t *node, const wf_where_t *path,
                              wf_compile_t *c);
/** One extractor by its keyword (json_path, regex, header, cookie, status, body, extract)
 *  with the map of its parameters. NULL with problems or if there is no such keyword:
 * then *known is 0. */
wf_step_t *wf_extract_keyword(const char *keyword, const wf_node_t *config, int *known,
                              const wf_where_t *path, wf_compile_t *c);

/* ---- processors (processors.c) ----------------------------------------------------- */

/** Members that any step may have, and what reads them to fill step->before and
 *  step->after: behind the step come its checks, its assertions,
 *  its extractors and its processors, in this order. */
extern const wf_field_t wf_processing_fields[];
void wf_processors_compile(wf_step_t *step, const wf_where_t *path, wf_compile_t *c);

#endif
