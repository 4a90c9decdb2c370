/* Fuzz target of variables in bodies, as forms write them, as workers do ("variables":
 * {"x": {"type", "value"}}), and as delegates may answer. Whatever JSON it is: variables
 * that can be stored, that is written and read again to the same, or an error that names
 * one. */
#include "activiti/internal.h"
#include "fuzz.h"

static void check_stored(wf_map_t *vars, apr_pool_t *p)
{
    json_object *json = wf_json_own(wf_vars_to_json(vars), p), *read;
    apr_size_t length;
    const char *text = wf_json_text(json, &length, p);
    wf_map_t *again;
    wf_error_t err;

    wf_error_init(&err, p);
    fuzz_utf8(text);
    fuzz_check(wf_json_read(&read, text, length, p, &err) == APR_SUCCESS
               && wf_vars_from_json(&again, read, p, &err) == APR_SUCCESS);
    json = wf_json_own(wf_vars_to_json(again), p);
    fuzz_check(strcmp(text, wf_json_text(json, &length, p)) == 0); /* NaN is no NaN's equal */
}

/* As workers get them, and might send them back. */
static void check_typed(const wf_map_t *vars, apr_pool_t *p)
{
    json_object *body = wf_json_own(json_object_new_object(), p);
    json_object *members = json_object_new_object();
    wf_map_t *again;
    wf_error_t err;

    wf_error_init(&err, p);
    json_object_object_add(body, "variables", members);
    for (int i = 0; i < wf_map_count(vars); i++) {
        json_object_object_add(members, wf_map_key(vars, i),
                               wf_typed_to_json(wf_map_at((wf_map_t *)vars, i), p));
    }
    fuzz_check(wf_typed_read(&again, body, "variables", p, &err) == APR_SUCCESS
               && wf_map_count(again) == wf_map_count(vars));
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    static const char *const own[] = { "variables", NULL };
    json_object *body;
    wf_map_t *vars;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&body, (const char *)data, size, p, &err) != APR_SUCCESS
        || !json_object_is_type(body, json_type_object)) {
        return;
    }
    if (wf_variables_read(&vars, body, own, p, &err) == APR_SUCCESS) {
        check_stored(vars, p);
    }
    else {
        fuzz_refused(&err);
    }
    wf_error_init(&err, p);
    if (wf_vars_from_json(&vars, body, p, &err) == APR_SUCCESS) {
        check_stored(vars, p);
    }
    else {
        fuzz_refused(&err);
    }
    wf_error_init(&err, p);
    if (wf_typed_read(&vars, body, "variables", p, &err) == APR_SUCCESS) {
        check_stored(vars, p);
        check_typed(vars, p);
    }
    else {
        fuzz_refused(&err);
    }
}
