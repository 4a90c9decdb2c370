/* Keys of JSON Web Tokens: which files are some, and what is said of others. */
#include "jwt.h"

#define S32 "0123456789abcdef0123456789abcdef"
#define S48 S32 "0123456789abcdef"
#define S64 S32 S32

static void make_keys(void)
{
    write_text("s31", "0123456789abcdef0123456789abcde\n", 0600);
    write_text("s32", S32 "\n", 0600);
    write_text("s47", "0123456789abcde" S32 "\n", 0600);
    write_text("s48", S48, 0640);
    write_text("s63", "0123456789abcde" S48, 0600);
    write_text("s64", S64, 0600);
    write_text("open", S32, 0604);
    write_text("empty", "", 0600);
    shell("openssl genrsa -out rsa.key 2048");
    shell("openssl rsa -in rsa.key -pubout -out rsa.pem");
    shell("openssl rsa -in rsa.key -RSAPublicKey_out -out rsa1.pem");
    shell("openssl req -x509 -key rsa.key -subj /CN=a -days 1 -text -out rsa.crt");
    shell("openssl genrsa -out small.key 1024");
    shell("openssl rsa -in small.key -pubout -out small.pem");
    shell(
        "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.key");
    shell("openssl pkey -in pss.key -pubout -out pss.pem");
    shell("openssl ecparam -name prime256v1 -genkey -out ec.key");
    shell("openssl ec -in ec.key -pubout -out ec.pem");
    shell("openssl req -x509 -key ec.key -subj /CN=a -days 1 -out ec.crt");
    shell("openssl ecparam -name secp256k1 -genkey | openssl ec -pubout -out k1.pem");
    shell("openssl ecparam -name secp384r1 -genkey | openssl ec -pubout -out p384.pem");
    shell("openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out ed.pem");
    shell("openssl rsa -in rsa.key -aes128 -passout pass:x -traditional -out old.key");
    shell("openssl pkcs8 -topk8 -in rsa.key -passout pass:x -out locked.key");
    shell("cat rsa.pem ec.pem >two.pem; cp rsa.pem changed.pem; chmod 666 changed.pem");
    shell("sed 's/-----END/----END/' rsa.pem >torn.pem");
    shell("{ grep BEGIN rsa.pem; echo AAAA; grep END rsa.pem; } >bad.pem");
    shell("{ grep BEGIN rsa.pem; { openssl rsa -in rsa.key -pubout -outform der; echo; } |"
          " base64; grep END rsa.pem; } >more.pem");
    shell("{ echo '# of the issuer'; cat ec.pem; } >comment.pem");
    shell("sed 's/PUBLIC KEY/X509 CRL/' rsa.pem >crl.pem");
    /* a key whose exponent is 1: what is said is its own signature */
    shell("m=$(openssl rsa -in rsa.key -noout -modulus | cut -d= -f2); printf"
          " 'asn1=SEQUENCE:r\\n[r]\\nn=INTEGER:0x%s\\ne=INTEGER:1\\n' $m >one.cnf;"
          " openssl asn1parse -genconf one.cnf -noout -out one.der; { echo"
          " '-----BEGIN RSA PUBLIC KEY-----'; base64 one.der;"
          " echo '-----END RSA PUBLIC KEY-----'; } >one.pem");
}

int main(void)
{
    /* clang-format off */
    static const struct {
        const char *algorithm, *file, *kid, *wrong;
    } cases[] = {
        { "HS256", "s32",         NULL,  NULL },
        { "HS256", "s64",         "a",   NULL },
        { "HS384", "s48",         NULL,  NULL },
        { "HS512", "s64",         NULL,  NULL },
        { "HS256", "s31",         NULL,  "it is shorter than 32 bytes" },
        { "HS384", "s47",         NULL,  "it is shorter than 48 bytes" },
        { "HS512", "s63",         NULL,  "it is shorter than 64 bytes" },
        { "HS256", "empty",       NULL,  "it is shorter than 32 bytes" },
        { "HS256", "open",        NULL,  "others may read it" },
        { "HS256", "none",        NULL,  "No such file" },
        { "HS256", "",            NULL,  "it is no file" },
        { "HS256", "rsa.key",     NULL,  "in PEM, and no secret" },
        { "RS256", "rsa.pem",     NULL,  NULL },
        { "RS256", "rsa1.pem",    NULL,  NULL },
        { "RS256", "rsa.crt",     "b",   NULL },
        { "RS256", "small.pem",   NULL,  "its key has 1024 bits, it needs 2048 to 8192" },
        { "RS256", "pss.pem",     NULL,  "no RSA key" },
        { "RS256", "ec.pem",      NULL,  "no RSA key" },
        { "RS256", "ed.pem",      NULL,  "no RSA key" },
        { "RS256", "s32",         NULL,  "no public key in PEM" },
        { "RS256", "empty",       NULL,  "no public key in PEM" },
        { "RS256", "rsa.key",     NULL,  "it holds a private key" },
        { "RS256", "old.key",     NULL,  "it holds a private key" },
        { "RS256", "locked.key",  NULL,  "it holds a private key" },
        { "RS256", "two.pem",     NULL,  "it holds several keys" },
        { "RS256", "torn.pem",    NULL,  "its PEM is malformed" },
        { "RS256", "bad.pem",     NULL,  "what is in its PEM is malformed" },
        { "RS256", "more.pem",    NULL,  "what is in its PEM is malformed" },
        { "RS256", "crl.pem",     NULL,  "it holds \"X509 CRL\", and no public key" },
        { "RS256", "changed.pem", NULL,  "others may change it" },
        { "RS256", "one.pem",     NULL,  "is unsound" },
        { "ES256", "ec.pem",      NULL,  NULL },
        { "ES256", "ec.crt",      NULL,  NULL },
        { "ES256", "comment.pem", NULL,  NULL },
        { "ES256", "p384.pem",    NULL,  "the curve secp384r1, it has to be on P-256" },
        { "ES256", "k1.pem",      NULL,  "the curve secp256k1" },
        { "ES256", "rsa.pem",     NULL,  "no key of an elliptic curve" },
        { "ES256", "rsa.crt",     NULL,  "no key of an elliptic curve" },
        { "RS384", "rsa.pem",     NULL,  "\"RS384\": it is one of HS256 HS384 HS512 RS256 ES256" },
        { "none",  "s32",         NULL,  "unknown algorithm" },
        { "hs256", "s32",         NULL,  "unknown algorithm" },
        { "HS256", "s32",         "",    "1 to 255 bytes" },
        { "HS256", "s32",         "\xff", "of UTF-8" },
    };
    /* clang-format on */
    wf_jwt_keys_t *keys;
    apr_pool_t *conf;

    jwt_begin();
    make_keys();
    apr_pool_create(&conf, pool);
    keys = wf_jwt_keys_create(conf);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        add_key(keys, cases[i].algorithm, cases[i].file, cases[i].kid, cases[i].wrong);
    }
    while (wf_jwt_keys_count(keys) < WF_JWT_MAX_KEYS) {
        add_key(keys, "ES256", "ec.pem", NULL, NULL);
    }
    add_key(keys, "ES256", "ec.pem", NULL, "more than 64 keys");
    is_int(wf_jwt_keys_count(NULL), 0, "no set has no keys");
    apr_pool_destroy(conf);
    return jwt_end();
}
