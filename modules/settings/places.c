/* Directives of a <Location>, and what they say together. */
#include "settings/internal.h"

#include <ap_regex.h>
#include <http_core.h>
#include <mod_auth.h>
#include <apr_fnmatch.h>
#include <apr_strings.h>

extern module AP_MODULE_DECLARE_DATA workflow_module;

#include "activiti/activiti.h"
#include "workflow/workflow.h"

/* A <Location> that answers something. */
typedef struct place_t {
    server_rec *server;
    const wf_face_t *face;
    const char *path, *where; /* where: as errors name it */
} place_t;

static apr_array_header_t *places; /* of place_t; lives as long as the configuration */

void wf_settings_begin(apr_pool_t *pconf)
{
    places = apr_array_make(pconf, 8, sizeof(place_t));
}

const char *wf_places_first(void)
{
    return places->nelts > 0 ? APR_ARRAY_IDX(places, 0, place_t).where : NULL;
}

static const char *add_place(cmd_parms *cmd, wf_dir_config_t *config,
                             const wf_face_t *face)
{
    place_t *place = apr_array_push(places);

    place->server = cmd->server;
    place->face = face;
    place->path = cmd->path;
    place->where =
        apr_psprintf(cmd->pool, "%s:%d: WorkflowApi %s", cmd->directive->filename,
                     cmd->directive->line_num, face->name);
    return wf_http_enable(config, face, cmd->path, cmd->pool);
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
            return add_place(cmd, config, faces[i]);
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

const char *wf_set_choice(cmd_parms *cmd, void *dir, int on)
{
    *(wf_choice_e *)((char *)dir + (apr_size_t)cmd->info) = on ? WF_ON : WF_OFF;
    return NULL;
}

const char *wf_set_dir_text(cmd_parms *cmd, void *dir, const char *arg)
{
    *(const char **)((char *)dir + (apr_size_t)cmd->info) = arg;
    return *arg ? NULL : apr_pstrcat(cmd->pool, cmd->cmd->name, " takes a text", NULL);
}

/* ---- credentials ------------------------------------------------------------------------- */

const char *wf_add_key_file(cmd_parms *cmd, void *dir, const char *file,
                            const char *owner, const char *rights)
{
    wf_dir_config_t *config = dir;
    int parsed = rights ? wf_key_rights_parse(rights) : WF_KEY_ADMIN;
    const char *path = ap_server_root_relative(cmd->pool, file);
    wf_given_key_t *key;
    wf_error_t err;

    wf_error_init(&err, cmd->pool);
    if (parsed < 0) {
        return apr_psprintf(cmd->pool,
                            "%s takes the rights read, operate or admin, not '%s'",
                            cmd->cmd->name, rights);
    }
    if (!*owner || !path) {
        return apr_psprintf(cmd->pool, "%s takes a file and a user", cmd->cmd->name);
    }
    if (!config->key_files) {
        config->key_files = apr_array_make(cmd->pool, 2, sizeof(*key));
    }
    key = apr_array_push(config->key_files);
    key->owner = owner;
    key->rights = (wf_key_rights_e)parsed;
    return wf_api_key_read(key->hash, path, cmd->temp_pool, &err) == APR_SUCCESS
               ? NULL
               : apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
}

const char *wf_add_jwt_key(cmd_parms *cmd, void *dir, const char *algorithm,
                           const char *file, const char *kid)
{
    wf_dir_config_t *config = dir;
    const char *path = ap_server_root_relative(cmd->pool, file);
    wf_error_t err;

    wf_error_init(&err, cmd->pool);
    if (!path) {
        return apr_psprintf(cmd->pool, "%s: '%s' is no path", cmd->cmd->name, file);
    }
    if (!config->jwt_keys) {
        config->jwt_keys = wf_jwt_keys_create(cmd->pool);
    }
    return wf_jwt_keys_add(config->jwt_keys, algorithm, path, kid, &err) == APR_SUCCESS
               ? NULL
               : apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
}

#define MAX_LEEWAY 3600 /* seconds */

const char *wf_set_jwt_leeway(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_int64_t seconds;

    if (!wf_parse_int64(arg, &seconds) || seconds < 0 || seconds > MAX_LEEWAY) {
        return apr_psprintf(cmd->pool,
                            "%s takes a whole number of seconds from 0 to %d, not '%s'",
                            cmd->cmd->name, MAX_LEEWAY, arg);
    }
    ((wf_dir_config_t *)dir)->jwt_leeway = (int)seconds + 1;
    return NULL;
}

/* ---- nobody is let in unseen ------------------------------------------------------------ */

/* As httpd's own walk over its sections has it. */
static int means(const core_dir_config *section, const char *path)
{
    apr_size_t length = strlen(section->d);

    if (section->r) {
        return ap_regexec(section->r, path, 0, NULL, 0) == 0;
    }
    if (section->d_is_fnmatch) {
        return apr_fnmatch(section->d, path, APR_FNM_PATHNAME) == APR_SUCCESS;
    }
    return strncmp(section->d, path, length) == 0
           && (length == 0 || section->d[length - 1] == '/' || path[length] == '/'
               || path[length] == '\0');
}

/* What counts at a place: of the server, and of all sections that mean its path. */
static ap_conf_vector_t *settings_at(const place_t *place, apr_pool_t *p)
{
    const core_server_config *core =
        ap_get_core_module_config(place->server->module_config);
    ap_conf_vector_t *merged = place->server->lookup_defaults;

    for (int i = 0; i < core->sec_url->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *);

        if (means(ap_get_core_module_config(section), place->path)) {
            merged = ap_merge_per_dir_configs(p, merged, section);
        }
    }
    return merged;
}

/* httpd tells the AuthType of requests alone; mod_authn_core, which knows it, may be
 * absent. */
static int has_auth_type(const place_t *place, ap_conf_vector_t *settings, apr_pool_t *p)
{
    request_rec r = { .pool = p, .server = place->server, .per_dir_config = settings };
    const char *(*type_of)(request_rec *) = APR_RETRIEVE_OPTIONAL_FN(authn_ap_auth_type);
    const char *type = type_of ? type_of(&r) : NULL;

    return type && strcasecmp(type, "none") != 0;
}

const char *wf_places_problem(apr_pool_t *p)
{
    for (int i = 0; i < places->nelts; i++) {
        const place_t *place = &APR_ARRAY_IDX(places, i, place_t);
        ap_conf_vector_t *settings = settings_at(place, p);
        const wf_dir_config_t *dir = ap_get_module_config(settings, &workflow_module);

        if (wf_face_needs_user(place->face) && dir->anonymous != WF_ON
            && !wf_credentials_taken(dir) && !has_auth_type(place, settings, p)) {
            return apr_psprintf(
                p,
                "%s has no authentication: give its <Location> an AuthType, "
                "WorkflowApiKeys or WorkflowJwtKey, or "
                "WorkflowAllowAnonymous On if whoever reaches it may call it",
                place->where);
        }
    }
    return NULL;
}
