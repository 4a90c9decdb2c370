/* Commands that let running instances go on with another definition: making and checking a
 * plan, and migrating one instance. Whoever migrates many gives the command for each, so
 * that each is a unit of its own on its own lane. */
#include "engine/internal.h"

#define MAX_ACTIVITY 255 /* bytes of an id */

/* ---- plans ------------------------------------------------------------------------------------- */

static apr_status_t read_rule(json_object *json, wf_migration_rule_t *rule, wf_error_t *err)
{
    apr_status_t rv = wf_args_text(json, "source", MAX_ACTIVITY, &rule->source, err);

    if (rv == APR_SUCCESS) {
        rv = wf_args_text(json, "target", MAX_ACTIVITY, &rule->target, err);
    }
    rule->renew = wf_json_bool(json, "renew", 0);
    if (rv == APR_SUCCESS && (!rule->source || !rule->target)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "rules",
                            "a rule needs the members 'source' and 'target'");
    }
    return rv;
}

/* The members source, target and rules, [{source, target, renew}]; texts of args. The target
 * may go meanwhile, so the unit depends on it. */
static apr_status_t read_plan(wf_work_t *work, wf_migration_t *plan, wf_error_t *err)
{
    json_object *list = wf_json_get(work->args, "rules");
    int count = list && json_object_is_type(list, json_type_array)
                    ? (int)json_object_array_length(list)
                    : 0;
    apr_array_header_t *rules = apr_array_make(work->pool, 4, sizeof(wf_migration_rule_t));
    wf_definition_t *source, *target;
    apr_status_t rv = wf_args_definition(work, "source", &source, err);

    if (rv == APR_SUCCESS) {
        rv = wf_args_definition(work, "target", &target, err);
    }
    for (int i = 0; rv == APR_SUCCESS && i < count; i++) {
        rv = read_rule(json_object_array_get_idx(list, i), apr_array_push(rules), err);
    }
    if (rv == APR_SUCCESS) {
        wf_uow_expect(work->uow, target);
        *plan = (wf_migration_t){ source, target, rules };
    }
    return rv;
}

static void reply_problems(wf_work_t *work, const wf_problems_t *problems)
{
    json_object *list = json_object_new_array();

    work->reply = wf_json_own(json_object_new_object(), work->pool);
    json_object_object_add(work->reply, "problems", list);
    for (int i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *problem = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "activity", problem->path);
        wf_json_add_string(o, "rule", problem->rule);
        wf_json_add_string(o, "message", problem->message);
        json_object_array_add(list, o);
    }
}

/* migration.generate {source, target, renew} → {rules: [{source, target, renew}]} */
apr_status_t wf_command_migration_generate(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_array_header_t *rules;
    wf_migration_t plan;
    json_object *list;
    apr_status_t rv = read_plan(work, &plan, err);

    work->reads = 1;
    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_migration_generate(&call, plan.source, plan.target,
                                        wf_json_bool(work->args, "renew", 0), &rules, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    list = json_object_new_array();
    work->reply = wf_json_own(json_object_new_object(), work->pool);
    json_object_object_add(work->reply, "rules", list);
    for (int i = 0; i < rules->nelts; i++) {
        const wf_migration_rule_t *rule = &APR_ARRAY_IDX(rules, i, wf_migration_rule_t);
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "source", rule->source);
        wf_json_add_string(o, "target", rule->target);
        wf_json_add_bool(o, "renew", rule->renew);
        json_object_array_add(list, o);
    }
    return APR_SUCCESS;
}

/* migration.check {source, target, rules} → {problems: [{activity, rule, message}]} */
apr_status_t wf_command_migration_check(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_problems_t *problems = wf_problems_create(NULL, work->pool);
    wf_migration_t plan;
    apr_status_t rv = read_plan(work, &plan, err);

    work->reads = 1;
    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_migration_check(&call, &plan, problems, err);
    }
    if (rv == APR_SUCCESS) {
        reply_problems(work, problems);
    }
    return rv;
}

/* ---- instances ---------------------------------------------------------------------------------- */

/* process.migrate {id, source, target, rules, dryRun} → {problems: […]}; with problems
 * nothing was done. A dry run does all of it and drops the unit. */
apr_status_t wf_command_migrate(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_problems_t *problems = wf_problems_create(NULL, work->pool);
    wf_migration_t plan;
    apr_status_t rv = read_plan(work, &plan, err);

    work->tries_again = 1; /* a job that is not exclusive may move the instance on */
    work->reads = wf_json_bool(work->args, "dryRun", 0);
    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_migrate(&call, &plan, wf_json_int(work->args, "id", 0), problems, err);
    }
    if (rv == APR_SUCCESS) {
        reply_problems(work, problems);
    }
    return rv;
}
