/* Rows of data in runs: which the target sees, over several loops, until they are used
 * up. */
#include "../tap.h"
#include "run.h"

#define HEAD "id: w\nname: W\nhttp: {base_url: BASE}\n"
#define STEP "steps:\n- {id: s, type: http, config: {url: '/${u.n}/end'}}\n"

/* A CSV with the column n and the rows r0 … */
static const char *csv(apr_pool_t *p, int rows)
{
    const char *text = "n";
    int i;

    for (i = 0; i < rows; i++) {
        text = apr_psprintf(p, "%s\\nr%d", text, i);
    }
    return text;
}

/* How often the target was asked for a row. */
static int asked(target_t *t, int row)
{
    char text[40];
    int i, n = 0;

    snprintf(text, sizeof(text), "GET /r%d/end ", row);
    pthread_mutex_lock(&t->lock);
    for (i = 0; i < TARGET_KEPT; i++) {
        n += t->kept[i] != NULL && strncmp(t->kept[i], text, strlen(text)) == 0;
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* The rows between which how often each was asked for lies. */
static void each_asked(runner_t *r, int rows, int least, int most)
{
    int i, n, low = 1 << 20, high = 0;

    for (i = 0; i < rows; i++) {
        n = asked(&r->target, i);
        low = n < low ? n : low;
        high = n > high ? n : high;
    }
    ok(low >= least && high <= most, "each row %d to %d times: %d to %d", least, most,
       low, high);
}

static const struct {
    const char *what, *members, *options;
    int rows;
    const char *status;
    int requests, least, most;
} cases[] = {
    /* clang-format off */
    { "unique rows of 20 users on two loops", "mode: unique", "mode: shared-iterations, vus: 20, iterations: 1000", 100, "completed", 100, 1, 1 },
    { "unique rows end a run of an hour",     "mode: unique", "vus: 7, duration: 1h", 50, "completed", 50, 1, 1 },
    { "unique rows, a user each",             "mode: unique, per: vu", "vus: 10, iterations: 5", 10, "completed", 50, 5, 5 },
    { "more users than unique rows",          "mode: unique, per: vu", "vus: 10, iterations: 5", 4, "completed", 20, 5, 5 },
    { "a shared cursor goes round",           "mode: sequential", "vus: 8, iterations: 10", 20, "completed", 80, 4, 4 },
    { "nothing said: goes round",             "", "mode: shared-iterations, vus: 5, iterations: 60", 30, "completed", 60, 2, 2 },
    { "shuffled rows go round, too",          "mode: shuffle", "vus: 8, iterations: 10", 20, "completed", 80, 4, 4 },
    { "each user on its own",                 "share: vu", "vus: 6, iterations: 10", 10, "completed", 60, 6, 6 },
    { "each user on its own, once",           "share: vu, on_end: stop", "vus: 6, duration: 1h", 10, "completed", 60, 6, 6 },
    { "a queue runs dry",                     "mode: queue", "vus: 2, duration: 1h", 30, "failed", 30, 1, 1 },
    { "at random",                            "mode: random", "vus: 2, iterations: 80", 4, "completed", 160, 15, 80 },
    /* clang-format on */
};

static void run_cases(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        target_reset(&r->target);
        ok(runner_run(
               r, apr_psprintf(r->pool,
                               HEAD STEP "data: {u: {csv: \"%s\"%s%s}}\noptions: {%s}\n",
                               csv(r->pool, cases[i].rows), *cases[i].members ? ", " : "",
                               cases[i].members, cases[i].options)),
           "%s", cases[i].what);
        is_str(wf_run_status_name(r->last.status), cases[i].status, "status");
        is_int(target_requests(&r->target), cases[i].requests, "requests");
        is_int(r->last.iterations, cases[i].requests, "iterations");
        each_asked(r, cases[i].rows, cases[i].least, cases[i].most);
    }
}

static void tell_empty(runner_t *r)
{
    json_object *first;

    runner_run(r, HEAD STEP "data: {u: {mode: queue, csv: \"n\\nr0\"}}\n"
                            "options: {vus: 2, iterations: 5}\n");
    first = json_object_array_get_idx(r->last.errors, 0);
    is_str(first ? wf_json_string(first, "message", "") : "",
           "data source u has no rows left, the run was ended", "says why it failed");
}

/* Several sources, JSON cells, whole rows, expressions. */
static void values(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, HEAD "data:\n"
                          "  u: [{id: 7, tags: [a, b]}]\n"
                          "  v: {csv: \"x;y\\n1;2\", delimiter: ';'}\n"
                          "steps:\n"
                          "- {id: s, type: http, config: {method: POST, url: "
                          "'/${u.id}/${u.tags[1]}/${v.y}/${u.nosuch}', body: '${v}'}}\n"
                          "- id: c\n  type: condition\n"
                          "  condition:\n    expression: ${u.id} == 7 AND ${v.x} == 1\n"
                          "    then: [{id: t, type: http, config: {url: /then}}]\n"),
       "values of rows");
    ok(target_saw(&r->target, "POST /7/b/2/${u.nosuch} ")
           || target_saw(&r->target, "POST /7/b/2/$%7Bu.nosuch%7D "),
       "in a URL: %.60s", r->target.kept[0] ? r->target.kept[0] : "");
    ok(target_saw(&r->target, "{\"x\":\"1\",\"y\":\"2\"}"), "a whole row is an object");
    ok(target_saw(&r->target, "GET /then "), "numbers compare as numbers");
}

/* Only the scenarios that are named take rows. */
static void by_scenario(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(
           r,
           HEAD "data: {u: {mode: unique, csv: \"n\\nr0\\nr1\\nr2\", scenarios: [a]}}\n"
                "scenarios:\n"
                "  a: {vus: 1, iterations: 10, steps: [{id: s, type: http, config: {url: "
                "'/${u.n}/end'}}]}\n"
                "  b: {vus: 1, iterations: 10, steps: [{id: t, type: http, config: {url: "
                "/b}}]}\n"),
       "rows of one scenario");
    is_int(target_requests(&r->target), 13, "three with rows, ten without");
    each_asked(r, 3, 1, 1);
}

static const struct {
    const char *yaml, *want;
} refused[] = {
    { "data: []\n" STEP, "data: must be a map" },
    { "data: {u: {csv: \"n\\n1\"}}\nvariables: {u: 1}\n" STEP,
      "data.u: a variable or a step has this name" },
    { "data: {s: {csv: \"n\\n1\"}}\n" STEP,
      "data.s: a variable or a step has this name" },
    { "data: {u: {csv: \"n\\n1\", scenarios: [a]}}\n" STEP,
      "data.u.scenarios: there is no scenario \"a\"" },
    { "data: {u: users.csv}\n" STEP, "data.u.file: files are not allowed here" },
    { "data: {u: {csv: \"n\\n1,2\"}}\n" STEP,
      "data.u.csv: line 2: has 2 fields instead of 1" },
};

static void refuse(apr_pool_t *p)
{
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_problems_t *problems = wf_problems_create("w.yaml", p);
        const char *yaml = apr_pstrcat(p, "id: w\nname: W\n", refused[i].yaml, NULL);
        wf_plan_t *plan;

        plan_from_yaml(&plan, yaml, strlen(yaml), problems, p);
        ok(plan == NULL && strstr(wf_problems_text(problems, p), refused[i].want), "%s",
           wf_problems_text(problems, p));
    }
}

int main(void)
{
    runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    run_cases(&r);
    tell_empty(&r);
    values(&r);
    by_scenario(&r);
    refuse(r.pool);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
