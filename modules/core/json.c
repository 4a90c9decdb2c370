/* JSON: json-c with strict rules, positions in errors and pool lifetimes. */
#include "core/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define INPUT_DEPTH 112 /* as documents with steps within steps */
/* A value of an input travels inside a command and is stored inside a list of variables. */
#define OWN_DEPTH (INPUT_DEPTH + 16)
#define SHOWN 60 /* bytes of a name in an error */

static apr_status_t put_json(void *json)
{
    json_object_put(json);
    return APR_SUCCESS;
}

json_object *wf_json_own(json_object *json, apr_pool_t *p)
{
    if (json) {
        apr_pool_cleanup_register(p, json, put_json, apr_pool_cleanup_null);
    }
    return json;
}

/* Line and column (in bytes, from 1) of an offset. */
static void locate(const char *text, apr_size_t offset, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (apr_size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *column = 1;
        }
        else {
            (*column)++;
        }
    }
}

static apr_status_t malformed(const char *text, apr_size_t length, apr_size_t offset,
                              const char *problem, wf_error_t *err)
{
    int line, column;

    locate(text, offset < length ? offset : length, &line, &column);
    return wf_error_set(err, WF_ERR_INVALID, "malformed JSON at line %d, column %d: %s",
                        line, column, problem);
}

static apr_status_t parse(json_object **json, const char *text, apr_size_t length,
                          int depth, apr_pool_t *p, wf_error_t *err)
{
    struct json_tokener *tokener;
    enum json_tokener_error code;
    apr_size_t offset;
    int pairs = 0;
    const char *problem = wf_json_check(text, length, depth, &offset, &pairs);

    *json = NULL;
    if (problem) {
        return malformed(text, length, offset, problem, err);
    }
    if (pairs) { /* json-c takes the characters of some of them for halves */
        text = wf_json_join_pairs(text, &length, p);
    }
    tokener = json_tokener_new_ex(depth + 1); /* json-c counts the scalar, too */
    if (!tokener) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    *json = json_tokener_parse_ex(tokener, text, (int)length);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        /* A bare number is complete once a NUL says so. */
        *json = json_tokener_parse_ex(tokener, "", 1);
    }
    code = json_tokener_get_error(tokener);
    offset = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (code != json_tokener_success) {
        return malformed(text, length, offset, json_tokener_error_desc(code), err);
    }
    wf_json_own(*json, p);
    return APR_SUCCESS;
}

apr_status_t wf_json_parse(json_object **json, const char *text, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err)
{
    return parse(json, text, length, INPUT_DEPTH, p, err);
}

apr_status_t wf_json_parse_flat(json_object **json, const char *text, apr_size_t length,
                                int depth, apr_pool_t *p, wf_error_t *err)
{
    return parse(json, text, length, depth, p, err);
}

apr_status_t wf_json_value(wf_value_t *value, const char *text, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err)
{
    apr_size_t offset;
    const char *problem = wf_json_check(text, length, INPUT_DEPTH, &offset, NULL);

    if (problem) {
        *value = wf_null();
        return malformed(text, length, offset, problem, err);
    }
    if (apr_isdigit(text[length - 1])) {
        text = apr_pstrmemdup(p, text, length); /* a number alone: it ends with a NUL */
    }
    *value = wf_json_build(text, p);
    return APR_SUCCESS;
}

apr_status_t wf_json_read(json_object **json, const char *text, apr_size_t length,
                          apr_pool_t *p, wf_error_t *err)
{
    return parse(json, text, length, OWN_DEPTH, p, err);
}

apr_status_t wf_json_check_names(const char *text, apr_size_t length, apr_pool_t *p,
                                 wf_error_t *err)
{
    apr_size_t name_length = 0;
    const char *name = wf_json_repeated(text, length, &name_length, p);
    int line, column;

    if (!name) {
        return APR_SUCCESS;
    }
    locate(text, (apr_size_t)(name - 1 - text), &line, &column);
    name_length = wf_utf8_prefix(name, name_length < SHOWN ? name_length : SHOWN);
    return wf_error_set(err, WF_ERR_INVALID, "line %d, column %d: \"%.*s\" is given twice",
                        line, column, (int)name_length, name);
}

void wf_json_place_problems(const char *text, apr_size_t length, const char *member,
                            wf_problems_t *problems)
{
    apr_pool_t *p = problems->pool;
    const char *ended = apr_pstrmemdup(p, text, length);

    for (int i = 0; i < problems->items->nelts; i++) {
        wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);
        const char *path;

        if (item->line > 0 || item->path == NULL) {
            continue;
        }
        path = apr_pstrcat(p, member, *item->path == '[' ? "" : ".", item->path, NULL);
        locate(ended, (apr_size_t)(wf_json_find(ended, path) - ended), &item->line,
               &item->column);
    }
}

const char *wf_json_text(json_object *json, apr_size_t *length, apr_pool_t *p)
{
    size_t n;
    const char *text = json_object_to_json_string_length(
        json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

    if (length) {
        *length = n;
    }
    return apr_pstrmemdup(p, text, n);
}

json_object *wf_json_get(json_object *o, const char *name)
{
    json_object *member = NULL;

    if (json_object_is_type(o, json_type_object)) {
        json_object_object_get_ex(o, name, &member);
    }
    return member;
}

const char *wf_json_string(json_object *o, const char *name, const char *fallback)
{
    json_object *member = wf_json_get(o, name);

    return json_object_is_type(member, json_type_string) ? json_object_get_string(member)
                                                         : fallback;
}

apr_int64_t wf_json_int(json_object *o, const char *name, apr_int64_t fallback)
{
    json_object *member = wf_json_get(o, name);

    return json_object_is_type(member, json_type_int) ? json_object_get_int64(member)
                                                      : fallback;
}

int wf_json_bool(json_object *o, const char *name, int fallback)
{
    json_object *member = wf_json_get(o, name);

    return json_object_is_type(member, json_type_boolean) ? json_object_get_boolean(member)
                                                          : fallback;
}

void wf_json_add_string(json_object *o, const char *name, const char *text)
{
    json_object_object_add(o, name, text ? json_object_new_string(text) : NULL);
}

void wf_json_add_int(json_object *o, const char *name, apr_int64_t i)
{
    json_object_object_add(o, name, json_object_new_int64(i));
}

void wf_json_add_bool(json_object *o, const char *name, int b)
{
    json_object_object_add(o, name, json_object_new_boolean(!!b));
}

void wf_json_add_double(json_object *o, const char *name, double d)
{
    wf_value_t value = wf_double(d);

    json_object_object_add(o, name, wf_value_to_json(&value));
}
