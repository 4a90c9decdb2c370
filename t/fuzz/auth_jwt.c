/* Fuzz target of JSON Web Tokens. The first byte chooses: 'r' a token as it comes, which
 * nobody signed; 's' a header, a line end and claims, which are signed here; else a key
 * file for the algorithm that the byte stands for. Whatever it is: claims of a user, or a
 * message that a log can take. */
#include "auth/auth.h"
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "nothing in the corpus is signed with this"
#define NOW 1800000000000

static const wf_jwt_policy_t policies[] = {
    { .leeway = 30 },
    { .leeway = 0, .issuer = "joe", .audience = "workflow", .user_claim = "name" },
};

static void fuzz_key(wf_jwt_keys_t *keys, const char *algorithm, const void *bytes,
                     size_t size, apr_pool_t *p)
{
    static int fd = -1;
    wf_error_t err;

    if (fd < 0) {
        fd = memfd_create("key", MFD_CLOEXEC);
        fuzz_check(fd >= 0 && fchmod(fd, 0600) == 0);
    }
    fuzz_check(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
    wf_error_init(&err, p);
    if (wf_jwt_keys_add(keys, algorithm, apr_psprintf(p, "/proc/self/fd/%d", fd), NULL,
                        &err)
        != APR_SUCCESS) {
        fuzz_check(err.kind == WF_ERR_INVALID);
        fuzz_line(err.message);
    }
}

/* 1: it is genuine. */
static int fuzz_token(const wf_jwt_keys_t *keys, const wf_jwt_policy_t *policy,
                      const char *token, apr_pool_t *p)
{
    wf_jwt_claims_t claims;
    json_object *expires;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_jwt_check(keys, policy, token, NOW, &claims, p, &err) != APR_SUCCESS) {
        fuzz_check(err.kind == WF_ERR_FORBIDDEN && !claims.user && !claims.all);
        fuzz_line(err.message);
        return 0;
    }
    fuzz_line(claims.user);
    fuzz_check(*claims.user && json_object_object_get_ex(claims.all, "exp", &expires)
               && json_object_get_double(expires) > NOW / 1000 - policy->leeway);
    fuzz_check(!policy->issuer
               || !strcmp(wf_json_string(claims.all, "iss", ""), policy->issuer));
    fuzz_check(!policy->audience == !wf_json_get(claims.all, "aud"));
    return 1;
}

static const char *base64url(const void *bytes, size_t size, apr_pool_t *p)
{
    char *text = apr_palloc(p, size / 3 * 4 + 8);
    int n = EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);

    for (int i = 0; i < n; i++) {
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    text[strcspn(text, "=")] = '\0';
    return text;
}

static const char *sign(const char *text, size_t size, apr_pool_t *p)
{
    const char *end = memchr(text, '\n', size), *said;
    size_t header = end ? (size_t)(end - text) : size;
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    said = apr_pstrcat(p, base64url(text, header, p), ".",
                       end ? base64url(end + 1, size - header - 1, p) : "", NULL);
    fuzz_check(HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET),
                    (const unsigned char *)said, strlen(said), sum, &n)
               != NULL);
    return apr_pstrcat(p, said, ".", base64url(sum, n, p), NULL);
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    static const char *const algorithms[] = { "RS256", "ES256", "HS256" };
    wf_jwt_keys_t *keys = wf_jwt_keys_create(p);
    const char *text = fuzz_text(data, size, p), *token;

    if (size == 0) {
        return;
    }
    if (data[0] == 'r') {
        fuzz_key(keys, "HS256", SECRET, strlen(SECRET), p);
        fuzz_check(!fuzz_token(keys, &policies[0], text, p));
    }
    else if (data[0] == 's') {
        fuzz_key(keys, "HS256", SECRET, strlen(SECRET), p);
        token = sign(text, size - 1, p);
        fuzz_token(keys, &policies[0], token, p);
        fuzz_token(keys, &policies[1], token, p);
    }
    else {
        fuzz_key(keys, algorithms[data[0] % 3], text, size - 1, p);
    }
}
