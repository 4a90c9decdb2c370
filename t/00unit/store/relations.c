/* Relations of units that hold very many rows, and of rows that change what a relation
 * goes by. */
#include "store_test.h"

#include <time.h>

#define FEW 10000
#define MANY 100000

/* With ten times the rows a unit may take so many times as long; it would be a hundred if
 * each of its questions looked at all of them. */
#define GROWTH 30

static apr_array_header_t *rows_of(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_uow_select(uow, relation, parent, &rows, err), err);
    return rows;
}

static int count(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent)
{
    return rows_of(uow, relation, parent)->nelts;
}

static int count_to(wf_uow_t *uow, const char *type, const char *name)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_uow_select_by_name(uow, WF_BY_SUBSCRIPTIONS_TO, type, name, &rows, err), err);
    return rows->nelts;
}

static int count_of_definition(wf_uow_t *uow, wf_table_e table, const char *id)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;

    MUST(wf_uow_select_of_definition(uow, table, id, &rows, err), err);
    return rows->nelts;
}

static void *get(wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    wf_error_t *err = new_error();
    void *row;

    MUST(wf_uow_get(uow, table, id, &row, err), err);
    return row;
}

static wf_execution_t *add_child(wf_uow_t *uow, const wf_execution_t *parent)
{
    wf_execution_t *row = wf_uow_insert(uow, WF_TABLE_EXECUTION);

    row->proc_inst_id = parent->proc_inst_id;
    row->proc_def_id = parent->proc_def_id;
    row->parent_id = parent->id;
    return row;
}

static wf_subscription_t *subscribe(wf_uow_t *uow, const wf_execution_t *execution,
                                    const char *type, const char *name)
{
    wf_subscription_t *row = wf_uow_insert(uow, WF_TABLE_SUBSCRIPTION);

    row->event_type = type;
    row->event_name = name;
    row->execution_id = execution ? execution->id : 0;
    row->proc_inst_id = execution ? execution->proc_inst_id : 0;
    row->configuration = execution ? NULL : "p:1";
    row->created = 1;
    return row;
}

static wf_job_t *add_timer(wf_uow_t *uow, const wf_execution_t *execution)
{
    wf_job_t *row = wf_uow_insert(uow, WF_TABLE_JOB);

    row->type = "timer";
    row->retries = 3;
    row->proc_def_id = "p:1";
    row->execution_id = execution ? execution->id : 0;
    row->proc_inst_id = execution ? execution->proc_inst_id : 0;
    return row;
}

/* ---- children ---------------------------------------------------------------------- */

/* A tree of two levels with something at each leaf. */
static wf_execution_t *root, *branch, *leaf;

static void build_tree(void)
{
    wf_uow_t *uow = new_unit();

    root = add_instance(uow, "p:1");
    branch = add_child(uow, root);
    leaf = add_child(uow, branch);
    add_child(uow, branch);
    add_variable(uow, root, "outer", wf_integer(1));
    add_variable(uow, leaf, "inner", wf_integer(2));
    add_timer(uow, leaf);
    add_timer(uow, branch);
    subscribe(uow, leaf, "signal", "alert");
    subscribe(uow, branch, "message", "alert");
    is_int(root->suspension, WF_ACTIVE, "a new execution is active");
    must_commit(uow, "a tree");
}

static void check_tree(wf_uow_t *uow, const char *how)
{
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, root->id), 1, "%s: one child", how);
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 2, "… that has two");
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, leaf->id), 0, "… without any");
    is_int(count(uow, WF_BY_EXECUTIONS_OF_INSTANCE, root->id), 4, "… of the instance");
    is_int(count(uow, WF_BY_VARIABLES_OF_EXECUTION, leaf->id), 1, "variables of one");
    is_int(count(uow, WF_BY_VARIABLES_OF_INSTANCE, root->id), 2, "… of all");
    is_int(count(uow, WF_BY_JOBS_OF_EXECUTION, leaf->id), 1, "jobs of one");
    is_int(count(uow, WF_BY_JOBS_OF_INSTANCE, root->id), 2, "… of all");
    is_int(count(uow, WF_BY_SUBSCRIPTIONS_OF_EXECUTION, leaf->id), 1, "waits of one");
    is_int(count(uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, root->id), 2, "… of all");
}

/* Moves are seen at the old place and at the new one, there and back. */
static void check_moves(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *child = get(uow, WF_TABLE_EXECUTION, leaf->id);

    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 2, "before a move");
    child->parent_id = root->id;
    wf_uow_update(uow, child);
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 1, "moved away");
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, root->id), 2, "… to another parent");
    child->parent_id = branch->id;
    wf_uow_update(uow, child);
    child->parent_id = root->id;
    wf_uow_update(uow, child);
    child->parent_id = branch->id;
    wf_uow_update(uow, child);
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, root->id), 1, "moved to and fro");
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 2, "… it is there once");
    ok(APR_ARRAY_IDX(rows_of(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 0, void *)
           == child,
       "… in its order");
    wf_uow_delete(uow, child);
    is_int(count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id), 1, "deleted");
}

static void check_joins(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *child = get(uow, WF_TABLE_EXECUTION, leaf->id), *other;

    is_int(count(uow, WF_BY_JOINS_OF_EXECUTION, branch->id), 0, "nobody waits at a join");
    child->role = WF_ROLE_JOIN;
    wf_uow_update(uow, child);
    is_int(count(uow, WF_BY_JOINS_OF_EXECUTION, branch->id), 1, "a child does");
    other = add_child(uow, child);
    other->role = WF_ROLE_JOIN;
    is_int(count(uow, WF_BY_JOINS_OF_EXECUTION, child->id), 1, "… and a child of it");
    must_commit(uow, "joins");

    uow = new_unit();
    is_int(count(uow, WF_BY_JOINS_OF_EXECUTION, branch->id), 1, "stored");
    child = get(uow, WF_TABLE_EXECUTION, child->id);
    child->role = 0;
    wf_uow_update(uow, child);
    is_int(count(uow, WF_BY_JOINS_OF_EXECUTION, branch->id), 0, "it went on");
    wf_uow_delete(uow, get(uow, WF_TABLE_EXECUTION, other->id));
    must_commit(uow, "gone on");
}

/* What an execution knows of itself comes back as it was. */
static void check_values(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *row = get(uow, WF_TABLE_EXECUTION, branch->id);

    row->role = 7;
    row->children = 2;
    row->arrived = 1;
    row->root_id = root->id;
    row->suspension = WF_SUSPENDED;
    wf_uow_update(uow, row);
    must_commit(uow, "values");
    row = get(new_unit(), WF_TABLE_EXECUTION, branch->id);
    ok(row->role == 7 && row->children == 2 && row->arrived == 1
           && row->root_id == root->id && row->suspension == WF_SUSPENDED,
       "role, children, arrived, top instance, suspension");
}

/* A relation that was read may lack a row that moves behind the unit's back. */
static void check_silence(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *row;

    count(uow, WF_BY_CHILDREN_OF_EXECUTION, branch->id);
    row = get(uow, WF_TABLE_EXECUTION, leaf->id);
    get(uow, WF_TABLE_EXECUTION, root->id);
    count(uow, WF_BY_CHILDREN_OF_EXECUTION, root->id);
    add_child(uow, row);
    row->parent_id = root->id;
    is_int(commit_unit(uow), WF_ERR_INTERNAL, "a move without a word is found out");
}

/* ---- by texts ---------------------------------------------------------------------- */

static void check_names(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *other = add_instance(uow, "p:1");
    wf_subscription_t *row;

    is_int(count_to(uow, "signal", "alert"), 1, "who waits for a signal");
    is_int(count_to(uow, "message", "alert"), 1, "… for a message of that name");
    is_int(count_to(uow, "signal", "other"), 0, "… for another signal");
    row = subscribe(uow, other, "signal", "alert");
    subscribe(uow, other, "signala", "lert");
    subscribe(uow, other, "error", NULL);
    is_int(count_to(uow, "signal", "alert"), 2, "another instance waits for it");
    is_int(count_to(uow, "signala", "lert"), 1, "where a type ends matters");
    wf_uow_delete(uow, row);
    is_int(count_to(uow, "signal", "alert"), 1, "no more");
    row = get(uow, WF_TABLE_SUBSCRIPTION,
              APR_ARRAY_IDX(rows_of(uow, WF_BY_SUBSCRIPTIONS_OF_EXECUTION, leaf->id), 0,
                            wf_subscription_t *)
                  ->id);
    row->event_name = "other";
    wf_uow_update(uow, row);
    is_int(count_to(uow, "signal", "alert"), 0, "renamed: not under the old name");
    is_int(count_to(uow, "signal", "other"), 1, "… under the new one");
}

static void check_definitions(wf_id_t deployment, wf_purge_e purge)
{
    wf_uow_t *uow = new_unit();
    wf_bytearray_t *trace = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    wf_job_t *timer = add_timer(uow, NULL);
    wf_subscription_t *start = subscribe(uow, NULL, "message", "order");

    timer->exception_stack_id = trace->id;
    is_int(count_of_definition(uow, WF_TABLE_JOB, "p:1"), 1, "its timer");
    is_int(count_of_definition(uow, WF_TABLE_SUBSCRIPTION, "p:1"), 1, "its message");
    is_int(count_to(uow, "message", "order"), 1, "… by name");
    must_commit(uow, "what starts p:1");

    uow = new_unit();
    is_int(count_of_definition(uow, WF_TABLE_JOB, "p:1"), 1, "stored: its timer");
    is_int(count_of_definition(uow, WF_TABLE_SUBSCRIPTION, "p:1"), 1, "… its message");
    is_int(count_of_definition(uow, WF_TABLE_JOB, "p:2"), 0, "… not another's");
    wf_uow_purge(uow, purge, deployment);
    must_commit(uow, "purge");
    uow = new_unit();
    ok(!get(uow, WF_TABLE_JOB, timer->id) && !get(uow, WF_TABLE_BYTEARRAY, trace->id),
       "purge %d takes its timers", purge);
    ok(!get(uow, WF_TABLE_SUBSCRIPTION, start->id), "… and its subscriptions");
    ok(!get(uow, WF_TABLE_EXECUTION, leaf->id) == (purge == WF_PURGE_DEPLOYMENT_RUNTIME),
       "… and what runs only where it says so");
}

/* ---- many -------------------------------------------------------------------------- */

static apr_int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (apr_int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* An instance of n children: each is asked for what belongs to it, moves on, and goes. */
static apr_int64_t run_many(int n, int *found)
{
    apr_pool_t *p;
    wf_uow_t *uow;
    wf_error_t *err = new_error();
    wf_execution_t *top, **children;
    apr_array_header_t *rows;
    apr_int64_t start = cpu_us();

    apr_pool_create(&p, pool);
    uow = wf_uow_create(reader, ids, p);
    children = apr_palloc(p, n * sizeof(void *));
    top = add_instance(uow, "p:1");
    *found = 0;
    for (int i = 0; i < n; i++) {
        children[i] = add_child(uow, top);
        add_variable(uow, children[i], "i", wf_integer(i));
        MUST(
            wf_uow_select(uow, WF_BY_VARIABLES_OF_EXECUTION, children[i]->id, &rows, err),
            err);
        *found += rows->nelts;
        subscribe(uow, children[i], "signal", apr_psprintf(p, "s%d", i));
        wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, children[i]->id);
    }
    for (int i = 0; i < n; i++) {
        void *history;

        children[i]->role = WF_ROLE_JOIN;
        wf_uow_update(uow, children[i]);
        MUST(wf_uow_select_by_name(uow, WF_BY_SUBSCRIPTIONS_TO, "signal",
                                   apr_psprintf(p, "s%d", i), &rows, err),
             err);
        *found += rows->nelts;
        MUST(wf_uow_get(uow, WF_TABLE_HI_TASKINST, children[i]->id, &history, err), err);
        *found += history != NULL;
    }
    *found += rows_of(uow, WF_BY_JOINS_OF_EXECUTION, top->id)->nelts;
    apr_pool_destroy(p);
    return cpu_us() - start;
}

static void check_many(void)
{
    apr_int64_t few, many;
    int found;

    few = run_many(FEW, &found);
    is_int(found, 4 * FEW, "a unit with %d children", FEW);
    many = run_many(MANY, &found);
    is_int(found, 4 * MANY, "… with %d", MANY);
    if (!ok(many < GROWTH * few, "… takes about ten times as long")) {
        diag("%.1f ms, then %.1f ms", few / 1000.0, many / 1000.0);
    }
}

int main(void)
{
    wf_id_t deployment;

    begin_test();
    open_test_store();
    deployment = deploy_process();
    build_tree();
    check_tree(new_unit(), "stored");
    check_moves();
    check_joins();
    check_values();
    check_silence();
    check_names();
    check_definitions(deployment, WF_PURGE_DEPLOYMENT_STARTERS);
    check_definitions(deployment, WF_PURGE_DEPLOYMENT_RUNTIME);
    check_many();
    close_test_store();
    return end_test();
}
