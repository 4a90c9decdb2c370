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
    }
    else if (err.kind != WF_ERR_INVALID || !strstr(err.message, "line ")) {
        abort();
    }
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
