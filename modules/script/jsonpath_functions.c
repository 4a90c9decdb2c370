/* JSONPath: the functions of RFC 9535, section 2.4, a row each. */
#include "script/jsonpath.h"

#include <string.h>

static apr_int64_t characters(const wf_value_t *text)
{
    apr_int64_t n = 0;

    for (apr_size_t i = 0; i < text->as.text.length; i++) {
        n += ((unsigned char)text->as.text.data[i] & 0xc0) != 0x80;
    }
    return n;
}

static apr_status_t call_length(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                                const wf_jp_arg_t *args, wf_value_t *result, int *found)
{
    const wf_value_t *v = args[0].value;
    apr_int64_t n;

    (void)w;
    (void)expr;
    *found = v && (v->type == WF_STRING || v->type == WF_LIST || v->type == WF_MAP);
    if (*found) {
        n = v->type == WF_STRING ? characters(v)
            : v->type == WF_LIST ? wf_list_count(v->as.list)
                                 : wf_map_count(v->as.map);
        *result = wf_integer(n);
    }
    return APR_SUCCESS;
}

static apr_status_t call_count(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                               const wf_jp_arg_t *args, wf_value_t *result, int *found)
{
    (void)w;
    (void)expr;
    *found = 1;
    *result = wf_integer(args[0].count);
    return APR_SUCCESS;
}

static apr_status_t call_value(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                               const wf_jp_arg_t *args, wf_value_t *result, int *found)
{
    (void)w;
    (void)expr;
    *found = args[0].count == 1;
    if (*found) {
        *result = *args[0].value;
    }
    return APR_SUCCESS;
}

/* A pattern that comes from the document is compiled for this one use. */
static apr_status_t test_text(wf_jp_walk_t *w, const wf_value_t *subject,
                              const wf_value_t *text, int whole, int *found)
{
    wf_pattern_t *pattern;
    wf_error_t ignored;
    apr_pool_t *scratch;
    apr_status_t rv = APR_SUCCESS;

    apr_pool_create(&scratch, w->pool);
    apr_pool_tag(scratch, "wf_jsonpath_pattern");
    wf_error_init(&ignored, scratch);
    if (wf_pattern_parse(&pattern, text->as.text.data, text->as.text.length, whole,
                         scratch, &ignored)
        == APR_SUCCESS) {
        rv = wf_pattern_test(pattern, subject, w->deadline, found, w->err);
    }
    apr_pool_destroy(scratch);
    return rv;
}

/* match and search. A pattern that is none matches nothing: its text may come from the
 * document, and the standard knows no errors at that time. */
static apr_status_t call_regex(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                               const wf_jp_arg_t *args, wf_value_t *result, int *found)
{
    const wf_value_t *subject = args[0].value, *text = args[1].value;
    apr_int64_t now = wf_mono_us();

    (void)result;
    *found = 0;
    w->deadline = w->deadline ? w->deadline : now + WF_REGEX_US;
    if (!subject || !text || subject->type != WF_STRING || text->type != WF_STRING) {
        return APR_SUCCESS;
    }
    if (now > w->deadline) {
        return wf_error_set(w->err, WF_ERR_EXECUTION,
                            "JSONPath: matching regular expressions takes too long");
    }
    if (expr->pattern != NULL) {
        return wf_pattern_test(expr->pattern, subject, w->deadline, found, w->err);
    }
    return expr->args[1]->kind == WF_JP_LITERAL
               ? APR_SUCCESS
               : test_text(w, subject, text, expr->function->whole, found);
}

/* clang-format off */
static const wf_jp_function_t functions[] = {
    /* name      gives          takes                              whole                */
    { "length", WF_JP_VALUE,   1, { WF_JP_VALUE },              -1, call_length },
    { "count",  WF_JP_VALUE,   1, { WF_JP_NODES },              -1, call_count  },
    { "value",  WF_JP_VALUE,   1, { WF_JP_NODES },              -1, call_value  },
    { "match",  WF_JP_LOGICAL, 2, { WF_JP_VALUE, WF_JP_VALUE },  1, call_regex  },
    { "search", WF_JP_LOGICAL, 2, { WF_JP_VALUE, WF_JP_VALUE },  0, call_regex  },
};
/* clang-format on */

const wf_jp_function_t *wf_jp_function_find(const char *name, apr_size_t length)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strlen(functions[i].name) == length
            && !strncmp(functions[i].name, name, length)) {
            return &functions[i];
        }
    }
    return NULL;
}
