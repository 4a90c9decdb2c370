/* Demo data: users, groups and processes from a directory, imported once into a store that
 * has neither users nor deployments. identity.json names users with ready password hashes;
 * every file below processes/ is a resource of one deployment, named by its path there. */
#include "engine/internal.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define DEPLOYMENT_NAME "activiti-examples.bar"
/* Ids below this belong to the identities of Activiti's own demo set-up. */
#define FIRST_ID 10
#define MAX_FILE (16 * 1024 * 1024)

static apr_status_t read_file(const char *path, char **data, apr_size_t *length,
                              apr_pool_t *p, wf_error_t *err)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv = apr_file_open(&file, path, APR_READ | APR_BINARY, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    }
    if (rv == APR_SUCCESS && info.size > MAX_FILE) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "%s is larger than %d MiB", path,
                            MAX_FILE >> 20);
    }
    if (rv == APR_SUCCESS) {
        *data = apr_palloc(p, (apr_size_t)info.size + 1);
        rv = apr_file_read_full(file, *data, (apr_size_t)info.size, length);
        apr_file_close(file);
        (*data)[*length] = '\0';
    }
    if (rv != APR_SUCCESS && !(rv == APR_EOF && *length == 0)) {
        return wf_error_apr(err, WF_ERR_INVALID, rv, "cannot read %s", path);
    }
    return APR_SUCCESS;
}

static const char *copied(json_object *o, const char *name, apr_pool_t *p)
{
    return apr_pstrdup(p, wf_json_string(o, name, NULL));
}

static apr_status_t import_groups(wf_work_t *work, json_object *groups, wf_error_t *err)
{
    for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
        json_object *o = json_object_array_get_idx(groups, i);
        wf_group_t *group = wf_uow_insert(work->uow, WF_TABLE_GROUP);

        group->id = copied(o, "id", work->pool);
        group->name = copied(o, "name", work->pool);
        group->type = copied(o, "type", work->pool);
        if (!group->id) {
            return wf_error_set(err, WF_ERR_INVALID, "identity.json: group without id");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t import_users(wf_work_t *work, json_object *users, wf_error_t *err)
{
    for (size_t i = 0; users && i < json_object_array_length(users); i++) {
        json_object *o = json_object_array_get_idx(users, i);
        json_object *groups = wf_json_get(o, "groups");
        wf_user_t *user = wf_uow_insert(work->uow, WF_TABLE_USER);

        user->id = copied(o, "id", work->pool);
        user->first_name = copied(o, "firstName", work->pool);
        user->last_name = copied(o, "lastName", work->pool);
        user->email = copied(o, "email", work->pool);
        user->password_hash = copied(o, "passwordHash", work->pool);
        if (!user->id || !user->password_hash) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "identity.json: user without id or passwordHash");
        }
        for (size_t g = 0; groups && g < json_object_array_length(groups); g++) {
            wf_membership_t *membership = wf_uow_insert(work->uow, WF_TABLE_MEMBERSHIP);

            membership->user_id = user->id;
            membership->group_id = apr_pstrdup(
                work->pool, json_object_get_string(json_object_array_get_idx(groups, g)));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t import_identity(wf_work_t *work, const char *dir, wf_error_t *err)
{
    const char *path = apr_pstrcat(work->pool, dir, "/identity.json", NULL);
    json_object *json;
    apr_size_t length;
    char *text;
    apr_status_t rv = read_file(path, &text, &length, work->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_json_parse(&json, text, length, work->pool, err);
    }
    if (rv == APR_SUCCESS) {
        rv = import_groups(work, wf_json_get(json, "groups"), err);
    }
    if (rv == APR_SUCCESS) {
        rv = import_users(work, wf_json_get(json, "users"), err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "demo data %s", path);
}

/* All regular files below dir, with their paths there as names. */
static apr_status_t collect_files(apr_array_header_t *files, const char *dir,
                                  const char *prefix, apr_pool_t *p, wf_error_t *err)
{
    apr_dir_t *handle;
    apr_finfo_t info;
    apr_status_t rv = apr_dir_open(&handle, dir, p);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INVALID, rv, "cannot read %s", dir);
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, handle) == APR_SUCCESS
           && rv == APR_SUCCESS) {
        const char *path = apr_pstrcat(p, dir, "/", info.name, NULL);
        const char *name = apr_pstrcat(p, prefix, info.name, NULL);

        if (info.name[0] == '.') {
            continue;
        }
        if (info.filetype == APR_DIR) {
            rv = collect_files(files, path, apr_pstrcat(p, name, "/", NULL), p, err);
        }
        else if (info.filetype == APR_REG) {
            wf_file_t *file = apr_array_push(files);
            char *data;

            file->name = name;
            rv = read_file(path, &data, &file->length, p, err);
            file->data = data;
        }
    }
    apr_dir_close(handle);
    return rv;
}

/* So that ids and versions do not depend on the order of a directory. */
static int by_name(const void *a, const void *b)
{
    return strcmp(((const wf_file_t *)a)->name, ((const wf_file_t *)b)->name);
}

static apr_status_t import_processes(wf_work_t *work, const char *dir, wf_error_t *err)
{
    apr_array_header_t *files = apr_array_make(work->pool, 16, sizeof(wf_file_t));
    wf_deployment_t *deployment;
    apr_status_t rv = collect_files(
        files, apr_pstrcat(work->pool, dir, "/processes", NULL), "", work->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    qsort(files->elts, files->nelts, sizeof(wf_file_t), by_name);
    return wf_engine_deploy(work, DEPLOYMENT_NAME, files, &deployment, err);
}

apr_status_t wf_demo_import(wf_engine_t *engine, const char *dir, wf_error_t *err)
{
    wf_work_t *work = wf_work_create(engine, "wf_demo");
    wf_error_t outcome;
    int in_use = 0;
    apr_status_t rv = wf_store_open(&work->reader, engine->config.store, WF_STORE_READ,
                                    work->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_in_use(work->reader, &in_use, err);
    }
    if (rv == APR_SUCCESS && !in_use) {
        rv = wf_ids_skip_to(engine->ids, FIRST_ID, err);
        work->uow = wf_uow_create(work->reader, engine->ids, work->pool);
        rv = rv == APR_SUCCESS ? import_processes(work, dir, err) : rv;
        rv = rv == APR_SUCCESS ? import_identity(work, dir, err) : rv;
        wf_error_init(&outcome, work->pool);
        rv = rv == APR_SUCCESS ? wf_store_commit(engine->writer, engine->ids, &work->uow, 1,
                                                 &outcome, err)
                               : rv;
        if (rv == APR_SUCCESS && outcome.kind != WF_ERR_NONE) {
            rv = wf_error_set(err, outcome.kind, "%s", outcome.message);
        }
    }
    if (err->message) {
        err->message = apr_pstrdup(err->pool, err->message);
    }
    apr_pool_destroy(work->pool);
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "importing demo data");
}
