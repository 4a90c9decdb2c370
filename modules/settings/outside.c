/* Directives of the store and of what the engine connects to: targets, mail, delegates.
 */
#include "settings/internal.h"

#include <apr_strings.h>
#include <unistd.h>

#include "bpmn/bpmn.h"
#include "client/client.h"

const char *wf_set_store(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    wf_error_t err;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (!problem && wf_store_check(arg, cmd->temp_pool, &err) != APR_SUCCESS) {
        problem = apr_psprintf(cmd->pool, "WorkflowStore %s: %s", arg, err.message);
    }
    settings->http.store = settings->engine.store = arg;
    return problem;
}

static const char *problem_with(cmd_parms *cmd, const char *arg, const wf_error_t *err)
{
    return apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, arg, err->message);
}

/* One pattern; they add up, over several lines, too. */
const char *wf_add_target(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_targets_t *targets;
    wf_settings_t *settings;
    wf_error_t err;
    const char *problem = wf_global_settings(cmd, &settings);
    const char **list;

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (problem) {
        return problem;
    }
    if (wf_targets_parse(&targets, arg, cmd->temp_pool, &err) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
    }
    list = (const char **)((char *)settings + (apr_size_t)cmd->info);
    *list = *list ? apr_pstrcat(cmd->pool, *list, " ", arg, NULL) : arg;
    return strlen(*list) <= WF_TARGETS_MAX_TEXT
               ? NULL
               : apr_pstrcat(cmd->pool, cmd->cmd->name, ": there are too many of them",
                             NULL);
}

/* Names of the environment; they add up, too. */
const char *wf_add_env(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);
    const char **list = &settings->engine.load_env;

    (void)dir;
    if (!problem) {
        *list = *list ? apr_pstrcat(cmd->pool, *list, " ", arg, NULL) : arg;
    }
    return problem;
}

const char *wf_set_mail_server(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    wf_mail_server_t *server;
    wf_settings_t *settings;
    wf_error_t err;
    const char *problem = wf_global_settings(cmd, &settings);
    const char *text = "";

    (void)dir;
    wf_error_init(&err, cmd->pool);
    for (int i = 0; i < argc; i++) {
        text = apr_pstrcat(cmd->pool, text, i ? " " : "", argv[i], NULL);
    }
    if (!problem
        && wf_mail_server_parse(&server, text, cmd->temp_pool, &err) != APR_SUCCESS) {
        return problem_with(cmd, text, &err);
    }
    if (!problem && server->ca && access(server->ca, F_OK) != 0) {
        return apr_psprintf(cmd->pool, "WorkflowMailServer %s: there is no %s", text,
                            server->ca);
    }
    settings->engine.mail_server = text;
    return problem;
}

const char *wf_set_mail_from(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_array_header_t *senders;
    wf_settings_t *settings;
    wf_error_t err;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (!problem
        && wf_mail_addresses_parse(&senders, "address", arg, cmd->temp_pool, &err)
               != APR_SUCCESS) {
        return problem_with(cmd, arg, &err);
    }
    if (!problem && senders->nelts != 1) {
        return "WorkflowMailFrom takes one address";
    }
    settings->engine.mail_from = arg;
    return problem;
}

/* Name and value of a delegate as a member of the JSON that the engine gets. */
static const char *delegate_to_json(apr_pool_t *p, const char *name, const char *kind,
                                    const char *value, const char *timeout)
{
    json_object *all = json_object_new_object(), *one = json_object_new_object();
    apr_int64_t seconds;
    const char *text;

    wf_json_add_string(one, kind, value);
    if (timeout && wf_parse_int64(timeout, &seconds)) {
        wf_json_add_int(one, "timeout", seconds);
    }
    else if (timeout) {
        wf_json_add_string(one, "timeout", timeout);
    }
    json_object_object_add(all, name, one);
    text =
        apr_pstrdup(p, json_object_to_json_string_ext(
                           all, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(all);
    return apr_pstrndup(p, text + 1, strlen(text) - 2);
}

static const char *keep_delegate(cmd_parms *cmd, wf_settings_t *settings,
                                 const char *member)
{
    const char *colon = strstr(member, "\":{");
    apr_size_t length = strlen(member) + 1;

    for (int i = 0; i < settings->delegates->nelts; i++) {
        const char *other = APR_ARRAY_IDX(settings->delegates, i, const char *);

        length += strlen(other) + 1;
        if (strncmp(other, member, colon - member + 3) == 0) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": there is already one for ",
                               apr_pstrndup(cmd->pool, member, colon - member + 1), NULL);
        }
    }
    APR_ARRAY_PUSH(settings->delegates, const char *) = member;
    return length < WF_ENGINE_MAX_DELEGATES
               ? NULL
               : apr_pstrcat(cmd->pool, cmd->cmd->name, ": there are too many of them",
                             NULL);
}

/* name kind value [timeout=seconds]; for the default without a name. */
const char *wf_add_delegate(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *name = cmd->info;
    int first = name ? 0 : 1;
    const char *value, *member;
    wf_settings_t *settings;
    wf_delegates_t *delegates;
    wf_error_t err;
    const char *problem = wf_global_settings(cmd, &settings);
    const char *timeout = argc == first + 3 && !strncmp(argv[first + 2], "timeout=", 8)
                              ? argv[first + 2] + 8
                              : NULL;

    (void)dir;
    if (problem || argc < first + 2 || argc > first + 2 + (timeout != NULL)) {
        return problem ? problem
                       : apr_psprintf(cmd->pool,
                                      "%s takes %sa kind, a value and perhaps "
                                      "timeout=seconds",
                                      cmd->cmd->name, name ? "" : "a name, ");
    }
    value = argv[first + 1];
    if (!strcmp(argv[first], "script")) {
        value = ap_server_root_relative(cmd->pool, value);
        if (!value || access(value, F_OK) != 0) {
            return apr_psprintf(cmd->pool, "%s: there is no script %s", cmd->cmd->name,
                                argv[first + 1]);
        }
    }
    member =
        delegate_to_json(cmd->pool, name ? name : argv[0], argv[first], value, timeout);
    wf_error_init(&err, cmd->pool);
    if (wf_delegates_parse(&delegates,
                           apr_pstrcat(cmd->temp_pool, "{", member, "}", NULL),
                           strlen(member) + 2, 0, cmd->temp_pool, &err)
        != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
    }
    return keep_delegate(cmd, settings, member);
}
