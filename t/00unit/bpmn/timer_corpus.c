/* Replays the corpus of the fuzz target of timer texts: argv[1], or t/fuzz/corpus/timer below
 * WF_TOP. */
#include "../../fuzz/bpmn_timer.c"
#include "corpus.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 20

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "timer", CORPUS_MIN);
}
