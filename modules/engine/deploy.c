/* Deployments: files become resources and definitions, all of them or none. */
#include "engine/internal.h"

#include "decision/decision.h"

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

/* What was read of a file. */
typedef struct parsed_t {
    apr_array_header_t *models;    /* wf_model_t *; NULL: none */
    wf_decision_file_t *decisions; /* or NULL */
} parsed_t;

/* A deployment on its way. */
typedef struct deploying_t {
    wf_work_t *work;
    const apr_array_header_t *files;
    parsed_t *parsed; /* of each file */
    wf_deployment_t *deployment;
    apr_hash_t *newest; /* wf_definition_t by key: those that it has */
    apr_hash_t *decided; /* names of the files that have its decisions, by their keys */
    const char *faults; /* of all files, or NULL */
} deploying_t;

static void note_problems(deploying_t *d, const wf_problems_t *problems)
{
    apr_pool_t *p = d->work->pool;
    const char *text = wf_problems_text(problems, p);

    if (problems->errors) {
        d->faults = d->faults ? apr_pstrcat(p, d->faults, "\n", text, NULL) : text;
    }
    else if (problems->items->nelts) {
        wf_log(WF_LOG_INFO, "deployment: %s", text);
    }
}

/* The newest definition of the key, those of this very deployment included; or NULL. */
static apr_status_t find_newest(const deploying_t *d, const char *key,
                                wf_definition_t **newest, wf_error_t *err)
{
    *newest = apr_hash_get(d->newest, key, APR_HASH_KEY_STRING);
    return *newest ? APR_SUCCESS
                   : wf_store_latest_definition(d->work->reader, key, newest,
                                                d->work->pool, err);
}

/* Who is limited by rights puts no version of his own in the place of others', and has
 * all rights on what is new. */
static apr_status_t permit(const deploying_t *d, const char *key, int is_new,
                           wf_error_t *err)
{
    if (!wf_json_bool(d->work->args, "limited", 0)) {
        return APR_SUCCESS;
    }
    return is_new ? wf_grants_found(d->work, key, err)
                  : wf_grants_operate(d->work, key, err);
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

static wf_definition_t *add_row(const deploying_t *d, const wf_model_t *model,
                                const wf_file_t *file, int version)
{
    wf_definition_t *row = wf_uow_insert(d->work->uow, WF_TABLE_DEFINITION);

    row->key = wf_model_key(model);
    row->version = version;
    row->id = apr_psprintf(d->work->pool, "%s:%d", row->key, version);
    row->category = wf_model_category(model);
    row->name = wf_model_name(model);
    row->description = wf_model_description(model);
    row->start_form_key = wf_model_start_form_key(model);
    row->deployment_id = d->deployment->id;
    row->resource_name = file->name;
    row->diagram_resource_name =
        find_diagram(d->files, file->name, row->key, d->work->pool);
    row->has_diagram = wf_model_has_diagram(model);
    return row;
}

/* The newest version of its key; the one before it, which may be of another file of the
 * same deployment, starts nothing any more. */
static apr_status_t add_definition(const deploying_t *d, const wf_model_t *model,
                                   const wf_file_t *file, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(d->work);
    wf_definition_t *row, *previous;
    apr_status_t rv = find_newest(d, wf_model_key(model), &previous, err);

    if (rv == APR_SUCCESS
        && !(previous && previous->deployment_id == d->deployment->id)) {
        rv = permit(d, wf_model_key(model), !previous, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    row = add_row(d, model, file, previous ? previous->version + 1 : 1);
    if (strlen(row->id) > MAX_DEFINITION_ID) {
        return wf_error_field(err, WF_ERR_INVALID, file->name,
                              "%s: the definition id '%s' is longer than %d characters",
                              file->name, row->id, MAX_DEFINITION_ID);
    }
    apr_hash_set(d->newest, row->key, APR_HASH_KEY_STRING, row);
    add_starters(d->work, row->id, wf_model_starter_users(model), 0);
    add_starters(d->work, row->id, wf_model_starter_groups(model), 1);
    return previous ? wf_bpmn_superseded(&call, previous, err) : APR_SUCCESS;
}

static apr_status_t start_waiting(deploying_t *d, const wf_file_t *file,
                                  const apr_array_header_t *models, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(d->work);
    wf_problems_t *problems = wf_problems_create(file->name, d->work->pool);
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < models->nelts; i++) {
        const wf_model_t *model = APR_ARRAY_IDX(models, i, wf_model_t *);
        wf_definition_t *row =
            apr_hash_get(d->newest, wf_model_key(model), APR_HASH_KEY_STRING);

        if (row->resource_name == file->name) {
            rv = wf_bpmn_deployed(&call, row, model, problems, err);
        }
    }
    note_problems(d, problems);
    return rv;
}

static apr_status_t add_decision(const deploying_t *d, const wf_decision_t *decision,
                                 const wf_file_t *file, wf_error_t *err)
{
    apr_pool_t *p = d->work->pool;
    const char *key = wf_decision_key(decision);
    wf_decision_def_t *row, *previous;
    apr_status_t rv = wf_store_latest_decision(d->work->reader, key, &previous, p, err);

    if (rv == APR_SUCCESS && previous) {
        rv = permit(d, key, 0, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    row = wf_uow_insert(d->work->uow, WF_TABLE_DECISION);
    row->key = key;
    row->version = previous ? previous->version + 1 : 1;
    row->id = apr_psprintf(p, "%s:%d", key, row->version);
    row->name = wf_decision_name(decision);
    row->deployment_id = d->deployment->id;
    row->resource_name = file->name;
    return APR_SUCCESS;
}

/* A process may mean a decision of its deployment: of two with one key, nobody could say
 * which. */
static void parse_decisions(const deploying_t *d, const wf_file_t *file, parsed_t *parsed,
                            wf_problems_t *problems)
{
    wf_decision_file_parse(&parsed->decisions, file->data, file->length, problems,
                           d->work->pool);
    for (int i = 0; !problems->errors && i < wf_decision_count(parsed->decisions); i++) {
        const char *key = wf_decision_key(wf_decision_at(parsed->decisions, i));
        const char *other = apr_hash_get(d->decided, key, APR_HASH_KEY_STRING);

        if (other) {
            wf_problem_add(problems, "decision-key", key, 0, 0,
                           "the decision \"%s\" is also in %s", key, other);
        }
        apr_hash_set(d->decided, key, APR_HASH_KEY_STRING, file->name);
    }
}

/* Delegates are kept as they are, but must be such. */
static void check_resource(const deploying_t *d, const wf_file_t *file, parsed_t *parsed,
                           wf_problems_t *problems)
{
    apr_pool_t *p = d->work->pool;
    wf_delegates_t *delegates;
    wf_error_t err;

    wf_error_init(&err, p);
    if (ends_with(file->name, ".dmn")) {
        parse_decisions(d, file, parsed, problems);
    }
    else if (!strcmp(file->name, WF_DELEGATES_RESOURCE)
             && wf_delegates_parse(&delegates, file->data, file->length, 1, p, &err)
                    != APR_SUCCESS) {
        wf_problem_add(problems, "delegates", err.field, 0, 0, "%s", err.message);
    }
}

/* What the administrator has switched off is refused. */
static void check_services(wf_work_t *work, const apr_array_header_t *models,
                           const wf_delegates_t *own, wf_problems_t *problems)
{
    wf_services_t services = wf_engine_services(work);

    for (int i = 0; models && i < models->nelts; i++) {
        wf_model_check_services(APR_ARRAY_IDX(models, i, const wf_model_t *), &services,
                                own, problems);
    }
}

/* The deployment's own delegates; NULL if it has none, or if check_resource refuses them. */
static const wf_delegates_t *own_delegates(const apr_array_header_t *files, apr_pool_t *p)
{
    const wf_file_t *file = find_file(files, WF_DELEGATES_RESOURCE);
    wf_delegates_t *delegates;
    wf_error_t err;

    wf_error_init(&err, p);
    return file
                   && wf_delegates_parse(&delegates, file->data, file->length, 1, p, &err)
                          == APR_SUCCESS
               ? delegates
               : NULL;
}

/* Parse every process file first, so that one answer lists the faults of all of them. */
static apr_status_t parse_files(deploying_t *d, wf_error_t *err)
{
    apr_pool_t *p = d->work->pool;
    const wf_delegates_t *own = own_delegates(d->files, p);

    for (int i = 0; i < d->files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(d->files, i, wf_file_t);
        wf_problems_t *problems = wf_problems_create(file->name, p);
        parsed_t *parsed = &d->parsed[i];

        if (process_ending(file->name)) {
            wf_model_parse(&parsed->models, file->data, file->length, problems, p);
            if (!problems->errors) {
                check_services(d->work, parsed->models, own, problems);
            }
        }
        else {
            check_resource(d, file, parsed, problems);
        }
        note_problems(d, problems);
    }
    return d->faults ? wf_error_set(err, WF_ERR_INVALID, "%s", d->faults) : APR_SUCCESS;
}

static void add_resource(const deploying_t *d, const wf_file_t *file)
{
    wf_bytearray_t *resource = wf_uow_insert(d->work->uow, WF_TABLE_BYTEARRAY);

    resource->name = file->name;
    resource->deployment_id = d->deployment->id;
    resource->bytes = file->data;
    resource->length = file->length;
}

static apr_status_t add_contents(deploying_t *d, const wf_file_t *file,
                                 const parsed_t *parsed, wf_error_t *err)
{
    int models = parsed->models ? parsed->models->nelts : 0;
    int decisions = parsed->decisions ? wf_decision_count(parsed->decisions) : 0;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < models && rv == APR_SUCCESS; i++) {
        rv = add_definition(d, APR_ARRAY_IDX(parsed->models, i, wf_model_t *), file, err);
    }
    for (int i = 0; i < decisions && rv == APR_SUCCESS; i++) {
        rv = add_decision(d, wf_decision_at(parsed->decisions, i), file, err);
    }
    return rv;
}

static apr_status_t add_files(deploying_t *d, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < d->files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(d->files, i, wf_file_t);

        add_resource(d, file);
        rv = add_contents(d, file, &d->parsed[i], err);
    }
    return rv;
}

/* All of it has superseded what was there: in whatever order the files come, what one
 * process does not wait for any more another one may. */
static apr_status_t all_wait(deploying_t *d, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < d->files->nelts; i++) {
        if (d->parsed[i].models) {
            rv = start_waiting(d, &APR_ARRAY_IDX(d->files, i, wf_file_t),
                               d->parsed[i].models, err);
        }
    }
    return rv == APR_SUCCESS && d->faults
               ? wf_error_set(err, WF_ERR_INVALID, "%s", d->faults)
               : rv;
}

apr_status_t wf_engine_deploy(wf_work_t *work, const char *name,
                              const apr_array_header_t *files, wf_deployment_t **out,
                              wf_error_t *err)
{
    deploying_t d = { .work = work, .files = files };
    apr_status_t rv;

    d.parsed = apr_pcalloc(work->pool, (files->nelts + 1) * sizeof(*d.parsed));
    d.decided = apr_hash_make(work->pool);
    rv = parse_files(&d, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    d.newest = apr_hash_make(work->pool);
    d.deployment = wf_uow_insert(work->uow, WF_TABLE_DEPLOYMENT);
    d.deployment->name = name;
    d.deployment->deploy_time = wf_time_ms();
    rv = add_files(&d, err);
    if (rv == APR_SUCCESS) {
        rv = all_wait(&d, err);
    }
    *out = d.deployment;
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
        const wf_archive_limits_t limits = {
            __atomic_load_n(&work->engine->archive_entries, __ATOMIC_RELAXED),
            (apr_size_t)__atomic_load_n(&work->engine->archive_size, __ATOMIC_RELAXED),
            __atomic_load_n(&work->engine->archive_ratio, __ATOMIC_RELAXED),
        };

        rv = wf_archive_read(&files, work->request->blob, work->request->blob_length,
                             &limits, work->pool, err);
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

/* The newest definition that the key keeps, and whether the deployment has a newer one. */
static apr_status_t find_successor(wf_work_t *work, const char *key, wf_id_t deployment,
                                   wf_definition_t **successor, wf_error_t *err)
{
    wf_definition_t *newest;
    apr_status_t rv =
        wf_store_latest_definition(work->reader, key, &newest, work->pool, err);

    *successor = NULL;
    if (rv != APR_SUCCESS || !newest || newest->deployment_id != deployment) {
        return rv;
    }
    return wf_store_definition_beside(work->reader, key, deployment, successor,
                                      work->pool, err);
}

/* Where the newest version goes, the one before it starts instances again. */
static apr_status_t bring_back(wf_work_t *work, const apr_array_header_t *definitions,
                               wf_id_t deployment, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_hash_t *done = apr_hash_make(work->pool);
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < definitions->nelts; i++) {
        const char *key = APR_ARRAY_IDX(definitions, i, wf_definition_t *)->key;
        wf_definition_t *successor;

        if (apr_hash_get(done, key, APR_HASH_KEY_STRING)) {
            continue; /* two files of the deployment have it */
        }
        apr_hash_set(done, key, APR_HASH_KEY_STRING, key);
        rv = find_successor(work, key, deployment, &successor, err);
        if (rv == APR_SUCCESS && successor) {
            rv = wf_bpmn_undeployed(&call, successor, err);
        }
    }
    return rv;
}

static void delete_rows(wf_uow_t *uow, const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++) {
        wf_uow_delete(uow, APR_ARRAY_IDX(rows, i, void *));
    }
}

/* deployment.delete {id, cascade}. Unknown ids are fine: they are gone already. */
apr_status_t wf_command_undeploy(wf_work_t *work, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "id", 0);
    int cascade = wf_json_bool(work->args, "cascade", 0);
    apr_array_header_t *definitions, *decisions, *resources;
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
        rv = wf_uow_select(work->uow, WF_BY_DECISIONS_OF_DEPLOYMENT, id, &decisions, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_uow_select(work->uow, WF_BY_RESOURCES_OF_DEPLOYMENT, id, &resources, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    delete_rows(work->uow, definitions);
    delete_rows(work->uow, decisions);
    delete_rows(work->uow, resources);
    wf_uow_delete(work->uow, deployment);
    work->baton = definitions;
    return bring_back(work, definitions, id, err);
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
