/* The http step: send the call, keep what later steps may ask for, judge the answer. A
 * status of 400 and above makes a failed sample, but only fail_on_status makes a failed
 * step: workflows want to look at the status themselves. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

/* ---- outcome ----------------------------------------------------------------------- */

typedef struct verdict_t {
    wf_step_status_e status;
    const char *code;
} verdict_t;

static const verdict_t verdicts[WF_CLIENT_OUTCOMES] = {
    /* clang-format off */
    [WF_CLIENT_OK]        = { WF_STEP_SUCCESS, NULL },
    [WF_CLIENT_TIMEOUT]   = { WF_STEP_TIMEOUT, "TIMEOUT_ERROR" },
    [WF_CLIENT_CONNECT]   = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_TLS]       = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_DENIED]    = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_REDIRECTS] = { WF_STEP_FAILED,  "EXECUTION_ERROR" },
    [WF_CLIENT_TOO_LARGE] = { WF_STEP_FAILED,  "EXECUTION_ERROR" },
    [WF_CLIENT_PROTOCOL]  = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    /* clang-format on */
};

static void judge_status(wf_result_t *result, const wf_http_step_t *http, int status)
{
    const char *code = status == 401 || status == 403 ? "AUTH_ERROR" : "EXECUTION_ERROR";
    const char *reason = wf_client_reason(status);

    if (status < 400) {
        return;
    }
    wf_result_fail(result, http->fail_on_status ? WF_STEP_FAILED : WF_STEP_SUCCESS, code,
                   "answered %d%s%s", status, *reason ? " " : "", reason);
    result->sample_failed = 1;
}

static void keep_answer(wf_result_t *result, const wf_client_response_t *response)
{
    apr_pool_t *p = wf_strand_pool(result->strand);
    wf_answer_t *answer = apr_pcalloc(p, sizeof(*answer));

    result->http = answer;
    answer->status = response->status;
    answer->size = response->size;
    if (response->body != NULL) {
        answer->body = apr_pstrmemdup(p, response->body, response->body_length);
        answer->body_length = response->body_length;
    }
    if (response->headers != NULL) {
        answer->headers = apr_pstrmemdup(p, response->headers, response->headers_length);
        answer->headers_length = response->headers_length;
    }
    result->strand->spent += answer->body_length + answer->headers_length;
}

/* The order of the numbers in result->extras. */
static const char *const extra_names[WF_STEP_EXTRAS + 1] = {
    "http_status", "http_response_size", "data_sent", "data_received", NULL
};

static void count_exchange(wf_result_t *result, const wf_client_response_t *response)
{
    wf_sheet_t *sheet = wf_strand_sheet(result->strand);

    wf_sheet_count(sheet, WF_M_HTTP_REQS, 1);
    wf_sheet_rate(sheet, WF_M_HTTP_FAILED,
                  result->status != WF_STEP_SUCCESS || result->sample_failed);
    wf_sheet_time(sheet, WF_M_HTTP_DURATION, response->duration_us);
    if (response->status > 0) {
        wf_sheet_tally(sheet, WF_M_HTTP_STATUS, response->status);
    }
    result->duration_us = response->duration_us;
    result->sent = response->sent;
    result->received = response->received;
    result->extras[0] = response->status;
    result->extras[1] = (double)response->size;
    result->extras[2] = (double)response->sent;
    result->extras[3] = (double)response->received;
}

static void on_done(void *baton, const wf_client_response_t *response)
{
    wf_strand_t *strand = baton;
    wf_act_t *act = strand->top;
    wf_result_t *result = act->result;

    keep_answer(result, response);
    result->status = verdicts[response->outcome].status;
    if (response->outcome == WF_CLIENT_OK) {
        judge_status(result, act->step->config, response->status);
    }
    else {
        wf_result_fail(result, result->status, verdicts[response->outcome].code, "%s",
                       response->error);
    }
    count_exchange(result, response);
    strand->locals->response = result;
    wf_strand_done(strand);
}

/* ---- start, cancel ----------------------------------------------------------------- */

static apr_status_t send_call(wf_strand_t *strand, const wf_step_t *step, wf_error_t *err)
{
    const wf_http_step_t *http = step->config;
    wf_client_call_t *call = http->call;
    apr_status_t rv = APR_SUCCESS;

    if (call == NULL) {
        rv = wf_http_call(&call, step, wf_strand_plan(strand), strand,
                          wf_strand_pool(strand), err);
    }
    if (rv == APR_SUCCESS && strand->transfer == NULL) {
        rv = wf_client_transfer_create(&strand->transfer, strand->vu->group->multi,
                                       on_done, strand, strand->vu->shard->part->pool,
                                       err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_client_send(strand->transfer, call, err);
    }
    return rv;
}

/* The administrator may limit the rate of an execution: requests beyond it wait for their
 * place in the row, which all loops share. Microseconds to wait. */
static apr_int64_t take_place(wf_strand_t *strand)
{
    wf_run_t *run = strand->vu->shard->run;
    apr_int64_t now, place, slot;

    if (run->load->options.max_rate == 0) {
        return 0;
    }
    now = wf_mono_us();
    slot = __atomic_load_n(&run->slot_us, __ATOMIC_RELAXED);
    do {
        place = slot > now ? slot : now;
    } while (!__atomic_compare_exchange_n(&run->slot_us, &slot,
                                          place + 1000000 / run->load->options.max_rate,
                                          0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return place - now;
}

static wf_step_progress_e send_now(wf_strand_t *strand, wf_act_t *act)
{
    wf_error_t err;

    wf_error_init(&err, wf_strand_pool(strand));
    if (send_call(strand, act->step, &err) == APR_SUCCESS) {
        return WF_STEP_WAITING;
    }
    wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR", "%s", err.message);
    return WF_STEP_DONE;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    apr_int64_t us = take_place(strand);

    if (us < 1000) { /* less than timers can tell */
        return send_now(strand, act);
    }
    wf_sheet_count(wf_strand_sheet(strand), WF_M_HELD, 1);
    wf_act_pause(act, us * 1000);
    return WF_STEP_WAITING;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)act;
    if (strand->transfer != NULL) { /* none while it was held */
        wf_client_cancel(strand->transfer);
    }
}

/* ---- output ------------------------------------------------------------------------ */

/* ${login.headers.Content-Type}: names without case, the first value. */
static int header_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_result_t *r = (wf_result_t *)((char *)self - offsetof(wf_result_t, headers));
    const char *at = r->http ? r->http->headers : NULL;
    const char *end = at ? at + r->http->headers_length : NULL;
    const char *key, *text;
    apr_size_t key_length, length;

    (void)err;
    while (at != NULL
           && wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        if (strlen(name) == key_length && strncasecmp(name, key, key_length) == 0) {
            *value = wf_string_n(text, length, p);
            return 1;
        }
    }
    return 0;
}

static void put_status(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    *value = wf_string(
        apr_psprintf(p, "%d %s", r->http->status, wf_client_reason(r->http->status)));
}

static void put_status_code(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->status);
}

static void put_headers(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    r->headers.class_name = "headers";
    r->headers.property = header_property;
    value->type = WF_OBJECT;
    value->as.object = &r->headers;
}

/* Parsed when it is first asked for, once per iteration. */
static void put_body(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    apr_pool_t *pool = wf_strand_pool(r->strand);
    json_object *json;
    wf_error_t err;

    (void)p;
    if (r->http->body == NULL) {
        *value = wf_null();
        return;
    }
    if (!r->http->parsed) {
        wf_error_init(&err, pool);
        r->http->json = wf_string(r->http->body);
        r->http->parsed = 1;
        if (wf_json_parse(&json, r->http->body, r->http->body_length, pool, &err)
            == APR_SUCCESS) {
            r->http->json = wf_value_from_json(json, pool);
        }
    }
    *value = r->http->json;
}

static void put_body_raw(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(r->http->body);
}

static void put_duration(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_double((double)r->duration_us / 1000.0);
}

static void put_size(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->size);
}

static const struct {
    const char *name;
    void (*put)(wf_result_t *r, wf_value_t *value, apr_pool_t *p);
} members[] = {
    { "status", put_status },     { "status_code", put_status_code },
    { "headers", put_headers },   { "body", put_body },
    { "body_raw", put_body_raw }, { "duration", put_duration },
    { "size", put_size },
};

static int output(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    size_t i;

    for (i = 0; result->http != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, name) == 0) {
            members[i].put(result, value, p);
            return 1;
        }
    }
    return 0;
}

/* Name → list of values, in their order. */
static wf_value_t headers_map(const wf_result_t *r, apr_pool_t *p)
{
    const char *at = r->http ? r->http->headers : NULL;
    const char *end = at ? at + r->http->headers_length : NULL;
    wf_map_t *map = wf_map_create(p);
    const char *key, *text;
    apr_size_t key_length, length;

    while (at != NULL
           && wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        const char *name = apr_pstrmemdup(p, key, key_length);
        wf_value_t *known = wf_map_get(map, name);
        wf_list_t *list = known ? known->as.list : wf_list_create(p);

        wf_list_push(list, wf_string_n(text, length, p));
        if (known == NULL) {
            wf_map_set(map, name, wf_list(list));
        }
    }
    return wf_map(map);
}

static int map(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_map_t *all;
    size_t i;

    if (strcmp(name, "headers") == 0) {
        *value = headers_map(result, p);
        return 1;
    }
    if (strcmp(name, "output") != 0) {
        return 0;
    }
    all = wf_map_create(p);
    for (i = 0; result->http != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        wf_value_t member;

        members[i].put(result, &member, p);
        wf_map_set(all, members[i].name,
                   member.type == WF_OBJECT ? headers_map(result, p) : member);
    }
    *value = wf_map(all);
    return 1;
}

const wf_step_type_t wf_step_http = {
    .name = "http",
    .compile = wf_http_compile,
    .link = wf_http_link,
    .start = start,
    .wake = send_now,
    .cancel = cancel,
    .output = output,
    .map = map,
    .extras = extra_names,
    .flags = WF_TYPE_OWN_TIMEOUT | WF_TYPE_HOOK,
};
