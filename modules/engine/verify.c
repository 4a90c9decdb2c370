/* Is a store sound? The store knows what must hold between its rows, this file what the
 * definitions of running instances say their tokens wait for. */
#include "engine/internal.h"

#include <apr_hash.h>
#include <apr_strings.h>

#define MODELS 1000 /* parsed definitions kept; more are parsed again */

typedef struct verifying_t {
    wf_store_t *store;
    wf_models_t *models;
    apr_hash_t *known; /* definition id -> wf_model_t *, or &unreadable */
    int (*goes_on)(void *baton);
    void *baton;
    apr_pool_t *p;
} verifying_t;

static const char unreadable;

/* One that cannot be read is no fault of the tokens in it: other invariants, and the
 * engine's log, tell of it. */
static const void *read_model(const verifying_t *v, const char *id)
{
    wf_definition_t *definition = NULL;
    const wf_model_t *model = NULL;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, v->p);
    rv = wf_store_get_by_key(v->store, WF_TABLE_DEFINITION, id, &definition, v->p, &err);
    if (rv == APR_SUCCESS && definition) {
        rv = wf_models_get(v->models, definition, v->store, &model, v->p, &err);
    }
    return rv == APR_SUCCESS && model ? (const void *)model : &unreadable;
}

static wf_rest_e rest_of(void *baton, const char *definition_id, const char *activity_id)
{
    verifying_t *v = baton;
    const void *model = apr_hash_get(v->known, definition_id, APR_HASH_KEY_STRING);

    if (!model) {
        model = read_model(v, definition_id);
        apr_hash_set(v->known, apr_pstrdup(v->p, definition_id), APR_HASH_KEY_STRING,
                     model);
    }
    return model == &unreadable ? WF_REST_UNKNOWN : wf_model_rest(model, activity_id);
}

static int goes_on(void *baton)
{
    const verifying_t *v = baton;

    return !v->goes_on || v->goes_on(v->baton);
}

apr_status_t wf_engine_verify(wf_store_t *store, int (*until)(void *baton), void *baton,
                              apr_array_header_t **breaches, apr_pool_t *p,
                              wf_error_t *err)
{
    verifying_t v = { .store = store, .goes_on = until, .baton = baton };
    wf_verify_t how = { .rest = rest_of, .goes_on = goes_on, .baton = &v };
    apr_status_t rv;

    apr_pool_create(&v.p, p);
    apr_pool_tag(v.p, "wf_verifying");
    v.known = apr_hash_make(v.p);
    v.models = wf_models_create(MODELS, wf_engine_load_model, NULL, v.p);
    rv = wf_store_verify(store, &how, breaches, p, err);
    apr_pool_destroy(v.p);
    return rv;
}
