/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/sheet below WF_TOP. */
#include "../../fuzz/metrics_sheet.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "sheet", 30);
}
