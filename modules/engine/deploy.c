/* Deployments: files become resources and definitions, all of them or none. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Ids are columns of 64 characters on Activiti; a definition's is "key:version". */
#define MAX_DEFINITION_ID 64

static int ends_with(const char *text, const char *end)
{
    apr_size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcmp(text + n - m, end);
}

/* The ending that makes a file a process file, NULL if it is none. The dot in front of
 * the first is not part of it: "order_bpmn20.xml" is one, too. */
static const char *process_ending(const char *name)
{
    static const char *const endings[] = { "bpmn20.xml", ".bpmn" };

    for (int i = 0; i < 2; i++) {
        if (ends_with(name, endings[i])) {
            return endings[i];
        }
    }
    return NULL;
}

static const wf_file_t *find_file(const apr_array_header_t *files, const char *name)
{
    for (int i = 0; i < files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(files, i, wf_file_t);

        if (!strcmp(file->name, name)) {
            return file;
        }
    }
    return NULL;
}

/* The picture beside a process file: "base.key.png", then "base.png". */
static const char *find_diagram(const apr_array_header_t *files, const char *resource,
                                const char *key, apr_pool_t *p)
{
    static const char *const extensions[] = { "png", "jpg", "gif", "svg" };
    apr_size_t length = strlen(resource) - strlen(process_ending(resource));
    const char *stems[2];

    length -= length > 0 && resource[length - 1] == '.';
    stems[1] = apr_pstrndup(p, resource, length);
    stems[0] = apr_pstrcat(p, stems[1], ".", key, NULL);

    for (int s = 0; s < 2; s++) {
        for (int e = 0; e < 4; e++) {
            const wf_file_t *file =
                find_file(files, apr_pstrcat(p, stems[s], ".", extensions[e], NULL));

            if (file) {
                return file->name;
            }
        }
    }
    return NULL;
}

/* One more than the highest version of the key, those of this very deployment included. */
static apr_status_t next_version(wf_work_t *work, const char *key, apr_hash_t *versions,
                                 int *version, wf_error_t *err)
{
    int *known = apr_hash_get(versions, key, APR_HASH_KEY_STRING);
    wf_definition_t *latest;
    apr_status_t rv;

    if (!known) {
        rv = wf_store_latest_definition(work->reader, key, &latest, work->pool, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        known = apr_palloc(work->pool, sizeof(*known));
        *known = latest ? latest->version : 0;
        apr_hash_set(versions, key, APR_HASH_KEY_STRING, known);
    }
    *version = ++*known;
    return APR_SUCCESS;
}

/* Identity links that say who may start. */
static void add_starters(wf_work_t *work, const char *definition,
                         const apr_array_header_t *ids, int groups)
{
    for (int i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);
        wf_identitylink_t *link = wf_uow_insert(work->uow, WF_TABLE_IDENTITYLINK);

        link->type = "candidate";
        link->proc_def_id = definition;
        *(groups ? &link->group_id : &link->user_id) = id;
    }
}

static apr_status_t add_definition(wf_work_t *work, const wf_model_t *model,
                                   const wf_file_t *file, const apr_array_header_t *files,
                                   wf_id_t deployment, apr_hash_t *versions, wf_error_t *err)
{
    const char *key = wf_model_key(model);
    wf_definition_t *row;
    const char *id;
    int version;
    apr_status_t rv = next_version(work, key, versions, &version, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    id = apr_psprintf(work->pool, "%s:%d", key, version);
    if (strlen(id) > MAX_DEFINITION_ID) {
        return wf_error_field(err, WF_ERR_INVALID, file->name,
                              "%s: the definition id '%s' is longer than %d characters",
                              file->name, id, MAX_DEFINITION_ID);
    }
    row = wf_uow_insert(work->uow, WF_TABLE_DEFINITION);
    row->id = id;
    row->key = key;
    row->version = version;
    row->category = wf_model_category(model);
    row->name = wf_model_name(model);
    row->description = wf_model_description(model);
    row->start_form_key = wf_model_start_form_key(model);
    row->deployment_id = deployment;
    row->resource_name = file->name;
    row->diagram_resource_name = find_diagram(files, file->name, key, work->pool);
    row->has_diagram = wf_model_has_diagram(model);
    add_starters(work, id, wf_model_starter_users(model), 0);
    add_starters(work, id, wf_model_starter_groups(model), 1);
    return APR_SUCCESS;
}

/* Parse every process file first, so that one answer lists the faults of all of them. */
static apr_status_t parse_files(wf_work_t *work, const apr_array_header_t *files,
                                apr_array_header_t **models, wf_error_t *err)
{
    const char *faults = NULL;

    for (int i = 0; i < files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(files, i, wf_file_t);
        wf_problems_t *problems = wf_problems_create(file->name, work->pool);

        models[i] = NULL;
        if (!process_ending(file->name)) {
            continue;
        }
        wf_model_parse(&models[i], file->data, file->length, problems, work->pool);
        if (problems->errors) {
            const char *text = wf_problems_text(problems, work->pool);

            faults = faults ? apr_pstrcat(work->pool, faults, "\n", text, NULL) : text;
        }
        else if (problems->items->nelts) {
            wf_log(WF_LOG_INFO, "deployment: %s", wf_problems_text(problems, work->pool));
        }
    }
    return faults ? wf_error_set(err, WF_ERR_INVALID, "%s", faults) : APR_SUCCESS;
}

apr_status_t wf_engine_deploy(wf_work_t *work, const char *name,
                              const apr_array_header_t *files, wf_deployment_t **out,
                              wf_error_t *err)
{
    apr_array_header_t **models = apr_pcalloc(work->pool, (files->nelts + 1) * sizeof(*models));
    apr_hash_t *versions = apr_hash_make(work->pool);
    wf_deployment_t *deployment;
    apr_status_t rv = parse_files(work, files, models, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    deployment = wf_uow_insert(work->uow, WF_TABLE_DEPLOYMENT);
    deployment->name = name;
    deployment->deploy_time = wf_time_ms();
    for (int i = 0; i < files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(files, i, wf_file_t);
        wf_bytearray_t *resource = wf_uow_insert(work->uow, WF_TABLE_BYTEARRAY);

        resource->name = file->name;
        resource->deployment_id = deployment->id;
        resource->bytes = file->data;
        resource->length = file->length;
        for (int m = 0; models[i] && m < models[i]->nelts && rv == APR_SUCCESS; m++) {
            rv = add_definition(work, APR_ARRAY_IDX(models[i], m, wf_model_t *), file, files,
                                deployment->id, versions, err);
        }
    }
    *out = deployment;
    return rv;
}

/* deployment.create {name} + the file's bytes */
apr_status_t wf_command_deploy(wf_work_t *work, wf_error_t *err)
{
    const char *name = wf_json_string(work->args, "name", NULL);
    apr_array_header_t *files;
    wf_deployment_t *deployment;
    json_object *reply;
    apr_status_t rv = APR_SUCCESS;

    if (!name || !*name) {
        return wf_error_field(err, WF_ERR_INVALID, "name", "a deployment needs a name");
    }
    if (ends_with(name, ".bar") || ends_with(name, ".zip")) {
        rv = wf_archive_read(&files, work->request->blob, work->request->blob_length,
                             work->pool, err);
    }
    else {
        files = apr_array_make(work->pool, 1, sizeof(wf_file_t));
        APR_ARRAY_PUSH(files, wf_file_t) = (wf_file_t){ name, work->request->blob,
                                                        work->request->blob_length };
    }
    if (rv != APR_SUCCESS
        || (rv = wf_engine_deploy(work, name, files, &deployment, err)) != APR_SUCCESS) {
        return rv;
    }
    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_int(reply, "id", deployment->id);
    wf_json_add_string(reply, "name", deployment->name);
    wf_json_add_int(reply, "deploymentTime", deployment->deploy_time);
    return APR_SUCCESS;
}

/* deployment.delete {id, cascade}. Unknown ids are fine: they are gone already. */
apr_status_t wf_command_undeploy(wf_work_t *work, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "id", 0);
    int cascade = wf_json_bool(work->args, "cascade", 0);
    apr_array_header_t *definitions, *resources;
    wf_deployment_t *deployment;
    apr_int64_t running;
    apr_status_t rv = wf_uow_get(work->uow, WF_TABLE_DEPLOYMENT, id, &deployment, err);

    if (rv != APR_SUCCESS || !deployment) {
        return rv;
    }
    rv = wf_store_running_instances(work->reader, id, &running, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (running > 0 && !cascade) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "%" APR_INT64_T_FMT " process instances of deployment %"
                            APR_INT64_T_FMT " run; cascade=true deletes them too",
                            running, id);
    }
    if (cascade) {
        wf_uow_purge(work->uow, WF_PURGE_DEPLOYMENT_RUNTIME, id);
        wf_uow_purge(work->uow, WF_PURGE_DEPLOYMENT_HISTORY, id);
    }
    else {
        wf_uow_purge(work->uow, WF_PURGE_DEPLOYMENT_STARTERS, id);
    }
    rv = wf_uow_select(work->uow, WF_BY_DEFINITIONS_OF_DEPLOYMENT, id, &definitions, err);
    if (rv == APR_SUCCESS) {
        rv = wf_uow_select(work->uow, WF_BY_RESOURCES_OF_DEPLOYMENT, id, &resources, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < definitions->nelts; i++) {
        wf_uow_delete(work->uow, APR_ARRAY_IDX(definitions, i, void *));
    }
    for (int i = 0; i < resources->nelts; i++) {
        wf_uow_delete(work->uow, APR_ARRAY_IDX(resources, i, void *));
    }
    wf_uow_delete(work->uow, deployment);
    work->baton = definitions;
    return APR_SUCCESS;
}

void wf_after_undeploy(wf_work_t *work)
{
    apr_array_header_t *definitions = work->baton;

    for (int i = 0; definitions && i < definitions->nelts; i++) {
        wf_models_forget(work->engine->models,
                         APR_ARRAY_IDX(definitions, i, wf_definition_t *)->id);
    }
}

apr_status_t wf_lane_of_deployments(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    (void)work;
    (void)err;
    lane->kind = WF_LANE_DEPLOYMENTS; /* one at a time: they count versions */
    return APR_SUCCESS;
}

apr_status_t wf_engine_load_model(void *baton, const wf_definition_t *definition,
                                  const char **xml, apr_size_t *length, apr_pool_t *p,
                                  wf_error_t *err)
{
    wf_bytearray_t *resource;
    apr_status_t rv = wf_store_resource(baton, definition->deployment_id,
                                        definition->resource_name, &resource, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!resource) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "resource '%s' of definition '%s' is gone",
                            definition->resource_name, definition->id);
    }
    *xml = resource->bytes;
    *length = resource->length;
    return APR_SUCCESS;
}
