/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/yaml below WF_TOP. */
#include "../../fuzz/load_yaml.c"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "tap.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 20

static char *read_file(const char *path, apr_size_t *size, apr_pool_t *p)
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

int main(int argc, char **argv)
{
    const char *top = getenv("WF_TOP");
    apr_finfo_t entry;
    const char *folder;
    apr_pool_t *p;
    apr_dir_t *dir;
    int files = 0;

    apr_initialize();
    apr_pool_create(&p, NULL);
    folder =
        argc > 1 ? argv[1] : apr_pstrcat(p, top ? top : ".", "/t/fuzz/corpus/yaml", NULL);
    if (ok(apr_dir_open(&dir, folder, p) == APR_SUCCESS, "open %s", folder)) {
        while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            apr_size_t size = 0;
            const char *data;

            if (entry.name[0] == '.') {
                continue;
            }
            data = read_file(apr_pstrcat(p, folder, "/", entry.name, NULL), &size, p);
            ok(data && LLVMFuzzerTestOneInput((const uint8_t *)data, size) == 0, "%s",
               entry.name);
            files++;
        }
        apr_dir_close(dir);
    }
    ok(files >= CORPUS_MIN, "%d files, at least %d", files, CORPUS_MIN);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
