/* Files that hold keys: what of them is the key, and which are refused. */
#include "core/core.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static char dir[] = "/tmp/wf-key-file.XXXXXX";

static const wf_key_file_t secret = { 4, 8, S_IRWXO }, public = { 0, 8, S_IWOTH };

static const char *file_of(const char *text, mode_t mode)
{
    const char *path = apr_pstrcat(pool, dir, "/key", NULL);
    FILE *f = fopen(path, "w");

    fputs(text, f);
    fclose(f);
    chmod(path, mode);
    return path;
}

static const struct {
    const char *what, *text;
    mode_t mode;
    const wf_key_file_t *rules;
    const char *key, *problem;
} cases[] = {
    { "a key", "secret", 0600, &secret, "secret", NULL },
    { "with a line end", "secret\n", 0640, &secret, "secret", NULL },
    { "of Windows", "secret\r\n", 0400, &secret, "secret", NULL },
    { "with a line in between", "se\ncr", 0600, &secret, "se\ncr", NULL },
    { "as large as can be", "12345678\r\n", 0600, &secret, "12345678", NULL },
    { "as small", "1234", 0600, &secret, "1234", NULL },
    { "too large", "123456789", 0600, &secret, NULL, "it is longer than 8 bytes" },
    { "far too large", "123456789012345678901", 0600, &secret, NULL, "longer than 8" },
    { "too small", "123\n\n", 0600, &secret, NULL, "it is shorter than 4 bytes" },
    { "read by others", "secret", 0604, &secret, NULL, "others may read it" },
    { "written by others", "secret", 0602, &secret, NULL, "chmod o= it" },
    { "public", "public", 0644, &public, "public", NULL },
    { "public, and empty", "", 0644, &public, "", NULL },
    { "public, and written by others", "public", 0646, &public, NULL, "may change it" },
};

static void check(const char *what, const char *path, const wf_key_file_t *rules,
                  const char *key, const char *wrong)
{
    const char *bytes, *problem;
    apr_size_t length;

    problem = wf_key_file_read(&bytes, &length, path, rules, pool);
    is_str(bytes, key, "%s", what);
    ok(wrong ? problem && strstr(problem, wrong) : !problem, "… %s",
       problem ? problem : "no problem");
    ok(!key || length == strlen(key), "… and its length");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!mkdtemp(dir)) {
        return 1;
    }
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].what, file_of(cases[i].text, cases[i].mode), cases[i].rules,
              cases[i].key, cases[i].problem);
    }
    unlink(apr_pstrcat(pool, dir, "/key", NULL));
    check("no file", apr_pstrcat(pool, dir, "/key", NULL), &secret, NULL, "No such file");
    check("a directory", dir, &secret, NULL, "it is no file");
    rmdir(dir);
    apr_pool_destroy(pool);
    return done_testing();
}
