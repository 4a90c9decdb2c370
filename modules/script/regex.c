/* Regular expressions by PCRE2 with the meaning that java.util.regex gives to matches,
 * replaceAll, replaceFirst and split. A pattern comes from a model, its subject from
 * anybody: steps, depth, memory and time of matching are bounded. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "script/internal.h"

#include <apr_lib.h>
#include <string.h>

/* The clock is looked at every so many steps of the matcher. */
#define STEPS_PER_LOOK 16

/* An element of a split costs this besides its text. */
#define ELEMENT_WORK 64

typedef struct regex_t {
    wf_eval_t *e;
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    const char *subject;
    apr_size_t length;
    unsigned steps;
    apr_int64_t deadline; /* wf_mono_us */
} regex_t;

/* ---- life ------------------------------------------------------------------------- */

/* Called before every item of the pattern: no item alone runs longer than its subject, so
 * this bounds the time where the step limit does not count. */
static int look_at_clock(pcre2_callout_block *block, void *baton)
{
    regex_t *r = baton;

    (void)block;
    if (++r->steps % STEPS_PER_LOOK == 0 && wf_mono_us() > r->deadline) {
        return PCRE2_ERROR_MATCHLIMIT;
    }
    return 0;
}

static void regex_close(regex_t *r)
{
    pcre2_match_context_free(r->context);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
}

/* Within [ ] a further [ and && mean union and intersection in Java, and themselves here:
 * such a pattern is refused, as it would match something else. */
static apr_status_t check_classes(regex_t *r, const wf_value_t *pattern)
{
    const char *s = pattern->as.text.data, *end = s + pattern->as.text.length;
    int quoted = 0, within = 0;

    for (; s < end; s++) {
        if (quoted) {
            quoted = strncmp(s, "\\E", 2) != 0;
        }
        else if (*s == '\\') {
            quoted = s[1] == 'Q';
            s += s + 1 < end;
        }
        else if (!within && *s == '[') {
            within = 1;
            s += s[1] == '^';
            s += s[1] == ']'; /* the first one does not end it */
        }
        else if (within && (*s == '[' || !strncmp(s, "&&", 2))) {
            return wf_eval_fail(r->e, "regular expression: '%s' within [ ] is not "
                                      "supported, write \\%c for the character",
                                *s == '[' ? "[" : "&&", *s);
        }
        else if (*s == ']') {
            within = 0;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t compile(regex_t *r, const wf_value_t *pattern, uint32_t options)
{
    pcre2_compile_context *context;
    PCRE2_UCHAR why[120];
    PCRE2_SIZE offset = 0;
    int code = PCRE2_ERROR_NOMEMORY;
    apr_status_t rv = check_classes(r, pattern);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    context = pcre2_compile_context_create(NULL);
    if (context) {
        pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
        pcre2_set_max_pattern_length(context, WF_REGEX_PATTERN_MAX);
        r->code = pcre2_compile(
            (PCRE2_SPTR)pattern->as.text.data, pattern->as.text.length,
            options | PCRE2_UTF | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C, &code,
            &offset, context);
        pcre2_compile_context_free(context);
    }
    if (r->code) {
        return APR_SUCCESS;
    }
    pcre2_get_error_message(code, why, sizeof(why));
    return wf_eval_fail(r->e, "regular expression: %s, at byte %" APR_SIZE_T_FMT,
                        (const char *)why, (apr_size_t)offset);
}

static apr_status_t regex_open(regex_t *r, wf_eval_t *e, const wf_value_t *subject,
                               const wf_value_t *pattern, uint32_t options)
{
    apr_status_t rv;

    memset(r, 0, sizeof(*r));
    r->e = e;
    r->subject = subject->as.text.data;
    r->length = subject->as.text.length;
    rv = wf_eval_work(e, r->length);
    if (rv == APR_SUCCESS) {
        rv = compile(r, pattern, options);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->context = pcre2_match_context_create(NULL);
    if (!r->data || !r->context) {
        return wf_eval_fail(e, "no memory for a regular expression");
    }
    pcre2_set_match_limit(r->context, WF_REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(r->context, WF_REGEX_HEAP_KIB);
    pcre2_set_callout(r->context, look_at_clock, r);
    return APR_SUCCESS;
}

/* ---- matching --------------------------------------------------------------------- */

/* The next match from an offset; *groups is their number, 0 without a match. */
static apr_status_t find(regex_t *r, apr_size_t from, int *groups)
{
    apr_int64_t start = wf_mono_us();
    PCRE2_UCHAR why[120];
    int rc;

    /* the subject was checked for UTF-8 by the first call */
    r->deadline = start + WF_REGEX_US - r->e->regex_us;
    rc = pcre2_match(r->code, (PCRE2_SPTR)r->subject, r->length, from,
                     from ? PCRE2_NO_UTF_CHECK : 0, r->data, r->context);
    r->e->regex_us += wf_mono_us() - start;
    *groups = rc > 0 ? rc : 0;
    if (rc > 0 || rc == PCRE2_ERROR_NOMATCH) {
        return APR_SUCCESS;
    }
    pcre2_get_error_message(rc, why, sizeof(why));
    return wf_eval_fail(r->e, "regular expression: %s", (const char *)why);
}

/* Where to search on after the current match: an empty one must not be found again. */
static apr_size_t after_match(const regex_t *r)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
    apr_size_t step = 0;

    if (at[0] < at[1]) {
        return at[1];
    }
    if (at[1] < r->length) {
        wf_utf8_decode(r->subject + at[1], r->length - at[1], &step);
        return at[1] + step;
    }
    return r->length + 1;
}

apr_status_t wf_regex_matches(wf_eval_t *e, const wf_value_t *subject,
                              const wf_value_t *pattern, int *matches)
{
    regex_t r;
    apr_status_t rv =
        regex_open(&r, e, subject, pattern, PCRE2_ANCHORED | PCRE2_ENDANCHORED);

    if (rv == APR_SUCCESS) {
        rv = find(&r, 0, matches);
    }
    *matches = *matches > 0;
    regex_close(&r);
    return rv;
}

/* ---- replacing -------------------------------------------------------------------- */

typedef struct output_t {
    wf_eval_t *e;
    char *data;
    apr_size_t length, capacity;
} output_t;

static apr_status_t put(output_t *out, const char *s, apr_size_t n)
{
    apr_status_t rv = APR_SUCCESS;

    if (out->length + n + 1 > out->capacity) {
        char *old = out->data;

        out->capacity = 2 * out->length + n + 64;
        rv = out->length + n > WF_RESULT_MAX ? wf_eval_grow(out->e, WF_RESULT_MAX + 1)
                                             : wf_eval_work(out->e, out->capacity);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        out->data = apr_palloc(out->e->pool, out->capacity);
        if (old) {
            memcpy(out->data, old, out->length);
        }
    }
    memcpy(out->data + out->length, s, n);
    out->length += n;
    out->data[out->length] = '\0';
    return rv;
}

/* The group that $… at s names, and the end of the reference; -1 if there is none. As in
 * Java further digits belong to the number while such a group exists. */
static int read_group(const regex_t *r, const char *s, const char **end)
{
    uint32_t count = 0, group;

    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    if (*s == '{') {
        char name[33];
        apr_size_t n = strcspn(s + 1, "}");

        if (s[1 + n] != '}' || n >= sizeof(name)) {
            return -1;
        }
        memcpy(name, s + 1, n);
        name[n] = '\0';
        *end = s + n + 2;
        return pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
    }
    if (!apr_isdigit(*s) || (uint32_t)(*s - '0') > count) {
        return -1;
    }
    group = (uint32_t)(*s++ - '0');
    while (apr_isdigit(*s) && group * 10 + (uint32_t)(*s - '0') <= count) {
        group = group * 10 + (uint32_t)(*s++ - '0');
    }
    *end = s;
    return (int)group;
}

static apr_status_t put_group(const regex_t *r, output_t *out, int groups, int group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);

    if (group >= groups || at[2 * group] == PCRE2_UNSET) {
        return APR_SUCCESS; /* took no part in the match */
    }
    if (at[2 * group] > at[2 * group + 1]) { /* \K can do that */
        return wf_eval_fail(r->e, "regular expression: a match ends before it begins");
    }
    return put(out, r->subject + at[2 * group], at[2 * group + 1] - at[2 * group]);
}

/* Append the replacement: $1 and ${name} are groups, a backslash takes the next as is. */
static apr_status_t put_replacement(const regex_t *r, output_t *out, int groups,
                                    const wf_value_t *with)
{
    const char *s = with->as.text.data, *end = s + with->as.text.length;
    apr_status_t rv = APR_SUCCESS;

    while (s < end && rv == APR_SUCCESS) {
        if (*s == '$') {
            int group = read_group(r, s + 1, &s);

            rv = group < 0 ? wf_eval_fail(r->e, "the replacement names no group after $")
                           : put_group(r, out, groups, group);
        }
        else if (*s == '\\' && s + 1 == end) {
            rv = wf_eval_fail(r->e, "the replacement ends in a backslash");
        }
        else {
            s += *s == '\\';
            rv = put(out, s++, 1);
        }
    }
    return rv;
}

static apr_status_t replace(regex_t *r, const wf_value_t *with, int all, output_t *out)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
    apr_size_t copied = 0, from = 0;
    int groups = 1;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && from <= r->length) {
        rv = find(r, from, &groups);
        if (rv != APR_SUCCESS || groups == 0) {
            break;
        }
        if (at[0] < copied || at[0] > at[1]) { /* lookbehind with \K: nothing sensible */
            return wf_eval_fail(r->e,
                                "regular expression: a match ends before it begins");
        }
        rv = put(out, r->subject + copied, at[0] - copied);
        if (rv == APR_SUCCESS) {
            rv = put_replacement(r, out, groups, with);
        }
        copied = at[1];
        from = all ? after_match(r) : r->length + 1;
    }
    return rv == APR_SUCCESS ? put(out, r->subject + copied, r->length - copied) : rv;
}

apr_status_t wf_regex_replace(wf_eval_t *e, const wf_value_t *subject,
                              const wf_value_t *pattern, const wf_value_t *replacement,
                              int all, wf_value_t *result)
{
    regex_t r;
    output_t out = { .e = e };
    apr_status_t rv = regex_open(&r, e, subject, pattern, 0);

    if (rv == APR_SUCCESS) {
        rv = replace(&r, replacement, all, &out);
    }
    if (rv == APR_SUCCESS) {
        *result = (wf_value_t){ .type = WF_STRING, .as.text = { out.data, out.length } };
    }
    regex_close(&r);
    return rv;
}

/* ---- splitting -------------------------------------------------------------------- */

static apr_status_t push_part(regex_t *r, wf_list_t *parts, apr_size_t from,
                              apr_size_t to)
{
    apr_status_t rv = wf_eval_work(r->e, to - from + ELEMENT_WORK);

    if (rv == APR_SUCCESS) {
        wf_list_push(parts, wf_string_n(r->subject + from, to - from, r->e->pool));
    }
    return rv;
}

/* limit > 0: so many parts at most; 0: trailing empty parts are dropped; < 0: all. */
static apr_status_t split(regex_t *r, apr_int64_t limit, wf_list_t *parts)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
    apr_size_t part = 0, from = 0;
    int groups = 1;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && from <= r->length
           && (limit <= 0 || wf_list_count(parts) < limit - 1)) {
        rv = find(r, from, &groups);
        if (rv != APR_SUCCESS || groups == 0 || at[0] < part || at[0] > at[1]) {
            break;
        }
        from = after_match(r);
        if (at[1] == 0) {
            continue; /* an empty match at the start separates nothing */
        }
        rv = push_part(r, parts, part, at[0]);
        part = at[1];
    }
    return rv == APR_SUCCESS ? push_part(r, parts, part, r->length) : rv;
}

/* A text without a separator stays, even an empty one; ",".split(",") is empty. */
static void drop_trailing(wf_list_t *parts)
{
    int count = wf_list_count(parts);

    if (count == 1) {
        return;
    }
    while (count > 0 && wf_list_at(parts, count - 1)->as.text.length == 0) {
        wf_list_remove(parts, --count);
    }
}

apr_status_t wf_regex_split(wf_eval_t *e, const wf_value_t *subject,
                            const wf_value_t *pattern, apr_int64_t limit,
                            wf_value_t *result)
{
    regex_t r;
    wf_list_t *parts = wf_list_create(e->pool);
    apr_status_t rv = regex_open(&r, e, subject, pattern, 0);

    if (rv == APR_SUCCESS) {
        rv = split(&r, limit, parts);
    }
    if (rv == APR_SUCCESS && limit == 0) {
        drop_trailing(parts);
    }
    *result = wf_list(parts);
    regex_close(&r);
    return rv;
}
