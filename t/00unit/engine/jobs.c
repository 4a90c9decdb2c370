/* The job executor, with two engines on one store: a job that takes three times its lease
 * has one effect, an engine that has lost its lock leaves no outcome, a job asked for is
 * not run beside that, and a flood of jobs of one instance does not hold up another.
 *
 * A job takes long because the model of its definition is loaded when it begins, and here
 * that waits at a gate. */
#include <pthread.h>

#include "../store/store_test.h"
#include "engine/internal.h"
#include "wait.h"

#define LEASE 1 /* second */
#define CROWD 60
#define BRANCHES 150 /* more than are passed over at every look */

#define HEAD                                                                             \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'"                   \
    " xmlns:activiti='http://activiti.org/bpmn' targetNamespace='t'><process id='"
#define TAIL "</process></definitions>"

/* One engine, and how often it has loaded the model behind the gate. */
typedef struct node_t {
    wf_engine_t engine;
    const char *gated; /* definition whose model waits; NULL = none */
    int fails;         /* its model cannot be loaded */
    int open;          /* its gate */
    int loads;
} node_t;

static node_t a, b;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the gate and the loads */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int works_done, logged;

/* ---- the gate ------------------------------------------------------------------------ */

static apr_status_t load_at(node_t *node, void *baton, const wf_definition_t *definition,
                            const char **xml, apr_size_t *length, apr_pool_t *p,
                            wf_error_t *err)
{
    int fails;

    pthread_mutex_lock(&lock);
    if (node->gated && !strcmp(node->gated, definition->id)) {
        int first = node->loads++ == 0; /* who wants to know it meanwhile does not wait */

        pthread_cond_broadcast(&changed);
        while (first && !node->open && !node->fails) {
            pthread_cond_wait(&changed, &lock);
        }
    }
    fails = node->fails;
    pthread_mutex_unlock(&lock);
    return fails ? wf_error_set(err, WF_ERR_EXECUTION, "it fails")
                 : wf_engine_load_model(baton, definition, xml, length, p, err);
}

static apr_status_t load_a(void *baton, const wf_definition_t *definition,
                           const char **xml, apr_size_t *length, apr_pool_t *p,
                           wf_error_t *err)
{
    return load_at(&a, baton, definition, xml, length, p, err);
}

static apr_status_t load_b(void *baton, const wf_definition_t *definition,
                           const char **xml, apr_size_t *length, apr_pool_t *p,
                           wf_error_t *err)
{
    return load_at(&b, baton, definition, xml, length, p, err);
}

static void set_gate(node_t *node, int open)
{
    pthread_mutex_lock(&lock);
    node->open = open;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static int value_of(const int *value)
{
    int now;

    pthread_mutex_lock(&lock);
    now = *value;
    pthread_mutex_unlock(&lock);
    return now;
}

static int loads_of(const node_t *node)
{
    return value_of(&node->loads);
}

/* Models of this definition wait from now on. */
static void gate_models(const char *definition)
{
    pthread_mutex_lock(&lock);
    a.open = !definition;
    b.open = 1;
    a.gated = b.gated = definition;
    a.loads = b.loads = 0;
    pthread_mutex_unlock(&lock);
    if (definition) {
        wf_models_forget(a.engine.models, definition);
        wf_models_forget(b.engine.models, definition);
    }
}

/* ---- engines -------------------------------------------------------------------------- */

static void open_node(node_t *node, const char *name, wf_model_loader_fn *loader)
{
    wf_engine_t *e = &node->engine;
    wf_error_t *err = new_error();

    apr_pool_create(&e->pool, NULL);
    e->node = name;
    e->config.store = test_dsn;
    e->config.executor_threads = 16;
    e->queue_limit = 100;
    e->max_steps = 100000;
    e->job_lease = LEASE;
    e->job_retry_wait = 60;
    MUST(wf_store_open(&e->writer, test_dsn, WF_STORE_WRITE, e->pool, err), err);
    MUST(wf_ids_create(&e->ids, e->writer, e->pool, err), err);
    e->models = wf_models_create(10, loader, NULL, e->pool);
    e->running = wf_running_create(e->pool);
    MUST(wf_executor_create(&e->executor, e, err), err);
    MUST(wf_committer_create(&e->committer, e, err), err);
    MUST(wf_polls_create(&e->polls, e, err), err);
    MUST(wf_jobs_create(&e->jobs, e, err), err);
}

static void close_node(node_t *node)
{
    wf_engine_t *e = &node->engine;

    wf_jobs_destroy(e->jobs);
    wf_executor_drain(e->executor, wf_mono_us() + WAIT_US);
    wf_committer_destroy(e->committer);
    wf_executor_destroy(e->executor);
    wf_polls_destroy(e->polls);
    wf_store_close(e->writer);
    apr_pool_destroy(e->pool);
}

static void switch_jobs(node_t *node, int on)
{
    __atomic_store_n(&node->engine.job_executor, on, __ATOMIC_RELAXED);
    wf_jobs_wake(node->engine.jobs);
}

/* ---- works ---------------------------------------------------------------------------- */

typedef struct asked_t {
    wf_work_fn *run;
    const char *file;       /* to deploy */
    const char *definition; /* to start */
    wf_id_t id;             /* of the instance started */
    wf_err_kind_e outcome;
} asked_t;

static asked_t *asked; /* the one under way */

static apr_status_t deploy(wf_work_t *work, wf_error_t *err)
{
    wf_file_t file = { "p.bpmn20.xml", asked->file, strlen(asked->file) };
    apr_array_header_t *files = apr_array_make(work->pool, 1, sizeof(file));
    wf_deployment_t *deployment;

    APR_ARRAY_PUSH(files, wf_file_t) = file;
    return wf_engine_deploy(work, "p", files, &deployment, err);
}

static apr_status_t start(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    wf_started_t started;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION, asked->definition,
                                        &definition, err);

    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_start(&call, definition, NULL, NULL, &started, err);
    }
    asked->id = rv == APR_SUCCESS ? started.id : 0;
    return rv;
}

static void done(wf_work_t *work, const wf_error_t *err)
{
    (void)work;
    if (err->kind != WF_ERR_NONE) {
        diag("%s", err->message);
    }
    pthread_mutex_lock(&lock);
    asked->outcome = err->kind;
    works_done++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Have the node do it; with wait until it is on disk. */
static void ask(node_t *node, asked_t *what, json_object *args, int wait)
{
    wf_work_t *work = wf_work_create(&node->engine, "asked");
    int before = value_of(&works_done);

    asked = what;
    work->run = what->run;
    work->done = done;
    work->args = args;
    if (args) {
        work->find_lane = wf_lane_of_job;
    }
    if (what->run == wf_command_execute_job) {
        work->after = work->dropped = wf_job_executed;
    }
    wf_executor_submit(node->engine.executor, work);
    pthread_mutex_lock(&lock);
    while (wait && works_done == before) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static wf_err_kind_e outcome_of(const asked_t *what)
{
    wf_err_kind_e outcome;

    pthread_mutex_lock(&lock);
    outcome = what->outcome;
    pthread_mutex_unlock(&lock);
    return outcome;
}

static void deploy_file(const char *file)
{
    asked_t what = { .run = deploy, .file = file };

    ask(&a, &what, NULL, 1);
    is_int(outcome_of(&what), WF_ERR_NONE, "deployed");
}

static wf_id_t start_instance(const char *definition)
{
    asked_t what = { .run = start, .definition = definition };

    ask(&a, &what, NULL, 1);
    return what.id;
}

/* ---- what the store has ------------------------------------------------------------------- */

static int count_of(wf_relation_e relation, wf_id_t instance)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_store_select(reader, relation, instance, &rows, pool, err), err);
    return rows->nelts;
}

static wf_job_t *job_of(wf_id_t instance)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_store_select(reader, WF_BY_JOBS_OF_INSTANCE, instance, &rows, pool, err),
         err);
    return rows->nelts ? APR_ARRAY_IDX(rows, 0, wf_job_t *) : NULL;
}

static const char *owner_of(wf_id_t instance)
{
    wf_job_t *job = job_of(instance);

    return job ? job->lock_owner : "the job is gone";
}

/* An instance with one job, and a's attempt of it is at the gate. */
static wf_id_t begin_slow_job(void)
{
    wf_id_t instance = start_instance("slow:1");

    gate_models("slow:1");
    return instance;
}

static void end_case(void)
{
    switch_jobs(&a, 0);
    switch_jobs(&b, 0);
    WAIT_FOR(wf_executor_pending(a.engine.executor) == 0);
    WAIT_FOR(wf_executor_pending(b.engine.executor) == 0);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_lease_is_kept(void)
{
    wf_id_t instance = begin_slow_job();
    apr_int64_t began = wf_time_ms();

    switch_jobs(&a, 1);
    WAIT_FOR(loads_of(&a) == 1);
    switch_jobs(&b, 1);
    WAIT_FOR(wf_time_ms() - began > 3000 * LEASE); /* three times its lease */
    is_str(owner_of(instance), "a", "it is still a's");
    ok(job_of(instance) && job_of(instance)->lock_exp_time > wf_time_ms(),
       "its lock has not ended");
    is_int(loads_of(&b), 0, "b has not begun it");
    set_gate(&a, 1);
    WAIT_FOR(!job_of(instance));
    is_int(count_of(WF_BY_HI_TASKS_OF_INSTANCE, instance), 1, "one effect");
    is_int(loads_of(&a), 1, "begun once");
    end_case();
    is_int(loads_of(&b), 0, "and not by b");
}

/* As if a had shown no life until its lock ended. */
static void end_lock(wf_id_t instance)
{
    wf_job_t *job = job_of(instance);
    wf_lock_t taken = { .what = WF_LOCK_TAKE,
                        .id = job->id,
                        .owner = "nobody",
                        .until = wf_time_ms() - 1,
                        .now = job->lock_exp_time + 60000,
                        .rev = job->row.rev };
    wf_uow_t *uow = new_unit();

    wf_uow_lock(uow, &taken);
    must_commit(uow, "end of the lock");
    ok(taken.held, "the lock has ended");
}

static void set_fails(int fails)
{
    pthread_mutex_lock(&lock);
    b.fails = fails;
    pthread_mutex_unlock(&lock);
}

static void test_lock_is_lost(int fails)
{
    wf_id_t instance = begin_slow_job();

    set_fails(fails);
    switch_jobs(&a, 1);
    WAIT_FOR(loads_of(&a) == 1);
    switch_jobs(&a, 0);
    end_lock(instance);
    switch_jobs(&b, 1);
    WAIT_FOR(loads_of(&b) > 0);
    WAIT_FOR(!job_of(instance) || job_of(instance)->retries == 2);
    set_gate(&a, 1);
    end_case();
    is_int(count_of(WF_BY_HI_TASKS_OF_INSTANCE, instance), fails ? 0 : 1,
           fails ? "b's failure is what counts" : "one effect");
    is_int(loads_of(&a), 1, "a has not begun it again");
    is_int(job_of(instance) ? job_of(instance)->retries : -1, fails ? 2 : -1,
           "an outcome is counted once");
    set_fails(0);
}

/* While the engine that has it now still runs it, the one that had it comes to its end.
 */
static void test_outcome_is_late(void)
{
    wf_id_t instance = begin_slow_job();

    switch_jobs(&a, 1);
    WAIT_FOR(loads_of(&a) == 1);
    switch_jobs(&a, 0);
    end_lock(instance);
    set_gate(&b, 0);
    switch_jobs(&b, 1);
    WAIT_FOR(loads_of(&b) == 1);
    set_gate(&a, 1);
    WAIT_FOR(wf_executor_pending(a.engine.executor) == 0);
    is_str(owner_of(instance), "b", "the outcome of a does not count");
    set_gate(&b, 1);
    WAIT_FOR(!job_of(instance));
    end_case();
    is_int(count_of(WF_BY_HI_TASKS_OF_INSTANCE, instance), 1, "one effect");
    is_int(loads_of(&a) * 10 + loads_of(&b), 11, "neither has begun it again");
}

/* A job that is due and that somebody asks for is run for him alone. */
static void test_asked_for(void)
{
    wf_id_t instance = begin_slow_job(), other = start_instance("crowd:1");
    asked_t what = { .run = wf_command_execute_job };
    json_object *args = wf_json_own(json_object_new_object(), pool);
    int before = value_of(&works_done);

    wf_json_add_int(args, "id", job_of(instance)->id);
    ask(&a, &what, args, 0);
    WAIT_FOR(loads_of(&a) == 1);
    switch_jobs(&a, 1);
    WAIT_FOR(!job_of(other));
    is_str(owner_of(instance), NULL, "the job executor leaves it alone");
    set_gate(&a, 1);
    WAIT_FOR(value_of(&works_done) > before);
    is_int(outcome_of(&what), WF_ERR_NONE, "he gets his answer");
    is_int(count_of(WF_BY_HI_TASKS_OF_INSTANCE, instance), 1, "one effect");
    is_int(loads_of(&a), 1, "begun once");
    end_case();
}

static wf_err_kind_e ask_about_job(wf_work_fn *run, wf_id_t job)
{
    asked_t what = { .run = run };
    json_object *args = wf_json_own(json_object_new_object(), pool);

    wf_json_add_int(args, "id", job);
    wf_json_add_int(args, "retries", 9);
    ask(&a, &what, args, 1);
    return outcome_of(&what);
}

/* Another engine has locked the job: it is not deleted, and keeps its lock. */
static void test_locked_elsewhere(void)
{
    wf_id_t instance = start_instance("slow:1");
    wf_job_t *job = job_of(instance);
    wf_lock_t taken = { .what = WF_LOCK_TAKE,
                        .id = job->id,
                        .owner = "b",
                        .until = wf_time_ms() + 60000,
                        .now = wf_time_ms(),
                        .rev = job->row.rev };
    wf_uow_t *uow = new_unit();

    wf_uow_lock(uow, &taken);
    must_commit(uow, "lock");
    is_int(ask_about_job(wf_command_delete_job, job->id), WF_ERR_CONFLICT, "not deleted");
    is_int(ask_about_job(wf_command_job_retries, job->id), WF_ERR_NONE, "attempts set");
    is_int(job_of(instance)->retries, 9, "... to so many");
    is_str(owner_of(instance), "b", "... it is b's as before");
    taken.what = WF_LOCK_KEEP;
    taken.until = wf_time_ms() - 1;
    uow = new_unit();
    wf_uow_lock(uow, &taken);
    must_commit(uow, "end of the lock");
    is_int(ask_about_job(wf_command_delete_job, job->id), WF_ERR_NONE, "deleted");
    ok(!job_of(instance), "... gone");
    is_int(ask_about_job(wf_command_delete_job, job->id), WF_ERR_NOT_FOUND, "once");
}

static const char *flood_file(void)
{
    const char *text = HEAD "flood'><startEvent id='s'/><parallelGateway id='f'/>"
                            "<sequenceFlow id='x' sourceRef='s' targetRef='f'/>";

    for (int i = 0; i < BRANCHES; i++) {
        text = apr_psprintf(pool,
                            "%s<userTask id='t%d' activiti:async='true'/>"
                            "<sequenceFlow id='x%d' sourceRef='f' targetRef='t%d'/>",
                            text, i, i, i);
    }
    return apr_pstrcat(pool, text, TAIL, NULL);
}

static void test_flood(void)
{
    wf_id_t many = start_instance("flood:1"), one = start_instance("slow:1");

    is_int(count_of(WF_BY_JOBS_OF_INSTANCE, many), BRANCHES, "many jobs of one instance");
    gate_models("flood:1");
    switch_jobs(&a, 1);
    WAIT_FOR(loads_of(&a) == 1);
    WAIT_FOR(!job_of(one));
    is_int(count_of(WF_BY_JOBS_OF_INSTANCE, many), BRANCHES,
           "what is behind them did not wait for them");
    set_gate(&a, 1);
    WAIT_FOR(!job_of(many));
    is_int(count_of(WF_BY_HI_TASKS_OF_INSTANCE, many), BRANCHES, "each done once");
    end_case();
}

/* Many jobs that are not exclusive, and a join for which they all change one row: each
 * works at last, and none has lost an attempt by that. */
static const char *crowd_file(void)
{
    const char *text = HEAD "crowd'><startEvent id='s'/><parallelGateway id='f'/>"
                            "<parallelGateway id='j'/><userTask id='t'/>"
                            "<sequenceFlow id='x' sourceRef='s' targetRef='f'/>"
                            "<sequenceFlow id='y' sourceRef='j' targetRef='t'/>";

    for (int i = 0; i < CROWD; i++) {
        text = apr_psprintf(pool,
                            "%s<task id='t%d' activiti:async='true' "
                            "activiti:exclusive='false'/>"
                            "<sequenceFlow id='x%d' sourceRef='f' targetRef='t%d'/>"
                            "<sequenceFlow id='y%d' sourceRef='t%d' targetRef='j'/>",
                            text, i, i, i, i, i);
    }
    return apr_pstrcat(pool, text, TAIL, NULL);
}

static void test_crowd(void)
{
    wf_id_t instance = start_instance("crowd:1");
    apr_int64_t before = value_of(&logged);

    is_int(count_of(WF_BY_JOBS_OF_INSTANCE, instance), CROWD, "many jobs at once");
    switch_jobs(&a, 1);
    WAIT_FOR(!job_of(instance));
    is_int(value_of(&logged), before, "none has failed");
    is_int(count_of(WF_BY_TASKS_OF_INSTANCE, instance), 1, "joined once");
    end_case();
}

static void quiet(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    pthread_mutex_lock(&lock);
    logged++;
    pthread_mutex_unlock(&lock);
    diag("%s", text);
}

/* ---- suspended on the way ---------------------------------------------------------------- */

static apr_status_t set_definition(wf_work_t *work, int state, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION, asked->definition,
                                        &definition, err);

    return rv == APR_SUCCESS
               ? wf_bpmn_suspend_definition(&call, definition, state, 1, 0, err)
               : rv;
}

static apr_status_t suspend(wf_work_t *work, wf_error_t *err)
{
    return set_definition(work, WF_SUSPENDED, err);
}

static apr_status_t activate(wf_work_t *work, wf_error_t *err)
{
    return set_definition(work, WF_ACTIVE, err);
}

/* The attempt has begun and cannot be committed: begun again, it lets go of the job. */
static void test_suspended_on_the_way(void)
{
    asked_t suspension = { .run = suspend, .definition = "slow:1" };
    asked_t activation = { .run = activate, .definition = "slow:1" };
    wf_id_t instance = begin_slow_job(), other;
    int retries = job_of(instance)->retries;

    switch_jobs(&a, 1);
    WAIT_FOR(loads_of(&a) == 1);
    ask(&a, &suspension, NULL, 1);
    is_int(outcome_of(&suspension), WF_ERR_NONE, "suspended while its job runs");
    set_gate(&a, 1);
    WAIT_FOR(wf_executor_pending(a.engine.executor) == 0);
    ok(job_of(instance) != NULL, "the job is still there");
    is_str(owner_of(instance), NULL, "nobody has it");
    is_int(job_of(instance)->retries, retries, "it keeps its attempts");
    other = start_instance("crowd:1");
    WAIT_FOR(!job_of(other));
    ok(job_of(instance) != NULL, "and is not due: others are done meanwhile");
    ask(&a, &activation, NULL, 1);
    is_int(outcome_of(&activation), WF_ERR_NONE, "activated");
    WAIT_FOR(!job_of(instance));
    is_int(count_of(WF_BY_EXECUTIONS_OF_INSTANCE, instance) > 0, 1, "the instance has gone on");
    end_case();
}

int main(void)
{
    begin_test();
    open_test_store();
    wf_log_to(quiet, NULL);
    open_node(&a, "a", load_a);
    open_node(&b, "b", load_b);
    deploy_file(HEAD "slow'><startEvent id='s'/><userTask id='t' activiti:async='true'/>"
                     "<sequenceFlow id='x' sourceRef='s' targetRef='t'/>" TAIL);
    deploy_file(flood_file());
    deploy_file(crowd_file());
    test_lease_is_kept();
    test_lock_is_lost(0);
    test_lock_is_lost(1);
    test_outcome_is_late();
    test_asked_for();
    test_locked_elsewhere();
    test_suspended_on_the_way();
    test_flood();
    test_crowd();
    close_node(&b);
    close_node(&a);
    close_test_store();
    return end_test();
}
