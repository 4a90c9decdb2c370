/* A small world for the tests of running processes: a SQLite store in a temporary folder,
 * files deployed from strings, every call in a unit of work of its own that is committed.
 */
#ifndef WF_TEST_WORLD_H
#define WF_TEST_WORLD_H

#include <stdlib.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "bpmn/bpmn.h"
#include "store/store.h"
#include "tap.h"

#define DEFINITIONS                                                                      \
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "                \
    "xmlns:activiti=\"http://activiti.org/bpmn\" targetNamespace=\"test\">\n"
#define PROCESS(body)                                                                    \
    DEFINITIONS "<process id=\"p\" name=\"P\">\n" body "</process>\n</definitions>\n"
#define START "<startEvent id=\"s\"/>\n"
#define END "<endEvent id=\"e\"/>\n"
#define TASK(id) "<userTask id=\"" id "\" name=\"" id "\"/>\n"
#define PASS(id) "<task id=\"" id "\"/>\n"
#define ASYNC(id) "<task id=\"" id "\" activiti:async=\"true\"/>\n"
#define FORK(id) "<parallelGateway id=\"" id "\"/>\n"
#define CHOICE(id) "<exclusiveGateway id=\"" id "\"/>\n"
#define FLOW(from, to)                                                                   \
    "<sequenceFlow id=\"" from "-" to "\" sourceRef=\"" from "\" targetRef=\"" to "\"/"  \
    ">\n"
#define IF(from, to, text)                                                               \
    "<sequenceFlow id=\"" from "-" to "\" sourceRef=\"" from "\" targetRef=\"" to "\">"  \
    "<conditionExpression>" text "</conditionExpression></sequenceFlow>\n"

typedef struct world_t {
    apr_pool_t *pool;
    apr_pool_t *unit_pool;  /* of the last call */
    apr_pool_t *store_pool; /* the store and the models */
    char *folder;
    const char *dsn;
    wf_store_t *writer, *reader;
    wf_ids_t *ids;
    wf_models_t *models;
    int loads; /* how often the cache asked for a file */
    apr_int64_t now;
    const char *user;
    int max_steps, max_rounds;
    wf_history_e history;
    int history_days;
    wf_services_t services;
    const char *key;
    wf_uow_t *uow;
    wf_bpmn_call_t call;
    wf_error_t err; /* of the last call */
} world_t;

static world_t world;

static inline void world_check(apr_status_t rv, const wf_error_t *err, const char *what)
{
    if (rv != APR_SUCCESS) {
        printf("Bail out! %s: %s\n", what, err->message ? err->message : "?");
        exit(1);
    }
}

static inline apr_status_t world_load(void *baton, const wf_definition_t *definition,
                                      const char **xml, apr_size_t *length, apr_pool_t *p,
                                      wf_error_t *err)
{
    world_t *w = baton;
    wf_bytearray_t *resource;
    apr_status_t rv = wf_store_resource(w->reader, definition->deployment_id,
                                        definition->resource_name, &resource, p, err);

    w->loads++;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!resource) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no resource");
    }
    *xml = resource->bytes;
    *length = resource->length;
    return APR_SUCCESS;
}

/* The store and what is kept in memory of it. */
static inline void world_open_store(void)
{
    wf_error_t err;

    apr_pool_create(&world.store_pool, world.pool);
    wf_error_init(&err, world.store_pool);
    world_check(wf_store_open(&world.writer, world.dsn, WF_STORE_WRITE, world.store_pool,
                              &err),
                &err, "open the writer");
    world_check(wf_ids_create(&world.ids, world.writer, world.store_pool, &err), &err,
                "ids");
    world_check(wf_store_open(&world.reader, world.dsn, WF_STORE_READ, world.store_pool,
                              &err),
                &err, "open the reader");
    world.models = wf_models_create(10, world_load, &world, world.store_pool);
}

/** All that is in memory goes … */
static inline void world_shut_store(void)
{
    apr_pool_clear(world.unit_pool); /* it uses models of the store pool */
    apr_pool_destroy(world.store_pool);
}

/** … and what was committed is there again. */
static inline void world_reopen(void)
{
    world_shut_store();
    world_open_store();
}

static inline void world_open(void)
{
    /* In memory where that can be: it is not the disk that is tested here. */
    const char *places[] = {getenv("WF_WORLD"), "/dev/shm", "/tmp"};
    char *folder = NULL;
    int i;

    apr_initialize();
    apr_pool_create(&world.pool, NULL);
    apr_pool_create(&world.unit_pool, world.pool);
    for (i = 0; !folder && i < 3; i++) {
        folder = places[i] ? mkdtemp(apr_pstrcat(world.pool, places[i],
                                                 "/wf-bpmn-XXXXXX", NULL))
                           : NULL;
    }
    if (!folder) {
        printf("Bail out! no temporary folder\n");
        exit(1);
    }
    world.folder = apr_pstrdup(world.pool, folder);
    world.dsn = apr_psprintf(world.pool, "sqlite:%s/test.db", folder);
    world_open_store();
    world.now = 1000000;
    world.user = "kermit";
    world.max_steps = 10000;
    world.max_rounds = 200000;
}

/* ---- is the store sound ------------------------------------------------------------ */

static inline wf_rest_e world_rest(void *baton, const char *definition_id,
                                   const char *activity_id)
{
    apr_pool_t *p = baton;
    wf_definition_t *definition = NULL;
    const wf_model_t *model;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_store_get_by_key(world.reader, WF_TABLE_DEFINITION, definition_id, &definition,
                            p, &err)
            != APR_SUCCESS
        || !definition
        || wf_models_get(world.models, definition, NULL, &model, p, &err)
               != APR_SUCCESS) {
        return WF_REST_UNKNOWN;
    }
    return wf_model_rest(model, activity_id);
}

#define VERIFY_EACH 25 /* steps of a walk: it reads the whole store */

/** What is wrong with the store, NULL if nothing is; in world.pool. Tests that break
 * rows, or take jobs away from tokens, find something, of course. */
static inline const char *world_unsound(void)
{
    apr_array_header_t *breaches;
    wf_verify_t how = { .rest = world_rest };
    const char *text = NULL;
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, world.pool);
    wf_error_init(&err, p);
    how.baton = p;
    world_check(wf_store_verify(world.reader, &how, &breaches, p, &err), &err, "verify");
    if (breaches->nelts) {
        const wf_breach_t *breach = APR_ARRAY_IDX(breaches, 0, const wf_breach_t *);

        text = apr_psprintf(world.pool, "%s: %d %s: %s ...", breach->name,
                            (int)breach->count, breach->broken,
                            APR_ARRAY_IDX(breach->ids, 0, const char *));
    }
    apr_pool_destroy(p);
    return text;
}

static inline void world_close(void)
{
    const char *remove = apr_psprintf(world.pool, "rm -rf '%s'", world.folder);
    char *command = strdup(remove);

    apr_pool_clear(world.unit_pool); /* it uses models of the store pool */
    apr_pool_destroy(world.pool);
    if (system(command) != 0) {
        diag("%s failed", command);
    }
    free(command);
    apr_terminate();
}

/** Begin a unit of work; rows of the one before are gone. Time moves by 10 ms. */
static inline const wf_bpmn_call_t *world_begin(void)
{
    apr_pool_clear(world.unit_pool);
    wf_error_init(&world.err, world.pool);
    world.now += 10;
    world.uow = wf_uow_create(world.reader, world.ids, world.unit_pool);
    world.call = (wf_bpmn_call_t){.uow = world.uow,
                                  .models = world.models,
                                  .reader = world.reader,
                                  .user = world.user,
                                  .now = world.now,
                                  .max_steps = world.max_steps,
                                  .services = world.services,
                                  .key = world.key,
                                  .history = world.history,
                                  .history_days = world.history_days,
                                  .max_rounds = world.max_rounds};
    return &world.call;
}

/** Commit the unit if the call worked; its outcome is the call's. */
static inline apr_status_t world_end(apr_status_t rv)
{
    wf_error_t outcome, err;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_error_init(&err, world.pool);
    wf_error_init(&outcome, world.pool);
    world_check(wf_store_commit(world.writer, world.ids, &world.uow, 1, &outcome, &err),
                &err, "commit");
    if (outcome.kind != WF_ERR_NONE) {
        wf_error_copy(&world.err, &outcome);
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}

/** Deploy a file with a process of that key; bails out if it has problems. */
static inline const wf_definition_t *world_deploy_as(const char *xml, const char *key)
{
    static int version;
    wf_problems_t *problems = wf_problems_create("test", world.pool);
    apr_array_header_t *models;
    wf_deployment_t *deployment;
    wf_bytearray_t *resource;
    wf_definition_t *row, *definition;

    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    if (problems->errors) {
        printf("Bail out! %s\n%s\n", wf_problems_text(problems, world.pool), xml);
        exit(1);
    }
    world_begin();
    deployment = wf_uow_insert(world.uow, WF_TABLE_DEPLOYMENT);
    deployment->name = "test";
    resource = wf_uow_insert(world.uow, WF_TABLE_BYTEARRAY);
    resource->name = "test";
    resource->deployment_id = deployment->id;
    resource->bytes = xml;
    resource->length = strlen(xml);
    row = wf_uow_insert(world.uow, WF_TABLE_DEFINITION);
    row->key = key;
    row->version = ++version;
    row->id = apr_psprintf(world.pool, "%s:%d", key, version);
    row->deployment_id = deployment->id;
    row->resource_name = "test";
    definition = apr_pmemdup(world.pool, row, sizeof(*row));
    world_check(world_end(APR_SUCCESS), &world.err, "deploy");
    return definition;
}

static inline const wf_definition_t *world_deploy(const char *xml)
{
    return world_deploy_as(xml, "p");
}

/** Put one more file into the deployment of a definition. */
static inline void world_add(const wf_definition_t *definition, const char *name,
                             const char *bytes)
{
    wf_bytearray_t *resource;

    world_begin();
    resource = wf_uow_insert(world.uow, WF_TABLE_BYTEARRAY);
    resource->name = name;
    resource->deployment_id = definition->deployment_id;
    resource->bytes = bytes;
    resource->length = strlen(bytes);
    world_check(world_end(APR_SUCCESS), &world.err, "add a resource");
}

static inline wf_map_t *world_vars(void)
{
    return wf_map_create(world.pool);
}

static inline apr_status_t world_start(const wf_definition_t *definition,
                                       const wf_map_t *vars, wf_started_t *started)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_start(call, definition, vars, NULL, started, &world.err));
}

/** "a b c": where a started instance rests. */
static inline const char *world_places(const wf_started_t *started)
{
    return apr_array_pstrcat(world.pool, started->activities, ' ');
}

static inline apr_array_header_t *world_select(wf_relation_e relation, wf_id_t id)
{
    apr_array_header_t *rows;

    world_begin();
    world_check(wf_uow_select(world.uow, relation, id, &rows, &world.err), &world.err,
                "select");
    return rows;
}

/** The open task of an instance with that definition key; 0 if there is none. The oldest
 *  one if there are several. */
static inline wf_id_t world_task(wf_id_t instance, const char *key)
{
    apr_array_header_t *tasks = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < tasks->nelts; i++) {
        wf_task_t *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);

        if (strcmp(task->task_def_key, key) == 0) {
            return task->id;
        }
    }
    return 0;
}

/** "a b": the open tasks of an instance, oldest first. */
static inline const char *world_tasks(wf_id_t instance)
{
    apr_array_header_t *tasks = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < tasks->nelts; i++) {
        all = apr_pstrcat(world.pool, all, i ? " " : "",
                          APR_ARRAY_IDX(tasks, i, wf_task_t *)->task_def_key, NULL);
    }
    return all;
}

static inline apr_status_t world_complete(wf_id_t instance, const char *key,
                                          const wf_map_t *vars)
{
    wf_id_t task = world_task(instance, key);
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_complete(call, task, vars, &world.err));
}

/** Run the oldest job of an instance. */
static inline apr_status_t world_job(wf_id_t instance)
{
    apr_array_header_t *jobs = world_select(WF_BY_JOBS_OF_INSTANCE, instance);
    const char *user = world.call.user;
    apr_status_t rv;

    if (!jobs->nelts) {
        return APR_NOTFOUND;
    }
    world.call.user = NULL;
    rv = world_end(
        wf_bpmn_execute_job(&world.call, APR_ARRAY_IDX(jobs, 0, wf_job_t *), &world.err));
    world.call.user = user;
    return rv;
}

static inline int world_executions(wf_id_t instance)
{
    return world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance)->nelts;
}

/** A copy of a row, NULL if there is none. */
static inline void *world_row(wf_table_e table, wf_id_t id)
{
    void *row;

    world_check(wf_store_get(world.reader, table, id, &row, world.unit_pool, &world.err),
                &world.err, "get");
    return row;
}

/** The value of an instance's variable, printed as JSON; NULL if there is none. */
static inline const char *world_var(wf_id_t instance, const char *name)
{
    apr_array_header_t *rows = world_select(WF_BY_VARIABLES_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, wf_variable_t *);

        if (strcmp(row->name, name) == 0) {
            json_object *json =
                wf_json_own(wf_value_to_json(&row->value), world.unit_pool);

            return wf_json_text(json, NULL, world.pool);
        }
    }
    return NULL;
}

#endif
