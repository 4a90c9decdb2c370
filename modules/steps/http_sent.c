/* What an http step has really sent: ${login.actualRequest.headers.Cookie}. It is kept
 * only if some text of the document names it. Whoever looks at a request wants to see
 * what became of names and defaults, not to pass passwords on: secrets of the document
 * and the credentials of Authorization are asterisks, however they are spelled. */
#include "steps/http.h"

#include <string.h>
#include <strings.h>

static const char hidden[] = "***";

/* ---- masking -------------------------------------------------------------------------- */

static const char *without(const char *text, const char *secret, apr_pool_t *p)
{
    apr_array_header_t *pieces = apr_array_make(p, 4, sizeof(const char *));
    const char *at;

    if (*secret == '\0' || strstr(text, secret) == NULL) {
        return text;
    }
    while ((at = strstr(text, secret)) != NULL) {
        APR_ARRAY_PUSH(pieces, const char *) = apr_pstrmemdup(p, text, at - text);
        APR_ARRAY_PUSH(pieces, const char *) = hidden;
        text = at + strlen(secret);
    }
    APR_ARRAY_PUSH(pieces, const char *) = text;
    return apr_array_pstrcat(p, pieces, '\0');
}

static const char *percent_encoded(const char *text, apr_pool_t *p)
{
    apr_array_header_t *out = apr_array_make(p, 64, sizeof(char));

    wf_percent_append(out, text);
    APR_ARRAY_PUSH(out, char) = '\0';
    return out->elts;
}

/* A text within a JSON string. */
static const char *json_inside(const char *text, apr_pool_t *p)
{
    const char *quoted = wf_http_spell(WF_AS_JSON, text, p);

    return apr_pstrmemdup(p, quoted + 1, strlen(quoted) - 2);
}

static const char *masked(const wf_result_t *r, const char *text, apr_pool_t *p)
{
    const apr_array_header_t *secrets = wf_plan_secrets(wf_strand_plan(r->strand));
    int i;

    for (i = 0; secrets != NULL && i < secrets->nelts; i++) {
        const char *secret = APR_ARRAY_IDX(secrets, i, const char *);

        text = without(text, secret, p);
        text = without(text, percent_encoded(secret, p), p);
        text = without(text, wf_http_spell(WF_AS_FORM, secret, p), p);
        text = without(text, json_inside(secret, p), p);
    }
    return text;
}

/* "Basic …" says how, and not who. */
static const char *credentials(const char *value, apr_pool_t *p)
{
    const char *blank = strchr(value, ' ');

    return blank
               ? apr_pstrcat(p, apr_pstrmemdup(p, value, blank - value + 1), hidden, NULL)
               : hidden;
}

static int is_credential(const char *name)
{
    return strcasecmp(name, "Authorization") == 0
           || strcasecmp(name, "Proxy-Authorization") == 0;
}

/* ---- parts ---------------------------------------------------------------------------- */

/* A name that stands there twice has both values, as RFC 9110 section 5.3 joins them. */
static void add_header(wf_map_t *map, const char *name, const char *value, apr_pool_t *p)
{
    const wf_value_t *known = wf_map_get(map, name);

    if (known != NULL) {
        value = apr_pstrcat(p, known->as.text.data, ", ", value, NULL);
    }
    wf_map_set(map, name, wf_string(value));
}

static wf_value_t headers_of(const wf_result_t *r, const char *at, const char *end,
                             apr_pool_t *p)
{
    wf_map_t *map = wf_map_create(p);
    const char *key, *text;
    apr_size_t key_length, length;

    while (wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        const char *name = apr_pstrmemdup(p, key, key_length);
        const char *value = masked(r, apr_pstrmemdup(p, text, length), p);

        add_header(map, name, is_credential(name) ? credentials(value, p) : value, p);
    }
    return wf_map(map);
}

/* What is no text is told by its size alone. */
static wf_value_t body_of(const wf_result_t *r, const char *body, apr_size_t length,
                          apr_pool_t *p)
{
    if (length == 0 || !wf_utf8_valid(body, length)) {
        return wf_null();
    }
    return wf_string(masked(r, apr_pstrmemdup(p, body, length), p));
}

/* "POST /path HTTP/1.1": its n-th word, from 0. */
static const char *word_of(const char *line, int n, apr_pool_t *p)
{
    while (n-- > 0) {
        line += strcspn(line, " \r\n");
        line += *line == ' ';
    }
    return apr_pstrmemdup(p, line, strcspn(line, " \r\n"));
}

void wf_http_sent(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    const wf_answer_t *answer = r->http;
    const char *head = answer->request, *end, *line_end;
    wf_map_t *map;

    if (head == NULL) {
        *value = wf_null();
        return;
    }
    end = head + answer->request_head;
    line_end = memchr(head, '\n', answer->request_head);
    map = wf_map_create(p);
    wf_map_set(map, "method", wf_string(word_of(head, 0, p)));
    wf_map_set(map, "url", wf_string(masked(r, answer->url ? answer->url : "", p)));
    wf_map_set(map, "version", wf_string(word_of(head, 2, p)));
    wf_map_set(map, "headers", headers_of(r, line_end ? line_end + 1 : end, end, p));
    wf_map_set(map, "body",
               body_of(r, end, answer->request_length - answer->request_head, p));
    wf_map_set(map, "size",
               wf_integer((apr_int64_t)(answer->request_length - answer->request_head)));
    *value = wf_map(map);
}
