/* What workflow documents may draw on beside their own text: names of the environment
 * that the administrator lists, secrets from a file, a directory of files. All of it is
 * read once, at the start, and never changes: loops look at it without a lock. */
#include "engine/internal.h"
#include "steps/steps.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define SECRETS_MAX_BYTES (256 * 1024)

typedef struct names_t {
    apr_hash_t *env, *secrets; /* name → text */
} names_t;

static const char *find_env(void *baton, const char *name)
{
    return apr_hash_get(((names_t *)baton)->env, name, APR_HASH_KEY_STRING);
}

static const char *find_secret(void *baton, const char *name)
{
    return apr_hash_get(((names_t *)baton)->secrets, name, APR_HASH_KEY_STRING);
}

static void read_env(names_t *names, const char *list, apr_pool_t *p)
{
    char *last, *name, *text = apr_pstrdup(p, list ? list : "");

    for (name = apr_strtok(text, " ", &last); name; name = apr_strtok(NULL, " ", &last)) {
        const char *value = getenv(name);

        if (value) {
            apr_hash_set(names->env, name, APR_HASH_KEY_STRING, apr_pstrdup(p, value));
        }
    }
}

/* name=value; blank lines and those that begin with # say nothing. Values are not quoted
 * in messages. */
static apr_status_t parse_secrets(names_t *names, char *text, const char *path,
                                  wf_error_t *err)
{
    char *last, *line;
    int number = 0;

    while ((line = text) != NULL && *text) {
        char *end = strchr(text, '\n'), *equals;

        number++;
        text = end ? end + 1 : NULL;
        if (end) {
            *end = '\0';
        }
        line[strcspn(line, "\r")] = '\0';
        line += strspn(line, " \t");
        if (!*line || *line == '#') {
            continue;
        }
        equals = strchr(line, '=');
        if (!equals || equals == line) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "WorkflowLoadSecrets %s: line %d is not name=value", path,
                                number);
        }
        *equals = '\0';
        apr_hash_set(names->secrets, apr_strtok(line, " \t", &last), APR_HASH_KEY_STRING,
                     equals + 1 + strspn(equals + 1, " \t"));
    }
    return APR_SUCCESS;
}

static apr_status_t read_secrets(names_t *names, const char *path, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *slash, *problem;
    apr_size_t length;
    char *text;

    if (!path) {
        return APR_SUCCESS;
    }
    if (!wf_mail_credentials_safe(path, &problem)) {
        return wf_error_set(err, WF_ERR_INVALID, "WorkflowLoadSecrets %s: %s", path,
                            problem);
    }
    slash = strrchr(path, '/');
    if (wf_file_load_below(&text, &length, apr_pstrndup(p, path, slash - path + 1),
                           slash + 1, SECRETS_MAX_BYTES, p, err)
        != APR_SUCCESS) {
        return wf_error_note(err, WF_EFAILED, "WorkflowLoadSecrets");
    }
    return parse_secrets(names, text, path, err);
}

/* A file that cannot be read is no reason to stop everything else: documents that name a
 * secret are refused then. */
const wf_surroundings_t *wf_surroundings_read(const wf_engine_config_t *config,
                                              apr_pool_t *p)
{
    wf_surroundings_t *around = apr_pcalloc(p, sizeof(*around));
    names_t *names = apr_pcalloc(p, sizeof(*names));
    wf_error_t err;

    names->env = apr_hash_make(p);
    names->secrets = apr_hash_make(p);
    around->steps = &wf_steps;
    around->directory = apr_pstrdup(p, config->data_dir);
    around->output_directory = apr_pstrdup(p, config->output_dir);
    around->env = find_env;
    around->secret = find_secret;
    around->baton = names;
    read_env(names, config->load_env, p);
    wf_error_init(&err, p);
    if (read_secrets(names, config->load_secrets, p, &err) != APR_SUCCESS) {
        wf_log(WF_LOG_ERR, "%s", err.message);
    }
    return around;
}
