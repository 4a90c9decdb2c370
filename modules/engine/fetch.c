/* external.fetch: a worker asks for tasks of some topics and gets them locked. It goes
 * through as many looks as it takes: each is a work of the engine's own that reads what
 * is ready, locks it in its unit and is committed; between them the poll waits (polls.c).
 *
 * Several fetches at once give one task once: who finds a task claims it in memory, so
 * that the others pass it over, and the lock is asked for at the commit, which alone
 * decides. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for -------------------------------------------------------------------------- */

static apr_array_header_t *read_texts(json_object *topic, const char *name, apr_pool_t *p)
{
    json_object *list = wf_json_get(topic, name);
    apr_array_header_t *texts;

    if (!json_object_is_type(list, json_type_array)) {
        return NULL;
    }
    texts = apr_array_make(p, 4, sizeof(const char *));
    for (apr_size_t i = 0; i < json_object_array_length(list); i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            json_object_get_string(json_object_array_get_idx(list, i));
    }
    return texts;
}

static apr_status_t read_topic(wf_poll_t *poll, json_object *json, wf_error_t *err)
{
    wf_poll_topic_t *topic = apr_array_push(poll->topics);
    apr_pool_t *p = poll->request->pool;
    json_object *variables = wf_json_get(json, "processVariables");
    apr_status_t rv =
        wf_args_text(json, "topicName", WF_EXTERNAL_MAX_NAME, &topic->name, err);

    topic->lock_ms = wf_json_int(json, "lockDuration", 0);
    if (rv == APR_SUCCESS && !topic->name) {
        rv = wf_error_field(err, WF_ERR_INVALID, "topicName", "'topicName' is missing");
    }
    if (rv == APR_SUCCESS
        && (topic->lock_ms < 1 || topic->lock_ms > WF_EXTERNAL_MAX_SPAN)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "lockDuration",
                            "'lockDuration' must be 1 to %" APR_INT64_T_FMT
                            " milliseconds",
                            (apr_int64_t)WF_EXTERNAL_MAX_SPAN);
    }
    topic->business_key = wf_json_string(json, "businessKey", NULL);
    topic->definition_ids = read_texts(json, "processDefinitionIdIn", p);
    topic->definition_keys = read_texts(json, "processDefinitionKeyIn", p);
    if (rv == APR_SUCCESS && variables) {
        rv = wf_vars_from_json(&topic->variables, variables, p, err);
    }
    topic->picky = topic->business_key || topic->definition_ids || topic->definition_keys
                   || topic->variables;
    poll->picky |= topic->picky;
    return rv;
}

static apr_status_t read_topics(wf_poll_t *poll, json_object *list, wf_error_t *err)
{
    apr_size_t count =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    apr_status_t rv = APR_SUCCESS;

    if (count > WF_FETCH_MAX_TOPICS) {
        return wf_error_field(err, WF_ERR_INVALID, "topics", "more than %d topics",
                              WF_FETCH_MAX_TOPICS);
    }
    poll->topics =
        apr_array_make(poll->request->pool, (int)count + 1, sizeof(wf_poll_topic_t));
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < count; i++) {
        rv = read_topic(poll, json_object_array_get_idx(list, i), err);
    }
    return rv;
}

static apr_status_t read_poll(wf_poll_t *poll, wf_error_t *err)
{
    json_object *args = poll->request->args;
    apr_int64_t most = wf_json_int(args, "maxTasks", 0);
    apr_int64_t wait = wf_json_int(args, "wait", 0);
    apr_status_t rv =
        wf_args_text(args, "workerId", WF_EXTERNAL_MAX_NAME, &poll->worker, err);

    if (rv == APR_SUCCESS && (!poll->worker || !*poll->worker)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "workerId", "'workerId' is missing");
    }
    if (rv == APR_SUCCESS && (most < 0 || most > WF_FETCH_MAX_TASKS)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "maxTasks", "'maxTasks' must be 0 to %d",
                            WF_FETCH_MAX_TASKS);
    }
    if (rv == APR_SUCCESS) {
        rv = read_topics(poll, wf_json_get(args, "topics"), err);
    }
    poll->most = (int)most;
    poll->by_priority = wf_json_bool(args, "usePriority", 1);
    poll->until = wf_mono_us();
    if (rv == APR_SUCCESS && wait > 0 && most > 0 && poll->topics->nelts) {
        poll->until += wait * 1000;
    }
    if (poll->request->deadline && poll->request->deadline < poll->until) {
        poll->until = poll->request->deadline;
    }
    return rv;
}

/* ---- one look ------------------------------------------------------------------------------------ */

/* A task that this look has claimed. */
typedef struct claim_t {
    wf_id_t id;
    const wf_poll_topic_t *topic;
    const wf_external_task_t *task;
    wf_lock_t lock;
} claim_t;

typedef struct look_t {
    wf_poll_t *poll;
    wf_work_t *work;
    apr_pool_t *scratch; /* of one question of is_wanted */
    apr_int64_t now;
    apr_int64_t again_at;         /* when the lock of another task ends; 0 = never */
    const wf_poll_topic_t *topic; /* that is being read */
    apr_array_header_t *claims;   /* of claim_t *: in hand */
    apr_array_header_t *locks;    /* those of them that are to be locked */
} look_t;

static int is_listed(const apr_array_header_t *texts, const char *text)
{
    for (int i = 0; texts && i < texts->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(texts, i, const char *), text)) {
            return 1;
        }
    }
    return !texts;
}

static int has_key(const look_t *look, const wf_external_task_t *task)
{
    wf_definition_t *row = NULL;
    wf_error_t err;

    if (!look->topic->definition_keys) {
        return 1;
    }
    wf_error_init(&err, look->scratch);
    return wf_store_get_by_key(look->work->reader, WF_TABLE_DEFINITION, task->proc_def_id,
                               &row, look->scratch, &err)
               == APR_SUCCESS
           && row && is_listed(look->topic->definition_keys, row->key);
}

static int has_business_key(const look_t *look, const wf_external_task_t *task)
{
    wf_execution_t *row = NULL;
    wf_error_t err;

    if (!look->topic->business_key) {
        return 1;
    }
    wf_error_init(&err, look->scratch);
    return wf_store_get(look->work->reader, WF_TABLE_EXECUTION, task->proc_inst_id, &row,
                        look->scratch, &err)
               == APR_SUCCESS
           && row && row->business_key
           && !strcmp(row->business_key, look->topic->business_key);
}

/* All of the values that are asked for are those of the instance itself. */
static int has_variables(const look_t *look, const wf_external_task_t *task)
{
    const wf_map_t *asked = look->topic->variables;
    apr_array_header_t *rows;
    wf_error_t err;
    int found = 0;

    if (!asked) {
        return 1;
    }
    wf_error_init(&err, look->scratch);
    if (wf_store_select(look->work->reader, WF_BY_VARIABLES_OF_EXECUTION,
                        task->proc_inst_id, &rows, look->scratch, &err)
        != APR_SUCCESS) {
        return 0;
    }
    for (int i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, const wf_variable_t *);
        const wf_value_t *value = wf_map_get(asked, row->name);

        found += value && wf_value_equal(value, &row->value);
    }
    return found == wf_map_count(asked);
}

/* wf_fetch_t.wanted: what passes is ours. */
static int is_wanted(void *baton, const wf_external_task_t *task)
{
    look_t *look = baton;
    claim_t *claim;

    apr_pool_clear(look->scratch);
    if (look->topic->picky
        && !(is_listed(look->topic->definition_ids, task->proc_def_id)
             && has_key(look, task) && has_business_key(look, task)
             && has_variables(look, task))) {
        return 0;
    }
    claim = apr_pcalloc(look->work->pool, sizeof(*claim));
    claim->id = task->id;
    claim->topic = look->topic;
    if (!wf_polls_claim(look->work->engine->polls, &claim->id)) {
        return 0;
    }
    APR_ARRAY_PUSH(look->claims, claim_t *) = claim;
    return 1;
}

/* What the store gave, in its order, to its claims; what it did not give is let go. */
static void keep_given(look_t *look, int first, const apr_array_header_t *tasks)
{
    apr_array_header_t *claims = look->claims;
    int kept = first;

    for (int i = first; i < claims->nelts; i++) {
        claim_t *claim = APR_ARRAY_IDX(claims, i, claim_t *);

        for (int k = 0; k < tasks->nelts && !claim->task; k++) {
            const wf_external_task_t *task =
                APR_ARRAY_IDX(tasks, k, wf_external_task_t *);

            claim->task = task->id == claim->id ? task : NULL;
        }
        if (claim->task) {
            APR_ARRAY_IDX(claims, kept++, claim_t *) = claim;
        }
        else {
            wf_polls_unclaim(look->work->engine->polls, &claim->id, claim->topic->name);
        }
    }
    claims->nelts = kept;
}

static apr_status_t read_ready(look_t *look, wf_error_t *err)
{
    const wf_poll_t *poll = look->poll;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < poll->topics->nelts; i++) {
        wf_fetch_t fetch = { .count = 1,
                             .now = look->now,
                             .limit = poll->most,
                             .wanted = is_wanted,
                             .baton = look };
        apr_array_header_t *tasks;
        apr_int64_t next = 0;
        int first = look->claims->nelts;

        look->topic = &APR_ARRAY_IDX(poll->topics, i, wf_poll_topic_t);
        fetch.topics = &look->topic->name;
        rv = wf_store_fetchable(look->work->reader, &fetch, &tasks, &next,
                                look->work->pool, err);
        keep_given(look, first, tasks);
        if (next && (!look->again_at || next < look->again_at)) {
            look->again_at = next;
        }
    }
    return rv;
}

/* ---- whom to take -------------------------------------------------------------------------------- */

/* Of one topic the tasks come as the store gives them: by priority, then age. Over topics
 * priority goes first, and where it is equal (or does not count) each topic has its turn,
 * so that a flood of one does not keep a worker from the others. */
static int goes_before(const look_t *look, const claim_t *a, int taken_a,
                       const claim_t *b, int taken_b)
{
    if (look->poll->by_priority && a->task->priority != b->task->priority) {
        return a->task->priority > b->task->priority;
    }
    if (taken_a != taken_b) {
        return taken_a < taken_b;
    }
    return a->id < b->id;
}

/* Heads: the next claim of each topic; claims of one topic follow each other in the order
 * of the store. */
static int choose(look_t *look, int *heads, int *taken, const int *ends)
{
    int best = -1;

    for (int i = 0; i < look->poll->topics->nelts; i++) {
        const claim_t *claim;

        if (heads[i] == ends[i]) {
            continue;
        }
        claim = APR_ARRAY_IDX(look->claims, heads[i], claim_t *);
        if (best < 0
            || goes_before(look, claim, taken[i],
                           APR_ARRAY_IDX(look->claims, heads[best], claim_t *),
                           taken[best])) {
            best = i;
        }
    }
    return best;
}

static int in_order(const void *a, const void *b)
{
    const wf_external_task_t *x = (*(claim_t *const *)a)->task;
    const wf_external_task_t *y = (*(claim_t *const *)b)->task;

    if (x->priority != y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    return x->id < y->id ? -1 : x->id > y->id;
}

static void lock_chosen(look_t *look, claim_t *claim)
{
    claim->lock = (wf_lock_t){ .what = WF_LOCK_FETCH,
                               .id = claim->id,
                               .owner = look->poll->worker,
                               .now = look->now,
                               .until = look->now + claim->topic->lock_ms };
    wf_uow_lock(look->work->uow, &claim->lock);
    APR_ARRAY_PUSH(look->locks, claim_t *) = claim;
}

/* Where the claims of each topic begin and end. */
static void find_topics(const look_t *look, int *heads, int *ends)
{
    int at = 0;

    for (int i = 0; i < look->poll->topics->nelts; i++) {
        const wf_poll_topic_t *topic =
            &APR_ARRAY_IDX(look->poll->topics, i, wf_poll_topic_t);

        heads[i] = at;
        while (at < look->claims->nelts
               && APR_ARRAY_IDX(look->claims, at, claim_t *)->topic == topic) {
            at++;
        }
        ends[i] = at;
        qsort((claim_t **)look->claims->elts + heads[i], ends[i] - heads[i],
              sizeof(claim_t *), in_order);
    }
}

static void lock_some(look_t *look)
{
    apr_size_t size = look->poll->topics->nelts * sizeof(int);
    int *heads = apr_pcalloc(look->work->pool, size);
    int *taken = apr_pcalloc(look->work->pool, size);
    int *ends = apr_pcalloc(look->work->pool, size);
    int best;

    find_topics(look, heads, ends);
    while (look->locks->nelts < look->poll->most
           && (best = choose(look, heads, taken, ends)) >= 0) {
        lock_chosen(look, APR_ARRAY_IDX(look->claims, heads[best]++, claim_t *));
        taken[best]++;
    }
    qsort(look->locks->elts, look->locks->nelts, sizeof(claim_t *), in_order);
}

static json_object *reply_of(const look_t *look, int only_held);

/* A fetch that comes again gets what the first got: what it then finds to be another's,
 * the child leaves out. Which locks are had is known after the commit only, so it is
 * those that are asked for that are kept. */
static apr_status_t look_for_tasks(wf_work_t *work, wf_error_t *err)
{
    look_t *look = work->baton;
    wf_engine_t *engine = work->engine;
    const wf_once_t *once = look->poll->request->once;
    apr_status_t rv = APR_SUCCESS;

    wf_polls_begin_look(engine->polls, look->poll);
    if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE)
        || wf_ipc_is_gone(look->poll->request)) {
        return APR_SUCCESS;
    }
    if (once) {
        rv = wf_once_find(work, once, &work->repeated, err);
    }
    if (rv != APR_SUCCESS || work->repeated) {
        return rv;
    }
    look->now = wf_time_ms();
    rv = read_ready(look, err);
    if (rv == APR_SUCCESS) {
        lock_some(look);
    }
    if (rv == APR_SUCCESS && once && look->locks->nelts) {
        wf_once_keep(work, once, reply_of(look, 0));
    }
    return rv;
}

/* ---- what came of it -------------------------------------------------------------------------------- */

static int is_chosen(const claim_t *claim)
{
    return claim->lock.owner != NULL;
}

/* Others hear of what was not taken, or not got though nobody may have it now. */
static void give_back(look_t *look, int failed)
{
    for (int i = 0; i < look->claims->nelts; i++) {
        claim_t *claim = APR_ARRAY_IDX(look->claims, i, claim_t *);
        int taken = is_chosen(claim) && !failed;

        wf_polls_unclaim(look->work->engine->polls, &claim->id,
                         taken ? NULL : claim->topic->name);
        if (taken && claim->lock.held) {
            wf_polls_announce(look->work->engine->polls, claim->topic->name,
                              claim->lock.until);
        }
    }
}

/* {"tasks": [{id, topic}]}: topic is its place in the request. */
static json_object *reply_of(const look_t *look, int only_held)
{
    json_object *reply = wf_json_own(json_object_new_object(), look->work->pool);
    json_object *tasks = json_object_new_array();

    json_object_object_add(reply, "tasks", tasks);
    for (int i = 0; i < look->locks->nelts; i++) {
        const claim_t *claim = APR_ARRAY_IDX(look->locks, i, claim_t *);
        json_object *task;

        if (only_held && !claim->lock.held) {
            continue;
        }
        task = json_object_new_object();
        wf_json_add_int(task, "id", claim->id);
        wf_json_add_int(task, "topic",
                        claim->topic - (wf_poll_topic_t *)look->poll->topics->elts);
        json_object_array_add(tasks, task);
    }
    return reply;
}

static json_object *got(wf_work_t *work, int *count)
{
    json_object *reply = work->reply ? work->reply : reply_of(work->baton, 1);

    *count = (int)json_object_array_length(wf_json_get(reply, "tasks"));
    return reply;
}

/* The fetch is about to be answered: it may come again. */
static void give_key(const wf_poll_t *poll)
{
    if (poll->request->once) {
        wf_keys_give(poll->engine->keys_taken, poll->request->once->key);
    }
}

/* wf_work_t.done of a look. */
static void looked(wf_work_t *work, const wf_error_t *err)
{
    look_t *look = work->baton;
    wf_poll_t *poll = look->poll;
    wf_polls_t *polls = work->engine->polls;
    int failed = err->kind != WF_ERR_NONE, count = 0;
    int gone = wf_ipc_is_gone(poll->request);
    wf_poll_next_e next = WF_POLL_ANSWER;
    json_object *reply;

    give_back(look, failed);
    reply = got(work, &count);
    if (failed) {
        wf_polls_leave(polls, poll, 1);
        give_key(poll);
        wf_ipc_fail(poll->request, err);
        return;
    }
    if (!count && !gone) {
        next = look->locks->nelts && wf_mono_us() < poll->until
                   ? WF_POLL_LOOK
                   : wf_polls_wait(polls, poll, look->again_at);
    }
    if (next == WF_POLL_LOOK) {
        wf_poll_look(poll);
    }
    if (next == WF_POLL_ANSWER) {
        wf_polls_leave(polls, poll, poll->picky || count == poll->most || gone);
        give_key(poll);
        wf_ipc_reply(poll->request, reply, NULL, 0);
    }
}

void wf_poll_look(wf_poll_t *poll)
{
    wf_work_t *work = wf_work_create(poll->engine, "wf_fetch");
    look_t *look = apr_pcalloc(work->pool, sizeof(*look));

    look->poll = poll;
    look->work = work;
    apr_pool_create(&look->scratch, work->pool);
    apr_pool_tag(look->scratch, "wf_fetch_wanted");
    look->claims = apr_array_make(work->pool, poll->most, sizeof(claim_t *));
    look->locks = apr_array_make(work->pool, poll->most, sizeof(claim_t *));
    work->baton = look;
    work->deadline = poll->request->deadline;
    work->run = look_for_tasks;
    work->done = looked;
    wf_executor_submit(poll->engine->executor, work);
}

/* external.fetch {workerId, maxTasks, usePriority, wait, topics} */
void wf_command_fetch(wf_engine_t *engine, wf_ipc_request_t *request)
{
    wf_poll_t *poll = apr_pcalloc(request->pool, sizeof(*poll));
    int limit = __atomic_load_n(&engine->queue_limit, __ATOMIC_RELAXED);
    wf_error_t err;

    poll->engine = engine;
    poll->request = request;
    wf_error_init(&err, request->pool);
    if (read_poll(poll, &err) == APR_SUCCESS) {
        if (__atomic_load_n(&engine->stopping, __ATOMIC_ACQUIRE)) {
            wf_error_set(&err, WF_ERR_UNAVAILABLE, "the engine is stopping");
        }
        else if (wf_executor_pending(engine->executor) >= limit) {
            wf_error_set(&err, WF_ERR_UNAVAILABLE,
                         "the engine is busy: too many commands wait");
        }
    }
    if (err.kind != WF_ERR_NONE) {
        give_key(poll);
        wf_ipc_fail(request, &err);
        return;
    }
    wf_polls_enter(engine->polls, poll);
    wf_poll_look(poll);
}
