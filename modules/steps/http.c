/* The http step: send the call, keep what later steps may ask for, judge the answer. A
 * status of 400 and above makes a failed sample, but only fail_on_status makes a failed
 * step: workflows want to look at the status themselves. */
#include "steps/http.h"

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
    answer->wire_size = response->wire_size;
    answer->version = response->version;
    answer->redirects = response->redirects;
    answer->reused = response->reused;
    answer->timings = response->timings;
    answer->url = apr_pstrdup(p, response->url);
    if (response->body != NULL) {
        answer->body = apr_pstrmemdup(p, response->body, response->body_length);
        answer->body_length = response->body_length;
    }
    if (response->headers != NULL) {
        answer->headers = apr_pstrmemdup(p, response->headers, response->headers_length);
        answer->headers_length = response->headers_length;
    }
    if (response->request != NULL) {
        answer->request = apr_pstrmemdup(p, response->request, response->request_length);
        answer->request_length = response->request_length;
        answer->request_head = response->request_head;
    }
    wf_strand_spend(result->strand, answer->body_length + answer->headers_length
                                        + answer->request_length);
}

/* The order of the numbers in result->extras. */
static const char *const extra_names[WF_STEP_EXTRAS + 1] = {
    "http_status", "http_response_size", "data_sent", "data_received", NULL
};

wf_http_sample_t wf_http_sample(const wf_client_response_t *response, int failed)
{
    return (wf_http_sample_t){ .status = response->status,
                               .failed = failed,
                               .duration_us = response->duration_us,
                               .sent = response->sent,
                               .received = response->received,
                               .timings = response->timings };
}

void wf_http_count(wf_sheet_t *sheet, const wf_http_sample_t *sample)
{
    const wf_client_timings_t *t = &sample->timings;

    wf_sheet_count(sheet, WF_M_HTTP_REQS, 1);
    wf_sheet_rate(sheet, WF_M_HTTP_FAILED, sample->failed);
    wf_sheet_time(sheet, WF_M_HTTP_DURATION, sample->duration_us);
    wf_sheet_time(sheet, WF_M_HTTP_BLOCKED, t->blocked);
    wf_sheet_time(sheet, WF_M_HTTP_LOOKING_UP, t->looking_up);
    wf_sheet_time(sheet, WF_M_HTTP_CONNECTING, t->connecting);
    wf_sheet_time(sheet, WF_M_HTTP_TLS, t->tls);
    wf_sheet_time(sheet, WF_M_HTTP_SENDING, t->sending);
    wf_sheet_time(sheet, WF_M_HTTP_WAITING, t->waiting);
    wf_sheet_time(sheet, WF_M_HTTP_RECEIVING, t->receiving);
    if (sample->status > 0) {
        wf_sheet_tally(sheet, WF_M_HTTP_STATUS, sample->status);
    }
}

static void count_exchange(wf_result_t *result, const wf_client_response_t *response)
{
    wf_http_sample_t sample = wf_http_sample(
        response, result->status != WF_STEP_SUCCESS || result->sample_failed);

    wf_http_count(wf_strand_sheet(result->strand), &sample);
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
    wf_act_t *act = wf_strand_top(strand);
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
    wf_strand_answered(strand, result);
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
    if (rv == APR_SUCCESS && wf_strand_transfer(strand) == NULL) {
        rv = wf_strand_connect(strand, on_done, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_client_send(wf_strand_transfer(strand), call, err);
    }
    return rv;
}

static wf_step_progress_e send_now(wf_strand_t *strand, wf_act_t *act)
{
    wf_error_t err;

    wf_error_init(&err, wf_strand_pool(strand));
    if (send_call(strand, act->step, &err) == APR_SUCCESS) {
        return WF_STEP_WAITING;
    }
    return wf_act_fail(act, err.message);
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    return wf_act_held_up(act) ? WF_STEP_WAITING : send_now(strand, act);
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    wf_client_transfer_t *transfer = wf_strand_transfer(strand);

    (void)act;
    if (transfer != NULL) { /* none while it was held */
        wf_client_cancel(transfer);
    }
}

const wf_step_type_t wf_step_http = {
    .name = "http",
    .capability = "http_executor",
    .compile = wf_http_compile,
    .link = wf_http_link,
    .start = start,
    .wake = send_now,
    .cancel = cancel,
    .output = wf_http_output,
    .map = wf_http_output_map,
    .extras = extra_names,
    .flags = WF_TYPE_OWN_TIMEOUT | WF_TYPE_HOOK,
};
