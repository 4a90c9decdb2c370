/* Running instances go on with another definition. A plan has the shape that clients of
 * Camunda 7 know: two definitions, and instructions which activity becomes which. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Instances that one call migrates; clients ask again for the rest. */
#define MOST_INSTANCES 1000
#define PAGE 100

#define SOURCES "sourceActivityIds"
#define TARGETS "targetActivityIds"
#define RENEW "updateEventTrigger"

/* ---- plans: reading ------------------------------------------------------------------ */

/* The only item of an array. */
static apr_status_t read_only_item(json_object *instruction, const char *name,
                                   const char **item, apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *items;
    apr_status_t rv = wf_body_strings(instruction, name, &items, p, err);

    if (rv == APR_SUCCESS && items->nelts != 1) {
        rv = wf_error_field(err, WF_ERR_INVALID, name,
                            "field '%s' must have one item: activities become others one "
                            "by one",
                            name);
    }
    if (rv == APR_SUCCESS) {
        *item = APR_ARRAY_IDX(items, 0, const char *);
        rv = wf_text_check(name, *item, WF_NAME_MAX, err);
    }
    return rv;
}

static apr_status_t read_instruction(json_object *instruction, json_object *rules,
                                     apr_pool_t *p, wf_error_t *err)
{
    const char *source, *target;
    json_object *rule;
    int renew = 0;
    apr_status_t rv;

    if (!json_object_is_type(instruction, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "instructions",
                              "field 'instructions' must be an array of objects");
    }
    if ((rv = read_only_item(instruction, SOURCES, &source, p, err)) != APR_SUCCESS
        || (rv = read_only_item(instruction, TARGETS, &target, p, err)) != APR_SUCCESS
        || (rv = wf_body_bool(instruction, RENEW, &renew, p, err)) != APR_SUCCESS) {
        return rv;
    }
    rule = json_object_new_object();
    wf_json_add_string(rule, "source", source);
    wf_json_add_string(rule, "target", target);
    wf_json_add_bool(rule, "renew", renew);
    json_object_array_add(rules, rule);
    return APR_SUCCESS;
}

static apr_status_t read_instructions(json_object *args, json_object *plan, apr_pool_t *p,
                                      wf_error_t *err)
{
    json_object *list = wf_json_get(plan, "instructions");
    json_object *rules = json_object_new_array();
    apr_status_t rv = APR_SUCCESS;

    json_object_object_add(args, "rules", rules);
    if (list && !json_object_is_type(list, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, "instructions",
                              "field 'instructions' must be an array of objects");
    }
    for (apr_size_t i = 0;
         list && rv == APR_SUCCESS && i < json_object_array_length(list); i++) {
        rv = read_instruction(json_object_array_get_idx(list, i), rules, p, err);
        if (rv != APR_SUCCESS) {
            wf_error_note(err, rv, "instruction %d", (int)i + 1);
        }
    }
    return rv;
}

/* Both definitions and the instructions, as arguments of a command. */
static apr_status_t read_plan(json_object *args, json_object *plan, apr_pool_t *p,
                              wf_error_t *err)
{
    const char *source, *target;
    apr_status_t rv;

    if ((rv = wf_body_string(plan, "sourceProcessDefinitionId", &source, p, err))
            != APR_SUCCESS
        || (rv = wf_body_string(plan, "targetProcessDefinitionId", &target, p, err))
               != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(args, "source", source);
    wf_json_add_string(args, "target", target);
    return read_instructions(args, plan, p, err);
}

/* ---- plans: answers ------------------------------------------------------------------ */

static json_object *list_of(const char *text)
{
    json_object *list = json_object_new_array();

    json_object_array_add(list, json_object_new_string(text));
    return list;
}

static json_object *instruction_json(json_object *rule)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, SOURCES, list_of(wf_json_string(rule, "source", "")));
    json_object_object_add(o, TARGETS, list_of(wf_json_string(rule, "target", "")));
    wf_json_add_bool(o, RENEW, wf_json_bool(rule, "renew", 0));
    return o;
}

apr_status_t wf_migration_generate(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req), *body, *answer, *rules, *list;
    wf_ipc_reply_t reply;
    int renew = 0;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_plan(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = wf_body_bool(body, "updateEventTriggers", &renew, req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_bool(args, "renew", renew);
    rv = wf_call_command(req, WF_CMD_MIGRATION_GENERATE, args, &reply, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    answer = json_object_new_object();
    wf_json_add_string(answer, "sourceProcessDefinitionId",
                       wf_json_string(args, "source", NULL));
    wf_json_add_string(answer, "targetProcessDefinitionId",
                       wf_json_string(args, "target", NULL));
    list = json_object_new_array();
    json_object_object_add(answer, "instructions", list);
    rules = wf_json_get(reply.json, "rules");
    for (apr_size_t i = 0; rules && i < json_object_array_length(rules); i++) {
        json_object_array_add(list,
                              instruction_json(json_object_array_get_idx(rules, i)));
    }
    return wf_respond_json(req, 200, answer);
}

/* What is wrong with one rule, of all problems; NULL if nothing is. */
static json_object *report(json_object *rule, json_object *problems)
{
    const char *source = wf_json_string(rule, "source", "");
    json_object *failures = NULL, *o;

    for (apr_size_t i = 0; problems && i < json_object_array_length(problems); i++) {
        json_object *problem = json_object_array_get_idx(problems, i);

        if (strcmp(wf_json_string(problem, "activity", ""), source) == 0) {
            failures = failures ? failures : json_object_new_array();
            json_object_array_add(
                failures, json_object_new_string(wf_json_string(problem, "message", "")));
        }
    }
    if (!failures) {
        return NULL;
    }
    o = json_object_new_object();
    json_object_object_add(o, "instruction", instruction_json(rule));
    json_object_object_add(o, "failures", failures);
    return o;
}

apr_status_t wf_migration_validate(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req), *body, *answer, *reports, *rules;
    wf_ipc_reply_t reply;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_plan(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = wf_call_command(req, WF_CMD_MIGRATION_CHECK, args, &reply, err))
               != APR_SUCCESS) {
        return rv;
    }
    answer = json_object_new_object();
    reports = json_object_new_array();
    json_object_object_add(answer, "instructionReports", reports);
    rules = wf_json_get(args, "rules");
    for (apr_size_t i = 0; i < json_object_array_length(rules); i++) {
        json_object *o = report(json_object_array_get_idx(rules, i),
                                wf_json_get(reply.json, "problems"));

        if (o) {
            json_object_array_add(reports, o);
        }
    }
    return wf_respond_json(req, 200, answer);
}

/* ---- execution ----------------------------------------------------------------------- */

typedef struct execution_t {
    wf_request_t *req;
    json_object *args; /* of the command; its id changes */
    json_object *failures;
    int dry_run, migrated, failed;
    apr_int64_t start; /* of all instances: index of the first one */
    apr_int64_t next;  /* where to go on; -1: all are done */
} execution_t;

static json_object *reason_json(const char *activity, const char *message)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "activityId", activity);
    wf_json_add_string(o, "message", message);
    return o;
}

/* Takes the reasons. */
static void add_failure(execution_t *x, const char *id, json_object *reasons)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "processInstanceId", id);
    json_object_object_add(o, "reasons", reasons);
    json_object_array_add(x->failures, o);
    x->failed++;
}

static void add_problems(execution_t *x, const char *id, json_object *problems)
{
    json_object *reasons = json_object_new_array();

    for (apr_size_t i = 0; i < json_object_array_length(problems); i++) {
        json_object *problem = json_object_array_get_idx(problems, i);

        json_object_array_add(reasons,
                              reason_json(wf_json_string(problem, "activity", NULL),
                                          wf_json_string(problem, "message", "")));
    }
    add_failure(x, id, reasons);
}

/* 1 if a failure is this instance's own, and others may do better. */
static int is_own(const wf_error_t *failure)
{
    return failure->kind == WF_ERR_CONFLICT || failure->kind == WF_ERR_NOT_FOUND
           || failure->kind == WF_ERR_EXECUTION;
}

/* NULL for what is no id. */
static json_object *args_for(execution_t *x, const char *text)
{
    wf_id_t id;

    if (!wf_id_parse(text, &id)) {
        return NULL;
    }
    json_object_object_del(x->args, "id");
    wf_json_add_int(x->args, "id", id);
    return x->args;
}

static apr_status_t migrate(execution_t *x, const char *id, wf_error_t *err)
{
    json_object *args = args_for(x, id), *problems, *reasons;
    wf_ipc_reply_t reply;
    wf_error_t failure;
    apr_status_t rv;

    wf_error_init(&failure, x->req->pool);
    rv = args ? wf_call_command(x->req, WF_CMD_MIGRATE, args, &reply, &failure)
              : wf_no_object("running process instance", id, &failure);
    if (rv != APR_SUCCESS && !is_own(&failure)) {
        wf_error_copy(err, &failure);
        return wf_error_note(err, rv, "stopped at process instance '%s', after %d", id,
                             x->migrated + x->failed);
    }
    if (rv != APR_SUCCESS) {
        reasons = json_object_new_array();
        json_object_array_add(reasons, reason_json(NULL, failure.message));
        add_failure(x, id, reasons);
        return APR_SUCCESS;
    }
    problems = wf_json_get(reply.json, "problems");
    if (problems && json_object_array_length(problems)) {
        add_problems(x, id, problems);
        return APR_SUCCESS;
    }
    x->migrated++;
    return APR_SUCCESS;
}

static apr_status_t migrate_some(execution_t *x, const apr_array_header_t *ids,
                                 wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < ids->nelts; i++) {
        rv = migrate(x, APR_ARRAY_IDX(ids, i, const char *), err);
    }
    return rv;
}

/* A page of the source's instances, oldest first. Those that were migrated have left the
 * list, so that the next page begins behind those that stay. */
static apr_status_t next_page(execution_t *x, wf_rows_t *rows, wf_error_t *err)
{
    const wf_filter_t filter = { "processDefinitionId",
                                 wf_string(wf_json_string(x->args, "source", "")) };
    const wf_page_t page = {
        .start = x->start + x->failed + (x->dry_run ? x->migrated : 0),
        .size = PAGE,
        .sort = "id",
    };
    wf_store_t *store = wf_request_store(x->req, err);

    x->next = page.start;
    return store ? wf_store_list(store, WF_LIST_INSTANCES, &filter, 1, &page, rows,
                                 x->req->pool, err)
                 : WF_EFAILED;
}

static apr_status_t migrate_all(execution_t *x, wf_error_t *err)
{
    char text[24];
    wf_rows_t rows;
    apr_status_t rv;

    for (;;) {
        rv = next_page(x, &rows, err);
        if (rv != APR_SUCCESS || x->migrated + x->failed >= MOST_INSTANCES) {
            x->next = rv == APR_SUCCESS && rows.rows->nelts ? x->next : -1;
            return rv;
        }
        if (!rows.rows->nelts) {
            x->next = -1;
            return APR_SUCCESS;
        }
        for (int i = 0; rv == APR_SUCCESS && i < rows.rows->nelts; i++) {
            apr_snprintf(text, sizeof text, "%" APR_INT64_T_FMT,
                         APR_ARRAY_IDX(rows.rows, i, wf_hi_procinst_t *)->id);
            rv = migrate(x, text, err);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
}

static apr_status_t read_ids(json_object *body, apr_array_header_t **ids, apr_pool_t *p,
                             wf_error_t *err)
{
    apr_status_t rv;

    *ids = NULL;
    if (!wf_json_get(body, "processInstanceIds")) {
        return APR_SUCCESS;
    }
    rv = wf_body_strings(body, "processInstanceIds", ids, p, err);
    if (rv == APR_SUCCESS && (*ids)->nelts > MOST_INSTANCES) {
        rv = wf_error_field(err, WF_ERR_INVALID, "processInstanceIds",
                            "field 'processInstanceIds': at most %d instances a call",
                            MOST_INSTANCES);
    }
    return rv;
}

static apr_status_t read_start(json_object *body, apr_int64_t *start, apr_pool_t *p,
                               wf_error_t *err)
{
    const char *text;
    apr_status_t rv = wf_body_text(body, "start", &text, p, err);

    *start = 0;
    if (rv == APR_SUCCESS && text && *text
        && (!wf_parse_int64(text, start) || *start < 0 || *start > INT32_MAX)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "start",
                            "field 'start' must be an integer from 0 to 2147483647");
    }
    return rv;
}

static apr_status_t read_execution(execution_t *x, json_object *body,
                                   apr_array_header_t **ids, wf_error_t *err)
{
    json_object *plan = wf_json_get(body, "migrationPlan");
    apr_pool_t *p = x->req->pool;
    apr_status_t rv;

    if (!plan || !json_object_is_type(plan, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "migrationPlan",
                              "field 'migrationPlan' is required: an object");
    }
    if ((rv = read_plan(x->args, plan, p, err)) != APR_SUCCESS
        || (rv = read_ids(body, ids, p, err)) != APR_SUCCESS
        || (rv = read_start(body, &x->start, p, err)) != APR_SUCCESS
        || (rv = wf_body_bool(body, "dryRun", &x->dry_run, p, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_bool(x->args, "dryRun", x->dry_run);
    return APR_SUCCESS;
}

/* Also with no instance to migrate a plan must be a good one. */
static apr_status_t check_plan(execution_t *x, wf_error_t *err)
{
    json_object *problems;
    wf_ipc_reply_t reply;
    apr_status_t rv =
        wf_call_command(x->req, WF_CMD_MIGRATION_CHECK, x->args, &reply, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    problems = wf_json_get(reply.json, "problems");
    return problems && json_object_array_length(problems) ? wf_error_field(
               err, WF_ERR_INVALID, "instructions", "%s",
               wf_json_string(json_object_array_get_idx(problems, 0), "message", ""))
                                                          : APR_SUCCESS;
}

apr_status_t wf_migration_execute(wf_request_t *req, wf_error_t *err)
{
    execution_t x = { .req = req, .args = wf_args_create(req), .next = -1 };
    apr_array_header_t *ids;
    json_object *body, *answer;
    apr_status_t rv;

    answer = wf_args_create(req);
    x.failures = json_object_new_array();
    json_object_object_add(answer, "failures", x.failures);
    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_execution(&x, body, &ids, err)) != APR_SUCCESS
        || (rv = check_plan(&x, err)) != APR_SUCCESS
        || (rv = ids ? migrate_some(&x, ids, err) : migrate_all(&x, err))
               != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_bool(answer, "dryRun", x.dry_run);
    wf_json_add_int(answer, "migrated", x.migrated);
    wf_json_add_int(answer, "failed", x.failed);
    json_object_object_add(answer, "next",
                           x.next < 0 ? NULL : json_object_new_int64(x.next));
    return wf_respond_json(req, 200, json_object_get(answer));
}
