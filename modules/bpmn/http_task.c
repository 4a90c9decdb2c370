/* Tasks of type http: one exchange with a server of the process's choice. They are done
 * only if the administrator has switched them on; WorkflowTargets says with whom. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/actions.h"

#define ERROR_PREFIX "HTTP" /* of BPMN errors: HTTP404 */
#define TIMEOUT_MAX_MS (WF_DELEGATE_MAX_TIMEOUT_S * 1000)

typedef struct ask_t {
    const wf_host_t *seen;
    const wf_map_t *map;
    apr_pool_t *p;
    const char *timeout, *headers, *fails, *throws; /* fields */
    wf_client_request_t request;
    wf_client_settings_t settings;
} ask_t;

/* ---- the request ------------------------------------------------------------------------ */

static apr_status_t read_fields(ask_t *ask, wf_error_t *err)
{
    const struct {
        const char *field, **text;
    } fields[] = {
        { "requestMethod", &ask->request.method }, { "requestUrl", &ask->request.url },
        { "requestHeaders", &ask->headers },       { "requestBody", &ask->request.body },
        { "requestTimeout", &ask->timeout },       { "failStatusCodes", &ask->fails },
        { "handleStatusCodes", &ask->throws },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        *fields[i].text = wf_field_text(ask->map, fields[i].field, ask->p);
    }
    return ask->request.url
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION, "field \"requestUrl\" is empty");
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (apr_isspace(*text)) {
        text++;
    }
    while (end > text && apr_isspace(end[-1])) {
        *--end = '\0';
    }
    return text;
}

/* A line "Name: value"; 1 if it is one. */
static int add_header(apr_array_header_t *headers, char *line)
{
    char *colon = strchr(line, ':');

    if (!colon) {
        return 0;
    }
    *colon = '\0';
    APR_ARRAY_PUSH(headers, wf_client_header_t) =
        (wf_client_header_t){ trim(line), trim(colon + 1) };
    return 1;
}

static int has_key(const apr_array_header_t *headers)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(headers, i, wf_client_header_t).name, WF_KEY_HEADER)
            == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_headers(ask_t *ask, wf_error_t *err)
{
    apr_array_header_t *headers = apr_array_make(ask->p, 4, sizeof(wf_client_header_t));
    const char *key = wf_delegate_key(ask->seen);
    char *rest, *line = ask->headers
                            ? apr_strtok(apr_pstrdup(ask->p, ask->headers), "\r\n", &rest)
                            : NULL;

    for (; line; line = apr_strtok(NULL, "\r\n", &rest)) {
        line = trim(line);
        if (*line && !add_header(headers, line)) {
            return wf_error_set(err, WF_ERR_EXECUTION,
                                "field \"requestHeaders\": a line has no colon");
        }
    }
    if (key && !has_key(headers)) {
        APR_ARRAY_PUSH(headers, wf_client_header_t) =
            (wf_client_header_t){ WF_KEY_HEADER, key };
    }
    ask->request.headers = headers;
    return APR_SUCCESS;
}

static apr_status_t read_timeout(ask_t *ask, wf_error_t *err)
{
    apr_int64_t ms = 0;

    if (ask->timeout
        && (!wf_parse_int64(ask->timeout, &ms) || ms < 0 || ms > TIMEOUT_MAX_MS)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "field \"requestTimeout\" is \"%s\", not a number of "
                            "milliseconds up to %d",
                            ask->timeout, TIMEOUT_MAX_MS);
    }
    ask->settings.timeout_ms =
        ms ? ms : (apr_int64_t)wf_action_timeout(&ask->seen->call->services) * 1000;
    ask->settings.idle_timeout_ms = 0;
    return APR_SUCCESS;
}

static apr_status_t exchange(ask_t *ask, wf_client_response_t **response, wf_error_t *err)
{
    const wf_services_t *services = &ask->seen->call->services;
    wf_client_call_t *prepared;
    apr_status_t rv = read_fields(ask, err);

    wf_client_settings_init(&ask->settings);
    if (rv == APR_SUCCESS) {
        rv = read_headers(ask, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_timeout(ask, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    ask->request.method = ask->request.method ? ask->request.method : "GET";
    ask->request.body_length = ask->request.body ? strlen(ask->request.body) : 0;
    ask->request.settings = &ask->settings;
    ask->request.keep_body = 1;
    ask->request.max_body = wf_action_max_bytes(services);
    rv = wf_client_prepare(&prepared, &ask->request, ask->p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_action_waits(services);
    return wf_client_exchange(response, prepared, &services->terms, ask->p, err);
}

/* ---- the answer ------------------------------------------------------------------------- */

/* "404, 5XX": 1 if the status is in the list. */
static int is_listed(const char *list, int status, apr_pool_t *p)
{
    char *rest, *word = list ? apr_strtok(apr_pstrdup(p, list), ", ", &rest) : NULL;

    for (; word; word = apr_strtok(NULL, ", ", &rest)) {
        if (strcasecmp(word, apr_psprintf(p, "%dXX", status / 100)) == 0
            || strcmp(word, apr_itoa(p, status)) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t keep(const ask_t *ask, const wf_client_response_t *response,
                         wf_error_t *err)
{
    const char *name = wf_field_text(ask->map, "responseVariableName", ask->p);
    wf_value_t body = wf_action_bytes(response->body, response->body_length);
    wf_value_t status = wf_integer(response->status);
    apr_status_t rv;

    if (!name) {
        return APR_SUCCESS;
    }
    rv = wf_variable_set(wf_host_owner(ask->seen), name, &body, err);
    return rv == APR_SUCCESS
               ? wf_variable_set(wf_host_owner(ask->seen),
                                 apr_pstrcat(ask->p, name, "Status", NULL), &status, err)
               : rv;
}

static apr_status_t judge(const ask_t *ask, const wf_client_response_t *response,
                          wf_outcome_t *outcome, wf_error_t *err)
{
    int status = response->status;
    const char *phrase = wf_client_reason(status);

    if (is_listed(ask->throws, status, ask->p)) {
        return wf_error_throw(ask->seen->exec,
                              apr_psprintf(ask->p, ERROR_PREFIX "%d", status), phrase,
                              err);
    }
    if (is_listed(ask->fails, status, ask->p)) {
        outcome->failure = WF_FAILURE_STATUS;
        return wf_error_set(err, WF_ERR_EXECUTION, "it answered with status %d %s",
                            status, phrase);
    }
    return APR_SUCCESS;
}

apr_status_t wf_http_run(const wf_host_t *seen, const wf_map_t *fields,
                         wf_outcome_t *outcome, wf_error_t *err)
{
    ask_t ask = { .seen = seen, .map = fields, .p = wf_uow_pool(seen->call->uow) };
    wf_client_response_t *response;
    apr_status_t rv;

    if (!seen->call->services.http_task) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "tasks of type http are switched off (WorkflowHttpTask)");
    }
    rv = exchange(&ask, &response, err);
    if (rv == APR_SUCCESS && response->outcome != WF_CLIENT_OK) {
        outcome->failure = wf_failure_of(response->outcome);
        rv = wf_error_set(err, WF_ERR_EXECUTION, "%s", response->error);
    }
    if (rv == APR_SUCCESS) {
        rv = keep(&ask, response, err);
    }
    if (rv == APR_SUCCESS) {
        rv = judge(&ask, response, outcome, err);
    }
    if (rv != APR_SUCCESS) {
        wf_error_note(err, rv, "http");
    }
    return wf_field_forgive(seen, fields, rv, err);
}
