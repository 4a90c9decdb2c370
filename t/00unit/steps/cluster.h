/* Executions that several load engines run together: three of them are members, a fourth
 * has the whole. Between them is what will be a network: it loses, repeats and delays. */
#ifndef WF_TEST_CLUSTER_H
#define WF_TEST_CLUSTER_H

#include "../tap.h"
#include "load/internal.h"
#include "run.h"

#define MEMBERS 3
#define STEP_US 3000 /* between two rounds of messages */

/* What a task says of itself. */
typedef struct said_t {
    apr_int64_t sequence;
    const char *state, *sheet;
} said_t;

typedef struct task_t {
    char id[64];
    int member;
    apr_int64_t number;
    int slave; /* whose engine has it */
    int final, told, given_up;
    wf_run_status_e status;
    wf_sheet_t *now, *known; /* known: what the master has confirmed, as of … */
    apr_int64_t known_sequence;
    said_t last; /* once it is final */
    const char *variables;
    apr_pool_t *pool, *last_pool; /* the latter is the load engine's thread's */
} task_t;

typedef struct note_t {
    wf_order_t order;
    char phase[16], scenario[16];
    char *variables;
    apr_int64_t tasks[MEMBERS];
} note_t;

typedef struct cluster_t {
    runner_t *r;
    wf_load_t *slaves[MEMBERS];
    int dead[MEMBERS];
    int hosts[MEMBERS]; /* whose engine does part i */
    const char *id, *yaml;
    pthread_mutex_t lock; /* notes, tasks' ends */
    note_t notes[64];
    int nnotes;
    task_t *tasks[64];
    int ntasks;
    int begins[WF_RUN_PHASES]; /* tasks of each phase */
    int chaos;                 /* percent of messages that meet trouble */
    task_t *late;
    wf_member_news_t late_news; /* kept back, delivered later */
    apr_pool_t *pool;
    wf_plan_t *plan; /* for its table of metrics */
} cluster_t;

static const char *const names[] = { "one", "two", "three", "four" };
static const apr_int64_t weights[MEMBERS] = { 1, 2, 3 };

/* ---- documents --------------------------------------------------------------------------- */

static wf_plan_t *compile(const cluster_t *c, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("test.yaml", p);
    const char *base = apr_psprintf(p, "http://127.0.0.1:%d", c->r->target.port), *at;
    const char *yaml = c->yaml;
    wf_plan_t *plan;

    while ((at = strstr(yaml, "BASE")) != NULL) {
        yaml = apr_psprintf(p, "%.*s%s%s", (int)(at - yaml), yaml, base, at + 4);
    }
    plan_from_yaml(&plan, yaml, strlen(yaml), problems, p);
    if (plan == NULL) {
        printf("Bail out! %s\n", wf_problems_text(problems, p));
        exit(1);
    }
    return plan;
}

/* ---- what the master orders -------------------------------------------------------------- */

static inline void on_order(void *baton, const char *id, const wf_order_t *order)
{
    cluster_t *c = baton;
    note_t *note;

    (void)id;
    pthread_mutex_lock(&c->lock);
    note = &c->notes[c->nnotes++];
    memset(note, 0, sizeof(*note));
    note->order = *order;
    if (order->phase != NULL) {
        snprintf(note->phase, sizeof(note->phase), "%s", order->phase);
        memcpy(note->tasks, order->tasks, sizeof(note->tasks));
        note->variables = order->variables ? strdup(order->variables) : NULL;
    }
    if (order->scenario != NULL) {
        snprintf(note->scenario, sizeof(note->scenario), "%s", order->scenario);
    }
    pthread_mutex_unlock(&c->lock);
}

/* The last progress call of a task brings its final record. */
static void on_task(void *baton, const wf_run_snapshot_t *snapshot)
{
    task_t *task = baton;
    const wf_run_record_t *record = snapshot->record;

    if (!wf_run_status_final(snapshot->status)) {
        return;
    }
    task->status = snapshot->status;
    task->last = (said_t){ .sequence = record->sequence,
                           .state = apr_pstrdup(task->last_pool, record->state),
                           .sheet = apr_pstrdup(task->last_pool, record->sheet) };
    task->variables =
        record->variables ? apr_pstrdup(task->last_pool, record->variables) : NULL;
    __atomic_store_n(&task->final, 1, __ATOMIC_RELEASE);
}

static inline void start_task(cluster_t *c, int slave, int member, apr_int64_t number,
                              const char *phase, const char *variables,
                              const wf_run_from_t *from)
{
    task_t *task = calloc(1, sizeof(*task));
    wf_load_task_t wanted = { .phase = phase,
                              .weights = weights,
                              .n = MEMBERS,
                              .mine = member,
                              .variables = variables,
                              .from = from,
                              .progress = on_task,
                              .baton = task };
    apr_pool_t *p;
    wf_error_t err;

    task->pool = wf_pool_create("t_spread", 0);
    task->last_pool = wf_pool_create("t_spread_last", 0);
    p = wf_pool_create("t_spread", 0);
    wf_error_init(&err, task->pool);
    snprintf(task->id, sizeof(task->id), "%s/%d/%d", c->id, member, (int)number);
    task->member = member;
    task->number = number;
    task->slave = slave;
    task->now = wf_sheet_create(c->plan->metrics, task->pool);
    task->known = wf_sheet_create(c->plan->metrics, task->pool);
    c->tasks[c->ntasks++] = task;
    c->begins[wf_run_phase_find(phase)]++;
    if (wf_load_start_task(c->slaves[slave], compile(c, p), p, task->id, &wanted, &err)
        != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

static void begin(cluster_t *c, const note_t *note)
{
    int i;

    for (i = 0; i < MEMBERS; i++) {
        if (note->tasks[i] > 0 && !note->order.again) {
            start_task(c, c->hosts[i], i, note->tasks[i], note->phase, note->variables,
                       NULL);
        }
    }
}

static void obey(cluster_t *c, const note_t *note)
{
    wf_error_t err;
    int i;

    wf_error_init(&err, c->pool);
    if (note->order.order == WF_ORDER_BEGIN) {
        begin(c, note);
        return;
    }
    for (i = 0; i < c->ntasks; i++) {
        const task_t *task = c->tasks[i];
        wf_load_t *load = c->slaves[task->slave];

        if (task->told || task->given_up || c->dead[task->slave]) {
            continue;
        }
        switch (note->order.order) {
        case WF_ORDER_PAUSE:
            wf_load_pause(load, task->id, &err);
            break;
        case WF_ORDER_RESUME:
            wf_load_resume(load, task->id, &err);
            break;
        case WF_ORDER_SCALE:
            wf_load_scale(load, task->id, note->scenario[0] ? note->scenario : NULL,
                          note->order.vus, &err);
            break;
        default:
            wf_load_stop(load, task->id, &err);
        }
    }
}

/* ---- what members tell ---------------------------------------------------------------------- */

static void deliver(cluster_t *c, task_t *task, const wf_member_news_t *news, int answer)
{
    apr_int64_t have = 0;
    wf_error_t err;

    wf_error_init(&err, c->pool);
    if (wf_load_member_news(c->r->load, c->id, news, &have, &err) != APR_SUCCESS) {
        return; /* the master is away */
    }
    if (have == -1) {
        task->given_up = 1;
    }
    else if (answer && have == news->sequence) {
        wf_sheet_clear(task->known);
        wf_sheet_merge(task->known, task->now);
        task->known_sequence = have;
    }
    else if (answer && have != task->known_sequence) {
        task->known_sequence = 0; /* all of it, next time */
    }
}

/* What the network does to a message: it comes, and its answer; or one of them does not;
 * or it comes twice; or later than the next one. */
static void pass(cluster_t *c, task_t *task, const wf_member_news_t *news)
{
    int trouble = rand() % 100 < c->chaos ? 1 + rand() % 4 : 0;

    if (trouble != 1) {
        deliver(c, task, news, trouble != 2);
    }
    if (trouble == 3) {
        deliver(c, task, news, 1);
    }
    if (trouble == 4) {
        c->late = task;
        c->late_news = *news;
        c->late_news.state = apr_pstrdup(c->pool, news->state);
        c->late_news.figures = apr_pstrdup(c->pool, news->figures);
    }
    else if (c->late != NULL && rand() % 3 == 0) {
        deliver(c, c->late, &c->late_news, 0); /* its answer is for nobody */
        c->late = NULL;
    }
}

static void tell(cluster_t *c, task_t *task, const said_t *said, apr_pool_t *p)
{
    wf_sheet_t *delta = wf_sheet_create(c->plan->metrics, p);
    wf_member_news_t news = { .member = task->member,
                              .task = task->number,
                              .sequence = said->sequence,
                              .state = said->state };
    wf_error_t err;

    wf_error_init(&err, p);
    wf_sheet_clear(task->now);
    wf_sheet_decode(task->now, said->sheet, strlen(said->sheet), &err);
    if (task->known_sequence > 0 && wf_sheet_since(delta, task->now, task->known)) {
        news.base = task->known_sequence;
        news.figures = wf_sheet_encode(delta, p);
    }
    else {
        news.figures = said->sheet;
    }
    pass(c, task, &news);
}

static void talk(cluster_t *c, task_t *task, apr_pool_t *p)
{
    wf_run_snapshot_t snapshot;
    said_t said;
    wf_error_t err;
    int final = __atomic_load_n(&task->final, __ATOMIC_ACQUIRE);

    wf_error_init(&err, p);
    if (!final) {
        if (wf_load_record(c->slaves[task->slave], task->id, &snapshot, p, &err)
                != APR_SUCCESS
            || wf_run_status_final(snapshot.status)) {
            return; /* its last words come soon */
        }
    }
    said = final ? task->last
                 : (said_t){ snapshot.record->sequence, snapshot.record->state,
                             snapshot.record->sheet };
    tell(c, task, &said, p);
    if (final && !task->given_up && task->known_sequence == said.sequence) {
        task->told = wf_load_member_over(c->r->load, c->id, task->member, task->number,
                                         task->status, task->variables, &err)
                     == APR_SUCCESS;
    }
}

/* One round: orders, then what there is to tell. */
static inline void pump(cluster_t *c)
{
    apr_pool_t *p;
    note_t note;
    int i, n;

    p = wf_pool_create("t_spread", 0);
    do {
        pthread_mutex_lock(&c->lock);
        n = c->nnotes;
        if (n > 0) {
            note = c->notes[0];
            memmove(c->notes, c->notes + 1, (size_t)(--c->nnotes) * sizeof(note_t));
        }
        pthread_mutex_unlock(&c->lock);
        if (n > 0) {
            obey(c, &note);
            free(note.variables);
        }
    } while (n > 0);
    for (i = 0; i < c->ntasks; i++) {
        task_t *task = c->tasks[i];

        if (!task->told && !task->given_up && !c->dead[task->slave]) {
            talk(c, task, p);
        }
    }
    apr_pool_destroy(p);
    usleep(STEP_US);
}

static inline int ended(cluster_t *c)
{
    int is_over;

    pthread_mutex_lock(&c->r->lock);
    is_over = c->r->ended;
    pthread_mutex_unlock(&c->r->lock);
    return is_over;
}

static inline apr_int64_t iterations(cluster_t *c)
{
    wf_run_snapshot_t now;
    apr_int64_t n = -1;
    apr_pool_t *p;
    wf_error_t err;

    p = wf_pool_create("t_spread", 0);
    wf_error_init(&err, p);
    if (wf_load_snapshot(c->r->load, c->id, &now, p, &err) == APR_SUCCESS) {
        n = now.iterations;
    }
    apr_pool_destroy(p);
    return n;
}

/* Until so many iterations are known, or 0: until it has ended. */
static inline int pump_until(cluster_t *c, apr_int64_t n)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;

    while (wf_mono_us() < until && (n == 0 ? !ended(c) : iterations(c) < n)) {
        pump(c);
    }
    return n == 0 ? ended(c) : iterations(c) >= n;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int runs;

static inline void open_cluster(cluster_t *c, runner_t *r, const char *yaml)
{
    wf_load_options_t options = { .loops = 1, .max_executions = 9, .max_vus = 1000 };
    wf_error_t err;
    int i;

    memset(c, 0, sizeof(*c));
    c->pool = wf_pool_create("t_spread", 0);
    wf_error_init(&err, c->pool);
    pthread_mutex_init(&c->lock, NULL);
    c->r = r;
    c->yaml = yaml;
    c->id = apr_psprintf(c->pool, "spread-%d", runs++);
    c->plan = compile(c, c->pool);
    for (i = 0; i < MEMBERS; i++) {
        c->hosts[i] = i;
        if (wf_load_create(&c->slaves[i], &options, c->pool, &err) != APR_SUCCESS) {
            printf("Bail out! %s\n", err.message);
            exit(1);
        }
    }
    target_reset(&r->target);
}

static inline void close_cluster(cluster_t *c)
{
    int i;

    for (i = 0; i < MEMBERS; i++) {
        wf_load_destroy(c->slaves[i]);
    }
    for (i = 0; i < c->ntasks; i++) {
        apr_pool_destroy(c->tasks[i]->pool);
        apr_pool_destroy(c->tasks[i]->last_pool);
        free(c->tasks[i]);
    }
    pthread_mutex_destroy(&c->lock);
    apr_pool_destroy(c->pool);
}

static inline void start(cluster_t *c, wf_load_t *master, const wf_run_from_t *from)
{
    wf_spread_t spread = {
        .n = MEMBERS, .names = names, .weights = weights, .order = on_order, .baton = c
    };
    apr_pool_t *p;
    wf_error_t err;

    p = wf_pool_create("t_spread", 0);
    wf_error_init(&err, c->pool);
    c->r->ended = 0;
    is_int(wf_load_spread(master, compile(c, p), p, c->id, from, &spread, &err),
           APR_SUCCESS, "it %s: %s", from ? "goes on" : "begins",
           err.message ? err.message : "");
}

static inline json_object *metric_values(const runner_t *r, const char *name)
{
    return wf_json_get(wf_json_get(wf_json_get(r->last.metrics, "metrics"), name),
                       "values");
}

static inline int metric_count(const runner_t *r, const char *name)
{
    return (int)json_object_get_double(wf_json_get(metric_values(r, name), "count"));
}

static inline int of_members(const runner_t *r, const char *what)
{
    int i, all = 0;

    for (i = 0; i < MEMBERS; i++) {
        all += (int)wf_json_int(wf_json_get(r->last.slave_states, names[i]), what, 0);
    }
    return all;
}

static inline int member_done(const runner_t *r, const char *name)
{
    return (int)wf_json_int(wf_json_get(r->last.slave_states, name), "completed_iters",
                            -1);
}

static inline const char *member_status(const runner_t *r, const char *name)
{
    return wf_json_string(wf_json_get(r->last.slave_states, name), "status", NULL);
}

/* The message of an error of the execution that has this text, or NULL. */
static inline const char *error_with(const runner_t *r, const char *text)
{
    size_t i;

    for (i = 0; i < json_object_array_length(r->last.errors); i++) {
        const char *message =
            wf_json_string(json_object_array_get_idx(r->last.errors, i), "message", "");

        if (strstr(message, text) != NULL) {
            return message;
        }
    }
    return NULL;
}

/* ---- shared by the tests ----------------------------------------------------------- */

#define HEAD "id: w\nname: W\nmetrics: {size: counter}\n"
#define PAUSE "steps:\n- {id: s, type: sleep, config: {duration: 5ms}}\n"

static inline int live(cluster_t *c, wf_run_status_e status)
{
    wf_run_snapshot_t now;
    wf_error_t err;
    int i, n = 0;

    wf_error_init(&err, c->pool);
    for (i = 0; i < c->ntasks; i++) {
        task_t *task = c->tasks[i];

        n += wf_load_snapshot(c->slaves[task->slave], task->id, &now, c->pool, &err)
                 == APR_SUCCESS
             && now.status == status;
    }
    return n;
}

static inline apr_int64_t users(cluster_t *c)
{
    wf_run_snapshot_t now = { 0 };
    wf_error_t err;

    wf_error_init(&err, c->pool);
    wf_load_snapshot(c->r->load, c->id, &now, c->pool, &err);
    return now.active_vus;
}

#define PUMP_UNTIL(c, condition)                                                         \
    for (apr_int64_t until = wf_mono_us() + DEADLINE_US;                                 \
         wf_mono_us() < until && !(condition);) {                                        \
        pump(c);                                                                         \
    }

/* A member is no more heard of: its tasks are cut without a word. */
static inline void kill_slave(cluster_t *c, int slave)
{
    wf_error_t err;
    int i;

    wf_error_init(&err, c->pool);
    c->dead[slave] = 1;
    for (i = 0; i < c->ntasks; i++) {
        if (c->tasks[i]->slave == slave) {
            wf_load_stop(c->slaves[slave], c->tasks[i]->id, &err);
        }
    }
}

#endif
