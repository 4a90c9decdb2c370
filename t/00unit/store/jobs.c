/* Which jobs may be run now and when to look again; whose locks are given up; what goes
 * with a deployment or an instance, and what stays. */
#include "store_test.h"

#include "store/internal.h"

#define NOW 100000

/* One job each, on an otherwise empty table. */
static const struct {
    const char *what;
    apr_int64_t due, lock;
    int retries;
    int runnable;
    apr_int64_t again; /* next_due */
} cases[] = {
    {"a message", 0, 0, 3, 1, 0},
    {"a timer that is due", NOW - 1, 0, 3, 1, 0},
    {"a timer due this very moment", NOW, 0, 3, 1, 0},
    {"a timer of the future", NOW + 1, 0, 3, 0, NOW + 1},
    {"no retries left", 0, 0, 0, 0, 0},
    {"retries below zero", NOW - 1, 0, -1, 0, 0},
    {"a future timer without retries", NOW + 5, 0, 0, 0, 0},
    {"locked", NOW - 1, NOW + 50, 3, 0, NOW + 50},
    {"a locked message", 0, NOW + 50, 3, 0, NOW + 50},
    {"locked, but the lock has expired", NOW - 1, NOW, 3, 1, 0},
    {"locked and of the future", NOW + 70, NOW + 50, 3, 0, NOW + 70},
};

static wf_job_t *add_job(wf_uow_t *uow, apr_int64_t due, apr_int64_t lock, int retries)
{
    wf_job_t *job = wf_uow_insert(uow, WF_TABLE_JOB);

    job->type = due ? "timer" : "message";
    job->due_date = due;
    job->lock_exp_time = lock;
    job->lock_owner = lock ? "somebody" : NULL;
    job->retries = retries;
    return job;
}

static void drop(wf_table_e table, wf_id_t id)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    void *row;

    MUST(wf_uow_get(uow, table, id, &row, err), err);
    wf_uow_delete(uow, row);
    must_commit(uow, "drop");
}

static void check_each(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_uow_t *uow = new_unit();
        wf_error_t *err = new_error();
        wf_job_t *job = add_job(uow, cases[i].due, cases[i].lock, cases[i].retries);
        apr_array_header_t *jobs;
        apr_int64_t again;

        must_commit(uow, "job");
        jobs = due_jobs(NOW, 10);
        MUST(wf_store_next_due(reader, NOW, &again, err), err);
        is_int(jobs->nelts, cases[i].runnable, "%s", cases[i].what);
        is_int(again, cases[i].again, "… when to look again");
        drop(WF_TABLE_JOB, job->id);
    }
}

static void check_order(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    static const apr_int64_t due[] = {30, 0, NOW + 9, 10, NOW + 7, 0, 20};
    wf_id_t id[7];
    apr_array_header_t *jobs;
    apr_int64_t again;
    static const int order[] = {1, 5, 3, 6, 0};

    for (int i = 0; i < 7; i++) {
        id[i] = add_job(uow, due[i], 0, 3)->id;
    }
    must_commit(uow, "jobs");
    jobs = due_jobs(NOW, 10);
    MUST(wf_store_next_due(reader, NOW, &again, err), err);
    is_int(jobs->nelts, 5, "five are due");
    for (int i = 0; i < jobs->nelts && i < 5; i++) {
        is_int(APR_ARRAY_IDX(jobs, i, wf_id_t), id[order[i]], "… number %d", i);
    }
    is_int(again, NOW + 7, "the earliest of the others");
    jobs = due_jobs(NOW, 2);
    is_int(jobs->nelts, 2, "no more than wanted");
    is_int(APR_ARRAY_IDX(jobs, 0, wf_id_t), id[1], "… the first ones");
    for (int i = 0; i < 7; i++) {
        drop(WF_TABLE_JOB, id[i]);
    }
}

static void check_release(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_job_t *mine = add_job(uow, 0, NOW + 50, 3), *other = add_job(uow, 0, NOW + 50, 3);
    wf_job_t *row;
    apr_array_header_t *jobs;

    mine->lock_owner = "node-1";
    must_commit(uow, "locked jobs");
    MUST(wf_store_release_jobs(writer, "node-1", err), err);
    jobs = due_jobs(NOW, 10);
    ok(jobs->nelts == 1 && APR_ARRAY_IDX(jobs, 0, wf_id_t) == mine->id,
       "locks of one owner are given up");
    MUST(wf_store_get(reader, WF_TABLE_JOB, mine->id, &row, pool, err), err);
    ok(!row->lock_owner && !row->lock_exp_time && row->row.rev == 2, "… the row says so");
    drop(WF_TABLE_JOB, mine->id);
    drop(WF_TABLE_JOB, other->id);
}

/* ---- locks ----------------------------------------------------------------------- */

/* What becomes of the lock of one job. */
static const struct {
    const char *what;
    const char *owner; /* whose it is before; NULL = free */
    apr_int64_t end;
    wf_lock_e lock; /* by "me", until NOW + 50 */
    int stale;      /* the row has changed since it was read */
    int held;
    const char *owner_after;
    apr_int64_t end_after;
} locks[] = {
    { "free, taken", NULL, 0, WF_LOCK_TAKE, 0, 1, "me", NOW + 50 },
    { "expired, taken", "you", NOW, WF_LOCK_TAKE, 0, 1, "me", NOW + 50 },
    { "another's, not taken", "you", NOW + 1, WF_LOCK_TAKE, 0, 0, "you", NOW + 1 },
    { "one's own, not taken twice", "me", NOW + 1, WF_LOCK_TAKE, 0, 0, "me", NOW + 1 },
    { "changed meanwhile, not taken", NULL, 0, WF_LOCK_TAKE, 1, 0, NULL, 0 },
    { "one's own, kept", "me", NOW + 1, WF_LOCK_KEEP, 0, 1, "me", NOW + 50 },
    { "one's own and expired, kept", "me", NOW - 9, WF_LOCK_KEEP, 0, 1, "me", NOW + 50 },
    { "one's own and changed, kept", "me", NOW + 1, WF_LOCK_KEEP, 1, 1, "me", NOW + 50 },
    { "another's, not kept", "you", NOW - 9, WF_LOCK_KEEP, 0, 0, "you", NOW - 9 },
    { "given up, not kept", NULL, 0, WF_LOCK_KEEP, 0, 0, NULL, 0 },
    { "needed and there", "me", NOW - 9, WF_LOCK_NEED, 1, 1, "me", NOW - 9 },
    { "needed, another's", "you", NOW + 1, WF_LOCK_NEED, 0, 0, "you", NOW + 1 },
    { "needed and free", NULL, 0, WF_LOCK_NEED, 0, 0, NULL, 0 },
};

static void check_lock(int i)
{
    wf_error_t *err = new_error();
    wf_uow_t *uow = new_unit();
    wf_job_t *job = add_job(uow, 0, locks[i].end, 3), *row;
    wf_lock_t lock = { .what = locks[i].lock, .id = job->id, .owner = "me",
                       .until = NOW + 50, .now = NOW, .rev = 1 + locks[i].stale };
    wf_err_kind_e want = locks[i].lock == WF_LOCK_NEED && !locks[i].held
                             ? WF_ERR_CONFLICT
                             : WF_ERR_NONE;

    job->lock_owner = locks[i].owner;
    must_commit(uow, "job");
    uow = new_unit();
    wf_uow_lock(uow, &lock);
    ok(!wf_uow_is_empty(uow), "%s: something to commit", locks[i].what);
    is_int(commit_unit(uow), want, "... outcome");
    is_int(lock.held, locks[i].held, "... held");
    MUST(wf_store_get(reader, WF_TABLE_JOB, job->id, &row, pool, err), err);
    is_str(row->lock_owner, locks[i].owner_after, "... whose it is");
    is_int(row->lock_exp_time, locks[i].end_after, "... until when");
    is_int(row->row.rev, 1, "... REV_ stays");
    drop(WF_TABLE_JOB, job->id);
}

/* A job that is gone has no lock; a unit that read it before it was locked still counts. */
static void check_locks(void)
{
    wf_error_t *err = new_error();
    wf_uow_t *uow = new_unit(), *late = new_unit();
    wf_id_t id = add_job(uow, 0, 0, 3)->id;
    wf_lock_t lock = { WF_LOCK_TAKE, id, "me", NOW + 50, NOW, 1, 0 };
    wf_job_t *row;

    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        check_lock((int)i);
    }
    must_commit(uow, "job");
    MUST(wf_uow_get(late, WF_TABLE_JOB, id, &row, err), err);
    wf_uow_delete(late, row);
    uow = new_unit();
    wf_uow_lock(uow, &lock);
    must_commit(uow, "lock");
    is_int(commit_unit(late), WF_ERR_NONE, "a lock is no change of the job");
    for (wf_lock_e what = WF_LOCK_TAKE; what <= WF_LOCK_NEED; what++) {
        uow = new_unit();
        lock.what = what;
        wf_uow_lock(uow, &lock);
        is_int(commit_unit(uow), what == WF_LOCK_NEED ? WF_ERR_CONFLICT : WF_ERR_NONE,
               "the lock of a job that is gone");
        is_int(lock.held, 0, "... is nobody's");
    }
}

/* ---- purges ---------------------------------------------------------------------- */

static const wf_table_e runtime[] = {WF_TABLE_EXECUTION,    WF_TABLE_TASK,
                                     WF_TABLE_IDENTITYLINK, WF_TABLE_VARIABLE,
                                     WF_TABLE_JOB,          WF_TABLE_SUBSCRIPTION,
                                     WF_TABLE_EXTERNAL_TASK, WF_TABLE_INCIDENT};
/* Attachments are history. Byte arrays belong to both. */
static const wf_table_e history[] = { WF_TABLE_HI_PROCINST, WF_TABLE_HI_ACTINST,
                                      WF_TABLE_HI_TASKINST, WF_TABLE_HI_DETAIL,
                                      WF_TABLE_HI_VARINST,  WF_TABLE_HI_LINK,
                                      WF_TABLE_ATTACHMENT };
#define HISTORY_ROWS 13 /* of an instance */

#define COUNT(tables) (int)(sizeof(tables) / sizeof(tables[0]))

static apr_int64_t rows_in(const wf_table_e *tables, int count)
{
    apr_int64_t n = 0;

    for (int i = 0; i < count; i++) {
        n += count_rows(tables[i]);
    }
    return n;
}

/* With bytes it has a content row of its own, which is history too. */
static wf_value_t detail_value;

/* A file at a task, a link at its sub-task. */
static void add_attachments(wf_uow_t *uow, const wf_task_t *task, const wf_task_t *sub)
{
    wf_attachment_t *file = wf_uow_insert(uow, WF_TABLE_ATTACHMENT);
    wf_attachment_t *link = wf_uow_insert(uow, WF_TABLE_ATTACHMENT);
    wf_bytearray_t *content = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);

    content->name = "file";
    content->bytes = "x";
    content->length = 1;
    file->task_id = task->id;
    file->proc_inst_id = task->proc_inst_id;
    file->content_id = content->id;
    link->task_id = sub->id;
    link->url = "http://localhost/";
}

/* A person of a task or, without one, of an instance. */
static void add_person(wf_uow_t *uow, wf_id_t task, wf_id_t instance)
{
    wf_hi_link_t *row = wf_uow_insert_shared(uow, WF_TABLE_HI_LINK, wf_uow_next_id(uow));

    row->task_id = task;
    row->proc_inst_id = instance;
    row->type = "candidate";
    row->user_id = "kermit";
}

/* A sub-task knows its parent and no instance. */
static wf_task_t *add_subtask(wf_uow_t *uow, const wf_task_t *task)
{
    wf_task_t *sub = wf_uow_insert(uow, WF_TABLE_TASK);
    wf_hi_taskinst_t *done = wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, sub->id);

    done->parent_task_id = sub->parent_task_id = task->id;
    done->start_time = 1;
    add_link(uow, sub, "kermit", NULL);
    add_person(uow, sub->id, 0);
    return sub;
}

static void add_subscription(wf_uow_t *uow, const wf_execution_t *execution)
{
    wf_subscription_t *row = wf_uow_insert(uow, WF_TABLE_SUBSCRIPTION);

    row->event_type = "signal";
    row->event_name = "alert";
    row->execution_id = execution->id;
    row->proc_inst_id = execution->proc_inst_id;
    row->created = 1;
}

/* A task for workers that has failed for good. */
static void add_external(wf_uow_t *uow, const wf_execution_t *execution)
{
    wf_external_task_t *row = wf_uow_insert(uow, WF_TABLE_EXTERNAL_TASK);
    wf_incident_t *incident = wf_uow_insert(uow, WF_TABLE_INCIDENT);
    wf_bytearray_t *details = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);

    row->topic = "pay";
    row->execution_id = incident->execution_id = execution->id;
    row->proc_inst_id = incident->proc_inst_id = execution->proc_inst_id;
    row->error_details_id = details->id;
    row->retries = 0;
    incident->type = "failedExternalTask";
    incident->time = 1;
    incident->configuration = row->id;
}

static void add_history(wf_uow_t *uow, const wf_execution_t *root, const wf_task_t *task,
                        wf_id_t super)
{
    wf_hi_procinst_t *instance =
        wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, root->id);
    wf_hi_actinst_t *activity = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);
    wf_hi_taskinst_t *done = wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, task->id);
    wf_hi_detail_t *detail = wf_uow_insert(uow, WF_TABLE_HI_DETAIL);
    wf_hi_varinst_t *last =
        wf_uow_insert_shared(uow, WF_TABLE_HI_VARINST, wf_uow_next_id(uow));

    instance->proc_inst_id = root->id;
    instance->super_proc_inst_id = super;
    instance->proc_def_id = activity->proc_def_id = root->proc_def_id;
    activity->proc_inst_id = activity->execution_id = root->id;
    activity->act_id = activity->act_type = "userTask";
    done->proc_inst_id = root->id;
    detail->proc_inst_id = detail->execution_id = root->id;
    detail->type = "VariableUpdate";
    detail->name = "v";
    detail->value = last->value = detail_value;
    last->proc_inst_id = root->id;
    last->name = "v";
    detail->time = instance->start_time = activity->start_time = done->start_time = 1;
    add_person(uow, task->id, 0);
    add_person(uow, 0, root->id);
}

/* The instance that an execution belongs to; 0 of none. */
static wf_id_t instance_of(wf_id_t execution_id)
{
    wf_error_t *err = new_error();
    wf_execution_t *row;

    MUST(wf_store_get(reader, WF_TABLE_EXECUTION, execution_id, &row, pool, err), err);
    return row ? row->proc_inst_id : 0;
}

/* An instance with a child, a task and its sub-tasks, links, variables with and without
 * content, a failed job, a subscription, attachments; called from super if given. */
static wf_id_t start(const char *definition, wf_id_t super)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *root = add_instance(uow, definition);
    wf_execution_t *child = wf_uow_insert(uow, WF_TABLE_EXECUTION);
    wf_bytearray_t *trace = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    wf_job_t *job = add_job(uow, 0, 0, 1);
    wf_task_t *task, *sub;

    root->super_exec = super;
    child->parent_id = child->proc_inst_id = root->id;
    child->proc_def_id = definition;
    task = add_task(uow, child, "t");
    add_link(uow, task, NULL, "sales");
    add_variable(uow, root, "text", wf_string("x"));
    add_variable(uow, child, "bytes", wf_bytes("x", 1));
    trace->name = "job.exceptionByteArray";
    trace->bytes = "trace";
    trace->length = 5;
    job->proc_inst_id = root->id;
    job->proc_def_id = definition;
    job->exception_stack_id = trace->id;
    add_history(uow, root, task, instance_of(super));
    sub = add_subtask(uow, task);
    add_subtask(uow, sub);
    add_attachments(uow, task, sub);
    add_subscription(uow, child);
    add_external(uow, child);
    must_commit(uow, "instance");
    return child->id;
}

static wf_id_t deploy(const char *key)
{
    wf_uow_t *uow = new_unit();
    wf_id_t id = add_deployment(uow, key)->id;
    wf_identitylink_t *starter;
    wf_incident_t *incident;
    wf_job_t *timer;

    add_definition(uow, id, key, 1);
    starter = wf_uow_insert(uow, WF_TABLE_IDENTITYLINK);
    starter->type = "candidate";
    starter->user_id = "kermit";
    starter->proc_def_id = apr_pstrcat(pool, key, ":1", NULL);
    timer = add_job(uow, NOW, 0, 3);
    timer->proc_def_id = starter->proc_def_id;
    incident = wf_uow_insert(uow, WF_TABLE_INCIDENT);
    incident->proc_def_id = timer->proc_def_id;
    incident->configuration = timer->id;
    incident->type = "failedJob";
    incident->time = 1;
    must_commit(uow, "deployment");
    return id;
}

static void purge(wf_purge_e what, wf_id_t id)
{
    wf_uow_t *uow = new_unit();

    wf_uow_purge(uow, what, id);
    ok(!wf_uow_is_empty(uow), "a purge is something to write");
    must_commit(uow, "purge");
}

static void check_purges(void)
{
    wf_id_t bought = deploy("buy"), sold = deploy("sell"), calling;
    apr_int64_t empty = rows_in(runtime, COUNT(runtime)), one, others;
    apr_int64_t contents = count_rows(WF_TABLE_BYTEARRAY);

    start("sell:1", 0);
    one = rows_in(runtime, COUNT(runtime)) - empty;
    is_int(rows_in(history, COUNT(history)), HISTORY_ROWS, "history of an instance");
    others = rows_in(runtime, COUNT(runtime));

    calling = start("buy:1", 0);
    start("sell:1", calling); /* called by the instance of buy: goes with it */
    purge(WF_PURGE_INSTANCE_RUNTIME, instance_of(calling));
    is_int(rows_in(runtime, COUNT(runtime)), others,
           "an instance with the one it called is gone, an unrelated one stays");
    is_int(rows_in(history, COUNT(history)), 3 * HISTORY_ROWS, "its history stays");

    start("sell:1", start("buy:1", 0));
    start("buy:1", 0);
    purge(WF_PURGE_DEPLOYMENT_RUNTIME, bought);
    is_int(rows_in(runtime, COUNT(runtime)), others - 3,
           "a deployment: its instances, what they called, its start timer, incident and starter");
    purge(WF_PURGE_DEPLOYMENT_HISTORY, bought);
    is_int(rows_in(history, COUNT(history)), HISTORY_ROWS,
           "history of its three instances and of what they called is gone");
    purge(WF_PURGE_DEPLOYMENT_RUNTIME, sold);
    purge(WF_PURGE_DEPLOYMENT_HISTORY, sold);
    is_int(rows_in(history, COUNT(history)), 0, "no history left");
    is_int(rows_in(runtime, COUNT(runtime)), 0, "no rows left (an instance had %d)",
           (int)one);
    is_int(count_rows(WF_TABLE_BYTEARRAY), contents, "… and no content of any");
}

/* History of one instance goes without that of the instances it called, and leaves what
 * runs. */
static void check_history_purge(void)
{
    wf_id_t deployment = deploy("past"), calling, called;
    apr_int64_t contents = count_rows(WF_TABLE_BYTEARRAY), running;

    detail_value = wf_bytes("xy", 2);
    calling = start("past:1", 0);
    called = start("past:1", calling);
    running = rows_in(runtime, COUNT(runtime));
    purge(WF_PURGE_INSTANCE_HISTORY, instance_of(calling));
    is_int(rows_in(history, COUNT(history)), HISTORY_ROWS, "history of one of two");
    is_int(rows_in(runtime, COUNT(runtime)), running, "… what runs stays");
    purge(WF_PURGE_INSTANCE_HISTORY, instance_of(called));
    is_int(rows_in(history, COUNT(history)), 0, "… and of the other");
    purge(WF_PURGE_DEPLOYMENT_RUNTIME, deployment);
    is_int(count_rows(WF_TABLE_BYTEARRAY), contents, "… with its contents");
}

/* Undeploying as one unit: instances and history by purge, the rest by rows. */
static void check_undeploy(void)
{
    wf_error_t *err = new_error();
    wf_id_t id = deploy("mine");
    wf_uow_t *uow = new_unit();
    wf_deployment_t *deployment;
    apr_array_header_t *rows;
    wf_execution_t *execution;
    wf_id_t child;

    detail_value = wf_bytes("xy", 2);
    child = start("mine:1", 0);
    MUST(wf_uow_get(uow, WF_TABLE_DEPLOYMENT, id, &deployment, err), err);
    MUST(wf_uow_get(uow, WF_TABLE_EXECUTION, child, &execution, err), err);
    MUST(wf_uow_select(uow, WF_BY_DEFINITIONS_OF_DEPLOYMENT, id, &rows, err), err);
    is_int(rows->nelts, 1, "one definition");
    wf_uow_delete(uow, APR_ARRAY_IDX(rows, 0, void *));
    wf_uow_delete(uow, deployment);
    wf_uow_delete(uow, execution);
    is_int(commit_unit(uow), WF_ERR_CONFLICT, "without the purge: instances hold it");

    uow = new_unit();
    MUST(wf_uow_get(uow, WF_TABLE_DEPLOYMENT, id, &deployment, err), err);
    MUST(wf_uow_get(uow, WF_TABLE_EXECUTION, child, &execution, err), err);
    MUST(wf_uow_select(uow, WF_BY_DEFINITIONS_OF_DEPLOYMENT, id, &rows, err), err);
    wf_uow_purge(uow, WF_PURGE_DEPLOYMENT_RUNTIME, id);
    wf_uow_purge(uow, WF_PURGE_DEPLOYMENT_HISTORY, id);
    wf_uow_delete(uow, APR_ARRAY_IDX(rows, 0, void *));
    wf_uow_delete(uow, deployment);
    wf_uow_delete(uow, execution); /* the purge has taken it already */
    is_int(commit_unit(uow), WF_ERR_NONE, "with it all goes in one unit");
    is_int(rows_in(runtime, COUNT(runtime)) + rows_in(history, COUNT(history)), 0,
           "nothing is left");
    is_int(count_rows(WF_TABLE_DEFINITION), 3, "but the definitions of the others");
}

/* A purge of an instance does not hide that a row was changed meanwhile. */
static void check_late_purge(void)
{
    wf_error_t *err = new_error();
    wf_uow_t *late = new_unit(), *uow = new_unit();
    wf_execution_t *execution;
    wf_id_t root, deployment = deploy("late");

    root = instance_of(start("late:1", 0));
    MUST(wf_uow_get(late, WF_TABLE_EXECUTION, root, &execution, err), err);
    wf_uow_delete(late, execution);
    wf_uow_purge(late, WF_PURGE_INSTANCE_RUNTIME, root);
    MUST(wf_uow_get(uow, WF_TABLE_EXECUTION, root, &execution, err), err);
    execution->act_id = "elsewhere";
    wf_uow_update(uow, execution);
    must_commit(uow, "the execution moves");
    is_int(commit_unit(late), WF_ERR_CONFLICT, "an instance that moves: conflict");
    late = new_unit();
    MUST(wf_uow_get(late, WF_TABLE_EXECUTION, root, &execution, err), err);
    wf_uow_delete(late, execution);
    wf_uow_purge(late, WF_PURGE_INSTANCE_RUNTIME, root);
    is_int(commit_unit(late), WF_ERR_NONE, "seen anew it goes");
    purge(WF_PURGE_DEPLOYMENT_RUNTIME, deployment);
    purge(WF_PURGE_DEPLOYMENT_HISTORY, deployment);
}

int main(void)
{
    begin_test();
    open_test_store();
    check_each();
    check_order();
    check_release();
    check_locks();
    check_purges();
    check_history_purge();
    check_undeploy();
    check_late_purge();
    close_test_store();
    return end_test();
}
