/* Keys of JSON Web Tokens: which files are some, and whether one made a signature
 * (RFC 7518, section 3). The algorithm belongs to the key and never comes from a token.
 */
#include "auth/jwt_key.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_MAX 4096     /* bytes */
#define PEM_MAX (64 * 1024) /* bytes of a file: a certificate may have a text beside it  \
                             */
#define RSA_MIN 2048        /* bits; RFC 7518, 3.3 */
#define RSA_MAX 8192        /* bits; above that one signature takes milliseconds */
#define KID_MAX 255         /* bytes */
#define P256_NUMBER 32      /* bytes of each of the two numbers of a signature */

typedef struct wf_jwt_algorithm_t {
    const char *name;
    const EVP_MD *(*digest)(void);
    apr_size_t length; /* bytes of a signature; 0: as long as the key */
    apr_size_t secret; /* bytes that a secret has at least; 0: a public key */

    /** What keeps a public key from being one of this algorithm, or NULL. */
    const char *(*unfit)(EVP_PKEY *key, apr_pool_t *p);
    int (*verify)(const wf_jwt_key_t *key, const char *said, apr_size_t said_length,
                  const unsigned char *signature, apr_size_t length);
} wf_jwt_algorithm_t;

/* ---- signatures -------------------------------------------------------------------- */

static int verify_hmac(const wf_jwt_key_t *key, const char *said, apr_size_t said_length,
                       const unsigned char *signature, apr_size_t length)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    return HMAC(key->algorithm->digest(), key->secret, (int)key->length,
                (const unsigned char *)said, said_length, sum, &n)
           && n == length && CRYPTO_memcmp(sum, signature, n) == 0;
}

static int verify_public(const wf_jwt_key_t *key, const char *said,
                         apr_size_t said_length, const unsigned char *signature,
                         apr_size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int right = context
                && EVP_DigestVerifyInit(context, NULL, key->algorithm->digest(), NULL,
                                        key->public)
                       == 1
                && EVP_DigestVerify(context, signature, length,
                                    (const unsigned char *)said, said_length)
                       == 1;

    EVP_MD_CTX_free(context);
    return right;
}

/* The two numbers stand side by side in a token (RFC 7518, 3.4); OpenSSL wants them in
 * DER. Their range is its affair. */
static int verify_p256(const wf_jwt_key_t *key, const char *said, apr_size_t said_length,
                       const unsigned char *signature, apr_size_t length)
{
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, P256_NUMBER, NULL);
    BIGNUM *s = BN_bin2bn(signature + P256_NUMBER, P256_NUMBER, NULL);
    unsigned char *der = NULL;
    int n = 0, right;

    (void)length;
    if (numbers && r && s && ECDSA_SIG_set0(numbers, r, s) == 1) {
        r = s = NULL; /* they are its own now */
        n = i2d_ECDSA_SIG(numbers, &der);
    }
    right = n > 0 && verify_public(key, said, said_length, der, (apr_size_t)n);
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(numbers);
    return right;
}

/* ---- which public keys fit ---------------------------------------------------------- */

/* What mathematics asks: an exponent of 1, or a point beside the curve, and anybody could
 * sign. */
static int is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int sound = context && EVP_PKEY_public_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    return sound;
}

static const char *unfit_rsa(EVP_PKEY *key, apr_pool_t *p)
{
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        return "its key is no RSA key";
    }
    if (bits < RSA_MIN || bits > RSA_MAX) {
        return apr_psprintf(p, "its key has %d bits, it needs %d to %d", bits, RSA_MIN,
                            RSA_MAX);
    }
    return is_sound(key) ? NULL : "its RSA key is unsound";
}

static const char *unfit_p256(EVP_PKEY *key, apr_pool_t *p)
{
    char curve[80];
    size_t n;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
        return "its key is no key of an elliptic curve";
    }
    if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &n) != 1) {
        return "its key is on a curve without a name, it has to be on P-256";
    }
    if (strcmp(curve, "prime256v1") != 0) {
        return apr_psprintf(p, "its key is on the curve %s, it has to be on P-256",
                            curve);
    }
    return is_sound(key) ? NULL : "its point is not on P-256";
}

/* clang-format off */
static const wf_jwt_algorithm_t algorithms[] = {
    /* name     digest       signature        secret  public key  */
    { "HS256",  EVP_sha256,  32,              32,     NULL,       verify_hmac   },
    { "HS384",  EVP_sha384,  48,              48,     NULL,       verify_hmac   },
    { "HS512",  EVP_sha512,  64,              64,     NULL,       verify_hmac   },
    { "RS256",  EVP_sha256,  0,               0,      unfit_rsa,  verify_public },
    { "ES256",  EVP_sha256,  2 * P256_NUMBER, 0,      unfit_p256, verify_p256   },
};
/* clang-format on */

#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

static const wf_jwt_algorithm_t *find_algorithm(const char *name)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (!strcmp(algorithms[i].name, name)) {
            return &algorithms[i];
        }
    }
    return NULL;
}

int wf_jwt_algorithm_known(const char *name)
{
    return find_algorithm(name) != NULL;
}

const char *wf_jwt_algorithms(apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, ALGORITHMS, sizeof(char *));

    for (size_t i = 0; i < ALGORITHMS; i++) {
        APR_ARRAY_PUSH(names, const char *) = algorithms[i].name;
    }
    return apr_array_pstrcat(p, names, ' ');
}

const char *wf_jwt_key_algorithm(const wf_jwt_key_t *key)
{
    return key->algorithm->name;
}

int wf_jwt_key_verify(const wf_jwt_key_t *key, const char *said, apr_size_t said_length,
                      const unsigned char *signature, apr_size_t length)
{
    int right;

    if (key->algorithm->length && length != key->algorithm->length) {
        return 0;
    }
    ERR_set_mark();
    right = key->algorithm->verify(key, said, said_length, signature, length);
    ERR_pop_to_mark();
    return right;
}

/* ---- files ------------------------------------------------------------------------- */

static apr_status_t forget_secret(void *data)
{
    wf_jwt_key_t *key = data;

    OPENSSL_cleanse((char *)key->secret, key->length);
    return APR_SUCCESS;
}

static const char *load_secret(wf_jwt_key_t *key, const char *file, apr_pool_t *p)
{
    wf_key_file_t rules = { key->algorithm->secret, SECRET_MAX, S_IRWXO };
    const char *problem = wf_key_file_read(&key->secret, &key->length, file, &rules, p);

    if (problem) {
        return problem;
    }
    apr_pool_cleanup_register(p, key, forget_secret, apr_pool_cleanup_null);
    /* With a public key as the secret everybody could sign. */
    return strstr(key->secret, "-----BEGIN ")
               ? "it holds a key or certificate in PEM, and no secret"
               : NULL;
}

static EVP_PKEY *from_key(const unsigned char **der, long length)
{
    return d2i_PUBKEY(NULL, der, length);
}

static EVP_PKEY *from_rsa_key(const unsigned char **der, long length)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, der, length);
}

static EVP_PKEY *from_certificate(const unsigned char **der, long length)
{
    X509 *certificate = d2i_X509(NULL, der, length);
    EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    return key;
}

static const struct {
    const char *name;
    EVP_PKEY *(*read)(const unsigned char **der, long length);
} blocks[] = {
    { "PUBLIC KEY", from_key },
    { "RSA PUBLIC KEY", from_rsa_key },
    { "CERTIFICATE", from_certificate },
};

static apr_status_t free_public(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

static const char *take_block(wf_jwt_key_t *key, const char *name,
                              const unsigned char *der, long length, apr_pool_t *p)
{
    const unsigned char *end = der + length;
    size_t i;

    if (strstr(name, "PRIVATE KEY")) {
        return "it holds a private key; the public one belongs here";
    }
    for (i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (!strcmp(blocks[i].name, name)) {
            break;
        }
    }
    if (i == sizeof blocks / sizeof blocks[0]) {
        return apr_psprintf(p, "it holds \"%.40s\", and no public key or certificate",
                            name);
    }
    if (key->public) {
        return "it holds several keys; each needs a file of its own";
    }
    key->public = blocks[i].read(&der, length);
    if (key->public) {
        apr_pool_cleanup_register(p, key->public, free_public, apr_pool_cleanup_null);
    }
    return key->public && der == end ? NULL : "what is in its PEM is malformed";
}

/* PEM by hand: OpenSSL's readers of keys take the first that they like, and would ask the
 * terminal for the password of one that is encrypted. */
static const char *load_blocks(wf_jwt_key_t *key, BIO *text, apr_pool_t *p)
{
    const char *problem = NULL;
    char *name, *header;
    unsigned char *der;
    long length;

    while (!problem && PEM_read_bio(text, &name, &header, &der, &length) == 1) {
        problem = take_block(key, name, der, length, p);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    if (!problem && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        problem = "its PEM is malformed";
    }
    return !problem && !key->public ? "it holds no public key in PEM" : problem;
}

static const char *load_public(wf_jwt_key_t *key, const char *file, apr_pool_t *p)
{
    static const wf_key_file_t rules = { 0, PEM_MAX, S_IWOTH };
    const char *bytes, *problem;
    apr_size_t length;
    BIO *text;

    problem = wf_key_file_read(&bytes, &length, file, &rules, p);
    if (problem) {
        return problem;
    }
    text = BIO_new_mem_buf(bytes, (int)length);
    if (!text) {
        return "there is no memory";
    }
    problem = load_blocks(key, text, p);
    BIO_free(text);
    return problem ? problem : key->algorithm->unfit(key->public, p);
}

/* ---- the set ----------------------------------------------------------------------- */

wf_jwt_keys_t *wf_jwt_keys_create(apr_pool_t *p)
{
    wf_jwt_keys_t *keys = apr_palloc(p, sizeof *keys);

    keys->pool = p;
    keys->items = apr_array_make(p, 2, sizeof(wf_jwt_key_t *));
    return keys;
}

static apr_status_t check_kid(const char *kid, wf_error_t *err)
{
    apr_size_t n = strlen(kid);

    if (n == 0 || n > KID_MAX || !wf_utf8_valid(kid, n)) {
        return wf_error_field(err, WF_ERR_INVALID, "kid",
                              "the id of a key has 1 to %d bytes of UTF-8", KID_MAX);
    }
    return APR_SUCCESS;
}

apr_status_t wf_jwt_keys_add(wf_jwt_keys_t *keys, const char *algorithm, const char *file,
                             const char *kid, wf_error_t *err)
{
    wf_jwt_key_t *key = apr_pcalloc(keys->pool, sizeof *key);
    const char *problem;

    key->algorithm = find_algorithm(algorithm);
    if (!key->algorithm) {
        return wf_error_field(err, WF_ERR_INVALID, "algorithm",
                              "unknown algorithm \"%.40s\": it is one of %s", algorithm,
                              wf_jwt_algorithms(err->pool));
    }
    if (kid && check_kid(kid, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (keys->items->nelts == WF_JWT_MAX_KEYS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "more than %d keys for tokens",
                            WF_JWT_MAX_KEYS);
    }
    key->kid = apr_pstrdup(keys->pool, kid);
    ERR_set_mark();
    problem = key->algorithm->secret ? load_secret(key, file, keys->pool)
                                     : load_public(key, file, keys->pool);
    ERR_pop_to_mark();
    if (problem) {
        return wf_error_field(err, WF_ERR_INVALID, "file", "%s key file %s: %s",
                              algorithm, file, problem);
    }
    APR_ARRAY_PUSH(keys->items, wf_jwt_key_t *) = key;
    return APR_SUCCESS;
}

int wf_jwt_keys_count(const wf_jwt_keys_t *keys)
{
    return keys ? keys->items->nelts : 0;
}
