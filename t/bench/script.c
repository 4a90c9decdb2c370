/* What a script of a workflow costs: the same text as a bare call of QuickJS, as a run of
 * the script room, and as a step of the load engine, in a loop of one virtual user.
 *
 *     script [rounds]
 *
 * Prints the CPU time of one call each in microseconds, the best of the rounds: what the
 * machine does meanwhile only ever adds. */
#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/load.h"
#include "steps/steps.h"
#include "steps/script_host.h"

#define TEXT "ctx.SetVariable('n', 1)"
#define CALLS 200000
#define ROUNDS 5

static void die(const char *what)
{
    fprintf(stderr, "script: %s\n", what);
    exit(1);
}

/* Of all threads: the load engine has its own. */
static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- bare: one context, one function, a variable in a map -------------------------------- */

static JSValue set_variable(JSContext *ctx, JSValueConst self, int argc,
                            JSValueConst *argv)
{
    wf_map_t *vars = JS_GetContextOpaque(ctx);
    const char *name = JS_ToCString(ctx, argv[0]);
    int32_t n = 0;

    (void)self;
    (void)argc;
    JS_ToInt32(ctx, &n, argv[1]);
    wf_map_set(vars, name, wf_integer(n));
    JS_FreeCString(ctx, name);
    return JS_UNDEFINED;
}

static double bare(wf_map_t *vars)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *js = JS_NewContext(rt);
    JSValue global = JS_GetGlobalObject(js), ctx = JS_NewObject(js), function;
    double start;

    JS_SetContextOpaque(js, vars);
    JS_SetPropertyStr(js, ctx, "SetVariable",
                      JS_NewCFunction(js, set_variable, "SetVariable", 2));
    JS_SetPropertyStr(js, global, "ctx", ctx);
    function =
        JS_Eval(js, "(function () { " TEXT " })", strlen("(function () { " TEXT " })"),
                "bench", JS_EVAL_TYPE_GLOBAL);
    start = cpu_us();
    for (int i = 0; i < CALLS; i++) {
        JS_FreeValue(js, JS_Call(js, function, JS_UNDEFINED, 0, NULL));
    }
    start = cpu_us() - start;
    JS_FreeValue(js, function);
    JS_FreeValue(js, global);
    JS_FreeContext(js);
    JS_FreeRuntime(rt);
    return start / CALLS;
}

/* ---- a run ------------------------------------------------------------------------------- */

static int set(void *baton, const char *name, const wf_value_t *value)
{
    wf_map_set(baton, name, *value);
    return 0;
}

static double runs(wf_map_t *vars, apr_pool_t *p)
{
    wf_script_host_t host = { .baton = vars, .set = set, .pool = p };
    wf_js_call_t call = {
        .name = "bench", .world = &wf_script_world, .baton = &host, .wants_value = 1
    };
    wf_js_script_t *script;
    wf_error_t err;
    int line;
    double start;

    wf_error_init(&err, p);
    if (wf_js_compile(&script, "bench", TEXT, strlen(TEXT), &line, p, &err)
        != APR_SUCCESS) {
        die(err.message);
    }
    call.script = script;
    start = cpu_us();
    for (int i = 0; i < CALLS; i++) {
        wf_js_result_t result;

        if (wf_js_run(&call, &result, p, &err) != APR_SUCCESS) {
            die(err.message);
        }
    }
    return (cpu_us() - start) / CALLS;
}

/* ---- a step ------------------------------------------------------------------------------ */

#define PASSES 1000

static const char document[] =
    "id: bench\nname: Bench\nsteps:\n"
    "- {id: l, type: loop, loop: {mode: for, count: %d, steps: [\n"
    "   {id: s, type: script, config: {script: \"" TEXT "\"}}]}}\n"
    "options: {vus: 1, iterations: %d}\n";

typedef struct ended_t {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int yes;
} ended_t;

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    ended_t *ended = baton;

    if (!wf_run_status_final(snapshot->status)) {
        return;
    }
    if (snapshot->status != WF_RUN_COMPLETED) {
        die("the run did not complete");
    }
    pthread_mutex_lock(&ended->lock);
    ended->yes = 1;
    pthread_cond_signal(&ended->changed);
    pthread_mutex_unlock(&ended->lock);
}

static double steps(wf_load_t *load, ended_t *ended, apr_pool_t *p)
{
    const char *yaml = apr_psprintf(p, document, PASSES, CALLS / PASSES);
    wf_problems_t *problems = wf_problems_create(NULL, p);
    static const wf_surroundings_t around = { .steps = &wf_steps };
    apr_pool_t *own;
    wf_plan_t *plan;
    wf_error_t err;
    double start;

    apr_pool_create(&own, NULL);
    wf_error_init(&err, p);
    wf_plan_read(&plan, yaml, strlen(yaml), NULL, &around, problems, own);
    if (plan == NULL) {
        die(wf_problems_text(problems, p));
    }
    ended->yes = 0;
    start = cpu_us();
    if (wf_load_start(load, plan, own, "bench", &err) != APR_SUCCESS) {
        die(err.message);
    }
    pthread_mutex_lock(&ended->lock);
    while (!ended->yes) {
        pthread_cond_wait(&ended->changed, &ended->lock);
    }
    pthread_mutex_unlock(&ended->lock);
    return (cpu_us() - start) / CALLS;
}

/* ---- all --------------------------------------------------------------------------------- */

static void keep_least(double *least, double found)
{
    *least = *least == 0 || found < *least ? found : *least;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    ended_t ended = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    wf_load_options_t options = { .loops = 1,
                                  .max_executions = 1,
                                  .max_vus = 1,
                                  .progress = on_progress,
                                  .baton = &ended };
    double least[3] = { 0, 0, 0 };
    apr_pool_t *pool, *p;
    wf_load_t *load;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&p, pool);
    wf_error_init(&err, pool);
    if (wf_client_global_init(&err) != APR_SUCCESS
        || wf_load_create(&load, &options, pool, &err) != APR_SUCCESS) {
        die(err.message);
    }
    for (int i = 0; i < rounds; i++) {
        wf_map_t *vars = wf_map_create(p);

        keep_least(&least[0], bare(vars));
        keep_least(&least[1], runs(vars, p));
        keep_least(&least[2], steps(load, &ended, p));
        apr_pool_clear(p);
    }
    wf_load_destroy(load);
    printf("bare %.3f\nrun %.3f\nstep %.3f\n", least[0], least[1], least[2]);
    apr_terminate();
    return 0;
}
