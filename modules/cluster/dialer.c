/* The way to the master takes its time, and the agent has other things to do: attempts to
 * connect are made on a thread of their own, one at a time. What a way leads through, such
 * as TLS, lives in a pool of its own and goes when the next attempt begins. */
#include "cluster/agent.h"


struct wf_dialer_t {
    const wf_agent_options_t *options;
    wf_dialed_fn *dialed;
    void *baton;
    pthread_t thread;
    pthread_mutex_t lock; /* wanted, quit */
    pthread_cond_t changed;
    int wanted, quit;
    apr_pool_t *way; /* the thread's */
};

static void attempt(wf_dialer_t *dialer)
{
    wf_error_t err;
    int fd = -1;

    if (dialer->way != NULL) {
        apr_pool_destroy(dialer->way);
    }
    dialer->way = wf_pool_create("wf_way", 0);
    wf_error_init(&err, dialer->way);
    if (dialer->options->dial(dialer->options->baton, &fd, dialer->way, &err)
        != APR_SUCCESS) {
        dialer->dialed(dialer->baton, -1, err.message);
        return;
    }
    dialer->dialed(dialer->baton, fd, "");
}

static int await_order(wf_dialer_t *dialer)
{
    int quit;

    pthread_mutex_lock(&dialer->lock);
    while (!dialer->wanted && !dialer->quit) {
        pthread_cond_wait(&dialer->changed, &dialer->lock);
    }
    dialer->wanted = 0;
    quit = dialer->quit;
    pthread_mutex_unlock(&dialer->lock);
    return !quit;
}

static void *run(void *data)
{
    wf_dialer_t *dialer = data;

    while (await_order(dialer)) {
        attempt(dialer);
    }
    return NULL;
}

apr_status_t wf_dialer_create(wf_dialer_t **out, const wf_agent_options_t *options,
                              wf_dialed_fn *dialed, void *baton, apr_pool_t *p,
                              wf_error_t *err)
{
    wf_dialer_t *dialer = apr_pcalloc(p, sizeof(*dialer));

    dialer->options = options;
    dialer->dialed = dialed;
    dialer->baton = baton;
    pthread_mutex_init(&dialer->lock, NULL);
    pthread_cond_init(&dialer->changed, NULL);
    if (pthread_create(&dialer->thread, NULL, run, dialer) != 0) {
        pthread_cond_destroy(&dialer->changed);
        pthread_mutex_destroy(&dialer->lock);
        return wf_error_set(err, WF_ERR_INTERNAL, "the thread that connects");
    }
    *out = dialer;
    return APR_SUCCESS;
}

static void tell(wf_dialer_t *dialer, int *what)
{
    pthread_mutex_lock(&dialer->lock);
    *what = 1;
    pthread_cond_signal(&dialer->changed);
    pthread_mutex_unlock(&dialer->lock);
}

void wf_dialer_dial(wf_dialer_t *dialer)
{
    tell(dialer, &dialer->wanted);
}

void wf_dialer_stop(wf_dialer_t *dialer)
{
    tell(dialer, &dialer->quit);
    pthread_join(dialer->thread, NULL);
}

void wf_dialer_destroy(wf_dialer_t *dialer)
{
    if (dialer->way != NULL) {
        apr_pool_destroy(dialer->way);
    }
    pthread_cond_destroy(&dialer->changed);
    pthread_mutex_destroy(&dialer->lock);
}
