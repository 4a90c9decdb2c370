/* What history keeps at each level, and how long. */
#include "world.h"

#define DAY APR_INT64_C(86400000)

#define PROCESS_WITH(attributes, body)                                                   \
    DEFINITIONS "<process id=\"p\" " attributes ">\n" body "</process>\n</"              \
                "definitions>\n"
#define BODY START TASK("a") TASK("b") END FLOW("s", "a") FLOW("a", "b") FLOW("b", "e")

static wf_map_t *one(const char *name, wf_value_t value)
{
    wf_map_t *map = world_vars();

    wf_map_set(map, name, value);
    return map;
}

static int count(wf_relation_e relation, wf_id_t instance)
{
    return world_select(relation, instance)->nelts;
}

static const wf_hi_procinst_t *row_of(wf_id_t instance)
{
    return world_row(WF_TABLE_HI_PROCINST, instance);
}

/* "instances visits tasks last-values details" */
static const char *kept(wf_id_t instance)
{
    return apr_psprintf(world.pool, "%d %d %d %d %d", row_of(instance) != NULL,
                        count(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance),
                        count(WF_BY_HI_TASKS_OF_INSTANCE, instance),
                        count(WF_BY_HI_VARIABLES_OF_INSTANCE, instance),
                        count(WF_BY_HI_DETAILS_OF_INSTANCE, instance));
}

/* ---- levels ------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *attributes;
    wf_history_e level; /* of the call */
    const char *running, *ended;
} levels[] = {
    { "none",                    "", WF_HISTORY_NONE,     "1 0 0 0 0", "0 0 0 0 0" },
    { "activity",                "", WF_HISTORY_ACTIVITY, "1 3 0 1 0", "1 4 0 1 0" },
    { "audit",                   "", WF_HISTORY_AUDIT,    "1 3 2 1 1", "1 4 2 1 2" },
    { "nothing is said: audit",  "", WF_HISTORY_DEFAULT,  "1 3 2 1 1", "1 4 2 1 2" },
    { "full",                    "", WF_HISTORY_FULL,     "1 3 2 1 3", "1 4 2 1 5" },
    { "the file says none",      "activiti:historyLevel=\"none\"", WF_HISTORY_FULL, "1 0 0 0 0", "0 0 0 0 0" },
    { "the file says full",      "activiti:historyLevel=\"full\"", WF_HISTORY_NONE, "1 3 2 1 3", "1 4 2 1 5" },
};
/* clang-format on */

static apr_status_t submit(wf_id_t instance, const char *key, const char *name,
                           const char *text)
{
    wf_id_t task = world_task(instance, key);

    return world_end(
        wf_bpmn_submit_task(world_begin(), task, one(name, wf_string(text)), &world.err));
}

static void check_level(int i)
{
    const char *what = levels[i].what;
    wf_started_t started;

    world.history = levels[i].level;
    world_start(world_deploy(PROCESS_WITH("", BODY)), NULL, &started); /* another one */
    world_start(world_deploy(apr_pstrcat(world.pool, DEFINITIONS "<process id=\"p\" ",
                                         levels[i].attributes, ">",
                                         BODY "</process></definitions>", NULL)),
                one("x", wf_string("1")), &started);
    ok(submit(started.id, "a", "x", "2") == APR_SUCCESS, "%s: goes on: %s", what,
       world.err.message ? world.err.message : "");
    is_str(kept(started.id), levels[i].running, "%s: while it runs", what);
    is_str(world_var(started.id, "x"), "\"2\"", "%s: variables do not care", what);
    ok(submit(started.id, "b", "x", "3") == APR_SUCCESS, "%s: ends: %s", what,
       world.err.message ? world.err.message : "");
    is_str(kept(started.id), levels[i].ended, "%s: at the end", what);
    is_int(world_executions(started.id), 0, "%s: it has ended", what);
}

static void check_names(void)
{
    is_int(wf_history_level("none"), WF_HISTORY_NONE, "a name");
    is_int(wf_history_level("full"), WF_HISTORY_FULL, "another one");
    is_int(wf_history_level("Full"), WF_HISTORY_DEFAULT, "no name");
}

/* The level of the engine changes while an instance runs. */
static void check_changed_level(wf_history_e first, wf_history_e then, const char *want)
{
    wf_started_t started;

    world.history = first;
    world_start(world_deploy(PROCESS(BODY)), one("x", wf_string("1")), &started);
    world_complete(started.id, "a", one("x", wf_string("2")));
    world.history = then;
    ok(world_complete(started.id, "b", one("x", wf_string("3"))) == APR_SUCCESS,
       "level %d, then %d: ends: %s", first, then,
       world.err.message ? world.err.message : "");
    is_str(kept(started.id), want, "level %d, then %d", first, then);
}

/* All in one call: nothing is written. */
static void check_straight_through(void)
{
    wf_started_t started;

    world.history = WF_HISTORY_NONE;
    world_start(world_deploy(PROCESS(START PASS("a") END FLOW("s", "a") FLOW("a", "e"))),
                one("x", wf_string("1")), &started);
    ok(started.ended, "straight through");
    is_str(kept(started.id), "0 0 0 0 0", "… without a trace");
}

static void check_deleted(void)
{
    wf_started_t started;

    for (int level = WF_HISTORY_NONE; level <= WF_HISTORY_FULL; level++) {
        world.history = level;
        world_start(world_deploy(PROCESS(BODY)), NULL, &started);
        ok(world_end(
               wf_bpmn_delete_instance(world_begin(), started.id, "no use", &world.err))
               == APR_SUCCESS,
           "level %d: an instance is deleted", level);
        if (level == WF_HISTORY_NONE) {
            ok(!row_of(started.id), "… without a trace");
        }
        else {
            is_str(row_of(started.id)->delete_reason, "no use", "… which is on record");
        }
    }
}

/* ---- variables ---------------------------------------------------------------------- */

static const char *value_json(const wf_value_t *value)
{
    return wf_json_text(wf_json_own(wf_value_to_json(value), world.pool), NULL,
                        world.pool);
}

static const wf_hi_varinst_t *last_value(wf_id_t instance, const char *name)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_VARIABLES_OF_INSTANCE, instance);

    for (int i = 0; i < rows->nelts; i++) {
        const wf_hi_varinst_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_varinst_t *);

        if (!strcmp(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

/* "value/revision@activity" */
static const char *changes(wf_id_t instance, const char *name)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_DETAILS_OF_INSTANCE, instance);
    const char *all = "";

    rows = apr_array_copy(world.pool, rows);
    for (int i = 0; i < rows->nelts; i++) {
        wf_hi_detail_t row = *APR_ARRAY_IDX(rows, i, const wf_hi_detail_t *);

        if (!strcmp(row.name, name)) {
            const char *value = value_json(&row.value);
            const wf_hi_actinst_t *visit;

            if (wf_uow_get(world.uow, WF_TABLE_HI_ACTINST, row.act_inst_id, &visit,
                           &world.err)
                != APR_SUCCESS) {
                visit = NULL;
            }
            all = apr_psprintf(world.pool, "%s%s%s/%d@%s", all, *all ? " " : "", value,
                               row.revision, visit ? visit->act_id : "-");
        }
    }
    return all;
}

#define SCRIPT(id, text)                                                                 \
    "<scriptTask id=\"" id "\" scriptFormat=\"juel\"><script>" text                      \
    "</script></scriptTask>\n"

static void check_variables(void)
{
    const wf_hi_varinst_t *last;
    wf_started_t started;
    apr_int64_t begun;
    wf_id_t id;

    world.history = WF_HISTORY_FULL;
    world_start(
        world_deploy(PROCESS(START TASK("a") SCRIPT("add", "${l.add(7)}") TASK("b")
                                 SCRIPT("drop", "${execution.removeVariable('l')}")
                                     END FLOW("s", "a") FLOW("a", "add") FLOW("add", "b")
                                         FLOW("b", "drop") FLOW("drop", "e"))),
        one("l", wf_list(wf_list_create(world.pool))), &started);
    begun = world.now;
    world_complete(started.id, "a", one("x", wf_string("new")));
    is_str(changes(started.id, "l"), "[]/0@- [7]/1@add", "a list, changed in place");
    is_str(changes(started.id, "x"), "\"new\"/0@a", "a variable made at a task");
    last = last_value(started.id, "l");
    is_str(value_json(&last->value), "[7]", "the list at last");
    is_int(last->created, begun, "… since when");
    is_int(last->updated, begun + 20, "… and until when");
    id = last->id;
    world_complete(started.id, "b", one("x", wf_string("new")));
    is_str(changes(started.id, "x"), "\"new\"/0@a", "the same value is no change");
    last = last_value(started.id, "l");
    ok(last && last->id == id && !strcmp(value_json(&last->value), "[7]"),
       "the last value of what was removed stays");
}

/* ---- age ---------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *xml;
    int days; /* the engine's */
    apr_int64_t want; /* days; -1: never */
} ages[] = {
    { "nobody says",                PROCESS(BODY), 0, -1 },
    { "the engine says",            PROCESS(BODY), 30, 30 },
    { "the file says days",         PROCESS_WITH("activiti:historyTimeToLive=\"7\"", BODY), 30, 7 },
    { "the file says a period",     PROCESS_WITH("activiti:historyTimeToLive=\"P7D\"", BODY), 0, 7 },
    { "the file says: at once",     PROCESS_WITH("activiti:historyTimeToLive=\"0\"", BODY), 30, 0 },
};
/* clang-format on */

static void check_removal(wf_id_t instance, int i)
{
    const wf_hi_procinst_t *row = row_of(instance);

    is_int(row->removal_time, ages[i].want < 0 ? 0 : row->end_time + ages[i].want * DAY,
           "%s: when it goes", ages[i].what);
}

static void check_age(int i)
{
    const wf_definition_t *definition = world_deploy(ages[i].xml);
    wf_started_t started;

    world.history = WF_HISTORY_DEFAULT;
    world.history_days = ages[i].days;
    world_start(definition, NULL, &started);
    is_int(row_of(started.id)->removal_time, 0, "%s: not while it runs", ages[i].what);
    world_complete(started.id, "a", NULL);
    world_complete(started.id, "b", NULL);
    check_removal(started.id, i);
    world_start(definition, NULL, &started);
    world_end(wf_bpmn_delete_instance(world_begin(), started.id, NULL, &world.err));
    check_removal(started.id, i);
    world.history_days = 0;
}

/* ---- tasks without a process, sub-tasks -------------------------------------------------- */

static wf_id_t create_task(wf_id_t parent)
{
    wf_task_change_t change = { .set = parent ? WF_TASK_PARENT : 0, .parent = parent };
    const wf_bpmn_call_t *call = world_begin();
    wf_task_t *task = NULL;
    wf_id_t id;

    world_check(wf_bpmn_create_task(call, &change, &task, &world.err), &world.err,
                "task");
    id = task->id;
    world_check(world_end(APR_SUCCESS), &world.err, "a new task");
    return id;
}

static const wf_hi_taskinst_t *task_row(wf_id_t task)
{
    return world_row(WF_TABLE_HI_TASKINST, task);
}

static void complete_task(wf_id_t task)
{
    ok(world_end(wf_bpmn_complete(world_begin(), task, NULL, &world.err)) == APR_SUCCESS,
       "a task is completed");
}

static wf_id_t attach(wf_id_t task)
{
    wf_attachment_t *row;
    wf_id_t id;

    world_begin();
    row = wf_uow_insert(world.uow, WF_TABLE_ATTACHMENT);
    row->task_id = task;
    row->url = "http://localhost/";
    id = row->id;
    world_check(world_end(APR_SUCCESS), &world.err, "attach");
    return id;
}

static void check_tasks(void)
{
    wf_id_t task, below, file;

    world.history = WF_HISTORY_AUDIT;
    world.history_days = 2;
    task = create_task(0);
    below = create_task(task);
    file = attach(task);
    ok(task_row(task) && task_row(below), "a task and its sub-task are on record");
    complete_task(task);
    is_int(task_row(task)->removal_time, task_row(task)->end_time + 2 * DAY,
           "it will go");
    is_int(task_row(below)->removal_time, 0, "… and take its sub-task along");
    ok(world_row(WF_TABLE_ATTACHMENT, file), "until then its files stay");

    world.history = WF_HISTORY_ACTIVITY;
    task = create_task(0);
    below = create_task(task);
    file = attach(below);
    ok(!task_row(task) && !task_row(below), "level activity keeps no tasks");
    complete_task(task);
    ok(!world_row(WF_TABLE_ATTACHMENT, file), "… and no files of them");
    world.history_days = 0;
}

/* A sub-task goes by its parent, whose process may say something else than the engine. */
static void check_subtasks(const char *level, int want)
{
    wf_started_t started;
    wf_id_t below;

    world.history = want ? WF_HISTORY_NONE : WF_HISTORY_FULL;
    world_start(
        world_deploy(apr_pstrcat(world.pool,
                                 DEFINITIONS "<process id=\"p\" "
                                             "activiti:historyLevel=\"",
                                 level, "\">", BODY "</process></definitions>", NULL)),
        NULL, &started);
    below = create_task(world_task(started.id, "a"));
    is_int(task_row(below) != NULL, want, "a sub-task in a process of level %s", level);
}

/* ---- calls ---------------------------------------------------------------------------- */

static void check_called(void)
{
    wf_started_t started;
    wf_id_t called = 0;
    apr_array_header_t *rows;

    world.history = WF_HISTORY_ACTIVITY;
    world_deploy_as(DEFINITIONS "<process id=\"called\">" BODY "</process></definitions>",
                    "called");
    world_start(world_deploy(PROCESS(
                    START "<callActivity id=\"c\" calledElement=\"called\"/>" END FLOW(
                        "s", "c") FLOW("c", "e"))),
                NULL, &started);
    rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, started.id);
    for (int i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_actinst_t *);

        called = strcmp(row->act_id, "c") ? called : row->called_inst_id;
    }
    ok(called && row_of(called), "the visit says which instance it called");
    is_int(called ? row_of(called)->super_proc_inst_id : 0, started.id,
           "… which says who called it");
}

int main(void)
{
    world_open();
    check_names();
    for (int i = 0; i < (int)(sizeof(levels) / sizeof(levels[0])); i++) {
        check_level(i);
    }
    check_changed_level(WF_HISTORY_FULL, WF_HISTORY_NONE, "0 0 0 0 0");
    check_changed_level(WF_HISTORY_NONE, WF_HISTORY_FULL, "1 1 0 1 1");
    check_changed_level(WF_HISTORY_AUDIT, WF_HISTORY_ACTIVITY, "1 4 2 1 0");
    check_straight_through();
    check_deleted();
    check_variables();
    for (int i = 0; i < (int)(sizeof(ages) / sizeof(ages[0])); i++) {
        check_age(i);
    }
    check_tasks();
    check_subtasks("none", 0);
    check_subtasks("full", 1);
    check_called();
    world_close();
    return done_testing();
}
