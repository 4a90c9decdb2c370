/* The endpoints of the process engine's face, and what all their handlers share. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

/* clang-format off */
#define USER  WF_LEVEL_USER
#define ADMIN WF_LEVEL_ADMIN
#define NONE  WF_LEVEL_NONE
#define JSON  WF_FORMAT_JSON

static const wf_route_t routes[] = {
    { WF_POST, "/deployment", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION | WF_ROUTE_HTML,
      "repository", wf_deployment_upload, "Upload a file and deploy what is in it" },
    { WF_POST, "/deployments", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_HTML, "repository",
      wf_deployment_upload, "The same under the name of the collection" },
    { WF_POST, "/deployments", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all, "Delete several deployments, one after the other" },
    { WF_POST, "/deployments/delete", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all, "The same under a name of its own" },
    { WF_GET, "/deployments", USER, JSON, 0, "repository",
      wf_deployment_list, "List the deployments" },
    { WF_GET, "/deployment/{deploymentId}/resource/{resourceName}", USER, WF_FORMAT_NONE,
      0, "repository", wf_deployment_resource, "Download a file of a deployment" },
    { WF_DELETE, "/deployment/{deploymentId}", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete, "Delete a deployment" },

    { WF_GET, "/process-engine", USER, JSON, 0, "engine",
      wf_engine_info, "Name and version of the process engine" },

    { WF_GET, "/process-definitions", USER, JSON, 0, "process",
      wf_definition_list, "List all versions of all process definitions" },
    { WF_GET, "/process-definition/{processDefinitionId}", USER, JSON, 0, "process",
      wf_definition_get, "Show a process definition" },
    { WF_POST, "/process-instance", USER, JSON, 0, "process",
      wf_process_start, "Start an instance of a process definition" },

    { WF_GET, "/tasks-summary", USER, JSON, 0, "task",
      wf_tasks_summary, "Count the tasks of a user" },
    { WF_GET, "/tasks", USER, JSON, 0, "task",
      wf_task_list, "List the tasks of a user, a candidate or a candidate group" },
    { WF_GET, "/task/{taskId}", USER, JSON, 0, "task",
      wf_task_get, "Show a task" },
    { WF_PUT, "/task/{taskId}/{operation}", USER, JSON, 0, "task",
      wf_task_operation, "Claim or complete a task" },

    { WF_POST, "/login", NONE, JSON, WF_ROUTE_EXTENSION, "identity",
      wf_login, "Check a user's password" },
};
/* clang-format on */

const wf_face_t wf_activiti_face = {
    .name = "activiti",
    .title = "Activiti REST API",
    .flags = WF_FACE_TUNNEL | WF_FACE_AUTHORIZE | WF_FACE_NO_CACHE,
    .realm = "Activiti",
    .json_type = "application/json;charset=UTF-8",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .status = wf_activiti_status,
    .error_body = wf_activiti_error_body,
};

/* Ids are texts to clients: "07" is not the "7" that was handed out. */
int wf_id_parse(const char *text, wf_id_t *id)
{
    return *text >= '1' && *text <= '9' && wf_parse_int64(text, id);
}

void wf_json_add_id(json_object *o, const char *name, wf_id_t id)
{
    char text[24];

    apr_snprintf(text, sizeof text, "%" APR_INT64_T_FMT, id);
    wf_json_add_string(o, name, id ? text : NULL);
}

apr_status_t wf_respond_success(wf_request_t *req)
{
    json_object *success = json_object_new_object();

    wf_json_add_bool(success, "success", 1);
    return wf_respond_json(req, 200, success);
}

apr_status_t wf_respond_page(wf_request_t *req, wf_list_e list, const char *const *args,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             wf_error_t *err)
{
    wf_paging_t paging;
    wf_rows_t rows;
    wf_store_t *store;
    apr_status_t rv =
        wf_paging_parse(&paging, req->query, wf_store_sort_keys(list), "id", err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_list(store, list, args, &paging.page, &rows, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_json(req, 200, wf_page_to_json(&paging, &rows, render, req->pool));
}
