/* Scenarios: a file, what is done to an instance of its first process, and where tokens
 * are after each step, all in one row of a table.
 *
 *     { "what it shows", PROCESS(…), "{\"x\": 1}", "a b | complete a: b c | timer t: d",
 * "s a …" }
 *
 * The first state is that after the start; each step is "action name [json]: state". A
 * state is the active activities of the instance and of those that it called, sorted;
 * nothing once all have ended; "!text" if the step must fail with a message that has the
 * text, after which everything is as before. Actions: complete (a task, by its activity),
 * signal (a receive task), event (a BPMN signal for the instance), throw (one for all),
 * later (the same, delivered by jobs), message (for the oldest execution that waits for
 * it), timer (the activity of its event; time goes to when it is due), job (the activity;
 * or "event": one that delivers a signal). JSON gives variables; "complete 2nd a" means
 * the second of several.
 *
 * After each step the rows of all instances must fit together, and nothing may be left of
 * an instance that has ended. The history is the ids of the activities visited, in order
 * of their beginning; NULL leaves it unchecked. */
#ifndef WF_TEST_SCENARIO_H
#define WF_TEST_SCENARIO_H

#include "world.h"

typedef struct scenario_t {
    const char *what, *xml;
    const char *vars; /* JSON, or NULL */
    const char *steps, *history;
} scenario_t;

/* ---- rows -------------------------------------------------------------------------- */

/* Of wf_id_t: the instance and those called, oldest first; and all that ever were among
 * them. */
static apr_array_header_t *family, *members;

static inline int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline void keep_member(wf_id_t id)
{
    int i;

    for (i = 0; i < members->nelts; i++) {
        if (APR_ARRAY_IDX(members, i, wf_id_t) == id) {
            return;
        }
    }
    APR_ARRAY_PUSH(members, wf_id_t) = id;
}

static inline void find_family(wf_id_t root)
{
    int i, k, m;

    if (!members || APR_ARRAY_IDX(members, 0, wf_id_t) != root) {
        members = apr_array_make(world.pool, 2, sizeof(wf_id_t));
    }

    family = apr_array_make(world.pool, 2, sizeof(wf_id_t));
    APR_ARRAY_PUSH(family, wf_id_t) = root;
    for (i = 0; i < family->nelts; i++) {
        apr_array_header_t *rows =
            world_select(WF_BY_EXECUTIONS_OF_INSTANCE, APR_ARRAY_IDX(family, i, wf_id_t));

        keep_member(APR_ARRAY_IDX(family, i, wf_id_t));
        for (k = 0; k < rows->nelts; k++) {
            apr_array_header_t *called;

            world_check(wf_uow_select(world.uow, WF_BY_CALLED_BY_EXECUTION,
                                      APR_ARRAY_IDX(rows, k, wf_execution_t *)->id,
                                      &called, &world.err),
                        &world.err, "called");
            for (m = 0; m < called->nelts; m++) {
                APR_ARRAY_PUSH(family, wf_id_t) =
                    APR_ARRAY_IDX(called, m, wf_execution_t *)->proc_inst_id;
            }
        }
    }
}

static inline const char *state_now(void)
{
    apr_array_header_t *names = apr_array_make(world.pool, 4, sizeof(char *));
    int i, k;

    for (i = 0; i < family->nelts; i++) {
        apr_array_header_t *rows =
            world_select(WF_BY_EXECUTIONS_OF_INSTANCE, APR_ARRAY_IDX(family, i, wf_id_t));

        for (k = 0; k < rows->nelts; k++) {
            const wf_execution_t *row = APR_ARRAY_IDX(rows, k, wf_execution_t *);

            if (row->is_active) {
                APR_ARRAY_PUSH(names, const char *) =
                    apr_pstrdup(world.pool, row->act_id);
            }
        }
    }
    qsort(names->elts, names->nelts, sizeof(char *), by_text);
    return apr_array_pstrcat(world.pool, names, ' ');
}

/* ---- what must be true at any time --------------------------------------------------- */

static inline const wf_execution_t *row_of(const apr_array_header_t *rows, wf_id_t id)
{
    int i;

    for (i = 0; i < rows->nelts; i++) {
        if (APR_ARRAY_IDX(rows, i, wf_execution_t *)->id == id) {
            return APR_ARRAY_IDX(rows, i, wf_execution_t *);
        }
    }
    return NULL;
}

static inline const char *complain(const char *what, wf_id_t id)
{
    return apr_psprintf(world.pool, "%s %" APR_INT64_T_FMT, what, id);
}

/* The first thing about an instance's rows that does not fit; NULL if all does. */
static inline const char *misfit(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance),
                       *more;
    int i, k;

    for (i = 0; i < rows->nelts; i++) {
        const wf_execution_t *row = APR_ARRAY_IDX(rows, i, wf_execution_t *);
        int children = 0;

        for (k = 0; k < rows->nelts; k++) {
            const wf_execution_t *other = APR_ARRAY_IDX(rows, k, wf_execution_t *);

            children +=
                other->parent_id == row->id && other->role != 6; /* not kept ones */
        }
        if (children != row->children) {
            return complain("wrong number of children of execution", row->id);
        }
        if (row->id != instance && !row_of(rows, row->parent_id)) {
            return complain("no parent of execution", row->id);
        }
        if (row->is_active && row->children) {
            return complain("an active execution with children:", row->id);
        }
    }
    wf_uow_select(world.uow, WF_BY_TASKS_OF_INSTANCE, instance, &more, &world.err);
    for (i = 0; i < more->nelts; i++) {
        const wf_task_t *task = APR_ARRAY_IDX(more, i, wf_task_t *);
        const wf_execution_t *row = row_of(rows, task->execution_id);

        if (!row || !row->is_active || strcmp(row->act_id, task->task_def_key) != 0) {
            return complain("nobody waits for task", task->id);
        }
    }
    wf_uow_select(world.uow, WF_BY_JOBS_OF_INSTANCE, instance, &more, &world.err);
    for (i = 0; i < more->nelts; i++) {
        if (!row_of(rows, APR_ARRAY_IDX(more, i, wf_job_t *)->execution_id)) {
            return complain("nobody waits for job",
                            APR_ARRAY_IDX(more, i, wf_job_t *)->id);
        }
    }
    for (i = 0; i < rows->nelts; i++) {
        const wf_execution_t *row = APR_ARRAY_IDX(rows, i, wf_execution_t *);

        wf_uow_select(world.uow, WF_BY_EXTERNAL_TASKS_OF_EXECUTION, row->id, &more,
                      &world.err);
        for (k = 0; k < more->nelts; k++) {
            const wf_external_task_t *task = APR_ARRAY_IDX(more, k, wf_external_task_t *);

            if (!row->is_active || strcmp(row->act_id, task->act_id) != 0
                || task->act_inst_id != row->act_inst_id) {
                return complain("nobody waits for external task", task->id);
            }
        }
    }
    wf_uow_select(world.uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance, &more,
                  &world.err);
    for (i = 0; i < more->nelts; i++) {
        if (!row_of(rows, APR_ARRAY_IDX(more, i, wf_subscription_t *)->execution_id)) {
            return complain("nobody waits for subscription",
                            APR_ARRAY_IDX(more, i, wf_subscription_t *)->id);
        }
    }
    wf_uow_select(world.uow, WF_BY_VARIABLES_OF_INSTANCE, instance, &more, &world.err);
    for (i = 0; i < more->nelts; i++) {
        const wf_variable_t *variable = APR_ARRAY_IDX(more, i, wf_variable_t *);

        if (!variable->task_id && !row_of(rows, variable->execution_id)) {
            return complain("nobody has variable",
                            APR_ARRAY_IDX(more, i, wf_variable_t *)->id);
        }
    }
    wf_uow_select(world.uow, WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance, &more,
                  &world.err);
    for (i = 0; i < more->nelts; i++) {
        const wf_hi_actinst_t *visit = APR_ARRAY_IDX(more, i, wf_hi_actinst_t *);
        int open = 0;

        for (k = 0; k < rows->nelts; k++) {
            open += APR_ARRAY_IDX(rows, k, wf_execution_t *)->act_inst_id == visit->id;
        }
        if (open != !visit->end_time) {
            return complain(visit->end_time ? "an ended visit is still open:"
                                            : "nobody is on open visit",
                            visit->id);
        }
    }
    return NULL;
}

/* The same for all that run, and for what has ended. */
static inline const char *first_misfit(void)
{
    const char *found = NULL;
    int i;

    for (i = 0; i < members->nelts && !found; i++) {
        found = misfit(APR_ARRAY_IDX(members, i, wf_id_t));
    }
    return found;
}

static inline void check_rows(const char *what)
{
    is_str(first_misfit(), NULL, "%s: the rows fit together", what);
}

/* ---- steps --------------------------------------------------------------------------- */

/* The id of an open task with that definition key, the nth one. */
static inline wf_id_t nth_task(const char *key, int nth)
{
    int i, k;

    for (i = 0; i < family->nelts; i++) {
        apr_array_header_t *tasks =
            world_select(WF_BY_TASKS_OF_INSTANCE, APR_ARRAY_IDX(family, i, wf_id_t));

        for (k = 0; k < tasks->nelts; k++) {
            const wf_task_t *task = APR_ARRAY_IDX(tasks, k, wf_task_t *);

            if (strcmp(task->task_def_key, key) == 0 && --nth == 0) {
                return task->id;
            }
        }
    }
    return 0;
}

static inline int is_job_at(const wf_job_t *job, const char *activity)
{
    return strcmp(job->handler_cfg, activity) == 0
           || (strcmp(activity, "event") == 0 && strcmp(job->handler_type, "event") == 0);
}

static inline wf_id_t nth_job(const char *activity, int nth, apr_int64_t *due)
{
    int i, k;

    for (i = 0; i < family->nelts; i++) {
        apr_array_header_t *jobs =
            world_select(WF_BY_JOBS_OF_INSTANCE, APR_ARRAY_IDX(family, i, wf_id_t));

        for (k = 0; k < jobs->nelts; k++) {
            const wf_job_t *job = APR_ARRAY_IDX(jobs, k, wf_job_t *);

            if (is_job_at(job, activity) && --nth == 0) {
                *due = job->due_date;
                return job->id;
            }
        }
    }
    return 0;
}

static inline apr_status_t run_job(const char *activity, int nth)
{
    apr_int64_t due = 0;
    wf_id_t id = nth_job(activity, nth, &due);
    wf_job_t *job = NULL;
    apr_status_t rv;

    if (due > world.now) {
        world.now = due;
    }
    world_begin();
    world.call.user = NULL;
    rv = wf_uow_get(world.uow, WF_TABLE_JOB, id, &job, &world.err);
    if (rv == APR_SUCCESS && !job) {
        return wf_error_set(&world.err, WF_ERR_NOT_FOUND, "no job at %s", activity);
    }
    return world_end(wf_bpmn_execute_job(&world.call, job, &world.err));
}

static inline apr_status_t bring(const char *action, const char *name,
                                 const wf_map_t *vars)
{
    wf_id_t root = APR_ARRAY_IDX(family, 0, wf_id_t);
    const wf_bpmn_call_t *call = world_begin();

    return world_end(strcmp(action, "event") == 0
                         ? wf_bpmn_event(call, root, name, vars, &world.err)
                         : wf_bpmn_signal(call, root, name, vars, &world.err));
}

/* The execution that waits for the message; the instance itself if nobody does. */
static inline wf_id_t waiting_for(const char *message)
{
    int i, k;

    for (i = 0; i < family->nelts; i++) {
        wf_id_t instance = APR_ARRAY_IDX(family, i, wf_id_t);
        apr_array_header_t *rows =
            world_select(WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance);

        for (k = 0; k < rows->nelts; k++) {
            const wf_subscription_t *row = APR_ARRAY_IDX(rows, k, wf_subscription_t *);

            if (strcmp(row->event_type, "message") == 0
                && strcmp(row->event_name, message) == 0) {
                return row->execution_id;
            }
        }
    }
    return APR_ARRAY_IDX(family, 0, wf_id_t);
}

/** A test's own actions; it sets that before it plays. */
static apr_status_t (*more_steps)(const char *action, const char *name, int nth,
                                  const wf_map_t *vars);

static inline apr_status_t take_step(const char *action, const char *name, int nth,
                                     const wf_map_t *vars)
{
    wf_id_t task;

    if (strcmp(action, "complete") == 0) {
        task = nth_task(name, nth);
        world_begin();
        return world_end(wf_bpmn_complete(&world.call, task, vars, &world.err));
    }
    if (strcmp(action, "timer") == 0 || strcmp(action, "job") == 0) {
        return run_job(name, nth);
    }
    if (strcmp(action, "event") == 0 || strcmp(action, "signal") == 0) {
        return bring(action, name, vars);
    }
    if (strcmp(action, "throw") == 0 || strcmp(action, "later") == 0) {
        world_begin();
        return world_end(
            wf_bpmn_throw(&world.call, name, vars, *action == 'l', &world.err));
    }
    if (strcmp(action, "message") == 0) {
        task = waiting_for(name);
        world_begin();
        return world_end(wf_bpmn_message(&world.call, task, name, vars, &world.err));
    }
    if (more_steps) {
        return more_steps(action, name, nth, vars);
    }
    printf("Bail out! no step is called %s\n", action);
    exit(1);
}

static inline wf_map_t *vars_of(const char *json)
{
    wf_map_t *vars = world_vars();
    json_object *parsed;
    wf_error_t err;

    wf_error_init(&err, world.pool);
    if (!json) {
        return NULL;
    }
    world_check(wf_json_parse(&parsed, json, strlen(json), world.pool, &err), &err, json);
    json_object_object_foreach(parsed, name, value)
    {
        wf_map_set(vars, name, wf_value_from_json(value, world.pool));
    }
    return vars;
}

static inline char *trim(char *text)
{
    char *end;

    while (*text == ' ') {
        text++;
    }
    for (end = text + strlen(text); end > text && end[-1] == ' '; end--) {
        end[-1] = '\0';
    }
    return text;
}

/* "complete 2nd a {…}: state" */
static inline void do_step(const char *what, char *step)
{
    const char *text = apr_pstrdup(world.pool, step), *before = state_now(), *json = NULL;
    char *colon = strrchr(step, ':'), *brace, *action, *name, *last;
    int nth = 1;
    apr_status_t rv;

    *colon = '\0';
    brace = strchr(step, '{');
    if (brace) {
        json = apr_pstrdup(world.pool, brace);
        *brace = '\0';
    }
    action = apr_strtok(step, " ", &last);
    name = apr_strtok(NULL, " ", &last);
    if (name[0] >= '1' && name[0] <= '9') {
        nth = atoi(name);
        name = apr_strtok(NULL, " ", &last);
    }
    rv = take_step(action, name, nth, vars_of(json));
    colon = trim(colon + 1);
    if (*colon == '!') {
        const char *message = rv == APR_SUCCESS ? "" : world.err.message;

        ok(strstr(message, colon + 1) != NULL, "%s: %s: %s", what, text, message);
        colon = apr_pstrdup(world.pool, before);
    }
    else if (rv != APR_SUCCESS) {
        ok(0, "%s: %s: %s", what, text, world.err.message);
    }
    find_family(APR_ARRAY_IDX(family, 0, wf_id_t));
    is_str(state_now(), colon, "%s: %s", what, text);
    check_rows(what);
}

static inline const char *visits(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        all = apr_pstrcat(world.pool, all, i ? " " : "",
                          APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *)->act_id, NULL);
    }
    return all;
}

/* All processes of the file become definitions; the first one is given. */
static inline const wf_definition_t *deploy_all(const char *xml)
{
    wf_problems_t *problems = wf_problems_create("test", world.pool);
    const wf_definition_t *first = NULL;
    apr_array_header_t *models;
    int i;

    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    if (problems->errors) {
        printf("Bail out! %s\n%s\n", wf_problems_text(problems, world.pool), xml);
        exit(1);
    }
    for (i = 0; i < models->nelts; i++) {
        const wf_definition_t *definition =
            world_deploy_as(xml, wf_model_key(APR_ARRAY_IDX(models, i, wf_model_t *)));

        first = first ? first : definition;
    }
    return first;
}

/** Play one row. */
static inline void play(const scenario_t *scenario)
{
    const wf_definition_t *definition = deploy_all(scenario->xml);
    char *steps = apr_pstrdup(world.pool, scenario->steps), *step, *state, *bar;
    wf_started_t started;
    apr_status_t rv = world_start(definition, vars_of(scenario->vars), &started);

    bar = strchr(steps, '|');
    step = bar ? bar + 1 : NULL;
    if (bar) {
        *bar = '\0';
    }
    state = trim(steps);
    if (*state == '!') {
        const char *message = rv == APR_SUCCESS ? "" : world.err.message;

        ok(strstr(message, state + 1) != NULL, "%s: start: %s", scenario->what, message);
        return;
    }
    ok(rv == APR_SUCCESS, "%s: it starts%s%s", scenario->what,
       rv == APR_SUCCESS ? "" : ": ", rv == APR_SUCCESS ? "" : world.err.message);
    if (rv != APR_SUCCESS) {
        return;
    }
    find_family(started.id);
    is_str(state_now(), state, "%s: after the start", scenario->what);
    check_rows(scenario->what);
    for (; step; step = bar ? bar + 1 : NULL) {
        bar = strchr(step, '|');
        if (bar) {
            *bar = '\0';
        }
        do_step(scenario->what, step);
    }
    if (scenario->history) {
        is_str(visits(started.id), scenario->history, "%s: history", scenario->what);
    }
}

#endif
