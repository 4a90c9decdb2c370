/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/bpmn below WF_TOP.
 * With WF_MIWG naming a folder of the BPMN model interchange files, those are read as
 * well. */
#include "../../fuzz/bpmn_parse.c"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "tap.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 20
#define MIWG_MIN 20

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

/* What a modeller exports must not look malformed or unknown to the reader; that it holds
 * elements which are not executed is expected. */
static int well_formed(const char *data, apr_size_t size, apr_pool_t *p)
{
    static const char *const rules[] = {"xml", "no-bpmn", "misplaced-element",
                                        "duplicate-id", "undeclared-prefix"};
    wf_problems_t *problems = wf_problems_create("file", p);
    apr_array_header_t *models;
    int i, k, good = 1;

    wf_model_parse(&models, data, size, problems, p);
    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        for (k = 0; k < (int)(sizeof(rules) / sizeof(rules[0])); k++) {
            if (strcmp(item->rule, rules[k]) == 0) {
                diag("line %d: %s: %s", item->line, item->rule, item->message);
                good = 0;
            }
        }
    }
    return good;
}

static void replay(const char *folder, int minimum, int check, apr_pool_t *p)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    int files = 0;

    if (!ok(apr_dir_open(&dir, folder, p) == APR_SUCCESS, "open %s", folder)) {
        return;
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *path = apr_pstrcat(p, folder, "/", entry.name, NULL);
        apr_size_t size;
        const char *data;

        if (entry.name[0] == '.') {
            continue;
        }
        data = read_file(path, &size, p);
        ok(data && LLVMFuzzerTestOneInput((const uint8_t *)data, size) == 0, "%s",
           entry.name);
        if (data && check) {
            ok(well_formed(data, size, p), "%s is BPMN", entry.name);
        }
        files++;
    }
    ok(files >= minimum, "%d files, at least %d", files, minimum);
    apr_dir_close(dir);
}

int main(int argc, char **argv)
{
    const char *top = getenv("WF_TOP"), *miwg = getenv("WF_MIWG");
    const char *folder;
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    folder =
        argc > 1 ? argv[1] : apr_pstrcat(p, top ? top : ".", "/t/fuzz/corpus/bpmn", NULL);
    replay(folder, CORPUS_MIN, 0, p);
    if (miwg) {
        replay(miwg, MIWG_MIN, 1, p);
    }
    else {
        ok(1, "interchange models # SKIP WF_MIWG names no folder");
    }
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
