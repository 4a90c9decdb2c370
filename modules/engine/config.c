/* The configuration snapshot: one table of members, written by httpd's parent and read by
 * the engine. Compiled into both. */
#include "engine/engine.h"

#include <apr_strings.h>
#include <stddef.h>

typedef enum { TEXT, NUMBER, LARGE } kind_e;

/* clang-format off */
static const struct {
    const char *name;
    kind_e kind;
    apr_size_t offset;
    apr_int64_t fallback;
} members[] = {
#define MEMBER(name, kind, fallback) { #name, kind, offsetof(wf_engine_config_t, name), fallback }
    MEMBER(state_dir,        TEXT,   0),
    MEMBER(store,            TEXT,   0),
    MEMBER(log_file,         TEXT,   0),
    MEMBER(log_level,        NUMBER, WF_LOG_WARN),
    MEMBER(executor_threads, NUMBER, 16),
    MEMBER(queue_limit,      NUMBER, 1000),
    MEMBER(max_connections,  NUMBER, 4096),
    MEMBER(frame_limit,      LARGE,  20 * 1024 * 1024),
    MEMBER(stop_timeout,     NUMBER, 30),
    MEMBER(job_executor,     NUMBER, 1),
    MEMBER(job_lease,        NUMBER, 300),
    MEMBER(job_retries,      NUMBER, 3),
    MEMBER(job_retry_wait,   NUMBER, 10),
    MEMBER(history_level,    TEXT,   0),
    MEMBER(history_days,     NUMBER, 0),
    MEMBER(long_poll_limit,  NUMBER, 100),
    MEMBER(max_api_keys,     NUMBER, 1000),
    MEMBER(model_cache,      NUMBER, 1000),
    MEMBER(max_steps,        NUMBER, 100000),
    MEMBER(max_rounds,       NUMBER, 100000),
    MEMBER(max_running,      NUMBER, 0),
    MEMBER(max_variables,    NUMBER, 10000),
    MEMBER(max_value,        LARGE,  32 * 1024 * 1024),
    MEMBER(archive_entries,  NUMBER, 1000),
    MEMBER(archive_size,     LARGE,  64 * 1024 * 1024),
    MEMBER(archive_ratio,    NUMBER, 200),
    MEMBER(min_free_disk,  LARGE,  64 * 1024 * 1024),
    MEMBER(max_store_size, LARGE,  0),
    MEMBER(demo_dir,         TEXT,   0),
    MEMBER(admin_group,      TEXT,   0),
    MEMBER(role_type,        TEXT,   0),
    MEMBER(targets,          TEXT,   0),
    MEMBER(mail_server,      TEXT,   0),
    MEMBER(mail_from,        TEXT,   0),
    MEMBER(mail_credentials, TEXT,   0),
    MEMBER(delegates,        TEXT,   0),
    MEMBER(http_task,        NUMBER, 0),
    MEMBER(shell_task,       NUMBER, 0),
    MEMBER(delegate_timeout, NUMBER, 30),
    MEMBER(delegate_max_answer, LARGE, 4 * 1024 * 1024),
    MEMBER(script_timeout,   NUMBER, 5),
    MEMBER(script_memory,    LARGE,  64 * 1024 * 1024),
    MEMBER(load_loops,       NUMBER, 0),
    MEMBER(load_workers,     NUMBER, 16),
    MEMBER(max_executions,   NUMBER, 100),
    MEMBER(resume_executions, NUMBER, 1),
    MEMBER(executions_kept,  NUMBER, 10000),
    MEMBER(executions_age,   LARGE,  0),
    MEMBER(idempotency_limit, NUMBER, 1000000),
    MEMBER(idempotency_age,  LARGE,  24 * 60 * 60 * 1000),
    MEMBER(max_vus,          NUMBER, 10000),
    MEMBER(load_max_rate,    NUMBER, 0),
    MEMBER(load_targets,     TEXT,   0),
    MEMBER(load_env,         TEXT,   0),
    MEMBER(load_secrets,     TEXT,   0),
    MEMBER(data_dir,         TEXT,   0),
    MEMBER(output_dir,       TEXT,   0),
    MEMBER(backup_dir,       TEXT,   0),
    MEMBER(max_streams,      NUMBER, 1000),
    MEMBER(max_tunnels,      NUMBER, 0),
    MEMBER(cluster_key,      TEXT,   0),
    MEMBER(cluster_certificates, NUMBER, 0),
    MEMBER(master,           TEXT,   0),
    MEMBER(master_ca,        TEXT,   0),
    MEMBER(master_credentials, TEXT, 0),
    MEMBER(slave_certificate, TEXT,  0),
    MEMBER(slave_key,        TEXT,   0),
    MEMBER(slave_id,         TEXT,   0),
    MEMBER(slave_type,       TEXT,   0),
    MEMBER(slave_address,    TEXT,   0),
    MEMBER(slave_capabilities, TEXT, 0),
    MEMBER(slave_labels,     TEXT,   0),
    MEMBER(finish_orphans,   NUMBER, 0),
    MEMBER(heartbeat_interval, LARGE, 5000),
    MEMBER(heartbeat_timeout, LARGE, 15000),
    MEMBER(max_slaves,       NUMBER, 100),
    MEMBER(standalone,       NUMBER, WF_STANDALONE_AUTO),
#undef MEMBER
};
/* clang-format on */

#define COUNT (sizeof(members) / sizeof(members[0]))

static void *member_at(const wf_engine_config_t *config, apr_size_t i)
{
    return (char *)config + members[i].offset;
}

void wf_engine_config_defaults(wf_engine_config_t *config)
{
    for (apr_size_t i = 0; i < COUNT; i++) {
        switch (members[i].kind) {
        case TEXT:
            *(const char **)member_at(config, i) = NULL;
            break;
        case NUMBER:
            *(int *)member_at(config, i) = (int)members[i].fallback;
            break;
        case LARGE:
            *(apr_int64_t *)member_at(config, i) = members[i].fallback;
            break;
        }
    }
}

json_object *wf_engine_config_to_json(const wf_engine_config_t *config)
{
    json_object *json = json_object_new_object();

    for (apr_size_t i = 0; i < COUNT; i++) {
        switch (members[i].kind) {
        case TEXT:
            wf_json_add_string(json, members[i].name,
                               *(const char **)member_at(config, i));
            break;
        case NUMBER:
            wf_json_add_int(json, members[i].name, *(int *)member_at(config, i));
            break;
        case LARGE:
            wf_json_add_int(json, members[i].name, *(apr_int64_t *)member_at(config, i));
            break;
        }
    }
    return json;
}

apr_status_t wf_engine_config_from_json(wf_engine_config_t *config, json_object *json,
                                        apr_pool_t *p, wf_error_t *err)
{
    for (apr_size_t i = 0; i < COUNT; i++) {
        json_object *value = NULL;
        int is_text = members[i].kind == TEXT;

        if (!json_object_object_get_ex(json, members[i].name, &value)
            || (!is_text && !json_object_is_type(value, json_type_int))
            || (is_text && value && !json_object_is_type(value, json_type_string))) {
            return wf_error_field(err, WF_ERR_INVALID, members[i].name,
                                  "configuration snapshot: member '%s' is missing or of "
                                  "another type",
                                  members[i].name);
        }
        switch (members[i].kind) {
        case TEXT:
            *(const char **)member_at(config, i) =
                value ? apr_pstrdup(p, json_object_get_string(value)) : NULL;
            break;
        case NUMBER:
            *(int *)member_at(config, i) = json_object_get_int(value);
            break;
        case LARGE:
            *(apr_int64_t *)member_at(config, i) = json_object_get_int64(value);
            break;
        }
    }
    return APR_SUCCESS;
}

const char *wf_engine_socket_path(const char *state_dir, apr_pool_t *p)
{
    return apr_pstrcat(p, state_dir, "/engine.sock", NULL);
}

const char *wf_engine_known_path(const char *state_dir, apr_pool_t *p)
{
    return apr_pstrcat(p, state_dir, "/engine.store", NULL);
}

const char *wf_engine_snapshot_path(const char *state_dir, apr_pool_t *p)
{
    return apr_pstrcat(p, state_dir, "/engine.json", NULL);
}
