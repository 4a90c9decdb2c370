/* Which tasks a candidate may claim: as they are made, claimed, released and deleted. */
#include "store_test.h"

#include "store/internal.h"

static wf_id_t tasks[4]; /* 0 and 2 of one group, 1 of two, 3 is kermit's already */

static void add_tasks(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *execution = add_instance(uow, "p:1");

    for (int i = 0; i < 4; i++) {
        wf_task_t *task = add_task(uow, execution, i % 2 ? "a" : "b");

        tasks[i] = task->id;
        task->assignee = i == 3 ? "kermit" : NULL;
        add_link(uow, task, NULL, "sales");
        if (i == 1) {
            add_link(uow, task, NULL, "sales"); /* counts once */
            add_link(uow, task, NULL, "buyers");
            add_link(uow, task, "gonzo", NULL);
        }
        add_link(uow, task, "animal", NULL)->type = "participant";
    }
    must_commit(uow, "tasks");
}

static void add_people(void)
{
    wf_uow_t *uow = new_unit();

    add_user(uow, "gonzo", NULL, NULL, NULL);
    add_group(uow, "sales", NULL, "assignment");
    add_group(uow, "buyers", NULL, "assignment");
    add_member(uow, "gonzo", "sales");
    add_member(uow, "gonzo", "buyers");
    must_commit(uow, "people");
}

/* ---- what is seen ---------------------------------------------------------------- */

/* Tasks of a page as small numbers, and the total. */
static const char *listed(const char *filter, const char *value, const wf_page_t *page)
{
    wf_filter_t given = { filter, wf_string(value) };
    wf_error_t *err = new_error();
    const char *text = "";
    wf_rows_t rows;

    MUST(wf_store_list(reader, WF_LIST_TASKS, &given, 1, page, &rows, pool, err), err);
    for (int i = 0; i < rows.rows->nelts; i++) {
        const wf_task_t *task = APR_ARRAY_IDX(rows.rows, i, wf_task_t *);
        int number = 0;

        while (number < 4 && tasks[number] != task->id) {
            number++;
        }
        text = apr_psprintf(pool, "%s%d ", text, number);
    }
    return apr_psprintf(pool, "%s(%d)", text, (int)rows.total);
}

/* The same tasks by id, by name and in the counts of a summary. */
static void see(const char *sales, const char *gonzo, const char *what)
{
    static const wf_page_t all = { .size = 10 }, none = { .size = 0 };
    wf_page_t by_name = { .size = 10, .sort = "name" };
    wf_error_t *err = new_error();
    wf_task_summary_t summary;

    is_str(listed("candidate-group", "sales", &all), sales, "%s: of the group", what);
    is_str(listed("candidate-group", "sales", &none), strchr(sales, '('), "… counted");
    is_str(listed("candidate", "gonzo", &all), gonzo, "… of a member");
    is_str(strchr(listed("candidate", "gonzo", &by_name), '('), strchr(gonzo, '('),
           "… in another order");
    MUST(wf_store_task_summary(reader, "gonzo", "assignment", &summary, pool, err), err);
    is_int(summary.unassigned, atoi(strchr(gonzo, '(') + 1), "… in his summary");
    for (int i = 0; i < summary.groups->nelts; i++) {
        wf_group_count_t *group = &APR_ARRAY_IDX(summary.groups, i, wf_group_count_t);

        if (!strcmp(group->group_id, "sales")) {
            is_int(group->count, atoi(strchr(sales, '(') + 1), "… and that of the group");
        }
    }
}

/* ---- changes --------------------------------------------------------------------- */

static wf_task_t *get_task(wf_uow_t *uow, int i)
{
    wf_error_t *err = new_error();
    wf_task_t *task;

    MUST(wf_uow_get(uow, WF_TABLE_TASK, tasks[i], &task, err), err);
    return task;
}

static void assign(int i, const char *user)
{
    wf_uow_t *uow = new_unit();
    wf_task_t *task = get_task(uow, i);

    task->assignee = user;
    wf_uow_update(uow, task);
    must_commit(uow, "assign");
}

static void delete_task(int i)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    apr_array_header_t *links;

    MUST(wf_uow_select(uow, WF_BY_LINKS_OF_TASK, tasks[i], &links, err), err);
    for (int n = 0; n < links->nelts; n++) {
        wf_uow_delete(uow, APR_ARRAY_IDX(links, n, void *));
    }
    wf_uow_delete(uow, get_task(uow, i));
    must_commit(uow, "delete a task");
}

static void check_claims(void)
{
    see("0 1 2 (3)", "0 1 2 (3)", "new");
    assign(0, "kermit");
    see("1 2 (2)", "1 2 (2)", "claimed");
    assign(0, "gonzo");
    see("1 2 (2)", "1 2 (2)", "given to another");
    assign(1, "kermit");
    see("2 (1)", "2 (1)", "one with several links is claimed");
    assign(3, NULL);
    see("2 3 (2)", "2 3 (2)", "one that was assigned is released");
    assign(0, NULL);
    assign(1, NULL);
    see("0 1 2 3 (4)", "0 1 2 3 (4)", "all are released");
    delete_task(1);
    see("0 2 3 (3)", "0 2 3 (3)", "one is deleted");
}

/* Candidates that come later. */
static void check_more_links(void)
{
    wf_uow_t *uow = new_unit();

    add_link(uow, get_task(uow, 0), NULL, "sales");
    add_link(uow, get_task(uow, 2), NULL, "buyers");
    must_commit(uow, "more candidates");
    see("0 2 3 (3)", "0 2 3 (3)", "candidates are added");
    assign(3, "kermit");
    uow = new_unit();
    add_link(uow, get_task(uow, 3), NULL, "buyers");
    must_commit(uow, "a candidate of an assigned task");
    see("0 2 (2)", "0 2 (2)", "… to an assigned task");
    uow = new_unit();
    add_link(uow, get_task(uow, 2), "gonzo", NULL);
    get_task(uow, 2)->assignee = "kermit";
    wf_uow_update(uow, get_task(uow, 2));
    must_commit(uow, "candidate and claim");
    see("0 (1)", "0 (1)", "… in the unit that claims the task");
    uow = new_unit();
    add_link(uow, get_task(uow, 2), NULL, "sales");
    get_task(uow, 2)->assignee = NULL;
    wf_uow_update(uow, get_task(uow, 2));
    must_commit(uow, "candidate and release");
    see("0 2 (2)", "0 2 (2)", "… in the unit that releases it");
}

/* Units of one batch: each sees what those before it have written. */
static void check_batch(void)
{
    wf_uow_t *units[] = { new_unit(), new_unit() };
    wf_error_t outcomes[2], *err = new_error();
    wf_task_t *task = get_task(units[0], 0);

    task->assignee = "kermit";
    wf_uow_update(units[0], task);
    add_link(units[1], get_task(units[1], 0), NULL, "buyers");
    MUST(wf_store_commit(writer, ids, units, 2, outcomes, err), err);
    see("2 (1)", "2 (1)", "claimed and offered to more in one batch");
    assign(0, NULL);
    see("0 2 (2)", "0 2 (2)", "… and released");
}

/* Of more groups than are merged in order. */
static void check_many_groups(void)
{
    wf_uow_t *uow = new_unit();
    wf_page_t page = { .size = 1, .start = 1 };

    add_user(uow, "everywhere", NULL, NULL, NULL);
    for (int i = 0; i < 2 * WF_MAX_FANS; i++) {
        const char *group = apr_psprintf(pool, "group-%d", i);

        add_group(uow, group, NULL, NULL);
        add_member(uow, "everywhere", group);
        add_link(uow, get_task(uow, i % 2 ? 0 : 2), NULL, group);
    }
    add_link(uow, get_task(uow, 3), "everywhere", NULL); /* assigned */
    must_commit(uow, "many groups");
    is_str(listed("candidate", "everywhere", &page), "2 (2)", "of very many groups");
    page.descending = 1;
    is_str(listed("candidate", "everywhere", &page), "0 (2)", "… descending");
    page = (wf_page_t){ .size = 10, .sort = "name" };
    is_str(listed("candidate", "everywhere", &page), "0 2 (2)", "… in another order");
}

int main(void)
{
    begin_test();
    open_test_store();
    deploy_process();
    add_people();
    add_tasks();
    check_claims();
    check_more_links();
    check_batch();
    check_many_groups();
    close_test_store();
    return end_test();
}
