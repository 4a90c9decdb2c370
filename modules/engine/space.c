/* Room for the store. When the file system runs low, or the store has reached its limit,
 * whatever begins something new is refused, while there still is room to end what is
 * there: tasks are completed, history goes, and whoever reads does not notice.
 *
 * It is looked at before each command that makes the store grow, after each commit and
 * whenever somebody asks whether the engine is ready: it costs less than to remember it.
 */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Once there is too little, there is enough again only with a sixteenth of the limit to
 * spare: neither the log nor callers see it go to and fro. */
#define MARGIN 16

/* When to come again. Somebody has to make room meanwhile. */
#define RETRY_S 30

/* engine->space. */
typedef enum { ENOUGH, DISK_LOW, STORE_FULL, UNKNOWN } state_e;

static apr_int64_t margin(int is_short, apr_int64_t limit)
{
    return is_short ? limit / MARGIN : 0;
}

/* How it is, after it was in a state. */
static state_e judge(const wf_room_t *room, apr_int64_t min_free, apr_int64_t max_used,
                     state_e before)
{
    if (min_free && room->free < min_free + margin(before == DISK_LOW, min_free)) {
        return DISK_LOW;
    }
    if (max_used && room->used > max_used - margin(before == STORE_FULL, max_used)) {
        return STORE_FULL;
    }
    return ENOUGH;
}

/* "64M"; of apr_strfsize without the blanks. */
static const char *size(apr_int64_t bytes, apr_pool_t *p)
{
    char text[5];

    apr_strfsize(bytes, text);
    return apr_pstrdup(p, text + strspn(text, " "));
}

static void explain(state_e state, const wf_room_t *room, apr_int64_t min_free,
                    apr_int64_t max_used, wf_error_t *err)
{
    if (state == DISK_LOW) {
        wf_error_set(
            err, WF_ERR_UNAVAILABLE,
            "the disk of the store is low: %s are free, WorkflowMinFreeDisk is %s",
            size(room->free, err->pool), size(min_free, err->pool));
    }
    else if (state == STORE_FULL) {
        wf_error_set(err, WF_ERR_UNAVAILABLE,
                     "the store is full: %s are used, WorkflowMaxStoreSize is %s",
                     size(room->used, err->pool), size(max_used, err->pool));
    }
}

static void tell(state_e state, const wf_error_t *err)
{
    if (state == ENOUGH) { /* who has read the warning looks for this */
        wf_log(WF_LOG_WARN, "there is room for the store again");
    }
    else if (state == UNKNOWN) {
        wf_log(WF_LOG_ERR, "nobody knows whether there is room for the store: %s",
               err->message);
    }
    else {
        wf_log(WF_LOG_WARN, "%s: nothing new is begun until there is room", err->message);
    }
}

apr_status_t wf_space_look(wf_engine_t *engine, wf_store_t *store, wf_error_t *err)
{
    apr_int64_t min_free = __atomic_load_n(&engine->min_free_disk, __ATOMIC_RELAXED);
    apr_int64_t max_used = __atomic_load_n(&engine->max_store_size, __ATOMIC_RELAXED);
    wf_room_t room = { 0, 0 };
    apr_status_t rv = APR_SUCCESS;
    state_e before = __atomic_load_n(&engine->space, __ATOMIC_RELAXED), state;

    if (min_free || max_used) {
        rv = wf_store_room(store, &room, err);
    }
    state = rv == APR_SUCCESS ? judge(&room, min_free, max_used, before) : UNKNOWN;
    explain(state, &room, min_free, max_used, err);
    if (__atomic_exchange_n(&engine->space, state, __ATOMIC_RELAXED) != (int)state) {
        tell(state, err);
    }
    if (state != ENOUGH) {
        err->retry_after = RETRY_S;
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}
