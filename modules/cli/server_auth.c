/* Who may call a server: keys that the settings have, in files that httpd and the engine
 * read. */
#include "cli/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

/* What httpd's directives ask of them. */
#define API_KEY_MIN 16    /* characters */
#define JWT_SECRET_MIN 32 /* bytes; RFC 7518, 3.2, for HS256 */

/* For nobody else's eyes. owner: a root gives it away; -1 = nobody else. */
static apr_status_t write_secret(const char **path, const wf_server_t *server,
                                 const char *name, const char *text, uid_t owner,
                                 apr_pool_t *p, wf_error_t *err)
{
    const char *line = apr_pstrcat(p, text, "\n", NULL);
    size_t length = strlen(line);
    ssize_t written = -1;
    int fd;

    *path = apr_pstrcat(p, server->state, "/", name, NULL);
    unlink(*path); /* it may be somebody else's by its mode */
    fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && (owner == (uid_t)-1 || fchown(fd, owner, (gid_t)-1) == 0)) {
        written = write(fd, line, length);
    }
    if (fd < 0 || close(fd) != 0 || written != (ssize_t)length) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "writing %s",
                            *path);
    }
    return APR_SUCCESS;
}

static apr_status_t need(const char *text, const char *key, const char *why, size_t min,
                         wf_error_t *err)
{
    if (text == NULL) {
        return wf_error_field(err, WF_ERR_INVALID, key, "%s: needed, because %s", key,
                              why);
    }
    return strlen(text) >= min
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, key,
                                "%s: must have %d characters or more", key, (int)min);
}

static apr_status_t check(const wf_settings_t *s, wf_error_t *err)
{
    int keys = s->api_key != NULL, tokens = s->jwt_secret != NULL;
    const char *why = "server.auth.enabled is true";
    apr_status_t rv = APR_SUCCESS;

    if (s->auth_type != NULL) {
        keys |= strcmp(s->auth_type, "api_key") == 0;
        tokens |= strcmp(s->auth_type, "jwt") == 0;
        why = "server.auth.type says so";
    }
    if (keys || !tokens) {
        rv = need(s->api_key, "server.auth.api_key", why, API_KEY_MIN, err);
    }
    if (rv == APR_SUCCESS && tokens) {
        rv = need(s->jwt_secret, "server.auth.jwt_secret", why, JWT_SECRET_MIN, err);
    }
    return rv;
}

/* A slave shows its master what clients show. */
static apr_status_t show_key(wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    uid_t owner = server->user != NULL ? server->uid : (uid_t)-1;

    return server->credentials != NULL || server->settings->api_key == NULL
               ? APR_SUCCESS
               : write_secret(&server->credentials, server, "credentials",
                              apr_pstrcat(p, "ApiKey ", server->settings->api_key, NULL),
                              owner, p, err);
}

apr_status_t wf_server_find_auth(wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    const wf_settings_t *s = server->settings;
    apr_status_t rv = APR_SUCCESS;

    if (!s->auth || (rv = check(s, err)) != APR_SUCCESS) {
        return rv;
    }
    if (server->is_slave) {
        return show_key(server, p, err);
    }
    if (s->api_key != NULL) {
        rv = write_secret(&server->api_key, server, "api-key", s->api_key, (uid_t)-1, p,
                          err);
    }
    if (rv == APR_SUCCESS && s->jwt_secret != NULL) {
        rv = write_secret(&server->jwt_key, server, "jwt-key", s->jwt_secret, (uid_t)-1,
                          p, err);
    }
    return rv;
}
