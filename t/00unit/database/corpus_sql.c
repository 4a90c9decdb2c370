/* Replays the corpus of the fuzz target: argv[1], or t/fuzz/corpus/sql below WF_TOP. */
#include "../../fuzz/database_sql.c"
#include "corpus.h"

int main(int argc, char **argv)
{
    return corpus_main(argc, argv, "sql", 12);
}
