/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/json below WF_TOP. */
#include "../../fuzz/core_json.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "json", 20);
}
