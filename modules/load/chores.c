/* Chores: what a step has to wait for and no loop can watch, such as a database library
 * or a script that makes calls. A few threads of the load engine do it; the loop gets a
 * letter when it is done.
 *
 *   QUEUED ──a worker is free──▶ RUNNING ──▶ FINISHED ──the loop reads the letter──▶
 * freed │ drop                      │ drop       │ drop ▼                           ▼ ▼
 *    freed                      DROPPED      DROPPED, freed by the letter's reader
 *                                  └──run() returns──▶ freed by its worker
 *
 * The state changes with the lock. The memory of a chore belongs to whoever has it: the
 * loop until it begins, its worker while it is RUNNING, then the loop again. So a step
 * that is cut goes at once, whatever the worker is waiting for. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

typedef enum { MADE, QUEUED, RUNNING, FINISHED, DROPPED } state_e;

typedef struct job_t {
    wf_chore_t chore; /* first: what others see */
    state_e state;
    wf_act_t *act; /* the loop's */
    wf_loop_t *loop;
    wf_chores_t *all;
    wf_message_t letter;
    int worker;
    int alone;                /* no letter, no act */
    struct job_t *next, **at; /* while QUEUED */
} job_t;

typedef struct worker_t {
    wf_chores_t *all;
    pthread_t thread;
    int index;
} worker_t;

struct wf_chores_t {
    worker_t *workers; /* those begun so far */
    int nworkers, max;

    pthread_mutex_t lock; /* of what follows, and of the states; taken before a loop's */
    pthread_cond_t work;
    job_t *queue, **queue_end;
    int waiting; /* of the queue */
    int idle;
    int closing;
};

static job_t *job_of(wf_chore_t *chore)
{
    return (job_t *)chore;
}

static void destroy(job_t *job)
{
    apr_pool_destroy(job->chore.pool);
}

/* ---- the loop's side --------------------------------------------------------------- */

static void on_letter(wf_loop_t *loop, wf_message_t *letter)
{
    job_t *job = letter->about;
    wf_act_t *act = job->act;
    wf_step_progress_e progress;

    (void)loop;
    if (act != NULL) { /* nobody has dropped it */
        progress = job->chore.done(act->strand, act, &job->chore);
        destroy(job);
        wf_strand_resume(act->strand, act, progress);
        return;
    }
    destroy(job);
}

static job_t *make(const wf_strand_t *strand)
{
    apr_pool_t *pool = wf_pool_create("wf_chore", 0);
    job_t *job;

    if (pool == NULL) {
        abort();
    }
    job = apr_pcalloc(pool, sizeof(*job));
    job->chore.pool = pool;
    job->loop = strand->vu->shard->loop;
    job->all = strand->vu->shard->run->load->chores;
    job->letter.read = on_letter;
    job->letter.about = job;
    return job;
}

wf_chore_t *wf_chore_create(wf_act_t *act)
{
    job_t *job = make(act->strand);

    job->act = act;
    return &job->chore;
}

wf_chore_t *wf_chore_create_alone(wf_strand_t *strand)
{
    job_t *job = make(strand);

    job->alone = 1;
    return &job->chore;
}

void wf_chore_hold_up_none(wf_chore_t *chore, wf_strand_t *strand)
{
    job_of(chore)->all = strand->vu->shard->run->load->holders;
}

static void dequeue(wf_chores_t *all, job_t *job)
{
    *job->at = job->next;
    if (job->next != NULL) {
        job->next->at = job->at;
    }
    else {
        all->queue_end = job->at;
    }
    all->waiting--;
}

void wf_chore_drop(wf_chore_t *chore)
{
    job_t *job = job_of(chore);
    wf_chores_t *all = job->all;
    int mine;

    pthread_mutex_lock(&all->lock);
    mine = job->state == MADE || job->state == QUEUED;
    if (job->state == QUEUED) {
        dequeue(all, job);
    }
    if (job->state == RUNNING && chore->hurry != NULL) {
        chore->hurry(chore);
    }
    job->act = NULL;
    job->state = DROPPED;
    pthread_mutex_unlock(&all->lock);
    if (mine) {
        destroy(job);
    }
}

/* ---- the workers' side --------------------------------------------------------------- */

/* Do one chore; the lock is held before and after. */
static void work_on(wf_chores_t *all, job_t *job, int worker)
{
    int dropped;

    dequeue(all, job);
    job->state = RUNNING;
    job->worker = worker;
    pthread_mutex_unlock(&all->lock);
    job->chore.run(&job->chore);
    pthread_mutex_lock(&all->lock);
    dropped = job->state == DROPPED || job->alone;
    if (!dropped) {
        job->state = FINISHED;
        wf_loop_send(job->loop, &job->letter);
        return; /* the loop has it now */
    }
    pthread_mutex_unlock(&all->lock);
    destroy(job);
    pthread_mutex_lock(&all->lock);
}

static void *run(void *data)
{
    worker_t *worker = data;
    wf_chores_t *all = worker->all;

    pthread_mutex_lock(&all->lock);
    while (!all->closing) {
        if (all->queue != NULL) {
            work_on(all, all->queue, worker->index);
            continue;
        }
        all->idle++;
        pthread_cond_wait(&all->work, &all->lock);
        all->idle--;
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* One more thread while those that are idle are not enough. With the lock. */
static void add_worker(wf_chores_t *all)
{
    worker_t *worker = &all->workers[all->nworkers];
    apr_status_t rv;

    if (all->nworkers == all->max || all->idle >= all->waiting) {
        return;
    }
    *worker = (worker_t){ .all = all, .index = all->nworkers };
    rv = wf_load_thread(&worker->thread, run, worker);
    if (rv == APR_SUCCESS) {
        all->nworkers++;
    }
    else {
        char text[120];

        wf_log(WF_LOG_ERR, "load: cannot start worker %d: %s", all->nworkers,
               apr_strerror(rv, text, sizeof(text)));
    }
}

wf_step_progress_e wf_chore_begin(wf_chore_t *chore)
{
    job_t *job = job_of(chore);
    wf_chores_t *all = job->all;

    pthread_mutex_lock(&all->lock);
    job->state = QUEUED;
    job->next = NULL;
    job->at = all->queue_end;
    *all->queue_end = job;
    all->queue_end = &job->next;
    all->waiting++;
    add_worker(all);
    pthread_cond_signal(&all->work);
    pthread_mutex_unlock(&all->lock);
    return WF_STEP_WAITING;
}

int wf_chore_dropped(wf_chore_t *chore)
{
    job_t *job = job_of(chore);
    int dropped;

    pthread_mutex_lock(&job->all->lock);
    dropped = job->state == DROPPED;
    pthread_mutex_unlock(&job->all->lock);
    return dropped;
}

int wf_chore_worker(const wf_chore_t *chore)
{
    return ((const job_t *)chore)->worker;
}

/* ---- life -------------------------------------------------------------------------- */

wf_chores_t *wf_chores_create(int workers, apr_pool_t *p)
{
    wf_chores_t *all = apr_pcalloc(p, sizeof(*all));

    all->max = workers > 0 ? workers : WF_LOAD_WORKERS;
    all->workers = apr_pcalloc(p, all->max * sizeof(*all->workers));
    all->queue_end = &all->queue;
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->work, NULL);
    return all;
}

void wf_chores_destroy(wf_chores_t *all)
{
    int i;

    pthread_mutex_lock(&all->lock);
    all->closing = 1;
    pthread_cond_broadcast(&all->work);
    pthread_mutex_unlock(&all->lock);
    for (i = 0; i < all->nworkers; i++) {
        pthread_join(all->workers[i].thread, NULL);
    }
    while (all->queue != NULL) { /* only work that nobody waits for */
        job_t *job = all->queue;

        dequeue(all, job);
        destroy(job);
    }
    pthread_cond_destroy(&all->work);
    pthread_mutex_destroy(&all->lock);
}
