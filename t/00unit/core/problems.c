/* All faults of a document in one text: in the order of the document, whatever the order
 * of the checks that found them. */
#include <apr_general.h>

#include "core/core.h"
#include "tap.h"

int main(void)
{
    wf_problems_t *ps;
    apr_pool_t *pool;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);

    ps = wf_problems_create("f.xml", pool);
    is_str(wf_problems_text(ps, pool), "", "none");
    wf_problem_add(ps, "c", NULL, 9, 1, "last");
    wf_problem_add(ps, "b", "x", 2, 7, "second in its line");
    wf_problem_warn(ps, "b", "y", 2, 7, "found later at the same place");
    wf_problem_add(ps, "a", "z", 2, 3, "first in its line");
    wf_problem_add(ps, "d", NULL, 0, 0, "nowhere");
    is_str(wf_problems_text(ps, pool),
           "f.xml: [d] nowhere\n"
           "f.xml:2:3: [a] z: first in its line\n"
           "f.xml:2:7: [b] x: second in its line\n"
           "f.xml:2:7: warning: [b] y: found later at the same place\n"
           "f.xml:9:1: [c] last",
           "by line and column");
    is_str(APR_ARRAY_IDX(ps->items, 0, wf_problem_t).message, "last",
           "the list itself keeps its order");

    for (int i = 0; i < 200; i++) {
        wf_problem_add(ps, "e", NULL, 300 - i, 1, "many");
    }
    is_int(ps->errors, 204, "all are counted");
    ok(strstr(wf_problems_text(ps, pool), "\nand 105 more problems"), "not all are shown");

    /* What is quoted is cut by bytes, not within a character. */
    wf_error_init(&err, pool);
    wf_error_set(&err, WF_ERR_INVALID, "\"%.4s\" is %.2s wrong",
                 "\xe6\xbc\xa2\xe5\xad\x97", "\xc3\xa9\xc3\xa9");
    is_str(err.message, "\"\xe6\xbc\xa2\" is \xc3\xa9 wrong", "a text that was cut");
    wf_error_note(&err, 0, "%.1s at", "\xc3\xa9");
    is_str(err.message, " at: \"\xe6\xbc\xa2\" is \xc3\xa9 wrong", "in a note, too");

    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
