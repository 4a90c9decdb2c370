/* The crew of a run that this process does itself: a part on each loop, and in it a shard of
 * every scenario. Parts get letters and give answers; the last shard of a phase ends it. */
#include "load/internal.h"

#include <limits.h>

/* ---- parts ------------------------------------------------------------------------- */

/* Users that share their connections have a pool on each loop, and a limit is divided by
 * them. If it is smaller than their number some loops stay without users. */
static int parts_wanted(const wf_run_t *run)
{
    const wf_user_terms_t *terms = &run->plan->users;
    int loops = run->load->nloops;

    return terms->shared_connections && terms->max_connections > 0
                   && terms->max_connections < loops
               ? (int)terms->max_connections
               : loops;
}

/* What part i of a run has of the limit. */
static apr_int64_t connections_of(const wf_run_t *run, int i)
{
    const wf_user_terms_t *terms = &run->plan->users;
    apr_int64_t max = terms->max_connections > INT_MAX ? INT_MAX : terms->max_connections;

    return terms->shared_connections ? max / run->nparts + (i < max % run->nparts) : max;
}

static void create(wf_run_t *run)
{
    struct wf_load_t *load = run->load;
    int i;

    run->nparts = parts_wanted(run);
    run->parts = apr_pcalloc(run->pool, run->nparts * sizeof(*run->parts));
    for (i = 0; i < run->nparts; i++) {
        wf_part_t *part = &run->parts[i];
        apr_pool_t *pool = wf_run_pool(run, "wf_part_sheet");

        part->run = run;
        part->loop = load->loops[(load->sequence + i) % load->nloops];
        part->max_connections = connections_of(run, i);
        part->sheet = wf_sheet_create(run->plan->metrics, pool);
        wf_submetrics_sheets(part, pool);
        if (run->plan->warmup_ns > 0) {
            part->warm = wf_sheet_create(run->plan->metrics, pool);
        }
        part->seed[0] = (unsigned short)load->sequence;
        part->seed[1] = (unsigned short)i;
        part->seed[2] = (unsigned short)wf_mono_us();
    }
}

/* ---- phases ------------------------------------------------------------------------ */

static void tell_parts(wf_run_t *run,
                       void (*read)(wf_loop_t *loop, wf_message_t *message),
                       apr_int64_t amount, apr_int64_t more)
{
    int i;

    for (i = 0; i < run->nparts; i++) {
        wf_loop_tell(run->parts[i].loop, read, &run->parts[i], amount, more);
    }
}

static void make_shard(wf_shard_t *shard, wf_part_t *part, const wf_scenario_t *scenario,
                       int index, int stride)
{
    shard->part = part;
    shard->run = part->run;
    shard->loop = part->loop;
    shard->scenario = scenario;
    shard->sheet = wf_submetrics_sheet(part, scenario);
    shard->segment = scenario->index >= 0 ? part->run->plan->segment : wf_segment_whole;
    shard->index = index;
    shard->stride = stride;
}

/* One user, on the first loop. */
static void begin_single(wf_run_t *run, const wf_scenario_t *scenario)
{
    wf_part_t *part = &run->parts[0];

    part->coming = apr_pcalloc(run->pool, sizeof(*part->coming));
    part->ncoming = 1;
    make_shard(part->coming, part, scenario, 0, 1);
    run->shards_live = 1;
    wf_loop_tell(part->loop, wf_part_on_start, part, run->phase, 0);
}

static void begin_scenarios(wf_run_t *run, apr_int64_t age_us)
{
    const wf_plan_t *plan = run->plan;
    int i, s;

    run->shards_live = run->nparts * plan->nscenarios;
    for (i = 0; i < run->nparts; i++) {
        wf_part_t *part = &run->parts[i];

        part->ncoming = plan->nscenarios;
        part->coming = apr_pcalloc(run->pool, plan->nscenarios * sizeof(*part->coming));
        for (s = 0; s < plan->nscenarios; s++) {
            make_shard(&part->coming[s], part, &plan->scenarios[s], i, run->nparts);
            run->open[s]++;
        }
    }
    tell_parts(run, wf_part_on_start, run->phase, age_us);
    for (s = 0; s < plan->nscenarios; s++) {
        if (run->scaled[s] >= 0) {
            tell_parts(run, wf_part_on_scale, run->scaled[s], s);
        }
    }
}

static void begin(wf_run_t *run, apr_int64_t age_us)
{
    if (run->phase == WF_RUN_MAIN) {
        begin_scenarios(run, age_us);
        return;
    }
    begin_single(run,
                 run->phase == WF_RUN_SETUP ? run->plan->setup : run->plan->teardown);
}

/* Shards of a scenario that never had a user end with those that had. */
static void end_unused(wf_run_t *run, wf_shard_t *shard)
{
    int s = shard->scenario->index, i;

    shard->ended = 1;
    if (s < 0 || --run->open[s] == 0) {
        return;
    }
    for (i = 0; i < run->nparts; i++) {
        const wf_shard_t *other = &run->parts[i].coming[s];

        if (!other->ended && __atomic_load_n(&other->used, __ATOMIC_RELAXED)) {
            return;
        }
    }
    tell_parts(run, wf_part_on_alone, 0, s);
}

void wf_run_shard_ended(wf_run_t *run, wf_shard_t *shard)
{
    struct wf_load_t *load = run->load;

    pthread_mutex_lock(&load->lock);
    end_unused(run, shard);
    if (--run->shards_live == 0) {
        wf_run_phase_over(run);
    }
    pthread_mutex_unlock(&load->lock);
}

/* ---- control ----------------------------------------------------------------------- */

static void stop(wf_run_t *run)
{
    tell_parts(run, wf_part_on_stop, -1, 1);
}

static void cut(wf_run_t *run)
{
    tell_parts(run, wf_part_on_stop, 0, 1);
}

static void pause_parts(wf_run_t *run)
{
    tell_parts(run, wf_part_on_pause, 0, 0);
}

static void resume(wf_run_t *run)
{
    tell_parts(run, wf_part_on_resume, 0, 0);
}

static void stay(wf_run_t *run)
{
    int i;

    for (i = 0; i < run->nparts; i++) {
        run->parts[i].paused = 1;
        run->parts[i].paused_us = wf_mono_us();
    }
}

static void scale(wf_run_t *run, int scenario, apr_int64_t vus)
{
    tell_parts(run, wf_part_on_scale, vus, scenario);
}

/* ---- figures ----------------------------------------------------------------------- */

static double failed(const wf_run_t *run)
{
    double all = 0;
    int i;

    for (i = 0; i < run->nparts; i++) {
        all += wf_submetrics_failed(&run->parts[i], WF_M_ITERATION_SUCCESS);
    }
    return all;
}

/* The loops add their figures one after the other; none waits for another but for the
 * time of one addition. */
typedef struct collect_t {
    wf_run_t *run;
    wf_view_t *view;
    pthread_mutex_t lock; /* view, pending */
    pthread_cond_t answered;
    int pending;
} collect_t;

/* What its users have made so far: exactly what its sheet has of them. */
static void add_counts(wf_view_t *view, const wf_shard_t *shard)
{
    int s = shard->scenario->index, i;

    for (i = shard->index; s >= 0 && i < view->run->ncounts[s]; i += shard->stride) {
        view->then.counts[s][i] = view->run->counts[s][i];
    }
}

static void add_part(wf_view_t *view, const wf_part_t *part)
{
    int i;

    wf_submetrics_merge(view->sheet, part);
    view->iterations += part->warm_iterations;
    for (i = 0; i < part->nshards; i++) {
        const wf_shard_t *shard = &part->shards[i];

        add_counts(view, shard);
        view->busy += shard->phase == WF_SHARD_DONE ? 0 : shard->busy;
        if (shard->scenario->index >= 0) {
            view->done[shard->scenario->index] += shard->done;
        }
        view->vus_done += shard->scenario->index >= 0 ? shard->vus_done : 0;
        view->vus_active += shard->phase == WF_SHARD_DONE || shard->scenario->index < 0
                                ? 0
                                : shard->live - shard->parked;
    }
}

static void on_collect(wf_loop_t *loop, wf_message_t *message)
{
    collect_t *collect = message->about;

    (void)loop;
    pthread_mutex_lock(&collect->lock);
    add_part(collect->view, &collect->run->parts[message->amount]);
    if (--collect->pending == 0) {
        pthread_cond_signal(&collect->answered);
    }
    pthread_mutex_unlock(&collect->lock); /* the last answer: collect may be gone now */
}

/* The letters are the last in each loop's box when they are answered: nothing that was
 * sent to the run's parts before is still on its way then. */
static void collect(wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    collect_t c = { .run = run, .view = view, .pending = run->nparts };
    wf_message_t *letters = apr_pcalloc(p, run->nparts * sizeof(*letters));
    int i;

    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.answered, NULL);
    for (i = 0; i < run->nparts; i++) {
        letters[i] = (wf_message_t){ .read = on_collect, .about = &c, .amount = i };
        wf_loop_send(run->parts[i].loop, &letters[i]);
    }
    pthread_mutex_lock(&c.lock);
    while (c.pending > 0) {
        pthread_cond_wait(&c.answered, &c.lock);
    }
    pthread_mutex_unlock(&c.lock);
    pthread_cond_destroy(&c.answered);
    pthread_mutex_destroy(&c.lock);
}

const wf_crew_t wf_crew_loops = { .create = create,
                                  .begin = begin,
                                  .stop = stop,
                                  .cut = cut,
                                  .pause = pause_parts,
                                  .resume = resume,
                                  .stay = stay,
                                  .scale = scale,
                                  .failed = failed,
                                  .collect = collect };
