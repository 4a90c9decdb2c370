/* Keys that two servers share, and how each proves that it has it without saying it: with
 * an HMAC (RFC 2104) over random numbers of both, so that no proof can be used again. */
#include "link/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MADE_BYTES 32 /* random ones of a key that is made */

static void to_hex(char *text, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < n; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * n] = '\0';
}

/* ---- files ------------------------------------------------------------------------- */

apr_status_t wf_link_key_read(wf_link_key_t *key, const char *path, apr_pool_t *p,
                              wf_error_t *err)
{
    static const wf_key_file_t rules = { WF_LINK_KEY_MIN, WF_LINK_KEY_MAX, S_IRWXO };
    const char *problem = wf_key_file_read(&key->bytes, &key->length, path, &rules, p);

    return problem != NULL
               ? wf_error_set(err, WF_ERR_INVALID, "key %s: %s", path, problem)
               : APR_SUCCESS;
}

static int write_key(int fd, uid_t owner)
{
    unsigned char bytes[MADE_BYTES];
    char text[2 * MADE_BYTES + 2];

    if (RAND_bytes(bytes, MADE_BYTES) != 1) {
        return 0;
    }
    to_hex(text, bytes, MADE_BYTES);
    strcat(text, "\n");
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0
           && (owner == (uid_t)-1 || fchown(fd, owner, (gid_t)-1) == 0);
}

/* Nobody sees it before it is whole: it gets its name when it is. */
apr_status_t wf_link_key_make(const char *path, uid_t owner, apr_pool_t *p,
                              wf_error_t *err)
{
    char *made = apr_pstrcat(p, path, ".XXXXXX", NULL);
    int fd = mkostemp(made, O_CLOEXEC), fault;

    if (fd < 0) {
        return wf_error_set(err, WF_ERR_INVALID, "key %s: %s", path, strerror(errno));
    }
    fault = write_key(fd, owner) && link(made, path) == 0 ? 0 : errno;
    close(fd);
    unlink(made);
    return fault == 0
               ? APR_SUCCESS
               : wf_error_set(err, fault == EEXIST ? WF_ERR_CONFLICT : WF_ERR_INTERNAL,
                              "key %s: %s", path, strerror(fault));
}

/* ---- proofs ------------------------------------------------------------------------ */

apr_status_t wf_link_nonce(char nonce[WF_LINK_NONCE + 1], wf_error_t *err)
{
    unsigned char bytes[WF_LINK_NONCE / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return wf_error_set(err, WF_ERR_INTERNAL, "there are no random numbers");
    }
    to_hex(nonce, bytes, sizeof(bytes));
    return APR_SUCCESS;
}

apr_status_t wf_link_proof(char proof[WF_LINK_PROOF + 1], const wf_link_key_t *key,
                           const char *side, const char *client_nonce,
                           const char *server_nonce, const char *name, wf_error_t *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char said[2 * WF_LINK_NONCE + WF_LINK_NAME + 16];
    unsigned n = 0;

    proof[0] = '\0';
    if (key->bytes == NULL) {
        return APR_SUCCESS;
    }
    /* The name comes last: of the others' lengths nobody can be in doubt. */
    snprintf(said, sizeof(said), "%s|%s|%s|%s", side, client_nonce, server_nonce, name);
    if (HMAC(EVP_sha256(), key->bytes, (int)key->length, (unsigned char *)said,
             strlen(said), sum, &n)
            == NULL
        || n * 2 != WF_LINK_PROOF) {
        return wf_error_set(err, WF_ERR_INTERNAL, "no HMAC could be made");
    }
    to_hex(proof, sum, n);
    return APR_SUCCESS;
}

int wf_link_proof_equal(const char *a, const char *b)
{
    size_t n = strlen(a);

    return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}
