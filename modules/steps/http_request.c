/* A step's request: literal parts and templates put together, in the scope of a virtual
 * user. */
#include "steps/http.h"

#include <apr_lib.h>
#include <string.h>

/* ---- spelling ---------------------------------------------------------------------- */

/* RFC 3986: everything but the unreserved characters becomes %XX. */
void wf_percent_append(apr_array_header_t *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char ch = (unsigned char)*text;

        if (apr_isalnum(ch) || strchr("-._~", ch) != NULL) {
            APR_ARRAY_PUSH(out, char) = (char)ch;
        }
        else {
            APR_ARRAY_PUSH(out, char) = '%';
            APR_ARRAY_PUSH(out, char) = hex[ch >> 4];
            APR_ARRAY_PUSH(out, char) = hex[ch & 15];
        }
    }
}

/* As forms of HTML are written: a blank is a plus. */
static const char *form_encode(const char *text, apr_pool_t *p)
{
    apr_array_header_t *out = apr_array_make(p, (int)strlen(text) + 16, 1);
    const char *blank;

    for (; (blank = strchr(text, ' ')) != NULL; text = blank + 1) {
        wf_percent_append(out, apr_pstrmemdup(p, text, blank - text));
        APR_ARRAY_PUSH(out, char) = '+';
    }
    wf_percent_append(out, text);
    APR_ARRAY_PUSH(out, char) = '\0';
    return out->elts;
}

const char *wf_http_spell(int spelling, const char *text, apr_pool_t *p)
{
    return spelling == WF_AS_JSON   ? wf_json_quote(text, p)
           : spelling == WF_AS_FORM ? form_encode(text, p)
                                    : text;
}

const char *wf_json_quote(const char *text, apr_pool_t *p)
{
    return wf_json_text(wf_json_own(json_object_new_string(text), p), NULL, p);
}

int wf_http_is_absolute(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* ---- parts ------------------------------------------------------------------------- */

static const char *join_url(const char *base, const char *url, apr_pool_t *p)
{
    size_t n;

    if (base == NULL || wf_http_is_absolute(url)) {
        return url;
    }
    for (n = strlen(base); n > 0 && base[n - 1] == '/'; n--) {
    }
    if (*url == '\0') {
        return apr_pstrmemdup(p, base, n);
    }
    return apr_psprintf(p, "%.*s/%s", (int)n, base, url + (*url == '/'));
}

/* ?name=value&… in front of a fragment, which is never sent. */
static apr_status_t add_query(const char **url, const apr_array_header_t *query,
                              wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    size_t n = strcspn(*url, "#");
    apr_array_header_t *out;
    char separator = memchr(*url, '?', n) ? '&' : '?';
    int i;

    if (query->nelts == 0) {
        return APR_SUCCESS;
    }
    out = apr_array_make(p, (int)n + 64, 1);
    memcpy(out->elts, *url, n);
    out->nelts = (int)n;
    for (i = 0; i < query->nelts; i++) {
        const wf_pair_t *pair = &APR_ARRAY_IDX(query, i, wf_pair_t);
        const char *value;
        const char *name = pair->name;
        apr_status_t rv = wf_text_eval(&pair->value, strand, &value, p, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "query");
        }
        APR_ARRAY_PUSH(out, char) = separator;
        while (*name != '\0') {
            APR_ARRAY_PUSH(out, char) = *name++;
        }
        APR_ARRAY_PUSH(out, char) = '=';
        wf_percent_append(out, value);
        separator = '&';
    }
    APR_ARRAY_PUSH(out, char) = '\0';
    *url = out->elts;
    return APR_SUCCESS;
}

static apr_status_t build_url(const char **url, const wf_http_step_t *http,
                              wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    const char *base = NULL;
    apr_status_t rv = wf_text_eval(&http->url, strand, url, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_text_eval(&http->base, strand, &base, p, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "url");
    }
    *url = join_url(base, *url, p);
    return add_query(url, http->query, strand, p, err);
}

/* RFC 6265 section 4.1.1: visible ASCII but for these. */
int wf_http_cookie_valid(const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value <= ' ' || *value > '~' || strchr("\",;\\", *value) != NULL) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t add_cookies(apr_array_header_t *headers,
                                const apr_array_header_t *cookies, wf_strand_t *strand,
                                apr_pool_t *p, wf_error_t *err)
{
    const char *all = "";
    int i;

    for (i = 0; i < cookies->nelts; i++) {
        const wf_pair_t *pair = &APR_ARRAY_IDX(cookies, i, wf_pair_t);
        const char *value;
        apr_status_t rv = wf_text_eval(&pair->value, strand, &value, p, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "cookie %s", pair->name);
        }
        if (!wf_http_cookie_valid(value)) {
            return wf_error_field(err, WF_ERR_INVALID, "cookies",
                                  "cookie %s: a value has no blanks, commas, semicolons, "
                                  "quotes or backslashes",
                                  pair->name);
        }
        all = apr_pstrcat(p, all, i > 0 ? "; " : "", pair->name, "=", value, NULL);
    }
    APR_ARRAY_PUSH(headers, wf_client_header_t) = (wf_client_header_t){ "Cookie", all };
    return APR_SUCCESS;
}

static apr_status_t build_headers(wf_client_request_t *request,
                                  const wf_http_step_t *http, wf_strand_t *strand,
                                  apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *headers =
        apr_array_make(p, http->headers->nelts + 1, sizeof(wf_client_header_t));
    int i;

    for (i = 0; i < http->headers->nelts; i++) {
        const wf_pair_t *pair = &APR_ARRAY_IDX(http->headers, i, wf_pair_t);
        wf_client_header_t *header = apr_array_push(headers);
        apr_status_t rv = wf_text_eval(&pair->value, strand, &header->value, p, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "header %s", pair->name);
        }
        header->name = pair->name;
    }
    request->headers = headers;
    return http->cookies->nelts > 0 ? add_cookies(headers, http->cookies, strand, p, err)
                                    : APR_SUCCESS;
}

/* One piece evaluated: literal and length. */
static apr_status_t eval_piece(wf_piece_t *out, const wf_piece_t *piece,
                               wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv;

    *out = *piece;
    if (piece->tmpl == NULL) {
        return APR_SUCCESS;
    }
    rv = wf_template_text(piece->tmpl, wf_strand_scope(strand), &out->literal,
                          &out->length, p, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "body");
    }
    if (piece->spelling != WF_AS_IS) {
        out->literal = wf_http_spell(piece->spelling, out->literal, p);
        out->length = strlen(out->literal);
    }
    return APR_SUCCESS;
}

static apr_status_t eval_part(wf_client_part_t *out, const wf_http_part_t *part,
                              wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv;

    out->name = part->name;
    out->data = part->data;
    out->length = part->length;
    rv = wf_text_eval(&part->filename, strand, &out->filename, p, err);
    if (rv == APR_SUCCESS) {
        rv = wf_text_eval(&part->type, strand, &out->type, p, err);
    }
    if (rv == APR_SUCCESS && part->data == NULL) {
        rv = wf_text_eval(&part->value, strand, &out->data, p, err);
        out->length = rv == APR_SUCCESS ? strlen(out->data) : 0;
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "part %s", part->name);
}

static apr_status_t build_parts(wf_client_request_t *request, const wf_http_step_t *http,
                                wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *parts =
        apr_array_make(p, http->parts->nelts, sizeof(wf_client_part_t));
    int i;

    request->parts = parts;
    for (i = 0; i < http->parts->nelts; i++) {
        apr_status_t rv =
            eval_part(apr_array_push(parts),
                      &APR_ARRAY_IDX(http->parts, i, wf_http_part_t), strand, p, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t build_body(wf_client_request_t *request, const wf_http_step_t *http,
                               wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    int n = http->body ? http->body->nelts : 0;
    wf_piece_t *pieces;
    apr_size_t total = 0;
    char *body;
    int i;

    if (n == 0) {
        request->body = http->body ? "" : NULL;
        return APR_SUCCESS;
    }
    pieces = apr_palloc(p, n * sizeof(*pieces));
    for (i = 0; i < n; i++) {
        apr_status_t rv = eval_piece(
            &pieces[i], &APR_ARRAY_IDX(http->body, i, wf_piece_t), strand, p, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        total += pieces[i].length;
    }
    request->body = body = apr_palloc(p, total + 1);
    request->body_length = total;
    for (i = 0; i < n; i++) {
        memcpy(body, pieces[i].literal, pieces[i].length);
        body += pieces[i].length;
    }
    *body = '\0';
    return APR_SUCCESS;
}

apr_status_t wf_http_call(wf_client_call_t **call, const wf_step_t *step,
                          const wf_plan_t *plan, wf_strand_t *strand, apr_pool_t *p,
                          wf_error_t *err)
{
    const wf_http_step_t *http = step->config;
    wf_client_request_t request = {
        .method = http->method,
        .settings = &http->settings,
        .keep_body = wf_plan_reads_body(plan),
        .keep_headers = wf_plan_reads_headers(plan),
        .keep_request = wf_plan_reads_requests(plan),
        .max_body = http->max_body,
        .stable = strand == NULL,
    };
    apr_status_t rv = build_url(&request.url, http, strand, p, err);

    if (rv == APR_SUCCESS) {
        rv = build_headers(&request, http, strand, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = http->parts ? build_parts(&request, http, strand, p, err)
                         : build_body(&request, http, strand, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_client_prepare(call, &request, p, err);
    }
    return rv;
}
