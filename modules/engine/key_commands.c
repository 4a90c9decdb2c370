/* Commands on API keys. They queue up on the lane of users and groups, so that each sees
 * what the one before it has written. Keys arrive as hashes: whoever shows one has made
 * it. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MAX_NAME 64    /* characters */
#define MAX_OWNER 255  /* bytes, as ids of users */
#define MAX_EXPIRES 64 /* bytes of the text */
#define MAX_DAYS 36500
#define DAY_MS APR_INT64_C(86400000)
#define MAX_PAGE 1000 /* keys of one list */

/* ---- what a key is made of ------------------------------------------------------------- */

static apr_status_t read_name(wf_work_t *work, const char **name, wf_error_t *err)
{
    apr_status_t rv = wf_args_text(work->args, "name", 4 * MAX_NAME, name, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*name || !**name) {
        return wf_error_field(err, WF_ERR_INVALID, "name", "an API key needs a 'name'");
    }
    if (wf_utf8_cut(*name, MAX_NAME, work->pool) != *name) {
        return wf_error_field(err, WF_ERR_INVALID, "name",
                              "the name of an API key has at most %d characters",
                              MAX_NAME);
    }
    if (wf_has_control(*name) || **name == ' ' || (*name)[strlen(*name) - 1] == ' ') {
        return wf_error_field(err, WF_ERR_INVALID, "name",
                              "the name of an API key has no control characters, and no "
                              "blanks at its ends");
    }
    return APR_SUCCESS;
}

/* The caller's, not the client's: no field of a request. */
static apr_status_t read_hash(wf_work_t *work, const char **hash, wf_error_t *err)
{
    *hash = wf_json_string(work->args, "hash", "");
    return strlen(*hash) == WF_API_KEY_HASH_SIZE - 1
                   && strspn(*hash, "0123456789abcdef") == WF_API_KEY_HASH_SIZE - 1
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, "hash",
                                "API keys are stored by their SHA-256 alone");
}

/* Who calls, unless it says otherwise. The command line is nobody: then it is the key. */
static apr_status_t read_owner(wf_work_t *work, const char *name, const char **owner,
                               wf_error_t *err)
{
    apr_status_t rv = wf_args_text(work->args, "owner", MAX_OWNER, owner, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*owner) {
        *owner = work->user ? work->user : name;
    }
    if (!**owner || wf_has_control(*owner)) {
        return wf_error_field(err, WF_ERR_INVALID, "owner",
                              "the owner of an API key is the id of a user, without "
                              "control characters");
    }
    return APR_SUCCESS;
}

static apr_status_t read_rights(wf_work_t *work, const char **rights, wf_error_t *err)
{
    apr_status_t rv = wf_args_text(work->args, "rights", 16, rights, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*rights) {
        *rights = wf_key_rights_name(WF_KEY_READ);
    }
    if (wf_key_rights_parse(*rights) < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "rights",
                              "'rights' must be read, operate or admin");
    }
    return APR_SUCCESS;
}

/* "90d", "36h"; 0 for anything else. */
static apr_int64_t span_ms(const char *text, apr_pool_t *p)
{
    apr_size_t length = strlen(text);
    apr_int64_t days, ns;

    if (length > 1 && text[length - 1] == 'd') {
        return wf_parse_int64(apr_pstrmemdup(p, text, length - 1), &days) && days > 0
                       && days <= MAX_DAYS
                   ? days * DAY_MS
                   : 0;
    }
    return wf_duration_parse(&ns, text) == APR_SUCCESS && ns >= 1000000 ? ns / 1000000
                                                                        : 0;
}

/* A time that says of which zone it is: the caller's and the server's may differ. */
static int is_time(const char *text, apr_int64_t *ms)
{
    const char *clock = strchr(text, 'T');

    return clock && strpbrk(clock, "Z+- ") && wf_time_parse(ms, text) == APR_SUCCESS;
}

static apr_status_t read_expires(wf_work_t *work, apr_int64_t now, apr_int64_t *expires,
                                 wf_error_t *err)
{
    const char *text;
    apr_status_t rv = wf_args_text(work->args, "expires", MAX_EXPIRES, &text, err);
    apr_int64_t span;

    *expires = 0;
    if (rv != APR_SUCCESS || !text) {
        return rv;
    }
    span = span_ms(text, work->pool);
    if (span > 0) {
        *expires = now + span;
        return APR_SUCCESS;
    }
    if (!is_time(text, expires)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "expires",
            "'expires' must be a time with its zone, such as "
            "2027-01-31T12:00:00Z, or a span such as 90d or 12h, at most "
            "%dd",
            MAX_DAYS);
    }
    return *expires > now ? APR_SUCCESS
                          : wf_error_field(err, WF_ERR_INVALID, "expires",
                                           "'expires' has to be in the future");
}

/* ---- create ---------------------------------------------------------------------------- */

static apr_status_t check_room(wf_work_t *work, const wf_api_key_t *key, wf_error_t *err)
{
    int limit = __atomic_load_n(&work->engine->max_api_keys, __ATOMIC_RELAXED);
    apr_int64_t count = 0;
    wf_api_key_t *other;
    apr_status_t rv =
        wf_store_api_key_named(work->reader, key->name, &other, work->pool, err);

    if (rv == APR_SUCCESS && other) {
        return wf_error_field(err, WF_ERR_CONFLICT, "name",
                              "there is an API key '%s' already; it is %s", key->name,
                              wf_key_state_name(wf_api_key_state(other, key->created)));
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_active_keys(work->reader, key->created, &count, err);
    }
    if (rv == APR_SUCCESS && count >= limit) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "there are %" APR_INT64_T_FMT " active API keys, and "
                            "WorkflowMaxApiKeys is %d",
                            count, limit);
    }
    return rv;
}

static apr_status_t read_key(wf_work_t *work, wf_api_key_t *key, wf_error_t *err)
{
    apr_status_t rv;

    key->created = wf_time_ms();
    key->creator = work->user;
    if ((rv = read_hash(work, &key->hash, err)) != APR_SUCCESS
        || (rv = read_name(work, &key->name, err)) != APR_SUCCESS
        || (rv = read_owner(work, key->name, &key->owner, err)) != APR_SUCCESS
        || (rv = read_rights(work, &key->rights, err)) != APR_SUCCESS
        || (rv = read_expires(work, key->created, &key->expires, err)) != APR_SUCCESS) {
        return rv;
    }
    return check_room(work, key, err);
}

static json_object *to_json(const wf_api_key_t *key, apr_int64_t now)
{
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "id", key->id);
    wf_json_add_string(o, "name", key->name);
    wf_json_add_string(o, "owner", key->owner);
    wf_json_add_string(o, "rights", key->rights);
    wf_json_add_string(o, "state", wf_key_state_name(wf_api_key_state(key, now)));
    wf_json_add_int(o, "created", key->created);
    wf_json_add_int(o, "expires", key->expires);
    wf_json_add_int(o, "revoked", key->revoked);
    wf_json_add_string(o, "creator", key->creator);
    return o;
}

/* apikey.create {hash, name, owner, rights, expires}. The reply has the hash, too: if it
 * is one that was kept for a request which comes again, the caller sees that it is not of
 * the key that he has made now. */
apr_status_t wf_command_key_create(wf_work_t *work, wf_error_t *err)
{
    wf_api_key_t *key = wf_uow_insert(work->uow, WF_TABLE_API_KEY);
    apr_status_t rv = read_key(work, key, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    work->reply = wf_json_own(to_json(key, key->created), work->pool);
    wf_json_add_string(work->reply, "hash", key->hash);
    work->baton = key;
    return APR_SUCCESS;
}

/* Once it is on disk: administrators want to know who may come in. */
void wf_after_key_create(wf_work_t *work)
{
    const wf_api_key_t *key = work->baton;

    wf_log(WF_LOG_NOTICE,
           "API key '%s' (id %" APR_INT64_T_FMT ", %s) of '%s' is made by %s", key->name,
           key->id, key->rights, key->owner,
           key->creator ? key->creator : "the command line");
}

/* ---- revoke ---------------------------------------------------------------------------- */

/* By id or, if there is none, by name. */
static apr_status_t find_key(wf_work_t *work, wf_api_key_t **key, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "id", 0);
    const char *name = wf_json_string(work->args, "name", "");
    wf_api_key_t *found = NULL;
    apr_status_t rv = APR_SUCCESS;

    *key = NULL;
    if (!id) {
        rv = wf_store_api_key_named(work->reader, name, &found, work->pool, err);
        id = found ? found->id : 0;
    }
    if (rv == APR_SUCCESS && id) {
        rv = wf_uow_get(work->uow, WF_TABLE_API_KEY, id, key, err);
    }
    if (rv != APR_SUCCESS || *key) {
        return rv;
    }
    return id ? wf_error_set(err, WF_ERR_NOT_FOUND,
                             "no API key with id '%" APR_INT64_T_FMT "'", id)
              : wf_error_set(err, WF_ERR_NOT_FOUND, "no API key '%s'", name);
}

/* apikey.revoke {id} or {name}. One that is revoked already stays as it is. */
apr_status_t wf_command_key_revoke(wf_work_t *work, wf_error_t *err)
{
    apr_int64_t now = wf_time_ms();
    wf_api_key_t *key;
    apr_status_t rv = find_key(work, &key, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!key->revoked) {
        key->revoked = now;
        wf_uow_update(work->uow, key);
        work->baton = key;
    }
    work->reply = wf_json_own(to_json(key, now), work->pool);
    return APR_SUCCESS;
}

void wf_after_key_revoke(wf_work_t *work)
{
    const wf_api_key_t *key = work->baton;

    if (key) {
        wf_log(WF_LOG_NOTICE,
               "API key '%s' (id %" APR_INT64_T_FMT ") of '%s' is revoked by %s",
               key->name, key->id, key->owner,
               work->user ? work->user : "the command line");
    }
}

/* ---- list ------------------------------------------------------------------------------ */

/* apikey.list {start}: by name, at most MAX_PAGE; their keys are in no list. */
apr_status_t wf_command_key_list(wf_work_t *work, wf_error_t *err)
{
    wf_page_t page = { .start = wf_json_int(work->args, "start", 0),
                       .size = MAX_PAGE,
                       .sort = "name" };
    json_object *keys = json_object_new_array();
    apr_int64_t now = wf_time_ms();
    wf_rows_t rows;
    apr_status_t rv;

    work->reply = wf_json_own(json_object_new_object(), work->pool);
    json_object_object_add(work->reply, "keys", keys);
    rv = wf_store_list(work->reader, WF_LIST_API_KEYS, NULL, 0, &page, &rows, work->pool,
                       err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_int(work->reply, "total", rows.total);
    for (int i = 0; i < rows.rows->nelts; i++) {
        json_object_array_add(
            keys, to_json(APR_ARRAY_IDX(rows.rows, i, const wf_api_key_t *), now));
    }
    return APR_SUCCESS;
}
