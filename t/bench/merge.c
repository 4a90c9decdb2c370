/* How long a master needs for one round of what 200 slaves tell: each of them what its
 * run of 10 HTTP steps has counted since it told last.
 *
 *     merge [rounds]
 *
 * A message is read, and added to what is known of its sender and to the whole. Next to
 * that, what json-c alone needs to read the same texts. Prints wall and CPU time of one
 * round in microseconds, the best of the rounds: what the machine does meanwhile only
 * ever adds; and what a message has. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "figures.h"
#include "load/load.h"
#include "steps/steps.h"

#define SLAVES 200
#define ROUNDS 10

typedef struct timing_t {
    double wall_us, cpu_us;
} timing_t;

typedef struct slave_t {
    wf_sheet_t *counts; /* as the slave has it … */
    wf_sheet_t *told;   /* … and has told it */
    wf_sheet_t *known;  /* as the master has it */
    const char *text;   /* the message of this round */
    apr_size_t length;
} slave_t;

static slave_t slaves[SLAVES];
static wf_sheet_t *total, *scratch;
static wf_error_t err;

static void die(const char *what)
{
    fprintf(stderr, "merge: %s\n", what);
    exit(1);
}

static wf_plan_t *make_plan(apr_pool_t *p)
{
    static const wf_surroundings_t around = { .steps = &wf_steps };
    wf_problems_t *problems = wf_problems_create(NULL, p);
    const char *yaml = "id: merge\nname: Merge\nsteps:\n";
    wf_plan_t *plan;
    int i;

    for (i = 0; i < STEPS; i++) {
        yaml = apr_psprintf(p,
                            "%s- {id: step%d, type: http, config: {url: "
                            "\"http://127.0.0.1/%d\"}}\n",
                            yaml, i, i);
    }
    yaml = apr_pstrcat(p, yaml, "options: {vus: 1, iterations: 1}\n", NULL);
    wf_plan_read(&plan, yaml, strlen(yaml), NULL, &around, problems, p);
    if (plan == NULL) {
        die(wf_problems_text(problems, p));
    }
    return plan;
}

/* ---- the slaves -------------------------------------------------------------------------- */

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void keep_best(timing_t *best, double wall_us, double cpu)
{
    best->wall_us = best->wall_us && best->wall_us < wall_us ? best->wall_us : wall_us;
    best->cpu_us = best->cpu_us && best->cpu_us < cpu ? best->cpu_us : cpu;
}

static void write_messages(timing_t *best, apr_int64_t now_ms, apr_pool_t *p)
{
    apr_int64_t wall;
    double cpu;
    slave_t *s;

    for (s = slaves; s < slaves + SLAVES; s++) {
        count_some(s->counts, now_ms);
    }
    wall = wf_mono_us();
    cpu = cpu_us();
    for (s = slaves; s < slaves + SLAVES; s++) {
        wf_sheet_clear(scratch);
        if (!wf_sheet_since(scratch, s->counts, s->told)) {
            die("a difference is not exact");
        }
        s->text = wf_sheet_encode(scratch, p);
        wf_sheet_merge(s->told, scratch);
    }
    keep_best(best, wf_mono_us() - wall, cpu_us() - cpu);
    for (s = slaves; s < slaves + SLAVES; s++) {
        s->length = strlen(s->text);
    }
}

/* ---- the master -------------------------------------------------------------------------- */

static void read_with_json_c(timing_t *best)
{
    apr_int64_t wall = wf_mono_us();
    double cpu = cpu_us();
    slave_t *s;

    for (s = slaves; s < slaves + SLAVES; s++) {
        json_object *json = json_tokener_parse(s->text);

        if (json == NULL) {
            die("json-c does not read it");
        }
        json_object_put(json);
    }
    keep_best(best, wf_mono_us() - wall, cpu_us() - cpu);
}

static void merge_messages(timing_t *best)
{
    apr_int64_t wall = wf_mono_us();
    double cpu = cpu_us();
    slave_t *s;

    for (s = slaves; s < slaves + SLAVES; s++) {
        wf_sheet_clear(scratch);
        if (wf_sheet_decode(scratch, s->text, s->length, &err) != APR_SUCCESS) {
            die(err.message);
        }
        wf_sheet_merge(s->known, scratch);
        wf_sheet_merge(total, scratch);
    }
    keep_best(best, wf_mono_us() - wall, cpu_us() - cpu);
}

/* A benchmark of sums that are wrong would be worth nothing. */
static void check(apr_pool_t *p)
{
    wf_sheet_t *sum = wf_sheet_create(wf_sheet_table(total), p);
    slave_t *s;

    for (s = slaves; s < slaves + SLAVES; s++) {
        if (strcmp(wf_sheet_encode(s->counts, p), wf_sheet_encode(s->known, p)) != 0) {
            die("a slave's sums are wrong");
        }
        wf_sheet_merge(sum, s->counts);
    }
    if (strcmp(wf_sheet_encode(sum, p), wf_sheet_encode(total, p)) != 0) {
        die("the sums are wrong");
    }
}

static int buckets_of(const wf_sheet_t *sheet)
{
    const wf_metric_table_t *table = wf_sheet_table(sheet);
    int i, k, n = 0;

    for (i = 0; i < wf_metric_count(table); i++) {
        const wf_histogram_t *h = wf_metric_at(table, i)->type == WF_TREND
                                      ? wf_sheet_histogram(sheet, i)
                                      : NULL;

        for (k = 0; h != NULL && k < WF_HISTOGRAM_PAGES * WF_HISTOGRAM_STEPS; k++) {
            const apr_uint64_t *page = h->pages[k / WF_HISTOGRAM_STEPS];

            n += page != NULL && page[k % WF_HISTOGRAM_STEPS] > 0;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS, i;
    timing_t since = { 0 }, json = { 0 }, merge = { 0 };
    const wf_metric_table_t *table;
    apr_pool_t *pool, *texts;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&texts, pool);
    wf_error_init(&err, pool);
    table = wf_plan_metrics(make_plan(pool));
    if (!find_steps(table, pool)) {
        die("the steps have no metrics");
    }
    total = wf_sheet_create(table, pool);
    scratch = wf_sheet_create(table, pool);
    for (i = 0; i < SLAVES; i++) {
        slaves[i].counts = wf_sheet_create(table, pool);
        slaves[i].told = wf_sheet_create(table, pool);
        slaves[i].known = wf_sheet_create(table, pool);
    }
    for (i = 0; i < rounds; i++) {
        apr_pool_clear(texts);
        write_messages(&since, 1700000000000ll + i, texts);
        read_with_json_c(&json);
        merge_messages(&merge);
    }
    check(texts);
    printf("message %lu %d\n", (unsigned long)slaves[SLAVES - 1].length,
           buckets_of(scratch));
    printf("since %.0f %.0f\n", since.wall_us, since.cpu_us);
    printf("json-c %.0f %.0f\n", json.wall_us, json.cpu_us);
    printf("merge %.0f %.0f\n", merge.wall_us, merge.cpu_us);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
