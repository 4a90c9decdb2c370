/* Directives of a <Location>. */
#include "settings/internal.h"

#include <apr_strings.h>

#include "activiti/activiti.h"
#include "workflow/workflow.h"

/* The first of this configuration. */
static const char *first;

void wf_settings_begin(apr_pool_t *pconf)
{
    (void)pconf;
    first = NULL;
}

const char *wf_places_first(void)
{
    return first;
}

const char *wf_set_api(cmd_parms *cmd, void *dir, const char *arg)
{
    static const wf_face_t *const faces[] = { &wf_activiti_face, &wf_workflow_face,
                                              &wf_health_face, &wf_ready_face };
    wf_dir_config_t *config = dir;

    if (!strcasecmp(arg, "Off")) {
        config->face = NULL;
        config->off = 1;
        return NULL;
    }
    if (!cmd->path || *cmd->path != '/' || ap_check_cmd_context(cmd, NOT_IN_DIRECTORY)) {
        return "WorkflowApi belongs into a <Location>";
    }
    for (apr_size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
        if (!strcasecmp(arg, faces[i]->name)) {
            if (!first) {
                first =
                    apr_psprintf(cmd->pool, "%s:%d: WorkflowApi %s",
                                 cmd->directive->filename, cmd->directive->line_num, arg);
            }
            return wf_http_enable(config, faces[i], cmd->path, cmd->pool);
        }
    }
    return apr_psprintf(
        cmd->pool, "WorkflowApi takes activiti, workflow, health, ready or Off, not '%s'",
        arg);
}

const char *wf_add_require(cmd_parms *cmd, void *dir, const char *args)
{
    wf_dir_config_t *config = dir;

    return wf_require_add(&config->require, cmd, args);
}

/* An origin as browsers send it: scheme, host and port, nothing more. */
static int is_origin(const char *text)
{
    const char *host = strstr(text, "://");

    return host && host > text && host[3] && !strpbrk(host + 3, "/?#*");
}

const char *wf_add_origin(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_dir_config_t *config = dir;

    if (strcmp(arg, "*") != 0 && !is_origin(arg)) {
        return apr_psprintf(cmd->pool,
                            "WorkflowAllowOrigin takes * or origins such as "
                            "https://example.org:8443, not '%s'",
                            arg);
    }
    if (!config->origins) {
        config->origins = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(config->origins, const char *) = arg;
    return NULL;
}
