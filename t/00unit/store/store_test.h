/* What the tests of the store share: a directory of their own, a store in it, rows to
 * work with. Whatever goes wrong in the set-up ends the test at once. */
#ifndef WF_STORE_TEST_H
#define WF_STORE_TEST_H

#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/store.h"
#include "tap.h"

static apr_pool_t *pool;     /* of the whole test */
static const char *test_dir; /* removed at exit */
static const char *test_dsn;
static wf_store_t *writer, *reader;
static wf_ids_t *ids;
static int test_pid;

static inline void bail_out(const char *what, const wf_error_t *err)
{
    printf("Bail out! %s: %s\n", what, err->message ? err->message : "?");
    exit(1);
}

#define MUST(call, err)                                                                  \
    do {                                                                                 \
        if ((call) != APR_SUCCESS) {                                                     \
            bail_out(#call, (err));                                                      \
        }                                                                                \
    } while (0)

/* At exit, whatever the way; not in children. */
static inline void remove_dir(void)
{
    if (getpid() == test_pid && test_dir) {
        if (system(apr_psprintf(pool, "rm -rf '%s'", test_dir)) != 0) {
            diag("cannot remove %s", test_dir);
        }
        test_dir = NULL;
    }
}

/* Give back all memory, so that a leak is a leak; the program's result. */
static inline int end_test(void)
{
    remove_dir();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

static inline wf_error_t *new_error(void)
{
    wf_error_t *err = apr_palloc(pool, sizeof(*err));

    wf_error_init(err, pool);
    return err;
}

static inline void open_test_store(void)
{
    wf_error_t *err = new_error();

    MUST(wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err), err);
    MUST(wf_ids_create(&ids, writer, pool, err), err);
    MUST(wf_store_open(&reader, test_dsn, WF_STORE_READ, pool, err), err);
}

static inline void close_test_store(void)
{
    wf_store_close(reader);
    wf_store_close(writer);
}

/* An empty directory and the name of a store in it. */
static inline void begin_test(void)
{
    const char *tmp = getenv("TMPDIR");
    char *dir;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    dir = apr_psprintf(pool, "%s/wf-store-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        printf("Bail out! cannot create %s\n", dir);
        exit(1);
    }
    test_pid = getpid();
    test_dir = dir;
    test_dsn = apr_pstrcat(pool, "sqlite:", dir, "/t.db", NULL);
    atexit(remove_dir);
}

static inline wf_uow_t *new_unit(void)
{
    return wf_uow_create(reader, ids, pool);
}

/* Commit one unit; the kind of its outcome. */
static inline wf_err_kind_e commit_unit(wf_uow_t *uow)
{
    wf_error_t outcome, *err = new_error();

    wf_store_commit(writer, ids, &uow, 1, &outcome, err);
    if (outcome.kind != WF_ERR_NONE) {
        diag("outcome: %s", outcome.message);
    }
    return outcome.kind;
}

static inline void must_commit(wf_uow_t *uow, const char *what)
{
    wf_error_t outcome, *err = new_error();

    MUST(wf_store_commit(writer, ids, &uow, 1, &outcome, err), err);
    if (outcome.kind != WF_ERR_NONE) {
        bail_out(what, &outcome);
    }
}

/* ---- due jobs -------------------------------------------------------------------- */

typedef struct seen_t {
    int limit;
    apr_array_header_t *ids; /* of wf_id_t */
} seen_t;

static inline int see_job(void *baton, const wf_job_t *job)
{
    seen_t *seen = baton;

    APR_ARRAY_PUSH(seen->ids, wf_id_t) = job->id;
    return seen->ids->nelts < seen->limit;
}

/* Ids (wf_id_t) of the first jobs that may be run then. */
static inline apr_array_header_t *due_jobs(apr_int64_t now, int limit)
{
    seen_t seen = { limit, apr_array_make(pool, 4, sizeof(wf_id_t)) };
    wf_error_t *err = new_error();

    MUST(wf_store_due_jobs(reader, now, see_job, &seen, pool, err), err);
    return seen.ids;
}

/* ---- rows ------------------------------------------------------------------------ */

static inline wf_deployment_t *add_deployment(wf_uow_t *uow, const char *name)
{
    wf_deployment_t *row = wf_uow_insert(uow, WF_TABLE_DEPLOYMENT);

    row->name = name;
    row->deploy_time = 1000 + row->id;
    return row;
}

static inline wf_definition_t *add_definition(wf_uow_t *uow, wf_id_t deployment,
                                              const char *key, int version)
{
    wf_definition_t *row = wf_uow_insert(uow, WF_TABLE_DEFINITION);

    row->id = apr_psprintf(pool, "%s:%d", key, version);
    row->key = key;
    row->version = version;
    row->deployment_id = deployment;
    row->resource_name = "p.bpmn20.xml";
    return row;
}

static inline wf_execution_t *add_instance(wf_uow_t *uow, const char *definition)
{
    wf_execution_t *row = wf_uow_insert(uow, WF_TABLE_EXECUTION);

    row->proc_inst_id = row->id;
    row->proc_def_id = definition;
    row->is_active = row->is_scope = 1;
    return row;
}

static inline wf_task_t *add_task(wf_uow_t *uow, const wf_execution_t *execution,
                                  const char *name)
{
    wf_task_t *row = wf_uow_insert(uow, WF_TABLE_TASK);

    row->execution_id = execution->id;
    row->proc_inst_id = execution->proc_inst_id;
    row->proc_def_id = execution->proc_def_id;
    row->name = name;
    row->priority = 50;
    row->create_time = 5;
    return row;
}

static inline wf_identitylink_t *add_link(wf_uow_t *uow, const wf_task_t *task,
                                          const char *user, const char *group)
{
    wf_identitylink_t *row = wf_uow_insert(uow, WF_TABLE_IDENTITYLINK);

    row->task_id = task->id;
    row->user_id = user;
    row->group_id = group;
    row->type = "candidate";
    return row;
}

static inline wf_variable_t *add_variable(wf_uow_t *uow, const wf_execution_t *execution,
                                          const char *name, wf_value_t value)
{
    wf_variable_t *row = wf_uow_insert(uow, WF_TABLE_VARIABLE);

    row->execution_id = execution->id;
    row->proc_inst_id = execution->proc_inst_id;
    row->name = name;
    row->value = value;
    return row;
}

static inline void add_user(wf_uow_t *uow, const char *id, const char *first,
                            const char *last, const char *email)
{
    wf_user_t *row = wf_uow_insert(uow, WF_TABLE_USER);

    row->id = id;
    row->first_name = first;
    row->last_name = last;
    row->email = email;
}

static inline void add_group(wf_uow_t *uow, const char *id, const char *name,
                             const char *type)
{
    wf_group_t *row = wf_uow_insert(uow, WF_TABLE_GROUP);

    row->id = id;
    row->name = name;
    row->type = type;
}

static inline void add_member(wf_uow_t *uow, const char *user, const char *group)
{
    wf_membership_t *row = wf_uow_insert(uow, WF_TABLE_MEMBERSHIP);

    row->user_id = user;
    row->group_id = group;
}

/* A definition "p:1" to start instances of; its deployment's id. */
static inline wf_id_t deploy_process(void)
{
    wf_uow_t *uow = new_unit();
    wf_deployment_t *deployment = add_deployment(uow, "d");

    add_definition(uow, deployment->id, "p", 1);
    must_commit(uow, "deploying p:1");
    return deployment->id;
}

/* How many rows a table has, as the reader sees it. */
static inline apr_int64_t count_rows(wf_table_e table)
{
    wf_error_t *err = new_error();
    wf_stmt_t *stmt;
    apr_int64_t n = 0;

    MUST(reader->driver->prepare(
             reader, &stmt,
             apr_pstrcat(pool, "SELECT COUNT(*) FROM ", wf_tables[table].name, NULL),
             err),
         err);
    MUST(reader->driver->run(reader, stmt, NULL, 0, wf_row_number, &n, NULL, err), err);
    return n;
}

#endif
