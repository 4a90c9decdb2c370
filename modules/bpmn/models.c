/* Models and decisions, read from the resources of their deployments once and kept. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/cache.h"
#include "bpmn/run.h"

struct wf_models_t {
    wf_cache_t *models;    /* wf_model_t by definition id */
    wf_cache_t *decisions; /* arrays of wf_decision_file_t * by deployment id */
    wf_model_loader_fn *loader;
    void *baton;
};

/* ---- loading ----------------------------------------------------------------------- */

static const wf_model_t *with_key(const apr_array_header_t *models, const char *key)
{
    int i;

    for (i = 0; i < models->nelts; i++) {
        const wf_model_t *model = APR_ARRAY_IDX(models, i, const wf_model_t *);

        if (key && model->key && strcmp(model->key, key) == 0) {
            return model;
        }
    }
    return NULL;
}

typedef struct loading_t {
    const wf_models_t *models;
    const wf_definition_t *definition;
    void *baton;
} loading_t;

/* The file was valid when it was deployed; that it is not now is not the caller's fault.
 */
static apr_status_t parse_model(const loading_t *loading, void **thing, const char *xml,
                                apr_size_t length, apr_pool_t *p, apr_pool_t *scratch,
                                wf_error_t *err)
{
    const wf_definition_t *definition = loading->definition;
    wf_problems_t *problems = wf_problems_create(definition->resource_name, scratch);
    apr_array_header_t *models;

    wf_model_parse(&models, xml, length, problems, p);
    if (problems->errors) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "definition %s cannot be read any more: %s", definition->id,
                            wf_problems_text(problems, scratch));
    }
    *thing = (void *)with_key(models, definition->key);
    if (!*thing) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "definition %s: no process \"%s\" in %s", definition->id,
                            definition->key ? definition->key : "",
                            definition->resource_name ? definition->resource_name : "");
    }
    return APR_SUCCESS;
}

static apr_status_t load_model(void *baton, void **thing, apr_pool_t *p,
                               apr_pool_t *scratch, wf_error_t *err)
{
    const loading_t *loading = baton;
    const char *xml;
    apr_size_t length;
    apr_status_t rv =
        loading->models->loader(loading->baton ? loading->baton : loading->models->baton,
                                loading->definition, &xml, &length, scratch, err);

    return rv == APR_SUCCESS ? parse_model(loading, thing, xml, length, p, scratch, err)
                             : rv;
}

apr_status_t wf_models_get(wf_models_t *models, const wf_definition_t *definition,
                           void *baton, const wf_model_t **model, apr_pool_t *p,
                           wf_error_t *err)
{
    loading_t loading = { models, definition, baton };
    void *thing = NULL;
    apr_status_t rv = wf_cache_get(models->models, definition->id, load_model, &loading,
                                   &thing, p, err);

    *model = thing;
    return rv;
}

apr_status_t wf_models_of(const wf_bpmn_call_t *call, const char *definition_id,
                          const wf_model_t **model, apr_pool_t *p, wf_error_t *err)
{
    wf_definition_t *definition;
    apr_status_t rv;

    *model = wf_cache_find(call->models->models, definition_id, p);
    if (*model) {
        return APR_SUCCESS;
    }
    rv = wf_uow_get_by_key(call->uow, WF_TABLE_DEFINITION, definition_id, &definition,
                           err);
    if (rv == APR_SUCCESS && !definition) {
        /* Only a cascading deletion takes a definition from under its instances. */
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", definition_id);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_models_get(call->models, definition, call->loader_baton, model, p, err);
}

apr_status_t wf_definition_model(wf_turn_t *turn, const wf_definition_t *definition,
                                 const wf_model_t **model, wf_error_t *err)
{
    apr_status_t rv = wf_permit_definition(definition, err);

    return rv == APR_SUCCESS
               ? wf_models_get(turn->call->models, definition, turn->call->loader_baton,
                               model, turn->p, err)
               : rv;
}

/* ---- decisions --------------------------------------------------------------------- */

typedef struct reading_t {
    wf_store_t *reader;
    wf_id_t deployment;
} reading_t;

static int is_decision_file(const char *name)
{
    apr_size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".dmn") == 0;
}

static apr_status_t read_decisions(const reading_t *reading, const char *name,
                                   apr_array_header_t *files, apr_pool_t *scratch,
                                   wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(name, scratch);
    wf_decision_file_t *file;
    wf_bytearray_t *resource;
    apr_status_t rv = wf_store_resource(reading->reader, reading->deployment, name,
                                        &resource, scratch, err);

    if (rv != APR_SUCCESS || !resource) {
        return rv;
    }
    wf_decision_file_parse(&file, resource->bytes, resource->length, problems,
                           files->pool);
    if (problems->errors) {
        return wf_error_set(err, WF_ERR_INTERNAL, "%s cannot be read any more: %s", name,
                            wf_problems_text(problems, scratch));
    }
    APR_ARRAY_PUSH(files, wf_decision_file_t *) = file;
    return APR_SUCCESS;
}

/* All files of a deployment: its decisions may stand in any of them. */
static apr_status_t load_decisions(void *baton, void **thing, apr_pool_t *p,
                                   apr_pool_t *scratch, wf_error_t *err)
{
    const reading_t *reading = baton;
    apr_array_header_t *files = apr_array_make(p, 1, sizeof(wf_decision_file_t *));
    apr_array_header_t *names;
    apr_status_t rv = wf_store_resource_names(reading->reader, reading->deployment,
                                              &names, scratch, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (is_decision_file(name)) {
            rv = read_decisions(reading, name, files, scratch, err);
        }
    }
    *thing = files;
    return rv;
}

apr_status_t wf_models_decision(const wf_bpmn_call_t *call, wf_id_t deployment,
                                const char *key, const wf_decision_t **decision,
                                wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    reading_t reading = { call->reader, deployment };
    void *thing = NULL;
    apr_status_t rv = wf_cache_get(call->models->decisions,
                                   apr_psprintf(p, "%" APR_INT64_T_FMT, deployment),
                                   load_decisions, &reading, &thing, p, err);
    const apr_array_header_t *files = thing;
    int i;

    *decision = NULL;
    for (i = 0; rv == APR_SUCCESS && !*decision && i < files->nelts; i++) {
        *decision = wf_decision_find(APR_ARRAY_IDX(files, i, wf_decision_file_t *), key);
    }
    return rv;
}

/* ---- the caches -------------------------------------------------------------------- */

wf_models_t *wf_models_create(int capacity, wf_model_loader_fn *loader, void *baton,
                              apr_pool_t *p)
{
    wf_models_t *models = apr_pcalloc(p, sizeof(*models));

    models->models = wf_cache_create(capacity, p);
    models->decisions = wf_cache_create(capacity, p);
    models->loader = loader;
    models->baton = baton;
    return models;
}

void wf_models_forget(wf_models_t *models, const char *definition_id)
{
    wf_cache_forget(models->models, definition_id);
}
