/* The agent's tasks: assigned by the master, begun when their time comes, told about,
 * ended. */
#include "cluster/agent.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARTS 100000 /* of an execution: of more no master is believed */

/* ---- tasks ------------------------------------------------------------------------------- */

static int is_called(const wf_agent_task_t *task, const wf_task_name_t *name)
{
    return task->name.member == name->member && task->name.task == name->task
           && strcmp(task->name.execution, name->execution) == 0;
}

/* Nobody asks for those that are not wanted: one may come again under that name. */
static wf_agent_task_t *find(const wf_agent_t *agent, const wf_task_name_t *name)
{
    wf_agent_task_t *task = agent->tasks;

    while (task != NULL && (task->state == TASK_UNWANTED || !is_called(task, name))) {
        task = task->next;
    }
    return task;
}

int wf_agent_may_start(const wf_agent_t *agent, const wf_agent_task_t *task)
{
    const wf_agent_task_t *other = agent->tasks;

    while (other != NULL
           && (other->state != TASK_UNWANTED || !is_called(other, &task->name))) {
        other = other->next;
    }
    return task->state == TASK_WAITS && other == NULL;
}

void wf_agent_free_task(wf_agent_t *agent, wf_agent_task_t *task)
{
    wf_agent_task_t **at = &agent->tasks;

    while (*at != task) {
        at = &(*at)->next;
    }
    *at = task->next;
    if (task->plan_pool != NULL) {
        apr_pool_destroy(task->plan_pool);
    }
    if (task->orders != NULL) {
        json_object_put(task->orders);
    }
    apr_pool_destroy(task->last_pool);
    apr_pool_destroy(task->pool);
    free(task);
}

static wf_said_t last_words(const wf_agent_task_t *task, const wf_run_record_t *record)
{
    return (wf_said_t){ .sequence = record->sequence,
                        .state = apr_pstrdup(task->last_pool, record->state),
                        .sheet = apr_pstrdup(task->last_pool, record->sheet) };
}

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    wf_agent_task_t *task = baton;
    wf_agent_t *agent = task->agent;
    const wf_run_record_t *record = snapshot->record;

    if (!wf_run_status_final(snapshot->status)) {
        return;
    }
    task->status = snapshot->status;
    task->last_requests = snapshot->http_reqs;
    if (!task->moved) {
        task->last = last_words(task, record);
        task->variables =
            record->variables ? apr_pstrdup(task->last_pool, record->variables) : NULL;
    }
    pthread_mutex_lock(&agent->lock);
    agent->ended = 1;
    __atomic_store_n(&task->final, 1, __ATOMIC_RELEASE); /* the task may go now */
    pthread_cond_signal(&agent->changed);
    pthread_mutex_unlock(&agent->lock);
}

static void refuse(wf_agent_t *agent, const wf_task_name_t *name, const char *why)
{
    json_object *o = wf_task_message("refused", name);

    wf_json_add_string(o, "error", why);
    wf_agent_tell(agent, o);
}

/* ---- orders ---------------------------------------------------------------------------------- */

/* One that stands still to be moved neither pauses nor goes on; to be ended it need not
 * be moved. */
static int is_noted(wf_agent_task_t *task, wf_order_e order)
{
    if (order == WF_ORDER_PAUSE || order == WF_ORDER_RESUME) {
        task->paused = order == WF_ORDER_PAUSE;
        return task->leaving;
    }
    if (order == WF_ORDER_STOP || order == WF_ORDER_CUT) {
        task->leave_by_us = 0;
        task->leaving = 0;
    }
    return 0;
}

static void obey(wf_agent_t *agent, wf_agent_task_t *task, json_object *o)
{
    wf_load_t *load = agent->options.load;
    const char *scenario = wf_json_string(o, "scenario", "");
    int order = wf_order_parse(wf_json_string(o, "order", ""));
    wf_error_t err;

    if (task->state == TASK_WAITS) {
        json_object_array_add(task->orders, json_object_get(o));
        return;
    }
    if (is_noted(task, (wf_order_e)order)) {
        return;
    }
    wf_error_init(&err, agent->pool);
    switch (order) {
    case WF_ORDER_STOP:
        wf_load_stop(load, task->id, &err);
        break;
    case WF_ORDER_CUT:
        wf_load_cut(load, task->id, &err);
        break;
    case WF_ORDER_PAUSE:
        wf_load_pause(load, task->id, &err);
        break;
    case WF_ORDER_RESUME:
        wf_load_resume(load, task->id, &err);
        break;
    case WF_ORDER_SCALE:
        wf_load_scale(load, task->id, *scenario ? scenario : NULL,
                      wf_json_int(o, "vus", 0), &err);
        break;
    default:
        wf_error_set(&err, WF_ERR_INVALID, "an unknown order");
    }
    if (err.message != NULL) {
        wf_log(WF_LOG_INFO, "slave: %s: %s", task->id, err.message);
    }
}

/* Those that hold; whoever obeys one already is not changed by it. */
static void obey_all(wf_agent_t *agent, wf_agent_task_t *task, json_object *orders)
{
    size_t i, n = json_object_is_type(orders, json_type_array)
                      ? json_object_array_length(orders)
                      : 0;

    for (i = 0; i < n && task->state <= TASK_RUNS; i++) {
        obey(agent, task, json_object_array_get_idx(orders, i));
    }
}

void wf_agent_on_order(wf_agent_t *agent, json_object *message)
{
    const char *execution = wf_json_string(message, "execution", "");
    wf_agent_task_t *task;

    for (task = agent->tasks; task != NULL; task = task->next) {
        if (task->state != TASK_UNWANTED
            && strcmp(task->name.execution, execution) == 0) {
            obey(agent, task, message);
        }
    }
}

/* ---- assignments -------------------------------------------------------------------------------- */

static apr_status_t read_weights(wf_load_task_t *what, json_object *message,
                                 apr_pool_t *p, wf_error_t *err)
{
    json_object *list = wf_json_get(message, "weights");
    size_t n =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    apr_int64_t *weights, mine = wf_json_int(message, "mine", -1);
    size_t i;

    n = n <= MAX_PARTS ? n : 0;
    weights = apr_pcalloc(p, (n + 1) * sizeof(*weights));
    for (i = 0; i < n; i++) {
        weights[i] = json_object_get_int64(json_object_array_get_idx(list, i));
        if (weights[i] <= 0 || weights[i] > WF_SLAVE_VUS) {
            n = 0;
        }
    }
    if (n == 0 || mine < 0 || (size_t)mine >= n) {
        return wf_error_set(err, WF_ERR_INVALID, "an assignment without its part");
    }
    what->weights = weights;
    what->n = (int)n;
    what->mine = (int)mine;
    return APR_SUCCESS;
}

static void read_from(wf_agent_task_t *task, json_object *o)
{
    if (o == NULL) {
        return;
    }
    task->from.sequence = wf_json_int(o, "sequence", 0);
    task->from.state = apr_pstrdup(task->pool, wf_json_string(o, "state", ""));
    task->from.sheet = apr_pstrdup(task->pool, wf_json_string(o, "sheet", ""));
    task->what.from = &task->from;
}

static apr_status_t compile(wf_agent_t *agent, wf_plan_t **plan, json_object *message,
                            apr_pool_t *p, wf_error_t *err)
{
    const char *text = wf_json_string(message, "workflow", "");
    wf_problems_t *problems = wf_problems_create(NULL, agent->pool);
    json_object *workflow = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (wf_json_bool(message, "json", 0)) {
        rv = wf_json_read(&workflow, text, strlen(text), agent->pool, err);
    }
    if (rv == APR_SUCCESS) {
        wf_plan_read(plan, text, strlen(text), workflow, agent->options.around, problems,
                     p);
        rv = wf_problems_check(problems, err);
    }
    return rv;
}

/* One plan to run, which goes with its run, and one for the metrics of what it tells. */
static apr_status_t compile_both(wf_agent_t *agent, wf_agent_task_t *task,
                                 json_object *message, wf_error_t *err)
{
    const wf_metric_table_t *metrics;
    wf_plan_t *plan;
    apr_status_t rv = compile(agent, &plan, message, task->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    metrics = wf_plan_metrics(plan);
    task->now = wf_sheet_create(metrics, task->pool);
    task->known = wf_sheet_create(metrics, task->pool);
    task->added = wf_sheet_create(metrics, task->pool);
    task->plan_pool = wf_pool_create("wf_task_plan", 0);
    return compile(agent, &task->plan, message, task->plan_pool, err);
}

/* The common start, on our clock. */
static apr_int64_t start_of(wf_agent_t *agent, json_object *message)
{
    apr_int64_t offset_us = 0, error_us = 0;
    apr_int64_t start = wf_json_int(message, "start", 0), ahead;

    start = start <= WF_LINK_TIME_MAX ? start : 0; /* theirs tells no time */
    if (start > 0 && !wf_link_offset(agent->links, agent->link, &offset_us, &error_us)) {
        return wf_mono_us() + WF_START_AHEAD; /* not heard yet: as others, about */
    }
    ahead = start > 0 ? start - offset_us - agent->options.now() : 0;
    return wf_mono_us() + (ahead > 0 && ahead < 60 * APR_USEC_PER_SEC ? ahead : 0);
}

static wf_agent_task_t *make_task(wf_agent_t *agent, const wf_task_name_t *name)
{
    wf_agent_task_t *task = calloc(1, sizeof(*task));

    if (task == NULL) {
        abort();
    }
    task->agent = agent;
    task->pool = wf_pool_create("wf_task", 0);
    task->last_pool = wf_pool_create("wf_task_last", 0);
    task->name = *name;
    task->name.execution = apr_pstrdup(task->pool, name->execution);
    task->id = apr_psprintf(task->pool, "%s/%d/%" APR_INT64_T_FMT, name->execution,
                            name->member, name->task);
    task->orders = json_object_new_array();
    task->what.progress = on_progress;
    task->what.baton = task;
    task->next = agent->tasks;
    agent->tasks = task;
    return task;
}

void wf_agent_on_assign(wf_agent_t *agent, json_object *message)
{
    const char *variables = wf_json_string(message, "variables", NULL);
    json_object *orders = wf_json_get(message, "orders");
    wf_task_name_t name;
    wf_error_t err;
    wf_agent_task_t *task;

    wf_error_init(&err, agent->pool);
    if (!wf_task_name_read(&name, message)) {
        return;
    }
    task = find(agent, &name);
    if (task != NULL) {
        obey_all(agent, task, orders); /* it was not heard what has been ordered since */
        return;
    }
    task = make_task(agent, &name);
    task->what.phase = apr_pstrdup(task->pool, wf_json_string(message, "phase", ""));
    task->what.variables = variables ? apr_pstrdup(task->pool, variables) : NULL;
    read_from(task, wf_json_get(message, "from"));
    if (read_weights(&task->what, message, task->pool, &err) != APR_SUCCESS
        || compile_both(agent, task, message, &err) != APR_SUCCESS) {
        refuse(agent, &name, err.message);
        wf_agent_free_task(agent, task);
        return;
    }
    task->start_us = start_of(agent, message);
    obey_all(agent, task, orders);
}

/* On our clock: the master knows how far that is off. */
static void tell_begun(wf_agent_t *agent, const wf_agent_task_t *task)
{
    json_object *o = wf_task_message("begun", &task->name);

    wf_json_add_int(o, "at", agent->options.now());
    wf_agent_tell(agent, o);
}

void wf_agent_start_task(wf_agent_t *agent, wf_agent_task_t *task)
{
    apr_pool_t *plan_pool = task->plan_pool;
    wf_error_t err;

    wf_error_init(&err, agent->pool);
    task->plan_pool = NULL; /* the load engine's, whatever becomes of it */
    if (wf_load_start_task(agent->options.load, task->plan, plan_pool, task->id,
                           &task->what, &err)
        != APR_SUCCESS) {
        refuse(agent, &task->name, err.message);
        wf_agent_free_task(agent, task);
        return;
    }
    task->state = TASK_RUNS;
    tell_begun(agent, task);
    obey_all(agent, task, task->orders);
}

/* ---- to go on elsewhere ----------------------------------------------------------------------- */

static void stay(wf_agent_t *agent, const wf_task_name_t *name)
{
    wf_agent_tell(agent, wf_task_message("stays", name));
}

/* It will be looked at in each turn, also if it has not begun yet. */
void wf_agent_on_leave(wf_agent_t *agent, json_object *message)
{
    wf_task_name_t name;
    wf_agent_task_t *task;

    if (!wf_task_name_read(&name, message)) {
        return;
    }
    task = find(agent, &name);
    if (task == NULL) {
        stay(agent, &name);
    }
    else if (task->state <= TASK_RUNS && task->leave_by_us == 0) {
        task->leave_by_us = wf_mono_us() + agent->options.patience;
    }
}

/* It is quiet: what it did until now is all it did. */
static void move(wf_agent_t *agent, wf_agent_task_t *task)
{
    wf_run_snapshot_t snapshot;
    wf_error_t err;

    wf_error_init(&err, agent->pool);
    if (wf_load_record(agent->options.load, task->id, &snapshot, agent->pool, &err)
            != APR_SUCCESS
        || snapshot.status != WF_RUN_PAUSED) {
        return; /* its end comes soon */
    }
    task->last = last_words(task, snapshot.record);
    task->moved = 1;
    task->leave_by_us = 0;
    task->leaving = 0;
    wf_load_cut(agent->options.load, task->id, &err);
}

void wf_agent_leave_task(wf_agent_t *agent, wf_agent_task_t *task, apr_int64_t now_us)
{
    wf_load_t *load = agent->options.load;
    wf_error_t err;

    wf_error_init(&err, agent->pool);
    if (!task->leaving) {
        task->leaving = 1;
        wf_load_pause(load, task->id, &err); /* or it is paused already */
    }
    if (wf_load_is_quiet(load, task->id)) {
        move(agent, task);
    }
    else if (now_us > task->leave_by_us) {
        task->leave_by_us = 0;
        task->leaving = 0;
        if (!task->paused) {
            wf_load_resume(load, task->id, &err);
        }
        stay(agent, &task->name);
    }
}

/* ---- what tasks wf_agent_tell ------------------------------------------------------------------------- */

/* The difference to what is confirmed, or all of it. */
static const char *figures_of(wf_agent_task_t *task, const wf_said_t *said,
                              apr_int64_t *base, apr_pool_t *p)
{
    wf_error_t err;

    wf_error_init(&err, p);
    wf_sheet_clear(task->now);
    wf_sheet_clear(task->added);
    *base = 0;
    if (wf_sheet_decode(task->now, said->sheet, strlen(said->sheet), &err) == APR_SUCCESS
        && task->known_sequence > 0
        && wf_sheet_since(task->added, task->now, task->known)) {
        *base = task->known_sequence;
        return wf_sheet_encode(task->added, p);
    }
    return said->sheet;
}

static void tell_news(wf_agent_t *agent, wf_agent_task_t *task, const wf_said_t *said)
{
    json_object *o = wf_task_message("news", &task->name);
    apr_int64_t base;
    const char *figures = figures_of(task, said, &base, agent->pool);

    wf_json_add_int(o, "sequence", said->sequence);
    wf_json_add_int(o, "base", base);
    wf_json_add_string(o, "figures", figures);
    wf_json_add_string(o, "state", said->state);
    task->told = said->sequence;
    wf_agent_tell(agent, o);
}

static void tell_over(wf_agent_t *agent, wf_agent_task_t *task)
{
    json_object *o = wf_task_message("over", &task->name);

    wf_json_add_string(o, "status",
                       task->moved ? WF_MOVED : wf_run_status_name(task->status));
    if (task->orphan) {
        wf_json_add_bool(o, "orphan", 1);
    }
    if (task->variables != NULL) {
        wf_json_add_string(o, "variables", task->variables);
    }
    wf_agent_tell(agent, o);
}

/* Those that run are freed when they have ended. */
void wf_agent_cut_task(wf_agent_t *agent, wf_agent_task_t *task)
{
    wf_error_t err;

    wf_error_init(&err, agent->pool);
    task->leave_by_us = 0; /* it ends here */
    task->leaving = 0;
    if (task->state == TASK_WAITS) {
        wf_agent_free_task(agent, task);
    }
    else if (task->state == TASK_RUNS) {
        wf_load_cut(agent->options.load, task->id, &err);
    }
}

/* It is somebody else's now. */
static void give_up(wf_agent_t *agent, wf_agent_task_t *task)
{
    wf_log(WF_LOG_INFO, "slave: %s is not wanted any more", task->id);
    if (task->state == TASK_RUNS) {
        wf_agent_cut_task(agent, task);
        task->state = TASK_UNWANTED;
    }
    else {
        wf_agent_free_task(agent, task);
    }
}

/* What is known of it there: what was told last, or something else, and then all of it
 * has to be told. */
void wf_agent_on_have(wf_agent_t *agent, json_object *message)
{
    apr_int64_t have = wf_json_int(message, "have", 0);
    wf_task_name_t name;
    wf_agent_task_t *task = wf_task_name_read(&name, message) ? find(agent, &name) : NULL;

    if (task == NULL) {
        return;
    }
    if (have < 0) {
        give_up(agent, task);
    }
    else if (have == task->told) {
        wf_sheet_clear(task->known);
        wf_sheet_merge(task->known, task->now);
        task->known_sequence = have;
        if (task->state == TASK_ENDED && have == task->last.sequence) {
            tell_over(agent, task);
        }
    }
    else {
        task->known_sequence = 0;
    }
}

void wf_agent_on_done(wf_agent_t *agent, json_object *message)
{
    wf_task_name_t name;
    wf_agent_task_t *task = wf_task_name_read(&name, message) ? find(agent, &name) : NULL;

    if (task != NULL && task->state == TASK_ENDED) {
        wf_agent_free_task(agent, task);
    }
}

/* Once a period, and as soon as it has ended. */
void wf_agent_report_task(wf_agent_t *agent, wf_agent_task_t *task)
{
    wf_run_snapshot_t snapshot;
    wf_error_t err;

    if (task->state == TASK_ENDED) {
        if (task->known_sequence == task->last.sequence) {
            tell_over(agent, task);
        }
        else {
            tell_news(agent, task, &task->last);
        }
        return;
    }
    wf_error_init(&err, agent->pool);
    if (task->state == TASK_RUNS && !task->moved
        && wf_load_record(agent->options.load, task->id, &snapshot, agent->pool, &err)
               == APR_SUCCESS
        && !wf_run_status_final(snapshot.status)) {
        wf_said_t said = { snapshot.record->sequence, snapshot.record->state,
                           snapshot.record->sheet };

        task->vus = snapshot.active_vus;
        task->requests = snapshot.http_reqs;
        tell_news(agent, task, &said);
    }
}
