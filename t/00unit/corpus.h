/* Replaying a folder of files: the corpora of the fuzz targets, without a fuzzer. */
#ifndef WF_CORPUS_H
#define WF_CORPUS_H

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

/** What to do with a file: 1 if it went well. */
typedef int corpus_fn(const uint8_t *data, size_t size, apr_pool_t *p);

static inline char *corpus_read(const char *path, apr_size_t *size, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *data;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p) != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return NULL;
    }
    *size = (apr_size_t)info.size;
    data = apr_palloc(p, *size + 1);
    if (*size > 0 && apr_file_read_full(file, data, *size, NULL) != APR_SUCCESS) {
        return NULL;
    }
    apr_file_close(file);
    return data;
}

/** One assertion a file, and one that there are at least minimum files: with fewer the
 *  folder was not found, not replayed. */
static inline void corpus_replay(const char *folder, int minimum, corpus_fn *check)
{
    apr_pool_t *p;
    apr_dir_t *dir;
    apr_finfo_t entry;
    int files = 0;

    apr_pool_create(&p, NULL);
    if (ok(apr_dir_open(&dir, folder, p) == APR_SUCCESS, "open %s", folder)) {
        while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            apr_size_t size;
            const char *data;

            if (entry.name[0] != '.') {
                data = corpus_read(apr_pstrcat(p, folder, "/", entry.name, NULL), &size, p);
                ok(data && check((const uint8_t *)data, size, p), "%s", entry.name);
                files++;
            }
        }
        apr_dir_close(dir);
    }
    ok(files >= minimum, "%d files, at least %d", files, minimum);
    apr_pool_destroy(p);
}

/** t/fuzz/corpus/<name> below WF_TOP, or below the working directory. */
static inline const char *corpus_folder(const char *name, apr_pool_t *p)
{
    const char *top = getenv("WF_TOP");

    return apr_pstrcat(p, top ? top : ".", "/t/fuzz/corpus/", name, NULL);
}

/* Defined by the fuzz target that the program includes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int corpus_fuzz_one(const uint8_t *data, size_t size, apr_pool_t *p)
{
    (void)p;
    return LLVMFuzzerTestOneInput(data, size) == 0;
}

/** The whole program that replays a fuzz target's corpus: argv[1], or by name. */
static inline int corpus_main(int argc, char **argv, const char *name, int minimum)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    corpus_replay(argc > 1 ? argv[1] : corpus_folder(name, p), minimum, corpus_fuzz_one);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}

#endif
