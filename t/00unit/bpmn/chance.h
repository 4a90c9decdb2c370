/* Random BPMN files, well formed by construction: whatever is chosen in them at random,
 * their instances come to an end. One seed gives one file. */
#ifndef WF_TEST_CHANCE_H
#define WF_TEST_CHANCE_H

#include "world.h"

static apr_uint64_t chance_state;

static inline int chance(int below)
{
    chance_state = chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((chance_state >> 33) % (apr_uint64_t)below);
}

/* How the ids of service tasks begin whose workers may report an error. */
#define CHANCE_CAUGHT "w"

/** A number out of the environment. */
static inline apr_uint64_t chance_option(const char *name, apr_uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

#define CHOICES(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* ---- putting text together ------------------------------------------------------------- */

typedef struct maker_t {
    apr_array_header_t *text; /* of const char * */
    int next;                 /* number of the next id */
    int may_call;
    int repeated; /* loops around */
} maker_t;

/** A part with one way in and one way out. */
typedef struct block_t {
    const char *in, *out; /* ids of its first and last node */
} block_t;

__attribute__((format(printf, 2, 3))) static inline void put(maker_t *m,
                                                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(m->text, const char *) = apr_pvsprintf(world.pool, format, args);
    va_end(args);
}

static inline const char *new_id(maker_t *m, const char *kind)
{
    return apr_psprintf(world.pool, "%s%d", kind, m->next++);
}

static inline void flow(maker_t *m, const char *from, const char *to)
{
    put(m, "<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\"/>\n", from, to);
}

static inline void flow_if(maker_t *m, const char *from, const char *to,
                           const char *condition)
{
    put(m,
        "<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\"><conditionExpression>%s"
        "</conditionExpression></sequenceFlow>\n",
        from, to, condition);
}

static inline block_t make_named(maker_t *m, const char *id, const char *element,
                                 const char *attributes, const char *inside)
{
    put(m, "<%s id=\"%s\" %s>%s</%s>\n", element, id, attributes, inside, element);
    return (block_t){ id, id };
}

static inline block_t make_node(maker_t *m, const char *element, const char *attributes,
                                const char *inside)
{
    return make_named(m, new_id(m, "n"), element, attributes, inside);
}

/* ---- single nodes ------------------------------------------------------------------------ */

/* clang-format off */
#define CHANCE_HOUR "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define CHANCE_SIGNAL "<signalEventDefinition signalRef=\"sig\"/>"
#define CHANCE_MESSAGE "<messageEventDefinition messageRef=\"mes\"/>"
#define CHANCE_ERROR "<errorEventDefinition errorRef=\"err\"/>"
#define CHANCE_LISTENER(event)                                                           \
    "<extensionElements><activiti:executionListener event=\"" event "\" expression=\""   \
    CHANCE_COUNT "\"/></extensionElements>"
#define CHANCE_COUNT                                                                     \
    "${execution.setVariable('count', execution.hasVariable('count')"                    \
    " ? execution.getVariable('count') + 1 : 1)}"
#define CHANCE_WORK "activiti:type=\"external\" activiti:topic=\"work\""

/* So many of the pieces, the last ones, throw signals. */
#define CHANCE_THROWS 2

typedef struct piece_t {
    const char *element, *attributes, *inside;
} piece_t;

static const piece_t pieces[] = {
    { "task", "", "" },
    { "task", "activiti:async=\"true\"", "" },
    { "task", "activiti:async=\"true\" activiti:exclusive=\"false\"", "" },
    { "userTask", "", "" },
    { "userTask", "activiti:candidateGroups=\"a, b\" activiti:asyncAfter=\"true\"",
      CHANCE_LISTENER("start") },
    { "receiveTask", "", CHANCE_LISTENER("end") },
    { "serviceTask", "activiti:expression=\"" CHANCE_COUNT "\"", "" },
    { "serviceTask", "activiti:async=\"true\" activiti:expression=\"" CHANCE_COUNT "\"", "" },
    { "serviceTask", CHANCE_WORK, "" },
    { "scriptTask", "scriptFormat=\"javascript\"",
      "<script>execution.setVariable('by' + execution.currentActivityId, [1, {a: 'b'}])</script>" },
    { "intermediateCatchEvent", "", CHANCE_HOUR },
    { "intermediateCatchEvent", "", CHANCE_SIGNAL },
    { "intermediateCatchEvent", "", CHANCE_MESSAGE },
    { "intermediateThrowEvent", "", CHANCE_SIGNAL },
    { "intermediateThrowEvent", "", "<signalEventDefinition signalRef=\"sig\" activiti:async=\"true\"/>" },
};

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

/* What comes from outside; with a BPMN error only where something throws one. */
static const char *const events[] = { CHANCE_HOUR, CHANCE_SIGNAL, CHANCE_MESSAGE };
/* clang-format on */

static inline block_t make_piece_of(maker_t *m, const piece_t *piece)
{
    return make_node(m, piece->element, piece->attributes, piece->inside);
}

static inline block_t make_piece(maker_t *m)
{
    return make_piece_of(m, &pieces[chance(CHOICES(pieces))]);
}

/* What follows an event throws no signal: it might be the one that has come. */
static inline block_t make_quiet_piece(maker_t *m)
{
    return make_piece_of(m, &pieces[chance(CHOICES(pieces) - CHANCE_THROWS)]);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static inline block_t make_block(maker_t *m, int depth);

static inline block_t make_sequence(maker_t *m, int depth)
{
    block_t first = make_block(m, depth - 1), second = make_block(m, depth - 1);

    flow(m, first.out, second.in);
    return (block_t){ first.in, second.out };
}

static inline block_t make_split(maker_t *m, int depth, const char *gateway,
                                 int conditions)
{
    block_t whole = { make_node(m, gateway, "", "").in,
                      make_node(m, gateway, "", "").in };
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

static inline block_t make_choice(maker_t *m, int depth)
{
    return make_split(m, depth, "exclusiveGateway", 1);
}

static inline block_t make_parallel(maker_t *m, int depth)
{
    return make_split(m, depth, "parallelGateway", 0);
}

/* Not within a loop: an inclusive gateway waits for all tokens that can come, also around
 * the loop. Where two of them wait for each other, one goes on too early. */
static inline block_t make_inclusive(maker_t *m, int depth)
{
    return make_split(m, depth, m->repeated ? "exclusiveGateway" : "inclusiveGateway", 1);
}

/* The first event decides. */
static inline block_t make_gate(maker_t *m, int depth)
{
    block_t whole = { make_node(m, "eventBasedGateway", "", "").in,
                      make_node(m, "exclusiveGateway", "", "").in };
    int i, first = chance(CHOICES(events));

    for (i = 0; i < 2; i++) {
        block_t event = make_node(m, "intermediateCatchEvent", "",
                                  events[(first + i) % CHOICES(events)]);
        block_t branch = make_block(m, depth - 1);

        flow(m, whole.in, event.in);
        flow(m, event.out, branch.in);
        flow(m, branch.out, whole.out);
    }
    return whole;
}

/* What is completed last says whether it is done again. */
static inline block_t make_repeated(maker_t *m, int depth)
{
    block_t whole = { make_node(m, "exclusiveGateway", "", "").in,
                      make_node(m, "exclusiveGateway", "", "").in };
    block_t inner, asked = make_node(m, "userTask", "", "");
    const char *after = make_node(m, "task", "", "").in;

    m->repeated++;
    inner = make_block(m, depth - 1);
    m->repeated--;

    flow(m, whole.in, inner.in);
    flow(m, inner.out, asked.in);
    flow(m, asked.out, whole.out);
    flow_if(m, whole.out, whole.in, "${again}");
    flow_if(m, whole.out, after, "${not again}");
    return (block_t){ whole.in, after };
}

/* An event on the border: an interrupting one leads to where the activity leads, another
 * one to an end of its own. */
static inline block_t make_border(maker_t *m, block_t activity, const char *event,
                                  int interrupts)
{
    const char *id = new_id(m, "b"), *out;
    block_t path = make_quiet_piece(m);

    put(m,
        "<boundaryEvent id=\"%s\" attachedToRef=\"%s\" cancelActivity=\"%s\">%s"
        "</boundaryEvent>\n",
        id, activity.in, interrupts ? "true" : "false", event);
    flow(m, id, path.in);
    if (!interrupts) {
        flow(m, path.out, make_node(m, "endEvent", "", "").in);
        return activity;
    }
    out = make_node(m, "exclusiveGateway", "", "").in;
    flow(m, activity.out, out);
    flow(m, path.out, out);
    return (block_t){ activity.in, out };
}

static inline block_t maybe_bordered(maker_t *m, block_t activity)
{
    const char *event = events[chance(CHOICES(events))];

    return chance(3) ? activity : make_border(m, activity, event, chance(2));
}

/* What an event starts, within the scope that is being made. */
static inline void put_handler(maker_t *m, const char *event, int interrupts)
{
    const char *start = new_id(m, "s");
    block_t path;

    put(m,
        "<subProcess id=\"%s\" triggeredByEvent=\"true\">\n<startEvent id=\"%s\" "
        "isInterrupting=\"%s\">%s</startEvent>\n",
        new_id(m, "h"), start, interrupts ? "true" : "false", event);
    path = make_quiet_piece(m);
    flow(m, start, path.in);
    flow(m, path.out, make_node(m, "endEvent", "", "").in);
    put(m, "</subProcess>\n");
}

static inline void maybe_handler(maker_t *m)
{
    if (!chance(4)) {
        const char *event = events[chance(CHOICES(events))];

        put_handler(m, event, chance(2));
    }
}

/* A sub-process may end by itself, by terminating what is in it, or by an error that is
 * caught in it or on its border. */
static inline block_t make_sub_process(maker_t *m, int depth)
{
    static const char *const ends[] = { "", "<terminateEventDefinition/>", CHANCE_ERROR,
                                        CHANCE_ERROR };
    const char *id = new_id(m, "p"), *start = new_id(m, "s");
    int end = chance(8);
    block_t inner, whole = { id, id };

    put(m, "<subProcess id=\"%s\">%s\n<startEvent id=\"%s\"/>\n", id,
        loops[chance(CHOICES(loops))], start);
    inner = make_block(m, depth - 1);
    flow(m, start, inner.in);
    flow(m, inner.out, make_node(m, "endEvent", "", end < 4 ? ends[end] : "").in);
    if (end == 2) {
        put_handler(m, CHANCE_ERROR, 1);
    }
    else {
        maybe_handler(m);
    }
    put(m, "</subProcess>\n");
    return end == 3 ? make_border(m, whole, CHANCE_ERROR, 1) : maybe_bordered(m, whole);
}

static inline block_t make_task(maker_t *m, int depth)
{
    static const piece_t tasks[] = {
        { "userTask", "", "" },
        { "userTask", "activiti:async=\"true\"", "" },
        { "receiveTask", "", "" },
        { "serviceTask", CHANCE_WORK, "" },
    };
    const piece_t *task = &tasks[chance(CHOICES(tasks))];

    (void)depth;
    return maybe_bordered(
        m, make_node(m, task->element, task->attributes, loops[chance(CHOICES(loops))]));
}

/* A worker's error is caught on the border; so is that of a called process. */
static inline block_t make_work(maker_t *m, int depth)
{
    const char *id = new_id(m, CHANCE_CAUGHT);

    (void)depth;
    return make_border(m, make_named(m, id, "serviceTask", CHANCE_WORK, ""), CHANCE_ERROR,
                       1);
}

static inline block_t make_call(maker_t *m, int depth)
{
    block_t call;

    if (!m->may_call) {
        return make_task(m, depth);
    }
    call = make_node(m, "callActivity",
                     chance(2) ? "calledElement=\"called\""
                               : "calledElement=\"called\" activiti:async=\"true\"",
                     loops[chance(CHOICES(loops))]);
    return make_border(m, call, CHANCE_ERROR, 1);
}

static inline void put_undo(maker_t *m, const char *activity)
{
    static const piece_t handlers[] = {
        { "task", "", "" },
        { "userTask", "", "" },
        { "serviceTask", "activiti:expression=\"" CHANCE_COUNT "\"", "" },
    };
    const piece_t *handler = &handlers[chance(CHOICES(handlers))];
    const char *id = new_id(m, "u"), *event = new_id(m, "b");

    put(m,
        "<boundaryEvent id=\"%s\" attachedToRef=\"%s\"><compensateEventDefinition/>"
        "</boundaryEvent>\n<%s id=\"%s\" isForCompensation=\"true\" %s/>\n"
        "<association id=\"%sA\" sourceRef=\"%s\" targetRef=\"%s\"/>\n",
        event, activity, handler->element, id, handler->attributes, event, event, id);
}

/* Something is done, then all that was done in its scope is undone. */
static inline block_t make_undone(maker_t *m, int depth)
{
    block_t done =
        make_node(m, chance(2) ? "task" : "userTask", "", loops[chance(CHOICES(loops))]);
    block_t inner = make_block(m, depth - 1);
    block_t thrown =
        make_node(m, "intermediateThrowEvent", "", "<compensateEventDefinition/>");

    put_undo(m, done.in);
    flow(m, done.out, inner.in);
    flow(m, inner.out, thrown.in);
    return (block_t){ done.in, thrown.out };
}

/* A transaction that is cancelled, or not. */
static inline block_t make_transaction(maker_t *m, int depth)
{
    const char *id = new_id(m, "x"), *start = new_id(m, "s");
    int cancelled = chance(2);
    block_t done, inner;

    put(m, "<transaction id=\"%s\">%s\n<startEvent id=\"%s\"/>\n", id,
        loops[chance(CHOICES(loops))], start);
    done = make_node(m, chance(2) ? "task" : "userTask", "", "");
    put_undo(m, done.in);
    inner = make_block(m, depth - 1);
    flow(m, start, done.in);
    flow(m, done.out, inner.in);
    flow(m, inner.out,
         make_node(m, "endEvent", "", cancelled ? "<cancelEventDefinition/>" : "").in);
    put(m, "</transaction>\n");
    return make_border(m, (block_t){ id, id }, "<cancelEventDefinition/>", 1);
}

typedef block_t make_fn(maker_t *m, int depth);

static make_fn *const makers[] = {
    make_sequence, make_sequence,    make_sequence,    make_sequence,  make_choice,
    make_parallel, make_parallel,    make_parallel,    make_inclusive, make_gate,
    make_repeated, make_sub_process, make_sub_process, make_task,      make_work,
    make_call,     make_undone,      make_transaction,
};

static inline block_t make_block(maker_t *m, int depth)
{
    return depth > 0 ? makers[chance(CHOICES(makers))](m, depth) : make_piece(m);
}

/* ---- files -------------------------------------------------------------------------------------- */

static inline void put_process(maker_t *m, const char *key, int depth, const char *end)
{
    const char *start = new_id(m, "s"), *last;
    block_t block;

    put(m, "<process id=\"%s\">\n<startEvent id=\"%s\"/>\n", key, start);
    block = make_block(m, depth);
    flow(m, start, block.in);
    last = make_node(m, "endEvent", "", end).in;
    flow(m, block.out, last);
    maybe_handler(m);
    put(m, "</process>\n");
}

/** A file with the process p, which may call the other one. */
static inline const char *make_file(int depth)
{
    maker_t m = { .text = apr_array_make(world.pool, 100, sizeof(char *)),
                  .may_call = 1 };

    put(&m, DEFINITIONS "<signal id=\"sig\" name=\"S\"/><message id=\"mes\" name=\"M\"/>"
                        "<error id=\"err\" errorCode=\"E\"/>\n");
    put_process(&m, "p", depth, "");
    m.may_call = 0;
    put_process(&m, "called", depth / 2, chance(4) ? "" : CHANCE_ERROR);
    put(&m, "</definitions>\n");
    return apr_array_pstrcat(world.pool, m.text, 0);
}

#endif
