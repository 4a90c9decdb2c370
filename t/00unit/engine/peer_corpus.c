/* Replays the corpus of the fuzz target: argv[1], or its folder below t/fuzz/corpus. */
#include "../../fuzz/engine_peer.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "peer", 20);
}
