/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/script below WF_TOP. */
#include "../../fuzz/steps_script.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "script", 20);
}
