/* Base64 and digests of texts: what browsers, k6 and Postman offer to scripts. The sums
 * are OpenSSL's. */
#include "script/js.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

/* ---- strings of bytes ----------------------------------------------------------------- */

/* A string whose characters are bytes (U+0000 to U+00FF) as those bytes, in js_malloc'ed
 * memory; NULL with an exception pending. QuickJS gives UTF-8: one or two bytes each. */
static uint8_t *bytes_of(JSContext *ctx, JSValueConst v, size_t *length)
{
    size_t n, used = 0;
    const char *s = JS_ToCStringLen(ctx, &n, v);
    uint8_t *bytes = s ? js_malloc(ctx, n + 1) : NULL;

    for (size_t i = 0; bytes && i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= 0xc4) {
            JS_ThrowRangeError(ctx,
                               "btoa: a character beyond U+00FF; encode the text first:"
                               " unescape(encodeURIComponent(text))");
            js_free(ctx, bytes);
            bytes = NULL;
        }
        else {
            bytes[used++] = c < 0x80 ? c : (uint8_t)(c << 6 | (s[++i] & 0x3f));
        }
    }
    JS_FreeCString(ctx, s);
    *length = used;
    return bytes;
}

/* The way back. */
static JSValue from_bytes(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    char *text = js_malloc(ctx, 2 * length + 1);
    size_t n = 0;
    JSValue made;

    if (!text) {
        return JS_EXCEPTION;
    }
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x80) {
            text[n++] = (char)bytes[i];
        }
        else {
            text[n++] = (char)(0xc0 | bytes[i] >> 6);
            text[n++] = (char)(0x80 | (bytes[i] & 0x3f));
        }
    }
    made = JS_NewStringLen(ctx, text, n);
    js_free(ctx, text);
    return made;
}

/* ---- base64 --------------------------------------------------------------------------- */

static JSValue encode_base64(JSContext *ctx, const uint8_t *bytes, size_t length, int url)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = js_malloc(ctx, (length + 2) / 3 * 4 + 1), *at = text;
    JSValue made;

    if (!text) {
        return JS_EXCEPTION;
    }
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)bytes[i] << 16
                        | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0)
                        | (left > 2 ? bytes[i + 2] : 0);

        *at++ = plain[bits >> 18];
        *at++ = plain[bits >> 12 & 63];
        *at++ = left > 1 ? plain[bits >> 6 & 63] : '=';
        *at++ = left > 2 ? plain[bits & 63] : '=';
    }
    for (char *c = text; url && c < at; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    while (url && at > text && at[-1] == '=') {
        at--;
    }
    made = JS_NewStringLen(ctx, text, (size_t)(at - text));
    js_free(ctx, text);
    return made;
}

static JSValue btoa(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t length;
    uint8_t *bytes = bytes_of(ctx, argv[0], &length);
    JSValue made;

    (void)self;
    (void)argc;
    if (!bytes) {
        return JS_EXCEPTION;
    }
    made = encode_base64(ctx, bytes, length, 0);
    js_free(ctx, bytes);
    return made;
}

/* -1: no character of base64; those of its variant for URLs are understood, too. */
static int digit(unsigned char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

/* Decodes in place; -1 if it is no base64. Blanks are left out, padding may be missing.
 */
static long decode_base64(uint8_t *text, size_t length)
{
    size_t used = 0, digits = 0;
    uint32_t bits = 0;

    while (length && text[length - 1] == '=') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        int d = digit(text[i]);

        if (strchr(" \t\n\f\r", text[i]) && text[i]) {
            continue;
        }
        if (d < 0) {
            return -1;
        }
        bits = bits << 6 | (uint32_t)d;
        if (++digits % 4 != 1) {
            text[used++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
        }
    }
    return digits % 4 == 1 ? -1 : (long)used;
}

static JSValue atob(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t length;
    uint8_t *text = bytes_of(ctx, argv[0], &length);
    long used = text ? decode_base64(text, length) : 0;
    JSValue made = JS_EXCEPTION;

    (void)self;
    (void)argc;
    if (text) {
        made = used < 0 ? JS_ThrowTypeError(ctx, "atob: the text is no base64")
                        : from_bytes(ctx, text, (size_t)used);
        js_free(ctx, text);
    }
    return made;
}

/* ---- digests -------------------------------------------------------------------------- */

static const EVP_MD *algorithm_of(JSContext *ctx, JSValueConst v)
{
    static const char *const names[] = { "md5", "sha1", "sha256", "sha384", "sha512" };
    const char *name = JS_ToCString(ctx, v);
    const EVP_MD *found = NULL;

    for (unsigned i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(name, names[i])) {
            found = EVP_get_digestbyname(name);
        }
    }
    if (name && !found) {
        JS_ThrowTypeError(
            ctx, "crypto: '%s' is none of md5, sha1, sha256, sha384, sha512", name);
    }
    JS_FreeCString(ctx, name);
    return found;
}

static JSValue encode_hex(JSContext *ctx, const uint8_t *bytes, unsigned length)
{
    char text[2 * EVP_MAX_MD_SIZE];

    for (unsigned i = 0; i < length; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return JS_NewStringLen(ctx, text, 2 * length);
}

static JSValue encode(JSContext *ctx, const uint8_t *sum, unsigned length,
                      JSValueConst encoding)
{
    const char *name = JS_IsUndefined(encoding) ? NULL : JS_ToCString(ctx, encoding);
    JSValue made;

    if (!name && !JS_IsUndefined(encoding)) {
        return JS_EXCEPTION;
    }
    made = !name || !strcmp(name, "hex") ? encode_hex(ctx, sum, length)
           : !strcmp(name, "base64")     ? encode_base64(ctx, sum, length, 0)
           : !strcmp(name, "base64url")
               ? encode_base64(ctx, sum, length, 1)
               : JS_ThrowTypeError(ctx, "crypto: '%s' is none of hex, base64, base64url",
                                   name);
    JS_FreeCString(ctx, name);
    return made;
}

static JSValueConst argument(int argc, JSValueConst *argv, int i)
{
    return i < argc ? argv[i] : JS_UNDEFINED;
}

#define PART (1024 * 1024) /* of data, between two looks at the clock */

typedef int update_fn(void *state, const char *data, size_t length);

static int update_digest(void *state, const char *data, size_t length)
{
    return EVP_DigestUpdate(state, data, length);
}

static int update_mac(void *state, const char *data, size_t length)
{
    return EVP_MAC_update(state, (const unsigned char *)data, length);
}

/* 1 done, 0 OpenSSL cannot, -1 the time is over: thrown. */
static int update_in_time(JSContext *ctx, update_fn *update, void *state,
                          const char *data, size_t length)
{
    size_t n;

    for (; length > 0; data += n, length -= n) {
        n = length < PART ? length : PART;
        if (js_in_time(js_runtime_of(ctx)) < 0) {
            return -1;
        }
        if (!update(state, data, n)) {
            return 0;
        }
    }
    return 1;
}

static JSValue refused(JSContext *ctx, int rc)
{
    return rc < 0
               ? JS_EXCEPTION
               : JS_ThrowInternalError(ctx, "crypto: OpenSSL does not offer this here");
}

/* digest(name, data, encoding) */
static JSValue digest(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    size_t length;
    const EVP_MD *algorithm = algorithm_of(ctx, argv[0]);
    const char *data = algorithm ? JS_ToCStringLen(ctx, &length, argv[1]) : NULL;
    EVP_MD_CTX *state;
    int rc;

    (void)self;
    if (!data) {
        return JS_EXCEPTION;
    }
    state = EVP_MD_CTX_new();
    rc = state && EVP_DigestInit_ex(state, algorithm, NULL)
             ? update_in_time(ctx, update_digest, state, data, length)
             : 0;
    rc = rc > 0 ? EVP_DigestFinal_ex(state, sum, &n) : rc;
    EVP_MD_CTX_free(state);
    JS_FreeCString(ctx, data);
    return rc > 0 ? encode(ctx, sum, n, argument(argc, argv, 2)) : refused(ctx, rc);
}

typedef struct bytes_t {
    const char *data;
    size_t length;
} bytes_t;

/* As update_in_time. */
static int make_mac(JSContext *ctx, const EVP_MD *algorithm, const bytes_t *key,
                    const bytes_t *data, uint8_t *sum, size_t *n)
{
    char *name = (char *)EVP_MD_get0_name(algorithm);
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                  OSSL_PARAM_construct_end() };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *state = mac ? EVP_MAC_CTX_new(mac) : NULL;
    int rc = state
                     && EVP_MAC_init(state, (const unsigned char *)key->data, key->length,
                                     params)
                 ? update_in_time(ctx, update_mac, state, data->data, data->length)
                 : 0;

    rc = rc > 0 ? EVP_MAC_final(state, sum, n, EVP_MAX_MD_SIZE) : rc;
    EVP_MAC_CTX_free(state);
    EVP_MAC_free(mac);
    return rc;
}

/* hmac(name, key, data, encoding), RFC 2104 */
static JSValue hmac(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    size_t n = 0;
    const EVP_MD *algorithm = algorithm_of(ctx, argv[0]);
    bytes_t key = { 0 }, data = { 0 };
    JSValue made = JS_EXCEPTION;

    (void)self;
    key.data = algorithm ? JS_ToCStringLen(ctx, &key.length, argv[1]) : NULL;
    data.data = key.data ? JS_ToCStringLen(ctx, &data.length, argv[2]) : NULL;
    if (data.data) {
        int rc = make_mac(ctx, algorithm, &key, &data, sum, &n);

        made = rc > 0 ? encode(ctx, sum, (unsigned)n, argument(argc, argv, 3))
                      : refused(ctx, rc);
    }
    JS_FreeCString(ctx, data.data);
    JS_FreeCString(ctx, key.data);
    return made;
}

void js_codec_open(JSContext *ctx, JSValueConst host)
{
    static const JSCFunctionListEntry functions[] = {
        JS_CFUNC_DEF("atob", 1, atob),
        JS_CFUNC_DEF("btoa", 1, btoa),
        JS_CFUNC_DEF("digest", 2, digest),
        JS_CFUNC_DEF("hmac", 3, hmac),
    };

    JS_SetPropertyFunctionList(ctx, host, functions,
                               sizeof(functions) / sizeof(functions[0]));
}
