/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/dmn below WF_TOP. */
#include "../../fuzz/decision_parse.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "dmn", 30);
}
