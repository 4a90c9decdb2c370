/* Random processes, walked at random: after every step the rows fit together, every token
 * stands where something can move it on, and the instance ends in the end with nothing
 * left. Each walk is done twice, the second time with the store closed and opened again
 * before every step: the places are the same. kill.c does it to processes that are
 * killed.
 *
 * The seed is fixed; WF_SEED tries another one, WF_WALKS more of them, WF_DEPTH nests
 * them deeper or less deep. */
#include "walk.h"

#define WALKS 100
#define DEPTH 4

/* Walk to the end; the places on the way, with *wrong set if it did not get there. */
static const char *walk(const wf_definition_t *definition, apr_uint64_t seed, int reopen,
                        const char **wrong)
{
    apr_array_header_t *places = apr_array_make(world.pool, 50, sizeof(char *));
    wf_id_t id;
    int steps = 0;

    chance_state = seed;
    *wrong = NULL;
    id = walk_start(definition, wrong);
    while (!*wrong) {
        if (reopen) {
            world_reopen();
        }
        find_family(id);
        APR_ARRAY_PUSH(places, const char *) = state_now();
        *wrong = first_misfit();
        if (!*wrong && steps % VERIFY_EACH == 0) {
            *wrong = world_unsound();
        }
        if (*wrong || !world_executions(id)) {
            break;
        }
        *wrong = steps++ < MAX_STEPS_OF_A_WALK ? walk_step(world.now) : "it does not end";
    }
    return apr_array_pstrcat(world.pool, places, '|');
}

static void try_one(int number, apr_uint64_t seed)
{
    const wf_definition_t *definition;
    const char *xml, *places, *again, *wrong;

    chance_state = seed;
    xml = make_file((int)chance_option("WF_DEPTH", DEPTH));
    definition = deploy_all(xml);
    places = walk(definition, seed, 0, &wrong);
    ok(!wrong, "walk %d: %s", number, wrong ? wrong : "to the end");
    if (wrong) {
        diag("seed %" APR_UINT64_T_FMT ", at %s\n%s", seed, places, xml);
        return;
    }
    again = walk(definition, seed, 1, &wrong);
    is_str(again, places, "walk %d: the same when the store is opened for each step",
           number);
}

int main(void)
{
    apr_uint64_t first = chance_option("WF_SEED", 20100524);
    int i, count = (int)chance_option("WF_WALKS", WALKS);

    world_open();
    for (i = 0; i < count; i++) {
        try_one(i, first + i * 7919);
    }
    world_close();
    return done_testing();
}
