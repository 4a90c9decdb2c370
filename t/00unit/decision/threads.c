/* A parsed decision is shared: four threads evaluate the same ones at the same time, each
 * with its own scope and pool. */
#include "fixture.h"

#include <apr_thread_proc.h>

#define THREADS 4
#define ROUNDS 1000

#define FILE_OF_TWO                                                                      \
    FILE_WITH("<decision id=\"size\"><decisionTable hitPolicy=\"PRIORITY\">" INPUT(      \
        "typeRef=\"integer\"",                                                           \
        "x") "<output name=\"size\"><outputValues><text>\"large\", \"small\"</text>"     \
             "</outputValues></output>" RULE(IN("-") OUT("\"small\"")) RULE(IN(          \
                 "&gt; 500") OUT("\"large\"")) "</decisionTable></decision>"             \
                                               "<decision "                              \
                                               "id=\"t\"><informationRequirement><"      \
                                               "requiredDecision href=\"#size\"/>"       \
                                               "</"                                      \
                                               "informationRequirement><"                \
                                               "literalExpression><text>${size}</text>"  \
                                               "</literalExpression></decision>")

typedef struct worker_t {
    const wf_decision_t *decision;
    int wrong;
} worker_t;

static int round_ok(const wf_decision_t *decision, int n, apr_pool_t *p)
{
    wf_map_t *variables = wf_map_create(p);
    wf_scope_t scope = { .baton = variables, .get = fixture_get };
    wf_list_t *results;
    wf_value_t value;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_map_set(variables, "x", wf_integer(n));
    return wf_decision_eval(decision, &scope, &results, p, &err) == APR_SUCCESS
           && wf_decision_map(results, WF_DECISION_SINGLE_ENTRY, &value, p, &err)
                  == APR_SUCCESS
           && value.type == WF_STRING
           && !strcmp(value.as.text.data, n > 500 ? "large" : "small");
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *p;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        worker->wrong += !round_ok(worker->decision, i, p);
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

int main(void)
{
    apr_thread_t *threads[THREADS];
    worker_t workers[THREADS] = { { NULL, 0 } };
    wf_decision_file_t *file;
    wf_problems_t *problems;

    fixture_start();
    problems = wf_problems_create("test.dmn", pool);
    wf_decision_file_parse(&file, FILE_OF_TWO, strlen(FILE_OF_TWO), problems, pool);
    is_int(problems->errors, 0, "the file is read");
    for (int i = 0; i < THREADS; i++) {
        workers[i].decision = wf_decision_find(file, "t");
        ok(apr_thread_create(&threads[i], NULL, work, &workers[i], pool) == APR_SUCCESS,
           "thread %d starts", i);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
        is_int(workers[i].wrong, 0, "thread %d decided rightly %d times", i, ROUNDS);
    }
    return fixture_end();
}
