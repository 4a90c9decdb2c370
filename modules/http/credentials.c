/* Credentials besides those of httpd's own modules: API keys and JSON Web Tokens (RFC
 * 6750, RFC 7519). A request that brings none of them is mod_auth_basic's, or another's,
 * as AuthType says. */
#include "http/internal.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <scoreboard.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

APLOG_USE_MODULE(workflow);
extern module AP_MODULE_DECLARE_DATA workflow_module;

#define KEY_HEADER "X-API-Key"
#define KEY_PARAMETER "api_key"
#define TOKEN_PARAMETER                                                                  \
    "token" /* of clients that cannot set headers, such as WebSockets */
#define BEARER "Bearer "
#define MASK "***"

/* ---- what is taken here ------------------------------------------------------------- */

static const wf_dir_config_t *settings_of(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &workflow_module);
}

static int takes_keys(const wf_dir_config_t *dir)
{
    return dir->api_keys == WF_ON || dir->key_files != NULL;
}

static int takes_tokens(const wf_dir_config_t *dir)
{
    return wf_jwt_keys_count(dir->jwt_keys) > 0;
}

int wf_credentials_taken(const wf_dir_config_t *dir)
{
    return takes_keys(dir) || takes_tokens(dir);
}

static int has_auth_type(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && strcasecmp(type, "none") != 0;
}

/* ---- secrets in queries ------------------------------------------------------------- */

/* However it is written: a%70i_key is one, too. */
static int is_secret(const char *pair, apr_size_t length, apr_pool_t *p)
{
    char *name = apr_pstrmemdup(p, pair, length);

    ap_unescape_urlencoded(name);
    return strcmp(name, KEY_PARAMETER) == 0 || strcmp(name, TOKEN_PARAMETER) == 0;
}

/* The query with the values of secrets replaced; NULL if there are none. */
static const char *mask(const char *args, apr_pool_t *p)
{
    apr_array_header_t *pairs = apr_array_make(p, 8, sizeof(const char *));
    int found = 0;

    for (const char *at = args; at; at = strchr(at, '&')) {
        apr_size_t length, name;
        int secret;

        at += *at == '&';
        length = strcspn(at, "&");
        name = strcspn(at, "=&");
        secret = name < length && is_secret(at, name, p);
        found |= secret;
        APR_ARRAY_PUSH(pairs, const char *) =
            secret ? apr_pstrcat(p, apr_pstrmemdup(p, at, name), "=" MASK, NULL)
                   : apr_pstrmemdup(p, at, length);
    }
    return found ? apr_array_pstrcat(p, pairs, '&') : NULL;
}

/* The request with another query, as logs and mod_status show it. */
static const char *replace(const char *text, const char *args, const char *masked,
                           apr_pool_t *p)
{
    const char *query = text ? strchr(text, '?') : NULL;
    apr_size_t length = strlen(args);

    return query && strncmp(query + 1, args, length) == 0
               ? apr_pstrcat(p, apr_pstrmemdup(p, text, query + 1 - text), masked,
                             query + 1 + length, NULL)
               : text;
}

/* Read them, and then nobody else shall: httpd's logs have the query. */
void wf_credentials_hide(wf_request_t *req)
{
    request_rec *r = req->r;
    const char *args = r->args, *masked = args ? mask(args, req->pool) : NULL;
    const wf_query_t *query;
    wf_error_t ignored;

    if (!masked) {
        return;
    }
    wf_error_init(&ignored, req->pool);
    if (wf_query_parse(&query, args, req->pool, &ignored) == APR_SUCCESS) {
        req->api_key = wf_query_text(query, KEY_PARAMETER);
        req->token = wf_query_text(query, TOKEN_PARAMETER);
    }
    r->the_request = (char *)replace(r->the_request, args, masked, req->pool);
    r->unparsed_uri = (char *)replace(r->unparsed_uri, args, masked, req->pool);
    r->args = (char *)masked;
    ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
}

/* ---- refusals ----------------------------------------------------------------------- */

static void challenge(wf_request_t *req, const char *format)
{
    const char *realm = ap_auth_name(req->r);

    apr_table_addn(req->r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(req->pool, format, realm ? realm : req->face->realm));
}

void wf_credentials_challenge(wf_request_t *req)
{
    const wf_dir_config_t *dir = settings_of(req->r);
    const char *type = ap_auth_type(req->r);

    if (takes_tokens(dir)) {
        challenge(req, req->token ? "Bearer realm=\"%s\", error=\"invalid_token\""
                                  : "Bearer realm=\"%s\"");
    }
    if (takes_keys(dir)) {
        challenge(req, "ApiKey realm=\"%s\"");
    }
    if ((type && strcasecmp(type, "basic") == 0) || !wf_credentials_taken(dir)) {
        challenge(req, "Basic realm=\"%s\"");
    }
}

static int refuse(wf_request_t *req, const char *message)
{
    req->refusal = message;
    wf_credentials_challenge(req);
    return HTTP_UNAUTHORIZED;
}

/* What is wrong is for the log; outside it would help who guesses. */
static int refuse_bad(wf_request_t *req, const char *what, const wf_error_t *err)
{
    if (err->kind != WF_ERR_FORBIDDEN) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, req->r,
                      "WF0201: credentials cannot be checked: %s", err->message);
        if (err->kind == WF_ERR_UNAVAILABLE) {
            apr_table_setn(req->r->notes, WF_AUTH_UNAVAILABLE_NOTE, "1");
        }
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, req->r, "WF0202: %s %s: %s: %s",
                  req->r->method, req->r->uri, what, err->message);
    return refuse(req, apr_pstrcat(req->pool, "Invalid ", what, NULL));
}

static int admit(wf_request_t *req, const char *user, const char *type,
                 wf_key_rights_e rights)
{
    req->r->user = apr_pstrdup(req->r->pool, user);
    req->r->ap_auth_type = (char *)type;
    req->rights = rights;
    return OK;
}

/* ---- checks --------------------------------------------------------------------------- */

static const wf_given_key_t *find_file(const wf_dir_config_t *dir, const char *text)
{
    const wf_given_key_t *found = NULL;

    for (int i = 0; dir->key_files && i < dir->key_files->nelts; i++) {
        const wf_given_key_t *file = &APR_ARRAY_IDX(dir->key_files, i, wf_given_key_t);

        found = wf_api_key_matches(file->hash, text) ? file : found;
    }
    return found;
}

static int check_key(wf_request_t *req, const wf_dir_config_t *dir)
{
    const wf_given_key_t *file = find_file(dir, req->api_key);
    wf_store_t *store;
    wf_auth_key_t key;
    wf_error_t err;

    if (file) {
        return admit(req, file->owner, "ApiKey", file->rights);
    }
    wf_error_init(&err, req->pool);
    if (dir->api_keys != WF_ON) {
        wf_error_set(&err, WF_ERR_FORBIDDEN, "an unknown API key");
    }
    else if ((store = wf_request_store(req, &err)) != NULL
             && wf_auth_check_api_key(store, req->api_key, wf_time_ms(), &key, req->pool,
                                      &err)
                    == APR_SUCCESS) {
        return admit(req, key.owner, "ApiKey", key.rights);
    }
    return refuse_bad(req, "API key", &err);
}

static int check_token(wf_request_t *req, const wf_dir_config_t *dir)
{
    wf_jwt_policy_t policy = { dir->jwt_issuer, dir->jwt_audience, dir->jwt_user,
                               dir->jwt_leeway ? dir->jwt_leeway - 1 : WF_JWT_LEEWAY };
    wf_jwt_claims_t claims;
    wf_error_t err;

    wf_error_init(&err, req->pool);
    if (wf_jwt_check(dir->jwt_keys, &policy, req->token, wf_time_ms(), &claims, req->pool,
                     &err)
        == APR_SUCCESS) {
        return admit(req, claims.user, "Bearer", WF_KEY_ADMIN);
    }
    return refuse_bad(req, "token", &err);
}

/* A header goes first: it is what the client means for this request. */
static void read_headers(wf_request_t *req)
{
    const char *key = apr_table_get(req->r->headers_in, KEY_HEADER);
    const char *authorization = apr_table_get(req->r->headers_in, "Authorization");

    if (key && *key) {
        req->api_key = key;
    }
    if (authorization && strncasecmp(authorization, BEARER, strlen(BEARER)) == 0) {
        req->token = authorization + strlen(BEARER);
    }
}

static int refuse_missing(wf_request_t *req, const wf_dir_config_t *dir)
{
    if (takes_keys(dir)) {
        return refuse(req, "API key is required");
    }
    return refuse(req, apr_table_get(req->r->headers_in, "Authorization")
                           ? "Invalid authorization header format"
                           : "Authorization header is required");
}

/* ---- repeated failures ------------------------------------------------------------------- */

static int brings_any(const wf_request_t *req)
{
    return req->api_key || req->token
           || apr_table_get(req->r->headers_in, "Authorization");
}

/* Whom a request says it is from: keys and tokens say nothing that counts. */
static const char *name_of(const wf_request_t *req)
{
    const char *user = NULL, *password;

    return !req->api_key && !req->token
                   && ap_get_basic_auth_components(req->r, &user, &password)
                          == APR_SUCCESS
                   && user
               ? user
               : "";
}

apr_status_t wf_request_check_pace(wf_request_t *req, const char *user, wf_error_t *err)
{
    const wf_server_config_t *config = req->config;
    apr_int64_t wait_us, seconds;

    if (!config || !config->throttle) {
        return APR_SUCCESS;
    }
    wait_us = wf_throttle_wait(config->throttle, config->max_auth_failures,
                               req->r->useragent_ip, user, wf_mono_us());
    if (wait_us == 0) {
        return APR_SUCCESS;
    }
    seconds = wait_us / APR_USEC_PER_SEC + 1;
    apr_table_setn(req->r->err_headers_out, "Retry-After",
                   apr_psprintf(req->pool, "%" APR_INT64_T_FMT, seconds));
    req->fail_status = HTTP_TOO_MANY_REQUESTS;
    return wf_error_set(
        err, WF_ERR_UNAVAILABLE,
        "too many wrong credentials: try again in %" APR_INT64_T_FMT " seconds", seconds);
}

void wf_request_note_attempt(const wf_request_t *req, const char *user, int right)
{
    const wf_server_config_t *config = req->config;

    if (!config || !config->throttle) {
        return;
    }
    if (right) {
        wf_throttle_succeeded(config->throttle, req->r->useragent_ip, user);
    }
    else {
        wf_throttle_failed(config->throttle, req->r->useragent_ip, user, wf_mono_us());
    }
}

int wf_http_check_authz(request_rec *r)
{
    wf_request_t *req = ap_get_module_config(r->request_config, &workflow_module);

    if (req) {
        req->is_known = 1;
        wf_request_note_attempt(req, name_of(req), 1);
    }
    return DECLINED;
}

/* Before the answer goes out: whoever gets it may ask another child at once. httpd also
 * says 401 to somebody who is known and may not. */
void wf_credentials_note_refusal(const wf_request_t *req)
{
    if (brings_any(req) && !req->is_known) {
        wf_request_note_attempt(req, name_of(req), 0);
    }
}

/* ---- the hook -------------------------------------------------------------------------- */

int wf_http_authenticate(request_rec *r)
{
    wf_request_t *req = ap_get_module_config(r->request_config, &workflow_module);
    const wf_dir_config_t *dir = settings_of(r);
    wf_error_t err;

    if (!req) {
        return DECLINED;
    }
    read_headers(req);
    wf_error_init(&err, req->pool);
    if (brings_any(req)
        && wf_request_check_pace(req, name_of(req), &err) != APR_SUCCESS) {
        req->refusal = err.message;
        return HTTP_TOO_MANY_REQUESTS;
    }
    if (!wf_credentials_taken(dir)) {
        return DECLINED;
    }
    if (req->api_key && takes_keys(dir)) {
        return check_key(req, dir);
    }
    if (req->token && takes_tokens(dir)) {
        return check_token(req, dir);
    }
    return has_auth_type(r) ? DECLINED : refuse_missing(req, dir);
}

/* ---- rights ----------------------------------------------------------------------------- */

apr_status_t wf_credentials_check(const wf_request_t *req, wf_level_e level,
                                  wf_error_t *err)
{
    int enough = req->rights == WF_KEY_READ
                     ? req->method == WF_GET
                     : req->rights != WF_KEY_OPERATE || level < WF_LEVEL_ADMIN;

    return enough
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_FORBIDDEN, "this API key has the right to %s",
                              req->rights == WF_KEY_READ ? "read alone"
                                                         : "operate, not to administer");
}
