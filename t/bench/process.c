/* How the process engine copes with size, without HTTP: large models, long chains, wide
 * joins, many rounds, many timers.
 *
 *     process [what …]        chain join rounds tasks timers; nothing: all
 *
 * A line is: what, size, milliseconds of processor time, how that compares with the same
 * at a tenth of the size (1.0: it grows with the size and no faster), and the time on the
 * clock. Units are committed and synced as in the engine. */
#include <stdio.h>
#include <sys/resource.h>

#include <sqlite3.h>

#include "bpmn/world.h"

/* Processor time: what others do with the disk and the machine does not count. */
static double now_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000.0
           + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000.0;
}

static const char *join_text(apr_array_header_t *parts)
{
    return apr_array_pstrcat(world.pool, parts, 0);
}

static void add(apr_array_header_t *parts, const char *format, int i, int k)
{
    APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(world.pool, format, i, k);
}

static const char *process_of(apr_array_header_t *parts)
{
    return apr_pstrcat(world.pool, DEFINITIONS "<process id=\"p\">\n", join_text(parts),
                       "</process>\n</definitions>\n", NULL);
}

static apr_array_header_t *parts(void)
{
    return apr_array_make(world.pool, 1000, sizeof(char *));
}

static wf_started_t start(const wf_definition_t *definition, const wf_map_t *vars)
{
    wf_started_t started = { 0 };

    world_check(world_start(definition, vars, &started), &world.err, "start");
    return started;
}

/* ---- what is measured: each gives milliseconds for a size ---------------------------------- */

static double chain(int steps)
{
    apr_array_header_t *text = parts();
    const wf_definition_t *definition;
    double begin;
    int i;

    add(text, "<startEvent id=\"t0\"/>\n", 0, 0);
    for (i = 1; i <= steps; i++) {
        add(text, "<task id=\"t%d\"/>\n", i, 0);
        add(text, "<sequenceFlow sourceRef=\"t%d\" targetRef=\"t%d\"/>\n", i - 1, i);
    }
    definition = world_deploy(process_of(text));
    begin = now_ms();
    start(definition, NULL);
    return now_ms() - begin;
}

/* Each branch comes to the join by a call of its own, but all of them in units of one
 * sync. */
static double join(int branches)
{
    apr_array_header_t *text = parts();
    apr_array_header_t *tasks;
    wf_started_t started;
    double begin;
    int i;

    add(text, START FORK("f") FORK("j") FLOW("s", "f") END FLOW("j", "e"), 0, 0);
    for (i = 0; i < branches; i++) {
        add(text,
            "<userTask id=\"t%d\"/><sequenceFlow sourceRef=\"f\" targetRef=\"t%d\"/>", i,
            i);
        add(text, "<sequenceFlow sourceRef=\"t%d\" targetRef=\"j\"/>\n", i, 0);
    }
    started = start(world_deploy(process_of(text)), NULL);
    tasks = apr_array_copy(world.pool, world_select(WF_BY_TASKS_OF_INSTANCE, started.id));
    for (i = 0; i < tasks->nelts; i++) {
        wf_task_t *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);

        APR_ARRAY_IDX(tasks, i, wf_task_t *) =
            apr_pmemdup(world.pool, task, sizeof(*task));
    }
    begin = now_ms();
    for (i = 0; i < tasks->nelts; i++) {
        const wf_bpmn_call_t *call = world_begin();

        world_check(
            world_end(wf_bpmn_complete(call, APR_ARRAY_IDX(tasks, i, wf_task_t *)->id,
                                       NULL, &world.err)),
            &world.err, "complete");
    }
    begin = now_ms() - begin;
    if (world_executions(started.id)) {
        diag("the join did not join");
    }
    return begin;
}

static const char *looped(const char *activity)
{
    apr_array_header_t *text = parts();

    add(text, START, 0, 0);
    APR_ARRAY_PUSH(text, const char *) = activity;
    add(text, FLOW("s", "t"), 0, 0);
    return process_of(text);
}

#define LOOP                                                                             \
    "<multiInstanceLoopCharacteristics><loopCardinality>${n}</loopCardinality>"          \
    "</multiInstanceLoopCharacteristics>"

static wf_map_t *number(int n)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, "n", wf_integer(n));
    return vars;
}

/* Rounds that need nobody, in one call. */
static double rounds(int count)
{
    const wf_definition_t *definition =
        world_deploy(looped("<task id=\"t\">" LOOP "</task>\n"));
    double begin = now_ms();

    start(definition, number(count));
    return now_ms() - begin;
}

/* User tasks: made in one call, completed one by one. */
static double tasks(int count)
{
    const wf_definition_t *definition =
        world_deploy(looped("<userTask id=\"t\">" LOOP "</userTask>\n"));
    double begin = now_ms(), made;
    apr_array_header_t *rows;
    wf_started_t started = start(definition, number(count));
    wf_id_t *ids = apr_palloc(world.pool, count * sizeof(*ids));
    int i;

    made = now_ms() - begin;
    rows = world_select(WF_BY_TASKS_OF_INSTANCE, started.id);
    for (i = 0; i < count; i++) {
        ids[i] = APR_ARRAY_IDX(rows, i, wf_task_t *)->id;
    }
    for (i = 0; i < count; i++) {
        const wf_bpmn_call_t *call = world_begin();

        world_check(world_end(wf_bpmn_complete(call, ids[i], NULL, &world.err)),
                    &world.err, "complete");
    }
    diag("%d made in %.0f ms", count, made);
    return now_ms() - begin;
}

/* What a start of the engine and a look for due jobs cost beside so many instances that
 * wait for a timer; 100 of them are due. The rows are written by SQLite itself. */
static void fill(int instances, const char *definition)
{
    static const char *const texts[] = {
        "INSERT INTO ACT_RU_EXECUTION (ID_, REV_, PROC_INST_ID_, ROOT_ID_, PROC_DEF_ID_, "
        "ACT_ID_,"
        " IS_ACTIVE_, IS_CONCURRENT_, IS_SCOPE_) WITH RECURSIVE n (i) AS (SELECT 1 UNION "
        "ALL"
        " SELECT i + 1 FROM n WHERE i < %d) SELECT i + %d, 1, i + %d, i + %d, '%s', 't', "
        "1, 0, 1"
        " FROM n",
        "INSERT INTO ACT_RU_JOB (ID_, REV_, TYPE_, EXCLUSIVE_, EXECUTION_ID_,"
        " PROCESS_INSTANCE_ID_, RETRIES_, DUEDATE_, HANDLER_TYPE_, HANDLER_CFG_, "
        "PROC_DEF_ID_)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " SELECT i + %d + 1000000000, 1, 'timer', 1, i + %d, i + %d, 3,"
        " CASE WHEN i <= 100 THEN 1 ELSE 4000000000000 + i END,"
        " 'timer-intermediate-transition', 't', '%s' FROM n",
    };
    static int from = 100000000;
    sqlite3 *db;
    int i;

    sqlite3_open(world.dsn + strlen("sqlite:"), &db);
    for (i = 0; i < 2; i++) {
        const char *sql =
            apr_psprintf(world.pool, texts[i], instances, from, from, from, definition);
        char *message = NULL;

        if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
            printf("Bail out! %s\n", message);
            exit(1);
        }
    }
    sqlite3_close(db);
    from += instances;
}

static int count_job(void *baton, const wf_job_t *job)
{
    (void)job;
    ++*(int *)baton;
    return 1;
}

static double timers(int instances)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("t") FLOW("s", "t")));
    apr_int64_t next;
    double begin;
    int due = 0;

    fill(instances, definition->id);
    begin = now_ms();
    world_reopen();
    wf_error_init(&world.err, world.pool);
    world_check(wf_store_release_jobs(world.writer, "bench", &world.err), &world.err,
                "release");
    world_check(wf_store_due_jobs(world.reader, 1000, count_job, &due, world.unit_pool,
                                  &world.err),
                &world.err, "due jobs");
    world_check(wf_store_next_due(world.reader, 1000, &next, &world.err), &world.err,
                "next");
    begin = now_ms() - begin;
    diag("%d are due", due);
    return begin;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *what;
    int size;
    double (*measure)(int size);
} measures[] = {
    { "chain", 10000, chain },     { "join", 1000, join },
    { "rounds", 100000, rounds },  { "tasks", 100000, tasks },
    { "timers", 1000000, timers },
};

static int is_wanted(const char *what, int argc, const char *const *argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], what) == 0) {
            return 1;
        }
    }
    return argc == 1;
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int main(int argc, const char *const *argv)
{
    int i;

    world_open();
    world.max_steps = 1000000;
    for (i = 0; i < (int)(sizeof(measures) / sizeof(measures[0])); i++) {
        int size = measures[i].size;
        double small, large;
        apr_time_t clock;

        if (!is_wanted(measures[i].what, argc, argv)) {
            continue;
        }
        small = measures[i].measure(size / 10);
        clock = apr_time_now();
        large = measures[i].measure(size);
        printf("%-8s %8d %10.1f ms  growth %.2f  %8.1f ms on the clock  peak %ld KiB\n",
               measures[i].what, size, large, large / small / 10,
               (apr_time_now() - clock) / 1000.0, peak_kib());
        fflush(stdout);
    }
    world_close();
    return 0;
}
