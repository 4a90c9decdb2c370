/* Where the log of a command goes and how its lines look. */
#include "cli/internal.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const wf_log_level_e levels[] = {
    [WF_LEVEL_DEBUG] = WF_LOG_DEBUG, [WF_LEVEL_INFO] = WF_LOG_INFO,
    [WF_LEVEL_WARN] = WF_LOG_WARN,   [WF_LEVEL_ERROR] = WF_LOG_ERR,
    [WF_LEVEL_FATAL] = WF_LOG_ERR, /* there is nothing above */
};

static const char *level_name(wf_log_level_e level)
{
    return level <= WF_LOG_ERR    ? "error"
           : level == WF_LOG_WARN ? "warn"
           : level <= WF_LOG_INFO ? "info"
                                  : "debug";
}

/* One write a line: stdio's lock keeps the lines of threads apart. */
static void put_text(void *baton, wf_log_level_e level, const char *text)
{
    (void)level;
    fprintf(baton, "%s\n", text);
    fflush(baton);
}

static void put_json(void *baton, wf_log_level_e level, const char *text)
{
    json_object *line = json_object_new_object();
    char time[APR_RFC822_DATE_LEN];
    apr_time_exp_t t;
    apr_size_t length = 0;

    apr_time_exp_gmt(&t, apr_time_now());
    apr_strftime(time, &length, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &t);
    wf_json_add_string(line, "time", time);
    wf_json_add_string(line, "level", level_name(level));
    wf_json_add_string(line, "message", text);
    fprintf(baton, "%s\n",
            json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN
                                                     | JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(baton);
    json_object_put(line);
}

static apr_status_t open_output(FILE **file, const char *name, wf_error_t *err)
{
    if (strcmp(name, "stderr") == 0 || strcmp(name, "stdout") == 0) {
        *file = strcmp(name, "stderr") == 0 ? stderr : stdout;
        return APR_SUCCESS;
    }
    *file = fopen(name, "ae"); /* until the process ends */
    if (*file == NULL) {
        return wf_error_apr(err, WF_ERR_INVALID, APR_FROM_OS_ERROR(errno),
                            "logging.output: opening %s", name);
    }
    return APR_SUCCESS;
}

apr_status_t wf_logging_begin(const wf_settings_t *settings, wf_error_t *err)
{
    FILE *file;
    apr_status_t rv = open_output(&file, settings->log_output, err);

    if (rv == APR_SUCCESS) {
        wf_log_to(settings->log_format == WF_FORMAT_JSON ? put_json : put_text, file);
        wf_log_set_level(levels[settings->log_level]);
    }
    return rv;
}
