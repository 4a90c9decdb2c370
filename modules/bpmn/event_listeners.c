/* Event listeners of a process: told what happens in the engine for its instances.
 *
 *   something happens ──▶ news ──▶ told, in order ──▶ a delegate is called
 *                                                 └─▶ something is thrown ──┐
 *   the step is done  ◀────── comes as from outside ◀──────────────────────┘
 *
 * 1. News are told where they happen, or at the end of the step where the tree of
 *    executions is being changed just then.
 * 2. What a listener throws waits until the step is done: an execution must not go from
 *    under the step that works on it. So it is with BPMN errors of delegates.
 * 3. Listeners that lead to each other end by their depth; what they throw counts as a
 * step of the turn. */
#include "bpmn/tell.h"

/* Listeners that cause each other (a variable that sets a variable …). */
#define DEPTH_MAX 20

typedef struct throw_t {
    wf_throws_e how;
    const char *name;    /* of the signal or message; the error's code */
    const char *message; /* of the error, or NULL */
    const wf_event_listener_t *listener;
    wf_news_t news; /* why */
} throw_t;

/* ---- where ------------------------------------------------------------------------------- */

/* Where it happened, or what is left around that; NULL if nothing is. A scope that has
 * handed its token down to what has ended is there all the same. */
static wf_exec_t *living(const wf_news_t *news)
{
    wf_exec_t *exec = news->exec ? wf_exec_current(news->exec) : NULL;

    while (exec && exec->ended) {
        exec = exec->parent;
    }
    return exec;
}

/* A task that is still there. */
static wf_task_t *open_task(const wf_news_t *news)
{
    return news->about.entity == WF_ENTITY_TASK && news->what != WF_NEWS_ENTITY_DELETED
               ? (wf_task_t *)news->about.row
               : NULL;
}

/* ---- doing ------------------------------------------------------------------------------- */

static void throw_later(const wf_event_listener_t *listener, const wf_news_t *news,
                        throw_t what)
{
    wf_turn_t *turn = news->of->turn;

    what.listener = listener;
    what.news = *news;
    APR_ARRAY_PUSH(turn->throws, throw_t) = what;
}

static apr_status_t perform(const wf_event_listener_t *listener, const wf_news_t *news,
                            wf_error_t *err)
{
    wf_turn_t *turn = news->of->turn;
    wf_host_t seen = { .call = turn->call,
                       .exec = living(news),
                       .of = news->of,
                       .news = news,
                       .task = open_task(news),
                       .event = wf_news_rows[news->what].name };
    wf_outcome_t outcome;
    apr_status_t rv = wf_action_run(&seen, &listener->action, "event", &outcome, err);

    if (rv == APR_SUCCESS && outcome.topic) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "a listener cannot wait for workers of the topic \"%s\"",
                            outcome.topic);
    }
    if (rv == APR_SUCCESS && outcome.transition) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "a listener cannot choose a flow, here \"%s\"",
                            outcome.transition);
    }
    if (rv != APR_SUCCESS && turn->thrown) {
        throw_later(listener, news,
                    (throw_t){ .how = WF_THROWS_ERROR,
                               .name = turn->thrown,
                               .message = turn->thrown_message });
        turn->thrown = turn->thrown_message = NULL;
        wf_error_init(err, err->pool);
        return APR_SUCCESS;
    }
    return rv;
}

static apr_status_t hear(const wf_event_listener_t *listener, const wf_news_t *news,
                         wf_error_t *err)
{
    apr_status_t rv;

    if (listener->throws != WF_THROWS_NOTHING) {
        throw_later(listener, news,
                    (throw_t){ .how = listener->throws, .name = listener->name });
        return APR_SUCCESS;
    }
    rv = perform(listener, news, err);
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "listener of %s (line %d)",
                               wf_news_rows[news->what].name, listener->line);
}

static int is_for(const wf_event_listener_t *listener, const wf_news_t *news)
{
    return (listener->hears & WF_NEWS_BIT(news->what))
           && (listener->entity == WF_ENTITY_NONE
               || wf_entity_is(news->about.entity, listener->entity));
}

/* ---- telling ----------------------------------------------------------------------------- */

static apr_status_t tell_one(const wf_news_t *news, wf_error_t *err)
{
    wf_turn_t *turn = news->of->turn;
    const apr_array_header_t *listeners = news->of->model->event_listeners;
    int i, before = turn->listening;
    apr_status_t rv = APR_SUCCESS;

    if (news->depth >= DEPTH_MAX) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "listeners of %s and others call each other for ever",
                            wf_news_rows[news->what].name);
    }
    turn->listening = news->depth + 1;
    for (i = 0; rv == APR_SUCCESS && listeners && i < listeners->nelts; i++) {
        const wf_event_listener_t *listener =
            APR_ARRAY_IDX(listeners, i, const wf_event_listener_t *);

        if (is_for(listener, news)) {
            rv = hear(listener, news, err);
        }
    }
    turn->listening = before;
    return rv;
}

/* Listeners may add news, and call this again. */
static apr_status_t tell_all(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && turn->told < turn->news->nelts) {
        const wf_news_t news = APR_ARRAY_IDX(turn->news, turn->told, wf_news_t);

        turn->told++;
        rv = tell_one(&news, err);
    }
    turn->news->nelts = turn->told = 0;
    return rv;
}

apr_status_t wf_news_flush(wf_turn_t *turn, wf_error_t *err)
{
    return turn->news ? tell_all(turn, err) : APR_SUCCESS;
}

static void add(const wf_instance_t *of, wf_exec_t *exec, wf_news_e what,
                wf_about_t about)
{
    wf_turn_t *turn = of->turn;

    if (!turn->news) {
        turn->news = apr_array_make(turn->p, 8, sizeof(wf_news_t));
        turn->throws = apr_array_make(turn->p, 2, sizeof(throw_t));
    }
    if (exec && !about.activity && exec->node) {
        about.activity = exec->node->id;
    }
    APR_ARRAY_PUSH(turn->news, wf_news_t) = (wf_news_t){
        .what = what, .about = about, .of = of, .exec = exec, .depth = turn->listening
    };
}

void wf_news_add(wf_exec_t *exec, wf_news_e what, wf_about_t about)
{
    add(exec->instance, exec, what, about);
}

apr_status_t wf_news_tell(wf_exec_t *exec, wf_news_e what, wf_about_t about,
                          wf_error_t *err)
{
    add(exec->instance, exec, what, about);
    return tell_all(exec->instance->turn, err);
}

apr_status_t wf_tell_nowhere(const wf_instance_t *of, wf_news_e what, wf_about_t about,
                             wf_error_t *err)
{
    if (!(of->model->heard & WF_NEWS_BIT(what))) {
        return APR_SUCCESS;
    }
    add(of, NULL, what, about);
    return tell_all(of->turn, err);
}

wf_instance_t *wf_news_definition(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id)
{
    wf_instance_t *instance = apr_pcalloc(turn->p, sizeof(*instance));

    instance->turn = turn;
    instance->model = model;
    instance->definition_id = definition_id;
    instance->heard = model->heard;
    return instance;
}

/* ---- throwing ------------------------------------------------------------------------------ */

/* Why nothing can be thrown inside the instance; NULL: it can. */
static const char *stands_still(const throw_t *what)
{
    const wf_exec_t *root = what->news.of->root;

    if (!root) {
        return "there is no process instance";
    }
    if (root->ended) {
        return "the process instance has ended";
    }
    return what->news.of->still || root->row->suspension == WF_SUSPENDED
               ? "the process instance is suspended"
               : NULL;
}

/* What has ended or is suspended hears nothing; where there never was an instance the
 * file makes no sense. */
static apr_status_t find_receivers(const throw_t *what, const char *type,
                                   apr_array_header_t **rows, wf_error_t *err)
{
    wf_turn_t *turn = what->news.of->turn;
    const wf_exec_t *root = what->news.of->root;

    *rows = apr_array_make(turn->p, 1, sizeof(wf_subscription_t *));
    if (!root) {
        return wf_error_set(err, WF_ERR_EXECUTION, "a %s cannot be thrown: %s", type,
                            stands_still(what));
    }
    if (stands_still(what)) {
        return APR_SUCCESS;
    }
    return wf_subscriptions_find(rows, turn, WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
                                 root->row->id, type, what->name, err);
}

static apr_status_t throw_signal(const throw_t *what, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = find_receivers(what, WF_SUBSCRIBED_SIGNAL, &rows, err);

    return rv == APR_SUCCESS
               ? wf_subscriptions_deliver(what->news.of->turn, rows, NULL, err)
               : rv;
}

static apr_status_t throw_global_signal(const throw_t *what, wf_error_t *err)
{
    const wf_thrown_t thrown = { .name = what->name };

    return wf_signal_throw(what->news.of->turn, &thrown, err);
}

/* The one that has waited longest gets it. */
static apr_status_t throw_message(const throw_t *what, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = find_receivers(what, WF_SUBSCRIBED_MESSAGE, &rows, err);

    return rv == APR_SUCCESS && rows->nelts
               ? wf_subscription_deliver(what->news.of->turn,
                                         APR_ARRAY_IDX(rows, 0, wf_subscription_t *),
                                         NULL, err)
               : rv;
}

static apr_status_t throw_error(const throw_t *what, wf_error_t *err)
{
    wf_exec_t *exec = living(&what->news);
    const char *why = stands_still(what);

    if (why || !exec) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the BPMN error \"%s\" cannot be thrown: %s", what->name,
                            why ? why : "it happened in no execution");
    }
    wf_error_throw(exec, what->name, what->message, err);
    return wf_error_catch(exec, err);
}

/* Who receives it may itself fail with a BPMN error. */
static apr_status_t do_throw(const throw_t *what, wf_error_t *err)
{
    static apr_status_t (*const ways[])(const throw_t *what, wf_error_t *err) = {
        [WF_THROWS_SIGNAL] = throw_signal,
        [WF_THROWS_GLOBAL_SIGNAL] = throw_global_signal,
        [WF_THROWS_MESSAGE] = throw_message,
        [WF_THROWS_ERROR] = throw_error,
    };
    wf_turn_t *turn = what->news.of->turn;
    apr_status_t rv = wf_agenda_count(turn, err);
    wf_exec_t *exec;

    if (rv == APR_SUCCESS && *what->name) {
        rv = ways[what->how](what, err);
    }
    exec = living(&what->news);
    if (rv != APR_SUCCESS && turn->thrown && exec) {
        rv = wf_error_catch(exec, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "thrown by the listener of %s (line %d)",
                               wf_news_rows[what->news.what].name, what->listener->line);
}

apr_status_t wf_news_finish(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv = tell_all(turn, err);

    while (rv == APR_SUCCESS && turn->throws->nelts) {
        apr_array_header_t *throws = turn->throws;
        int i;

        turn->throws = apr_array_make(turn->p, 2, sizeof(throw_t));
        for (i = 0; rv == APR_SUCCESS && i < throws->nelts; i++) {
            rv = do_throw(&APR_ARRAY_IDX(throws, i, throw_t), err);
        }
        if (rv == APR_SUCCESS) {
            rv = tell_all(turn, err);
        }
    }
    return rv;
}
