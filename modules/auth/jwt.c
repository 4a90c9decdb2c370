/* JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515): is one genuine, still good, and
 * meant for us; and whose is it.
 *
 * A stranger wrote the token until its signature has been verified. Before that only its
 * header is looked at, and of it only what chooses among the keys that the administrator
 * named: which key that is, and what it may be used for, is never the token's to say
 * (RFC 8725, 3.1). So "jku", "x5u", "jwk" and the like are not read at all. */
#include "auth/jwt_key.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <string.h>

#define PARTS 3
#define DEPTH 16     /* levels of JSON */
#define USER_MAX 255 /* bytes */
#define SHOWN 60     /* bytes of a text of the token in a message */

enum { HEADER, CLAIMS, SIGNATURE };

static const char *const part_names[PARTS] = { "header", "claims", "signature" };

typedef struct token_t {
    const char *text[PARTS];
    apr_size_t length[PARTS];
} token_t;

#define refuse(err, ...) wf_error_set((err), WF_ERR_FORBIDDEN, __VA_ARGS__)

/* A text of the token for a log. */
static const char *shown(const char *text, apr_pool_t *p)
{
    char *cut = apr_pstrdup(p, wf_utf8_cut(text, SHOWN, p));

    for (char *c = cut; *c; c++) {
        *c = apr_iscntrl(*c) ? '?' : *c;
    }
    return cut;
}

/* ---- three parts of base64url -------------------------------------------------------- */

static apr_status_t split(token_t *token, const char *text, wf_error_t *err)
{
    apr_size_t length = strnlen(text, WF_JWT_MAX_TOKEN + 1);
    int i;

    if (length > WF_JWT_MAX_TOKEN) {
        return refuse(err, "it is longer than %d bytes", WF_JWT_MAX_TOKEN);
    }
    for (i = 0; i < PARTS; i++) {
        token->text[i] = text;
        token->length[i] = strcspn(text, ".");
        text += token->length[i];
        if (*text != (i < PARTS - 1 ? '.' : '\0')) {
            return refuse(err, "it does not consist of three parts");
        }
        text++;
    }
    return APR_SUCCESS;
}

static int digit(unsigned char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '-'             ? 62
           : c == '_'             ? 63
                                  : -1;
}

/* RFC 7515, 2: no padding, no line ends. There is one way to write some bytes: bits left
 * over are zero. */
static apr_status_t decode(unsigned char **bytes, apr_size_t *length,
                           const token_t *token, int part, apr_pool_t *p, wf_error_t *err)
{
    const char *text = token->text[part];
    apr_size_t n = token->length[part];
    unsigned char *to = *bytes = apr_palloc(p, n / 4 * 3 + 4);
    apr_uint32_t bits = 0;
    int left = 0, wrong = n == 0 || n % 4 == 1;

    for (apr_size_t i = 0; i < n && !wrong; i++) {
        int value = digit((unsigned char)text[i]);

        wrong = value < 0;
        bits = (bits << 6 | (apr_uint32_t)(value & 63)) & 0xfff;
        left += 6;
        if (left >= 8) {
            left -= 8;
            *to++ = (unsigned char)(bits >> left);
        }
    }
    if (wrong || (bits & ((1U << left) - 1))) {
        return refuse(err, "its %s is no base64url", part_names[part]);
    }
    *to = '\0';
    *length = (apr_size_t)(to - *bytes);
    return APR_SUCCESS;
}

/* ---- JSON ---------------------------------------------------------------------------- */

static apr_status_t read_object(json_object **object, const token_t *token, int part,
                                apr_pool_t *p, wf_error_t *err)
{
    unsigned char *bytes;
    apr_size_t length;
    wf_error_t inner;

    if (decode(&bytes, &length, token, part, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    wf_error_init(&inner, p);
    if (wf_json_parse_flat(object, (char *)bytes, length, DEPTH, p, &inner) != APR_SUCCESS
        || wf_json_check_names((char *)bytes, length, p, &inner) != APR_SUCCESS) {
        return refuse(err, "its %s: %s", part_names[part], shown(inner.message, p));
    }
    return json_object_is_type(*object, json_type_object)
               ? APR_SUCCESS
               : refuse(err, "its %s: no JSON object", part_names[part]);
}

/* 1 if it is that very text; one with a NUL is none. */
static int is_text(json_object *json, const char *text)
{
    return json_object_is_type(json, json_type_string)
           && (apr_size_t)json_object_get_string_len(json) == strlen(text)
           && !memcmp(json_object_get_string(json), text, strlen(text));
}

/* A member that is a text or not there (NULL). */
static apr_status_t get_text(const char **text, json_object *object, const char *name,
                             wf_error_t *err)
{
    json_object *json;

    *text = NULL;
    if (!json_object_object_get_ex(object, name, &json)) {
        return APR_SUCCESS;
    }
    if (!json_object_is_type(json, json_type_string)
        || strlen(json_object_get_string(json))
               != (apr_size_t)json_object_get_string_len(json)) {
        return refuse(err, "its \"%s\" is no text", name);
    }
    *text = json_object_get_string(json);
    return APR_SUCCESS;
}

/* ---- the header ---------------------------------------------------------------------- */

typedef struct header_t {
    const char *algorithm, *kid; /* kid: may be NULL */
} header_t;

/* Other kinds of tokens that the same issuer signs with the same key, such as those for a
 * logout, give no access (RFC 8725, 3.11). */
static int is_access(const char *type)
{
    if (!strncasecmp(type, "application/", 12)) {
        type += 12;
    }
    return !strcasecmp(type, "JWT") || !strcasecmp(type, "at+jwt");
}

static apr_status_t read_header(header_t *header, const token_t *token, apr_pool_t *p,
                                wf_error_t *err)
{
    json_object *json;
    const char *type;

    if (read_object(&json, token, HEADER, p, err) != APR_SUCCESS
        || get_text(&header->algorithm, json, "alg", err) != APR_SUCCESS
        || get_text(&header->kid, json, "kid", err) != APR_SUCCESS
        || get_text(&type, json, "typ", err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (!header->algorithm || !wf_jwt_algorithm_known(header->algorithm)) {
        return refuse(err, "its algorithm \"%s\" is none of %s",
                      header->algorithm ? shown(header->algorithm, p) : "",
                      wf_jwt_algorithms(p));
    }
    if (json_object_object_get_ex(json, "crit", NULL)) {
        return refuse(err, "its \"crit\" asks for extensions, and there are none");
    }
    if (type && !is_access(type)) {
        return refuse(err, "its type \"%s\" is neither JWT nor at+jwt", shown(type, p));
    }
    return APR_SUCCESS;
}

/* ---- the signature ------------------------------------------------------------------- */

static int may_be(const wf_jwt_key_t *key, const char *kid)
{
    return !key->kid || !kid || !strcmp(key->kid, kid);
}

static apr_status_t verify(const wf_jwt_keys_t *keys, const token_t *token,
                           const header_t *header, apr_pool_t *p, wf_error_t *err)
{
    apr_size_t length, said = (apr_size_t)(token->text[SIGNATURE] - 1 - token->text[0]);
    unsigned char *signature;
    int known = 0, tried = 0;

    if (decode(&signature, &length, token, SIGNATURE, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    for (int i = 0; i < wf_jwt_keys_count(keys); i++) {
        const wf_jwt_key_t *key = APR_ARRAY_IDX(keys->items, i, const wf_jwt_key_t *);

        if (!may_be(key, header->kid)) {
            continue;
        }
        known++;
        if (strcmp(wf_jwt_key_algorithm(key), header->algorithm) != 0) {
            continue;
        }
        tried++;
        if (wf_jwt_key_verify(key, token->text[0], said, signature, length)) {
            return APR_SUCCESS;
        }
    }
    if (tried) {
        return refuse(err, "its signature is of no known key, of %d with %s", tried,
                      header->algorithm);
    }
    if (known) {
        return refuse(err, "its algorithm %s is not that of its key", header->algorithm);
    }
    return header->kid ? refuse(err, "its key \"%s\" is not known", shown(header->kid, p))
                       : refuse(err, "there are no keys");
}

/* ---- claims -------------------------------------------------------------------------- */

/* Seconds since 1970, with fractions (RFC 7519, 2); NAN: it is not there. */
static apr_status_t get_time(double *seconds, json_object *claims, const char *name,
                             wf_error_t *err)
{
    json_object *json;

    *seconds = NAN;
    if (!json_object_object_get_ex(claims, name, &json)) {
        return APR_SUCCESS;
    }
    if (json_object_is_type(json, json_type_int)
        || json_object_is_type(json, json_type_double)) {
        *seconds = json_object_get_double(json);
    }
    return isfinite(*seconds) ? APR_SUCCESS
                              : refuse(err, "its \"%s\" is no number of seconds", name);
}

/* For a message: whole, and not endless. */
static apr_int64_t whole(double seconds)
{
    return seconds > 1e15 ? 1000000000000000 : (apr_int64_t)seconds;
}

static apr_status_t check_times(json_object *claims, double now, double leeway,
                                wf_error_t *err)
{
    double expires, begins, issued;

    if (get_time(&expires, claims, "exp", err) != APR_SUCCESS
        || get_time(&begins, claims, "nbf", err) != APR_SUCCESS
        || get_time(&issued, claims, "iat", err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (isnan(expires)) {
        return refuse(err, "it has no \"exp\"");
    }
    if (now >= expires + leeway) {
        return refuse(err, "it expired %" APR_INT64_T_FMT " seconds ago",
                      whole(now - expires));
    }
    if (begins > now + leeway) {
        return refuse(err, "it is good in %" APR_INT64_T_FMT " seconds only",
                      whole(begins - now));
    }
    if (issued > now + leeway) {
        return refuse(err, "it was issued %" APR_INT64_T_FMT " seconds in the future",
                      whole(issued - now));
    }
    return APR_SUCCESS;
}

static int contains(json_object *list, const char *text)
{
    apr_size_t n =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

    for (apr_size_t i = 0; i < n; i++) {
        if (is_text(json_object_array_get_idx(list, i), text)) {
            return 1;
        }
    }
    return 0;
}

static const char *shown_json(json_object *json, apr_pool_t *p)
{
    return shown(wf_json_text(json, NULL, p), p);
}

static apr_status_t check_issuer(json_object *claims, const char *issuer, apr_pool_t *p,
                                 wf_error_t *err)
{
    json_object *json;

    if (!issuer) {
        return APR_SUCCESS;
    }
    if (!json_object_object_get_ex(claims, "iss", &json)) {
        return refuse(err, "it has no \"iss\"");
    }
    return is_text(json, issuer) ? APR_SUCCESS
                                 : refuse(err, "its issuer is %s", shown_json(json, p));
}

/* A token that names its audience is for nobody else: not for one either that was never
 * told what it is called (RFC 7519, 4.1.3). */
static apr_status_t check_audience(json_object *claims, const char *audience,
                                   apr_pool_t *p, wf_error_t *err)
{
    json_object *json;

    if (!json_object_object_get_ex(claims, "aud", &json)) {
        return audience ? refuse(err, "it has no \"aud\"") : APR_SUCCESS;
    }
    if (!audience) {
        return refuse(err, "it is for the audience %s, and none is configured here",
                      shown_json(json, p));
    }
    return is_text(json, audience) || contains(json, audience)
               ? APR_SUCCESS
               : refuse(err, "it is for another audience, %s", shown_json(json, p));
}

static int is_user(const char *name)
{
    apr_size_t n = strlen(name);

    for (const char *c = name; *c; c++) {
        if (apr_iscntrl(*c)) {
            return 0;
        }
    }
    return n > 0 && n <= USER_MAX;
}

static apr_status_t read_user(const char **user, json_object *claims, const char *claim,
                              wf_error_t *err)
{
    if (get_text(user, claims, claim, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return *user && is_user(*user)
               ? APR_SUCCESS
               : refuse(err,
                        "its \"%s\" is no user: 1 to %d bytes, no control characters",
                        claim, USER_MAX);
}

apr_status_t wf_jwt_check(const wf_jwt_keys_t *keys, const wf_jwt_policy_t *policy,
                          const char *token, apr_int64_t now_ms, wf_jwt_claims_t *claims,
                          apr_pool_t *p, wf_error_t *err)
{
    const char *user_claim = policy->user_claim ? policy->user_claim : WF_JWT_USER_CLAIM;
    header_t header;
    token_t parts;
    json_object *all;
    const char *user;

    memset(claims, 0, sizeof *claims);
    if (split(&parts, token, err) != APR_SUCCESS
        || read_header(&header, &parts, p, err) != APR_SUCCESS
        || verify(keys, &parts, &header, p, err) != APR_SUCCESS
        || read_object(&all, &parts, CLAIMS, p, err) != APR_SUCCESS
        || check_times(all, (double)now_ms / 1000, policy->leeway, err) != APR_SUCCESS
        || check_issuer(all, policy->issuer, p, err) != APR_SUCCESS
        || check_audience(all, policy->audience, p, err) != APR_SUCCESS
        || read_user(&user, all, user_claim, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    claims->user = user;
    claims->all = all;
    return APR_SUCCESS;
}
