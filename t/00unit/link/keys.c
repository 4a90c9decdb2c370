/* Keys: which files are some, what proves that one has them; and what the exchanges of a
 * link tell of the other side's clock. */
#include "../tap.h"
#include "link/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static char dir[] = "/tmp/wf-link.XXXXXX";

static const char *path_of(const char *name)
{
    return apr_pstrcat(pool, dir, "/", name, NULL);
}

static void write_file(const char *name, const char *text, apr_size_t length, int mode)
{
    FILE *f = fopen(path_of(name), "w");

    fwrite(text, 1, length, f);
    fclose(f);
    chmod(path_of(name), (mode_t)mode);
}

static const char *refused(const char *name)
{
    wf_link_key_t key;
    wf_error_t err;

    wf_error_init(&err, pool);
    return wf_link_key_read(&key, path_of(name), pool, &err) == APR_SUCCESS ? NULL
                                                                            : err.message;
}

static void files(void)
{
    char *large = apr_pcalloc(pool, WF_LINK_KEY_MAX + 2);
    wf_link_key_t key, again;
    wf_error_t err;
    struct stat st;

    wf_error_init(&err, pool);
    memset(large, 'x', WF_LINK_KEY_MAX + 1);
    write_file("good", "0123456789abcdef\r\n", 18, 0640);
    write_file("open", "0123456789abcdef", 16, 0644);
    write_file("short", "0123456789abcde\n", 16, 0600);
    write_file("large", large, WF_LINK_KEY_MAX + 1, 0600);
    write_file("full", large, WF_LINK_KEY_MAX, 0600);
    is_int(wf_link_key_read(&key, path_of("good"), pool, &err), APR_SUCCESS, "a key");
    ok(key.length == 16 && memcmp(key.bytes, "0123456789abcdef", 16) == 0,
       "without the end of its line");
    ok(strstr(refused("open"), "others may read it") != NULL, "%s", refused("open"));
    ok(strstr(refused("short"), "shorter than 16") != NULL, "%s", refused("short"));
    ok(strstr(refused("large"), "longer than 4096") != NULL, "%s", refused("large"));
    ok(refused("full") == NULL, "4096 bytes are a key");
    ok(strstr(refused("none"), "No such file") != NULL, "%s", refused("none"));
    ok(refused(".") != NULL, "a directory is none: %s", refused("."));
    ok(strstr(refused("short"), "0123") == NULL, "no message quotes it");

    is_int(wf_link_key_make(path_of("made"), (uid_t)-1, pool, &err), APR_SUCCESS,
           "one is made");
    stat(path_of("made"), &st);
    is_int(st.st_mode & 0777, 0600, "for its owner alone");
    is_int(wf_link_key_read(&key, path_of("made"), pool, &err), APR_SUCCESS, "it is one");
    is_int((int)key.length, 64, "of 32 random bytes");
    is_int(wf_link_key_make(path_of("made"), (uid_t)-1, pool, &err), WF_EFAILED,
           "it is kept");
    is_int(err.kind, WF_ERR_CONFLICT, "there is one already");
    wf_link_key_read(&again, path_of("made"), pool, &err);
    ok(memcmp(key.bytes, again.bytes, 64) == 0, "the same");
    wf_error_init(&err, pool);
    wf_link_key_make(path_of("other"), (uid_t)-1, pool, &err);
    wf_link_key_read(&again, path_of("other"), pool, &err);
    ok(memcmp(key.bytes, again.bytes, 64) != 0, "others are others");
    wf_link_key_make(path_of("no/such"), (uid_t)-1, pool, &err);
    ok(err.message != NULL, "not made: %s", err.message);
}

static void proofs(void)
{
    static const wf_link_key_t key = { "0123456789abcdef", 16 }, none = { 0 };
    static const wf_link_key_t other = { "0123456789abcdeg", 16 };
    const struct {
        const char *what;
        const wf_link_key_t *key;
        const char *side, *client, *server, *name;
    } cases[] = {
        { "another key", &other, "server", "aa", "bb", "n" },
        { "another side", &key, "client", "aa", "bb", "n" },
        { "another client's number", &key, "server", "ab", "bb", "n" },
        { "another server's number", &key, "server", "aa", "bc", "n" },
        { "another name", &key, "server", "aa", "bb", "m" },
    };
    char one[WF_LINK_PROOF + 1], two[WF_LINK_PROOF + 1], nonces[2][WF_LINK_NONCE + 1];
    wf_error_t err;
    size_t i;

    wf_error_init(&err, pool);
    wf_link_proof(one, &key, "server", "aa", "bb", "n", &err);
    wf_link_proof(two, &key, "server", "aa", "bb", "n", &err);
    /* printf 'server|aa|bb|n' | openssl dgst -sha256 -hmac 0123456789abcdef */
    is_str(one, "415b691100430f16dfbd93105c268b1bfdcea036cfe30a2fc291919c33c1f8ed",
           "HMAC-SHA256");
    ok(wf_link_proof_equal(one, two), "the same proof");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_link_proof(two, cases[i].key, cases[i].side, cases[i].client, cases[i].server,
                      cases[i].name, &err);
        ok(!wf_link_proof_equal(one, two), "%s, another proof", cases[i].what);
    }
    wf_link_proof(two, &none, "server", "aa", "bb", "n", &err);
    is_str(two, "", "without a key there is none");
    ok(!wf_link_proof_equal(one, two) && !wf_link_proof_equal(two, one), "which is none");
    wf_link_nonce(nonces[0], &err);
    wf_link_nonce(nonces[1], &err);
    ok(strlen(nonces[0]) == WF_LINK_NONCE && strcmp(nonces[0], nonces[1]) != 0,
       "random numbers");
}

static void clocks(void)
{
    wf_link_clock_t clock = { 0 };
    apr_int64_t offset = 7, error = 7;
    int i;

    ok(!wf_link_clock_read(&clock, &offset, &error), "nothing is known at first");
    wf_link_clock_add(&clock, 1000, 5000, 900);
    ok(!wf_link_clock_read(&clock, &offset, &error),
       "nor by an answer before its question");
    wf_link_clock_add(&clock, INT64_MIN, INT64_MIN, 900);
    wf_link_clock_add(&clock, 0, INT64_MIN, 900);
    ok(!wf_link_clock_read(&clock, &offset, &error), "nor by what is no time");
    wf_link_clock_add(&clock, 1000, 501100, 1200);
    ok(wf_link_clock_read(&clock, &offset, &error), "an answer");
    is_int(offset, 500000, "the other clock is ahead");
    is_int(error, 100, "by half of the time it took");
    wf_link_clock_add(&clock, 2000, 512000, 22000);
    wf_link_clock_read(&clock, &offset, &error);
    is_int(offset, 500000, "a slow answer knows less");
    wf_link_clock_add(&clock, 30000, 29990, 30020);
    wf_link_clock_read(&clock, &offset, &error);
    is_int(offset, -20, "a quick one more");
    is_int(error, 10, "and says so");
    for (i = 0; i < WF_LINK_SAMPLES; i++) {
        wf_link_clock_add(&clock, 40000, 40300, 40200);
    }
    wf_link_clock_read(&clock, &offset, &error);
    is_int(offset, 200, "what is old is forgotten: clocks drift");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        return 1;
    }
    files();
    proofs();
    clocks();
    if (system(apr_pstrcat(pool, "rm -r ", dir, NULL)) != 0) {
        diag("%s is left", dir);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
