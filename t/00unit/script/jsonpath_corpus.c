/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/jsonpath below WF_TOP. */
#include "../../fuzz/script_jsonpath.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "jsonpath", 20);
}
