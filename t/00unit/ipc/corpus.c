/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/frame below WF_TOP. */
#include "../../fuzz/ipc_frame.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "frame", 10);
}
