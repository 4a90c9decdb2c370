/* Each thread has a runtime of its own: four run scripts at the same time, good ones and
 * some that are stopped, and see nothing of one another. */
#include "script/fixture.h"

#include <apr_thread_proc.h>

#define THREADS 4
#define ROUNDS 200
#define STOPPED_EVERY 50

typedef struct worker_t {
    int number, wrong;
} worker_t;

static wf_js_call_t call_of(const char *text, const wf_scope_t *scope)
{
    return (wf_js_call_t){
        .name = "script",
        .text = text,
        .length = strlen(text),
        .scope = scope,
        .wants_value = 1,
    };
}

static int good(worker_t *worker, int n, apr_pool_t *p)
{
    fixture_t f;
    wf_scope_t scope;
    wf_js_call_t call;
    wf_js_result_t result;
    wf_error_t err;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    wf_map_set(f.vars, "a", wf_integer(n));
    wf_map_set(f.vars, "b", wf_integer(worker->number));
    scope = fixture_scope(&f);
    call = call_of("var mine = (typeof mine === 'undefined' ? 0 : mine) + a * 10 + b;"
                   "l.push(mine); execution.setVariable('q', l); l.join()",
                   &scope);
    return wf_js_run(&call, &result, p, &err) == APR_SUCCESS
           && !strcmp(result.value.as.text.data,
                      apr_psprintf(p, "x,y,%d", n * 10 + worker->number))
           && wf_list_count(wf_map_get(f.vars, "q")->as.list) == 3;
}

static int stopped(apr_pool_t *p)
{
    wf_js_call_t call = call_of("for (;;);", NULL);
    wf_js_result_t result;
    wf_error_t err;

    call.deadline_ms = 20;
    wf_error_init(&err, p);
    return wf_js_run(&call, &result, p, &err) != APR_SUCCESS;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *p;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        worker->wrong += !good(worker, i, p);
        if (i % STOPPED_EVERY == worker->number) {
            worker->wrong += !stopped(p);
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

int main(void)
{
    apr_pool_t *p;
    apr_thread_t *threads[THREADS];
    worker_t workers[THREADS] = { 0 };

    apr_initialize();
    apr_pool_create(&p, NULL);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        apr_thread_create(&threads[i], NULL, work, &workers[i], p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
        is_int(workers[i].wrong, 0, "thread %d: all results right", i + 1);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
