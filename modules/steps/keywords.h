/* steps, inside: the keywords of assertions and extractors. What they do with values is
 * here and knows no virtual user; processors.c makes steps of them. */
#ifndef WF_STEPS_KEYWORDS_H
#define WF_STEPS_KEYWORDS_H

#include "script/script.h"

/* ---- assertions (assertions.c) ----------------------------------------------------- */

/* What stands beside the keyword. */
typedef enum {
    WF_EXPECT_NOTHING,
    WF_EXPECT_ANY,
    WF_EXPECT_NUMBER,
    WF_EXPECT_TEXT,
    WF_EXPECT_LIST,
    WF_EXPECT_COUNT,   /* a whole number from 0 */
    WF_EXPECT_PATTERN, /* a regular expression */
    WF_EXPECT_TYPE     /* string, number, boolean, array, object, null */
} wf_expect_e;

/** How a keyword finds that it holds: 1, 0, or -1 if actual has a type that it does not
 *  take. pattern is set for PATTERN. */
typedef int wf_assertion_fn(const wf_value_t *actual, const wf_value_t *expected,
                            const wf_pattern_t *pattern, apr_pool_t *p, wf_error_t *err);

/** A row: what a keyword asserts. */
typedef struct wf_assertion_t {
    const char *name, *operator_name; /* greater_than, and gt of assertion processors */
    wf_expect_e expects;
    const char *words; /* "to be greater than" */
    const char *takes; /* what actual has to be: "a number"; NULL: anything */
    wf_assertion_fn *holds;
    int negated; /* holds if the function says no */
} wf_assertion_t;

/** The n-th row, NULL behind the last. */
const wf_assertion_t *wf_assertion_at(int n);
/** By its name, or by either name; NULL if there is none. */
const wf_assertion_t *wf_assertion_find(const char *name, int operators_too);

/** Is this a value that may stand beside the keyword? NULL, or what is wrong. */
const char *wf_assertion_expects(const wf_assertion_t *a, const wf_value_t *expected);

/** Does it hold? NULL, or the rest of "expected total …" in p: "to be greater than 5, got
 *  3". pattern: that of a constant expected value, else NULL. secret: values are not
 * shown. What is wrong with the pattern or with matching is told the same way. */
const char *wf_assertion_check(const wf_assertion_t *a, const wf_value_t *actual,
                               const wf_value_t *expected, const wf_pattern_t *pattern,
                               int secret, apr_pool_t *p);

/** Make a looser comparison of it: texts that are numbers count as numbers where the
 * other side is one, or where the keyword takes nothing else; true and "true" are equal.
 * For what comes from headers, cookies and patterns, and for the operators of processors.
 */
void wf_assertion_relax(const wf_assertion_t *a, wf_value_t *actual, wf_value_t *expected,
                        apr_pool_t *p);

/** string, number, boolean, array, object, null. */
const char *wf_json_type(const wf_value_t *v);

/* ---- extractors (extractors.c) ----------------------------------------------------- */

typedef enum {
    WF_FIND_JSON,
    WF_FIND_REGEX,
    WF_FIND_HEADER,
    WF_FIND_COOKIE,
    WF_FIND_WHOLE /* the source as it is: status, body */
} wf_find_e;

/* What to look for, compiled once. */
typedef struct wf_finder_t {
    wf_find_e kind;
    const char *text; /* the query, pattern or name as written, for messages */
    wf_jsonpath_t *path;
    wf_pattern_t *pattern;
    int index, group; /* index -1: JSON gives one value or a list of all, a pattern the
                         first match */
    int headers; /* JSON: the source is an answer's headers, name → list of values. One
                    of these lists stands for its first value, as in ${x.headers.ETag} */
} wf_finder_t;

/** Compile one. WF_ERR_INVALID if the query or the pattern is wrong, or has not that many
 *  groups. text may be NULL for WHOLE. */
apr_status_t wf_finder_create(wf_finder_t **finder, wf_find_e kind, const char *text,
                              int index, int group, apr_pool_t *p, wf_error_t *err);

/** Look in a source: JSON in lists and maps, or in a text that is JSON; REGEX in a text,
 *  others as JSON text; HEADER and COOKIE in a map from a name in any case to a list of
 *  values or to one. *found gets 1 or 0; the value may borrow from source. Failures are
 *  limits of time and memory. */
apr_status_t wf_finder_find(const wf_finder_t *finder, const wf_value_t *source,
                            wf_value_t *value, int *found, apr_pool_t *p,
                            wf_error_t *err);

/** "JSONPath $.token", "header ETag", for messages. */
const char *wf_finder_describe(const wf_finder_t *finder, apr_pool_t *p);

#endif
