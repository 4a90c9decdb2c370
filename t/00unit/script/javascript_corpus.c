/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/js below WF_TOP. */
#include "../../fuzz/script_js.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "js", 30);
}
