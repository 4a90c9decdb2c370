/* External tasks for workers. What nobody has is in one index, in the order in which it
 * is fetched; what somebody had is in another, by the end of its lock. So neither tasks
 * that others hold nor other topics are looked at. */
#include "store/internal.h"

#include <stdlib.h>

typedef struct taking_t {
    const wf_fetch_t *fetch;
    apr_array_header_t *tasks;
    int left; /* of this statement */
    apr_pool_t *p, *scratch;
} taking_t;

/* A row that is not wanted leaves nothing behind. APR_EOF: enough. */
static apr_status_t take_task(void *baton, const wf_cell_t *cells, int count,
                              wf_error_t *err)
{
    taking_t *t = baton;
    apr_pool_t *p = t->fetch->wanted ? t->scratch : t->p;
    void *row;
    apr_status_t rv = wf_row_read(&row, WF_TABLE_EXTERNAL_TASK, cells, 0, p, err);

    (void)count;
    if (rv == APR_SUCCESS && t->fetch->wanted) {
        int wanted = t->fetch->wanted(t->fetch->baton, row);

        apr_pool_clear(t->scratch);
        if (!wanted) {
            return APR_SUCCESS;
        }
        rv = wf_row_read(&row, WF_TABLE_EXTERNAL_TASK, cells, 0, t->p, err);
    }
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(t->tasks, void *) = row;
        rv = --t->left > 0 ? APR_SUCCESS : APR_EOF;
    }
    return rv;
}

static apr_status_t run(wf_store_t *store, wf_query_e query, const wf_cell_t *args,
                        int count, taking_t *taking, wf_error_t *err)
{
    wf_stmt_t **stmt = &store->query[query];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_query(store->driver, query, store->pool), err);

    taking->left = taking->fetch->limit;
    if (rv == APR_SUCCESS) {
        rv = store->driver->run(store, *stmt, args, count, take_task, taking, NULL, err);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/* Up to limit ready ones and as many expired ones; the end of the first lock that is not
 * over. */
static apr_status_t take_topic(wf_store_t *store, const char *topic, taking_t *taking,
                               apr_int64_t *next, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_text(topic), wf_cell_integer(taking->fetch->now),
                         wf_cell_integer(WF_MAX_EXPIRED) };
    apr_int64_t end;
    apr_status_t rv = run(store, WF_QUERY_READY_TASKS, args, 1, taking, err);

    if (rv == APR_SUCCESS) {
        rv = run(store, WF_QUERY_EXPIRED_TASKS, args, 3, taking, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_fixed(store, WF_SQL_LOCKS_NEXT, args, 2, &end, err);
    }
    if (rv == APR_SUCCESS && end && (!*next || end < *next)) {
        *next = end;
    }
    return rv;
}

static int in_order(const void *a, const void *b)
{
    const wf_external_task_t *x = *(wf_external_task_t *const *)a;
    const wf_external_task_t *y = *(wf_external_task_t *const *)b;

    if (x->priority != y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The first ones of all topics together; a topic may have been asked for twice. */
static void choose(apr_array_header_t *tasks, int limit)
{
    wf_external_task_t **row = (wf_external_task_t **)tasks->elts;
    int kept = 0;

    qsort(tasks->elts, tasks->nelts, tasks->elt_size, in_order);
    for (int i = 0; i < tasks->nelts && kept < limit; i++) {
        if (!kept || row[i]->id != row[kept - 1]->id) {
            row[kept++] = row[i];
        }
    }
    tasks->nelts = kept;
}

apr_status_t wf_store_fetchable(wf_store_t *store, const wf_fetch_t *fetch,
                                apr_array_header_t **tasks, apr_int64_t *next,
                                apr_pool_t *p, wf_error_t *err)
{
    taking_t taking = { .fetch = fetch, .p = p };
    apr_status_t rv;

    *next = 0;
    *tasks = taking.tasks = apr_array_make(p, 8, sizeof(wf_external_task_t *));
    if (fetch->limit <= 0) {
        return APR_SUCCESS;
    }
    rv = store->driver->transact(store, WF_TX_READ, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&taking.scratch, p);
    apr_pool_tag(taking.scratch, "wf_fetch");
    for (int i = 0; i < fetch->count && rv == APR_SUCCESS; i++) {
        rv = take_topic(store, fetch->topics[i], &taking, next, err);
    }
    apr_pool_destroy(taking.scratch);
    choose(taking.tasks, fetch->limit);
    return wf_store_read_end(store, rv, err);
}

/* ---- topics ---------------------------------------------------------------------- */

apr_status_t wf_store_topics(wf_store_t *store, unsigned flags, apr_int64_t now,
                             const char *visible_to, apr_array_header_t **names,
                             apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_integer((flags & WF_TOPICS_LOCKED) != 0),
                         wf_cell_integer((flags & WF_TOPICS_UNLOCKED) != 0),
                         wf_cell_integer((flags & WF_TOPICS_RETRIES) != 0),
                         wf_cell_integer(now), wf_cell_text(visible_to) };

    *names = apr_array_make(p, 4, sizeof(const char *));
    return wf_store_texts(store, WF_SQL_TOPICS, args, 5, *names, err);
}
