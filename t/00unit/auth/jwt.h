/* For tests of JSON Web Tokens: a folder of keys that the openssl program makes, and
 * tokens that are signed with them. */
#ifndef WF_TEST_JWT_H
#define WF_TEST_JWT_H

#include "auth/auth.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static char dir[] = "/tmp/wf-jwt.XXXXXX";

static inline const char *path_of(const char *name)
{
    return apr_pstrcat(pool, dir, "/", name, NULL);
}

static inline void write_bytes(const char *name, const void *bytes, apr_size_t n,
                               mode_t mode)
{
    FILE *f = fopen(path_of(name), "w");

    fwrite(bytes, 1, n, f);
    fclose(f);
    chmod(path_of(name), mode);
}

static inline void write_text(const char *name, const char *text, mode_t mode)
{
    write_bytes(name, text, strlen(text), mode);
}

static inline unsigned char *read_bytes(const char *name, apr_size_t *n)
{
    unsigned char *bytes = apr_pcalloc(pool, 8192);
    FILE *f = fopen(path_of(name), "r");

    *n = f ? fread(bytes, 1, 8191, f) : 0;
    if (f) {
        fclose(f);
    }
    return bytes;
}

/** Run a line of the shell in the folder. */
static inline void shell(const char *line)
{
    int status =
        system(apr_psprintf(pool, "umask 022; cd %s && { %s ; } 2>log", dir, line));
    apr_size_t n;

    if (status != 0) {
        ok(0, "%s: status %d: %s", line, status, read_bytes("log", &n));
    }
}

static inline const char *base64url(const void *bytes, apr_size_t n)
{
    unsigned char *text = apr_palloc(pool, n / 3 * 4 + 8);
    int length = EVP_EncodeBlock(text, bytes, (int)n);

    for (int i = 0; i < length; i++) {
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    while (length > 0 && text[length - 1] == '=') {
        length--;
    }
    text[length] = '\0';
    return (char *)text;
}

/** What is signed. */
static inline const char *said(const char *header, const char *claims)
{
    return apr_pstrcat(pool, base64url(header, strlen(header)), ".",
                       base64url(claims, strlen(claims)), NULL);
}

static inline const char *token_of(const char *said_text, const void *signature,
                                   apr_size_t n)
{
    return apr_pstrcat(pool, said_text, ".", base64url(signature, n), NULL);
}

/** Signed with HMAC-SHA256. */
static inline const char *hs256(const char *header, const char *claims,
                                const char *secret)
{
    const char *text = said(header, claims);
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text,
         strlen(text), sum, &n);
    return token_of(text, sum, n);
}

/** Signed by the openssl program: what its dgst is to be told. The signature is in DER
 *  where that is the algorithm's way. */
static inline const char *by_openssl(const char *header, const char *claims,
                                     const char *options)
{
    const char *text = said(header, claims);
    unsigned char *signature;
    apr_size_t n;

    write_text("said", text, 0600);
    shell(apr_pstrcat(pool, "openssl dgst ", options, " -binary -out signature said",
                      NULL));
    signature = read_bytes("signature", &n);
    return token_of(text, signature, n);
}

/** One of the two numbers of a signature in DER, as size bytes. */
static inline const unsigned char *raw_number(unsigned char *to, const unsigned char *der,
                                              int size)
{
    int n = der[1];

    der += 2;
    for (; n > size; n--) {
        der++; /* a zero that keeps it from being negative */
    }
    memset(to, 0, (size_t)size);
    memcpy(to + size - n, der, (size_t)n);
    return der + n;
}

/** As by_openssl, for a curve whose numbers have size bytes (up to 48). */
static inline const char *by_curve(const char *header, const char *claims,
                                   const char *options, int size)
{
    unsigned char raw[96], *der;
    const unsigned char *at;
    apr_size_t n;

    by_openssl(header, claims, options);
    der = read_bytes("signature", &n);
    at = raw_number(raw, der + 2, size);
    raw_number(raw + size, at, size);
    return token_of(said(header, claims), raw, (apr_size_t)(2 * size));
}

/** What is wrong with a token, or NULL. */
static inline const char *refused(const wf_jwt_keys_t *keys,
                                  const wf_jwt_policy_t *policy, const char *token,
                                  apr_int64_t now, wf_jwt_claims_t *claims)
{
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_jwt_check(keys, policy, token, now * 1000, claims, pool, &err)
        == APR_SUCCESS) {
        return NULL;
    }
    if (err.kind != WF_ERR_FORBIDDEN || claims->user || claims->all) {
        ok(0, "%s: %s, with claims", err.message, wf_err_name(err.kind));
    }
    return err.message;
}

/** A key is added, or this is part of what is wrong with it. */
static inline void add_key(wf_jwt_keys_t *keys, const char *algorithm, const char *name,
                           const char *kid, const char *wrong)
{
    int count = wf_jwt_keys_count(keys);
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, pool);
    rv = wf_jwt_keys_add(keys, algorithm, path_of(name), kid, &err);
    ok(wrong ? rv != APR_SUCCESS && strstr(err.message, wrong) : rv == APR_SUCCESS,
       "%s of %s: %s", algorithm, name, err.message ? err.message : "a key");
    is_int(wf_jwt_keys_count(keys), count + !wrong, "… keys");
}

static inline void jwt_begin(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(dir)) {
        exit(1);
    }
}

static inline int jwt_end(void)
{
    shell("rm -f *");
    rmdir(dir);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

#endif
