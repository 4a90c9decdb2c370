/* Rights by httpd's own authorization: the lines of WorkflowRequire name a level and what
 * a line of Require could name, such as a group of a group file or of LDAP. */
#include "auth/auth.h"

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>
#include <ap_provider.h>
#include <mod_auth.h>
#include <apr_strings.h>

APLOG_USE_MODULE(workflow);

/* A line. Those of a place are in the order of the configuration. */
struct wf_require_t {
    wf_level_e level;
    const char *name; /* of the provider, as written */
    const char *args; /* what it is asked */
    const void *parsed;
    const authz_provider *provider;
    wf_require_t *next;
};

/* ---- configuration ----------------------------------------------------------------- */

static int parse_level(const char *word, wf_level_e *level)
{
    *level = strcasecmp(word, "admin") == 0 ? WF_LEVEL_ADMIN : WF_LEVEL_USER;
    return *level == WF_LEVEL_ADMIN || strcasecmp(word, "user") == 0;
}

/* A provider may ask for the name that it was called by. */
static const char *parse_args(wf_require_t *line, cmd_parms *cmd)
{
    if (!line->provider->parse_require_line) {
        return NULL;
    }
    apr_pool_userdata_setn(line->name, AUTHZ_PROVIDER_NAME_NOTE, apr_pool_cleanup_null,
                           cmd->temp_pool);
    return line->provider->parse_require_line(cmd, line->args, &line->parsed);
}

const char *wf_require_add(wf_require_t **list, cmd_parms *cmd, const char *args)
{
    wf_require_t *line = apr_pcalloc(cmd->pool, sizeof *line);
    const char *level = ap_getword_conf(cmd->pool, &args);

    line->name = ap_getword_conf(cmd->pool, &args);
    line->args = args;
    if (!parse_level(level, &line->level) || !*line->name) {
        return "WorkflowRequire takes user or admin and the words of a Require line, "
               "such "
               "as: WorkflowRequire admin group administrators";
    }
    line->provider =
        ap_lookup_provider(AUTHZ_PROVIDER_GROUP, line->name, AUTHZ_PROVIDER_VERSION);
    if (!line->provider || !line->provider->check_authorization) {
        return apr_psprintf(cmd->pool,
                            "WorkflowRequire: no loaded module authorizes by '%s'",
                            line->name);
    }
    while (*list) {
        list = &(*list)->next;
    }
    *list = line;
    return parse_args(line, cmd);
}

/* ---- requests ---------------------------------------------------------------------- */

static authz_status ask(const wf_require_t *line, request_rec *r)
{
    authz_status status;

    apr_table_setn(r->notes, AUTHZ_PROVIDER_NAME_NOTE, line->name);
    status = line->provider->check_authorization(r, line->args, line->parsed);
    apr_table_unset(r->notes, AUTHZ_PROVIDER_NAME_NOTE);
    return status;
}

/* 1 if a line of this very level grants it; *failed if a provider could not tell. */
static int is_granted(const wf_require_t *list, request_rec *r, wf_level_e level,
                      int *failed)
{
    for (const wf_require_t *line = list; line; line = line->next) {
        authz_status status = line->level == level ? ask(line, r) : AUTHZ_DENIED;

        if (status == AUTHZ_GRANTED) {
            return 1;
        }
        *failed |= status == AUTHZ_GENERAL_ERROR;
    }
    return 0;
}

/* The level itself first, because some providers log whom they refuse. */
apr_status_t wf_require_check(const wf_require_t *list, request_rec *r, wf_level_e level,
                              wf_error_t *err)
{
    int failed = 0;

    for (int reached = level; reached < WF_LEVELS; reached++) {
        if (is_granted(list, r, (wf_level_e)reached, &failed)) {
            return APR_SUCCESS;
        }
    }
    if (failed) { /* the provider has logged why */
        return wf_error_set(err, WF_ERR_INTERNAL, "rights of the user cannot be checked");
    }
    return wf_auth_refuse(level, err);
}
