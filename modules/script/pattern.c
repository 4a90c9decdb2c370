/* Compiled regular expressions by PCRE2, for whoever uses one more than once. Its author
 * may be anybody and so may be who wrote the subject: steps, memory and time are bounded.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "script/internal.h"

/* The clock is looked at every so many steps of the matcher. */
#define STEPS_PER_LOOK 16

/* Matches to skip before the one that is asked for. */
#define MATCHES_MAX 1000000

struct wf_pattern_t {
    pcre2_code *code;
    uint32_t groups;
};

/* ---- compiling -------------------------------------------------------------------- */

static apr_status_t free_code(void *code)
{
    pcre2_code_free(code);
    return APR_SUCCESS;
}

static pcre2_code *compile(const char *text, apr_size_t length, uint32_t options,
                           int *code, PCRE2_SIZE *offset)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *compiled;

    if (context == NULL) {
        *code = PCRE2_ERROR_NOMEMORY;
        return NULL;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    compiled = pcre2_compile((PCRE2_SPTR)text, length, options, code, offset, context);
    pcre2_compile_context_free(context);
    return compiled;
}

apr_status_t wf_pattern_parse(wf_pattern_t **pattern, const char *text, apr_size_t length,
                              int whole, apr_pool_t *p, wf_error_t *err)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_AUTO_CALLOUT
                       | PCRE2_NEVER_BACKSLASH_C
                       | (whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);
    PCRE2_UCHAR why[120];
    PCRE2_SIZE offset = 0;
    int code = 0;

    if (length > WF_REGEX_PATTERN_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "regular expression: longer than %d bytes",
                            WF_REGEX_PATTERN_MAX);
    }
    *pattern = apr_pcalloc(p, sizeof(**pattern));
    (*pattern)->code = compile(text, length, options, &code, &offset);
    if ((*pattern)->code == NULL) {
        pcre2_get_error_message(code, why, sizeof(why));
        return wf_error_set(err, WF_ERR_INVALID,
                            "regular expression: %s, at byte %" APR_SIZE_T_FMT,
                            (const char *)why, (apr_size_t)offset);
    }
    apr_pool_cleanup_register(p, (*pattern)->code, free_code, apr_pool_cleanup_null);
    pcre2_pattern_info((*pattern)->code, PCRE2_INFO_CAPTURECOUNT, &(*pattern)->groups);
    return APR_SUCCESS;
}

int wf_pattern_groups(const wf_pattern_t *pattern)
{
    return (int)pattern->groups;
}

/* ---- matching --------------------------------------------------------------------- */

typedef struct search_t {
    const wf_pattern_t *pattern;
    pcre2_match_data *data;
    pcre2_match_context *context;
    const char *subject;
    apr_size_t length;
    unsigned steps;
    apr_int64_t deadline; /* wf_mono_us */
} search_t;

/* Called before every item of the pattern: no item alone runs longer than its subject, so
 * this bounds the time where the step limit does not count. */
static int look_at_clock(pcre2_callout_block *block, void *baton)
{
    search_t *s = baton;

    (void)block;
    if (++s->steps % STEPS_PER_LOOK == 0 && wf_mono_us() > s->deadline) {
        return PCRE2_ERROR_MATCHLIMIT;
    }
    return 0;
}

static apr_status_t begin(search_t *s, wf_error_t *err)
{
    s->data = pcre2_match_data_create_from_pattern(s->pattern->code, NULL);
    s->context = pcre2_match_context_create(NULL);
    if (s->data == NULL || s->context == NULL) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "no memory for a regular expression");
    }
    pcre2_set_match_limit(s->context, WF_REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(s->context, WF_REGEX_HEAP_KIB);
    pcre2_set_callout(s->context, look_at_clock, s);
    return APR_SUCCESS;
}

static void end(search_t *s)
{
    pcre2_match_context_free(s->context);
    pcre2_match_data_free(s->data);
}

/* Where to search on after the current match: an empty one must not be found again. */
static apr_size_t after_match(const search_t *s)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data);
    apr_size_t step = 1;

    if (at[0] < at[1]) {
        return at[1];
    }
    if (at[1] < s->length) {
        wf_utf8_decode(s->subject + at[1], s->length - at[1], &step);
    }
    return at[1] + step;
}

/* The match number `match`; *groups is 0 if there are fewer. */
static apr_status_t find(search_t *s, int match, int *groups, wf_error_t *err)
{
    apr_size_t from = 0;
    PCRE2_UCHAR why[120];
    int rc;

    *groups = 0;
    for (; match >= 0 && from <= s->length; match--) {
        rc = pcre2_match(s->pattern->code, (PCRE2_SPTR)s->subject, s->length, from, 0,
                         s->data, s->context);
        if (rc == PCRE2_ERROR_NOMATCH) {
            return APR_SUCCESS;
        }
        if (rc < 0) {
            pcre2_get_error_message(rc, why, sizeof(why));
            return wf_error_set(err, WF_ERR_EXECUTION, "regular expression: %s",
                                (const char *)why);
        }
        if (match == 0) {
            *groups = rc;
        }
        from = after_match(s);
    }
    return APR_SUCCESS;
}

static wf_value_t group_text(const search_t *s, int groups, int group, apr_pool_t *p)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data) + 2 * group;

    if (group < 0 || group >= groups || at[0] == PCRE2_UNSET || at[0] > at[1]) {
        return wf_null(); /* took no part in the match; or \K put its start behind its end
                           */
    }
    return wf_string_n(s->subject + at[0], at[1] - at[0], p);
}

apr_status_t wf_pattern_test(const wf_pattern_t *pattern, const wf_value_t *subject,
                             apr_int64_t deadline, int *matches, wf_error_t *err)
{
    search_t s = { .pattern = pattern,
                   .subject = subject->as.text.data,
                   .length = subject->as.text.length,
                   .deadline = deadline };
    apr_status_t rv = begin(&s, err);

    *matches = 0;
    if (rv == APR_SUCCESS) {
        rv = find(&s, 0, matches, err);
    }
    end(&s);
    return rv;
}

apr_status_t wf_pattern_find(const wf_pattern_t *pattern, const char *subject,
                             apr_size_t length, int match, int group, int *found,
                             wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    search_t s = { .pattern = pattern,
                   .subject = subject,
                   .length = length,
                   .deadline = wf_mono_us() + WF_REGEX_US };
    apr_status_t rv;
    int groups = 0;

    if (match > MATCHES_MAX) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "regular expression: match %d is asked for, at most %d",
                            match, MATCHES_MAX);
    }
    rv = begin(&s, err);
    if (rv == APR_SUCCESS) {
        rv = find(&s, match, &groups, err);
    }
    *found = rv == APR_SUCCESS && groups > 0;
    if (*found && value != NULL) {
        *value = group_text(&s, groups, group, p);
    }
    end(&s);
    return rv;
}
