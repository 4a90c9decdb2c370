/* Replays the corpus of the fuzz target of date patterns: argv[1], or t/fuzz/corpus/date
 * below WF_TOP. */
#include "../../fuzz/bpmn_date.c"
#include "corpus.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 10

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "date", CORPUS_MIN);
}
