/* Works that fail: the failure is recorded in a unit of its own, on the same lane, before
 * anybody hears of it, whether the work itself or its commit has failed. With the real
 * executor and committer. */
#include <pthread.h>

#include "../store/store_test.h"
#include "engine/internal.h"

static wf_engine_t engine;

/* One work of a test and what it saw. */
typedef struct trial_t {
    const char *what;
    int fails;        /* run: 1 */
    const char *user; /* run: makes this user, who may be there already */
    int again;        /* run: only so many times, and it is begun again; fails after that */
    int record_fails; /* failed: 1, or 2 at its commit; 3 the first time only */
    apr_int64_t deadline;

    wf_err_kind_e kind; /* the outcome */
    const char *message;
    int records, ran; /* calls */
    int durable;      /* the record was in the store when the outcome came */
    int last;         /* its number among those that ended */
} trial_t;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int count_ended;

static apr_status_t on_lane(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    (void)work;
    (void)err;
    *lane = (wf_lane_t){ WF_LANE_INSTANCE, 7 };
    return APR_SUCCESS;
}

static void make_group(wf_work_t *work, const char *id)
{
    wf_group_t *group = wf_uow_insert(work->uow, WF_TABLE_GROUP);

    group->id = id;
}

static apr_status_t record(wf_work_t *work, wf_error_t *err)
{
    trial_t *trial = work->baton;

    trial->records++;
    if (trial->record_fails == 1 || (trial->record_fails == 3 && trial->records == 1)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "the record fails");
    }
    make_group(work, trial->record_fails == 2 ? "taken" : trial->what);
    wf_error_note(work->failure, WF_EFAILED, "recorded");
    return APR_SUCCESS;
}

static apr_status_t run(wf_work_t *work, wf_error_t *err)
{
    trial_t *trial = work->baton;
    int last = trial->ran++ >= trial->again;

    work->failed = record;
    work->tries_again = trial->again > 0;
    if (trial->user && (!trial->again || !last)) {
        wf_user_t *user = wf_uow_insert(work->uow, WF_TABLE_USER);

        user->id = trial->user;
    }
    return trial->fails && last ? wf_error_set(err, WF_ERR_EXECUTION, "it fails")
                                : APR_SUCCESS;
}

static int has_group(wf_store_t *store, const char *id, apr_pool_t *p)
{
    wf_group_t *group = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_store_get_by_key(store, WF_TABLE_GROUP, id, &group, p, &err);
    return group != NULL;
}

static void done(wf_work_t *work, const wf_error_t *err)
{
    trial_t *trial = work->baton;

    pthread_mutex_lock(&lock);
    trial->kind = err->kind;
    trial->message = apr_pstrdup(pool, err->message);
    trial->durable = has_group(reader, trial->what, work->pool);
    trial->last = ++count_ended;
    pthread_cond_signal(&ended);
    pthread_mutex_unlock(&lock);
}

static void submit(trial_t *trial)
{
    wf_work_t *work = wf_work_create(&engine, "trial");

    work->baton = trial;
    work->find_lane = on_lane;
    work->run = run;
    work->done = done;
    work->deadline = trial->deadline;
    wf_executor_submit(engine.executor, work);
}

static void wait_for(int count)
{
    pthread_mutex_lock(&lock);
    while (count_ended < count) {
        pthread_cond_wait(&ended, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void test_outcomes(void)
{
    static trial_t trials[] = {
        { .what = "works", .user = "ann" },
        { .what = "fails", .fails = 1, .user = "bob" },
        { .what = "fails at its commit", .user = "ann" },
        { .what = "cannot be recorded", .fails = 1, .record_fails = 1 },
        { .what = "its record conflicts", .fails = 1, .record_fails = 2 },
        { .what = "recorded the second time", .fails = 1, .record_fails = 3 },
        { .what = "comes too late", .fails = 1, .deadline = 1 },
        { .what = "works the second time", .user = "ann", .again = 1 },
        { .what = "fails the second time", .fails = 1, .user = "ann", .again = 1 },
        { .what = "works the fourth time", .user = "ann", .again = 3 },
        { .what = "never works", .user = "ann", .again = 100 },
        { .what = "the next on the lane", .user = "cem" },
    };
    static const struct {
        wf_err_kind_e kind;
        const char *message;
        int ran, records, durable;
    } want[] = {
        { WF_ERR_NONE, NULL, 1, 0, 0 },
        { WF_ERR_EXECUTION, "recorded: it fails", 1, 1, 1 },
        { WF_ERR_CONFLICT, "recorded: user", 1, 1, 1 },
        { WF_ERR_EXECUTION, "it fails", 1, WF_WORK_RECORDS, 0 },
        { WF_ERR_EXECUTION, "recorded: recorded: it fails", 1, WF_WORK_RECORDS, 0 },
        { WF_ERR_EXECUTION, "recorded: it fails", 1, 2, 1 },
        { WF_ERR_UNAVAILABLE, "waited too long", 0, 0, 0 },
        { WF_ERR_NONE, NULL, 2, 0, 0 },
        { WF_ERR_EXECUTION, "recorded: it fails", 2, 1, 1 },
        { WF_ERR_NONE, NULL, 4, 0, 0 },
        { WF_ERR_CONFLICT, "recorded: user", WF_WORK_TRIES, 1, 1 },
        { WF_ERR_NONE, NULL, 1, 0, 0 },
    };
    int count = sizeof(trials) / sizeof(trials[0]);
    wf_error_t *err = new_error();
    wf_user_t *bob;

    for (int i = 0; i < count; i++) {
        submit(&trials[i]);
        wait_for(i + 1);
    }
    for (int i = 0; i < count; i++) {
        trial_t *t = &trials[i];

        is_int(t->kind, want[i].kind, "%s: %s", t->what,
               t->message ? t->message : "fine");
        ok(!want[i].message || (t->message && strstr(t->message, want[i].message)),
           "its message");
        is_int(t->ran, want[i].ran, "how often it ran");
        is_int(t->records, want[i].records, "how often it was recorded");
        is_int(t->durable, want[i].durable, "what was on disk when the outcome came");
    }
    MUST(wf_store_get_by_key(reader, WF_TABLE_USER, "bob", &bob, pool, err), err);
    ok(!bob, "what a failed work has made is undone");
}

/* Between a failure and its record nobody else gets the lane. */
static void test_lane(void)
{
    static trial_t trials[20];
    int before = count_ended, mixed = 0, count = 20;

    for (int i = 0; i < count; i++) {
        trials[i].what = apr_psprintf(pool, "lane-%d", i);
        trials[i].fails = i % 2;
        trials[i].user = i % 4 ? NULL : apr_psprintf(pool, "lane-%d", i);
        submit(&trials[i]);
    }
    wait_for(before + count);
    for (int i = 0; i < count; i++) {
        mixed +=
            trials[i].fails != trials[i].records || trials[i].fails != trials[i].durable;
    }
    is_int(mixed, 0, "each failure on the lane is recorded before its outcome");
    wf_executor_drain(engine.executor, wf_mono_us() + 10000000);
    is_int(wf_executor_pending(engine.executor), 0, "nothing is left");
}

static void quiet(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    (void)text;
}

int main(void)
{
    wf_uow_t *uow;
    wf_error_t *err;

    begin_test();
    open_test_store();
    wf_log_to(quiet, NULL);
    err = new_error();
    uow = new_unit();
    add_group(uow, "taken", NULL, NULL);
    must_commit(uow, "a group");

    engine.pool = pool;
    engine.writer = writer;
    engine.ids = ids;
    engine.config.store = test_dsn;
    engine.config.executor_threads = 4;
    engine.queue_limit = 100;
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    test_outcomes();
    test_lane();
    wf_committer_destroy(engine.committer);
    wf_executor_destroy(engine.executor);
    close_test_store();
    return end_test();
}
