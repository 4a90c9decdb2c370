/* What outgoing calls keep to follows the configuration: at the start, at each reload,
 * and not at all when a reload is wrong. */
#include "../tap.h"
#include "engine/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static wf_engine_t engine;
static wf_engine_config_t config;
static wf_error_t err;
static int logged;

static void on_log(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)text;
    logged += level == WF_LOG_ERR;
}

static int set(void)
{
    wf_error_init(&err, pool);
    return wf_engine_set_outgoing(&engine, &config, &err) == APR_SUCCESS;
}

static int permits(const char *address)
{
    wf_work_t work = { .engine = &engine };
    wf_client_terms_t terms = wf_engine_terms(&work);

    return terms.permitted(terms.permit_baton, "x", 80, address);
}

static void targets(void)
{
    const wf_targets_t *before;

    ok(set(), "nothing configured");
    ok(permits("127.0.0.1") && !permits("169.254.169.254"), "the default");
    before = engine.targets;
    ok(set() && engine.targets == before, "nothing changed");
    config.targets = "10.0.0.0/8";
    ok(set() && permits("10.1.1.1") && !permits("127.0.0.1"), "a list");
    config.targets = "10.0.0.0/88";
    ok(!set(), "a wrong one");
    ok(strncmp(err.message, "WorkflowTargets: '10.0.0.0/88' is no target: ", 45) == 0,
       "%s", err.message);
    ok(permits("10.1.1.1") && !permits("127.0.0.1"), "leaves what was");
    config.targets = NULL;
    ok(set() && permits("127.0.0.1"), "no list any more");
}

static void terms(void)
{
    wf_work_t work = { .engine = &engine, .deadline = 10 * 1000000 };

    ok(wf_engine_terms(&work).deadline < work.deadline, "time is left for the reply");
    work.deadline = 0;
    is_int(wf_engine_terms(&work).deadline, 0, "a job has no deadline");
    ok(*wf_engine_terms(&work).stop == 0, "calls may go on");
    engine.breaks_off = 1;
    ok(*wf_engine_terms(&work).stop != 0, "until the engine cannot wait");
    engine.breaks_off = 0;
}

static void write_file(const char *path, const char *text, int mode)
{
    FILE *out = fopen(path, "w");

    fputs(text, out);
    fclose(out);
    chmod(path, (mode_t)mode);
}

static void mail(void)
{
    char path[] = "/tmp/wf-outgoing-XXXXXX";
    const wf_mail_server_t *before;

    close(mkstemp(path));
    ok(set() && engine.mail == NULL, "no mail server");
    config.mail_server = "smtp://mail.example.org:587 starttls=require";
    config.mail_from = "a@example.org";
    ok(set() && engine.mail, "a mail server");
    is_str(engine.mail->host, "mail.example.org", "its host");
    is_str(engine.mail->from, "a@example.org", "the sender");
    before = engine.mail;
    ok(set() && engine.mail == before, "nothing changed");

    write_file(path, "kermit:s3cret\n", 0600);
    config.mail_credentials = path;
    ok(set(), "with credentials");
    is_str(engine.mail->user, "kermit", "user");
    is_str(engine.mail->password, "s3cret", "password");
    write_file(path, "kermit:changed\n", 0600);
    ok(set(), "that change");
    is_str(engine.mail->password, "changed", "are read again");
    ok(strstr(json_object_to_json_string(
                  wf_json_own(wf_engine_config_to_json(&config), pool)),
              "changed")
           == NULL,
       "the snapshot has none of it");

    write_file(path, "kermit:changed\n", 0644);
    logged = 0;
    ok(set(), "that everybody may read");
    is_str(
        engine.mail->problem,
        apr_pstrcat(pool, "WorkflowMailCredentials: ", path,
                    ": everybody has access to it; take that away with chmod o=", NULL),
        "are a problem of mails");
    is_int(logged, 1, "which the log tells");
    ok(set() && logged == 1, "once");
    unlink(path);
    ok(set() && strstr(engine.mail->problem, "No such file"), "%s", engine.mail->problem);

    config.mail_server = "nonsense";
    before = engine.mail;
    ok(!set() && engine.mail == before, "%s", err.message);
    config.mail_server = NULL;
    ok(set() && engine.mail == NULL, "no mail server any more");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_log_to(on_log, NULL);
    engine.pool = pool;
    wf_engine_config_defaults(&config);
    targets();
    terms();
    mail();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
