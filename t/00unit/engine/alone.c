/* Works that others are always faster than: after a few lost commits each is tried alone,
 * and nothing is committed beside it. With the real executor and committer, with writers
 * that never rest, and with signals for instances that move all the time. */
#include <pthread.h>
#include <time.h>

#include "../store/store_test.h"
#include "engine/internal.h"

#define WAIT_US (30 * APR_INT64_C(1000000))
#define INSTANCES 12
#define THROWS 3

static wf_engine_t engine;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int commits; /* of writers */
static int writers, stop_writing;

static int value_of(const int *value)
{
    int now;

    pthread_mutex_lock(&lock);
    now = *value;
    pthread_mutex_unlock(&lock);
    return now;
}

/* 1 if writers have committed so often since then, in time. */
static int wait_for_commits(int before, int count)
{
    apr_int64_t until = wf_mono_us() + WAIT_US;
    struct timespec pause = { 0, 1000000 };

    while (value_of(&commits) < before + count && wf_mono_us() < until) {
        nanosleep(&pause, NULL);
    }
    return value_of(&commits) >= before + count;
}

/* ---- writers ------------------------------------------------------------------------- */

typedef struct writer_t {
    wf_id_t instance; /* to be moved; 0: change the group */
    int failures;
} writer_t;

static void write_again(writer_t *w);

static apr_status_t lane_of_writer(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    const writer_t *w = work->baton;

    (void)err;
    *lane = (wf_lane_t){ WF_LANE_INSTANCE, w->instance ? w->instance : 1 };
    return APR_SUCCESS;
}

static apr_status_t change_group(wf_work_t *work, wf_error_t *err)
{
    wf_group_t *group;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_GROUP, "shared", &group, err);

    if (rv == APR_SUCCESS) {
        group->name = apr_psprintf(work->pool, "%" APR_INT64_T_FMT, wf_mono_us());
        wf_uow_update(work->uow, group);
    }
    return rv;
}

static apr_status_t write_once(wf_work_t *work, wf_error_t *err)
{
    const writer_t *w = work->baton;
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return w->instance ? wf_bpmn_signal(&call, w->instance, "r", NULL, err)
                       : change_group(work, err);
}

static void written(wf_work_t *work, const wf_error_t *err)
{
    writer_t *w = work->baton;
    int goes_on, first_failure;

    pthread_mutex_lock(&lock);
    commits++;
    first_failure = err->kind != WF_ERR_NONE && w->failures++ == 0;
    goes_on = !stop_writing;
    writers -= !goes_on;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (first_failure) {
        diag("a writer: %s", err->message);
    }
    if (goes_on) {
        write_again(w);
    }
}

static void write_again(writer_t *w)
{
    wf_work_t *work = wf_work_create(&engine, "writer");

    work->baton = w;
    work->find_lane = lane_of_writer;
    work->run = write_once;
    work->done = written;
    wf_executor_submit(engine.executor, work);
}

static void begin_writing(writer_t *all, int count)
{
    stop_writing = 0;
    writers = count;
    for (int i = 0; i < count; i++) {
        write_again(&all[i]);
    }
}

static void end_writing(void)
{
    pthread_mutex_lock(&lock);
    stop_writing = 1;
    while (writers) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- a loser: as long as it is not alone a writer is faster ---------------------------- */

typedef struct loser_t {
    const char *what;
    int outside; /* alone: it waits outside */
    int stays;   /* alone: it lets nobody know that it waits */
    int fails;   /* alone: it fails */
    int rests;   /* alone: it changes nothing */

    int tries, alone; /* how often */
    int beside;       /* commits while it was alone */
    int others_did;   /* they went on while it waited */
    int is_over;
    wf_err_kind_e kind;
} loser_t;

static void be_alone(loser_t *l, wf_work_t *work)
{
    struct timespec pause = { 0, 50000000 };
    int before = value_of(&commits);

    l->alone++;
    if (l->outside) {
        wf_work_waits_outside(work);
    }
    if (l->outside || l->stays) {
        l->others_did = wait_for_commits(before, 2);
        return;
    }
    nanosleep(&pause, NULL);
    l->beside += value_of(&commits) - before;
}

static apr_status_t lose(wf_work_t *work, wf_error_t *err)
{
    loser_t *l = work->baton;
    apr_status_t rv = change_group(work, err);

    work->tries_again = 1;
    l->tries++;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!work->alone) {
        /* Of two commits one began after the row was read. */
        if (!l->others_did) {
            wait_for_commits(value_of(&commits), 2);
        }
        return APR_SUCCESS;
    }
    be_alone(l, work);
    if (l->fails) {
        return wf_error_set(err, WF_ERR_EXECUTION, "it fails");
    }
    work->reads = l->rests;
    return APR_SUCCESS;
}

static void lost(wf_work_t *work, const wf_error_t *err)
{
    loser_t *l = work->baton;

    pthread_mutex_lock(&lock);
    l->kind = err->kind;
    l->is_over = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void submit(loser_t *l, wf_work_fn *run)
{
    wf_work_t *work = wf_work_create(&engine, "loser");

    work->baton = l;
    work->run = run;
    work->done = lost;
    wf_executor_submit(engine.executor, work);
}

static void wait_for(const loser_t *l)
{
    pthread_mutex_lock(&lock);
    while (!l->is_over) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void test_losers(void)
{
    static loser_t losers[] = {
        { .what = "it is tried alone" },
        { .what = "another one" },
        { .what = "alone it fails", .fails = 1 },
        { .what = "alone it changes nothing", .rests = 1 },
        { .what = "alone it waits outside", .outside = 1 },
        { .what = "alone it takes too long", .stays = 1 },
    };
    static writer_t writer_of_group;
    int count = sizeof(losers) / sizeof(losers[0]);

    begin_writing(&writer_of_group, 1);
    for (int i = 0; i < count; i++) {
        submit(&losers[i], lose);
    }
    for (int i = 0; i < count; i++) {
        const loser_t *l = &losers[i];
        int waits = l->outside || l->stays;

        wait_for(l);
        if (!waits) {
            is_int(l->kind, l->fails ? WF_ERR_EXECUTION : WF_ERR_NONE, "%s: its outcome",
                   l->what);
            is_int(l->tries, WF_WORK_LOSSES + 1, "%s: its tries", l->what);
        }
        ok(l->alone >= 1, "%s: it was alone", l->what);
        is_int(l->beside, 0, "%s: nobody else committed", l->what);
        is_int(l->others_did, waits, "%s: others go on while it waits", l->what);
    }
    is_int(losers[4].alone, 1, "what waits outside is not tried alone again");
    is_int(losers[5].alone, 1, "neither is what takes too long");
    ok(wait_for_commits(value_of(&commits), 10), "the writer goes on");
    end_writing();
    is_int(writer_of_group.failures, 0, "it has met no conflict");
}

/* ---- a signal for all ------------------------------------------------------------------ */

static const char file[] =
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "
    "targetNamespace='t'>"
    "<signal id='A' name='A'/><process id='p'><startEvent id='s'/><receiveTask id='r'/>"
    "<boundaryEvent id='b' attachedToRef='r' cancelActivity='false'>"
    "<signalEventDefinition signalRef='A'/></boundaryEvent><endEvent id='e'/>"
    "<sequenceFlow id='f1' sourceRef='s' targetRef='r'/>"
    "<sequenceFlow id='f2' sourceRef='r' targetRef='r'/>"
    "<sequenceFlow id='f3' sourceRef='b' targetRef='e'/></process></definitions>";

static writer_t movers[INSTANCES];

static apr_status_t deploy(wf_work_t *work, wf_error_t *err)
{
    wf_file_t one = { "p.bpmn20.xml", file, sizeof(file) - 1 };
    apr_array_header_t *files = apr_array_make(work->pool, 1, sizeof(one));
    wf_deployment_t *deployment;

    APR_ARRAY_PUSH(files, wf_file_t) = one;
    return wf_engine_deploy(work, "p", files, &deployment, err);
}

static apr_status_t start_all(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    wf_started_t started;
    apr_status_t rv =
        wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION, "p:1", &definition, err);

    for (int i = 0; rv == APR_SUCCESS && i < INSTANCES; i++) {
        rv = wf_bpmn_start(&call, definition, NULL, NULL, &started, err);
        movers[i].instance = rv == APR_SUCCESS ? started.id : 0;
    }
    return rv;
}

static apr_status_t throw(wf_work_t * work, wf_error_t *err)
{
    loser_t *l = work->baton;
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    l->tries++;
    l->alone += work->alone;
    return wf_bpmn_throw(&call, "A", NULL, 0, err);
}

static int visits_of_end(wf_id_t instance)
{
    apr_array_header_t *rows;
    wf_error_t *err = new_error();
    int count = 0;

    MUST(wf_store_select(reader, WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance, &rows, pool,
                         err),
         err);
    for (int i = 0; i < rows->nelts; i++) {
        count += !strcmp(APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *)->act_id, "e");
    }
    return count;
}

static void do_now(wf_work_fn *run, const char *what)
{
    loser_t l = { .what = what };

    submit(&l, run);
    wait_for(&l);
    is_int(l.kind, WF_ERR_NONE, "%s", what);
}

static void test_signal(void)
{
    static loser_t throws[THROWS];
    int failures = 0, wrong = 0;

    do_now(deploy, "deployed");
    do_now(start_all, "instances wait for a signal");
    begin_writing(movers, INSTANCES);
    wait_for_commits(value_of(&commits), INSTANCES);
    for (int i = 0; i < THROWS; i++) {
        submit(&throws[i], throw);
    }
    for (int i = 0; i < THROWS; i++) {
        wait_for(&throws[i]);
        is_int(throws[i].kind, WF_ERR_NONE, "a signal reaches all while they move");
        ok(throws[i].tries <= WF_WORK_LOSSES + 2, "after %d tries", throws[i].tries);
    }
    end_writing();
    for (int i = 0; i < INSTANCES; i++) {
        failures += movers[i].failures;
        wrong += visits_of_end(movers[i].instance) != THROWS;
    }
    is_int(failures, 0, "those who moved them never failed");
    is_int(wrong, 0, "each instance has heard each signal once");
}

/* ---- the engine ------------------------------------------------------------------------ */

static void quiet(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    (void)text;
}

static void make_group(void)
{
    wf_uow_t *uow = new_unit();

    add_group(uow, "shared", NULL, NULL);
    must_commit(uow, "a group");
}

int main(void)
{
    wf_error_t *err;

    begin_test();
    open_test_store();
    wf_log_to(quiet, NULL);
    err = new_error();
    make_group();
    apr_pool_create(&engine.pool, NULL);
    engine.writer = writer;
    engine.ids = ids;
    engine.node = "alone";
    engine.config.store = test_dsn;
    engine.config.executor_threads = 8;
    engine.queue_limit = 100;
    engine.max_steps = 10000;
    engine.history = WF_HISTORY_AUDIT;
    engine.models = wf_models_create(10, wf_engine_load_model, NULL, engine.pool);
    engine.running = wf_running_create(engine.pool);
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    test_losers();
    test_signal();
    wf_executor_drain(engine.executor, wf_mono_us() + WAIT_US);
    is_int(wf_executor_pending(engine.executor), 0, "nothing is left");
    wf_committer_destroy(engine.committer);
    wf_executor_destroy(engine.executor);
    apr_pool_destroy(engine.pool);
    close_test_store();
    return end_test();
}
