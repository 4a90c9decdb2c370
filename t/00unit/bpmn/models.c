/* The cache of models: bounded, shared by threads, safe to forget from. */
#include "world.h"

#include <apr_atomic.h>
#include <apr_thread_proc.h>

static apr_status_t get(wf_models_t *models, const wf_definition_t *definition,
                        const wf_model_t **model, apr_pool_t *p)
{
    wf_error_init(&world.err, world.pool);
    return wf_models_get(models, definition, NULL, model, p, &world.err);
}

static void bounded(void)
{
    wf_models_t *models = wf_models_create(2, world_load, &world, world.pool);
    const wf_definition_t *a = world_deploy(PROCESS(START)), *b, *c;
    const wf_model_t *first, *again, *other;
    apr_pool_t *use, *later;

    b = world_deploy(PROCESS(START));
    c = world_deploy(PROCESS(START));
    apr_pool_create(&use, world.pool);
    apr_pool_create(&later, world.pool);
    world.loads = 0;
    ok(get(models, a, &first, use) == APR_SUCCESS, "a is loaded");
    ok(get(models, a, &again, later) == APR_SUCCESS && again == first, "and shared");
    is_int(world.loads, 1, "one load");
    apr_pool_clear(later);
    get(models, b, &other, later);
    get(models, a, &again, later);
    get(models, c, &other, later); /* b was used least recently */
    is_int(world.loads, 3, "three loads");
    get(models, a, &again, later);
    is_int(world.loads, 3, "a is still there");
    get(models, b, &other, later);
    is_int(world.loads, 4, "b was dropped");
    wf_models_forget(models, a->id);
    wf_models_forget(models, "nobody:1");
    is_str(wf_model_key(first), "p", "a forgotten model in use stays valid");
    get(models, a, &again, later);
    ok(again != first, "and is loaded anew");
    apr_pool_destroy(use);
    is_str(wf_model_key(again), "p", "after its last use only the new one is left");
    apr_pool_destroy(later);
}

/* clang-format off */
static const struct {
    const char *what;
    const char *key, *resource;
    wf_err_kind_e kind;
} failures[] = {
    { "no such resource",      "p", "nothing", WF_ERR_NOT_FOUND },
    { "no such process in it", "q", "test",    WF_ERR_INTERNAL },
};
/* clang-format on */

static void fails(void)
{
    wf_definition_t bad = *world_deploy(PROCESS(START));
    const wf_model_t *model;
    int i;

    for (i = 0; i < 2; i++) {
        bad.id = "bad:1";
        bad.key = failures[i].key;
        bad.resource_name = failures[i].resource;
        ok(get(world.models, &bad, &model, world.unit_pool) != APR_SUCCESS, "%s",
           failures[i].what);
        is_int(world.err.kind, failures[i].kind, "%s: kind", failures[i].what);
    }
}

static apr_status_t load_bad(void *baton, const wf_definition_t *definition,
                             const char **xml, apr_size_t *length, apr_pool_t *p,
                             wf_error_t *err)
{
    (void)baton, (void)definition, (void)p, (void)err;
    *xml = "<x/>";
    *length = 4;
    return APR_SUCCESS;
}

static void invalid_file(void)
{
    wf_models_t *models = wf_models_create(2, load_bad, NULL, world.pool);
    const wf_model_t *model;

    ok(get(models, world_deploy(PROCESS(START)), &model, world.unit_pool) != APR_SUCCESS
           && world.err.kind == WF_ERR_INTERNAL && strstr(world.err.message, "no-bpmn"),
       "a file that is no longer valid: %s", world.err.message);
}

/* ---- threads -------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 500
#define DEFINITIONS_USED 5

static wf_definition_t shared[DEFINITIONS_USED];
static wf_models_t *cache;
static volatile apr_uint32_t wrong;

static apr_status_t load_small(void *baton, const wf_definition_t *definition,
                               const char **xml, apr_size_t *length, apr_pool_t *p,
                               wf_error_t *err)
{
    (void)baton, (void)err;
    *xml = apr_psprintf(p,
                        DEFINITIONS "<process id=\"%s\"><startEvent id=\"s\"/></process>"
                                    "</definitions>",
                        definition->key);
    *length = strlen(*xml);
    return APR_SUCCESS;
}

/* The definition goes while its file is being read, and its id may be given again. */
static apr_status_t load_late(void *baton, const wf_definition_t *definition,
                              const char **xml, apr_size_t *length, apr_pool_t *p,
                              wf_error_t *err)
{
    if (++*(int *)baton == 1) {
        wf_models_forget(cache, definition->id);
    }
    return load_small(baton, definition, xml, length, p, err);
}

static void forgotten_while_read(void)
{
    int loads = 0;
    wf_definition_t definition = { .id = "p:1", .key = "p" };
    const wf_model_t *old, *fresh, *again;
    apr_pool_t *use;

    cache = wf_models_create(2, load_late, &loads, world.pool);
    apr_pool_create(&use, world.pool);
    ok(get(cache, &definition, &old, use) == APR_SUCCESS, "forgotten while it is read");
    ok(get(cache, &definition, &fresh, use) == APR_SUCCESS && fresh != old,
       "nobody else gets that model");
    ok(get(cache, &definition, &again, use) == APR_SUCCESS && again == fresh,
       "the next one is kept");
    is_int(loads, 2, "two loads");
    apr_pool_destroy(use);
}

static void *APR_THREAD_FUNC use_models(apr_thread_t *thread, void *baton)
{
    apr_pool_t *p;
    int i;

    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    for (i = 0; i < ROUNDS; i++) {
        wf_definition_t *definition = &shared[(i * 7 + (int)(apr_size_t)baton) % 5];
        const wf_model_t *model;
        wf_error_t err;

        wf_error_init(&err, p);
        if (wf_models_get(cache, definition, NULL, &model, p, &err) != APR_SUCCESS
            || strcmp(wf_model_key(model), definition->key) != 0) {
            apr_atomic_inc32(&wrong);
        }
        if (i % 11 == 0) {
            wf_models_forget(cache, definition->id);
        }
        if (strcmp(wf_model_key(model), definition->key) != 0) {
            apr_atomic_inc32(&wrong);
        }
        if (i % 3 == 0) {
            apr_pool_clear(p);
        }
    }
    apr_pool_destroy(p);
    return thread ? NULL : baton;
}

static void threads(void)
{
    apr_thread_t *running[THREADS];
    apr_status_t rv;
    int i;

    cache = wf_models_create(3, load_small, NULL, world.pool);
    for (i = 0; i < DEFINITIONS_USED; i++) {
        shared[i].id = apr_psprintf(world.pool, "k%d:1", i);
        shared[i].key = apr_psprintf(world.pool, "k%d", i);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_create(&running[i], NULL, use_models, (void *)(apr_size_t)i,
                          world.pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, running[i]);
    }
    is_int(apr_atomic_read32(&wrong), 0, "%d threads got the right models", THREADS);
}

/* ---- a running instance whose definition is gone -------------------------------- */

static void definition_gone(void)
{
    wf_definition_t *definition =
        (wf_definition_t *)world_deploy(PROCESS(START TASK("a") FLOW("s", "a")));
    const char *xml = PROCESS(START);
    wf_bytearray_t *resource;
    wf_started_t started;

    world_start(definition, NULL, &started);
    wf_models_forget(world.models, definition->id);
    ok(world_complete(started.id, "a", NULL) == APR_SUCCESS,
       "a model that was forgotten is read again");
    world_start(definition, NULL, &started);
    world_begin();
    wf_store_resource(world.reader, definition->deployment_id, "test", &resource,
                      world.unit_pool, &world.err);
    wf_uow_get(world.uow, WF_TABLE_BYTEARRAY, resource->id, &resource, &world.err);
    resource->bytes = xml;
    resource->length = strlen(xml);
    wf_uow_update(world.uow, resource);
    world_end(APR_SUCCESS);
    wf_models_forget(world.models, definition->id);
    ok(world_complete(started.id, "a", NULL) != APR_SUCCESS
           && world.err.kind == WF_ERR_INTERNAL,
       "a model that lost the node: %s", world.err.message);
}

int main(void)
{
    world_open();
    bounded();
    fails();
    invalid_file();
    forgotten_while_read();
    threads();
    definition_gone();
    world_close();
    return done_testing();
}
