/* Jobs that leave an activity by the flow that its delegate has chosen. Here the test
 * chooses, in the job. */
#include "world.h"

#define FILE_OF(outside)                                                                 \
    PROCESS(START                                                                        \
            "<task id=\"x\" activiti:asyncAfter=\"true\"><extensionElements>"            \
            "<activiti:failedJobRetryTimeCycle>R7/PT1M"                                  \
            "</activiti:failedJobRetryTimeCycle></extensionElements></task>" TASK("a")   \
                TASK("b") FLOW("s", "x") outside)
#define BOTH FLOW("x", "a") FLOW("x", "b")

static wf_started_t begin(const wf_definition_t *definition)
{
    wf_started_t started;

    world_check(world_start(definition, NULL, &started), &world.err, "start");
    is_str(world_places(&started), "x", "it waits for its job");
    return started;
}

static wf_job_t *job_of(wf_id_t instance)
{
    return APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, instance), 0, wf_job_t *);
}

static void configure(wf_id_t instance, const char *configuration)
{
    wf_job_t *job = job_of(instance);

    job->handler_cfg = configuration;
    wf_uow_update(world.uow, job);
    world_check(world_end(APR_SUCCESS), &world.err, "configure the job");
}

static void choose(const char *configuration, const char *tasks, const char *message)
{
    wf_started_t started = begin(world_deploy(FILE_OF(BOTH)));
    apr_status_t rv;

    if (configuration) {
        configure(started.id, configuration);
    }
    rv = world_job(started.id);
    is_int(rv == APR_SUCCESS, !message, "\"%s\"", configuration ? configuration : "x");
    ok(!message || strstr(world.err.message, message), "... %s",
       message ? world.err.message : "is done");
    is_str(world_tasks(started.id), tasks, "... tokens");
}

/* Whoever looks at the job sees the activity. */
static void shown(void)
{
    wf_started_t started = begin(world_deploy(FILE_OF(BOTH)));
    apr_array_header_t *incidents;
    apr_int64_t pause = 0;
    int retries = 0;
    wf_job_t *job;

    configure(started.id, "x x-b");
    job = job_of(started.id);
    world_check(wf_bpmn_retry_cycle(&world.call, job, &retries, &pause, &world.err),
                &world.err, "retry cycle");
    is_int(retries, 7, "the attempts that the activity asks for");
    world_check(world_end(wf_bpmn_set_retries(&world.call, job, 0, &world.err)),
                &world.err, "no attempts are left");
    incidents = world_select(WF_BY_INCIDENTS_OF_INSTANCE, started.id);
    is_str(APR_ARRAY_IDX(incidents, 0, wf_incident_t *)->activity_id, "x",
           "the incident is the activity's");
}

static void migrate(const char *what, const char *outside, const char *message)
{
    wf_problems_t *problems = wf_problems_create("plan", world.pool);
    const wf_definition_t *from = world_deploy(FILE_OF(BOTH)),
                          *to = world_deploy(outside);
    wf_migration_t plan = { from, to,
                            apr_array_make(world.pool, 1, sizeof(wf_migration_rule_t)) };
    wf_started_t started = begin(from);
    apr_status_t rv;

    configure(started.id, "x x-b");
    world_begin();
    rv = world_end(wf_bpmn_migrate(&world.call, &plan, started.id, problems, &world.err));
    is_int(rv == APR_SUCCESS, !message, "%s", what);
    if (message) {
        ok(strstr(world.err.message, message), "... %s", world.err.message);
        return;
    }
    world_check(world_job(started.id), &world.err, "the job");
    is_str(world_tasks(started.id), "b", "... it takes that flow there");
}

int main(void)
{
    world_open();
    choose(NULL, "a b", NULL);
    choose("x x-b", "b", NULL);
    choose("x x-a", "a", NULL);
    choose("x s-x", "", "\"s-x\" was chosen, which does not leave");
    choose("a x-a", "", "is at \"x\", not at \"a\"");
    shown();
    migrate("to where the flow is, too", FILE_OF(BOTH), NULL);
    migrate("to where it is not", FILE_OF(FLOW("x", "a") FLOW("a", "b")),
            "\"x-b\", by which a job goes on, does not leave \"x\"");
    world_close();
    return done_testing();
}
