/* A parsed expression or template is shared: four threads evaluate the same ones at the
 * same time, each with its own scope and pool. */
#include "script/fixture.h"

#include <apr_thread_proc.h>

#define THREADS 4
#define ROUNDS 2000

typedef struct shared_t {
    wf_expr_t *uel, *load;
    wf_template_t *text, *path;
} shared_t;

typedef struct worker_t {
    const shared_t *shared;
    int wrong;
} worker_t;

static int is_text(apr_status_t rv, const wf_value_t *v, wf_dialect_e dialect,
                   const char *want, apr_pool_t *p)
{
    return rv == APR_SUCCESS && !strcmp(wf_value_print(v, dialect, p), want);
}

static int round_ok(const shared_t *shared, int n, apr_pool_t *p)
{
    fixture_t f;
    wf_scope_t scope;
    wf_value_t v;
    wf_error_t err;
    int good;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    wf_map_set(f.vars, "a", wf_integer(n));
    scope = fixture_scope(&f);
    good = is_text(wf_expr_eval(shared->uel, &scope, &v, p, &err), &v, WF_UEL,
                   apr_psprintf(p, "HELLO%d", n + 1), p);
    good &= is_text(wf_expr_eval(shared->load, &scope, &v, p, &err), &v, WF_LOAD,
                    n % 2 ? "false" : "true", p);
    good &= is_text(wf_template_eval(shared->text, &scope, &v, p, &err), &v, WF_UEL,
                    apr_psprintf(p, "%d and [x, y, %d]", n, n), p);
    good &= is_text(wf_template_eval(shared->path, &scope, &v, p, &err), &v, WF_LOAD,
                    apr_psprintf(p, "/7/%d", n), p);
    return good;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *p;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        worker->wrong += !round_ok(worker->shared, i, p);
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

int main(void)
{
    apr_pool_t *p;
    shared_t shared;
    wf_error_t err;
    apr_thread_t *threads[THREADS];
    worker_t workers[THREADS] = { 0 };

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    wf_expr_parse(&shared.uel, "s.replaceAll('(l+)', '$1').toUpperCase().concat(a + 1)",
                  WF_UEL, p, &err);
    wf_expr_parse(&shared.load, "${a} % 2 == 0 AND ${tree.items[0].id} == 7", WF_LOAD, p,
                  &err);
    wf_template_parse(&shared.text, "${a} and ${l.add(a) ? l : n}", WF_UEL, p, &err);
    wf_template_parse(&shared.path, "/${tree.items[0].id}/${a}", WF_LOAD, p, &err);
    ok(err.kind == WF_ERR_NONE, "parsed once");
    for (int i = 0; i < THREADS; i++) {
        workers[i].shared = &shared;
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
