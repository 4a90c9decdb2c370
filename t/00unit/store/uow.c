/* Units of work: one copy of each row, relations merged with own changes, and what a
 * commit does when units collide. */
#include "store_test.h"

static wf_execution_t *instance;
static wf_task_t *task;

static int count(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_uow_select(uow, relation, parent, &rows, err), err);
    return rows->nelts;
}

static void *get(wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    wf_error_t *err = new_error();
    void *row;

    MUST(wf_uow_get(uow, table, id, &row, err), err);
    return row;
}

static void *stored(wf_table_e table, wf_id_t id)
{
    wf_error_t *err = new_error();
    void *row;

    MUST(wf_store_get(reader, table, id, &row, pool, err), err);
    return row;
}

static void check_insert(void)
{
    wf_uow_t *uow = new_unit();
    wf_hi_taskinst_t *history;

    ok(wf_uow_is_empty(uow), "a new unit is empty");
    instance = add_instance(uow, "p:1");
    task = add_task(uow, instance, "t");
    add_link(uow, task, "kermit", NULL);
    ok(!wf_uow_is_empty(uow), "with rows it is not");
    ok(task->id > instance->id && instance->id > 0, "rows have ids");
    is_int(task->row.rev, 1, "REV_ of a new row");
    ok(get(uow, WF_TABLE_TASK, task->id) == task, "the unit sees its own row");
    is_int(count(uow, WF_BY_TASKS_OF_INSTANCE, instance->id), 1, "… and by its relation");
    ok(!stored(WF_TABLE_TASK, task->id), "nobody else does yet");

    history = wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, task->id);
    ok(history->id == task->id, "a history row has its task's id");
    is_int(history->duration, -1, "… and is open");
    history->start_time = 1;
    ok(get(uow, WF_TABLE_HI_TASKINST, task->id) == history,
       "… and is found by the task's");
    must_commit(uow, "an instance");
    ok(stored(WF_TABLE_TASK, task->id) != NULL, "committed: a reader sees it");
    ok(stored(WF_TABLE_HI_TASKINST, task->id) != NULL, "… and the history");
}

static void check_get(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_task_t *mine = get(uow, WF_TABLE_TASK, task->id);
    wf_definition_t *definition, *again;
    apr_array_header_t *rows;

    is_str(mine->name, "t", "a loaded row");
    is_int(mine->row.table, WF_TABLE_TASK, "… knows its table");
    ok(get(uow, WF_TABLE_TASK, task->id) == mine, "loaded once");
    MUST(wf_uow_select(uow, WF_BY_TASKS_OF_EXECUTION, instance->id, &rows, err), err);
    ok(rows->nelts == 1 && APR_ARRAY_IDX(rows, 0, wf_task_t *) == mine,
       "a relation gives the same copy");
    ok(!get(uow, WF_TABLE_TASK, 987654), "an unknown id");
    MUST(wf_uow_get_by_key(uow, WF_TABLE_DEFINITION, "p:1", &definition, err), err);
    ok(definition && definition->version == 1, "a row by its key");
    MUST(wf_uow_get_by_key(uow, WF_TABLE_DEFINITION, "p:1", &again, err), err);
    ok(definition == again, "… once, too");
    MUST(wf_uow_get_by_key(uow, WF_TABLE_DEFINITION, "p:2", &again, err), err);
    ok(!again, "an unknown key");
    ok(wf_uow_is_empty(uow), "reading leaves nothing to write");
    wf_uow_delete(uow, mine);
    ok(!get(uow, WF_TABLE_TASK, task->id), "deleted: gone for the unit");
    ok(stored(WF_TABLE_TASK, task->id) != NULL, "… not for others");
}

/* One relation before and after each kind of change. */
static void check_merge(void)
{
    wf_uow_t *uow = new_unit(), *check;
    wf_error_t *err = new_error();
    wf_execution_t *root = get(uow, WF_TABLE_EXECUTION, instance->id), *child;
    wf_task_t *loaded, *extra;
    apr_array_header_t *rows;

    is_int(count(uow, WF_BY_TASKS_OF_INSTANCE, root->id), 1, "stored");
    extra = add_task(uow, root, "extra");
    add_task(uow, root, "third");
    is_int(count(uow, WF_BY_TASKS_OF_INSTANCE, root->id), 3, "and inserted");
    MUST(wf_uow_select(uow, WF_BY_TASKS_OF_INSTANCE, root->id, &rows, err), err);
    loaded = APR_ARRAY_IDX(rows, 0, wf_task_t *);
    ok(loaded->id == task->id && APR_ARRAY_IDX(rows, 1, wf_task_t *) == extra,
       "in id order");
    child = wf_uow_insert(uow, WF_TABLE_EXECUTION);
    child->proc_inst_id = child->parent_id = root->id;
    child->proc_def_id = root->proc_def_id;
    is_int(count(uow, WF_BY_EXECUTIONS_OF_INSTANCE, root->id), 2, "root and child");
    loaded->execution_id = child->id;
    wf_uow_update(uow, loaded);
    is_int(count(uow, WF_BY_TASKS_OF_EXECUTION, child->id), 1, "moved to the child");
    is_int(count(uow, WF_BY_TASKS_OF_EXECUTION, root->id), 2, "and away from the root");
    wf_uow_delete(uow, extra);
    is_int(count(uow, WF_BY_TASKS_OF_INSTANCE, root->id), 2, "deleted after insert");
    is_int(count(uow, WF_BY_LINKS_OF_TASK, extra->id), 0, "… with no links");
    must_commit(uow, "moves");
    ok(!stored(WF_TABLE_TASK, extra->id), "inserted and deleted: never stored");
    check = new_unit();
    is_int(count(check, WF_BY_TASKS_OF_EXECUTION, child->id), 1, "stored with the child");
    is_int(count(check, WF_BY_TASKS_OF_INSTANCE, root->id), 2, "two of the instance");
}

static void check_update(void)
{
    wf_uow_t *uow = new_unit();
    wf_task_t *row = get(uow, WF_TABLE_TASK, task->id);
    int rev = row->row.rev;

    row->assignee = "kermit";
    row->name = NULL;
    row->due_date = 77;
    wf_uow_update(uow, row);
    wf_uow_update(uow, row);
    must_commit(uow, "update");
    row = stored(WF_TABLE_TASK, task->id);
    is_str(row->assignee, "kermit", "updated text");
    is_str(row->name, NULL, "text became null");
    is_int(row->due_date, 77, "updated time");
    is_int(row->priority, 50, "what did not change stays");
    is_int(row->row.rev, rev + 1, "REV_ went up by one");

    uow = new_unit();
    row = get(uow, WF_TABLE_TASK, task->id);
    row->priority = 99;
    must_commit(uow, "no update");
    row = stored(WF_TABLE_TASK, task->id);
    is_int(row->priority, 50, "a change that was not announced is not written");
    is_int(row->row.rev, rev + 1, "… and REV_ stays");

    uow = new_unit();
    wf_uow_update(uow, get(uow, WF_TABLE_TASK, task->id));
    must_commit(uow, "touch");
    row = stored(WF_TABLE_TASK, task->id);
    is_int(row->row.rev, rev + 2, "an update without a change moves REV_ all the same");
}

/* Each set of changed columns has a statement of its own, up to a number of them. */
static void check_shapes(void)
{
    wf_id_t id = task->id;
    int wrong = 0;

    for (int set = 1; set < 128; set++) {
        wf_uow_t *uow = new_unit();
        wf_task_t *row = get(uow, WF_TABLE_TASK, id), want;
        const char *text = apr_psprintf(pool, "%d", set);

        row->name = set & 1 ? text : row->name;
        row->description = set & 2 ? text : row->description;
        row->assignee = set & 4 ? text : row->assignee;
        row->owner = set & 8 ? text : row->owner;
        row->form_key = set & 16 ? text : row->form_key;
        row->priority = set & 32 ? set : row->priority;
        row->due_date = set & 64 ? set : row->due_date;
        want = *row;
        wf_uow_update(uow, row);
        must_commit(uow, "a set of columns");
        row = stored(WF_TABLE_TASK, id);
        wrong += strcmp(want.name ? want.name : "", row->name ? row->name : "") != 0
                 || strcmp(want.form_key ? want.form_key : "",
                           row->form_key ? row->form_key : "")
                        != 0
                 || want.priority != row->priority || want.due_date != row->due_date
                 || row->row.rev != want.row.rev + 1;
    }
    is_int(wrong, 0, "127 sets of changed columns");
}

/* ---- units that collide ---------------------------------------------------------- */

typedef void change_fn(wf_uow_t *uow);

static void claim(wf_uow_t *uow)
{
    wf_task_t *row = get(uow, WF_TABLE_TASK, task->id);

    row->assignee = "gonzo";
    wf_uow_update(uow, row);
}

static void complete(wf_uow_t *uow)
{
    wf_uow_delete(uow, get(uow, WF_TABLE_TASK, task->id));
}

static void take_business_key(wf_uow_t *uow)
{
    add_instance(uow, "p:1")->business_key = "order-1";
}

static void take_version(wf_uow_t *uow)
{
    wf_deployment_t *deployment = add_deployment(uow, "again");

    add_definition(uow, deployment->id, "q", 1);
}

static void start_unknown(wf_uow_t *uow)
{
    add_instance(uow, "nothing:1");
}

static void undeploy(wf_uow_t *uow)
{
    wf_error_t *err = new_error();
    wf_definition_t *definition;

    MUST(wf_uow_get_by_key(uow, WF_TABLE_DEFINITION, "p:1", &definition, err), err);
    wf_uow_delete(uow, definition);
}

static void join_unknown_group(wf_uow_t *uow)
{
    add_user(uow, "piggy", NULL, NULL, NULL);
    add_member(uow, "piggy", "no such group");
}

static void store_object(wf_uow_t *uow)
{
    add_variable(uow, instance, "x", (wf_value_t){.type = WF_OBJECT});
}

static void forget_id(wf_uow_t *uow)
{
    wf_hi_procinst_t *row = wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, 0);

    row->proc_def_id = "p:1";
    row->start_time = 1;
}

static void leave_out_text(wf_uow_t *uow)
{
    wf_hi_actinst_t *row = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);

    row->proc_inst_id = row->execution_id = instance->id;
    row->start_time = 1;
}

static void harmless(wf_uow_t *uow)
{
    add_deployment(uow, "harmless");
}

static void deep_value(wf_uow_t *uow)
{
    wf_list_t *list = wf_list_create(pool);

    for (int i = 0; i < 70; i++) {
        wf_list_t *outer = wf_list_create(pool);

        wf_list_push(outer, wf_list(list));
        list = outer;
    }
    add_variable(uow, instance, "deep", wf_list(list));
}

/* Three units in one transaction: the middle one fails alone. */
static const struct {
    const char *what;
    change_fn *first, *second;
    wf_err_kind_e kind;
    const char *says;
} collisions[] = {
    {"two changes of a row", claim, claim, WF_ERR_CONFLICT, "changed or deleted"},
    {"changed, then deleted", claim, complete, WF_ERR_CONFLICT, "changed or deleted"},
    {"two deletions", complete, complete, WF_ERR_CONFLICT, "changed or deleted"},
    {"one business key twice", take_business_key, take_business_key, WF_ERR_CONFLICT,
     "business key"},
    {"one version twice", take_version, take_version, WF_ERR_CONFLICT, "version"},
    {"an unknown definition", harmless, start_unknown, WF_ERR_CONFLICT,
     "deleted meanwhile"},
    {"a definition in use", harmless, undeploy, WF_ERR_CONFLICT, "still in use"},
    {"an unknown group", harmless, join_unknown_group, WF_ERR_CONFLICT,
     "deleted meanwhile"},
    {"a value that cannot be stored", harmless, store_object, WF_ERR_INVALID, "'x'"},
    {"a list nested too deeply", harmless, deep_value, WF_ERR_INVALID, "'deep'"},
    {"a row without its id", harmless, forget_id, WF_ERR_INTERNAL, "no id"},
    {"a text that must be there", harmless, leave_out_text, WF_ERR_INTERNAL, "NOT NULL"},
};

static void reset_rows(void)
{
    wf_uow_t *uow = new_unit();

    instance = add_instance(uow, "p:1");
    task = add_task(uow, instance, "t");
    must_commit(uow, "a fresh instance");
    if (stored(WF_TABLE_EXECUTION, instance->id) == NULL) {
        printf("Bail out! no instance\n");
        exit(1);
    }
}

static void check_collisions(void)
{
    for (size_t i = 0; i < sizeof(collisions) / sizeof(collisions[0]); i++) {
        wf_error_t outcomes[3], *err = new_error();
        wf_uow_t *units[3];
        wf_deployment_t *marks[3];

        reset_rows();
        for (int u = 0; u < 3; u++) {
            units[u] = new_unit();
            marks[u] = add_deployment(units[u], "mark");
        }
        collisions[i].first(units[0]);
        collisions[i].second(units[1]);
        MUST(wf_store_commit(writer, ids, units, 3, outcomes, err), err);
        is_str(wf_err_name(outcomes[0].kind), "none", "%s: the first unit",
               collisions[i].what);
        is_str(wf_err_name(outcomes[1].kind), wf_err_name(collisions[i].kind),
               "… the second (%s)", outcomes[1].message);
        ok(outcomes[1].message && strstr(outcomes[1].message, collisions[i].says),
           "… and its message");
        is_str(wf_err_name(outcomes[2].kind), "none", "… the third");
        ok(stored(WF_TABLE_DEPLOYMENT, marks[0]->id)
               && !stored(WF_TABLE_DEPLOYMENT, marks[1]->id)
               && stored(WF_TABLE_DEPLOYMENT, marks[2]->id),
           "… all of the others and nothing of it is stored");
        if (!strcmp(collisions[i].what, "two deletions")) {
            ok(!stored(WF_TABLE_TASK, task->id), "… the task is gone");
        }
    }
}

/* A unit may replace a row by another with the same key. */
static void check_replace(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_user_t *user;

    add_user(uow, "statler", "Old", NULL, NULL);
    must_commit(uow, "user");
    uow = new_unit();
    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "statler", &user, err), err);
    wf_uow_delete(uow, user);
    add_user(uow, "statler", "New", NULL, NULL);
    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "statler", &user, err), err);
    is_str(user ? user->first_name : NULL, "New", "the unit sees the new row");
    is_int(commit_unit(uow), WF_ERR_NONE, "deleted before the new one is inserted");
    MUST(wf_store_get_by_key(reader, WF_TABLE_USER, "statler", &user, pool, err), err);
    is_str(user->first_name, "New", "replaced");
}

static int is_member_of(wf_uow_t *uow, const char *group)
{
    wf_error_t *err = new_error();
    wf_membership_t *row;

    MUST(wf_uow_get_membership(uow, "waldorf", group, &row, err), err);
    return row && !strcmp(row->user_id, "waldorf") && !strcmp(row->group_id, group);
}

static void check_membership(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_membership_t *row;

    ok(is_member_of(uow, "balcony"), "a membership is found");
    ok(!is_member_of(uow, "stage"), "… another is not");
    MUST(wf_uow_get_membership(uow, "waldorf", "balcony", &row, err), err);
    wf_uow_delete(uow, row);
    ok(!is_member_of(uow, "balcony"), "… nor one that the unit deletes");
    is_int(commit_unit(uow), WF_ERR_NONE, "… which succeeds");
    uow = new_unit();
    ok(!is_member_of(uow, "balcony"), "… and lasts");
    add_member(uow, "waldorf", "balcony");
    ok(is_member_of(uow, "balcony"), "a new one is found before it is written");
    must_commit(uow, "member again");
}

static void check_members(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_filter_t filter = {"user", wf_string("waldorf")};
    wf_page_t page = {.size = 10};
    wf_rows_t rows;
    wf_user_t *user;

    add_user(uow, "waldorf", NULL, NULL, NULL);
    add_group(uow, "balcony", NULL, NULL);
    add_member(uow, "waldorf", "balcony");
    must_commit(uow, "member");
    check_membership();
    uow = new_unit();
    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "waldorf", &user, err), err);
    wf_uow_delete(uow, user);
    is_int(commit_unit(uow), WF_ERR_NONE, "a user goes with his memberships");
    MUST(wf_store_list(reader, WF_LIST_GROUPS, &filter, 1, &page, &rows, pool, err), err);
    is_int(rows.total, 0, "… all of them");
}

/* An empty batch and empty units cost nothing and fail nothing. */
/* A unit that only relies on a group, and has something of its own to write. */
static wf_uow_t *relying_unit(const char *property)
{
    wf_error_t *err = new_error();
    wf_uow_t *uow = new_unit();
    wf_group_t *group;

    MUST(wf_uow_get_by_key(uow, WF_TABLE_GROUP, "expected", &group, err), err);
    wf_uow_expect(uow, group);
    ok(wf_uow_is_empty(uow), "relying on a row is nothing to write");
    ((wf_property_t *)wf_uow_insert(uow, WF_TABLE_PROPERTY))->name = property;
    return uow;
}

static void check_expected(void)
{
    wf_error_t *err = new_error();
    wf_uow_t *uow = new_unit(), *late, *later;
    wf_group_t *group = wf_uow_insert(uow, WF_TABLE_GROUP);

    group->id = "expected";
    wf_uow_expect(uow, group);
    must_commit(uow, "a new row may be relied on");
    is_int(commit_unit(relying_unit("p1")), WF_ERR_NONE, "nothing happened to it");

    late = relying_unit("p2");
    uow = new_unit();
    MUST(wf_uow_get_by_key(uow, WF_TABLE_GROUP, "expected", &group, err), err);
    group->name = "N";
    wf_uow_update(uow, group);
    must_commit(uow, "change");
    is_int(commit_unit(late), WF_ERR_CONFLICT, "it was changed");

    later = relying_unit("p3");
    uow = new_unit();
    MUST(wf_uow_get_by_key(uow, WF_TABLE_GROUP, "expected", &group, err), err);
    wf_uow_delete(uow, group);
    must_commit(uow, "delete");
    is_int(commit_unit(later), WF_ERR_CONFLICT, "it is gone");
}

static void check_empty(void)
{
    wf_error_t outcomes[2], *err = new_error();
    wf_uow_t *units[] = {new_unit(), new_unit()};

    is_int(wf_store_commit(writer, ids, units, 0, outcomes, err), APR_SUCCESS,
           "no units");
    is_int(wf_store_commit(writer, ids, units, 2, outcomes, err), APR_SUCCESS,
           "empty units");
    ok(outcomes[0].kind == WF_ERR_NONE && outcomes[1].kind == WF_ERR_NONE, "… succeed");
}

int main(void)
{
    begin_test();
    open_test_store();
    deploy_process();
    check_insert();
    check_get();
    check_merge();
    check_update();
    check_shapes();
    check_collisions();
    check_replace();
    check_members();
    check_empty();
    check_expected();
    close_test_store();
    return end_test();
}
