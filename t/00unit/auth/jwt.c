/* JSON Web Tokens: those of the standards and of the openssl program are genuine, and
 * nothing else is. */
#include "jwt.h"

#include <apr_thread_proc.h>
#include <openssl/err.h>

#define NOW 1800000000
#define SECRET "a secret that is long enough for SHA-256"
#define OTHER "another one that is long enough as well."
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"sub\":\"kermit\",\"exp\":1800000100}"

static const wf_jwt_policy_t plain = { .leeway = 30 };
static wf_jwt_claims_t claims;

static void is_refused(const wf_jwt_keys_t *keys, const char *token, const char *why,
                       const char *what)
{
    const char *message = refused(keys, &plain, token, NOW, &claims);

    ok(message && strstr(message, why), "%s: %s", what, message ? message : "accepted");
}

static void is_kermit(const wf_jwt_keys_t *keys, const char *token, const char *what)
{
    const char *message = refused(keys, &plain, token, NOW, &claims);

    is_str(claims.user, "kermit", "%s%s%s", what, message ? ": " : "",
           message ? message : "");
}

static wf_jwt_keys_t *one_key(const char *algorithm, const char *file, const char *kid)
{
    wf_jwt_keys_t *keys = wf_jwt_keys_create(pool);

    add_key(keys, algorithm, file, kid, NULL);
    return keys;
}

/* ---- RFC 7515, A.1 to A.3 ------------------------------------------------------------ */

#define JOE                                                                              \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb2" \
    "9"                                                                                  \
    "0Ijp0cnVlfQ"

static const struct {
    const char *algorithm, *key, *token;
} standard[] = {
    { "HS256",
      "\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6"
      "\xf0\x54\xc9\x28\xa9\x0f\x84\xb2\xd2\x50\x2e\xbf\xd3\xfb\x5a\x92\xd2\x06\x47\xef"
      "\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5"
      "\x67\xd0\x80\xa3",
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
      ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
    { "RS256",
      "-----BEGIN PUBLIC KEY-----\n"
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
      "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
      "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
      "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
      "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
      "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
      "oQIDAQAB\n"
      "-----END PUBLIC KEY-----\n",
      "eyJhbGciOiJSUzI1NiJ9." JOE
      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF"
      "5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5"
      "h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZ"
      "ESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0i"
      "gcN_IoypGlUPQGe77Rw" },
    { "ES256",
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
      "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
      "-----END PUBLIC KEY-----\n",
      "eyJhbGciOiJFUzI1NiJ9." JOE
      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-K"
      "g6NU1Q" },
};

/* RFC 7519, 6.1 */
#define UNSECURED "eyJhbGciOiJub25lIn0." JOE "."

static void test_standard(void)
{
    static const wf_jwt_policy_t joe = { .issuer = "joe", .user_claim = "iss" };

    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++) {
        const char *algorithm = standard[i].algorithm, *message;
        wf_jwt_keys_t *keys;

        write_text("standard", standard[i].key, 0600);
        keys = one_key(algorithm, "standard", NULL);
        message = refused(keys, &joe, standard[i].token, 1300819379, &claims);
        is_str(message, NULL, "%s of RFC 7515", algorithm);
        is_str(claims.user, "joe", "… its user");
        ok(wf_json_bool(claims.all, "http://example.com/is_root", 0), "… and all claims");
        message = refused(keys, &joe, standard[i].token, 1300819380, &claims);
        is_str(message, "it expired 0 seconds ago", "… until it expires");
        message = refused(keys, &joe, UNSECURED, 1300819379, &claims);
        ok(message && strstr(message, "\"none\" is none of HS256"), "… unsecured: %s",
           message);
    }
}

/* ---- the openssl program ------------------------------------------------------------- */

static const char *with(const char *algorithm, const char *kid)
{
    return kid ? apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithm, kid)
               : apr_psprintf(pool, "{\"alg\":\"%s\"}", algorithm);
}

static const char *by_hmac(const char *algorithm, const char *secret)
{
    return by_openssl(
        with(algorithm, NULL), CLAIMS,
        apr_psprintf(pool, "-sha%s -mac HMAC -macopt 'key:%s'", algorithm + 2, secret));
}

static void make_keys(void)
{
    write_text("secret", SECRET "\n", 0600);
    write_text("other", OTHER "\n", 0600);
    write_text("long", SECRET OTHER "\n", 0600);
    shell("for k in rsa rsa2; do openssl genrsa -out $k.key 2048;"
          " openssl rsa -in $k.key -pubout -out $k.pem; done");
    shell("openssl req -x509 -key rsa.key -subj /CN=a -days 1 -out rsa.crt");
    shell("for c in prime256v1 secp384r1; do openssl ecparam -name $c -genkey -noout"
          " -out $c.key; openssl ec -in $c.key -pubout -out $c.pem; done");
}

static wf_jwt_keys_t *sets[5];
static const char *tokens[5];

static void test_openssl(void)
{
    sets[0] = one_key("HS256", "secret", NULL);
    sets[1] = one_key("HS384", "long", NULL);
    sets[2] = one_key("HS512", "long", NULL);
    sets[3] = one_key("RS256", "rsa.crt", NULL);
    sets[4] = one_key("ES256", "prime256v1.pem", NULL);
    tokens[0] = by_hmac("HS256", SECRET);
    tokens[1] = by_hmac("HS384", SECRET OTHER);
    tokens[2] = by_hmac("HS512", SECRET OTHER);
    tokens[3] = by_openssl(with("RS256", NULL), CLAIMS, "-sha256 -sign rsa.key");
    tokens[4] = by_curve(with("ES256", NULL), CLAIMS, "-sha256 -sign prime256v1.key", 32);
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 5; k++) {
            if (i == k) {
                is_kermit(sets[i], tokens[i], "a token of openssl");
            }
            else {
                is_refused(sets[i], tokens[k], "is not that of its key", "another key");
            }
        }
        is_refused(NULL, tokens[i], "there are no keys", "no keys");
    }
}

/* Signatures with another key, another algorithm, in another form. */
static void test_confusion(void)
{
    const char *es = with("ES256", NULL), *rs = with("RS256", NULL);
    wf_jwt_keys_t *rsa = sets[3], *ec = sets[4];
    wf_jwt_keys_t *both = wf_jwt_keys_create(pool);
    unsigned char zero[64] = { 0 };
    const char *pem;
    apr_size_t n;

    pem = (char *)read_bytes("rsa.pem", &n);
    is_refused(rsa, hs256(with("HS256", NULL), CLAIMS, pem), "is not that of its key",
               "HS256 with the public key of RSA");
    is_refused(rsa, hs256(rs, CLAIMS, pem), "of no known key", "that as RS256");
    is_refused(rsa, by_openssl(rs, CLAIMS, "-sha256 -sign rsa2.key"), "of no known key",
               "RS256 with another key");
    is_refused(
        rsa, by_openssl(rs, CLAIMS, "-sha256 -sigopt rsa_padding_mode:pss -sign rsa.key"),
        "of no known key", "PS256");
    is_refused(rsa, by_openssl(rs, CLAIMS, "-sha512 -sign rsa.key"), "of no known key",
               "RS512 that says RS256");
    is_refused(rsa, by_openssl(with("RS512", NULL), CLAIMS, "-sha512 -sign rsa.key"),
               "\"RS512\" is none of", "RS512");
    is_refused(ec, by_openssl(es, CLAIMS, "-sha256 -sign prime256v1.key"),
               "of no known key", "ES256 in DER");
    is_refused(ec, by_curve(es, CLAIMS, "-sha256 -sign secp384r1.key", 48),
               "of no known key", "another curve");
    is_refused(ec,
               by_curve(with("ES384", NULL), CLAIMS, "-sha384 -sign secp384r1.key", 48),
               "\"ES384\" is none of", "ES384");
    is_refused(ec, token_of(said(es, CLAIMS), zero, 64), "of no known key",
               "a signature of zeros");
    memset(zero, 0xff, 64);
    is_refused(ec, token_of(said(es, CLAIMS), zero, 64), "of no known key", "of ones");
    is_refused(sets[0], token_of(said(with("HS256", NULL), CLAIMS), "x", 1),
               "of no known key", "a short one");
    is_refused(sets[0], apr_pstrcat(pool, said(HEADER, CLAIMS), ".", NULL),
               "its signature is no base64url", "none");
    add_key(both, "RS256", "rsa.pem", "k", NULL);
    add_key(both, "HS256", "secret", "k", NULL);
    is_refused(both, hs256(with("HS256", "k"), CLAIMS, pem), "of 1 with HS256",
               "keys of two algorithms with one id");
    is_kermit(both, hs256(with("HS256", "k"), CLAIMS, SECRET), "the right one of them");
}

/* ---- every byte counts ---------------------------------------------------------------- */

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The bits of a character one by one; dots become letters. */
static int accepted_flips(const wf_jwt_keys_t *keys, const char *token, size_t at)
{
    char *changed = apr_pstrdup(pool, token);
    const char *digit = strchr(alphabet, token[at]);
    int accepted = 0;

    for (int bit = 0; bit < 6; bit++) {
        changed[at] = digit ? alphabet[(digit - alphabet) ^ 1 << bit] : 'A';
        accepted += refused(keys, &plain, changed, NOW, &claims) == NULL;
    }
    return accepted;
}

static int accepted_with(const wf_jwt_keys_t *keys, const char *token, size_t at,
                         const char *inserted)
{
    const char *changed =
        apr_pstrcat(pool, apr_pstrmemdup(pool, token, at), inserted, token + at, NULL);

    return refused(keys, &plain, changed, NOW, &claims) == NULL;
}

static void test_changes(void)
{
    static const char *const inserted[] = { "A", "=", "\n", " ", ".", "+", "/", "\xc3" };

    for (int i = 0; i < 5; i++) {
        size_t n = strlen(tokens[i]);
        int flips = 0, more = 0, less = 0;

        for (size_t at = 0; at <= n; at++) {
            flips += at < n ? accepted_flips(sets[i], tokens[i], at) : 0;
            for (size_t k = 0; k < sizeof inserted / sizeof inserted[0]; k++) {
                more += accepted_with(sets[i], tokens[i], at, inserted[k]);
            }
            less += at < n
                    && !refused(sets[i], &plain, apr_pstrmemdup(pool, tokens[i], at), NOW,
                                &claims);
        }
        is_int(flips, 0, "token %d: no bit can be another", i);
        is_int(more, 0, "… nothing can be put in");
        is_int(less, 0, "… nothing can be cut off");
    }
}

static void test_form(void)
{
    static const struct {
        const char *token, *why;
    } cases[] = {
        { "", "three parts" },
        { "a", "three parts" },
        { "a.b", "three parts" },
        { "a.b.c.d", "three parts" },
        { "....", "three parts" },
        { "..", "its header is no base64url" },
        { "e30=.e30.AA", "its header is no base64url" },
        { "e31.e30.AA", "its header is no base64url" }, /* {} and bits left over */
        { "a.e30.AA", "its header is no base64url" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.AB", "its signature is no base64url" },
        { "e30.e30.AA", "its algorithm \"\" is none" },
        { "W10.e30.AA", "its header: no JSON object" },
        { "bnVsbA.e30.AA", "its header: no JSON object" },
        { "MQ.e30.AA", "its header: no JSON object" },
        { "ew.e30.AA", "its header: malformed JSON at line 1, column 2" },
    };
    char *large = apr_pcalloc(pool, WF_JWT_MAX_TOKEN + 3);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_refused(sets[0], cases[i].token, cases[i].why, cases[i].token);
    }
    memset(large, 'A', WF_JWT_MAX_TOKEN + 1);
    is_refused(sets[0], large, "longer than 16384 bytes", "a byte too much");
    large[WF_JWT_MAX_TOKEN] = '\0';
    is_refused(sets[0], large, "three parts", "as long as can be");
}

/* ---- headers ---------------------------------------------------------------------------- */

static void test_headers(void)
{
    /* clang-format off */
    static const struct {
        const char *header, *why; /* NULL: fine */
    } cases[] = {
        { "{\"alg\":\"HS256\"}", NULL },
        { "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", NULL },
        { "{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}", NULL },
        { "{\"alg\":\"HS256\",\"jku\":\"http://evil/\",\"x5u\":\"http://evil/\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"x5c\":[]}", NULL },
        { "{\"\\u0061lg\":\"HS256\"}", NULL },
        { "{\"alg\":\"none\"}", "\"none\" is none of HS256 HS384 HS512 RS256 ES256" },
        { "{\"alg\":\"None\"}", "\"None\" is none of" },
        { "{\"alg\":\"hs256\"}", "\"hs256\" is none of" },
        { "{\"alg\":\"\"}", "\"\" is none of" },
        { "{\"alg\":\"HS256\\u0000none\"}", "its \"alg\" is no text" },
        { "{\"alg\":\"a\\nb\"}", "\"a?b\" is none of" },
        { "{\"alg\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}", "\"012345678901234567890123456789012345678901234567890123456789\" is none of" },
        { "{\"alg\":[\"HS256\"]}", "its \"alg\" is no text" },
        { "{\"alg\":null}", "its \"alg\" is no text" },
        { "{\"Alg\":\"HS256\"}", "its algorithm \"\" is none of" },
        { "{\"typ\":\"JWT\"}", "its algorithm \"\" is none of" },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "\"alg\" is given twice" },
        { "{\"alg\":\"none\",\"\\u0061lg\":\"HS256\"}", "is given twice" },
        { "{\"alg\":\"HS256\",\"alg\\u0000\":\"none\"}", "is given twice" },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "its \"crit\" asks" },
        { "{\"alg\":\"HS256\",\"crit\":[]}", "its \"crit\" asks" },
        { "{\"alg\":\"HS256\",\"crit\":null}", "its \"crit\" asks" },
        { "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "its \"crit\" asks" },
        { "{\"alg\":\"HS256\",\"kid\":7}", "its \"kid\" is no text" },
        { "{\"alg\":\"HS256\",\"typ\":{}}", "its \"typ\" is no text" },
        { "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "its type \"logout+jwt\" is neither" },
        { "{\"alg\":\"HS256\",\"typ\":\"application/\"}", "is neither" },
        { "{\"alg\":\"HS256\",\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", NULL },
        { "{\"alg\":\"HS256\",\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "nested too deeply" },
        { "{\"alg\":\"HS256\"} ", NULL },
        { "{\"alg\":\"HS256\"}{}", "text after the value" },
        { "{'alg':'HS256'}", "malformed JSON" },
        { "{\"alg\":\"HS256\",}", "malformed JSON" },
        { "{\"alg\":\"HS256\",\"a\":\"\xff\"}", "not UTF-8" },
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *token = hs256(cases[i].header, CLAIMS, SECRET);

        if (cases[i].why) {
            is_refused(sets[0], token, cases[i].why, cases[i].header);
        }
        else {
            is_kermit(sets[0], token, cases[i].header);
        }
    }
}

/* ---- several keys ------------------------------------------------------------------------ */

static void test_rotation(void)
{
    wf_jwt_keys_t *named = one_key("HS256", "secret", "old"), *open = sets[0];
    static const struct {
        const char *kid, *secret, *why;
    } cases[] = {
        { "old", SECRET, NULL },
        { "new", OTHER, NULL },
        { NULL, SECRET, NULL },
        { NULL, OTHER, NULL },
        { "new", SECRET, "of 2 with HS256" },
        { "old", OTHER, "of 1 with HS256" },
        { "older", SECRET, "its key \"older\" is not known" },
        { "ol", SECRET, "its key \"ol\" is not known" },
        { "", SECRET, "its key \"\" is not known" },
        { "../../dev/null", "", "is not known" },
        { NULL, SECRET OTHER, "of 3 with HS256" },
    };

    add_key(named, "HS256", "other", "new", NULL);
    add_key(named, "HS256", "long", "new", NULL); /* two at once are known by one name */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *header = with("HS256", cases[i].kid);
        const char *token = hs256(header, CLAIMS, cases[i].secret);

        if (!cases[i].why || !strcmp(cases[i].secret, SECRET OTHER)) {
            is_kermit(named, token, header);
        }
        else {
            is_refused(named, token, cases[i].why, header);
        }
    }
    is_kermit(open, hs256(with("HS256", "any"), CLAIMS, SECRET),
              "a key without an id is for every id");
}

/* ---- claims ------------------------------------------------------------------------------ */

typedef struct claims_case_t {
    const char *claims, *why; /* NULL: fine */
} claims_case_t;

static void check_claims(const claims_case_t *cases, size_t n,
                         const wf_jwt_policy_t *policy)
{
    for (size_t i = 0; i < n; i++) {
        const char *token = hs256(HEADER, cases[i].claims, SECRET);
        const char *message = refused(sets[0], policy, token, NOW, &claims);

        ok(cases[i].why ? message && strstr(message, cases[i].why) : !message, "%s: %s",
           cases[i].claims, message ? message : "fine");
    }
}

#define CHECK(cases, ...)                                                                \
    check_claims(cases, sizeof cases / sizeof cases[0], &(wf_jwt_policy_t){ __VA_ARGS__ })
#define FINE "{\"sub\":\"kermit\",\"exp\":1800000100"

static void test_times(void)
{
    /* clang-format off */
    static const claims_case_t cases[] = {
        { "{\"sub\":\"kermit\",\"exp\":1799999971}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":1799999970.5}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":1799999970}", "it expired 30 seconds ago" },
        { "{\"sub\":\"kermit\",\"exp\":18e8}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":9223372036854775807}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":1e300}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":9223372036854775808}", "integer beyond 64 bits" },
        { "{\"sub\":\"kermit\",\"exp\":1e999}", "its \"exp\" is no number of seconds" },
        { "{\"sub\":\"kermit\",\"exp\":-1e999}", "its \"exp\" is no number of seconds" },
        { "{\"sub\":\"kermit\",\"exp\":-1}", "it expired 1800000001 seconds ago" },
        { "{\"sub\":\"kermit\",\"exp\":-9223372036854775808}", "it expired" },
        { "{\"sub\":\"kermit\",\"exp\":-1e300}", "it expired 1000000000000000 seconds ago" },
        { "{\"sub\":\"kermit\",\"exp\":0}", "it expired" },
        { "{\"sub\":\"kermit\",\"exp\":NaN}", "malformed JSON" },
        { "{\"sub\":\"kermit\",\"exp\":\"1800000100\"}", "its \"exp\" is no number" },
        { "{\"sub\":\"kermit\",\"exp\":true}", "its \"exp\" is no number" },
        { "{\"sub\":\"kermit\",\"exp\":[1800000100]}", "its \"exp\" is no number" },
        { "{\"sub\":\"kermit\",\"exp\":null}", "its \"exp\" is no number" },
        { "{\"sub\":\"kermit\"}", "it has no \"exp\"" },
        { FINE ",\"exp\":1800000100}", "\"exp\" is given twice" },
        { FINE ",\"\\u0065xp\":1}", "is given twice" },
        { FINE ",\"nbf\":1800000030,\"iat\":1800000030}", NULL },
        { FINE ",\"nbf\":1800000031}", "it is good in 31 seconds only" },
        { FINE ",\"nbf\":9223372036854775807}", "it is good in 1000000000000000 seconds only" },
        { FINE ",\"nbf\":\"0\"}", "its \"nbf\" is no number" },
        { FINE ",\"nbf\":null}", "its \"nbf\" is no number" },
        { FINE ",\"iat\":1800000031}", "it was issued 31 seconds in the future" },
        { FINE ",\"iat\":0,\"nbf\":0}", NULL },
        { FINE ",\"iat\":{}}", "its \"iat\" is no number" },
    };
    static const claims_case_t exact[] = {
        { "{\"sub\":\"kermit\",\"exp\":1800000001,\"nbf\":1800000000}", NULL },
        { "{\"sub\":\"kermit\",\"exp\":1800000000}", "it expired 0 seconds ago" },
        { FINE ",\"nbf\":1800000001}", "in 1 seconds" },
    };
    /* clang-format on */

    CHECK(cases, .leeway = 30);
    CHECK(exact, .leeway = 0);
}

static void test_parties(void)
{
    /* clang-format off */
    static const claims_case_t without[] = {
        { FINE "}", NULL },
        { FINE ",\"iss\":\"https://issuer\"}", NULL },
        { FINE ",\"iss\":7}", NULL },
        { FINE ",\"aud\":\"workflow\"}", "the audience \"workflow\", and none is configured" },
        { FINE ",\"aud\":[]}", "and none is configured" },
    };
    static const claims_case_t with_issuer[] = {
        { FINE ",\"iss\":\"https://issuer\"}", NULL },
        { FINE "}", "it has no \"iss\"" },
        { FINE ",\"iss\":\"https://issuer/\"}", "its issuer is \"https://issuer/\"" },
        { FINE ",\"iss\":\"https://issuer\\u0000.evil\"}", "its issuer is" },
        { FINE ",\"iss\":\"HTTPS://issuer\"}", "its issuer is" },
        { FINE ",\"iss\":[\"https://issuer\"]}", "its issuer is [\"https://issuer\"]" },
        { FINE ",\"iss\":null}", "its issuer is null" },
    };
    static const claims_case_t with_audience[] = {
        { FINE ",\"aud\":\"workflow\"}", NULL },
        { FINE ",\"aud\":[\"mail\",\"workflow\"]}", NULL },
        { FINE ",\"aud\":[7,null,\"workflow\"]}", NULL },
        { FINE "}", "it has no \"aud\"" },
        { FINE ",\"aud\":\"mail\"}", "it is for another audience, \"mail\"" },
        { FINE ",\"aud\":\"workflow2\"}", "another audience" },
        { FINE ",\"aud\":\"workflow\\u0000\"}", "another audience" },
        { FINE ",\"aud\":[\"mail\",\"work\",\"flow\"]}", "another audience, [\"mail\"" },
        { FINE ",\"aud\":[[\"workflow\"]]}", "another audience" },
        { FINE ",\"aud\":{\"workflow\":1}}", "another audience" },
        { FINE ",\"aud\":[]}", "another audience, []" },
        { FINE ",\"aud\":null}", "another audience, null" },
        { FINE ",\"aud\":\"mail\",\"aud\":\"workflow\"}", "is given twice" },
    };
    /* clang-format on */

    CHECK(without, .leeway = 30);
    CHECK(with_issuer, .leeway = 30, .issuer = "https://issuer");
    CHECK(with_audience, .leeway = 30, .audience = "workflow");
}

static void test_users(void)
{
    /* clang-format off */
    static const claims_case_t subjects[] = {
        { "{\"exp\":1800000100,\"sub\":\"J\xc3\xb6rg M\xc3\xbcller\"}", NULL },
        { "{\"exp\":1800000100}", "its \"sub\" is no user" },
        { "{\"exp\":1800000100,\"sub\":\"\"}", "its \"sub\" is no user" },
        { "{\"exp\":1800000100,\"sub\":\"a\\nb\"}", "its \"sub\" is no user" },
        { "{\"exp\":1800000100,\"sub\":\"a\\u007f\"}", "its \"sub\" is no user" },
        { "{\"exp\":1800000100,\"sub\":\"admin\\u0000x\"}", "its \"sub\" is no text" },
        { "{\"exp\":1800000100,\"sub\":7}", "its \"sub\" is no text" },
        { "{\"exp\":1800000100,\"sub\":[\"a\"]}", "its \"sub\" is no text" },
        { "{\"exp\":1800000100,\"sub\":null}", "its \"sub\" is no text" },
        { "{\"exp\":1800000100,\"sub\":\"a\",\"sub\":\"admin\"}", "is given twice" },
        { "{\"exp\":1800000100,\"sub\":\"a\",\"sub\\u0000b\":\"admin\"}", "is given twice" },
        { "{\"exp\":1800000100,\"sub\":\"a\",\"x\":{\"sub\":\"admin\"}}", NULL },
        { "[\"sub\",\"exp\"]", "its claims: no JSON object" },
        { "kermit", "its claims: malformed JSON at line 1, column 1" },
        { "", "its claims is no base64url" },
    };
    static const claims_case_t mails[] = {
        { "{\"exp\":1800000100,\"email\":\"a@b\"}", NULL },
        { "{\"exp\":1800000100,\"sub\":\"a@b\"}", "its \"email\" is no user" },
    };
    /* clang-format on */
    char *name = apr_pcalloc(pool, 257);

    CHECK(subjects, .leeway = 30);
    CHECK(mails, .leeway = 30, .user_claim = "email");
    memset(name, 'a', 255);
    refused(
        sets[0], &plain,
        hs256(HEADER, apr_psprintf(pool, "{\"sub\":\"%s\",\"exp\":1e10}", name), SECRET),
        NOW, &claims);
    is_str(claims.user, name, "a user of 255 bytes");
    name[255] = 'a';
    is_refused(
        sets[0],
        hs256(HEADER, apr_psprintf(pool, "{\"sub\":\"%s\",\"exp\":1e10}", name), SECRET),
        "1 to 255 bytes", "and of 256");
}

/* Claims are nobody's before the signature is right: not even what is wrong with them. */
static void test_order(void)
{
    is_refused(sets[0], hs256(HEADER, "not JSON", OTHER), "of no known key",
               "claims that are no JSON");
    is_refused(sets[0], hs256(HEADER, "{\"exp\":1}", OTHER), "of no known key",
               "claims that are expired");
}

/* ---- its surroundings ------------------------------------------------------------------- */

/* mod_ssl works in the same threads, and takes an error that it finds for one of its own.
 */
static void test_error_queue(void)
{
    unsigned long mine;

    ERR_clear_error();
    for (int i = 0; i < 5; i++) {
        refused(sets[i], &plain, token_of(said(with("ES256", NULL), CLAIMS), "x", 1), NOW,
                &claims);
        accepted_flips(sets[i], tokens[i], strlen(tokens[i]) - 5);
    }
    is_int((long long)ERR_peek_error(), 0, "OpenSSL's queue of errors stays empty");
    ERR_raise(ERR_LIB_USER, 7);
    mine = ERR_peek_error();
    accepted_flips(sets[3], tokens[3], strlen(tokens[3]) - 5);
    ok(ERR_get_error() == mine && ERR_get_error() == 0, "or as it was");
    add_key(wf_jwt_keys_create(pool), "RS256", "secret", NULL, "no public key");
    is_int((long long)ERR_peek_error(), 0, "and so it does when keys are read");
}

#define THREADS 4
#define ROUNDS 200

static void *APR_THREAD_FUNC check_often(apr_thread_t *thread, void *data)
{
    int *wrong = data;
    apr_pool_t *p;

    apr_pool_create(&p, apr_thread_pool_get(thread));
    for (int i = 0; i < ROUNDS; i++) {
        wf_jwt_claims_t mine;
        wf_error_t err;

        apr_pool_clear(p);
        wf_error_init(&err, p);
        *wrong +=
            wf_jwt_check(sets[i % 5], &plain, tokens[i % 5], NOW * 1000LL, &mine, p, &err)
                != APR_SUCCESS
            || strcmp(mine.user, "kermit") != 0;
    }
    return NULL;
}

static void test_threads(void)
{
    apr_thread_t *threads[THREADS];
    int wrong[THREADS] = { 0 }, total = 0;
    apr_status_t rv;

    for (int i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, check_often, &wrong[i], pool);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        total += wrong[i];
    }
    is_int(total, 0, "threads share keys");
}

int main(void)
{
    jwt_begin();
    make_keys();
    test_standard();
    test_openssl();
    test_confusion();
    test_changes();
    test_form();
    test_headers();
    test_rotation();
    test_times();
    test_parties();
    test_users();
    test_order();
    test_error_queue();
    test_threads();
    return jwt_end();
}
