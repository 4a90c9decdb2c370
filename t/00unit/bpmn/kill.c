/* Random processes whose engine is killed, again and again, at chosen instants: before
 * and within each write to the store's files, each sync, each change of the log's index,
 * while the store is opened, a step is committed, the log is checkpointed. The next
 * engine finds all of the last step or nothing of it, and goes on; all is as in a walk
 * that nobody disturbed, down to every row of history.
 *
 * A walk without kills is the measure: the state before each of its steps, and by what
 * chance and at what time it was made. Then the same steps are made by processes that
 * die. In the first part a step is begun again and again from the same state, and dies
 * one instant later each time, until it survives. In the second part what one process has
 * left is where the next one goes on.
 *
 * The seed is fixed; WF_SEED tries another one, WF_WALKS more of them, WF_DEPTH nests
 * them deeper or less deep. */
#include <apr_file_io.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "walk.h"
#include "dump.h"
#include "mortal.h"

#define WALKS 2
#define DEPTH 3
#define STEPS_TRIED_WHOLE 1 /* of a walk, at all their instants */
#define INSTANTS                                                                         \
    200 /* at first a process lives at most so many of them in the second part */
#define INSTANTS_OF_A_STEP 2000 /* more than it has, from opening to closing */

/* ---- states -------------------------------------------------------------------------- */

/* What was made of the walk by the processes that died. They write, the test reads. */
typedef struct progress_t {
    int done; /* steps whose commit has returned */
    char wrong[200];
} progress_t;

typedef struct trace_t {
    apr_pool_t *p;
    const wf_definition_t *definition;
    apr_array_header_t *states;  /* const char *: before each step, and after the last */
    apr_array_header_t *chances; /* apr_uint64_t: before each step */
    apr_array_header_t *times;   /* apr_int64_t */
    int steps;
    int at_birth; /* steps are tried at the instants of opening the store, too */
    int kills, lost, whole; /* steps that kills prevented; that they came too late for */
} trace_t;

static progress_t *progress;
static apr_array_header_t *tables; /* what is compared: const char * */
static const char *left_over;      /* queries that give nothing once all has ended */

static const char *path_of(const char *name)
{
    return apr_pstrcat(world.pool, world.folder, "/", name, NULL);
}

static void name_tables(void)
{
    const char *names = dump_query(path_of("test.db"),
                                   "SELECT NAME FROM sqlite_master WHERE TYPE = 'table' "
                                   "AND (NAME LIKE 'ACT_RU_%' OR "
                                   "NAME LIKE 'ACT_HI_%') ORDER BY NAME",
                                   world.pool);
    char *last, *name = apr_strtok(apr_pstrdup(world.pool, names), " \n", &last);

    tables = apr_array_make(world.pool, 20, sizeof(char *));
    left_over =
        "SELECT 'visit', ID_ FROM ACT_HI_ACTINST WHERE END_TIME_ IS NULL"
        " UNION ALL SELECT 'task', ID_ FROM ACT_HI_TASKINST WHERE END_TIME_ IS NULL"
        " UNION ALL SELECT 'instance', ID_ FROM ACT_HI_PROCINST"
        " WHERE END_TIME_ IS NULL"
        " UNION ALL SELECT 'bytes', ID_ FROM ACT_GE_BYTEARRAY"
        " WHERE DEPLOYMENT_ID_ IS NULL AND ID_ NOT IN"
        " (SELECT BYTEARRAY_ID_ FROM ACT_HI_DETAIL WHERE BYTEARRAY_ID_ IS NOT NULL"
        " UNION SELECT BYTEARRAY_ID_ FROM ACT_HI_VARINST"
        " WHERE BYTEARRAY_ID_ IS NOT NULL)";
    for (; name; name = apr_strtok(NULL, " \n", &last)) {
        APR_ARRAY_PUSH(tables, const char *) = name;
        if (strncmp(name, "ACT_RU_", 7) == 0) {
            left_over = apr_pstrcat(world.pool, left_over, " UNION ALL SELECT '", name,
                                    "', ID_ FROM ", name, NULL);
        }
    }
    APR_ARRAY_PUSH(tables, const char *) =
        "ACT_GE_BYTEARRAY WHERE DEPLOYMENT_ID_ IS NULL";
}

static const char *state_of(apr_pool_t *p)
{
    return dump_tables(path_of("test.db"), tables, p);
}

/* ---- the store's file, while nobody has it open ---------------------------------------- */

static void copy(const char *from, const char *to)
{
    const char *beside[] = { "", "-wal", "-shm" };
    apr_status_t rv;
    int i;

    for (i = 0; i < 3; i++) {
        apr_file_remove(path_of(apr_pstrcat(world.pool, to, beside[i], NULL)),
                        world.pool);
    }
    rv = apr_file_copy(path_of(from), path_of(to), APR_FPROT_FILE_SOURCE_PERMS,
                       world.pool);
    if (rv != APR_SUCCESS) {
        printf("Bail out! cannot copy %s: %d\n", from, rv);
        exit(1);
    }
}

/* The instance that nobody called; 0 before it has started. */
static wf_id_t root_now(void)
{
    return apr_atoi64(
        dump_query(path_of("test.db"), "SELECT MIN(ID_) FROM ACT_HI_PROCINST", world.pool)
        + 2);
}

/* ---- the measure ------------------------------------------------------------------------ */

/* Make one step of the walk; what was wrong, or NULL. */
static const char *step(const trace_t *trace, int number, wf_id_t *root)
{
    const char *wrong = NULL;

    chance_state = APR_ARRAY_IDX(trace->chances, number, apr_uint64_t);
    world.now = APR_ARRAY_IDX(trace->times, number, apr_int64_t);
    if (!number) {
        *root = walk_start(trace->definition, &wrong);
        return wrong;
    }
    find_family(*root);
    return walk_step(APR_ARRAY_IDX(trace->times, number, apr_int64_t));
}

static const char *measure(trace_t *trace)
{
    const char *wrong = NULL, *left;
    wf_id_t root = 0;

    for (;;) {
        APR_ARRAY_PUSH(trace->states, const char *) = state_of(trace->p);
        if (trace->steps && !world_executions(root)) {
            break;
        }
        if (trace->steps == MAX_STEPS_OF_A_WALK) {
            return "it does not end";
        }
        APR_ARRAY_PUSH(trace->chances, apr_uint64_t) = chance_state;
        APR_ARRAY_PUSH(trace->times, apr_int64_t) = world.now;
        wrong = step(trace, trace->steps++, &root);
        if (!wrong) {
            find_family(root);
            wrong = first_misfit();
            wrong = wrong || trace->steps % VERIFY_EACH ? wrong : world_unsound();
        }
        if (wrong) {
            return wrong;
        }
    }
    left = dump_query(path_of("test.db"), left_over, trace->p);
    return *left ? apr_pstrcat(trace->p, "left over: ", left, NULL) : NULL;
}

/* ---- lives ------------------------------------------------------------------------------ */

/* How long a process lives. */
typedef struct life_t {
    int from, to; /* the steps that it makes, the last one excluded */
    int instants; /* until it dies … */
    int at_birth; /* … counted from its beginning, or from when the store is open */
} life_t;

/* A process opens the store, makes its steps, closes the store, and dies on the way. */
static void live(const trace_t *trace, const life_t *life, wf_id_t root)
{
    const char *wrong = NULL;
    int from = life->from, to = life->to;

    mortal_left = life->at_birth ? life->instants : -1;
    world_open_store();
    mortal_left = life->at_birth ? mortal_left : life->instants;
    for (; from < to && !wrong; from++) {
        wrong = step(trace, from, &root);
        progress->done += !wrong;
    }
    world_shut_store();
    if (wrong) {
        apr_cpystrn(progress->wrong, wrong, sizeof(progress->wrong));
    }
    _exit(wrong ? 1 : 0);
}

/* The number of the state in which the store is, or -1: it is in none that it may be in.
 */
static int state_found(trace_t *trace, const life_t *life)
{
    apr_pool_t *scratch;
    const char *state, *damage;
    int i, found = -1;

    apr_pool_create(&scratch, world.pool);
    world_open_store();
    state = state_of(scratch);
    damage = dump_query(path_of("test.db"), "PRAGMA integrity_check", scratch);
    world_shut_store();
    for (i = progress->done; i <= progress->done + 1 && i <= life->to && found < 0; i++) {
        if (strcmp(state, APR_ARRAY_IDX(trace->states, i, const char *)) == 0
            && strcmp(damage, "  ok\n") == 0) {
            found = i;
        }
    }
    if (found < 0) {
        diag("%d steps were done; integrity: %s", progress->done, damage);
        dump_diff(state, APR_ARRAY_IDX(trace->states, progress->done, const char *));
    }
    apr_pool_destroy(scratch);
    return found;
}

/* A life and what it has left: the number of the step that comes next, -1 if that is
 * wrong. *survived: it came to its end. */
static int one_life(trace_t *trace, const life_t *life, int *survived)
{
    wf_id_t root = root_now();
    int status, next;
    pid_t pid;

    progress->done = life->from;
    progress->wrong[0] = '\0';
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        live(trace, life, root);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        printf("Bail out! fork\n");
        exit(1);
    }
    *survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!*survived && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
        diag("step %d: %s", progress->done, progress->wrong);
        return -1;
    }
    next = state_found(trace, life);
    trace->kills += !*survived;
    trace->lost += !*survived && next == life->from;
    trace->whole += !*survived && next > progress->done;
    return next;
}

/* ---- two ways to kill ------------------------------------------------------------------- */

/* The instants of one step, one after the other; the number of the next step, or -1. */
static int try_whole(trace_t *trace, int number)
{
    life_t life = { .from = number, .to = number + 1, .at_birth = trace->at_birth };
    int next, survived;

    copy("test.db", "before.db");
    for (; life.instants < INSTANTS_OF_A_STEP; life.instants++) {
        next = one_life(trace, &life, &survived);
        if (next < 0 || survived) {
            return next;
        }
        copy("before.db", "test.db");
    }
    diag("step %d never comes to its end", number);
    return -1;
}

/* Until the walk comes to that step. Who gets nowhere may live longer: steps differ. */
static int walk_to(trace_t *trace, int number, int to)
{
    int survived, tries = 1;

    while (number >= 0 && number < to) {
        life_t life = { number, to, chance(INSTANTS * tries), chance(4) == 0 };

        number = one_life(trace, &life, &survived);
        tries = number == life.from ? tries + 1 : 1;
    }
    return number;
}

static int walk_with_kills(trace_t *trace)
{
    int next = 0, part, to;

    for (part = 1; part <= STEPS_TRIED_WHOLE && next >= 0; part++) {
        to = trace->steps * part / (STEPS_TRIED_WHOLE + 1);
        next = walk_to(trace, next, to);
        next = next == to ? try_whole(trace, next) : next;
    }
    return next < 0 ? next : walk_to(trace, next, trace->steps);
}

static trace_t *new_trace(void)
{
    trace_t *trace = apr_pcalloc(world.pool, sizeof(*trace));

    apr_pool_create(&trace->p, world.pool);
    trace->states = apr_array_make(trace->p, 100, sizeof(char *));
    trace->chances = apr_array_make(trace->p, 100, sizeof(apr_uint64_t));
    trace->times = apr_array_make(trace->p, 100, sizeof(apr_int64_t));
    return trace;
}

static void try_one(int number, apr_uint64_t seed)
{
    trace_t *trace = new_trace();
    const char *xml, *wrong;
    int reached;

    trace->at_birth = !number;
    copy("empty.db", "test.db");
    world_open_store();
    chance_state = seed;
    xml = make_file((int)chance_option("WF_DEPTH", DEPTH));
    trace->definition = deploy_all(xml);
    world_shut_store();
    copy("test.db", "start.db");

    world_open_store();
    wrong = measure(trace);
    world_shut_store();
    ok(!wrong, "walk %d: %s", number, wrong ? wrong : "to the end");
    if (!wrong) {
        copy("start.db", "test.db");
        reached = walk_with_kills(trace);
        ok(reached == trace->steps, "walk %d: the same with %d kills in %d steps", number,
           trace->kills, trace->steps);
        diag("%d kills before anything was done, %d after a commit that nobody knew of",
             trace->lost, trace->whole);
        ok(trace->lost && trace->whole, "walk %d: kills at various instants", number);
        wrong = reached == trace->steps ? NULL : "the kills changed something";
    }
    if (wrong) {
        diag("seed %" APR_UINT64_T_FMT "\n%s", seed, xml);
    }
    apr_pool_destroy(trace->p);
}

int main(void)
{
    apr_uint64_t first = chance_option("WF_SEED", 20100524);
    int i, count = (int)chance_option("WF_WALKS", WALKS);

    mortal_register();
    progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    world_open();
    world.history = WF_HISTORY_FULL;
    name_tables();
    world_shut_store();
    copy("test.db", "empty.db");
    for (i = 0; i < count; i++) {
        try_one(i, first + i * 7919);
    }
    world_open_store();
    world_close();
    return done_testing();
}
