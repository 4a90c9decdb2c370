/* Replays the corpus of the fuzz target: argv[1], or its folder below t/fuzz/corpus. */
#include "../../fuzz/http_request.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "request", 20);
}
