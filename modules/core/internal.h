/* Shared by the files of core, included by nobody else. */
#ifndef WF_CORE_INTERNAL_H
#define WF_CORE_INTERNAL_H

#include "core/core.h"

/** How many bytes at the beginning of s are well-formed UTF-8 without NUL. */
apr_size_t wf_utf8_prefix(const char *s, apr_size_t n);

#define WF_JSON_MAX_DEPTH 128

/** NULL if text is one JSON value nested at most depth (<= WF_JSON_MAX_DEPTH) levels,
 * else what is wrong at *offset. *pairs (may be NULL): it may have surrogate pairs. */
const char *wf_json_check(const char *text, apr_size_t length, int depth,
                          apr_size_t *offset, int *pairs);

/** The same text with the characters themselves in place of surrogate pairs, in p. */
const char *wf_json_join_pairs(const char *text, apr_size_t *length, apr_pool_t *p);

/** The first name that repeats one of the same object, in a text that wf_json_check has
 *  found right; NULL if none does. Where it is written, and that way; escapes make no
 *  other name of it. */
const char *wf_json_repeated(const char *text, apr_size_t length, apr_size_t *name_length,
                             apr_pool_t *p);

/** The beginning of the value at a path such as steps[2].config.url, or of what there is of
 *  it: the object that lacks the member. For a text that wf_json_check has found right, with
 *  a NUL behind it. */
const char *wf_json_find(const char *text, const char *path);

/** The value that a text is which wf_json_check has found right. A NUL
 *  follows a number alone. */
wf_value_t wf_json_build(const char *text, apr_pool_t *p);

#endif
