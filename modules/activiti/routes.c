/* The endpoints of the process engine's face. One row an endpoint: the router, the rights,
 * the API browser, the OpenAPI document and the tests read this table and nothing else. */
#include "activiti/internal.h"

/* clang-format off */
#define USER  WF_LEVEL_USER
#define ADMIN WF_LEVEL_ADMIN
#define NONE  WF_LEVEL_NONE
#define JSON  WF_FORMAT_JSON

static const wf_route_t routes[] = {
    { WF_POST, "/deployment", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION | WF_ROUTE_HTML,
      "repository", wf_deployment_upload, .summary = "Upload a file and deploy what is in it" },
    { WF_POST, "/deployments", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_HTML, "repository",
      wf_deployment_upload, .summary = "The same under the name of the collection" },
    { WF_POST, "/deployments", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all, .summary = "Delete several deployments, one after the other" },
    { WF_POST, "/deployments/delete", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all, .summary = "The same under a name of its own" },
    { WF_GET, "/deployments", USER, JSON, 0, "repository",
      wf_deployment_list, .summary = "List the deployments",
      .pages = WF_PAGES(WF_LIST_DEPLOYMENTS) },
    { WF_GET, "/deployment/{deploymentId}/resource/{resourceName}", USER, WF_FORMAT_NONE,
      0, "repository", wf_deployment_resource, .summary = "Download a file of a deployment" },
    { WF_DELETE, "/deployment/{deploymentId}", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete, .summary = "Delete a deployment" },

    { WF_GET, "/process-engine", USER, JSON, 0, "engine",
      wf_engine_info, .summary = "Name and version of the process engine" },

    { WF_GET, "/process-definitions", USER, JSON, 0, "process",
      wf_definition_list, .summary = "List all versions of all process definitions",
      .pages = WF_PAGES(WF_LIST_DEFINITIONS) },
    { WF_GET, "/process-definition/{processDefinitionId}", USER, JSON, 0, "process",
      wf_definition_get, .summary = "Show a process definition" },
    { WF_POST, "/process-instance", USER, JSON, 0, "process",
      wf_process_start, .summary = "Start an instance of a process definition" },

    { WF_GET, "/tasks-summary", USER, JSON, 0, "task",
      wf_tasks_summary, .summary = "Count the tasks of a user" },
    { WF_GET, "/tasks", USER, JSON, 0, "task",
      wf_task_list, .summary = "List the tasks of a user, a candidate or a candidate group",
      .pages = WF_PAGES(WF_LIST_TASKS) },
    { WF_GET, "/task/{taskId}", USER, JSON, 0, "task",
      wf_task_get, .summary = "Show a task" },
    { WF_PUT, "/task/{taskId}/{operation}", USER, JSON, 0, "task",
      wf_task_operation, .summary = "Claim or complete a task" },

    { WF_POST, "/login", NONE, JSON, WF_ROUTE_EXTENSION, "identity",
      wf_login, .summary = "Check a user's password" },
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
