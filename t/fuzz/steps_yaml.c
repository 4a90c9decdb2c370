/* Fuzz target of workflow documents: the input is read as YAML and, if it is JSON, as
 * JSON too. Whatever it is: a plan without problems, or problems that say what and where.
 */
#include "../00unit/steps/read.h"
#include "fuzz.h"

static void check_plan(const wf_plan_t *plan, const wf_problems_t *problems,
                       apr_pool_t *p)
{
    int i;

    if ((plan == NULL) != (problems->errors > 0)) {
        abort();
    }
    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (!item->message || !*item->message || !item->rule || item->line < 0) {
            abort();
        }
    }
    if (!wf_problems_text(problems, p)) {
        abort();
    }
    if (plan != NULL
        && (!*wf_plan_id(plan) || !wf_plan_name(plan) || wf_plan_step_count(plan) < 1)) {
        abort();
    }
}

static void fuzz_json(const char *text, size_t size, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create(NULL, p);
    json_object *json = NULL;
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&json, text, size, p, &err) == APR_SUCCESS) {
        plan_from_json(&plan, json, problems, p);
        check_plan(plan, problems, p);
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    wf_problems_t *problems;
    wf_plan_t *plan;
    char *text;

    text = apr_palloc(p, size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    problems = wf_problems_create("fuzz.yaml", p);
    plan_from_yaml(&plan, text, size, problems, p);
    check_plan(plan, problems, p);
    fuzz_json(text, size, p);
}
