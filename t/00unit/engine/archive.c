/* Archives from outside: what is read, and what is refused before it can do harm. */
#include "engine/internal.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zip.h>

static apr_pool_t *pool;

typedef struct entry_t {
    const char *name, *data;
    apr_size_t length;
    int symlink;
} entry_t;

/* A zip in memory. */
static void *make_zip(const entry_t *entries, int count, apr_size_t *length)
{
    zip_error_t reason;
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &reason);
    zip_t *archive = zip_open_from_source(target, ZIP_TRUNCATE, &reason);
    zip_stat_t st;
    void *bytes;

    zip_source_keep(target);
    for (int i = 0; i < count; i++) {
        apr_size_t n = entries[i].length ? entries[i].length : strlen(entries[i].data);
        zip_int64_t at = zip_file_add(archive, entries[i].name,
                                      zip_source_buffer(archive, entries[i].data, n, 0),
                                      ZIP_FL_ENC_UTF_8);

        if (entries[i].symlink) {
            zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX,
                                             (zip_uint32_t)(S_IFLNK | 0777) << 16);
        }
    }
    if (zip_close(archive) != 0) {
        fprintf(stderr, "zip_close: %s\n", zip_strerror(archive));
        exit(1);
    }
    zip_source_stat(target, &st);
    bytes = apr_palloc(pool, st.size);
    zip_source_open(target);
    zip_source_read(target, bytes, st.size);
    zip_source_close(target);
    zip_source_free(target);
    *length = st.size;
    return bytes;
}

/* Overwrite every occurrence of a text by one of the same length: names that libzip itself
 * would not write, sizes that lie. */
static void patch(char *bytes, apr_size_t length, const char *from, const char *to, apr_size_t n)
{
    for (apr_size_t i = 0; i + n <= length; i++) {
        if (!memcmp(bytes + i, from, n)) {
            memcpy(bytes + i, to, n);
        }
    }
}

static wf_archive_limits_t limits = { 1000, 64 << 20, 0 };

static void test_good(void)
{
    static const entry_t entries[] = {
        { .name = "a.bpmn20.xml", .data = "<a/>" },
        { .name = "forms/\xc3\xa9t\xc3\xa9.form", .data = "form" },
        { .name = "deep/er/empty", .data = "" },
    };
    apr_array_header_t *files;
    apr_size_t length;
    void *bytes = make_zip(entries, 3, &length);
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_NONE, "a good archive: %s", err.message ? err.message : "fine");
    is_int(files->nelts, 3, "all its files");
    for (int i = 0; i < files->nelts; i++) {
        wf_file_t *file = &APR_ARRAY_IDX(files, i, wf_file_t);

        is_str(file->name, entries[i].name, "name of file %d", i);
        ok(file->length == strlen(entries[i].data)
               && !memcmp(file->data, entries[i].data, file->length),
           "its content");
    }
}

static void test_names(void)
{
    static const struct {
        const char *what, *name, *becomes; /* patched in, same length */
    } cases[] = {
        { "an absolute name", "xetc/passwd", "/etc/passwd" },
        { "a way up", "aa/passwd", "../passwd" },
        { "a way up inside", "a/bb/c", "a/../c" },
        { "a dot segment", "a/b/c", "a/./c" },
        { "an empty segment", "a/b/c", "a//bc" },
        { "a backslash", "a-b", "a\\b" },
        { "a drive", "c-windows", "c:windows" },
        { "a line break", "a-b", "a\nb" },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        entry_t entry = { .name = cases[i].name, .data = "DATA" };
        apr_array_header_t *files;
        apr_size_t length;
        char *bytes = make_zip(&entry, 1, &length);
        wf_error_t err;

        wf_error_init(&err, pool);
        patch(bytes, length, cases[i].name, cases[i].becomes, strlen(cases[i].name));
        wf_archive_read(&files, bytes, length, &limits, pool, &err);
        is_int(err.kind, WF_ERR_INVALID, "%s: %s", cases[i].what,
               err.message ? err.message : "accepted");
    }
}

static void test_limits(void)
{
    apr_size_t n = 65 << 20, length;
    char *zeros = calloc(1, n);
    entry_t large = { .name = "zeros", .data = zeros, .length = n };
    entry_t link = { .name = "link", .data = "/etc/passwd", .symlink = 1 };
    entry_t three[] = { { .name = "a", .data = zeros, .length = 30 << 20 },
                        { .name = "b", .data = zeros, .length = 30 << 20 },
                        { .name = "c", .data = zeros, .length = 30 << 20 } };
    entry_t *many = apr_pcalloc(pool, 1001 * sizeof(*many));
    entry_t liar = { .name = "liar", .data = zeros, .length = 1000003 };
    apr_array_header_t *files;
    char *bytes;
    wf_error_t err;

    wf_error_init(&err, pool);
    bytes = make_zip(&large, 1, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "65 MiB in %ld bytes: %s", (long)length,
           err.message);

    wf_error_init(&err, pool);
    bytes = make_zip(three, 3, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "90 MiB in all: %s", err.message);

    /* Zeros are packed about a thousand times. */
    limits.ratio = 200;
    wf_error_init(&err, pool);
    bytes = make_zip(three, 1, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    ok(err.kind == WF_ERR_TOO_LARGE && strstr(err.message, "WorkflowMaxArchiveRatio"),
       "30 MiB in %ld bytes: %s", (long)length, err.message);
    wf_error_init(&err, pool);
    three[0].length = 1 << 20;
    bytes = make_zip(three, 1, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_NONE, "1 MiB may be packed as it likes");
    limits.ratio = 0;

    wf_error_init(&err, pool);
    bytes = make_zip(&link, 1, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_INVALID, "a symbolic link: %s", err.message);

    for (int i = 0; i < 1001; i++) {
        many[i] = (entry_t){ .name = apr_psprintf(pool, "f%d", i), .data = "x" };
    }
    wf_error_init(&err, pool);
    bytes = make_zip(many, 1001, &length);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "too many entries: %s", err.message);

    /* 1,000,003 = 0x0f4243 bytes that claim to be 3. */
    wf_error_init(&err, pool);
    bytes = make_zip(&liar, 1, &length);
    patch(bytes, length, "\x43\x42\x0f\0", "\3\0\0\0", 4);
    wf_archive_read(&files, bytes, length, &limits, pool, &err);
    is_int(err.kind, WF_ERR_INVALID, "a lie about the size: %s",
           err.message ? err.message : "accepted");
    free(zeros);
}

static void test_damage(void)
{
    entry_t entry = { .name = "a.bpmn20.xml", .data = "<definitions/> and some more text" };
    apr_array_header_t *files;
    apr_size_t length;
    char *bytes = make_zip(&entry, 1, &length);
    int accepted = 0;
    wf_error_t err;

    for (apr_size_t cut = 0; cut < length; cut++) {
        apr_pool_t *p;

        apr_pool_create(&p, pool);
        wf_error_init(&err, p);
        accepted += wf_archive_read(&files, bytes, cut, &limits, p, &err) == APR_SUCCESS;
        apr_pool_destroy(p);
    }
    is_int(accepted, 0, "no cut-off archive is taken");
    wf_error_init(&err, pool);
    wf_archive_read(&files, "this is no zip", 14, &limits, pool, &err);
    is_int(err.kind, WF_ERR_INVALID, "no archive at all: %s", err.message);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_good();
    test_names();
    test_limits();
    test_damage();
    apr_terminate();
    return done_testing();
}
