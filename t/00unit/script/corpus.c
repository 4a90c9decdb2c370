/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/expr below WF_TOP. */
#include "../../fuzz/script_expr.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "expr", 30);
}
