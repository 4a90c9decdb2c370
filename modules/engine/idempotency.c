/* Commands of requests with an Idempotency-Key: each is done once, however often its
 * request comes.
 *
 * While one of a request's commands is on its way, its key is in memory, and another one
 * with that key is refused.
 *
 * What a command replies is a row of its own unit of work: it is on disk if, and only if,
 * the effect is. What fails leaves none, so that its request may be tried again.
 *
 * Before a command is begun its row is looked for; if it is there, that is the reply. A
 * key is let go after its command's commit, so whoever gets it next finds the row. */
#include "engine/internal.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

struct wf_keys_t {
    pthread_mutex_t lock; /* of taken; held for a look-up */
    apr_hash_t *taken;    /* key -> itself, in the pool of who has it */
};

wf_keys_t *wf_keys_create(apr_pool_t *p)
{
    wf_keys_t *keys = apr_pcalloc(p, sizeof(*keys));

    pthread_mutex_init(&keys->lock, NULL);
    keys->taken = apr_hash_make(p);
    return keys;
}

int wf_keys_take(wf_keys_t *keys, const char *key)
{
    int is_free;

    pthread_mutex_lock(&keys->lock);
    is_free = !apr_hash_get(keys->taken, key, APR_HASH_KEY_STRING);
    if (is_free) {
        apr_hash_set(keys->taken, key, APR_HASH_KEY_STRING, key);
    }
    pthread_mutex_unlock(&keys->lock);
    return is_free;
}

void wf_keys_give(wf_keys_t *keys, const char *key)
{
    pthread_mutex_lock(&keys->lock);
    apr_hash_set(keys->taken, key, APR_HASH_KEY_STRING, NULL);
    pthread_mutex_unlock(&keys->lock);
}

/* The entry that is there keeps its pointer to the key, which would go with its pool. */
static void hand_over(wf_keys_t *keys, const char *copy)
{
    pthread_mutex_lock(&keys->lock);
    apr_hash_set(keys->taken, copy, APR_HASH_KEY_STRING, NULL);
    apr_hash_set(keys->taken, copy, APR_HASH_KEY_STRING, copy);
    pthread_mutex_unlock(&keys->lock);
}

/* ---- a command's row ----------------------------------------------------------------------- */

static apr_status_t reused(wf_error_t *err)
{
    return wf_error_set(
        err, WF_ERR_REUSED,
        "the Idempotency-Key was used for a request with another content");
}

/* The row of the command if it is done; *id is what it has or will have. */
static apr_status_t find(wf_work_t *work, const wf_once_t *once, wf_idempotency_t **row,
                         const char **id, wf_error_t *err)
{
    apr_status_t rv;

    *id = once->key;
    rv = wf_store_get_by_key(work->reader, WF_TABLE_IDEMPOTENCY, *id, row, work->pool,
                             err);
    if (rv != APR_SUCCESS || !*row) {
        return rv;
    }
    if (strcmp((*row)->fingerprint, once->fingerprint) != 0) {
        return reused(err);
    }
    if (strcmp((*row)->step, once->step) == 0) {
        return APR_SUCCESS;
    }
    *id = apr_pstrcat(work->pool, once->key, ":", once->step, NULL);
    return wf_store_get_by_key(work->reader, WF_TABLE_IDEMPOTENCY, *id, row, work->pool,
                               err);
}

apr_status_t wf_once_find(wf_work_t *work, const wf_once_t *once, int *done,
                          wf_error_t *err)
{
    wf_idempotency_t *row;
    apr_status_t rv = find(work, once, &row, &work->once_id, err);

    *done = 0;
    if (rv != APR_SUCCESS || !row) {
        return rv;
    }
    *done = 1;
    return wf_json_read(&work->reply, row->reply, strlen(row->reply), work->pool, err);
}

void wf_once_keep(wf_work_t *work, const wf_once_t *once, json_object *reply)
{
    wf_idempotency_t *row = wf_uow_insert(work->uow, WF_TABLE_IDEMPOTENCY);

    row->id = work->once_id;
    row->seq = work->once_seq = wf_uow_next_id(work->uow);
    row->created = wf_time_ms();
    row->fingerprint = once->fingerprint;
    row->step = once->step;
    row->reply = reply ? wf_json_text(reply, NULL, work->pool) : "{}";
}

/* ---- an answer that is taken back ------------------------------------------------------------ */

typedef struct taken_back_t {
    const char *key;
    wf_id_t seq;
} taken_back_t;

static apr_status_t delete_row(wf_work_t *work, wf_error_t *err)
{
    const taken_back_t *back = work->baton;

    (void)err;
    wf_uow_purge(work->uow, WF_PURGE_ANSWER, back->seq);
    return APR_SUCCESS;
}

static void deleted(wf_work_t *work, const wf_error_t *err)
{
    const taken_back_t *back = work->baton;

    if (err->kind != WF_ERR_NONE) {
        wf_log(WF_LOG_ERR,
               "a request that has failed will be answered as if it had not: %s",
               err->message);
    }
    wf_keys_give(work->engine->keys_taken, back->key);
}

void wf_once_take_back(wf_work_t *work)
{
    wf_work_t *next;
    taken_back_t *back;

    if (!work->once) {
        return;
    }
    next = wf_work_create(work->engine, "wf_take_back");
    back = apr_palloc(next->pool, sizeof(*back));
    back->key = apr_pstrdup(next->pool, work->once->key);
    back->seq = work->once_seq;
    hand_over(work->engine->keys_taken, back->key);
    work->once = NULL;
    next->baton = back;
    next->run = delete_row;
    next->done = deleted;
    wf_executor_submit(work->engine->executor, next);
}

/* ---- what the client got -------------------------------------------------------------------- */

/* request.answered {key, fingerprint, answer}: for requests whose replies do not say all
 * of it. The first answer stays. */
apr_status_t wf_command_answered(wf_work_t *work, wf_error_t *err)
{
    const char *key = wf_json_string(work->args, "key", "");
    json_object *answer = wf_json_get(work->args, "answer");
    wf_idempotency_t *row;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_IDEMPOTENCY, key, &row, err);

    if (rv != APR_SUCCESS || !row || row->answer) {
        return rv;
    }
    if (strcmp(row->fingerprint, wf_json_string(work->args, "fingerprint", "")) != 0) {
        return reused(err);
    }
    if (!json_object_is_type(answer, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "answer", "'answer' is missing");
    }
    row->answer = wf_json_text(answer, NULL, work->pool);
    wf_uow_update(work->uow, row);
    return APR_SUCCESS;
}
