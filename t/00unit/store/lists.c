/* Every list with every sort key in both directions, paging at its edges, task counts. */
#include "store_test.h"

#include "store/internal.h"

/* ids, to see rows as small numbers */
static wf_id_t tasks[6], executions[4], instances[4], jobs[5], externals[5], incidents[3];

/* ---- rows to list ---------------------------------------------------------------- */

static void add_identities(void)
{
    wf_uow_t *uow = new_unit();

    add_user(uow, "kermit", "Kermit", "the Frog", "kermit@localhost");
    add_user(uow, "gonzo", "Gonzo", "the Great", "gonzo@localhost");
    add_user(uow, "fozzie", NULL, "Bear", NULL);
    add_user(uow, "animal", NULL, "Bear", "a@localhost");
    add_group(uow, "sales", "Sales", "assignment");
    add_group(uow, "admin", "System administrator", "security-role");
    add_group(uow, "management", NULL, "assignment");
    add_group(uow, "accountancy", "Accountancy", NULL);
    add_group(uow, "100%", NULL, NULL);
    add_group(uow, "a_b", NULL, NULL);
    for (int i = 0; i < 4; i++) {
        static const char *const groups[] = {"management", "sales", "admin",
                                             "accountancy"};

        add_member(uow, "kermit", groups[i]);
    }
    add_member(uow, "gonzo", "sales");
    add_member(uow, "fozzie", "sales");
    add_member(uow, "animal", "sales");
    must_commit(uow, "identities");
}

/* Deployments with ids of different lengths: 2, 20 and 100 must sort by value. */
static void add_deployments(void)
{
    static const struct {
        wf_id_t id;
        const char *name;
        apr_int64_t time;
    } rows[] = {{1002, "b", 30}, {1020, NULL, 10}, {10100, "a", 20}, {10101, "a", 0}};
    wf_error_t *err = new_error();

    for (int i = 0; i < 4; i++) {
        wf_uow_t *uow;
        wf_deployment_t *deployment;

        MUST(wf_ids_skip_to(ids, rows[i].id, err), err);
        uow = new_unit();
        deployment = add_deployment(uow, rows[i].name);
        deployment->deploy_time = rows[i].time;
        if (i < 2) {
            add_definition(uow, deployment->id, "z", i + 1)->name = i ? "Zed" : NULL;
            add_definition(uow, deployment->id, "a", i + 1)->name = "Ay";
        }
        if (i == 1) {
            wf_definition_t *last = add_definition(uow, deployment->id, "c", 1);

            last->category = "c";
        }
        must_commit(uow, "deployment");
    }
}

/* Tasks 0 … 5; who may claim them is in the table below. */
static const struct {
    const char *name, *description, *assignee;
    int priority, instance;
    const char *users,
        *groups; /* candidates, one character each: k(ermit) g(onzo), s a m */
} task_rows[] = {
    {"b", "y", NULL, 50, 1, "k", ""},    {"a", NULL, NULL, 50, 1, "kg", "s"},
    {NULL, "x", NULL, 10, 2, "", "sm"},  {"a", "x", "kermit", 99, 2, "k", "s"},
    {"c", NULL, "kermit", 0, 3, "", ""}, {"c", NULL, NULL, 50, 3, "", "a"},
};

static const char *name_of(char letter)
{
    static const char *const names[] = {"kermit", "gonzo", "sales", "management",
                                        "accountancy"};
    const char *at = strchr("kgsma", letter);

    return names[at - "kgsma"];
}

static void add_tasks(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *execution[4] = {NULL};

    for (int i = 3; i > 0; i--) { /* so that instance 3 is the oldest */
        execution[i] = add_instance(uow, i == 2 ? "a:1" : "z:1");
        executions[i] = execution[i]->id;
    }
    for (int i = 0; i < 6; i++) {
        wf_task_t *task =
            add_task(uow, execution[task_rows[i].instance], task_rows[i].name);

        tasks[i] = task->id;
        task->description = task_rows[i].description;
        task->assignee = task_rows[i].assignee;
        task->priority = task_rows[i].priority;
        task->owner = i % 2 ? NULL : "gonzo";
        task->due_date = i < 3 ? 0 : 100 * i;
        for (const char *c = task_rows[i].users; *c; c++) {
            add_link(uow, task, name_of(*c), NULL);
        }
        for (const char *c = task_rows[i].groups; *c; c++) {
            add_link(uow, task, NULL, name_of(*c));
        }
        /* Somebody who is involved, but no candidate. */
        add_link(uow, task, "animal", NULL)->type = "participant";
    }
    must_commit(uow, "tasks");
}

/* Who may start: links to definitions, of users and groups. */
static void add_starters(void)
{
    static const struct {
        const char *definition, *user, *group, *type;
    } rows[] = {{"z:1", "gonzo", NULL, "candidate"},
                {"z:2", NULL, "sales", "candidate"},
                {"z:2", "gonzo", NULL, "candidate"},
                {"a:1", NULL, "management", "candidate"},
                {"a:2", "kermit", NULL, "participant"}};
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 5; i++) {
        wf_identitylink_t *link = wf_uow_insert(uow, WF_TABLE_IDENTITYLINK);

        link->proc_def_id = rows[i].definition;
        link->user_id = rows[i].user;
        link->group_id = rows[i].group;
        link->type = rows[i].type;
    }
    must_commit(uow, "starters");
}

static void add_history(void)
{
    static const struct {
        const char *definition, *key;
        apr_int64_t start, end;
    } rows[] = {{"z:1", "k2", 30, 0}, {"a:1", NULL, 10, 0}, {"z:1", "k1", 10, 0},
                {"z:1", "k3", 5, 6}};
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 4; i++) {
        wf_id_t id = instances[i] = wf_uow_next_id(uow);
        wf_hi_procinst_t *row = wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, id);

        row->proc_inst_id = id;
        row->proc_def_id = rows[i].definition;
        row->business_key = rows[i].key;
        row->start_time = rows[i].start;
        row->end_time = rows[i].end;
    }
    must_commit(uow, "history");
}

static void add_jobs(void)
{
    static const struct {
        const char *type;
        int execution, instance, retries, due, lock;
    } rows[] = {{"timer", 5, 2, 3, 100, 0},
                {"message", 4, 1, 3, 0, 0},
                {"timer", 4, 1, 0, 50, 0},
                {"message", 9, 1, -1, 200, 0},
                {"timer", 0, 0, 1, 200, 500}};
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 5; i++) {
        wf_job_t *job = wf_uow_insert(uow, WF_TABLE_JOB);

        jobs[i] = job->id;
        job->type = rows[i].type;
        job->execution_id = rows[i].execution;
        job->proc_inst_id = rows[i].instance;
        job->retries = rows[i].retries;
        job->due_date = rows[i].due;
        job->lock_exp_time = rows[i].lock;
    }
    must_commit(uow, "jobs");
}

static void add_externals(void)
{
    static const struct {
        const char *topic, *worker;
        int lock, retries, execution, suspension, priority;
        const char *definition, *activity;
    } rows[] = { { "pay", "w1", 100, -1, 1, WF_ACTIVE, 50, "z:1", "a" },
                 { "pay", NULL, 0, 3, 2, WF_ACTIVE, 0, "a:1", "b" },
                 { "ship", "w2", 200, 0, 2, WF_ACTIVE, -7, "a:1", "b" },
                 { "ship", "w1", 50, 1, 3, WF_SUSPENDED, 50, "z:1", "a" },
                 { "pay", "w2", 0, -1, 1, WF_ACTIVE, 100, NULL, "a" } };
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 5; i++) {
        wf_external_task_t *row = wf_uow_insert(uow, WF_TABLE_EXTERNAL_TASK);

        externals[i] = row->id;
        row->topic = rows[i].topic;
        row->worker_id = rows[i].worker;
        row->lock_exp_time = rows[i].lock;
        row->retries = rows[i].retries;
        row->execution_id = row->proc_inst_id = executions[rows[i].execution];
        row->suspension = rows[i].suspension;
        row->priority = rows[i].priority;
        row->proc_def_id = rows[i].definition;
        row->act_id = rows[i].activity;
    }
    must_commit(uow, "external tasks");
}

static void add_incidents(void)
{
    static const struct {
        const char *type;
        int time, execution, configuration;
        const char *definition, *activity;
    } rows[] = { { "failedJob", 30, 2, 7, "z:1", "a" },
                 { "failedExternalTask", 20, 1, 9, "a:1", "b" },
                 { "failedJob", 10, 0, 8, "a:1", NULL } };
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 3; i++) {
        wf_incident_t *row = wf_uow_insert(uow, WF_TABLE_INCIDENT);

        incidents[i] = row->id;
        row->type = rows[i].type;
        row->time = rows[i].time;
        if (rows[i].execution) {
            row->execution_id = row->proc_inst_id = executions[rows[i].execution];
        }
        row->configuration = rows[i].configuration;
        row->proc_def_id = rows[i].definition;
        row->activity_id = rows[i].activity;
    }
    must_commit(uow, "incidents");
}

static void add_runs(void)
{
    static const struct {
        const char *id, *workflow, *status;
    } rows[] = {{"exec-c", "w1", "completed"},
                {"exec-a", "w2", "failed"},
                {"exec-b", "w1", "completed"},
                {"exec-d", "w1", "running"}};
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 4; i++) {
        wf_run_t *run = wf_uow_insert(uow, WF_TABLE_RUN);

        run->id = rows[i].id;
        run->seq = wf_uow_next_id(uow);
        run->workflow_id = rows[i].workflow;
        run->status = rows[i].status;
        run->progress = 0.25 * i;
        run->definition = "{}";
        run->metrics = run->slave_states = run->errors = run->baseline = "[]";
    }
    must_commit(uow, "runs");
}

static void add_keys(void)
{
    static const struct {
        const char *name, *owner, *rights;
        apr_int64_t created, expires;
    } rows[] = {
        { "k-b", "ann", "operate", 30, 0 },
        { "k-c", "bob", "admin", 10, 200 },
        { "k-a", "ann", "read", 20, 100 },
    };
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 3; i++) {
        wf_api_key_t *key = wf_uow_insert(uow, WF_TABLE_API_KEY);

        key->name = rows[i].name;
        key->owner = rows[i].owner;
        key->rights = rows[i].rights;
        key->hash = rows[i].name;
        key->created = rows[i].created;
        key->expires = rows[i].expires;
    }
    must_commit(uow, "keys");
}

/* Who sees what: kermit processes a, members of sales z, waldorf may start a and read z. */
static void add_grants(void)
{
    static const struct {
        const char *key, *user, *group;
        int start, read, operate;
    } rows[] = { { "z", NULL, "sales", 0, 1, 1 },
                 { "a", "kermit", NULL, 1, 1, 0 },
                 { "a", "waldorf", NULL, 1, 0, 0 },
                 { "z", "waldorf", NULL, 0, 1, 0 } };
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < 4; i++) {
        wf_grant_t *grant = wf_uow_insert(uow, WF_TABLE_GRANT);

        grant->key = rows[i].key;
        grant->user_id = rows[i].user;
        grant->group_id = rows[i].group;
        grant->start = rows[i].start;
        grant->read = rows[i].read;
        grant->operate = rows[i].operate;
    }
    must_commit(uow, "grants");
}

/* ---- lists ----------------------------------------------------------------------- */

static const char *number_of(const wf_id_t *all, int count, wf_id_t id)
{
    for (int i = 0; i < count; i++) {
        if (all[i] == id) {
            return apr_psprintf(pool, "%d", i);
        }
    }
    return "?";
}

static const char *row_text(wf_list_e list, void *row)
{
    switch (list) {
    case WF_LIST_DEPLOYMENTS:
        return apr_psprintf(pool, "%d", (int)((wf_deployment_t *)row)->id);
    case WF_LIST_DEFINITIONS:
        return ((wf_definition_t *)row)->id;
    case WF_LIST_GROUPS:
        return ((wf_group_t *)row)->id;
    case WF_LIST_USERS:
        return ((wf_user_t *)row)->id;
    case WF_LIST_RUNS:
    case WF_LIST_RUN_HEADS:
        return ((wf_run_t *)row)->id;
    case WF_LIST_TASKS:
        return number_of(tasks, 6, ((wf_task_t *)row)->id);
    case WF_LIST_INSTANCES:
        return number_of(instances, 4, ((wf_hi_procinst_t *)row)->id);
    case WF_LIST_EXTERNAL_TASKS:
        return number_of(externals, 5, ((wf_external_task_t *)row)->id);
    case WF_LIST_INCIDENTS:
        return number_of(incidents, 3, ((wf_incident_t *)row)->id);
    case WF_LIST_API_KEYS:
        return ((wf_api_key_t *)row)->name;
    case WF_LIST_GRANTS: {
        const wf_grant_t *grant = row;

        return apr_pstrcat(pool, grant->key, grant->user_id ? "=" : "<",
                           grant->user_id ? grant->user_id : grant->group_id, NULL);
    }
    default:
        return number_of(jobs, 5, ((wf_job_t *)row)->id);
    }
}

/* Filters by what executions[] has: instances of tasks and all that belongs to them. Those
 * of jobs are just numbers. */
static int is_of_execution(const wf_filter_def_t *def)
{
    return !strcmp(def->name, "executionId") || !strcmp(def->name, "processInstanceId")
           || def == wf_lists[WF_LIST_TASKS].filters + 5;
}

/* The value of a filter from its text, of the type that the list wants. Instances of tasks
 * are 1 … 3. */
static wf_value_t value_of(const wf_filter_def_t *def, const char *text)
{
    switch (def->kind) {
    case WF_FILTER_NUMBER:
        if (is_of_execution(def) && atoi(text) <= 3) {
            return wf_integer(executions[atoi(text)]);
        }
        if (!strcmp(def->name, "externalTaskId")) {
            return wf_integer(externals[atoi(text)]);
        }
        if (!strcmp(def->name, "incidentId")) {
            return wf_integer(incidents[atoi(text)]);
        }
        return wf_integer(atoi(text));
    case WF_FILTER_DATE:
        return wf_date(atoi(text));
    case WF_FILTER_FLAG:
        return wf_boolean(!strcmp(text, "true"));
    default:
        return wf_string(text);
    }
}

/* "user=kermit&type=assignment" as filters; how many. */
static int read_filters(wf_list_e list, const char *text, wf_filter_t *filters)
{
    char *pair, *last, *copy = apr_pstrdup(pool, text ? text : "");
    int n = 0;

    for (pair = apr_strtok(copy, "&", &last); pair; pair = apr_strtok(NULL, "&", &last)) {
        const wf_filter_def_t *def = wf_lists[list].filters;
        char *value = strchr(pair, '=');

        *value++ = '\0';
        while (strcmp(def->name, pair)) {
            def++;
        }
        filters[n++] = (wf_filter_t){pair, value_of(def, value)};
    }
    return n;
}

static const char *listed(wf_list_e list, const char *filters, const wf_page_t *page,
                          apr_int64_t *total)
{
    wf_error_t *err = new_error();
    wf_filter_t given[WF_MAX_FILTERS];
    int count = read_filters(list, filters, given);
    const char *text = "";
    wf_rows_t rows;

    MUST(wf_store_list(reader, list, given, count, page, &rows, pool, err), err);
    for (int i = 0; i < rows.rows->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? " " : "",
                           row_text(list, APR_ARRAY_IDX(rows.rows, i, void *)), NULL);
    }
    *total = rows.total;
    return text;
}

static const struct {
    wf_list_e list;
    const char *filters;
    const char *sort;
    const char *asc, *desc;
} orders[] = {
    /* ids by value, null before values, equal ones in the order of creation */
    {WF_LIST_DEPLOYMENTS, NULL, "id", "1002 1020 10100 10101",
     "10101 10100 1020 1002"},
    {WF_LIST_DEPLOYMENTS, NULL, "name", "1020 10100 10101 1002",
     "1002 10100 10101 1020"},
    {WF_LIST_DEPLOYMENTS, NULL, "deploymentTime", "10101 1020 10100 1002",
     "1002 10100 1020 10101"},

    {WF_LIST_DEFINITIONS, NULL, "id", "a:1 a:2 c:1 z:1 z:2", "z:2 z:1 c:1 a:2 a:1"},
    {WF_LIST_DEFINITIONS, NULL, "key", "a:1 a:2 c:1 z:1 z:2", "z:1 z:2 c:1 a:1 a:2"},
    {WF_LIST_DEFINITIONS, NULL, "version", "z:1 a:1 c:1 z:2 a:2", "z:2 a:2 z:1 a:1 c:1"},
    {WF_LIST_DEFINITIONS, NULL, "deploymentId", "z:1 a:1 z:2 a:2 c:1",
     "z:2 a:2 c:1 z:1 a:1"},
    {WF_LIST_DEFINITIONS, NULL, "name", "z:1 c:1 a:1 a:2 z:2", "z:2 a:1 a:2 z:1 c:1"},
    {WF_LIST_DEFINITIONS, NULL, "deploymentTime", "z:2 a:2 c:1 z:1 a:1",
     "z:1 a:1 z:2 a:2 c:1"},

    {WF_LIST_DEFINITIONS, NULL, "category", "z:1 a:1 z:2 a:2 c:1", "c:1 z:1 a:1 z:2 a:2"},

    {WF_LIST_TASKS, "assignee=kermit", "id", "3 4", "4 3"},
    {WF_LIST_TASKS, "assignee=kermit", "name", "3 4", "4 3"},
    {WF_LIST_TASKS, "assignee=kermit", "description", "4 3", "3 4"},
    {WF_LIST_TASKS, "assignee=kermit", "priority", "4 3", "3 4"},
    {WF_LIST_TASKS, "assignee=kermit", "assignee", "3 4", "3 4"},
    {WF_LIST_TASKS, "assignee=kermit", "executionId", "4 3", "3 4"},
    {WF_LIST_TASKS, "assignee=kermit", "processInstanceId", "4 3", "3 4"},
    {WF_LIST_TASKS, "assignee=nobody", "id", "", ""},

    /* himself, or any of his groups; each once; only what is not assigned */
    {WF_LIST_TASKS, "candidate=kermit", "id", "0 1 2 5", "5 2 1 0"},
    {WF_LIST_TASKS, "candidate=kermit", "name", "2 1 0 5", "5 0 1 2"},
    {WF_LIST_TASKS, "candidate=kermit", "description", "1 5 2 0", "0 2 1 5"},
    {WF_LIST_TASKS, "candidate=kermit", "priority", "2 0 1 5", "0 1 5 2"},
    {WF_LIST_TASKS, "candidate=kermit", "assignee", "0 1 2 5", "0 1 2 5"},
    {WF_LIST_TASKS, "candidate=kermit", "executionId", "5 2 0 1", "0 1 2 5"},
    {WF_LIST_TASKS, "candidate=kermit", "processInstanceId", "5 2 0 1",
     "0 1 2 5"},
    {WF_LIST_TASKS, "candidate=gonzo", "id", "1 2", "2 1"},
    {WF_LIST_TASKS, "candidate=fozzie", "id", "1 2", "2 1"},
    {WF_LIST_TASKS, "candidate=animal", "id", "1 2", "2 1"},
    {WF_LIST_TASKS, "candidate=nobody", "id", "", ""},

    {WF_LIST_TASKS, "candidate-group=sales", "id", "1 2", "2 1"},
    {WF_LIST_TASKS, "candidate-group=sales", "name", "2 1", "1 2"},
    {WF_LIST_TASKS, "candidate-group=sales", "description", "1 2", "2 1"},
    {WF_LIST_TASKS, "candidate-group=sales", "priority", "2 1", "1 2"},
    {WF_LIST_TASKS, "candidate-group=sales", "assignee", "1 2", "1 2"},
    {WF_LIST_TASKS, "candidate-group=sales", "executionId", "2 1", "1 2"},
    {WF_LIST_TASKS, "candidate-group=sales", "processInstanceId", "2 1", "1 2"},
    {WF_LIST_TASKS, "candidate-group=accountancy", "id", "5", "5"},
    {WF_LIST_TASKS, "candidate-group=none", "id", "", ""},

    {WF_LIST_GROUPS, "user=kermit", "id", "accountancy admin management sales",
     "sales management admin accountancy"},
    {WF_LIST_GROUPS, "user=kermit", "name", "management accountancy sales admin",
     "admin sales accountancy management"},
    {WF_LIST_GROUPS, "user=kermit", "type", "accountancy sales management admin",
     "admin sales management accountancy"},
    {WF_LIST_GROUPS, "user=kermit&type=assignment", "id", "management sales",
     "sales management"},
    {WF_LIST_GROUPS, "user=kermit&type=none", "id", "", ""},

    {WF_LIST_USERS, "group=sales", "id", "animal fozzie gonzo kermit",
     "kermit gonzo fozzie animal"},
    {WF_LIST_USERS, "group=sales", "firstName", "fozzie animal gonzo kermit",
     "kermit gonzo fozzie animal"},
    {WF_LIST_USERS, "group=sales", "lastName", "fozzie animal kermit gonzo",
     "gonzo kermit fozzie animal"},
    {WF_LIST_USERS, "group=sales", "email", "fozzie animal gonzo kermit",
     "kermit gonzo animal fozzie"},

    {WF_LIST_TASKS, "owner=gonzo", "id", "0 2 4", "4 2 0"},
    {WF_LIST_TASKS, "owner=gonzo", "priority", "4 2 0", "0 2 4"},
    {WF_LIST_TASKS, "owner=kermit", "id", "", ""},
    /* assignee, owner or any link, each task once */
    {WF_LIST_TASKS, "involved=gonzo", "id", "0 1 2 4", "4 2 1 0"},
    {WF_LIST_TASKS, "involved=gonzo", "name", "2 1 0 4", "4 0 1 2"},
    {WF_LIST_TASKS, "involved=kermit", "id", "0 1 3 4", "4 3 1 0"},
    {WF_LIST_TASKS, "involved=animal", "id", "0 1 2 3 4 5", "5 4 3 2 1 0"},
    {WF_LIST_TASKS, "involved=nobody", "id", "", ""},
    {WF_LIST_TASKS, "process-instance=2", "id", "2 3", "3 2"},
    {WF_LIST_TASKS, "process-instance=2", "name", "2 3", "3 2"},
    {WF_LIST_TASKS, "process-instance=9", "id", "", ""},
    /* filters that narrow */
    {WF_LIST_TASKS, "involved=animal&priority=50", "id", "0 1 5", "5 1 0"},
    {WF_LIST_TASKS, "involved=animal&minPriority=50", "id", "0 1 3 5", "5 3 1 0"},
    {WF_LIST_TASKS, "involved=animal&maxPriority=50", "id", "0 1 2 4 5", "5 4 2 1 0"},
    {WF_LIST_TASKS, "involved=animal&dueDate=400", "id", "4", "4"},
    {WF_LIST_TASKS, "involved=animal&minDueDate=400", "id", "4 5", "5 4"},
    {WF_LIST_TASKS, "involved=animal&maxDueDate=400", "id", "3 4", "4 3"},
    {WF_LIST_TASKS, "involved=animal&maxDueDate=400&minPriority=1", "name", "3", "3"},
    {WF_LIST_TASKS, "assignee=kermit&minPriority=1", "id", "3", "3"},
    {WF_LIST_TASKS, "candidate=kermit&maxPriority=10", "id", "2", "2"},
    {WF_LIST_TASKS, "candidate=kermit&maxPriority=10", "name", "2", "2"},
    {WF_LIST_TASKS, "candidate-group=sales&priority=50", "id", "1", "1"},
    /* two of those that lead */
    {WF_LIST_TASKS, "candidate=kermit&candidate-group=sales", "id", "1 2", "2 1"},
    {WF_LIST_TASKS, "owner=gonzo&involved=kermit", "id", "0 4", "4 0"},
    {WF_LIST_TASKS, "owner=gonzo&candidate=kermit", "id", "0 2", "2 0"},
    {WF_LIST_TASKS, "assignee=kermit&candidate=kermit", "id", "", ""},

    {WF_LIST_DEFINITIONS, "startableByUser=kermit", "id", "a:1 z:2", "z:2 a:1"},
    {WF_LIST_DEFINITIONS, "startableByUser=kermit", "deploymentTime", "z:2 a:1", "a:1 z:2"},
    {WF_LIST_DEFINITIONS, "startableByUser=gonzo", "id", "z:1 z:2", "z:2 z:1"},
    {WF_LIST_DEFINITIONS, "startableByUser=nobody", "id", "", ""},

    {WF_LIST_USERS, NULL, "id", "animal fozzie gonzo kermit", "kermit gonzo fozzie animal"},
    {WF_LIST_USERS, "searchText=BEAR", "id", "animal fozzie", "fozzie animal"},
    {WF_LIST_USERS, "searchText=onz", "id", "gonzo", "gonzo"},
    {WF_LIST_USERS, "searchText=e", "firstName", "fozzie animal gonzo kermit",
     "kermit gonzo fozzie animal"},
    {WF_LIST_USERS, "searchText=%", "id", "", ""},
    {WF_LIST_USERS, "searchText=_", "id", "", ""},
    {WF_LIST_USERS, "searchText=localhost", "id", "", ""},
    {WF_LIST_USERS, "group=management&searchText=frog", "id", "kermit", "kermit"},
    {WF_LIST_USERS, "group=sales&searchText=Bear", "id", "animal fozzie", "fozzie animal"},
    {WF_LIST_USERS, "group=sales&searchText=Bear", "lastName", "fozzie animal",
     "fozzie animal"},

    {WF_LIST_GROUPS, NULL, "id", "100% a_b accountancy admin management sales",
     "sales management admin accountancy a_b 100%"},
    {WF_LIST_GROUPS, "type=assignment", "id", "management sales", "sales management"},
    {WF_LIST_GROUPS, "searchText=AC", "id", "accountancy", "accountancy"},
    {WF_LIST_GROUPS, "searchText=%", "id", "100%", "100%"},
    {WF_LIST_GROUPS, "searchText=_", "id", "a_b", "a_b"},
    {WF_LIST_GROUPS, "searchText=\\", "id", "", ""},
    {WF_LIST_GROUPS, "user=kermit&searchText=m", "id", "admin management",
     "management admin"},

    {WF_LIST_INSTANCES, NULL, "id", "0 1 2", "2 1 0"},
    {WF_LIST_INSTANCES, NULL, "processDefinitionId", "1 0 2", "0 2 1"},
    {WF_LIST_INSTANCES, NULL, "businessKey", "1 2 0", "0 2 1"},
    {WF_LIST_INSTANCES, NULL, "startTime", "1 2 0", "0 1 2"},
    {WF_LIST_INSTANCES, "processDefinitionId=z:1", "startTime", "2 0", "0 2"},
    {WF_LIST_INSTANCES, "processDefinitionId=z:2", "id", "", ""},
    {WF_LIST_INSTANCES, "businessKey=k1", "id", "2", "2"},
    {WF_LIST_INSTANCES, "businessKey=k3", "id", "", ""},
    {WF_LIST_INSTANCES, "processDefinitionId=z:1&businessKey=k2", "id", "0", "0"},

    {WF_LIST_JOBS, NULL, "id", "0 1 2 3 4", "4 3 2 1 0"},
    {WF_LIST_JOBS, NULL, "executionId", "4 1 2 0 3", "3 0 1 2 4"},
    {WF_LIST_JOBS, NULL, "execution-id", "4 1 2 0 3", "3 0 1 2 4"},
    {WF_LIST_JOBS, NULL, "processInstanceId", "4 1 2 3 0", "0 1 2 3 4"},
    {WF_LIST_JOBS, NULL, "process-instance-id", "4 1 2 3 0", "0 1 2 3 4"},
    {WF_LIST_JOBS, NULL, "dueDate", "1 2 0 3 4", "3 4 0 2 1"},
    {WF_LIST_JOBS, NULL, "due-date", "1 2 0 3 4", "3 4 0 2 1"},
    {WF_LIST_JOBS, NULL, "retries", "3 2 4 0 1", "0 1 4 2 3"},
    {WF_LIST_JOBS, "process-instance=1", "id", "1 2 3", "3 2 1"},
    {WF_LIST_JOBS, "with-retries-left=true", "id", "0 1 4", "4 1 0"},
    {WF_LIST_JOBS, "with-retries-left=false", "id", "0 1 2 3 4", "4 3 2 1 0"},
    {WF_LIST_JOBS, "executable=100", "id", "0 1", "1 0"},
    {WF_LIST_JOBS, "executable=99", "id", "1", "1"},
    {WF_LIST_JOBS, "executable=499", "id", "0 1", "1 0"},
    {WF_LIST_JOBS, "executable=500", "id", "0 1 4", "4 1 0"},
    {WF_LIST_JOBS, "only-timers=true", "id", "0 2 4", "4 2 0"},
    {WF_LIST_JOBS, "only-messages=true", "id", "1 3", "3 1"},
    {WF_LIST_JOBS, "duedate-lt=100", "id", "2", "2"},
    {WF_LIST_JOBS, "duedate-ltoe=100", "id", "0 2", "2 0"},
    {WF_LIST_JOBS, "duedate-ht=100", "id", "3 4", "4 3"},
    {WF_LIST_JOBS, "duedate-htoe=100", "id", "0 3 4", "4 3 0"},
    {WF_LIST_JOBS, "duedate-ht=50&duedate-lt=200", "id", "0", "0"},
    {WF_LIST_JOBS, "executable=1000&only-timers=true&process-instance=2", "id", "0", "0"},

    {WF_LIST_EXTERNAL_TASKS, NULL, "id", "0 1 2 3 4", "4 3 2 1 0"},
    {WF_LIST_EXTERNAL_TASKS, NULL, "lockExpirationTime", "1 4 3 0 2", "2 0 3 1 4"},
    {WF_LIST_EXTERNAL_TASKS, NULL, "processInstanceId", "3 1 2 0 4", "0 4 1 2 3"},
    {WF_LIST_EXTERNAL_TASKS, NULL, "processDefinitionId", "4 1 2 0 3", "0 3 1 2 4"},
    {WF_LIST_EXTERNAL_TASKS, NULL, "taskPriority", "2 1 0 3 4", "4 0 3 1 2"},
    {WF_LIST_EXTERNAL_TASKS, "externalTaskId=2", "id", "2", "2"},
    {WF_LIST_EXTERNAL_TASKS, "topicName=pay", "id", "0 1 4", "4 1 0"},
    {WF_LIST_EXTERNAL_TASKS, "topicName=pay", "taskPriority", "1 0 4", "4 0 1"},
    {WF_LIST_EXTERNAL_TASKS, "workerId=w1", "id", "0 3", "3 0"},
    {WF_LIST_EXTERNAL_TASKS, "locked=100", "id", "2", "2"},
    {WF_LIST_EXTERNAL_TASKS, "notLocked=100", "id", "0 1 3 4", "4 3 1 0"},
    {WF_LIST_EXTERNAL_TASKS, "withRetriesLeft=true", "id", "0 1 3 4", "4 3 1 0"},
    {WF_LIST_EXTERNAL_TASKS, "noRetriesLeft=true", "id", "2", "2"},
    {WF_LIST_EXTERNAL_TASKS, "executionId=2", "id", "1 2", "2 1"},
    {WF_LIST_EXTERNAL_TASKS, "processInstanceId=1", "id", "0 4", "4 0"},
    {WF_LIST_EXTERNAL_TASKS, "processDefinitionId=a:1", "id", "1 2", "2 1"},
    {WF_LIST_EXTERNAL_TASKS, "activityId=a", "id", "0 3 4", "4 3 0"},
    {WF_LIST_EXTERNAL_TASKS, "active=true", "id", "0 1 2 4", "4 2 1 0"},
    {WF_LIST_EXTERNAL_TASKS, "suspended=true", "id", "3", "3"},
    {WF_LIST_EXTERNAL_TASKS, "topicName=pay&workerId=w2&active=true", "id", "4", "4"},

    {WF_LIST_INCIDENTS, NULL, "id", "0 1 2", "2 1 0"},
    {WF_LIST_INCIDENTS, NULL, "incidentId", "0 1 2", "2 1 0"},
    {WF_LIST_INCIDENTS, NULL, "incidentTimestamp", "2 1 0", "0 1 2"},
    {WF_LIST_INCIDENTS, NULL, "incidentType", "1 0 2", "0 2 1"},
    {WF_LIST_INCIDENTS, NULL, "processInstanceId", "2 0 1", "1 0 2"},
    {WF_LIST_INCIDENTS, NULL, "processDefinitionId", "1 2 0", "0 1 2"},
    {WF_LIST_INCIDENTS, NULL, "configuration", "0 2 1", "1 2 0"},
    {WF_LIST_INCIDENTS, "incidentId=1", "incidentId", "1", "1"},
    {WF_LIST_INCIDENTS, "incidentType=failedJob", "incidentId", "0 2", "2 0"},
    {WF_LIST_INCIDENTS, "executionId=2", "incidentId", "0", "0"},
    {WF_LIST_INCIDENTS, "processInstanceId=1", "incidentId", "1", "1"},
    {WF_LIST_INCIDENTS, "processDefinitionId=a:1", "incidentId", "1 2", "2 1"},
    {WF_LIST_INCIDENTS, "activityId=b", "incidentId", "1", "1"},
    {WF_LIST_INCIDENTS, "configuration=8", "incidentId", "2", "2"},

    {WF_LIST_RUNS, NULL, "seq", "exec-c exec-a exec-b exec-d",
     "exec-d exec-b exec-a exec-c"},
    {WF_LIST_RUNS, NULL, "id", "exec-a exec-b exec-c exec-d",
     "exec-d exec-c exec-b exec-a"},
    {WF_LIST_RUNS, "status=completed", "seq", "exec-c exec-b", "exec-b exec-c"},
    {WF_LIST_RUNS, "live=true", "seq", "exec-d", "exec-d"},
    {WF_LIST_RUNS, "live=true&workflow=w1", "seq", "exec-d", "exec-d"},
    {WF_LIST_RUNS, "live=true&workflow=w2", "seq", "", ""},
    {WF_LIST_RUNS, "workflow=w1", "seq", "exec-c exec-b exec-d",
     "exec-d exec-b exec-c"},
    {WF_LIST_RUNS, "workflow=w1", "id", "exec-b exec-c exec-d",
     "exec-d exec-c exec-b"},
    {WF_LIST_RUN_HEADS, NULL, "seq", "exec-c exec-a exec-b exec-d",
     "exec-d exec-b exec-a exec-c"},
    {WF_LIST_RUN_HEADS, "workflow=w1&status=completed", "id", "exec-b exec-c",
     "exec-c exec-b"},

    {WF_LIST_API_KEYS, NULL, "id", "k-b k-c k-a", "k-a k-c k-b"},
    {WF_LIST_API_KEYS, NULL, "name", "k-a k-b k-c", "k-c k-b k-a"},
    {WF_LIST_API_KEYS, NULL, "owner", "k-b k-a k-c", "k-c k-b k-a"},
    {WF_LIST_API_KEYS, NULL, "rights", "k-c k-b k-a", "k-a k-b k-c"},
    {WF_LIST_API_KEYS, NULL, "created", "k-c k-a k-b", "k-b k-a k-c"},
    {WF_LIST_API_KEYS, NULL, "expires", "k-b k-a k-c", "k-c k-a k-b"},
    {WF_LIST_API_KEYS, "owner=ann", "name", "k-a k-b", "k-b k-a"},
    {WF_LIST_API_KEYS, "owner=cid", "id", "", ""},
    {WF_LIST_GRANTS, NULL, "id", "z<sales a=kermit a=waldorf z=waldorf",
     "z=waldorf a=waldorf a=kermit z<sales"},
    {WF_LIST_GRANTS, NULL, "processDefinitionKey", "a=kermit a=waldorf z<sales z=waldorf",
     "z<sales z=waldorf a=kermit a=waldorf"},
    {WF_LIST_GRANTS, NULL, "userId", "z<sales a=kermit a=waldorf z=waldorf",
     "a=waldorf z=waldorf a=kermit z<sales"},
    {WF_LIST_GRANTS, "key=z", "groupId", "z=waldorf z<sales", "z<sales z=waldorf"},
    {WF_LIST_GRANTS, "user=waldorf", "id", "a=waldorf z=waldorf", "z=waldorf a=waldorf"},
    {WF_LIST_GRANTS, "group=sales", "id", "z<sales", "z<sales"},

    /* What somebody sees by rights: any right shows definitions, reading the rest. */
    {WF_LIST_DEFINITIONS, "visibleTo=waldorf", "id", "a:1 a:2 z:1 z:2", "z:2 z:1 a:2 a:1"},
    {WF_LIST_DEFINITIONS, "visibleTo=statler", "id", "", ""},
    {WF_LIST_INSTANCES, "visibleTo=waldorf", "id", "0 2", "2 0"},
    {WF_LIST_INSTANCES, "visibleTo=waldorf", "startTime", "2 0", "0 2"},
    {WF_LIST_INSTANCES, "visibleTo=statler", "id", "", ""},
    {WF_LIST_INSTANCES, "visibleTo=waldorf&businessKey=k2", "id", "0", "0"},
    {WF_LIST_INSTANCES, "processDefinitionId=a:1&visibleTo=waldorf", "id", "", ""},
    {WF_LIST_TASKS, "involved=animal&visibleTo=waldorf", "id", "0 1 4 5", "5 4 1 0"},
    {WF_LIST_TASKS, "involved=animal&visibleTo=gonzo", "id", "0 1 2 3 4 5", "5 4 3 2 1 0"},
    {WF_LIST_TASKS, "involved=animal&visibleTo=statler", "id", "", ""},
    {WF_LIST_TASKS, "assignee=kermit&visibleTo=kermit", "priority", "4 3", "3 4"},
    {WF_LIST_TASKS, "candidate-group=sales&visibleTo=waldorf", "id", "1", "1"},
    {WF_LIST_EXTERNAL_TASKS, "visibleTo=waldorf", "id", "0 3", "3 0"},
    {WF_LIST_EXTERNAL_TASKS, "visibleTo=statler", "id", "", ""},
};

static int words(const char *text)
{
    int n = *text != '\0';

    for (; *text; text++) {
        n += *text == ' ';
    }
    return n;
}

static void check_orders(void)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        wf_page_t page = {.size = 100, .sort = orders[i].sort};
        const char *text;
        apr_int64_t total;

        text = listed(orders[i].list, orders[i].filters, &page, &total);
        is_str(text, orders[i].asc, "list %d by %s", orders[i].list, orders[i].sort);
        is_int(total, words(orders[i].asc), "… total");
        page.descending = 1;
        is_str(listed(orders[i].list, orders[i].filters, &page, &total),
               orders[i].desc, "… descending");
        /* Page by page the same rows in the same order. */
        text = "";
        page.size = 1;
        for (page.start = 0; page.start < words(orders[i].desc); page.start++) {
            const char *one =
                listed(orders[i].list, orders[i].filters, &page, &total);

            text = apr_pstrcat(pool, text, page.start ? " " : "", one, NULL);
        }
        is_str(text, orders[i].desc, "… page by page");
    }
}

/* Each key that a list offers is tried above. */
static void check_keys(void)
{
    for (int list = 0; list < WF_LISTS; list++) {
        for (const char *const *key = wf_store_sort_keys(list); *key; key++) {
            int tried = 0;

            for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
                tried |=
                    orders[i].list == (wf_list_e)list && !strcmp(orders[i].sort, *key);
            }
            ok(tried, "list %d: key %s is tested", list, *key);
        }
    }
}

static const struct {
    wf_page_t page;
    const char *rows;
} pages[] = {
    {{0, 10, NULL, 0}, "1002 1020 10100 10101"},
    {{0, 4, NULL, 0}, "1002 1020 10100 10101"},
    {{0, 2, NULL, 0}, "1002 1020"},
    {{2, 2, NULL, 0}, "10100 10101"},
    {{3, 2, NULL, 0}, "10101"},
    {{4, 2, NULL, 0}, ""},
    {{1000000, 10, NULL, 0}, ""},
    {{INT64_MAX, INT64_MAX, NULL, 0}, ""},
    {{-5, 2, NULL, 0}, "1002 1020"},
    {{INT64_MIN, INT64_MAX, NULL, 0}, "1002 1020 10100 10101"},
    {{0, 0, NULL, 0}, ""},
    {{0, -1, NULL, 0}, ""},
    {{1, 2, "name", 1}, "10100 10101"},
};

static void check_pages(void)
{
    wf_error_t *err = new_error();
    wf_page_t page = {.size = 10, .sort = "r.ID_; DROP TABLE ACT_RU_TASK"};
    apr_int64_t total;
    wf_rows_t rows;

    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        is_str(listed(WF_LIST_DEPLOYMENTS, NULL, &pages[i].page, &total),
               pages[i].rows, "start %lld, size %lld", (long long)pages[i].page.start,
               (long long)pages[i].page.size);
        is_int(total, 4, "… total");
    }
    ok(wf_store_list(reader, WF_LIST_DEPLOYMENTS, NULL, 0, &page, &rows, pool, err)
           == WF_EFAILED,
       "an unknown sort key");
    is_int(err->kind, WF_ERR_INVALID, "… is invalid");
    is_str(err->field, "sort", "… names its field");
    ok(strstr(err->message, page.sort) != NULL, "… and the value: %s", err->message);
    page.sort = NULL;
    is_str(listed(WF_LIST_RUNS, NULL, &page, &total), "exec-d exec-b exec-a exec-c",
           "runs come newest first");
    is_str(listed(WF_LIST_RUNS, "workflow=w1", &page, &total),
           "exec-d exec-b exec-c", "… of a workflow too");
}

/* Who only wants to see what there is does not read the documents of all. */
static void check_brief(void)
{
    for (int brief = 0; brief < 2; brief++) {
        wf_error_t *err = new_error();
        wf_list_e list = brief ? WF_LIST_RUN_HEADS : WF_LIST_RUNS;
        wf_page_t page = {.size = 10};
        wf_rows_t rows;
        wf_run_t *run;

        MUST(wf_store_list(reader, list, NULL, 0, &page, &rows, pool, err), err);
        run = APR_ARRAY_IDX(rows.rows, 0, wf_run_t *);
        is_int(rows.total, 4, "brief %d: all rows", brief);
        is_str(run->id, "exec-d", "… their keys");
        is_str(run->status, "running", "… and what is short");
        is_str(run->definition, brief ? NULL : "{}", "… the document");
        is_str(run->metrics, brief ? NULL : "[]", "… metrics");
        is_str(run->slave_states, brief ? NULL : "[]", "… states");
        is_str(run->errors, brief ? NULL : "[]", "… errors");
        is_str(run->baseline, brief ? NULL : "[]", "… the baseline");
    }
}

/* What a call may not ask for. */
static void refuse(wf_list_e list, const char *name, wf_value_t value, const char *field)
{
    wf_filter_t filter = {name, value};
    wf_error_t *err = new_error();
    wf_page_t page = {.size = 10};
    wf_rows_t rows;

    ok(wf_store_list(reader, list, &filter, 1, &page, &rows, pool, err) != APR_SUCCESS
           && err->kind == WF_ERR_INVALID,
       "list %d: no filter %s of that type", list, name);
    is_str(err->field, field, "… names it");
}

static void check_refusals(void)
{
    refuse(WF_LIST_DEPLOYMENTS, "assignee", wf_string("x"), "assignee");
    refuse(WF_LIST_TASKS, "assignee; DROP TABLE ACT_RU_TASK", wf_string("x"),
           "assignee; DROP TABLE ACT_RU_TASK");
    refuse(WF_LIST_TASKS, "assignee", wf_integer(1), "assignee");
    refuse(WF_LIST_TASKS, "process-instance", wf_string("1"), "process-instance");
    refuse(WF_LIST_TASKS, "dueDate", wf_integer(1), "dueDate");
    refuse(WF_LIST_JOBS, "only-timers", wf_string("true"), "only-timers");
    refuse(WF_LIST_JOBS, "executable", wf_boolean(1), "executable");
    /* Whose tasks? */
    refuse(WF_LIST_TASKS, "priority", wf_integer(1), NULL);
    refuse(WF_LIST_TASKS, "assignee", wf_null(), NULL);
}

/* ---- counts ---------------------------------------------------------------------- */

static const struct {
    const char *user;
    int assigned, unassigned;
    const char *groups;
} summaries[] = {
    {"kermit", 2, 4, "sales=2 management=1"},
    {"gonzo", 0, 2, "sales=2"},
    {"animal", 0, 2, "sales=2"},
    {"nobody", 0, 0, ""},
};

static void check_summaries(void)
{
    for (size_t i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++) {
        wf_error_t *err = new_error();
        wf_task_summary_t s;
        const char *groups = "";

        MUST(
            wf_store_task_summary(reader, summaries[i].user, "assignment", &s, pool, err),
            err);
        for (int g = 0; g < s.groups->nelts; g++) {
            wf_group_count_t *count = &APR_ARRAY_IDX(s.groups, g, wf_group_count_t);

            groups = apr_psprintf(pool, "%s%s%s=%d", groups, g ? " " : "",
                                  count->group_id, (int)count->count);
        }
        is_int(s.assigned, summaries[i].assigned, "%s: assigned", summaries[i].user);
        is_int(s.unassigned, summaries[i].unassigned, "… unassigned");
        is_str(groups, summaries[i].groups, "… by group");
    }
}

static void check_definitions(void)
{
    wf_error_t *err = new_error();
    wf_definition_t *row;
    apr_int64_t running;

    MUST(wf_store_latest_definition(reader, "z", &row, pool, err), err);
    is_str(row ? row->id : NULL, "z:2", "the newest version");
    MUST(wf_store_latest_definition(reader, "none", &row, pool, err), err);
    ok(!row, "of an unknown key: none");
    MUST(wf_store_running_instances(reader, 1002, &running, err), err);
    is_int(running, 3, "running instances of a deployment");
    MUST(wf_store_running_instances(reader, 1020, &running, err), err);
    is_int(running, 0, "… of another");
}

int main(void)
{
    begin_test();
    open_test_store();
    add_identities();
    add_deployments();
    add_tasks();
    add_starters();
    add_history();
    add_jobs();
    add_externals();
    add_incidents();
    add_runs();
    add_keys();
    add_grants();
    check_orders();
    check_keys();
    check_pages();
    check_brief();
    check_summaries();
    check_definitions();
    check_refusals();
    close_test_store();
    return end_test();
}
