/* The gate, step by step, and what it is for: jobs that wait for slow servers leave
 * threads for commands, also for those of their own instances. */
#include <pthread.h>
#include <time.h>

#include "../store/store_test.h"
#include "engine/internal.h"

#define THREADS 8
#define SHARE 6 /* of jobs */
#define JOBS 30

static wf_engine_t engine;

/* ---- by itself ------------------------------------------------------------------------- */

static wf_work_t job(wf_id_t lane)
{
    return (wf_work_t){ .in_background = 1, .lane = { WF_LANE_INSTANCE, lane } };
}

static wf_work_t command(wf_id_t lane)
{
    return (wf_work_t){ .lane = { WF_LANE_INSTANCE, lane } };
}

static void test_share(void)
{
    static const struct {
        int threads, jobs;
    } shares[] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 4, 3 }, { 8, 6 }, { 16, 12 } };

    for (int i = 0; i < (int)(sizeof(shares) / sizeof(shares[0])); i++) {
        wf_gate_t *gate = wf_gate_create(shares[i].threads, pool);
        wf_work_t *works = apr_pcalloc(pool, 20 * sizeof(*works)), one = command(1);
        int admitted = 0;

        for (int k = 0; k < 20; k++) {
            works[k] = job(0);
            admitted += wf_gate_admit(gate, &works[k]);
        }
        is_int(admitted, shares[i].jobs, "of %d threads jobs have", shares[i].threads);
        ok(wf_gate_admit(gate, &one), "a command gets one");
        ok(wf_gate_leave_thread(gate, 0) == NULL, "which jobs do not take over");
        ok(wf_gate_leave_thread(gate, 1) == &works[admitted],
           "the next job comes after one");
    }
}

static void test_begun_again(void)
{
    wf_gate_t *gate = wf_gate_create(2, pool);
    wf_work_t first = job(1), again = job(2), third = job(3);

    again.tries = 1;
    ok(wf_gate_admit(gate, &first), "a job has all that jobs may have");
    ok(wf_gate_admit(gate, &again), "one that is begun again goes on: it holds its lane");
    ok(!wf_gate_admit(gate, &third), "another one waits");
    ok(wf_gate_leave_thread(gate, 1) == NULL, "as long as there are too many");
    ok(wf_gate_leave_thread(gate, 1) == &third, "and comes then");
}

static void test_lanes(void)
{
    wf_gate_t *gate = wf_gate_create(2, pool);
    wf_work_t holder = command(7), late = job(7), next = command(7), other = command(8),
              slow = job(9);

    ok(wf_gate_enter_lane(gate, &holder), "a lane is free");
    ok(wf_gate_admit(gate, &late) && !wf_gate_enter_lane(gate, &late), "taken for a job");
    ok(!wf_gate_enter_lane(gate, &next), "and for a command");
    ok(wf_gate_enter_lane(gate, &other), "another one is free");
    ok(wf_gate_leave_thread(gate, 1) == NULL, "the job has no thread");
    ok(wf_gate_admit(gate, &slow), "as long as somebody else has it");
    ok(wf_gate_leave_lane(gate, &holder) == &next && next.lane_held,
       "so the lane goes to the command behind it");
    ok(!late.lane_held, "and not to the job");
    ok(wf_gate_leave_lane(gate, &next) == NULL, "the lane is free again");
    ok(wf_gate_leave_thread(gate, 1) == &late, "the job gets the thread");
    ok(wf_gate_enter_lane(gate, &late), "and then its lane");
    ok(wf_gate_leave_lane(gate, &late) == NULL, "all are through");
    ok(wf_gate_leave_lane(gate, &other) == NULL, "here, too");
}

static void test_loners(void)
{
    wf_gate_t *gate = wf_gate_create(2, pool);
    wf_work_t a = command(1), b = command(2), c = command(3);

    ok(wf_gate_ask_alone(gate, &a), "one may be alone");
    ok(!wf_gate_ask_alone(gate, &b) && !wf_gate_ask_alone(gate, &c), "others wait");
    ok(wf_gate_end_alone(gate, &b) == NULL, "for the one that is");
    ok(wf_gate_end_alone(gate, &a) == &b, "one after the other");
    ok(wf_gate_end_alone(gate, &b) == &c, "has its turn");
    ok(wf_gate_end_alone(gate, &c) == NULL, "until none is left");
    ok(wf_gate_ask_alone(gate, &a), "and again");
}

/* ---- with threads ------------------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_open, running, most, ended;

typedef struct trial_t {
    wf_id_t lane;
    int is_over;
} trial_t;

static apr_status_t lane_of_trial(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    const trial_t *trial = work->baton;

    (void)err;
    *lane = (wf_lane_t){ WF_LANE_INSTANCE, trial->lane };
    return APR_SUCCESS;
}

/* What a slow server does to a job. */
static apr_status_t wait_at_gate(wf_work_t *work, wf_error_t *err)
{
    (void)work;
    (void)err;
    pthread_mutex_lock(&lock);
    running++;
    most = running > most ? running : most;
    pthread_cond_broadcast(&changed);
    while (!is_open) {
        pthread_cond_wait(&changed, &lock);
    }
    running--;
    pthread_mutex_unlock(&lock);
    return APR_SUCCESS;
}

static apr_status_t do_nothing(wf_work_t *work, wf_error_t *err)
{
    (void)work;
    (void)err;
    return APR_SUCCESS;
}

static void done(wf_work_t *work, const wf_error_t *err)
{
    trial_t *trial = work->baton;

    (void)err;
    pthread_mutex_lock(&lock);
    trial->is_over = 1;
    ended++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void submit(trial_t *trial, wf_work_fn *run, int in_background)
{
    wf_work_t *work = wf_work_create(&engine, "trial");

    work->baton = trial;
    work->find_lane = lane_of_trial;
    work->run = run;
    work->done = done;
    work->in_background = in_background;
    wf_executor_submit(engine.executor, work);
}

/* A deadline, so that a failure is one. */
static int wait_until(const int *value, int wanted)
{
    struct timespec until;
    int rc = 0, reached;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (*value < wanted && rc == 0) {
        rc = pthread_cond_timedwait(&changed, &lock, &until);
    }
    reached = *value;
    pthread_mutex_unlock(&lock);
    return reached;
}

static void test_commands_beside_slow_jobs(void)
{
    static trial_t jobs[JOBS], commands[JOBS];
    int over = 0;

    for (int i = 0; i < JOBS; i++) {
        jobs[i].lane = 1 + i / 2; /* two of each instance */
        submit(&jobs[i], wait_at_gate, 1);
    }
    is_int(wait_until(&running, SHARE), SHARE,
           "slow jobs have their share of the threads");
    /* Those of instances whose jobs have not begun, and of others. */
    for (int i = 0; i < JOBS; i++) {
        commands[i].lane = JOBS - i > SHARE ? JOBS - i : 100 + i;
        submit(&commands[i], do_nothing, 0);
    }
    for (int i = 0; i < JOBS; i++) {
        over += wait_until(&commands[i].is_over, 1);
    }
    is_int(over, JOBS, "commands are done meanwhile");
    pthread_mutex_lock(&lock);
    is_int(running, SHARE, "the jobs still wait");
    is_open = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    is_int(wait_until(&ended, 2 * JOBS), 2 * JOBS, "and are done then");
    is_int(most, SHARE, "never more at once");
}

int main(void)
{
    wf_error_t *err;

    begin_test();
    open_test_store();
    err = new_error();
    test_share();
    test_begun_again();
    test_lanes();
    test_loners();
    engine.pool = pool;
    engine.writer = writer;
    engine.ids = ids;
    engine.config.store = test_dsn;
    engine.config.executor_threads = THREADS;
    engine.queue_limit = 1000;
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    test_commands_beside_slow_jobs();
    wf_executor_drain(engine.executor, wf_mono_us() + 10000000);
    is_int(wf_executor_pending(engine.executor), 0, "nothing is left");
    wf_committer_destroy(engine.committer);
    wf_executor_destroy(engine.executor);
    close_test_store();
    return end_test();
}
