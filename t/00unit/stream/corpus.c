/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/stream below WF_TOP. */
#include "../../fuzz/stream_client.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "stream", 30);
}
