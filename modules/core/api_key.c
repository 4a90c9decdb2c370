/* API keys: how they are made, and what is kept of them. A key has 256 random bits, so
 * its hash needs neither salt nor rounds: nobody can try them all, and one look at an
 * index finds it. */
#include "core/core.h"

#include <apr_general.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#define KEY_BYTES 32

static const char *const rights_names[WF_KEY_RIGHTS] = {
    [WF_KEY_READ] = "read",
    [WF_KEY_OPERATE] = "operate",
    [WF_KEY_ADMIN] = "admin",
};

/* Six bits a character; what is missing of the last one is zero (RFC 4648, section 5). */
static char *put_base64url(char *to, const unsigned char *bytes, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned pending = 0;
    int bits = 0;

    for (size_t i = 0; i < n; i++) {
        pending = (pending << 8 | bytes[i]) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6) {
            *to++ = digits[pending >> (bits - 6) & 63];
        }
    }
    if (bits > 0) {
        *to++ = digits[pending << (6 - bits) & 63];
    }
    return to;
}

apr_status_t wf_api_key_make(char key[WF_API_KEY_SIZE], wf_error_t *err)
{
    unsigned char bytes[KEY_BYTES];
    apr_status_t rv = apr_generate_random_bytes(bytes, sizeof(bytes));

    _Static_assert(WF_API_KEY_SIZE == sizeof(WF_API_KEY_PREFIX) + (KEY_BYTES * 8 + 5) / 6,
                   "room for all bits");
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no random bytes for a key");
    }
    strcpy(key, WF_API_KEY_PREFIX);
    *put_base64url(key + strlen(key), bytes, sizeof(bytes)) = '\0';
    explicit_bzero(bytes, sizeof(bytes));
    return APR_SUCCESS;
}

int wf_api_key_is(const char *text)
{
    return strlen(text) == WF_API_KEY_SIZE - 1
           && strncmp(text, WF_API_KEY_PREFIX, strlen(WF_API_KEY_PREFIX)) == 0;
}

void wf_api_key_hash(char hash[WF_API_KEY_HASH_SIZE], const char *key)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];

    _Static_assert(WF_API_KEY_HASH_SIZE == 2 * SHA256_DIGEST_LENGTH + 1, "in hex");
    SHA256((const unsigned char *)key, strlen(key), digest);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        *hash++ = digits[digest[i] >> 4];
        *hash++ = digits[digest[i] & 15];
    }
    *hash = '\0';
}

int wf_api_key_same(const char *hash, const char *other)
{
    return strlen(hash) == WF_API_KEY_HASH_SIZE - 1
           && strlen(other) == WF_API_KEY_HASH_SIZE - 1
           && CRYPTO_memcmp(hash, other, WF_API_KEY_HASH_SIZE - 1) == 0;
}

const char *wf_key_rights_name(wf_key_rights_e rights)
{
    return rights_names[rights];
}

int wf_key_rights_parse(const char *name)
{
    for (int i = 0; i < WF_KEY_RIGHTS; i++) {
        if (strcmp(rights_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}
