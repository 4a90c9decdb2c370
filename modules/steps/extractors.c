/* Extractors: what a query, a pattern or a name finds in an answer. */
#include "steps/keywords.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define SHOWN 120 /* characters of a query in a message */

/* ---- compiling --------------------------------------------------------------------- */

static apr_status_t compile_pattern(wf_finder_t *f, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = wf_pattern_parse(&f->pattern, f->text, strlen(f->text), 0, p, err);
    int groups = rv == APR_SUCCESS ? wf_pattern_groups(f->pattern) : 0;

    if (rv == APR_SUCCESS && f->group > groups) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "group %d is asked for, the pattern has %d", f->group,
                            groups);
    }
    return rv;
}

apr_status_t wf_finder_create(wf_finder_t **finder, wf_find_e kind, const char *text,
                              int index, int group, apr_pool_t *p, wf_error_t *err)
{
    wf_finder_t *f = *finder = apr_pcalloc(p, sizeof(*f));

    f->kind = kind;
    f->text = text;
    f->index = index;
    f->group = group;
    return kind == WF_FIND_JSON    ? wf_jsonpath_parse(&f->path, text, p, err)
           : kind == WF_FIND_REGEX ? compile_pattern(f, p, err)
                                   : APR_SUCCESS;
}

const char *wf_finder_describe(const wf_finder_t *f, apr_pool_t *p)
{
    static const char *const kinds[] = {
        [WF_FIND_JSON] = "JSONPath",    [WF_FIND_REGEX] = "pattern",
        [WF_FIND_HEADER] = "header",    [WF_FIND_COOKIE] = "cookie",
        [WF_FIND_WHOLE] = "the answer",
    };

    return f->text
               ? apr_pstrcat(p, kinds[f->kind], " ", wf_utf8_cut(f->text, SHOWN, p), NULL)
               : kinds[f->kind];
}

/* ---- JSON and texts ------------------------------------------------------------------ */

/* A match that is all values of a header gives the first of them. */
static wf_value_t first_value(const wf_value_t *match, const wf_value_t *headers)
{
    int i, count = headers->type == WF_MAP ? wf_map_count(headers->as.map) : 0;

    for (i = 0; match->type == WF_LIST && i < count; i++) {
        const wf_value_t *values = wf_map_at(headers->as.map, i);

        if (values->type == WF_LIST && values->as.list == match->as.list
            && wf_list_count(match->as.list) > 0) {
            return *wf_list_at(match->as.list, 0);
        }
    }
    return *match;
}

static wf_list_t *first_values(const wf_list_t *matches, const wf_value_t *headers,
                               apr_pool_t *p)
{
    wf_list_t *list = wf_list_create(p);
    int i;

    for (i = 0; i < wf_list_count(matches); i++) {
        wf_list_push(list, first_value(wf_list_at(matches, i), headers));
    }
    return list;
}

static apr_status_t find_json(const wf_finder_t *f, const wf_value_t *source,
                              wf_value_t *value, int *found, apr_pool_t *p,
                              wf_error_t *err)
{
    wf_value_t root = *source;
    wf_list_t *all;
    wf_error_t ignored;
    apr_status_t rv;
    int count;

    if (source->type == WF_STRING) {
        wf_error_init(&ignored, p);
        if (wf_json_value(&root, source->as.text.data, source->as.text.length, p,
                          &ignored)
            != APR_SUCCESS) {
            return APR_SUCCESS; /* no JSON: nothing is found */
        }
    }
    rv = wf_jsonpath_select(f->path, &root, &all, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (f->headers) {
        all = first_values(all, &root, p);
    }
    count = wf_list_count(all);
    *found = f->index < 0 ? count > 0 : f->index < count;
    if (*found) {
        *value = f->index >= 0 ? *wf_list_at(all, f->index)
                 : count == 1  ? *wf_list_at(all, 0)
                               : wf_list(all);
    }
    return APR_SUCCESS;
}

static apr_status_t find_pattern(const wf_finder_t *f, const wf_value_t *source,
                                 wf_value_t *value, int *found, apr_pool_t *p,
                                 wf_error_t *err)
{
    wf_value_t text = *source;

    if (source->type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (source->type != WF_STRING) {
        text = wf_string(wf_value_print(source, WF_LOAD, p));
    }
    return wf_pattern_find(f->pattern, text.as.text.data, text.as.text.length,
                           f->index < 0 ? 0 : f->index, f->group, found, value, p, err);
}

/* ---- headers and cookies ------------------------------------------------------------- */

/* Ask for each value of a header until one is taken. */
typedef int take_fn(void *baton, const char *text);

static int each_value(const wf_value_t *headers, const char *name, take_fn *take,
                      void *baton)
{
    int i, j, count = headers->type == WF_MAP ? wf_map_count(headers->as.map) : 0;

    for (i = 0; i < count; i++) {
        const wf_value_t *v = wf_map_at(headers->as.map, i);
        int values = v->type == WF_LIST ? wf_list_count(v->as.list) : 1;

        if (strcasecmp(wf_map_key(headers->as.map, i), name) != 0) {
            continue;
        }
        for (j = 0; j < values; j++) {
            const wf_value_t *one = v->type == WF_LIST ? wf_list_at(v->as.list, j) : v;

            if (one->type == WF_STRING && take(baton, one->as.text.data)) {
                return 1;
            }
        }
    }
    return 0;
}

static int take_first(void *baton, const char *text)
{
    *(const char **)baton = text;
    return 1;
}

typedef struct cookie_t {
    const char *name, *value;
    apr_size_t length;
} cookie_t;

/* name=value; attributes. The last one with the name counts, as in a browser. */
static int take_cookie(void *baton, const char *text)
{
    cookie_t *cookie = baton;
    apr_size_t n = strlen(cookie->name), end;

    text += strspn(text, " \t");
    if (strncmp(text, cookie->name, n) != 0) {
        return 0;
    }
    text += n + strspn(text + n, " \t");
    if (*text != '=') {
        return 0;
    }
    text += 1 + strspn(text + 1, " \t");
    end = strcspn(text, ";");
    while (end > 0 && apr_isspace(text[end - 1])) {
        end--;
    }
    cookie->value = text;
    cookie->length = end;
    return 0;
}

static int find_header(const wf_finder_t *f, const wf_value_t *headers, wf_value_t *value)
{
    const char *text;
    int found = each_value(headers, f->text, take_first, &text);

    if (found) {
        *value = wf_string(text);
    }
    return found;
}

static int find_cookie(const wf_finder_t *f, const wf_value_t *headers, wf_value_t *value,
                       apr_pool_t *p)
{
    cookie_t cookie = { .name = f->text };

    each_value(headers, "Set-Cookie", take_cookie, &cookie);
    if (cookie.value != NULL) {
        *value = wf_string_n(cookie.value, cookie.length, p);
    }
    return cookie.value != NULL;
}

apr_status_t wf_finder_find(const wf_finder_t *f, const wf_value_t *source,
                            wf_value_t *value, int *found, apr_pool_t *p, wf_error_t *err)
{
    *found = 0;
    switch (f->kind) {
    case WF_FIND_JSON:
        return find_json(f, source, value, found, p, err);
    case WF_FIND_REGEX:
        return find_pattern(f, source, value, found, p, err);
    case WF_FIND_HEADER:
        *found = find_header(f, source, value);
        return APR_SUCCESS;
    case WF_FIND_COOKIE:
        *found = find_cookie(f, source, value, p);
        return APR_SUCCESS;
    default:
        *found = source->type != WF_NULL;
        *value = *source;
        return APR_SUCCESS;
    }
}
