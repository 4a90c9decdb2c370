/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/bpmn below WF_TOP.
 * With WF_MIWG naming a folder of the BPMN model interchange files, those are read as
 * well. */
#include "../../fuzz/bpmn_parse.c"
#include "corpus.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 40
#define MIWG_MIN 20

/* What a modeller exports must not look malformed or unknown to the reader; that it holds
 * elements which are not executed is expected. */
static int well_formed(const uint8_t *data, size_t size, apr_pool_t *p)
{
    static const char *const rules[] = {"xml", "no-bpmn", "misplaced-element",
                                        "duplicate-id", "undeclared-prefix"};
    wf_problems_t *problems = wf_problems_create("file", p);
    apr_array_header_t *models;
    int i, k, good = corpus_fuzz_one(data, size, p);

    wf_model_parse(&models, (const char *)data, size, problems, p);
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

int main(int argc, char **argv)
{
    const char *miwg = getenv("WF_MIWG");
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    corpus_replay(argc > 1 ? argv[1] : corpus_folder("bpmn", p), CORPUS_MIN,
                  corpus_fuzz_one);
    if (miwg) {
        corpus_replay(miwg, MIWG_MIN, well_formed);
    }
    else {
        ok(1, "interchange models # SKIP WF_MIWG names no folder");
    }
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
