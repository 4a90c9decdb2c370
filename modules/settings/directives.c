/* The table of all directives, and the records that they fill. */
#include "settings/internal.h"

#include <apr_strings.h>
#include <unistd.h>

#ifndef WF_ENGINE_BINARY
#define WF_ENGINE_BINARY "/usr/bin/workflow-engine"
#endif

extern module AP_MODULE_DECLARE_DATA workflow_module;

/* ---- records ----------------------------------------------------------------------- */

void *wf_settings_create(apr_pool_t *p, server_rec *s)
{
    wf_settings_t *settings = apr_pcalloc(p, sizeof(*settings));

    (void)s;
    wf_engine_config_defaults(&settings->engine);
    settings->binary = WF_ENGINE_BINARY;
    settings->max_tunnels = -1;
    settings->delegates = apr_array_make(p, 4, sizeof(const char *));
    settings->http = (wf_server_config_t){
        .command_timeout = apr_time_from_sec(WF_DEFAULT_COMMAND_TIMEOUT),
        .max_long_poll = apr_time_from_sec(WF_DEFAULT_LONG_POLL),
        .body_limit = WF_DEFAULT_BODY_LIMIT,
        .upload_limit = WF_DEFAULT_UPLOAD_LIMIT,
        .max_page = WF_DEFAULT_MAX_PAGE,
        .engine_name = WF_DEFAULT_ENGINE_NAME,
        .engine_version = WF_DEFAULT_ENGINE_VERSION,
        .max_auth_failures = WF_DEFAULT_AUTH_FAILURES,
        .deploy_level = WF_LEVEL_ADMIN,
        .roles = { WF_DEFAULT_ROLE_USER, WF_DEFAULT_ROLE_MANAGER, WF_DEFAULT_ROLE_ADMIN,
                   WF_DEFAULT_ROLE_TYPE },
        .assignment_type = WF_DEFAULT_ASSIGNMENT_TYPE,
    };
    return settings;
}

void *wf_settings_create_dir(apr_pool_t *p, char *path)
{
    (void)path;
    return apr_pcalloc(p, sizeof(wf_dir_config_t));
}

void *wf_settings_merge_dir(apr_pool_t *p, void *outer, void *inner)
{
    const wf_dir_config_t *out = outer, *in = inner;
    wf_dir_config_t *merged =
        apr_pmemdup(p, in->face || in->off ? in : out, sizeof(*merged));

    merged->require = in->require ? in->require : out->require;
    merged->origins = in->origins ? in->origins : out->origins;
    merged->anonymous = in->anonymous ? in->anonymous : out->anonymous;
    merged->api_keys = in->api_keys ? in->api_keys : out->api_keys;
    merged->key_files = in->key_files ? in->key_files : out->key_files;
    merged->jwt_keys = in->jwt_keys ? in->jwt_keys : out->jwt_keys;
    merged->jwt_issuer = in->jwt_issuer ? in->jwt_issuer : out->jwt_issuer;
    merged->jwt_audience = in->jwt_audience ? in->jwt_audience : out->jwt_audience;
    merged->jwt_user = in->jwt_user ? in->jwt_user : out->jwt_user;
    merged->jwt_leeway = in->jwt_leeway ? in->jwt_leeway : out->jwt_leeway;
    return merged;
}

wf_settings_t *wf_settings_of(server_rec *s)
{
    return ap_get_module_config(s->module_config, &workflow_module);
}

/* ---- the table ---------------------------------------------------------------------- */

#define IN_PLACE(member) ((void *)APR_OFFSETOF(wf_dir_config_t, member))
#define TIME(where, low, high) ((void *)&(const wf_time_rule_t){ where, low, high })
#define NUMBER(where, how, low, high) ((void *)&(const wf_number_rule_t){ where, how, low, high })
#define BYTES(where, low, high, zero)                                                    \
    ((void *)&(const wf_size_rule_t){ where, low, high, zero })
#define PATH_RULE(where, check, problem, off) ((void *)&(const wf_path_rule_t){ where, check, problem, off })
#define WORDS(where, words, first) ((void *)&(const wf_word_rule_t){ where, words, first, 0 })
#define TEXTS(where, words) ((void *)&(const wf_word_rule_t){ where, words, 0, 1 })
#define MIB (1024 * 1024)

/* clang-format off */
#define FLAG(name, where, text) AP_INIT_FLAG(name, wf_set_flag, (void *)(where), RSRC_CONF, text)
#define NUM(name, number, text) AP_INIT_TAKE1(name, wf_set_number, number, RSRC_CONF, text)
#define SIZE(name, size, text)  AP_INIT_TAKE1(name, wf_set_size, size, RSRC_CONF, text)
#define TEXT(name, where, text) AP_INIT_TAKE1(name, wf_set_text, (void *)(where), RSRC_CONF, text)
#define PATH(name, rule, text)  AP_INIT_TAKE1(name, wf_set_path, rule, RSRC_CONF, text)
#define WORD(name, rule, text)  AP_INIT_TAKE1(name, wf_set_word, rule, RSRC_CONF, text)
#define OWN(name, fn, text)     AP_INIT_TAKE1(name, fn, NULL, RSRC_CONF, text)

static const char *const levels[] = { "user", "admin", NULL }; /* from WF_LEVEL_USER on */
static const char *const starters[] = { "advise", "enforce", NULL };
static const char *const history_levels[] = { "none", "activity", "audit", "full", NULL };
static const char *const standalone[] = { [WF_STANDALONE_OFF] = "Off", [WF_STANDALONE_ON] = "On",
                                          [WF_STANDALONE_AUTO] = "Auto", NULL };
static const char *const slave_types[] = { "worker", "gateway", "aggregator", NULL };
static const char *const orphans[] = { "Stop", "Finish", NULL };

const command_rec wf_settings_directives[] = {
    FLAG("WorkflowEngine", IN_SETTINGS(enabled),
         "On to run the engine process; Off by default"),
    AP_INIT_TAKE1("WorkflowApi", wf_set_api, NULL, ACCESS_CONF,
         "what a <Location> answers: activiti, workflow, health, ready or Off"),
    AP_INIT_RAW_ARGS("WorkflowRequire", wf_add_require, NULL, ACCESS_CONF,
         "a level, user or admin, and the words of a Require line that grants it"),
    AP_INIT_FLAG("WorkflowApiKeys", wf_set_choice, IN_PLACE(api_keys), ACCESS_CONF,
         "On to take API keys that administrators have made; Off by default"),
    AP_INIT_TAKE23("WorkflowApiKeyFile", wf_add_key_file, NULL, ACCESS_CONF,
         "a file with an API key, the user in whose name its calls are made, and its rights: read, operate or admin"),
    AP_INIT_TAKE23("WorkflowJwtKey", wf_add_jwt_key, NULL, ACCESS_CONF,
         "who signs tokens: HS256, HS384, HS512, RS256 or ES256, a file with the key, and perhaps its kid"),
    AP_INIT_TAKE1("WorkflowJwtIssuer", wf_set_dir_text, IN_PLACE(jwt_issuer), ACCESS_CONF,
         "what tokens have to have as iss"),
    AP_INIT_TAKE1("WorkflowJwtAudience", wf_set_dir_text, IN_PLACE(jwt_audience), ACCESS_CONF,
         "what tokens have to have as aud"),
    AP_INIT_TAKE1("WorkflowJwtUser", wf_set_dir_text, IN_PLACE(jwt_user), ACCESS_CONF,
         "the claim that names the user; sub by default"),
    AP_INIT_TAKE1("WorkflowJwtLeeway", wf_set_jwt_leeway, NULL, ACCESS_CONF,
         "seconds by which clocks may differ; 30 by default"),
    AP_INIT_FLAG("WorkflowAllowAnonymous", wf_set_choice, IN_PLACE(anonymous), ACCESS_CONF,
         "On if callers may stay unknown, where httpd lets them in; Off by default"),
    AP_INIT_ITERATE("WorkflowAllowOrigin", wf_add_origin, NULL, ACCESS_CONF,
         "whose pages may call besides this server's: origins, or * for all"),
    OWN("WorkflowStore", wf_set_store, "where data is kept, such as sqlite:/var/lib/workflow/workflow.db"),
    SIZE("WorkflowMinFreeDisk", BYTES(IN_ENGINE(min_free_disk), MIB, 1024LL * 1024 * 1024 * MIB, 1),
         "bytes that are to be free where the store is: with less nothing new is begun; 0 for whatever there is"),
    SIZE("WorkflowMaxStoreSize", BYTES(IN_ENGINE(max_store_size), MIB, 1024LL * 1024 * 1024 * MIB, 1),
         "bytes that the store may use before nothing new is begun; 0 for no limit"),
    PATH("WorkflowStateDir", PATH_RULE(IN_ENGINE(state_dir), wf_path_can_be_made, "its parent directory does not exist", 0),
         "directory of the engine's socket and of the default store and log"),
    PATH("WorkflowEngineLog", PATH_RULE(IN_ENGINE(log_file), wf_path_can_be_made, "its directory does not exist", 0),
         "log file of the engine process"),
    PATH("WorkflowEngineProgram", PATH_RULE(IN_SETTINGS(binary), wf_path_is_program, "it cannot be executed", 0),
         "the workflow-engine program"),
    PATH("WorkflowDemoData", PATH_RULE(IN_ENGINE(demo_dir), wf_path_is_directory, "neither Off nor an existing directory", 1),
         "directory of demo users and processes for an empty store, or Off"),
    WORD("WorkflowDeployLevel", WORDS(IN_HTTP(deploy_level), levels, WF_LEVEL_USER),
         "who may upload and delete deployments: admin or user"),
    FLAG("WorkflowDefinitionRights", IN_HTTP(definition_rights),
         "On to let users see, start and operate only those processes on which they have rights; Off by default"),
    WORD("WorkflowStarters", WORDS(IN_HTTP(enforce_starters), starters, 0),
         "whether others than candidate starters may start a process: advise or enforce"),
    FLAG("WorkflowJobExecutor", IN_ENGINE(job_executor),
         "Off to run jobs only on request; On by default"),
    NUM("WorkflowJobLease", NUMBER(IN_ENGINE(job_lease), AS_INT, 3, 86400),
        "seconds after which a job may be taken from an engine that shows no life"),
    NUM("WorkflowJobRetries", NUMBER(IN_ENGINE(job_retries), AS_INT, 1, 1000),
        "attempts of a job whose model says nothing about them"),
    NUM("WorkflowJobRetryWait", NUMBER(IN_ENGINE(job_retry_wait), AS_INT, 0, 86400),
        "seconds until a job that has failed is tried again"),
    WORD("WorkflowHistoryLevel", TEXTS(IN_ENGINE(history_level), history_levels),
         "how much history is kept: none, activity, audit or full"),
    OWN("WorkflowHistoryTimeToLive", wf_set_history_days,
        "days after which history of what has ended goes, or Never"),
    TEXT("WorkflowEngineName", IN_HTTP(engine_name), "name that the process-engine call shows"),
    TEXT("WorkflowEngineVersion", IN_HTTP(engine_version), "version that the process-engine call shows"),
    TEXT("WorkflowRoleType", IN_HTTP(roles.role_type), "type of the groups that carry rights"),
    TEXT("WorkflowUserGroup", IN_HTTP(roles.user), "group whose members may use the process engine"),
    TEXT("WorkflowManagerGroup", IN_HTTP(roles.manager), "another group whose members may use the process engine"),
    TEXT("WorkflowAdminGroup", IN_HTTP(roles.admin), "group whose members administer the process engine"),
    AP_INIT_ITERATE("WorkflowTargets", wf_add_target, (void *)IN_ENGINE(targets), RSRC_CONF,
         "what processes may connect to: *, host, *.domain, address or network, each with :port; !network excludes"),
    AP_INIT_TAKE_ARGV("WorkflowMailServer", wf_set_mail_server, NULL, RSRC_CONF,
         "where mail is handed in: smtp://host:port or smtps://host:port, starttls=, ca=, timeout="),
    AP_INIT_TAKE_ARGV("WorkflowDelegate", wf_add_delegate, NULL, RSRC_CONF,
         "who does what a class or bean did: name, http|script|external|builtin|fail, value, timeout="),
    AP_INIT_TAKE_ARGV("WorkflowDelegateDefault", wf_add_delegate, "*", RSRC_CONF,
         "who does what no other delegate does: kind, value, timeout="),
    NUM("WorkflowDelegateTimeout", NUMBER(IN_ENGINE(delegate_timeout), AS_INT, 1, 3600),
        "seconds that a delegate, an HTTP task or a program may take"),
    SIZE("WorkflowDelegateMaxAnswer", BYTES(IN_ENGINE(delegate_max_answer), 1024, 1024 * MIB, 0),
         "bytes that a delegate, an HTTP task or a program may answer"),
    FLAG("WorkflowHttpTask", IN_ENGINE(http_task), "On to do tasks of type http; Off by default"),
    FLAG("WorkflowShellTask", IN_ENGINE(shell_task), "On to do tasks of type shell; Off by default"),
    NUM("WorkflowScriptTimeout", NUMBER(IN_ENGINE(script_timeout), AS_INT, 1, 3600),
        "seconds that a script may run"),
    SIZE("WorkflowScriptMemory", BYTES(IN_ENGINE(script_memory), MIB, 4096LL * MIB, 0),
         "bytes that a script may use"),
    OWN("WorkflowMailFrom", wf_set_mail_from, "sender of mails that name none"),
    AP_INIT_TAKE1("WorkflowMailCredentials", wf_set_secrets, (void *)IN_ENGINE(mail_credentials), RSRC_CONF,
         "file with user:password for the mail server"),
    NUM("WorkflowExecutorThreads", NUMBER(IN_ENGINE(executor_threads), AS_INT, 1, 1024),
        "threads of the engine that run commands"),
    NUM("WorkflowQueueLimit", NUMBER(IN_ENGINE(queue_limit), AS_INT, 1, 1000000),
        "commands that may wait or run at once; more get 503"),
    NUM("WorkflowMaxConnections", NUMBER(IN_ENGINE(max_connections), AS_INT, 1, 100000),
        "connections from httpd's children to the engine"),
    NUM("WorkflowCommandTimeout", NUMBER(IN_HTTP(command_timeout), AS_SECONDS, 1, 3600),
        "seconds a request waits for the engine"),
    NUM("WorkflowMaxLongPoll", NUMBER(IN_HTTP(max_long_poll), AS_SECONDS, 0, 1800),
        "seconds that a fetch of external tasks may wait for some"),
    NUM("WorkflowLongPollLimit", NUMBER(IN_ENGINE(long_poll_limit), AS_INT, 0, 100000),
        "fetches of external tasks that wait at once"),
    SIZE("WorkflowMaxBody", BYTES(IN_HTTP(body_limit), 1024, 1024 * MIB, 0),
         "bytes of a JSON or form body"),
    SIZE("WorkflowMaxUpload", BYTES(IN_HTTP(upload_limit), 1024, 1024 * MIB, 0),
         "bytes of an uploaded deployment"),
    NUM("WorkflowMaxPage", NUMBER(IN_HTTP(max_page), AS_INT, 1, 1000000),
        "rows of a page of a list, whatever its size asks for"),
    NUM("WorkflowMaxAuthFailures", NUMBER(IN_HTTP(max_auth_failures), AS_INT, 0, 1000000),
        "wrong credentials of a user from an address after which he has to wait; 0 for no limit"),
    NUM("WorkflowStopTimeout", NUMBER(IN_ENGINE(stop_timeout), AS_INT, 2, 600),
        "seconds the engine has to finish when httpd stops"),
    NUM("WorkflowMaxApiKeys", NUMBER(IN_ENGINE(max_api_keys), AS_INT, 0, 100000),
        "API keys that are active at once"),
    NUM("WorkflowModelCache", NUMBER(IN_ENGINE(model_cache), AS_INT, 1, 1000000),
        "parsed process definitions kept in memory"),
    NUM("WorkflowMaxSteps", NUMBER(IN_ENGINE(max_steps), AS_INT, 10, 100000000),
        "operations of one call before a process counts as endless"),
    NUM("WorkflowMaxInstances", NUMBER(IN_ENGINE(max_rounds), AS_INT, 1, 100000000),
        "instances of multi-instance activities that one call begins"),
    NUM("WorkflowMaxInstancesPerDefinition", NUMBER(IN_ENGINE(max_running), AS_INT, 0, 100000000),
        "instances of one process definition that run at once; 0 for no limit"),
    NUM("WorkflowMaxVariables", NUMBER(IN_ENGINE(max_variables), AS_INT, 1, 1000000),
        "variables of one execution or task"),
    SIZE("WorkflowMaxVariableSize", BYTES(IN_ENGINE(max_value), 1024, 256LL * MIB, 0),
         "bytes of the value of one variable"),
    NUM("WorkflowMaxArchiveEntries", NUMBER(IN_ENGINE(archive_entries), AS_INT, 1, 65535),
        "files and folders of an uploaded archive"),
    SIZE("WorkflowMaxArchiveSize", BYTES(IN_ENGINE(archive_size), 1024, 1024LL * MIB, 0),
         "bytes of the files of an uploaded archive, unpacked"),
    NUM("WorkflowMaxArchiveRatio", NUMBER(IN_ENGINE(archive_ratio), AS_INT, 0, 10000),
        "how many times its own bytes an archive may have unpacked; 0 for any"),
    NUM("WorkflowLoadLoops", NUMBER(IN_ENGINE(load_loops), AS_INT, 0, 256),
        "event loops of the load engine; 0 is one per core"),
    NUM("WorkflowLoadWorkers", NUMBER(IN_ENGINE(load_workers), AS_INT, 1, 1000),
        "threads for steps of load tests that block"),
    NUM("WorkflowMaxExecutions", NUMBER(IN_ENGINE(max_executions), AS_INT, 1, 10000),
        "load executions at once"),
    FLAG("WorkflowResumeExecutions", IN_ENGINE(resume_executions),
         "Off to end load executions when the engine ends; On by default"),
    OWN("WorkflowExecutionsKept", wf_set_executions_kept,
        "load executions that stay when they are over: a number, or All"),
    OWN("WorkflowExecutionsTimeToLive", wf_set_executions_age,
        "how long a load execution stays when it is over: days, a duration, or Never"),
    AP_INIT_TAKE1("WorkflowIdempotencyTimeToLive", wf_set_time, TIME(IN_ENGINE(idempotency_age), 1000, 30LL * 86400000), RSRC_CONF,
         "how long answers of requests with an Idempotency-Key are kept"),
    NUM("WorkflowIdempotencyLimit", NUMBER(IN_ENGINE(idempotency_limit), AS_INT, 1, 100000000),
        "how many of them are kept"),
    NUM("WorkflowMaxVUs", NUMBER(IN_ENGINE(max_vus), AS_INT, 1, 1000000),
        "virtual users of all load executions together"),
    AP_INIT_ITERATE("WorkflowLoadTargets", wf_add_target, (void *)IN_ENGINE(load_targets), RSRC_CONF,
         "what load executions may connect to; as WorkflowTargets"),
    NUM("WorkflowLoadMaxRate", NUMBER(IN_ENGINE(load_max_rate), AS_INT, 0, 10000000),
        "Requests a second of one load execution, and what its sockets send; 0 for no limit"),
    AP_INIT_ITERATE("WorkflowLoadEnvironment", wf_add_env, NULL, RSRC_CONF,
         "variables of the environment that workflow documents may read"),
    AP_INIT_TAKE1("WorkflowLoadSecrets", wf_set_secrets, (void *)IN_ENGINE(load_secrets), RSRC_CONF,
         "file of name=value lines, the secrets of workflow documents"),
    PATH("WorkflowDataDir", PATH_RULE(IN_ENGINE(data_dir), wf_path_is_directory, "not an existing directory", 0),
         "directory of the files that workflow documents may read"),
    PATH("WorkflowOutputDir", PATH_RULE(IN_ENGINE(output_dir), wf_path_is_directory, "not an existing directory", 0),
         "directory of the files that outputs of load executions write"),
    PATH("WorkflowBackupDir", PATH_RULE(IN_ENGINE(backup_dir), wf_path_is_directory, "not an existing directory", 0),
         "directory of the backups that administrators request"),
    NUM("WorkflowMaxStreams", NUMBER(IN_ENGINE(max_streams), AS_INT, 0, 1000000),
        "clients that follow executions at once; more get 503"),
    NUM("WorkflowMaxTunnels", NUMBER(IN_SETTINGS(max_tunnels), AS_INT, 0, 1000000),
        "of them, those over TLS or HTTP/2, each of which holds a worker"),
    AP_INIT_TAKE1("WorkflowClusterKey", wf_set_secrets, (void *)IN_ENGINE(cluster_key), RSRC_CONF,
         "file with the key that masters and slaves share"),
    FLAG("WorkflowClusterCertificates", IN_ENGINE(cluster_certificates),
         "On if masters and slaves know each other by their certificates; Off by default"),
    WORD("WorkflowStandalone", WORDS(IN_ENGINE(standalone), standalone, 0),
         "whether this server runs executions that say nothing of slaves: On, Off or Auto"),
    NUM("WorkflowMaxSlaves", NUMBER(IN_ENGINE(max_slaves), AS_INT, 0, 10000),
        "slaves of this server at once"),
    AP_INIT_TAKE1("WorkflowHeartbeatInterval", wf_set_time, TIME(IN_ENGINE(heartbeat_interval), 50, 3600000), RSRC_CONF,
         "how often slaves tell that they are there"),
    AP_INIT_TAKE1("WorkflowHeartbeatTimeout", wf_set_time, TIME(IN_ENGINE(heartbeat_timeout), 100, 86400000), RSRC_CONF,
         "silence after which a slave, or a master, is lost"),
    OWN("WorkflowMaster", wf_set_master, "URL of the server whose slave this one is"),
    PATH("WorkflowMasterCA", PATH_RULE(IN_ENGINE(master_ca), wf_path_is_readable, "cannot be read", 0),
         "PEM file of those who vouch for the master"),
    AP_INIT_TAKE1("WorkflowMasterCredentials", wf_set_secrets, (void *)IN_ENGINE(master_credentials), RSRC_CONF,
         "file with name:password, or Bearer and a token, for the master's httpd"),
    AP_INIT_TAKE12("WorkflowSlaveCertificate", wf_set_slave_certificate, NULL, RSRC_CONF,
         "PEM files of this server's certificate and its private key"),
    AP_INIT_TAKE1("WorkflowSlaveId", wf_set_slave_word, (void *)IN_ENGINE(slave_id), RSRC_CONF,
         "the name that the master knows this slave by"),
    WORD("WorkflowSlaveType", TEXTS(IN_ENGINE(slave_type), slave_types), "worker, gateway or aggregator"),
    AP_INIT_TAKE1("WorkflowSlaveAddress", wf_set_slave_word, (void *)IN_ENGINE(slave_address), RSRC_CONF,
         "host:port of this slave, as the master shows it"),
    AP_INIT_ITERATE("WorkflowSlaveCapabilities", wf_add_capability, NULL, RSRC_CONF,
         "what this slave does: http_executor, script_executor, ..."),
    AP_INIT_ITERATE("WorkflowSlaveLabels", wf_add_label, NULL, RSRC_CONF,
         "name=value pairs that documents choose slaves by"),
    WORD("WorkflowOrphans", WORDS(IN_ENGINE(finish_orphans), orphans, 0),
         "what becomes of tasks whose master is away for too long: Stop or Finish"),
    { NULL }
};
/* clang-format on */

/* ---- what they say together ----------------------------------------------------------- */

const char *wf_settings_check(wf_settings_t *settings, apr_pool_t *pconf)
{
    wf_engine_config_t *engine = &settings->engine;
    const char *problem;

    if (!settings->enabled) {
        return wf_places_first()
                   ? apr_psprintf(pconf, "%s needs WorkflowEngine On", wf_places_first())
                   : NULL;
    }
    if ((problem = wf_cluster_problem(engine)) || (problem = wf_places_problem(pconf))) {
        return problem;
    }
    if (!wf_path_is_program(settings->binary, pconf)) {
        return apr_psprintf(pconf, "WorkflowEngineProgram %s cannot be executed",
                            settings->binary);
    }
    if (!engine->state_dir) {
        engine->state_dir = ap_runtime_dir_relative(pconf, "workflow");
    }
    if (!settings->http.store) {
        settings->http.store = engine->store =
            apr_pstrcat(pconf, "sqlite:", engine->state_dir, "/workflow.db", NULL);
    }
    if (!engine->log_file) {
        engine->log_file = apr_pstrcat(pconf, engine->state_dir, "/engine.log", NULL);
    }
    return NULL;
}
