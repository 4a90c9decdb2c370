/* settings: what administrators configure. The table of all directives, what each of them
 * accepts, and what they say together. Runs in httpd's parent while it reads its
 * configuration; everything lives as long as that (pconf). */
#ifndef WF_SETTINGS_H
#define WF_SETTINGS_H

#include <httpd.h>
#include <http_config.h>

#include "engine/engine.h"
#include "http/http.h"

/** All server-wide settings; one for the whole httpd, kept at the main server. */
typedef struct wf_settings_t {
    int enabled;
    const char *binary; /* the workflow-engine program */
    wf_server_config_t http;
    wf_engine_config_t engine;
    apr_array_header_t *delegates; /* const char *: members of engine.delegates */
    int max_tunnels;               /* -1 = a share of the workers */
} wf_settings_t;

/** For the module's record: defaults, and the settings of a Location. */
void *wf_settings_create(apr_pool_t *p, server_rec *s);
void *wf_settings_create_dir(apr_pool_t *p, char *path);
void *wf_settings_merge_dir(apr_pool_t *p, void *outer, void *inner);

extern const command_rec wf_settings_directives[];

/** From pre_config: a configuration is about to be read. */
void wf_settings_begin(apr_pool_t *pconf);

/** Those of the main server. */
wf_settings_t *wf_settings_of(server_rec *s);

/** What the directives say together, with the defaults that depend on others filled in.
 *  Looks, but touches nothing: also for `httpd -t`. NULL, or what is wrong. */
const char *wf_settings_check(wf_settings_t *settings, apr_pool_t *pconf);

#endif
