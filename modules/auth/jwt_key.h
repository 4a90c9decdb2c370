/* Keys of JSON Web Tokens, shared by jwt_keys.c and jwt.c; included by nobody else. */
#ifndef WF_JWT_KEY_H
#define WF_JWT_KEY_H

#include "auth/auth.h"

#include <openssl/evp.h>

typedef struct wf_jwt_key_t {
    const struct wf_jwt_algorithm_t *algorithm;
    const char *kid; /* NULL: it has none */
    const char *secret;
    apr_size_t length; /* of the secret */
    EVP_PKEY *public;  /* where there is no secret */
} wf_jwt_key_t;

struct wf_jwt_keys_t {
    apr_pool_t *pool;
    apr_array_header_t *items; /* of wf_jwt_key_t * */
};

/** "HS256", "HS384" …: all that there are, and that of a key. */
const char *wf_jwt_algorithms(apr_pool_t *p);
int wf_jwt_algorithm_known(const char *name);
const char *wf_jwt_key_algorithm(const wf_jwt_key_t *key);

/** 1 if the signature of what was said was made with this key. Leaves OpenSSL's queue of
 *  errors as it was: mod_ssl takes what it finds there for its own. */
int wf_jwt_key_verify(const wf_jwt_key_t *key, const char *said, apr_size_t said_length,
                      const unsigned char *signature, apr_size_t length);

#endif
