/* Relations: rows that have something in common, mostly a parent, found without a look at
 * any other row. In the store an index does that. In a unit of work a family does: all
 * rows of the unit that belong to one parent.
 *
 *  1. A relation has families only once it was asked for; then each row of its table is
 *     put into the one where it belongs, and with every change it is asked again.
 *  2. A row that moves away stays in its old family until somebody looks there: it knows
 *     where it was put last. So a move costs nothing more, and a look is paid for once.
 *  3. The row that was made last is looked at again each time, as long as its maker may
 *     still be filling it in.
 *  4. A family that is complete has been read from the store: from then on the unit's
 * rows are all there are. One whose parent the unit has made is complete from the start.
 */
#include "store/internal.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct wf_family_t {
    wf_id_t parent;       /* or … */
    const char *texts[2]; /* the second is NULL if the relation has only one */
    int complete;
    apr_array_header_t *rows; /* of T *; some may have moved away or be twice there */
};

/* ---- the table of relations -------------------------------------------------------- */

static int waits_at_join(const void *row)
{
    return ((const wf_execution_t *)row)->role == WF_ROLE_JOIN;
}

static int job_has_no_instance(const void *row)
{
    return !((const wf_job_t *)row)->proc_inst_id;
}

static int subscription_has_no_execution(const void *row)
{
    return !((const wf_subscription_t *)row)->execution_id;
}

/* clang-format off */
const wf_relation_def_t wf_relations[WF_BY_RELATIONS] = {
    /* rows, the column that refers, to what */
    [WF_BY_EXECUTIONS_OF_INSTANCE] =
        { WF_TABLE_EXECUTION,    "PROC_INST_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_CHILDREN_OF_EXECUTION] =
        { WF_TABLE_EXECUTION,    "PARENT_ID_",           WF_TABLE_EXECUTION,
          .instance = "PROC_INST_ID_" },
    [WF_BY_JOINS_OF_EXECUTION] =
        { WF_TABLE_EXECUTION,    "PARENT_ID_",           WF_TABLE_EXECUTION,
          .condition = "r.ROLE_ = 2", .holds = waits_at_join },
    [WF_BY_CALLED_BY_EXECUTION] =
        { WF_TABLE_EXECUTION,    "SUPER_EXEC_",          WF_TABLE_EXECUTION },
    [WF_BY_TASKS_OF_EXECUTION] =
        { WF_TABLE_TASK,         "EXECUTION_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_TASKS_OF_INSTANCE] =
        { WF_TABLE_TASK,         "PROC_INST_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_LINKS_OF_TASK] =
        { WF_TABLE_IDENTITYLINK, "TASK_ID_",             WF_TABLE_TASK },
    [WF_BY_VARIABLES_OF_INSTANCE] =
        { WF_TABLE_VARIABLE,     "PROC_INST_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_VARIABLES_OF_EXECUTION] =
        { WF_TABLE_VARIABLE,     "EXECUTION_ID_",        WF_TABLE_EXECUTION,
          .instance = "PROC_INST_ID_" },
    [WF_BY_VARIABLES_OF_TASK] =
        { WF_TABLE_VARIABLE,     "TASK_ID_",             WF_TABLE_TASK },
    [WF_BY_JOBS_OF_INSTANCE] =
        { WF_TABLE_JOB,          "PROCESS_INSTANCE_ID_", WF_TABLE_EXECUTION },
    [WF_BY_JOBS_OF_EXECUTION] =
        { WF_TABLE_JOB,          "EXECUTION_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_DEFINITIONS_OF_DEPLOYMENT] =
        { WF_TABLE_DEFINITION,   "DEPLOYMENT_ID_",       WF_TABLE_DEPLOYMENT },
    [WF_BY_DECISIONS_OF_DEPLOYMENT] =
        { WF_TABLE_DECISION,     "DEPLOYMENT_ID_",       WF_TABLE_DEPLOYMENT },
    [WF_BY_RESOURCES_OF_DEPLOYMENT] =
        { WF_TABLE_BYTEARRAY,    "DEPLOYMENT_ID_",       WF_TABLE_DEPLOYMENT },
    [WF_BY_SUBTASKS_OF_TASK] =
        { WF_TABLE_TASK,         "PARENT_TASK_ID_",      WF_TABLE_TASK },
    [WF_BY_ATTACHMENTS_OF_TASK] =
        { WF_TABLE_ATTACHMENT,   "TASK_ID_",             WF_TABLE_TASK },
    [WF_BY_SUBSCRIPTIONS_OF_INSTANCE] =
        { WF_TABLE_SUBSCRIPTION, "PROC_INST_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_SUBSCRIPTIONS_OF_EXECUTION] =
        { WF_TABLE_SUBSCRIPTION, "EXECUTION_ID_",        WF_TABLE_EXECUTION,
          .instance = "PROC_INST_ID_" },
    [WF_BY_EXTERNAL_TASKS_OF_EXECUTION] =
        { WF_TABLE_EXTERNAL_TASK, "EXECUTION_ID_",       WF_TABLE_EXECUTION,
          .instance = "PROC_INST_ID_" },
    [WF_BY_INCIDENTS_OF_INSTANCE] =
        { WF_TABLE_INCIDENT,     "PROC_INST_ID_",        WF_TABLE_EXECUTION },
    [WF_BY_INCIDENTS_OF_CONFIGURATION] =
        { WF_TABLE_INCIDENT,     "CONFIGURATION_",       WF_TABLE_JOB },
    [WF_BY_HI_TASKS_OF_INSTANCE] =
        { WF_TABLE_HI_TASKINST,  "PROC_INST_ID_",        WF_TABLE_HI_PROCINST },
    [WF_BY_HI_ACTIVITIES_OF_INSTANCE] =
        { WF_TABLE_HI_ACTINST,   "PROC_INST_ID_",        WF_TABLE_HI_PROCINST },
    [WF_BY_HI_DETAILS_OF_INSTANCE] =
        { WF_TABLE_HI_DETAIL,    "PROC_INST_ID_",        WF_TABLE_HI_PROCINST },
    [WF_BY_HI_DETAILS_OF_TASK] =
        { WF_TABLE_HI_DETAIL,    "TASK_ID_",             WF_TABLE_HI_TASKINST },
    [WF_BY_HI_VARIABLES_OF_INSTANCE] =
        { WF_TABLE_HI_VARINST,   "PROC_INST_ID_",        WF_TABLE_HI_PROCINST },
    [WF_BY_HI_LINKS_OF_TASK] =
        { WF_TABLE_HI_LINK,      "TASK_ID_",             WF_TABLE_HI_TASKINST },
    [WF_BY_POINTS_OF_RUN] =
        { WF_TABLE_POINT,        "RUN_ID_",              WF_TABLE_CHECKPOINT },

    [WF_BY_SUBSCRIPTIONS_TO] =
        { WF_TABLE_SUBSCRIPTION, "EVENT_TYPE_",          WF_TABLES,
          .second = "EVENT_NAME_" },
    [WF_BY_SUBSCRIPTIONS_OF_DEFINITION] =
        { WF_TABLE_SUBSCRIPTION, "CONFIGURATION_",       WF_TABLES,
          .condition = "r.EXECUTION_ID_ IS NULL", .holds = subscription_has_no_execution },
    [WF_BY_JOBS_OF_DEFINITION] =
        { WF_TABLE_JOB,          "PROC_DEF_ID_",         WF_TABLES,
          .condition = "r.PROCESS_INSTANCE_ID_ IS NULL", .holds = job_has_no_instance },
    [WF_BY_LINKS_OF_DEFINITION] =
        { WF_TABLE_IDENTITYLINK, "PROC_DEF_ID_",         WF_TABLES },
    [WF_BY_GRANTS_OF_KEY] =
        { WF_TABLE_GRANT,        "KEY_",                 WF_TABLES },
    [WF_BY_GRANTS_OF_USER] =
        { WF_TABLE_GRANT,        "USER_ID_",             WF_TABLES },
    [WF_BY_GRANTS_OF_GROUP] =
        { WF_TABLE_GRANT,        "GROUP_ID_",            WF_TABLES },
};
/* clang-format on */

/* ---- where a row belongs ----------------------------------------------------------- */

static const void *member(const wf_relation_def_t *def, const char *column,
                          const void *row)
{
    return (const char *)row + wf_table_column(&wf_tables[def->table], column)->offset;
}

/* Fill what tells the family of a row; 0 if it has none. */
static int family_of(wf_relation_e relation, const void *row, wf_family_t *key)
{
    const wf_relation_def_t *def = &wf_relations[relation];

    *key = (wf_family_t){ 0 };
    if (def->holds && !def->holds(row)) {
        return 0;
    }
    if (def->parent != WF_TABLES) {
        key->parent = *(const wf_id_t *)member(def, def->column, row);
        return key->parent != 0;
    }
    key->texts[0] = *(const char *const *)member(def, def->column, row);
    if (def->second) {
        key->texts[1] = *(const char *const *)member(def, def->second, row);
    }
    return key->texts[0] && (!def->second || key->texts[1]);
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static int same_family(const wf_family_t *a, const wf_family_t *b)
{
    return a->parent == b->parent && same_text(a->texts[0], b->texts[0])
           && same_text(a->texts[1], b->texts[1]);
}

static wf_family_t *make_family(wf_uow_t *uow, const wf_family_t *key)
{
    wf_family_t *family = apr_pcalloc(uow->pool, sizeof(*family));

    family->parent = key->parent;
    for (int i = 0; i < 2; i++) {
        family->texts[i] = apr_pstrdup(uow->pool, key->texts[i]);
    }
    family->rows = apr_array_make(uow->pool, 2, sizeof(void *));
    return family;
}

/* By the id, or by both texts in one: a length in front keeps them apart. */
static wf_family_t *find_family(wf_uow_t *uow, wf_relation_e relation,
                                const wf_family_t *key)
{
    apr_hash_t *families = uow->relations[relation].families;
    const void *bytes = &key->parent;
    apr_ssize_t length = sizeof(key->parent);
    wf_family_t *family;

    if (key->texts[0]) {
        bytes = apr_psprintf(uow->pool, "%" APR_SIZE_T_FMT " %s%s", strlen(key->texts[0]),
                             key->texts[0], key->texts[1] ? key->texts[1] : "");
        length = APR_HASH_KEY_STRING;
    }
    family = apr_hash_get(families, bytes, length);
    if (!family) {
        family = make_family(uow, key);
        apr_hash_set(families, key->texts[0] ? bytes : &family->parent, length, family);
    }
    return family;
}

/* Which of a row's families a relation's is: relations of a table are numbered. */
static int kinship(wf_relation_e relation)
{
    int n = 0;

    for (int i = 0; i < (int)relation; i++) {
        n += wf_relations[i].table == wf_relations[relation].table;
    }
    assert(n < WF_MAX_KINSHIPS);
    return n;
}

static void place(wf_uow_t *uow, wf_relation_e relation, int slot, void *row)
{
    wf_family_t **where = &WF_ENTRY_OF(row)->families[slot], key;

    if (!family_of(relation, row, &key)) {
        *where = NULL;
    }
    else if (!*where || !same_family(*where, &key)) {
        *where = find_family(uow, relation, &key);
        APR_ARRAY_PUSH((*where)->rows, void *) = row;
    }
}

static int row_count(const wf_uow_t *uow, wf_relation_e relation)
{
    const apr_array_header_t *rows = uow->tables[wf_relations[relation].table].rows;

    return rows ? rows->nelts : 0;
}

static void *row_at(const wf_uow_t *uow, wf_relation_e relation, int i)
{
    return APR_ARRAY_IDX(uow->tables[wf_relations[relation].table].rows, i, void *);
}

/* Rows that came since the relation was last asked for. */
static void place_new(wf_uow_t *uow, wf_relation_e relation)
{
    int count = row_count(uow, relation), slot = kinship(relation);

    for (int i = uow->relations[relation].placed; i < count; i++) {
        place(uow, relation, slot, row_at(uow, relation, i));
    }
    uow->relations[relation].placed = count > 0 ? count - 1 : 0;
}

void wf_families_update(wf_uow_t *uow, void *row)
{
    int slot = 0;

    for (int i = 0; i < WF_BY_RELATIONS; i++) {
        if (wf_relations[i].table == ((wf_row_t *)row)->table) {
            if (uow->relations[i].families) {
                place(uow, i, slot, row);
            }
            slot++;
        }
    }
}

static int is_in_place(wf_relation_e relation, int slot, const void *row)
{
    const wf_family_t *family = WF_ENTRY_OF(row)->families[slot];
    wf_family_t key;

    return family_of(relation, row, &key) ? family && same_family(family, &key) : !family;
}

apr_status_t wf_families_check(const wf_uow_t *uow, wf_error_t *err)
{
    for (int i = 0; i < WF_BY_RELATIONS; i++) {
        int slot = kinship(i);

        for (int r = 0; r < uow->relations[i].placed; r++) {
            const void *row = row_at(uow, i, r);

            if (!wf_row_is_gone(row) && !is_in_place(i, slot, row)) {
                return wf_error_set(err, WF_ERR_INTERNAL,
                                    "%s changed %s without saying so",
                                    wf_row_label(row, uow->pool), wf_relations[i].column);
            }
        }
    }
    return APR_SUCCESS;
}

/* ---- reading ----------------------------------------------------------------------- */

/* 1 if nobody else can refer to the parent, so new is it. */
static int has_new_parent(const wf_uow_t *uow, wf_relation_e relation, wf_id_t id)
{
    wf_table_e table = wf_relations[relation].parent;
    const wf_row_t *row = table == WF_TABLES ? NULL : wf_uow_find(uow, table, id);

    return row && (row->state == WF_ROW_INSERTED || row->state == WF_ROW_VANISHED);
}

static apr_status_t complete(wf_uow_t *uow, wf_relation_e relation, wf_family_t *family,
                             wf_error_t *err)
{
    wf_table_e table = wf_relations[relation].table;
    apr_array_header_t *rows = apr_array_make(uow->pool, 8, sizeof(void *));
    wf_cell_t key[2] = { wf_cell_integer(family->parent) };
    int count = 1;
    apr_status_t rv;

    if (family->texts[0]) {
        key[0] = wf_cell_text(family->texts[0]);
        key[1] = wf_cell_text(family->texts[1]);
        count = family->texts[1] ? 2 : 1;
    }
    rv = wf_store_relation(uow->reader, relation, key, count, WF_ENTRY_SIZE, rows,
                           uow->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < rows->nelts; i++) {
        void *row = APR_ARRAY_IDX(rows, i, void *);

        if (!(wf_table_has_id(table)
                  ? wf_uow_find(uow, table, *wf_row_id(row))
                  : wf_uow_find_key(uow, table, wf_row_text_key(row)))) {
            wf_uow_adopt(uow, row);
        }
    }
    family->complete = 1;
    return APR_SUCCESS;
}

static int by_id(const void *a, const void *b)
{
    wf_id_t x = *wf_row_id(*(void *const *)a), y = *wf_row_id(*(void *const *)b);

    return x < y ? -1 : x > y;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(wf_row_text_key(*(void *const *)a), wf_row_text_key(*(void *const *)b));
}

/* Put the family in order: without rows that went or moved away, each once. */
static void tidy(wf_uow_t *uow, wf_relation_e relation, wf_family_t *family)
{
    void **rows = (void **)family->rows->elts;
    int slot = kinship(relation), count = 0, kept = 0;

    for (int i = 0; i < family->rows->nelts; i++) {
        place(uow, relation, slot, rows[i]);
        if (!wf_row_is_gone(rows[i]) && WF_ENTRY_OF(rows[i])->families[slot] == family) {
            rows[count++] = rows[i];
        }
    }
    qsort(rows, count, sizeof(void *),
          wf_table_has_id(wf_relations[relation].table) ? by_id : by_key);
    for (int i = 0; i < count; i++) {
        if (!i || rows[i] != rows[i - 1]) {
            rows[kept++] = rows[i];
        }
    }
    family->rows->nelts = kept;
}

static apr_status_t select_rows(wf_uow_t *uow, wf_relation_e relation,
                                const wf_family_t *key, apr_array_header_t **rows,
                                wf_error_t *err)
{
    wf_family_t *family;
    apr_status_t rv = APR_SUCCESS;

    if (!uow->relations[relation].families) {
        uow->relations[relation].families = apr_hash_make(uow->pool);
    }
    family = find_family(uow, relation, key);
    if (!family->complete && !has_new_parent(uow, relation, key->parent)) {
        rv = complete(uow, relation, family, err);
    }
    if (rv == APR_SUCCESS) {
        place_new(uow, relation);
        tidy(uow, relation, family);
        *rows = apr_array_copy(uow->pool, family->rows);
    }
    return rv;
}

apr_status_t wf_uow_select(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent,
                           apr_array_header_t **rows, wf_error_t *err)
{
    wf_family_t key = { .parent = parent };

    assert(wf_relations[relation].parent != WF_TABLES);
    return select_rows(uow, relation, &key, rows, err);
}

apr_status_t wf_uow_select_by_name(wf_uow_t *uow, wf_relation_e relation,
                                   const char *type, const char *name,
                                   apr_array_header_t **rows, wf_error_t *err)
{
    wf_family_t key = { .texts = { type, name } };

    assert(wf_relations[relation].second && type && name);
    return select_rows(uow, relation, &key, rows, err);
}

apr_status_t wf_uow_select_of_definition(wf_uow_t *uow, wf_table_e table,
                                         const char *definition_id,
                                         apr_array_header_t **rows, wf_error_t *err)
{
    wf_family_t key = { .texts = { definition_id } };

    assert(definition_id);
    switch (table) {
    case WF_TABLE_JOB:
        return select_rows(uow, WF_BY_JOBS_OF_DEFINITION, &key, rows, err);
    case WF_TABLE_IDENTITYLINK:
        return select_rows(uow, WF_BY_LINKS_OF_DEFINITION, &key, rows, err);
    default:
        assert(table == WF_TABLE_SUBSCRIPTION);
        return select_rows(uow, WF_BY_SUBSCRIPTIONS_OF_DEFINITION, &key, rows, err);
    }
}

apr_status_t wf_uow_select_grants(wf_uow_t *uow, wf_relation_e relation, const char *text,
                                  apr_array_header_t **rows, wf_error_t *err)
{
    wf_family_t family = { .texts = { text } };

    assert(wf_relations[relation].table == WF_TABLE_GRANT && text);
    return select_rows(uow, relation, &family, rows, err);
}
