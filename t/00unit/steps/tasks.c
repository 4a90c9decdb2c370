/* Tasks: phases and parts of a workflow that several load engines run, and that together
 * are the whole. */
#include "../tap.h"
#include "load/internal.h"
#include "run.h"

#define MEMBERS 3
#define PLANNED 3000
#define SLOW 600

/* The thresholds and the output are the whole's: no task may end for one or write the
 * other. */
static const char text[] =
    "id: w\nname: W\n"
    "setup:\n"
    "- {id: in, type: http, config: {url: 'BASE/ok?setup'}}\n"
    "- {id: keep, type: script, config: {script: \"vars.set('token', 't-1')\"}}\n"
    "teardown:\n- {id: out, type: http, config: {url: 'BASE/ok?teardown-${token}'}}\n"
    "steps:\n"
    "- {id: s, type: script, config: {script: \"if (vars.get('token') != 't-1') throw "
    "new Error('no token'); metrics.add('size', ctx.iteration % 100)\"}}\n"
    "metrics: {size: trend}\n"
    "options:\n"
    "  mode: shared-iterations\n  vus: 12\n  iterations: 3000\n"
    "  thresholds: [{metric: iterations, condition: 'count < 1', abort_on_fail: true}]\n"
    "  outputs: [{type: webhook, url: BASE/hook}]\n";

/* One that can be met before its end. */
static const char slow[] =
    "id: w\nname: W\n"
    "setup:\n- {id: in, type: sleep, config: {duration: 1ms}}\n"
    "steps:\n- {id: s, type: sleep, config: {duration: 5ms}}\n"
    "- {id: t, type: script, config: {script: \"if (vars.get('token') != 't-1') throw "
    "new "
    "Error('no token')\"}}\n"
    "options: {mode: shared-iterations, vus: 12, iterations: 600}\n";

/* What a task has told last. */
typedef struct told_t {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    apr_pool_t *pool;
    int final;
    wf_run_status_e status;
    apr_int64_t iterations, thresholds, sequence;
    const char *state, *sheet, *variables;
} told_t;

static void on_task(void *baton, const wf_run_snapshot_t *snapshot)
{
    told_t *told = baton;
    const wf_run_record_t *record = snapshot->record;

    pthread_mutex_lock(&told->lock);
    told->status = snapshot->status;
    told->iterations = snapshot->iterations;
    told->thresholds = snapshot->thresholds_passed + snapshot->thresholds_failed;
    told->sequence = record->sequence;
    told->state = apr_pstrdup(told->pool, record->state);
    told->sheet = apr_pstrdup(told->pool, record->sheet);
    told->variables =
        record->variables ? apr_pstrdup(told->pool, record->variables) : NULL;
    told->final = wf_run_status_final(snapshot->status);
    pthread_cond_broadcast(&told->changed);
    pthread_mutex_unlock(&told->lock);
}

static void told_init(told_t *told)
{
    memset(told, 0, sizeof(*told));
    apr_pool_create(&told->pool, NULL);
    pthread_mutex_init(&told->lock, NULL);
    pthread_cond_init(&told->changed, NULL);
}

static void told_free(told_t *told)
{
    pthread_cond_destroy(&told->changed);
    pthread_mutex_destroy(&told->lock);
    apr_pool_destroy(told->pool);
}

static int told_end(told_t *told)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_US / 1000000;
    pthread_mutex_lock(&told->lock);
    while (!told->final
           && pthread_cond_timedwait(&told->changed, &told->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&told->lock);
    return told->final;
}

static wf_plan_t *compile(runner_t *r, const char *yaml, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("test.yaml", p);
    const char *base = apr_psprintf(p, "http://127.0.0.1:%d", r->target.port), *at;
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

/* NULL: it has started. */
static const char *start(runner_t *r, wf_load_t *load, const char *yaml, const char *id,
                         const wf_load_task_t *wanted, told_t *told)
{
    wf_load_task_t task = *wanted;
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, r->pool);
    task.progress = on_task;
    task.baton = told;
    return wf_load_start_task(load, compile(r, yaml, p), p, id, &task, &err)
                   == APR_SUCCESS
               ? NULL
               : err.message;
}

/* ---- phases ---------------------------------------------------------------------------- */

static const char *setup(runner_t *r)
{
    wf_load_task_t task = { .phase = "setup" };
    told_t told;
    const char *left;

    told_init(&told);
    target_reset(&r->target);
    is_str(start(r, r->load, text, "setup", &task, &told), NULL, "setup starts");
    ok(told_end(&told), "and ends");
    is_str(wf_run_status_name(told.status), "completed", "completed");
    is_int(target_requests(&r->target), 1, "it has asked once, and nothing else has");
    is_int(told.iterations, 0, "it is no iteration");
    is_str(told.variables, "{\"token\":\"t-1\"}", "what it has left");
    left = apr_pstrdup(r->pool, told.variables ? told.variables : "{}");
    told_free(&told);
    return left;
}

static void teardown(runner_t *r, const char *variables)
{
    wf_load_task_t task = { .phase = "teardown", .variables = variables };
    told_t told;

    told_init(&told);
    target_reset(&r->target);
    is_str(start(r, r->load, text, "teardown", &task, &told), NULL, "teardown starts");
    ok(told_end(&told), "and ends");
    is_str(wf_run_status_name(told.status), "completed", "completed");
    is_int(target_requests(&r->target), 1, "it has asked once, and nothing else has");
    ok(target_saw(&r->target, "?teardown-t-1"), "with what setup has left");
    ok(told.variables == NULL, "only setup leaves something");
    told_free(&told);
}

/* Users and iterations are others': they need no room here, and none of them is dropped.
 */
static void without_room(runner_t *r)
{
    wf_load_options_t options = { .loops = 1, .max_executions = 1, .max_vus = 1 };
    wf_plan_t *plan = compile(r, text, r->pool);
    wf_sheet_t *sheet = wf_sheet_create(plan->metrics, r->pool);
    wf_load_task_t task = { .phase = "setup" };
    wf_load_t *small;
    told_t told;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    told_init(&told);
    is_int(wf_load_create(&small, &options, r->pool, &err), APR_SUCCESS, "a small one");
    is_str(start(r, small, text, "setup", &task, &told), NULL, "setup starts");
    ok(told_end(&told), "and ends");
    is_int(wf_sheet_decode(sheet, told.sheet, strlen(told.sheet), &err), APR_SUCCESS,
           "its figures");
    is_int((int)wf_sheet_counter(sheet, WF_M_DROPPED), 0, "no iteration is missing");
    wf_load_destroy(small);
    told_free(&told);
}

/* ---- parts ----------------------------------------------------------------------------- */

/* The sum of what the tasks have told is what one engine alone tells. */
static void parts(runner_t *r, const char *variables)
{
    static const apr_int64_t weights[MEMBERS] = { 1, 2, 3 };
    wf_plan_t *plan = compile(r, text, r->pool);
    wf_sheet_t *sum = wf_sheet_create(plan->metrics, r->pool);
    const wf_histogram_t *size;
    told_t told[MEMBERS];
    wf_error_t err;
    apr_int64_t iterations = 0;
    int i;

    wf_error_init(&err, r->pool);
    target_reset(&r->target);
    for (i = 0; i < MEMBERS; i++) {
        wf_load_task_t task = { .phase = "main",
                                .weights = weights,
                                .n = MEMBERS,
                                .mine = i,
                                .variables = variables };

        told_init(&told[i]);
        is_str(
            start(r, r->load, text, apr_psprintf(r->pool, "part/%d", i), &task, &told[i]),
            NULL, "part %d starts", i);
    }
    for (i = 0; i < MEMBERS; i++) {
        ok(told_end(&told[i]), "part %d ends", i);
        is_str(wf_run_status_name(told[i].status), "completed", "completed");
        is_int(told[i].iterations, PLANNED * weights[i] / 6, "its share");
        is_int(told[i].thresholds, 0, "it judges nothing");
        is_int(wf_sheet_decode(sum, told[i].sheet, strlen(told[i].sheet), &err),
               APR_SUCCESS, "its figures");
        iterations += told[i].iterations;
        told_free(&told[i]);
    }
    is_int(iterations, PLANNED, "together all iterations");
    is_int(target_requests(&r->target), 0, "no setup, no teardown");
    is_int((int)wf_sheet_counter(sum, WF_M_ITERATIONS), PLANNED, "on their sheets, too");
    size = wf_sheet_histogram(sum, wf_metric_find(plan->metrics, "size", NULL));
    is_int(size->count, PLANNED, "and what their scripts have measured");
    ok(wf_sheet_errors(sum) == 0, "without errors");
}

/* ---- going on elsewhere ------------------------------------------------------------------ */

static void goes_on(runner_t *r, const char *variables)
{
    static const apr_int64_t weights[2] = { 1, 1 };
    wf_load_task_t task = {
        .phase = "main", .weights = weights, .n = 2, .mine = 1, .variables = variables
    };
    wf_run_snapshot_t snapshot;
    wf_load_options_t options = { .loops = 1, .max_executions = 3, .max_vus = 100 };
    wf_run_from_t from = { 0 };
    wf_load_t *other;
    apr_pool_t *p;
    told_t lost, told;
    wf_error_t err;
    apr_int64_t done;

    wf_error_init(&err, r->pool);
    apr_pool_create(&p, NULL);
    told_init(&lost);
    told_init(&told);
    is_str(start(r, r->load, slow, "lost", &task, &lost), NULL, "a part starts");
    do {
        if (wf_load_record(r->load, "lost", &snapshot, r->pool, &err) != APR_SUCCESS) {
            break;
        }
    } while (snapshot.iterations < 10);
    is_int(wf_load_record(r->load, "lost", &snapshot, r->pool, &err), APR_SUCCESS,
           "it has a record");
    done = snapshot.iterations;
    ok(done >= 10 && done < SLOW / 2, "in the middle: %d iterations", (int)done);
    ok(snapshot.record->state && strstr(snapshot.record->state, "token") == NULL,
       "without the variables, which its owner has");
    wf_load_stop(r->load, "lost", &err);
    ok(told_end(&lost), "it is lost");

    from.sequence = snapshot.record->sequence;
    from.state = snapshot.record->state;
    from.sheet = snapshot.record->sheet;
    task.from = &from;
    is_int(wf_load_create(&other, &options, p, &err), APR_SUCCESS, "another engine");
    is_str(start(r, other, slow, "found", &task, &told), NULL, "goes on with it");
    ok(told_end(&told), "to the end");
    is_str(wf_run_status_name(told.status), "completed", "completed");
    is_int(told.iterations, SLOW / 2, "all iterations of the part");
    ok(told.sequence > from.sequence, "later than what it goes on from");
    ok(strstr(told.sheet, "no token") == NULL, "with the same variables");
    wf_load_destroy(other);
    told_free(&told);
    told_free(&lost);
    apr_pool_destroy(p);
}

/* ---- what is none ------------------------------------------------------------------------ */

static void refused(runner_t *r)
{
    static const apr_int64_t one = 1;
    static const struct {
        const char *phase, *variables, *message;
    } wrong[] = {
        { "other", NULL, "\"other\" is no phase" },
        { "main", "[1]", "the variables of the setup: no object" },
        { "main", "{", "the variables of the setup: " },
    };
    told_t told;
    size_t i;

    told_init(&told);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        wf_load_task_t task = { .phase = wrong[i].phase,
                                .variables = wrong[i].variables,
                                .weights = &one,
                                .n = 1 };
        const char *message = start(r, r->load, text, "wrong", &task, &told);

        ok(message != NULL
               && strncmp(message, wrong[i].message, strlen(wrong[i].message)) == 0,
           "refused: %s", message ? message : "nothing");
    }
    wf_load_hold(r->load, 0);
    is_str(start(r, r->load, text, "late", &(wf_load_task_t){ .phase = "setup" }, &told),
           "the load engine is shutting down", "nothing is left to the next process");
    told_free(&told);
}

int main(void)
{
    const char *variables;
    runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    variables = setup(&r);
    parts(&r, variables);
    goes_on(&r, variables);
    without_room(&r);
    teardown(&r, variables);
    refused(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
