/* Fuzz target of date patterns: the first line is a pattern, the rest a text that it may
 * read. What a pattern prints, of any time, is well-formed UTF-8. */
#include "bpmn/forms.h"
#include "fuzz.h"

static void fuzz_print(const wf_date_pattern_t *pattern, apr_int64_t ms, apr_pool_t *p)
{
    const char *text = wf_date_pattern_print(pattern, ms, p);

    if (!wf_utf8_valid(text, strlen(text))) {
        abort();
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const wf_date_pattern_t *pattern;
    char *text, *rest;
    wf_error_t err;
    apr_int64_t ms;

    wf_error_init(&err, p);
    text = apr_pstrmemdup(p, (const char *)data, size);
    rest = strchr(text, '\n');
    if (rest) {
        *rest++ = '\0';
    }
    if (wf_utf8_valid(text, strlen(text))
        && wf_date_pattern_parse(&pattern, text, p, &err) == APR_SUCCESS) {
        if (wf_date_pattern_read(pattern, rest ? rest : "", &ms) == APR_SUCCESS) {
            fuzz_print(pattern, ms, p);
        }
        fuzz_print(pattern, INT64_MAX, p);
        fuzz_print(pattern, INT64_MIN, p);
    }
}
