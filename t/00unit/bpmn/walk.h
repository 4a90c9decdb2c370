/* Walks: what can be done to an instance and those that it called at this moment, one of
 * it chosen at random and done, in a unit of work of its own. */
#ifndef WF_TEST_WALK_H
#define WF_TEST_WALK_H

#include "chance.h"
#include "scenario.h"

#define MAX_STEPS_OF_A_WALK 600

typedef struct move_t move_t;
typedef apr_status_t move_fn(const move_t *move, const wf_map_t *vars);

struct move_t {
    move_fn *make;
    wf_id_t id;
    const char *name;
    apr_int64_t due;
};

/* ---- ways to move on ----------------------------------------------------------------------- */

static inline apr_status_t move_task(const move_t *move, const wf_map_t *vars)
{
    world_begin();
    return world_end(wf_bpmn_complete(&world.call, move->id, vars, &world.err));
}

static inline apr_status_t move_job(const move_t *move, const wf_map_t *vars)
{
    wf_job_t *job = NULL;

    (void)vars;
    if (move->due > world.now) {
        world.now = move->due;
    }
    world_begin();
    world.call.user = NULL;
    world_check(wf_uow_get(world.uow, WF_TABLE_JOB, move->id, &job, &world.err),
                &world.err, "get a job");
    return world_end(wf_bpmn_execute_job(&world.call, job, &world.err));
}

static inline apr_status_t move_receiver(const move_t *move, const wf_map_t *vars)
{
    world_begin();
    return world_end(wf_bpmn_signal(&world.call, move->id, move->name, vars, &world.err));
}

static inline apr_status_t move_message(const move_t *move, const wf_map_t *vars)
{
    world_begin();
    return world_end(
        wf_bpmn_message(&world.call, move->id, move->name, vars, &world.err));
}

static inline apr_status_t move_signal(const move_t *move, const wf_map_t *vars)
{
    int one = chance(2);

    world_begin();
    return world_end(
        one ? wf_bpmn_event_to(&world.call, move->id, move->name, vars, &world.err)
            : wf_bpmn_throw(&world.call, move->name, NULL, chance(2), &world.err));
}

static inline apr_status_t move_lock(const move_t *move, const wf_map_t *vars)
{
    (void)vars;
    world_begin();
    return world_end(wf_bpmn_external_lock(&world.call, move->id, "w", 1000, &world.err));
}

static inline apr_status_t move_retries(const move_t *move, const wf_map_t *vars)
{
    (void)vars;
    world_begin();
    return world_end(wf_bpmn_external_set_retries(&world.call, move->id, 1, &world.err));
}

/* The worker has done it, or has failed; an error is reported where one is caught. */
static inline apr_status_t move_worker(const move_t *move, const wf_map_t *vars)
{
    wf_external_report_t report = { .worker = "w",
                                    .variables = vars,
                                    .code = "E",
                                    .message = "M",
                                    .details = "D",
                                    .retries = chance(3) };
    int how = chance(5);

    world_begin();
    if (how == 0) {
        return world_end(
            wf_bpmn_external_failure(&world.call, move->id, &report, &world.err));
    }
    if (how == 1 && move->name[0] == CHANCE_CAUGHT[0]) {
        return world_end(
            wf_bpmn_external_error(&world.call, move->id, &report, &world.err));
    }
    return world_end(
        wf_bpmn_external_complete(&world.call, move->id, &report, &world.err));
}

/* ---- what can be done ------------------------------------------------------------------------ */

static inline void add_move(apr_array_header_t *moves, move_fn *make, wf_id_t id,
                            const char *name)
{
    *(move_t *)apr_array_push(moves) =
        (move_t){ make, id, apr_pstrdup(world.pool, name), 0 };
}

static inline void add_work(apr_array_header_t *moves, wf_id_t instance)
{
    apr_array_header_t *rows, *tasks;
    int i, k;

    wf_uow_select(world.uow, WF_BY_EXECUTIONS_OF_INSTANCE, instance, &rows, &world.err);
    for (i = 0; i < rows->nelts; i++) {
        wf_uow_select(world.uow, WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
                      APR_ARRAY_IDX(rows, i, wf_execution_t *)->id, &tasks, &world.err);
        for (k = 0; k < tasks->nelts; k++) {
            const wf_external_task_t *task =
                APR_ARRAY_IDX(tasks, k, wf_external_task_t *);

            add_move(moves,
                     !task->retries     ? move_retries
                     : !task->worker_id ? move_lock
                                        : move_worker,
                     task->id, task->act_id);
        }
    }
}

static inline void add_events(apr_array_header_t *moves, wf_id_t instance)
{
    apr_array_header_t *rows;
    int i;

    wf_uow_select(world.uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance, &rows,
                  &world.err);
    for (i = 0; i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (strcmp(row->event_type, "message") == 0) {
            add_move(moves, move_message, row->execution_id, row->event_name);
        }
        else if (strcmp(row->event_type, "signal") == 0) {
            add_move(moves, move_signal, row->execution_id, row->event_name);
        }
    }
}

static inline void add_receivers(apr_array_header_t *moves, wf_id_t instance)
{
    apr_array_header_t *rows;
    int i;

    wf_uow_select(world.uow, WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance, &rows,
                  &world.err);
    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *visit = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        if (!visit->end_time && strcmp(visit->act_type, "receiveTask") == 0) {
            add_move(moves, move_receiver, instance, visit->act_id);
        }
    }
}

static inline void add_moves(apr_array_header_t *moves, wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        add_move(moves, move_task, APR_ARRAY_IDX(rows, i, wf_task_t *)->id, NULL);
    }
    wf_uow_select(world.uow, WF_BY_JOBS_OF_INSTANCE, instance, &rows, &world.err);
    for (i = 0; i < rows->nelts; i++) {
        const wf_job_t *job = APR_ARRAY_IDX(rows, i, wf_job_t *);

        add_move(moves, move_job, job->id, NULL);
        APR_ARRAY_IDX(moves, moves->nelts - 1, move_t).due = job->due_date;
    }
    add_receivers(moves, instance);
    add_events(moves, instance);
    add_work(moves, instance);
}

static inline apr_array_header_t *moves_now(void)
{
    apr_array_header_t *moves = apr_array_make(world.pool, 8, sizeof(move_t));
    int i;

    for (i = 0; i < family->nelts; i++) {
        add_moves(moves, APR_ARRAY_IDX(family, i, wf_id_t));
    }
    return moves;
}

/* ---- a step ------------------------------------------------------------------------------------ */

/** Begin a walk: the instance's id, 0 with *wrong set. */
static inline wf_id_t walk_start(const wf_definition_t *definition, const char **wrong)
{
    wf_map_t *vars = world_vars();
    wf_started_t started = { .id = 0 };

    wf_map_set(vars, "again", wf_boolean(0));
    if (world_start(definition, vars, &started) != APR_SUCCESS) {
        *wrong = world.err.message;
        return 0;
    }
    return started.id;
}

/* Events may come again and again. They do so more seldom than the rest is done, or it
 * would grow faster than it ends. */
static inline const move_t *choose_move(const apr_array_header_t *moves)
{
    const move_t *move;
    int tries = 3;

    do {
        move = &APR_ARRAY_IDX(moves, chance(moves->nelts), move_t);
    } while ((move->make == move_signal || move->make == move_message) && tries-- > 0);
    return move;
}

/** Choose one of the moves of the family and make it, at that time; what was wrong with
 * it, or NULL. */
static inline const char *walk_step(apr_int64_t now)
{
    apr_array_header_t *moves = moves_now();
    wf_map_t *vars = world_vars();
    const move_t *move;

    if (!moves->nelts) {
        return "nothing can move it on";
    }
    move = choose_move(moves);
    wf_map_set(vars, "again", wf_boolean(chance(4) == 0));
    world.now = now;
    return move->make(move, vars) == APR_SUCCESS ? NULL : world.err.message;
}

#endif
