/* Random processes, well formed by construction, walked at random: after every step the
 * rows fit together, every token stands where something can move it on, and the instance
 * ends in the end with nothing left. Each walk is done twice, the second time with the
 * store closed and opened again before every step, as after a crash: the places are the
 * same.
 *
 * The seed is fixed; WF_SEED tries another one, WF_WALKS more of them. */
#include "scenario.h"

#define WALKS 100
#define MAX_STEPS_OF_A_WALK 400

/* ---- chance -------------------------------------------------------------------------- */

static apr_uint64_t chance_state;

static int chance(int below)
{
    chance_state = chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((chance_state >> 33) % (apr_uint64_t)below);
}

/* ---- making a process ------------------------------------------------------------------ */

typedef struct maker_t {
    apr_array_header_t *text; /* of const char * */
    int next, calls;
} maker_t;

typedef struct block_t {
    const char *in, *out; /* ids of its first and last node */
} block_t;

static void put(maker_t *m, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(m->text, const char *) = apr_pvsprintf(world.pool, format, args);
    va_end(args);
}

static const char *new_id(maker_t *m, const char *kind)
{
    return apr_psprintf(world.pool, "%s%d", kind, m->next++);
}

static void flow(maker_t *m, const char *from, const char *to)
{
    put(m, "<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\"/>\n", from, to);
}

static void flow_if(maker_t *m, const char *from, const char *to, const char *condition)
{
    put(m,
        "<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\"><conditionExpression>%s"
        "</conditionExpression></sequenceFlow>\n",
        from, to, condition);
}

static block_t make_block(maker_t *m, int depth);

static block_t make_node(maker_t *m, const char *element, const char *attributes,
                         const char *inside)
{
    const char *id = new_id(m, "n");

    put(m, "<%s id=\"%s\" %s>%s</%s>\n", element, id, attributes, inside, element);
    return (block_t){id, id};
}

static block_t make_simple(maker_t *m)
{
    static const struct {
        const char *element, *attributes, *inside;
    } kinds[] = {
        {"task", "", ""},
        {"userTask", "", ""},
        {"userTask", "activiti:asyncAfter=\"true\"", ""},
        {"task", "activiti:async=\"true\"", ""},
        {"task", "activiti:async=\"true\" activiti:exclusive=\"false\"", ""},
        {"receiveTask", "", ""},
        {"intermediateCatchEvent", "",
         "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"},
    };
    int i = chance(sizeof(kinds) / sizeof(kinds[0]));

    return make_node(m, kinds[i].element, kinds[i].attributes, kinds[i].inside);
}

static block_t make_sequence(maker_t *m, int depth)
{
    block_t first = make_block(m, depth - 1), second = make_block(m, depth - 1);

    flow(m, first.out, second.in);
    return (block_t){first.in, second.out};
}

static block_t make_split(maker_t *m, int depth, const char *gateway, int conditions)
{
    block_t whole = {make_node(m, gateway, "", "").in, make_node(m, gateway, "", "").in};
    int i, branches = 2 + chance(2), sure = chance(branches);

    for (i = 0; i < branches; i++) {
        block_t branch = make_block(m, depth - 1);
        int holds = i == sure || chance(2);

        if (conditions) {
            flow_if(m, whole.in, branch.in, holds ? "${true}" : "${false}");
        }
        else {
            flow(m, whole.in, branch.in);
        }
        flow(m, branch.out, whole.out);
    }
    return whole;
}

static block_t make_choice(maker_t *m, int depth)
{
    return make_split(m, depth, "exclusiveGateway", 1);
}

static block_t make_parallel(maker_t *m, int depth)
{
    return make_split(m, depth, "parallelGateway", 0);
}

static block_t make_inclusive(maker_t *m, int depth)
{
    return make_split(m, depth, "inclusiveGateway", 1);
}

/* What is completed last says whether it is done again. */
static block_t make_repeated(maker_t *m, int depth)
{
    block_t whole = {make_node(m, "exclusiveGateway", "", "").in,
                     make_node(m, "exclusiveGateway", "", "").in};
    block_t inner = make_block(m, depth - 1), asked = make_node(m, "userTask", "", "");
    const char *after = make_node(m, "task", "", "").in;

    flow(m, whole.in, inner.in);
    flow(m, inner.out, asked.in);
    flow(m, asked.out, whole.out);
    flow_if(m, whole.out, whole.in, "${again}");
    flow_if(m, whole.out, after, "${not again}");
    return (block_t){whole.in, after};
}

static const char *loop_text(void)
{
    static const char *const loops[] = {
        "",
        "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
        "</multiInstanceLoopCharacteristics>",
        "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2"
        "</loopCardinality></multiInstanceLoopCharacteristics>",
        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>"
        "<completionCondition>${nrOfCompletedInstances == 2}</completionCondition>"
        "</multiInstanceLoopCharacteristics>",
        "<multiInstanceLoopCharacteristics><loopCardinality>0</loopCardinality>"
        "</multiInstanceLoopCharacteristics>",
    };

    return loops[chance(sizeof(loops) / sizeof(loops[0]))];
}

/* An event on the border: an interrupting one leads to where the activity leads, another
 * one to an end of its own. */
static block_t make_bordered(maker_t *m, block_t activity)
{
    const char *event = new_id(m, "b");
    int interrupts = chance(2);
    block_t path = make_simple(m);
    const char *out;

    put(m,
        "<boundaryEvent id=\"%s\" attachedToRef=\"%s\" cancelActivity=\"%s\">"
        "<timerEventDefinition><timeDuration>PT%dH</timeDuration></timerEventDefinition>"
        "</boundaryEvent>\n",
        event, activity.in, interrupts ? "true" : "false", 1 + chance(3));
    flow(m, event, path.in);
    if (!interrupts) {
        flow(m, path.out, make_node(m, "endEvent", "", "").in);
        return activity;
    }
    out = make_node(m, "exclusiveGateway", "", "").in;
    flow(m, activity.out, out);
    flow(m, path.out, out);
    return (block_t){activity.in, out};
}

static block_t maybe_bordered(maker_t *m, block_t activity)
{
    return chance(3) ? activity : make_bordered(m, activity);
}

static block_t make_sub_process(maker_t *m, int depth)
{
    const char *id = new_id(m, "p"), *start = new_id(m, "s");
    block_t inner;

    put(m, "<subProcess id=\"%s\">%s\n<startEvent id=\"%s\"/>\n", id, loop_text(), start);
    inner = make_block(m, depth - 1);
    flow(m, start, inner.in);
    flow(m, inner.out,
         make_node(m, "endEvent", "", chance(4) ? "" : "<terminateEventDefinition/>").in);
    put(m, "</subProcess>\n");
    return maybe_bordered(m, (block_t){id, id});
}

static block_t make_task(maker_t *m, int depth)
{
    (void)depth;
    return maybe_bordered(m, make_node(m, "userTask", "", loop_text()));
}

static block_t make_call(maker_t *m, int depth)
{
    (void)depth;
    m->calls = 1;
    return maybe_bordered(m,
                          make_node(m, "callActivity", "calledElement=\"called\"", loop_text()));
}

typedef block_t make_fn(maker_t *m, int depth);

static make_fn *const makers[] = {
    make_sequence, make_sequence, make_sequence,    make_choice, make_parallel, make_parallel,
    make_inclusive, make_repeated, make_sub_process, make_task,   make_call,
};

static block_t make_block(maker_t *m, int depth)
{
    return depth > 0 ? makers[chance(sizeof(makers) / sizeof(makers[0]))](m, depth)
                     : make_simple(m);
}

static const char *make_file(void)
{
    maker_t m = {.text = apr_array_make(world.pool, 100, sizeof(char *))};
    block_t block;

    put(&m, DEFINITIONS "<process id=\"p\">\n<startEvent id=\"s\"/>\n<endEvent id=\"e\"/>\n");
    block = make_block(&m, 4);
    flow(&m, "s", block.in);
    flow(&m, block.out, "e");
    put(&m, "</process>\n");
    put(&m,
        "<process id=\"called\">\n<startEvent id=\"i\"/>\n" FORK("f") TASK("a")
            "<task id=\"b\" activiti:async=\"true\"/>" FORK("j") FLOW("i", "f") FLOW("f", "a") FLOW("f", "b")
            FLOW("a", "j") FLOW("b", "j") "</process>\n</definitions>\n");
    return apr_array_pstrcat(world.pool, m.text, 0);
}

/* ---- walking ---------------------------------------------------------------------------- */

/* Something that can be done: a task, a job, a receive task that waits. */
typedef struct move_t {
    enum { COMPLETE, RUN, RECEIVE } what;
    wf_id_t id;
    const char *activity;
    apr_int64_t due;
} move_t;

static void add_moves(apr_array_header_t *moves, wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        *(move_t *)apr_array_push(moves) =
            (move_t){COMPLETE, APR_ARRAY_IDX(rows, i, wf_task_t *)->id, NULL, 0};
    }
    wf_uow_select(world.uow, WF_BY_JOBS_OF_INSTANCE, instance, &rows, &world.err);
    for (i = 0; i < rows->nelts; i++) {
        const wf_job_t *job = APR_ARRAY_IDX(rows, i, wf_job_t *);

        *(move_t *)apr_array_push(moves) = (move_t){RUN, job->id, NULL, job->due_date};
    }
    wf_uow_select(world.uow, WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance, &rows, &world.err);
    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *visit = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        if (!visit->end_time && strcmp(visit->act_type, "receiveTask") == 0) {
            *(move_t *)apr_array_push(moves) =
                (move_t){RECEIVE, instance, apr_pstrdup(world.pool, visit->act_id), 0};
        }
    }
}

static apr_status_t make_move(const move_t *move, const wf_map_t *vars)
{
    wf_job_t *job = NULL;

    if (move->due > world.now) {
        world.now = move->due;
    }
    world_begin();
    switch (move->what) {
    case COMPLETE:
        return world_end(wf_bpmn_complete(&world.call, move->id, vars, &world.err));
    case RECEIVE:
        return world_end(
            wf_bpmn_signal(&world.call, move->id, move->activity, vars, &world.err));
    default:
        wf_uow_get(world.uow, WF_TABLE_JOB, move->id, &job, &world.err);
        return world_end(wf_bpmn_execute_job(&world.call, job, &world.err));
    }
}

static apr_array_header_t *moves_now(void)
{
    apr_array_header_t *moves = apr_array_make(world.pool, 8, sizeof(move_t));
    int i;

    for (i = 0; i < family->nelts; i++) {
        add_moves(moves, APR_ARRAY_IDX(family, i, wf_id_t));
    }
    return moves;
}

static const char *first_misfit(void)
{
    const char *found = NULL;
    int i;

    for (i = 0; i < family->nelts && !found; i++) {
        found = misfit(APR_ARRAY_IDX(family, i, wf_id_t));
    }
    return found;
}

/* Walk to the end; the places on the way, or NULL with *wrong set. */
static const char *walk(const wf_definition_t *definition, apr_uint64_t seed, int reopen,
                        const char **wrong)
{
    apr_array_header_t *places = apr_array_make(world.pool, 50, sizeof(char *));
    wf_map_t *vars = world_vars();
    wf_started_t started;
    int steps = 0;

    chance_state = seed;
    wf_map_set(vars, "again", wf_boolean(0));
    *wrong = NULL;
    if (world_start(definition, vars, &started) != APR_SUCCESS) {
        *wrong = world.err.message;
        return NULL;
    }
    for (;;) {
        apr_array_header_t *moves;
        const move_t *move;

        if (reopen) {
            world_reopen();
        }
        find_family(started.id);
        APR_ARRAY_PUSH(places, const char *) = state_now();
        *wrong = first_misfit();
        if (*wrong || !world_executions(started.id)) {
            break;
        }
        moves = moves_now();
        if (!moves->nelts || steps++ == MAX_STEPS_OF_A_WALK) {
            *wrong = moves->nelts ? "it does not end" : "nothing can move it on";
            break;
        }
        move = &APR_ARRAY_IDX(moves, chance(moves->nelts), move_t);
        wf_map_set(vars, "again", wf_boolean(chance(4) == 0));
        if (make_move(move, vars) != APR_SUCCESS) {
            *wrong = world.err.message;
            break;
        }
    }
    return apr_array_pstrcat(world.pool, places, '|');
}

static void try_one(int number, apr_uint64_t seed)
{
    const wf_definition_t *definition;
    const char *xml, *places, *again, *wrong;

    chance_state = seed;
    xml = make_file();
    definition = deploy_all(xml);
    places = walk(definition, seed, 0, &wrong);
    ok(!wrong, "walk %d: %s", number, wrong ? wrong : "to the end");
    if (wrong) {
        diag("seed %" APR_UINT64_T_FMT ", at %s\n%s", seed, places ? places : "", xml);
        return;
    }
    again = walk(definition, seed, 1, &wrong);
    is_str(again, places, "walk %d: the same with a crash before each step", number);
}

int main(void)
{
    const char *seed = getenv("WF_SEED"), *walks = getenv("WF_WALKS");
    apr_uint64_t first = seed ? strtoull(seed, NULL, 10) : 20100524;
    int i, count = walks ? atoi(walks) : WALKS;

    world_open();
    for (i = 0; i < count; i++) {
        try_one(i, first + i * 7919);
    }
    world_close();
    return done_testing();
}
