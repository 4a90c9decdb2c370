/* Suspending and activating instances and definitions: what changes with them, what does
 * not, and that whoever has read it before meets a conflict. */
#include "store_test.h"

#include "store/internal.h"

#define NOW 100000

/* Two instances of p:1, the first of which has called one of q:1; the timer that starts
 * p:1. */
typedef struct instance_t {
    wf_execution_t *root, *child;
    wf_task_t *task;
    wf_job_t *job;
    wf_external_task_t *external;
} instance_t;

static instance_t caller, called, other;
static wf_job_t *starter;

static wf_job_t *add_job(wf_uow_t *uow, const wf_execution_t *execution, const char *key)
{
    wf_job_t *job = wf_uow_insert(uow, WF_TABLE_JOB);

    job->type = "timer";
    job->handler_type = execution ? "timer-transition" : "timer-start-event";
    job->due_date = NOW - 1;
    job->retries = 3;
    job->proc_def_id = key;
    job->execution_id = execution ? execution->id : 0;
    job->proc_inst_id = execution ? execution->proc_inst_id : 0;
    return job;
}

static instance_t start(wf_uow_t *uow, const char *key, const wf_execution_t *super)
{
    instance_t i = { .root = add_instance(uow, key) };

    i.root->super_exec = super ? super->id : 0;
    i.child = wf_uow_insert(uow, WF_TABLE_EXECUTION);
    i.child->proc_inst_id = i.child->parent_id = i.root->id;
    i.child->proc_def_id = key;
    i.task = add_task(uow, i.child, "t");
    i.job = add_job(uow, i.child, key);
    i.external = wf_uow_insert(uow, WF_TABLE_EXTERNAL_TASK);
    i.external->topic = "pay";
    i.external->execution_id = i.child->id;
    i.external->proc_inst_id = i.root->id;
    return i;
}

static void set_up(void)
{
    wf_uow_t *uow = new_unit();

    add_definition(uow, add_deployment(uow, "d")->id, "p", 1);
    add_definition(uow, add_deployment(uow, "d")->id, "q", 1);
    caller = start(uow, "p:1", NULL);
    called = start(uow, "q:1", caller.child);
    other = start(uow, "p:1", NULL);
    starter = add_job(uow, NULL, "p:1");
    must_commit(uow, "instances");
}

/* ---- what is suspended --------------------------------------------------------------- */

static void *stored(wf_table_e table, wf_id_t id)
{
    wf_error_t *err = new_error();
    void *row;

    MUST(wf_store_get(reader, table, id, &row, pool, err), err);
    return row;
}

static char mark(int suspension)
{
    return suspension == WF_SUSPENDED ? 'S' : suspension == WF_ACTIVE ? '.' : '?';
}

/* Definitions p and q, the starter; root, child, task, job and external task of each
 * instance. */
static const char *picture(void)
{
    const instance_t *all[] = { &caller, &called, &other };
    wf_error_t *err = new_error();
    wf_definition_t *p, *q;
    const char *text;

    MUST(wf_store_get_by_key(reader, WF_TABLE_DEFINITION, "p:1", &p, pool, err), err);
    MUST(wf_store_get_by_key(reader, WF_TABLE_DEFINITION, "q:1", &q, pool, err), err);
    text =
        apr_psprintf(pool, "%c%c%c", mark(p->suspension), mark(q->suspension),
                     mark(((wf_job_t *)stored(WF_TABLE_JOB, starter->id))->suspension));
    for (int i = 0; i < 3; i++) {
        wf_execution_t *root = stored(WF_TABLE_EXECUTION, all[i]->root->id);
        wf_execution_t *child = stored(WF_TABLE_EXECUTION, all[i]->child->id);
        wf_task_t *task = stored(WF_TABLE_TASK, all[i]->task->id);
        wf_job_t *job = stored(WF_TABLE_JOB, all[i]->job->id);
        wf_external_task_t *external =
            stored(WF_TABLE_EXTERNAL_TASK, all[i]->external->id);

        text = apr_psprintf(pool, "%s %c%c%c%c%c", text, mark(root->suspension),
                            mark(child->suspension), mark(task->suspension),
                            mark(job->suspension), mark(external->suspension));
    }
    return text;
}

static int count_due(void)
{
    wf_error_t *err = new_error();
    apr_int64_t next;

    MUST(wf_store_next_due(reader, NOW, &next, err), err);
    is_int(next, 0, "… nor later");
    return due_jobs(NOW, 10)->nelts;
}

enum { INSTANCE, DEFINITION, WITH_INSTANCES };

/* One after the other. */
static const struct {
    const char *text;
    int what;
    const char *key; /* NULL: the caller's instance */
    int state;
    const char *picture;
    int due;
} steps[] = {
    { "an instance", INSTANCE, NULL, WF_SUSPENDED, "... SSSSS SSSSS .....", 2 },
    { "again", INSTANCE, NULL, WF_SUSPENDED, "... SSSSS SSSSS .....", 2 },
    { "activated", INSTANCE, NULL, WF_ACTIVE, "... ..... ..... .....", 4 },
    { "a definition", DEFINITION, "p:1", WF_SUSPENDED, "S.S ..... ..... .....", 3 },
    { "activated", DEFINITION, "p:1", WF_ACTIVE, "... ..... ..... .....", 4 },
    { "with instances", WITH_INSTANCES, "p:1", WF_SUSPENDED, "S.S SSSSS SSSSS SSSSS", 0 },
    { "some of it back", WITH_INSTANCES, "q:1", WF_ACTIVE, "S.S SSSSS ..... SSSSS", 1 },
    { "activated", WITH_INSTANCES, "p:1", WF_ACTIVE, "... ..... ..... .....", 4 },
    { "the called one alone", WITH_INSTANCES, "q:1", WF_SUSPENDED,
      ".S. ..... SSSSS .....", 3 },
    { "an unknown one", WITH_INSTANCES, "x:1", WF_SUSPENDED, ".S. ..... SSSSS .....", 3 },
    { "all", WITH_INSTANCES, "q:1", WF_ACTIVE, "... ..... ..... .....", 4 },
};

static void suspend(wf_uow_t *uow, int what, const char *key, int state)
{
    if (what == INSTANCE) {
        wf_uow_suspend_instance(uow, caller.root->id, state);
    }
    else {
        wf_uow_suspend_definition(uow, key, what == WITH_INSTANCES, state);
    }
}

static void check_steps(void)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        wf_uow_t *uow = new_unit();

        suspend(uow, steps[i].what, steps[i].key, steps[i].state);
        ok(!wf_uow_is_empty(uow), "%s: something to write", steps[i].text);
        must_commit(uow, steps[i].text);
        is_str(picture(), steps[i].picture, "… what is suspended");
        is_int(count_due(), steps[i].due, "… jobs that are due");
    }
}

/* ---- units that meet ------------------------------------------------------------------ */

static void check_revisions(void)
{
    wf_uow_t *uow = new_unit(), *late = new_unit(), *starting = new_unit();
    wf_error_t *err = new_error();
    wf_task_t *task;
    wf_definition_t *definition;
    int rev = ((wf_task_t *)stored(WF_TABLE_TASK, caller.task->id))->row.rev;

    MUST(wf_uow_get(late, WF_TABLE_TASK, caller.task->id, &task, err), err);
    wf_uow_delete(late, task);
    MUST(wf_uow_get_by_key(starting, WF_TABLE_DEFINITION, "p:1", &definition, err), err);
    wf_uow_expect(starting, definition);
    add_instance(starting, "p:1");
    wf_uow_suspend_definition(uow, "p:1", 1, WF_SUSPENDED);
    must_commit(uow, "suspend");
    is_int(commit_unit(late), WF_ERR_CONFLICT, "who completes a task meanwhile");
    is_int(commit_unit(starting), WF_ERR_CONFLICT, "… who starts an instance");
    task = stored(WF_TABLE_TASK, caller.task->id);
    is_int(task->row.rev, rev + 1, "one revision for one change");
    uow = new_unit();
    wf_uow_suspend_instance(uow, caller.root->id, WF_SUSPENDED);
    must_commit(uow, "suspend again");
    task = stored(WF_TABLE_TASK, caller.task->id);
    is_int(task->row.rev, rev + 1, "… and none for no change");
}

/* What the unit itself changes is changed first. */
static void check_same_unit(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_task_t *task;

    MUST(wf_uow_get(uow, WF_TABLE_TASK, caller.task->id, &task, err), err);
    task->assignee = "kermit";
    wf_uow_update(uow, task);
    wf_uow_suspend_instance(uow, caller.root->id, WF_ACTIVE);
    is_int(commit_unit(uow), WF_ERR_NONE, "a unit changes and activates a task");
    task = stored(WF_TABLE_TASK, caller.task->id);
    ok(task->suspension == WF_ACTIVE && task->assignee, "… both");
}

int main(void)
{
    begin_test();
    open_test_store();
    set_up();
    check_steps();
    check_revisions();
    check_same_unit();
    close_test_store();
    return end_test();
}
