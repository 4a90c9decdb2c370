/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/yaml below WF_TOP. */
#include "../../fuzz/steps_yaml.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "yaml", 20);
}
