/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/expr below WF_TOP. */
#include "../../fuzz/script_expr.c"

#include <apr_file_info.h>
#include <apr_file_io.h>

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 30

static int replay(const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    unsigned char *data;
    apr_size_t size;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p) != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return 0;
    }
    size = (apr_size_t)info.size;
    data = apr_palloc(p, size + 1);
    if (size > 0 && apr_file_read_full(file, data, size, NULL) != APR_SUCCESS) {
        return 0;
    }
    apr_file_close(file);
    return LLVMFuzzerTestOneInput(data, size) == 0;
}

int main(int argc, char **argv)
{
    const char *top = getenv("WF_TOP");
    const char *folder;
    apr_pool_t *p;
    apr_dir_t *dir;
    apr_finfo_t entry;
    int files = 0;

    apr_initialize();
    apr_pool_create(&p, NULL);
    folder =
        argc > 1 ? argv[1] : apr_pstrcat(p, top ? top : ".", "/t/fuzz/corpus/expr", NULL);
    if (!ok(apr_dir_open(&dir, folder, p) == APR_SUCCESS, "open %s", folder)) {
        return done_testing();
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        if (entry.name[0] != '.') {
            ok(replay(apr_pstrcat(p, folder, "/", entry.name, NULL), p), "%s",
               entry.name);
            files++;
        }
    }
    ok(files >= CORPUS_MIN, "%d files, at least %d", files, CORPUS_MIN);
    apr_dir_close(dir);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
