/* Steps that block: their work is done beside the loops, in parallel, and who does not
 * wait for it any more is not held up by it. */
#include "../tap.h"
#include "run.h"
#include "load/internal.h"

#include <unistd.h>

/* What the chores of a test saw. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running, most, begun, hurried, ended, seen_dropped;
    unsigned workers; /* a bit each */
    int stubborn;     /* goes on for 300 ms whatever happens */
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

typedef struct work_t {
    int ms, stop;
    const char *answer;
} work_t;

static void work(wf_chore_t *chore)
{
    work_t *w = chore->baton;
    apr_int64_t until = wf_mono_us() + w->ms * 1000;

    pthread_mutex_lock(&seen.lock);
    seen.begun++;
    seen.most = ++seen.running > seen.most ? seen.running : seen.most;
    seen.workers |= 1u << wf_chore_worker(chore);
    pthread_mutex_unlock(&seen.lock);
    while (wf_mono_us() < until
           && (seen.stubborn || !__atomic_load_n(&w->stop, __ATOMIC_RELAXED))) {
        usleep(1000);
    }
    w->answer = apr_psprintf(chore->pool, "took %d ms", w->ms);
    pthread_mutex_lock(&seen.lock);
    seen.seen_dropped += wf_chore_dropped(chore);
    seen.running--;
    seen.ended++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static wf_step_progress_e done(wf_strand_t *strand, wf_act_t *act, wf_chore_t *chore)
{
    work_t *w = chore->baton;

    (void)strand;
    wf_result_put(act->result, "answer", wf_string(w->answer));
    return WF_STEP_DONE;
}

static void hurry(wf_chore_t *chore)
{
    work_t *w = chore->baton;

    __atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&seen.hurried, 1, __ATOMIC_RELAXED);
}

static int block_ms;

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    wf_chore_t *chore = wf_chore_create(act);
    work_t *w = apr_pcalloc(chore->pool, sizeof(*w));

    (void)strand;
    w->ms = block_ms;
    chore->baton = w;
    chore->run = work;
    chore->done = done;
    chore->hurry = hurry;
    act->state = chore;
    return wf_chore_begin(chore);
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    wf_chore_drop(act->state);
}

static const wf_step_type_t blocking = { .name = "block",
                                         .start = start,
                                         .cancel = cancel };

/* Run a workflow in which the sleeps block for ms instead. */
static int run_blocking(runner_t *r, const char *yaml, int ms)
{
    const char *id = apr_psprintf(r->pool, "exec-%d", r->runs++);
    wf_problems_t *problems;
    apr_pool_t *pool;
    wf_plan_t *plan;
    wf_error_t err;
    int i;

    apr_pool_create(&pool, NULL);
    problems = wf_problems_create("test.yaml", pool);
    wf_error_init(&err, r->pool);
    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    if (plan == NULL) {
        diag("%s", wf_problems_text(problems, pool));
        return 0;
    }
    for (i = 0; i < plan->nsteps; i++) {
        if (strcmp(plan->steps[i]->type->name, "sleep") == 0) {
            plan->steps[i]->type = &blocking;
        }
    }
    seen.begun = seen.most = seen.hurried = seen.ended = seen.seen_dropped = 0;
    seen.workers = 0;
    block_ms = ms;
    r->ended = 0;
    return wf_load_start(r->load, plan, pool, id, &err) == APR_SUCCESS && runner_wait(r);
}

/* Dropped work ends by itself, after the run. */
static int wait_ended(int n)
{
    struct timespec until;
    int ended;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_US / 1000000;
    pthread_mutex_lock(&seen.lock);
    while (seen.ended < n
           && pthread_cond_timedwait(&seen.changed, &seen.lock, &until) == 0) {
    }
    ended = seen.ended;
    pthread_mutex_unlock(&seen.lock);
    return ended;
}

static void settle(void)
{
    int begun;

    do {
        pthread_mutex_lock(&seen.lock);
        begun = seen.begun;
        pthread_mutex_unlock(&seen.lock);
        wait_ended(begun);
    } while (begun != seen.begun);
}

#define HEAD "id: w\nname: W\n"
#define BLOCK "steps: [{id: s, type: sleep, config: {duration: 1s}%s}]\noptions: {%s}\n"

static const char *text(runner_t *r, const char *members, const char *options)
{
    return apr_psprintf(r->pool, HEAD BLOCK, members, options);
}

static void parallel(runner_t *r)
{
    ok(run_blocking(r, text(r, "", "vus: 8"), 50), "8 users, 4 workers");
    is_int(seen.begun, 8, "every chore was done once");
    is_int(seen.most, 4, "four at a time");
    is_int(seen.workers, 0xf, "by four workers");
    is_int(r->last.iterations, 8, "iterations");
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 8, "successes");
    ok(r->last.elapsed_ms >= 100, "in two rounds, %d ms", (int)r->last.elapsed_ms);
}

static void timed_out(runner_t *r, int stubborn)
{
    const char *what = stubborn ? "stubborn" : "hurried";

    seen.stubborn = stubborn;
    ok(run_blocking(r, text(r, ", timeout: 30ms", "vus: 8"), 300), "%s: timeouts", what);
    ok(r->last.elapsed_ms < 200, "%s: nobody waits for it, %d ms", what,
       (int)r->last.elapsed_ms);
    is_int(wf_json_int(runner_step(r, "s"), "failure_count", -1), 8, "%s: failures",
           what);
    if (stubborn) { /* else some get a worker that was told to hurry */
        is_int(wait_ended(4), 4, "stubborn: those that queued up were not begun");
    }
    settle();
    is_int(seen.hurried, seen.begun, "%s: told to hurry", what);
    is_int(seen.seen_dropped, seen.begun, "%s: knew that they were dropped", what);
    seen.stubborn = 0;
}

static void cut(runner_t *r)
{
    ok(run_blocking(r, text(r, "", "vus: 6, duration: 40ms, graceful_stop: 20ms"), 5000),
       "a run ends while work is under way");
    ok(r->last.elapsed_ms < 1000, "soon: %d ms", (int)r->last.elapsed_ms);
    is_int(r->last.iterations, 0, "interrupted iterations do not count");
    wait_ended(4);
}

static void often(runner_t *r)
{
    ok(run_blocking(r, text(r, "", "vus: 10, iterations: 200"), 0), "2000 short chores");
    is_int(seen.begun, 2000, "begun");
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 2000, "successes");
}

int main(void)
{
    wf_load_options_t options = {
        .loops = 2, .workers = 4, .max_executions = 3, .max_vus = 1000
    };
    runner_t r;

    apr_initialize();
    runner_open_with(&r, &options);
    parallel(&r);
    timed_out(&r, 0);
    timed_out(&r, 1);
    cut(&r);
    often(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
