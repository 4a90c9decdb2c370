/* Fuzz target of the JSON reader. What is accepted is printed and read again to the same
 * value; what is refused has a message with a place. */
#include "core/core.h"

#include <apr_general.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Any path has a place within the text. */
static void check_places(const char *text, apr_size_t length, apr_pool_t *p)
{
    static const char *const paths[] = { "a", "[0].a[1]", "a.b.c", "[99]", "", "." };
    wf_problems_t *problems = wf_problems_create(NULL, p);

    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        wf_problem_add(problems, "rule", paths[i], 0, 0, "is wrong");
    }
    wf_json_place_problems(text, length, "a", problems);
    wf_json_place_problems(text, length, "", problems);
    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (APR_ARRAY_IDX(problems->items, (int)i, wf_problem_t).line < 1) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The quick way to a value leads to the same one. */
static void check_quick(json_object *json, const char *text, apr_size_t size,
                        apr_pool_t *p)
{
    wf_value_t slow = wf_value_from_json(json, p), quick;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_value(&quick, text, size, p, &err) != APR_SUCCESS
        || !wf_value_equal(&slow, &quick)) {
        abort();
    }
}

static size_t count_members(json_object *json)
{
    size_t count = 0;

    if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            count += count_members(json_object_array_get_idx(json, i));
        }
    }
    else if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, name, member)
        {
            (void)name;
            count += 1 + count_members(member);
        }
    }
    return count;
}

/* Colons outside strings: as many as there are names, also of objects that are no more.
 */
static size_t count_colons(const char *text, size_t size)
{
    size_t count = 0;
    int inside = 0;

    for (size_t i = 0; i < size; i++) {
        if (inside && text[i] == '\\') {
            i++;
        }
        else if (text[i] == '"') {
            inside = !inside;
        }
        count += !inside && text[i] == ':';
    }
    return count;
}

/* A tree has less than what is written where a name comes twice, and only there. */
static void check_names(json_object *json, const char *text, size_t size, apr_pool_t *p)
{
    int all = count_members(json) == count_colons(text, size);
    wf_error_t err;

    wf_error_init(&err, p);
    if ((wf_json_check_names(text, size, p, &err) == APR_SUCCESS) != all
        || (!all && !wf_utf8_valid(err.message, strlen(err.message)))) {
        abort();
    }
}

static void check_accepted(json_object *json, apr_pool_t *p)
{
    wf_value_t value = wf_value_from_json(json, p), again;
    json_object *copy = wf_json_own(wf_value_to_json(&value), p), *back;
    apr_size_t length;
    const char *text = wf_json_text(copy, &length, p);
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&back, text, length, p, &err) != APR_SUCCESS) {
        abort();
    }
    again = wf_value_from_json(back, p);
    /* A number beyond a double is infinite, and JSON cannot say that. */
    if (!strstr(text, "null") && !wf_value_equal(&value, &again)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_object *json;
    apr_pool_t *p;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_json_parse(&json, (const char *)data, size, p, &err) == APR_SUCCESS) {
        check_places((const char *)data, size, p);
        check_accepted(json, p);
        check_quick(json, (const char *)data, size, p);
        check_names(json, (const char *)data, size, p);
    }
    else if (err.kind != WF_ERR_INVALID || !strstr(err.message, "line ")) {
        abort();
    }
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
