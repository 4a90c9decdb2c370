/* API keys. A key is made here, goes no further than into one answer, and is known to the
 * engine and the store by its hash alone. */
#include "activiti/internal.h"

static json_object *to_json(const wf_api_key_t *key, const char *state, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", key->id);
    wf_json_add_string(o, "name", key->name);
    wf_json_add_string(o, "owner", key->owner);
    wf_json_add_string(o, "rights", key->rights);
    wf_json_add_string(o, "state", state);
    wf_json_add_time(o, "created", key->created, p);
    wf_json_add_time(o, "expires", key->expires, p);
    wf_json_add_time(o, "revoked", key->revoked, p);
    wf_json_add_string(o, "creator", key->creator);
    return o;
}

static json_object *render(const void *row, apr_pool_t *p)
{
    const wf_api_key_t *key = row;

    return to_json(key, wf_key_state_name(wf_api_key_state(key, wf_time_ms())), p);
}

apr_status_t wf_key_list(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filter = { "owner", wf_string(wf_query_text(req->query, "owner")) };

    return wf_respond_page(req, &filter, 1, render, err);
}

/* A key as the engine tells of it. */
static wf_api_key_t of_reply(json_object *reply)
{
    return (wf_api_key_t){
        .id = wf_json_int(reply, "id", 0),
        .name = wf_json_string(reply, "name", NULL),
        .owner = wf_json_string(reply, "owner", NULL),
        .rights = wf_json_string(reply, "rights", NULL),
        .created = wf_json_int(reply, "created", 0),
        .expires = wf_json_int(reply, "expires", 0),
        .revoked = wf_json_int(reply, "revoked", 0),
        .creator = wf_json_string(reply, "creator", NULL),
    };
}

apr_status_t wf_key_create(wf_request_t *req, wf_error_t *err)
{
    static const char *const names[] = { "name", "owner", "rights", "expires" };
    json_object *args = wf_args_create(req), *body, *answer;
    char made[WF_API_KEY_SIZE], hash[WF_API_KEY_HASH_SIZE];
    wf_ipc_reply_t reply;
    wf_api_key_t key;
    const char *text;
    apr_status_t rv = wf_request_object(req, &body, err);

    if (rv == APR_SUCCESS) {
        rv = wf_api_key_make(made, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_api_key_hash(hash, made);
    wf_json_add_string(args, "hash", hash);
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < sizeof names / sizeof names[0]; i++) {
        rv = wf_body_text(body, names[i], &text, req->pool, err);
        if (rv == APR_SUCCESS) {
            wf_json_add_string(args, names[i], text);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = wf_call_command(req, WF_CMD_KEY_CREATE, args, &reply, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    key = of_reply(reply.json);
    answer = to_json(&key, wf_json_string(reply.json, "state", NULL), req->pool);
    /* A reply that was kept, for a request that comes again, is not about this key. */
    wf_json_add_string(
        answer, "key",
        wf_api_key_same(wf_json_string(reply.json, "hash", ""), hash) ? made : NULL);
    return wf_respond_json(req, 200, answer);
}

apr_status_t wf_key_revoke(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "keyId", "API key", WF_CMD_KEY_REVOKE, err);
}
