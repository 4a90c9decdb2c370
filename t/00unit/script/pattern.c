/* Compiled regular expressions: which match, which group, any bytes, bounds. */
#include "script/script.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* want: the group's text, "-" for no match, "~" for null, "! " and a part of the error.
 */
static const struct {
    const char *pattern, *subject;
    int match, group;
    const char *want;
} cases[] = {
    { "b+", "abbc", 0, 0, "bb" },
    { "b+", "ac", 0, 0, "-" },
    { "(\\d+)-(\\d+)", "1-2 3-4", 0, 1, "1" },
    { "(\\d+)-(\\d+)", "1-2 3-4", 1, 2, "4" },
    { "(\\d+)-(\\d+)", "1-2 3-4", 2, 0, "-" },
    { "(\\d+)-(\\d+)", "1-2", 0, 3, "~" },
    { "(a)|(b)", "b", 0, 1, "~" },
    { "(a)|(b)", "b", 0, 2, "b" },
    { "x*", "axb", 0, 0, "" },
    { "x*", "axb", 1, 0, "x" },
    { "x*", "axb", 2, 0, "" },
    { "x*", "axb", 3, 0, "" },
    { "x*", "axb", 4, 0, "-" },
    { "", "\xe2\x98\xba", 1, 0, "" },
    { "", "\xe2\x98\xba", 2, 0, "-" },
    { ".", "\xe2\x98\xba", 0, 0, "\xe2\x98\xba" },
    { "name=\"token\" value=\"([^\"]*)\"", "<input name=\"token\" value=\"a&b\">", 0, 1,
      "a&b" },
    { "(?i)SESSION=(\\w+)", "session=abc", 0, 1, "abc" },
    { "b", "\xff\xfe b", 0, 0, "b" },
    { ".+", "\xff\xfe", 0, 0, "-" },
    { "(?<=a)b", "ab", 0, 0, "b" },
    { "a\\Kb", "ab", 0, 0, "b" },
    { "x", "y", -1, 0, "-" },
    { "x", "y", 2000000, 0, "! match 2000000 is asked for" },
    { "(", "x", 0, 0, "! missing closing parenthesis, at byte 1" },
    { "[", "x", 0, 0, "! missing terminating ]" },
    { "\\C", "x", 0, 0, "! \\C is disabled" },
    { "(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 0, 0,
      "! regular expression" },
};

static const char *run(const char *text, const char *subject, int match, int group,
                       apr_pool_t *p)
{
    wf_pattern_t *pattern;
    wf_value_t value;
    wf_error_t err;
    int found;

    wf_error_init(&err, p);
    if (wf_pattern_parse(&pattern, text, strlen(text), 0, p, &err) != APR_SUCCESS
        || wf_pattern_find(pattern, subject, strlen(subject), match, group, &found,
                           &value, p, &err)
               != APR_SUCCESS) {
        return apr_pstrcat(p, "! ", err.message, NULL);
    }
    return !found ? "-" : value.type == WF_NULL ? "~" : value.as.text.data;
}

static void check_cases(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got =
            run(cases[i].pattern, cases[i].subject, cases[i].match, cases[i].group, p);

        if (*cases[i].want == '!') {
            ok(strstr(got, cases[i].want + 2), "%s: %s", cases[i].pattern, got);
        }
        else {
            is_str(got, cases[i].want, "%s in %s, match %d, group %d", cases[i].pattern,
                   cases[i].subject, cases[i].match, cases[i].group);
        }
    }
}

static void check_whole(apr_pool_t *p)
{
    wf_pattern_t *pattern;
    wf_error_t err;
    int found = 0;

    wf_error_init(&err, p);
    ok(wf_pattern_parse(&pattern, "a|ab", 4, 1, p, &err) == APR_SUCCESS, "whole");
    wf_pattern_find(pattern, "ab", 2, 0, 0, &found, NULL, p, &err);
    ok(found, "the second choice matches the whole");
    wf_pattern_find(pattern, "xab", 3, 0, 0, &found, NULL, p, &err);
    ok(!found, "a part is not enough");
    is_int(wf_pattern_groups(pattern), 0, "no groups");
}

static void check_long(apr_pool_t *p)
{
    char *text = apr_palloc(p, 5000);
    wf_pattern_t *pattern;
    wf_error_t err;

    memset(text, 'a', 5000);
    wf_error_init(&err, p);
    ok(wf_pattern_parse(&pattern, text, 5000, 0, p, &err) != APR_SUCCESS
           && err.kind == WF_ERR_TOO_LARGE,
       "%s", err.message);
}

/* ---- threads ------------------------------------------------------------------------ */

static void *match_often(void *shared)
{
    const wf_pattern_t *pattern = shared;
    apr_pool_t *p = wf_pool_create("match_often", 0);
    wf_value_t value;
    wf_error_t err;
    intptr_t right = 0;

    wf_error_init(&err, p);
    for (int i = 0; i < 200; i++) {
        const char *subject = apr_psprintf(p, "id=%d;", i);
        int found;

        if (wf_pattern_find(pattern, subject, strlen(subject), 0, 1, &found, &value, p,
                            &err)
                == APR_SUCCESS
            && found && atoi(value.as.text.data) == i) {
            right++;
        }
    }
    apr_pool_destroy(p);
    return (void *)right;
}

static void check_threads(apr_pool_t *p)
{
    pthread_t threads[4];
    wf_pattern_t *pattern;
    wf_error_t err;
    void *right;

    wf_error_init(&err, p);
    ok(wf_pattern_parse(&pattern, "id=(\\d+)", 8, 0, p, &err) == APR_SUCCESS, "shared");
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, match_often, pattern);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &right);
        is_int((intptr_t)right, 200, "a thread's matches");
    }
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    check_cases(p);
    check_whole(p);
    check_long(p);
    check_threads(p);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
