/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/address below WF_TOP. */
#include "../../fuzz/client_address.c"

#include "corpus.h"

/* Fewer files than that: the corpus was not found, not replayed. */
#define CORPUS_MIN 9

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "address", CORPUS_MIN);
}
