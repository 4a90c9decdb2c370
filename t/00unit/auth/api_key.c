/* API keys that callers send: which are good, and what is said of those that are not. */
#include "../store/store_test.h"
#include "auth/auth.h"

#define NOW APR_INT64_C(1800000000000)

static char good[WF_API_KEY_SIZE], other[WF_API_KEY_SIZE];

static const char *make(char key[WF_API_KEY_SIZE])
{
    char hash[WF_API_KEY_HASH_SIZE];
    wf_error_t *err = new_error();

    MUST(wf_api_key_make(key, err), err);
    wf_api_key_hash(hash, key);
    return apr_pstrdup(pool, hash);
}

/* A key in the store; its text goes to text. */
static void add(wf_uow_t *uow, const char *name, const char *rights, apr_int64_t expires,
                apr_int64_t revoked, char text[WF_API_KEY_SIZE])
{
    wf_api_key_t *key = wf_uow_insert(uow, WF_TABLE_API_KEY);

    key->name = name;
    key->owner = "fozzie";
    key->rights = rights;
    key->hash = make(text);
    key->created = NOW - 1000;
    key->expires = expires;
    key->revoked = revoked;
}

/* NULL if it is good; else what is wrong. */
static const char *check(const char *text, wf_auth_key_t *key)
{
    wf_error_t *err = new_error();

    if (wf_auth_check_api_key(reader, text, NOW, key, pool, err) == APR_SUCCESS) {
        return NULL;
    }
    ok(err->kind == WF_ERR_FORBIDDEN, "it is forbidden");
    ok(!key->id && !key->owner, "… and nobody's");
    ok(!*text || !strstr(err->message, text), "… and not quoted");
    return err->message;
}

static void refused(const char *text, const char *says, const char *what)
{
    wf_auth_key_t key;
    const char *problem = check(text, &key);

    ok(problem && strstr(problem, says), "%s: %s", what, problem ? problem : "taken");
}

static void taken(const char *text, const char *name, wf_key_rights_e rights,
                  apr_int64_t expires)
{
    wf_auth_key_t key;
    const char *problem = check(text, &key);

    if (!ok(!problem, "%s: %s", name, problem ? problem : "taken")) {
        return;
    }
    is_str(key.name, name, "… its name");
    is_str(key.owner, "fozzie", "… its owner");
    is_int(key.rights, rights, "… its rights");
    is_int(key.expires, expires, "… when it expires");
    ok(key.id > 0, "… its id");
}

static void test_keys(void)
{
    char eternal[WF_API_KEY_SIZE], soon[WF_API_KEY_SIZE], expired[WF_API_KEY_SIZE],
        revoked[WF_API_KEY_SIZE], both[WF_API_KEY_SIZE], newer[WF_API_KEY_SIZE];
    wf_uow_t *uow = new_unit();

    add(uow, "eternal", "admin", 0, 0, eternal);
    add(uow, "soon", "operate", NOW + 1, 0, soon);
    add(uow, "expired", "read", NOW, 0, expired);
    add(uow, "revoked", "read", 0, NOW + 500, revoked); /* by a clock that was ahead */
    add(uow, "both", "read", NOW - 5, NOW - 1, both);
    add(uow, "newer", "dance", 0, 0, newer);
    add(uow, "good", "read", 0, 0, good);
    must_commit(uow, "keys");
    make(other);

    taken(eternal, "eternal", WF_KEY_ADMIN, 0);
    taken(soon, "soon", WF_KEY_OPERATE, NOW + 1);
    taken(good, "good", WF_KEY_READ, 0);
    refused(expired, "API key 'expired'", "expired");
    refused(expired, "expired at 2027-01-15T", "… and when");
    refused(revoked, "of 'fozzie' was revoked at", "revoked");
    refused(both, "was revoked at", "expired and revoked");
    refused(newer, "unknown rights 'dance'", "rights of a newer version");
    refused(other, "unknown API key", "one that there is not");
}

/* What is almost a key is none: each character counts, and the hash is no key. */
static void test_strangers(void)
{
    char text[WF_API_KEY_SIZE + 2], hash[WF_API_KEY_HASH_SIZE];

    for (int i = 0; i < WF_API_KEY_SIZE - 1; i++) {
        wf_auth_key_t key;
        wf_error_t *err = new_error();

        strcpy(text, good);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (wf_auth_check_api_key(reader, text, NOW, &key, pool, err) == APR_SUCCESS) {
            ok(0, "taken with another character at %d", i);
        }
    }
    refused("", "unknown", "nothing");
    refused("wfk_", "unknown", "a prefix");
    strcpy(text, good);
    strcat(text, "A");
    refused(text, "unknown", "a character more");
    text[WF_API_KEY_SIZE - 2] = '\0';
    refused(text, "unknown", "a character less");
    wf_api_key_hash(hash, good);
    refused(hash, "unknown", "its hash");
    refused("' OR 1=1 --", "unknown", "SQL");
}

/* ---- a key in a file ------------------------------------------------------------------ */

static const struct {
    const char *what, *text;
    mode_t mode;
    const char *key, *problem;
} files[] = {
    { "a key", "sixteen-letters!\n", 0600, "sixteen-letters!", NULL },
    { "… that a group reads", "sixteen-letters!", 0640, "sixteen-letters!", NULL },
    { "short", "fifteen-letters\n", 0600, NULL, "shorter than 16 bytes" },
    { "read by others", "sixteen-letters!", 0644, NULL, "others may read it" },
    { "two lines", "sixteen-letters!\nanother-line\n", 0600, NULL, "in one line" },
    { "with a blank", "sixteen letters!\n", 0600, NULL, "in one line" },
    { "with an umlaut", "sixteen-l\xc3\xa4tters!", 0600, NULL, "of ASCII" },
    { "empty", "", 0600, NULL, "shorter" },
    { "with a NUL, which is ~ here", "sixteen-letters!~more", 0600, NULL, "in one line" },
};

static void test_files(void)
{
    const char *path = apr_pstrcat(pool, test_dir, "/key", NULL);

    for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char hash[WF_API_KEY_HASH_SIZE] = "";
        wf_error_t *err = new_error();
        FILE *f = fopen(path, "w");
        int good_file;

        for (const char *c = files[i].text; *c; c++) {
            fputc(*c == '~' ? '\0' : *c, f);
        }
        fclose(f);
        chmod(path, files[i].mode);
        good_file = wf_api_key_read(hash, path, pool, err) == APR_SUCCESS;
        ok(good_file == !files[i].problem
               && (good_file
                   || (strstr(err->message, files[i].problem)
                       && strstr(err->message, path)
                       && !strstr(err->message, "sixteen"))),
           "%s: %s", files[i].what, good_file ? "taken" : err->message);
        ok(!files[i].key || wf_api_key_matches(hash, files[i].key), "… it is the key");
        ok(!wf_api_key_matches(hash, "sixteen-letters?"), "… and another is not");
        ok(!wf_api_key_matches(hash, ""), "… nor is none");
    }
}

int main(void)
{
    begin_test();
    open_test_store();
    test_keys();
    test_strangers();
    test_files();
    close_test_store();
    return end_test();
}
