/* Requests with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): whatever
 * becomes of connections and processes, what they ask for is done once, and who asks
 * again gets the first answer.
 *
 * The engine does each command of such a request once and keeps what it has replied, in
 * the transaction of its effect. Of most requests the answer follows from that reply, so
 * a request that comes again goes through its handler again and finds the reply where its
 * command would be sent. Where a handler has several commands or reads the store, what it
 * answers is kept, too, before it is sent. */
#include "http/internal.h"

#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>
#include <string.h>

APLOG_USE_MODULE(workflow);

#define HEADER "Idempotency-Key"
#define REPLAYED "Idempotency-Replayed"

struct wf_repeat_t {
    const char *key, *fingerprint; /* as the engine knows them */
    const wf_idempotency_t *row; /* its first command, if it is done; NULL = it is not */
    apr_table_t *steps;          /* commands so far, by what they are about */
    int commands, replayed;      /* how many there were, and how many were done before */
    int reads;                   /* the handler looks at the store */
};

/* ---- before the handler --------------------------------------------------------------- */

static int may_change(const wf_request_t *req)
{
    return (req->method & (WF_POST | WF_PUT | WF_PATCH | WF_DELETE)) != 0;
}

static apr_status_t append_piece(void *baton, const char *data, apr_size_t length,
                                 wf_error_t *err)
{
    return wf_buffer_append(baton, data, length)
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_INTERNAL, "out of memory for the request body");
}

/* Into memory, where the handler finds it, too. */
static apr_status_t read_body(wf_request_t *req, wf_error_t *err)
{
    int is_upload = (req->route->flags & WF_ROUTE_MULTIPART) != 0;
    wf_buffer_t *buffer = wf_buffer_create(req->pool);
    wf_body_t *body;
    apr_status_t rv = wf_body_read(
        req, is_upload ? req->config->upload_limit : req->config->body_limit,
        is_upload ? "WorkflowMaxUpload" : "WorkflowMaxBody", append_piece, buffer, err);

    if (rv == APR_SUCCESS) {
        body = apr_pcalloc(req->pool, sizeof *body);
        body->data = buffer->data;
        body->length = buffer->length;
        req->body = body;
    }
    return rv;
}

/* The row of the request's first command; NULL if there is none. */
static apr_status_t find_row(wf_request_t *req, wf_idempotency_t **row, wf_error_t *err)
{
    wf_store_t *store = wf_child_store(req->child, err);

    return store ? wf_store_get_by_key(store, WF_TABLE_IDEMPOTENCY, req->repeat->key, row,
                                       req->pool, err)
                 : WF_EFAILED;
}

static apr_status_t create(wf_request_t *req, const char *key, wf_error_t *err)
{
    wf_repeat_t *repeat = apr_pcalloc(req->pool, sizeof *repeat);
    apr_pool_t *p = req->pool;
    apr_status_t rv;

    if ((rv = read_body(req, err)) != APR_SUCCESS
        || (rv = wf_once_fingerprint(&repeat->fingerprint, req->r->args,
                                     wf_request_content_type(req), req->body->data,
                                     req->body->length, p, err))
               != APR_SUCCESS
        || (rv = wf_once_key(&repeat->key, req->user, req->method_name, req->r->uri, key,
                             p, err))
               != APR_SUCCESS) {
        return rv;
    }
    repeat->steps = apr_table_make(p, 2);
    req->repeat = repeat;
    return APR_SUCCESS;
}

apr_status_t wf_repeat_answer(wf_request_t *req, wf_error_t *err)
{
    const char *text = req->repeat->row->answer;
    json_object *answer;
    wf_body_t body = { 0 };
    apr_status_t rv = wf_json_read(&answer, text, strlen(text), req->pool, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "the answer that was kept");
    }
    body.type = wf_json_string(answer, "type", NULL);
    body.data = wf_json_string(answer, "body", NULL);
    body.length = body.data ? strlen(body.data) : 0;
    req->repeat = NULL; /* it is complete */
    apr_table_setn(req->r->headers_out, REPLAYED, "true");
    return wf_respond_body(req, (int)wf_json_int(answer, "status", HTTP_OK), &body);
}

apr_status_t wf_repeat_begin(wf_request_t *req, int *kept, wf_error_t *err)
{
    const char *key = may_change(req) ? apr_table_get(req->r->headers_in, HEADER) : NULL;
    wf_idempotency_t *row;
    apr_status_t rv;

    *kept = 0;
    if (!key) {
        return APR_SUCCESS;
    }
    if (!wf_once_key_valid(key)) {
        return wf_error_field(err, WF_ERR_INVALID, HEADER,
                              "the header " HEADER
                              " must have 1 to 255 visible characters");
    }
    if ((rv = create(req, key, err)) != APR_SUCCESS
        || (rv = find_row(req, &row, err)) != APR_SUCCESS) {
        return rv;
    }
    if (row && strcmp(row->fingerprint, req->repeat->fingerprint) != 0) {
        return wf_error_set(err, WF_ERR_REUSED,
                            "the " HEADER " was used for a request with another content");
    }
    req->repeat->row = row;
    *kept = row && row->answer;
    return APR_SUCCESS;
}

/* ---- commands ------------------------------------------------------------------------- */

int wf_request_repeats(const wf_request_t *req)
{
    return req->repeat && req->repeat->row;
}

void wf_repeat_reads(wf_request_t *req)
{
    if (req->repeat) {
        req->repeat->reads = 1;
    }
}

/* Which of the request's commands it is: what it does, and to whom; a list may name one
 * twice. Not its place: what a request goes through may be shorter when it comes again.
 */
static const char *step_of(wf_request_t *req, const wf_ipc_call_t *call)
{
    apr_table_t *steps = req->repeat->steps;
    json_object *id = call->args ? wf_json_get(call->args, "id") : NULL;
    const char *step = apr_pstrcat(req->pool, wf_command_name(call->command), " ",
                                   id ? json_object_get_string(id) : "", NULL);
    int count = 1;

    for (const char *one = step; apr_table_get(steps, one);) {
        one = apr_psprintf(req->pool, "%s #%d", step, ++count);
        if (!apr_table_get(steps, one)) {
            step = one;
            break;
        }
    }
    apr_table_setn(steps, step, "");
    return step;
}

const wf_once_t *wf_repeat_command(wf_request_t *req, const wf_ipc_call_t *call)
{
    wf_once_t *once;

    if (!req->repeat || !wf_command_is_kept(call->command)) {
        return NULL;
    }
    once = apr_palloc(req->pool, sizeof *once);
    once->key = req->repeat->key;
    once->fingerprint = req->repeat->fingerprint;
    once->step = step_of(req, call);
    req->repeat->commands++;
    return once;
}

int wf_repeat_reply(wf_request_t *req, const wf_once_t *once, wf_ipc_reply_t *reply)
{
    const wf_idempotency_t *row = once ? req->repeat->row : NULL;
    wf_error_t damaged;

    wf_error_init(&damaged, req->pool);
    if (!row || strcmp(row->step, once->step) != 0
        || wf_json_read(&reply->json, row->reply, strlen(row->reply), req->pool, &damaged)
               != APR_SUCCESS) {
        return 0;
    }
    req->repeat->replayed++;
    return 1;
}

/* ---- the answer ----------------------------------------------------------------------- */

/* A client that does not hear of it asks again, and then it is made again, of what the
 * commands have replied and of what there is by then. So a failure to keep it is none. */
static void keep_answer(wf_request_t *req, int status, const wf_body_t *body)
{
    wf_ipc_call_t call = { .command = WF_CMD_ANSWERED, .user = req->user };
    json_object *answer = json_object_new_object();
    wf_ipc_reply_t reply;
    wf_error_t failure;

    wf_error_init(&failure, req->pool);
    wf_json_add_int(answer, "status", status);
    wf_json_add_string(answer, "type", body->type);
    json_object_object_add(
        answer, "body",
        body->length ? json_object_new_string_len(body->data, (int)body->length) : NULL);
    call.timeout = req->config->command_timeout;
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, "key", req->repeat->key);
    wf_json_add_string(call.args, "fingerprint", req->repeat->fingerprint);
    json_object_object_add(call.args, "answer", answer);
    if (wf_ipc_call(req->child->ipc, &call, &reply, req->pool, &failure) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, req->r,
                      "the answer is not kept for a request that comes again: %s",
                      failure.message);
    }
}

void wf_repeat_end(wf_request_t *req, int status, const wf_body_t *body)
{
    const wf_repeat_t *repeat = req->repeat;

    if (!repeat || repeat->commands == 0 || !ap_is_HTTP_SUCCESS(status)) {
        return;
    }
    if (repeat->commands > 1 || repeat->reads) {
        keep_answer(req, status, body);
    }
    if (repeat->replayed == repeat->commands) {
        apr_table_setn(req->r->headers_out, REPLAYED, "true");
    }
}

void wf_repeat_failed(wf_request_t *req, wf_error_t *err)
{
    wf_idempotency_t *row = NULL;
    wf_error_t ignored;
    int is_verdict = err->kind == WF_ERR_IN_FLIGHT || err->kind == WF_ERR_REUSED;

    if (!req->repeat) {
        return;
    }
    wf_error_init(&ignored, req->pool);
    if (!is_verdict && !req->repeat->row && req->repeat->commands == 0
        && find_row(req, &row, &ignored) == APR_SUCCESS && row) {
        err->kind = WF_ERR_NONE; /* what it says comes of what the other one did */
        wf_error_set(err, WF_ERR_IN_FLIGHT,
                     "a request with this " HEADER " was being worked on");
        is_verdict = 1;
    }
    if (is_verdict) { /* whatever the handler makes of failures */
        req->fail_status = 0;
        req->fail_code = NULL;
    }
}
