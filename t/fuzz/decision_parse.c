/* Fuzz target of decision tables. Whatever the bytes are: decisions, or problems that say
 * why not. Each decision is evaluated with a variable for every name, of a type that the
 * name's length chooses: results, or an error that is the table's own; every text that
 * leaves is well-formed UTF-8. */
#include "decision/decision.h"
#include "fuzz.h"

static int fuzz_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_value_t values[] = {
        wf_null(),
        wf_integer(5),
        wf_double(2.5),
        wf_string("text"),
        wf_boolean(1),
        wf_date(1772323200000),
        wf_list(wf_list_create(p)),
        wf_map(wf_map_create(p)),
    };

    (void)baton;
    *value = values[strlen(name) % (sizeof(values) / sizeof(values[0]))];
    if (value->type == WF_LIST) {
        wf_list_push(value->as.list, wf_integer(5));
    }
    if (value->type == WF_MAP) {
        wf_map_set(value->as.map, "total", wf_integer(250));
    }
    return strcmp(name, "missing") != 0;
}

static void fuzz_decision(const wf_decision_t *decision, apr_pool_t *p)
{
    const wf_scope_t scope = { .get = fuzz_get };
    wf_list_t *results;
    wf_value_t value;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_decision_eval(decision, &scope, &results, p, &err) != APR_SUCCESS) {
        fuzz_utf8(err.message);
        if (err.kind != WF_ERR_EXECUTION) {
            abort();
        }
        return;
    }
    for (int mapping = 0; mapping < WF_DECISION_MAPPINGS; mapping++) {
        wf_error_init(&err, p);
        if (wf_decision_map(results, (wf_decision_mapping_e)mapping, &value, p, &err)
            == APR_SUCCESS) {
            json_object *json = wf_json_own(wf_value_to_json(&value), p);

            fuzz_utf8(wf_json_text(json, NULL, p));
        }
    }
}

static void fuzz_problems(const wf_problems_t *problems)
{
    for (int i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (!item->rule || item->line < 0 || item->column < 0) {
            abort();
        }
        fuzz_utf8(item->message);
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    wf_decision_file_t *file;
    wf_problems_t *problems;

    problems = wf_problems_create("fuzz", p);
    wf_decision_file_parse(&file, (const char *)data, size, problems, p);
    fuzz_problems(problems);
    if (!problems->errors) {
        if (wf_decision_count(file) < 1) {
            abort();
        }
        for (int i = 0; i < wf_decision_count(file); i++) {
            fuzz_utf8(wf_decision_key(wf_decision_at(file, i)));
            fuzz_decision(wf_decision_at(file, i), p);
        }
    }
}
