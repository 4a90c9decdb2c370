/* Scripts made by chance, and scripts that run out of memory or time wherever they can:
 * each ends soon, with a value or an error that says why, and hurts nobody. What is wrong
 * in memory only a sanitizer sees. `chance SEED RUNS` runs more of them. */
#include "script/fixture.h"

#include "corpus.h"

#define RUNS 40      /* of t/data/chance.js */
#define CALLS 400    /* by one of them */
#define LATE 5000000 /* microseconds: far more than any deadline here */

typedef struct run_t {
    apr_int64_t deadline_ms;
    apr_size_t memory;
    const char *text;
    int store; /* its variables */
} run_t;

/* Whether the run has a value that prints, or an error that is a text. */
static int runs(const run_t *run)
{
    apr_pool_t *p;
    fixture_t f;
    wf_scope_t scope;
    wf_js_result_t result;
    wf_error_t err;
    int fine;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    wf_js_call_t call = { .name = "chance",
                          .text = run->text,
                          .length = strlen(run->text),
                          .scope = &scope,
                          .deadline_ms = run->deadline_ms,
                          .memory = run->memory,
                          .wants_value = 1,
                          .stored = run->store ? wf_map_create(p) : NULL };
    if (wf_js_run(&call, &result, p, &err) == APR_SUCCESS) {
        const char *text = wf_value_print(&result.value, WF_UEL, p);

        fine = wf_utf8_valid(text, strlen(text));
    }
    else {
        fine = err.message && wf_utf8_valid(err.message, strlen(err.message));
    }
    apr_pool_destroy(p);
    return fine;
}

/* What they print is of no interest, but it is a line. */
static void ignore(void *baton, wf_log_level_e level, const char *text)
{
    (void)level;
    *(int *)baton += strpbrk(text, "\r\n") != NULL;
}

/* Numbers that a seed gives: xorshift. */
static unsigned below(unsigned *state, unsigned n)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % n;
}

/* What a script may need at most: each power of two as often as the others. */
static apr_size_t memory_by_chance(unsigned *state, int smallest, int powers)
{
    apr_size_t power = (apr_size_t)1 << (smallest + (int)below(state, (unsigned)powers));

    return power + below(state, (unsigned)power);
}

static void check(const run_t *run, const char *what)
{
    apr_int64_t began = wf_mono_us();

    ok(runs(run), "%s, %" APR_SIZE_T_FMT " bytes: a value or a reason", what,
       run->memory);
    ok(wf_mono_us() - began < LATE, "%s: in time", what);
}

static void call_by_chance(const char *text, unsigned seed, apr_pool_t *p)
{
    unsigned state = seed * 2654435761u | 1;
    const run_t run = {
        .deadline_ms = 20 + below(&state, 200),
        .memory = memory_by_chance(&state, 17, 7),
        .text =
            apr_psprintf(p, "{ const SEED = %u, CALLS = %d;\n%s }", state, CALLS, text),
        .store = below(&state, 2),
    };

    check(&run, apr_psprintf(p, "seed %u", seed));
}

/* The corpus of the fuzz target, each of its scripts with ever so little memory. */
static unsigned first, rounds;

static int starve(const uint8_t *data, size_t size, apr_pool_t *p)
{
    unsigned state = (first + (unsigned)size) * 2654435761u | 1;
    run_t run = { .deadline_ms = 50,
                  .text = apr_pstrmemdup(p, (const char *)data, size),
                  .store = 1 };
    int fine = 1;

    for (unsigned i = 0; i < rounds; i++) {
        run.memory = memory_by_chance(&state, 8, 10);
        fine = runs(&run) && fine;
    }
    return fine;
}

int main(int argc, char **argv)
{
    apr_pool_t *p, *sub;
    apr_size_t size = 0;
    char *text;
    int torn = 0;

    apr_initialize();
    wf_log_to(ignore, &torn);
    apr_pool_create(&p, NULL);
    apr_pool_create(&sub, p);
    first = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    rounds = argc > 2 ? (unsigned)atoi(argv[2]) : RUNS;
    text = corpus_read(apr_pstrcat(p, getenv("WF_TOP"), "/t/data/chance.js", NULL), &size,
                       p);
    if (!ok(text != NULL, "t/data/chance.js")) {
        return done_testing();
    }
    text[size] = '\0';
    for (unsigned i = 0; i < rounds; i++) {
        call_by_chance(text, first + i, sub);
        apr_pool_clear(sub);
    }
    rounds = rounds / 4 + 1;
    corpus_replay(apr_pstrcat(p, getenv("WF_TOP"), "/t/fuzz/corpus/js", NULL), 20,
                  starve);
    is_int(torn, 0, "lines of the log that are more than one");
    apr_pool_destroy(p);
    return done_testing();
}
