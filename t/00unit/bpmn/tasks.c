/* Tasks that are assigned, made, changed and deleted: with and without a process, and
 * what becomes of their sub-tasks and their history. */
#include "world.h"

#define ONE_TASK PROCESS(START TASK("t") TASK("u") FLOW("s", "t") FLOW("t", "u"))

static wf_id_t create(const wf_task_change_t *change)
{
    wf_task_t *task;
    apr_status_t rv = wf_bpmn_create_task(world_begin(), change, &task, &world.err);
    wf_id_t id = rv == APR_SUCCESS ? task->id : 0;

    return world_end(rv) == APR_SUCCESS ? id : 0;
}

static wf_id_t create_below(wf_id_t parent)
{
    return create(&(wf_task_change_t){ .set = WF_TASK_PARENT, .parent = parent });
}

static apr_status_t change(wf_id_t id, const wf_task_change_t *what)
{
    wf_task_t *task;

    return world_end(wf_bpmn_change_task(world_begin(), id, what, &task, &world.err));
}

static apr_status_t assign(wf_id_t id, const char *user)
{
    return world_end(wf_bpmn_assign(world_begin(), id, user, &world.err));
}

static apr_status_t claim(wf_id_t id, const char *user)
{
    return world_end(wf_bpmn_claim(world_begin(), id, user, &world.err));
}

static apr_status_t complete(wf_id_t id, const wf_map_t *vars)
{
    return world_end(wf_bpmn_complete(world_begin(), id, vars, &world.err));
}

static apr_status_t delete_task(wf_id_t id)
{
    return world_end(wf_bpmn_delete_task(world_begin(), id, &world.err));
}

static const wf_task_t *open_task(wf_id_t id)
{
    return world_row(WF_TABLE_TASK, id);
}

static const wf_hi_taskinst_t *history(wf_id_t id)
{
    return world_row(WF_TABLE_HI_TASKINST, id);
}

static wf_id_t start_task(void)
{
    wf_started_t started;

    world_start(world_deploy(ONE_TASK), NULL, &started);
    return world_task(started.id, "t");
}

static const char *text_of_length(int length)
{
    char *text = apr_palloc(world.pool, length + 1);

    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

/* ---- a task without a process ------------------------------------------------------ */

/* The open row and its history say the same. */
static void check_texts(const char *what, wf_id_t id, const wf_task_change_t *want)
{
    const wf_task_t *task = open_task(id);
    const wf_hi_taskinst_t *row = history(id);

    is_str(task->name, want->name, "%s: name", what);
    is_str(task->description, want->description, "%s: description", what);
    is_str(task->assignee, want->assignee, "%s: assignee", what);
    is_str(task->owner, want->owner, "%s: owner", what);
    is_int(task->priority, want->priority, "%s: priority", what);
    is_int(task->due_date, want->due_date, "%s: due date", what);
    is_str(task->category, want->category, "%s: category", what);
    is_str(row->category, want->category, "%s: category in history", what);
    is_str(row->name, want->name, "%s: name in history", what);
    is_str(row->description, want->description, "%s: description in history", what);
    is_str(row->assignee, want->assignee, "%s: assignee in history", what);
    is_str(row->owner, want->owner, "%s: owner in history", what);
    is_int(row->priority, want->priority, "%s: priority in history", what);
    is_int(row->due_date, want->due_date, "%s: due date in history", what);
}

/* clang-format off */
static const struct {
    const char *what;
    wf_task_change_t change, result;
} changes[] = {
    { "nothing",     { .set = 0, .name = "no", .priority = 1 },
                     { 0, "N", "D", "kermit", "gonzo", 7, 99, 0, "c" } },
    { "name",        { .set = WF_TASK_NAME, .name = "" },
                     { 0, "", "D", "kermit", "gonzo", 7, 99, 0, "c" } },
    { "description", { .set = WF_TASK_DESCRIPTION, .description = "\xc3\xa4" },
                     { 0, "", "\xc3\xa4", "kermit", "gonzo", 7, 99, 0, "c" } },
    { "people",      { .set = WF_TASK_ASSIGNEE | WF_TASK_OWNER, .assignee = "fozzie", .owner = "" },
                     { 0, "", "\xc3\xa4", "fozzie", NULL, 7, 99, 0, "c" } },
    { "numbers",     { .set = WF_TASK_PRIORITY | WF_TASK_DUE_DATE, .priority = -5 },
                     { 0, "", "\xc3\xa4", "fozzie", NULL, -5, 0, 0, "c" } },
    { "category",    { .set = WF_TASK_CATEGORY, .category = "d" },
                     { 0, "", "\xc3\xa4", "fozzie", NULL, -5, 0, 0, "d" } },
    { "all away",    { .set = WF_TASK_NAME | WF_TASK_DESCRIPTION | WF_TASK_ASSIGNEE | WF_TASK_CATEGORY, .assignee = "" },
                     { 0, NULL, NULL, NULL, NULL, -5, 0, 0, NULL } },
};
/* clang-format on */

static void change_by_change(void)
{
    const wf_task_change_t all = { WF_TASK_NAME | WF_TASK_DESCRIPTION | WF_TASK_ASSIGNEE
                                       | WF_TASK_OWNER | WF_TASK_PRIORITY
                                       | WF_TASK_DUE_DATE | WF_TASK_CATEGORY,
                                   "N",
                                   "D",
                                   "kermit",
                                   "gonzo",
                                   7,
                                   99,
                                   0,
                                   "c" };
    const wf_task_change_t none = { .set = 0 };
    const wf_task_change_t defaults = { .priority = WF_TASK_DEFAULT_PRIORITY };
    wf_id_t id = create(&none);
    int i;

    check_texts("a task of nothing", id, &defaults);
    id = create(&all);
    check_texts("a task", id, &all);
    is_int(open_task(id)->create_time, world.call.now, "a task: when");
    is_int(open_task(id)->proc_inst_id, 0, "a task: no process");
    is_int(history(id)->start_time, world.call.now, "history: when");
    is_int(history(id)->duration, -1, "history: open");
    for (i = 0; i < (int)(sizeof(changes) / sizeof(changes[0])); i++) {
        ok(change(id, &changes[i].change) == APR_SUCCESS, "%s: changes", changes[i].what);
        check_texts(changes[i].what, id, &changes[i].result);
    }
}

static void life_alone(void)
{
    wf_id_t id = create(&(wf_task_change_t){ .set = WF_TASK_NAME, .name = "alone" });
    wf_map_t *vars = world_vars(), *bad = world_vars();
    apr_int64_t claimed;

    ok(claim(id, "kermit") == APR_SUCCESS, "alone: claims");
    claimed = world.call.now;
    is_str(open_task(id)->assignee, "kermit", "alone: it is kermit's");
    is_int(history(id)->claim_time, claimed, "alone: since when");
    ok(claim(id, "gonzo") != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT,
       "alone: gonzo comes too late");
    wf_map_set(bad, "", wf_integer(1));
    ok(complete(id, bad) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "alone: variables are checked");
    ok(open_task(id) != NULL, "alone: and the task is open");
    wf_map_set(vars, "n", wf_integer(1));
    ok(complete(id, vars) == APR_SUCCESS, "alone: completes");
    ok(!open_task(id), "alone: it is gone");
    is_str(history(id)->delete_reason, "completed", "alone: history says why");
    is_int(history(id)->end_time, world.call.now, "alone: and when");
    is_int(history(id)->duration, history(id)->end_time - history(id)->start_time,
           "alone: and how long");
    ok(complete(id, NULL) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "alone: once only");
}

static void deleted(void)
{
    wf_id_t id = create(&(wf_task_change_t){ .set = 0 }), task = start_task();

    ok(delete_task(id) == APR_SUCCESS, "delete: a task without process");
    ok(!open_task(id), "delete: it is gone");
    is_str(history(id)->delete_reason, "deleted", "delete: history says why");
    ok(delete_task(id) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "delete: once only");
    ok(delete_task(task) != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT,
       "delete: not the task of a process: %s", world.err.message);
    ok(open_task(task) != NULL, "delete: which stays");
}

/* ---- whose it is ------------------------------------------------------------------- */

static void assigned(void)
{
    wf_id_t id = start_task(), instance = open_task(id)->proc_inst_id;
    const wf_hi_actinst_t *visit;
    wf_id_t visit_id =
        ((wf_execution_t *)world_row(WF_TABLE_EXECUTION, instance))->act_inst_id;

    ok(assign(id, "kermit") == APR_SUCCESS, "assign: to kermit");
    ok(assign(id, "kermit") == APR_SUCCESS && wf_uow_is_empty(world.uow),
       "assign: again, nothing to write");
    ok(assign(id, "gonzo") == APR_SUCCESS, "assign: from kermit to gonzo");
    is_str(open_task(id)->assignee, "gonzo", "assign: it is gonzo's");
    is_str(history(id)->assignee, "gonzo", "assign: history");
    visit = world_row(WF_TABLE_HI_ACTINST, visit_id);
    is_str(visit->assignee, "gonzo", "assign: the visit of the node");
    is_int(history(id)->claim_time, 0, "assign: it was not claimed");
    ok(assign(id, NULL) == APR_SUCCESS, "assign: to nobody");
    is_str(open_task(id)->assignee, NULL, "assign: it is nobody's");
    ok(claim(id, "fozzie") == APR_SUCCESS, "assign: so it can be claimed");
    ok(history(id)->claim_time > 0, "assign: which history knows");
    ok(assign(id, "") == APR_SUCCESS, "assign: \"\" is nobody, too");
    is_int(history(id)->claim_time, 0, "assign: no claim is left");
    visit = world_row(WF_TABLE_HI_ACTINST, visit_id);
    is_str(visit->assignee, NULL, "assign: nor an assignee of the visit");
    ok(change(id, &(wf_task_change_t){ .set = WF_TASK_ASSIGNEE, .assignee = "rowlf" })
           == APR_SUCCESS,
       "change: the assignee of a task of a process");
    visit = world_row(WF_TABLE_HI_ACTINST, visit_id);
    is_str(visit->assignee, "rowlf", "change: the visit follows");
    ok(complete(id, NULL) == APR_SUCCESS, "and it can be completed");
    is_str(world_tasks(instance), "u", "the process goes on");
}

/* ---- sub-tasks --------------------------------------------------------------------- */

static void subtasks_end(const char *what, wf_id_t top, apr_status_t (*end)(wf_id_t),
                         const char *reason)
{
    wf_id_t child = create_below(top), grandchild = create_below(child),
            other = create_below(top);

    is_int(open_task(child)->parent_task_id, top, "%s: a sub-task", what);
    is_int(history(child)->parent_task_id, top, "%s: history knows its parent", what);
    is_int(open_task(child)->proc_inst_id, 0, "%s: it is of no process", what);
    ok(complete(other, NULL) == APR_SUCCESS, "%s: a sub-task ends alone", what);
    ok(open_task(top) && open_task(child), "%s: the others stay", what);
    ok(end(top) == APR_SUCCESS, "%s: the end", what);
    ok(!open_task(top) && !open_task(child) && !open_task(grandchild),
       "%s: all of them are gone", what);
    is_str(history(grandchild)->delete_reason, reason, "%s: reason", what);
    is_int(history(grandchild)->end_time, history(top)->end_time, "%s: time", what);
    is_str(history(other)->delete_reason, "completed", "%s: that of the other one", what);
    ok(history(other)->end_time < history(top)->end_time, "%s: was before", what);
}

static apr_status_t complete_it(wf_id_t id)
{
    return complete(id, NULL);
}

static apr_status_t delete_instance_of(wf_id_t id)
{
    wf_id_t instance = open_task(id)->proc_inst_id;

    return world_end(
        wf_bpmn_delete_instance(world_begin(), instance, "why not", &world.err));
}

static void subtasks(void)
{
    const wf_task_change_t none = { .set = 0 };
    wf_id_t id;

    subtasks_end("completed", create(&none), complete_it, "completed");
    subtasks_end("deleted", create(&none), delete_task, "deleted");
    subtasks_end("of a process task", start_task(), complete_it, "completed");
    subtasks_end("of an instance", start_task(), delete_instance_of, "why not");
    id = create_below(start_task());
    ok(delete_task(id) == APR_SUCCESS, "a sub-task of a process task can be deleted");
}

static void depth(void)
{
    wf_id_t id = create(&(wf_task_change_t){ .set = 0 }), top = id;
    int i;

    for (i = 1; i < WF_TASK_MAX_DEPTH && id; i++) {
        id = create_below(id);
    }
    ok(id, "%d levels of sub-tasks", WF_TASK_MAX_DEPTH);
    ok(!create_below(id) && world.err.kind == WF_ERR_INVALID, "no more: %s",
       world.err.message);
    is_str(world.err.field, "parent", "the field at fault");
    ok(complete(top, NULL) == APR_SUCCESS && !open_task(id), "they end together");
}

/* ---- refusals ---------------------------------------------------------------------- */

static void refused(const char *field, int limit, wf_task_change_t right,
                    wf_task_change_t wrong)
{
    wf_id_t id = create(&right);

    ok(id, "%s: %d bytes", field, limit);
    ok(!create(&wrong) && world.err.kind == WF_ERR_INVALID, "%s: one more", field);
    is_str(world.err.field, field, "%s: the field at fault", field);
    ok(change(id, &wrong) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "%s: nor by a change", field);
}

#define LIMIT(bit, member, limit)                                                        \
    refused(#member, limit,                                                              \
            (wf_task_change_t){ .set = bit, .member = text_of_length(limit) },           \
            (wf_task_change_t){ .set = bit, .member = text_of_length((limit) + 1) })

static void limits(void)
{
    wf_id_t id = create(&(wf_task_change_t){ .set = 0 });

    LIMIT(WF_TASK_NAME, name, WF_TASK_MAX_NAME);
    LIMIT(WF_TASK_DESCRIPTION, description, WF_TASK_MAX_TEXT);
    LIMIT(WF_TASK_ASSIGNEE, assignee, WF_TASK_MAX_NAME);
    LIMIT(WF_TASK_OWNER, owner, WF_TASK_MAX_NAME);
    ok(assign(id, text_of_length(WF_TASK_MAX_NAME + 1)) != APR_SUCCESS
           && world.err.kind == WF_ERR_INVALID,
       "assign: a user id that is too long");
    is_str(world.err.field, "userId", "assign: the field at fault");
    ok(change(id, &(wf_task_change_t){ .set = WF_TASK_PARENT, .parent = id })
               != APR_SUCCESS
           && world.err.kind == WF_ERR_INVALID,
       "a task keeps its parent: %s", world.err.message);
    is_int(open_task(id)->parent_task_id, 0, "which is none");
}

/* clang-format off */
static apr_status_t assign_it(wf_id_t id)  { return assign(id, "kermit"); }
static apr_status_t claim_it(wf_id_t id)   { return claim(id, "kermit"); }
static apr_status_t change_it(wf_id_t id)  { return change(id, &(wf_task_change_t){ .set = 0 }); }
static apr_status_t child_it(wf_id_t id)   { return create_below(id) ? APR_SUCCESS : WF_EFAILED; }

static const struct {
    const char *what;
    apr_status_t (*call)(wf_id_t id);
} calls[] = {
    { "claim", claim_it }, { "assign", assign_it }, { "complete", complete_it },
    { "change", change_it }, { "delete", delete_task }, { "create below", child_it },
};
/* clang-format on */

static void unknown(void)
{
    const wf_id_t ids[] = { 0, -1, 987654321 };
    int i, k;

    for (i = 0; i < (int)(sizeof(calls) / sizeof(calls[0])); i++) {
        for (k = 0; k < 3; k++) {
            ok(calls[i].call(ids[k]) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
               "%s: no task %d", calls[i].what, (int)ids[k]);
        }
    }
}

int main(void)
{
    world_open();
    change_by_change();
    life_alone();
    deleted();
    assigned();
    subtasks();
    depth();
    limits();
    unknown();
    world_close();
    return done_testing();
}
