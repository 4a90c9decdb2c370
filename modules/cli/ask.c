/* Commands that ask the engine of a running server, over the socket in its state
 * directory: root and the user that httpd runs as may. */
#include "cli/internal.h"
#include "engine/engine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 30
#define REPLY_LIMIT (4 * 1024 * 1024)

apr_status_t wf_cli_find_engine(const char **socket, const char *dir, apr_pool_t *p,
                                wf_error_t *err)
{
    *socket = wf_engine_socket_path(dir, p);
    if (access(*socket, R_OK | W_OK) == 0) {
        return APR_SUCCESS;
    }
    if (errno == EACCES) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            "%s: only root and the user that httpd runs as may do that",
                            *socket);
    }
    return wf_error_apr(err, WF_ERR_UNAVAILABLE, APR_FROM_OS_ERROR(errno), "%s", *socket);
}

apr_status_t wf_cli_ask(json_object **reply, const char *socket, wf_command_e command,
                        json_object *args, apr_pool_t *p, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = command,
                           .args = args,
                           .timeout = apr_time_from_sec(TIMEOUT_SECONDS) };
    wf_ipc_reply_t answer;
    apr_status_t rv =
        wf_ipc_call(wf_ipc_client_create(socket, REPLY_LIMIT, p), &call, &answer, p, err);

    *reply = rv == APR_SUCCESS ? answer.json : NULL;
    return rv;
}

apr_status_t wf_cli_add_text(json_object *args, const char *name, const char *text,
                             wf_error_t *err)
{
    if (text == NULL) {
        return APR_SUCCESS;
    }
    if (!wf_utf8_valid(text, strlen(text))) {
        return wf_error_set(err, WF_ERR_INVALID, "%s: it is not UTF-8 text", name);
    }
    wf_json_add_string(args, name, text);
    return APR_SUCCESS;
}

int wf_cli_fail_asking(const wf_error_t *err, const char *option, const char *dir)
{
    wf_cli_fail(err);
    if (err->kind == WF_ERR_UNAVAILABLE) {
        fprintf(
            stderr,
            "The engine of a server is needed: start httpd with WorkflowEngine On. Is "
            "its WorkflowStateDir\nreally %s? (-%s DIR names another one)\n",
            dir, option);
    }
    return WF_EXIT_FAILED;
}
