/* API keys: their form, their hashes, and the names of what they may do. */
#include "core/core.h"
#include "tap.h"

#include <apr_general.h>
#include <string.h>

static apr_pool_t *pool;

#define DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static void test_keys(void)
{
    char keys[64][WF_API_KEY_SIZE];
    int good = 0, again = 0, seen[64] = { 0 }, last = 0, kinds = 0;
    wf_error_t err;

    wf_error_init(&err, pool);
    for (int i = 0; i < 64; i++) {
        if (wf_api_key_make(keys[i], &err) != APR_SUCCESS) {
            break;
        }
        good += strlen(keys[i]) == 47 && strspn(keys[i] + 4, DIGITS) == 43
                && !strncmp(keys[i], "wfk_", 4) && wf_api_key_is(keys[i]);
        for (const char *c = keys[i] + 4; *c; c++) {
            seen[strchr(DIGITS, *c) - DIGITS] = 1;
        }
        /* 256 bits: of the last character the lowest two are none. */
        last += (strchr(DIGITS, keys[i][46]) - DIGITS) % 4 == 0;
        for (int j = 0; j < i; j++) {
            again += !strcmp(keys[i], keys[j]);
        }
    }
    for (int i = 0; i < 64; i++) {
        kinds += seen[i];
    }
    is_int(good, 64, "keys are wfk_ and 43 characters");
    is_int(again, 0, "… each another one");
    is_int(kinds, 64, "… of all characters that there are");
    is_int(last, 64, "… and 256 bits");
}

static void test_forms(void)
{
    static const struct {
        const char *text;
        int is;
    } cases[] = {
        { "wfk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1 },
        { "wfk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 },
        { "wfk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 },
        { "wfx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 },
        { "WFK_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 },
        { "wfk_", 0 },
        { "", 0 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(wf_api_key_is(cases[i].text), cases[i].is, "'%s'", cases[i].text);
    }
}

/* FIPS 180-2 has the first two. */
static void test_hashes(void)
{
    static const struct {
        const char *text, *hash;
    } cases[] = {
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    };
    char hash[WF_API_KEY_HASH_SIZE];

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_api_key_hash(hash, cases[i].text);
        is_str(hash, cases[i].hash, "SHA-256 of '%s'", cases[i].text);
        is_int(wf_api_key_same(hash, cases[i].hash), 1, "… is the same");
        hash[63] ^= 1;
        is_int(wf_api_key_same(hash, cases[i].hash), 0,
               "… and is not when a bit differs");
    }
    is_int(wf_api_key_same("", ""), 0, "no hashes are not the same");
    is_int(wf_api_key_same(cases[0].hash, "ba78"), 0, "nor is a piece of one");
}

static void test_rights(void)
{
    static const char *const names[] = { "read", "operate", "admin" };

    for (int i = 0; i < WF_KEY_RIGHTS; i++) {
        is_str(wf_key_rights_name((wf_key_rights_e)i), names[i], "%s", names[i]);
        is_int(wf_key_rights_parse(names[i]), i, "… and back");
    }
    is_int(wf_key_rights_parse("Read"), -1, "another name");
    is_int(wf_key_rights_parse(""), -1, "no name");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_keys();
    test_forms();
    test_hashes();
    test_rights();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
