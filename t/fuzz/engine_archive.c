/* Fuzz target of archives: the input is a zip, or anything. Whatever it is: files with
 * names that are safe and each there once, within the limits, or an error that says why
 * not. Reading it a second time gives the same. */
#include "engine/internal.h"
#include "fuzz.h"

#define TOTAL_MAX (64 * 1024 * 1024)

static void check_name(const char *name)
{
    const char *part = name;

    fuzz_line(name);
    fuzz_check(*name && strlen(name) <= 255 && !strpbrk(name, "\\:"));
    while (*part) {
        size_t n = strcspn(part, "/");

        fuzz_check(n > 0 && strncmp(part, ".", n) && strncmp(part, "..", n));
        part += n + (part[n] == '/');
    }
}

static void check_files(const apr_array_header_t *files, apr_pool_t *p)
{
    apr_hash_t *names = apr_hash_make(p);
    apr_size_t total = 0;

    fuzz_check(files->nelts > 0 && files->nelts <= 1000);
    for (int i = 0; i < files->nelts; i++) {
        const wf_file_t *file = &APR_ARRAY_IDX(files, i, wf_file_t);

        check_name(file->name);
        fuzz_check(!apr_hash_get(names, file->name, APR_HASH_KEY_STRING));
        apr_hash_set(names, file->name, APR_HASH_KEY_STRING, file);
        total += file->length;
        for (apr_size_t k = 0; k < file->length; k++) {
            total += ((const volatile char *)file->data)[k] & 0; /* it can be read */
        }
    }
    fuzz_check(total <= TOTAL_MAX);
}

static void check_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    fuzz_check(a->nelts == b->nelts);
    for (int i = 0; i < a->nelts; i++) {
        const wf_file_t *one = &APR_ARRAY_IDX(a, i, wf_file_t);
        const wf_file_t *other = &APR_ARRAY_IDX(b, i, wf_file_t);

        fuzz_check(!strcmp(one->name, other->name) && one->length == other->length
                   && !memcmp(one->data, other->data, one->length));
    }
}

static const wf_archive_limits_t limits = { 1000, 64 * 1024 * 1024, 200 };

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    apr_array_header_t *files, *again;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_archive_read(&files, data, size, &limits, p, &err) != APR_SUCCESS) {
        fuzz_refused(&err);
        return;
    }
    check_files(files, p);
    fuzz_check(wf_archive_read(&again, data, size, &limits, p, &err) == APR_SUCCESS);
    check_same(files, again);
}
