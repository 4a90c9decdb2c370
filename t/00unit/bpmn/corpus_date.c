/* Replays the corpus of the fuzz target of date patterns: argv[1], or t/fuzz/corpus/date
 * below WF_TOP. */
#include "../../fuzz/bpmn_date.c"
#include "corpus.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 10

int main(int argc, char **argv)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    corpus_replay(argc > 1 ? argv[1] : corpus_folder("date", p), CORPUS_MIN,
                  corpus_fuzz_one);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
