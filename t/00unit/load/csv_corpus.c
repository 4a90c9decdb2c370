/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/csv below WF_TOP. */
#include "../../fuzz/load_csv.c"
#include "../corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "csv", 10);
}
