/* Bodies within bodies: what may stand in which scope, and how nodes of a process find
 * each other. */
#include <stdlib.h>

#include "cases.h"

#define SUB(id, attributes, children)                                                    \
    "<subProcess id=\"" id "\" " attributes ">\n" children "</subProcess>\n"
#define PLAIN(id, children) SUB(id, "", "<startEvent id=\"" id "s\"/>\n" children)
#define EVENT_SUB(children) SUB("v", "triggeredByEvent=\"true\"", children)
#define START(id, definition) "<startEvent id=\"" id "\">" definition "</startEvent>\n"
#define TIME                                                                             \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define ON(id, host, definition)                                                         \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\">" definition                \
    "</boundaryEvent>\n"
#define COMPENSATE(attributes) "<compensateEventDefinition " attributes "/>"
#define THROW(attributes)                                                                \
    "<intermediateThrowEvent id=\"w\">\n" COMPENSATE(                                    \
        attributes) "</intermediateThrowEvent>\n"
#define TASK(id) "<task id=\"" id "\"/>\n"
#define HANDLER(id) "<task id=\"" id "\" isForCompensation=\"true\"/>\n"
#define ASSOCIATION(from, to)                                                            \
    "<association id=\"" from to "\" sourceRef=\"" from "\" targetRef=\"" to "\"/>\n"
#define DATA(attributes, value)                                                          \
    PROCESS("<startEvent id=\"s\"/>\n<dataObject id=\"d\" " attributes                   \
            "><extensionElements><activiti:value>" value "</activiti:value>"             \
            "</extensionElements></dataObject>\n")
#define XSD "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "

/* clang-format off */
static const case_t cases[] = {
    /* ---- sub-processes ---- */
    { "a sub-process",           BETWEEN(PLAIN("x", TASK("t") FLOW("f", "xs", "t")) FLOW("g", "s", "x") FLOW("h", "x", "e")), NULL, NULL, 0, 0 },
    { "without start event",     BETWEEN(SUB("x", "", TASK("t"))), "no-start-event", "x", 5, 1 },
    { "with two start events",   BETWEEN(PLAIN("x", START("y", ""))), "sub-process-start", "y", 7, 0 },
    { "started by a timer",      BETWEEN(SUB("x", "", START("y", TIME))), "sub-process-start", "y", 6, 0 },
    { "started by a condition",  BETWEEN(SUB("x", "", START("y", "<conditionalEventDefinition/>"))), "event-definition", "y", 6, 0 },
    { "a transaction",           BETWEEN("<transaction id=\"x\"><startEvent id=\"y\"/></transaction>\n"), NULL, NULL, 0, 0 },
    { "a transaction by events", BETWEEN("<transaction id=\"x\" triggeredByEvent=\"true\"><startEvent id=\"y\"/></transaction>\n"), "ignored-attribute", "x", 5, 1 },
    { "ad hoc",                  BETWEEN("<adHocSubProcess id=\"x\"/>\n"), "unsupported-element", "x", 5, 0 },
    { "flow into a sub-process", BETWEEN(PLAIN("x", TASK("t")) FLOW("f", "s", "t")), "flow-ends", "f", 9, 0 },
    { "flow out of it",          BETWEEN(PLAIN("x", FLOW("f", "xs", "e"))), "flow-ends", "f", 7, 0 },
    { "flow to oneself from inside", BETWEEN(PLAIN("x", FLOW("f", "xs", "x"))), "flow-ends", "f", 7, 0 },
    { "flow between two of them", BETWEEN(PLAIN("x", TASK("t")) PLAIN("y", TASK("u") FLOW("f", "t", "u"))), "flow-ends", "f", 12, 0 },
    { "a flow that stands elsewhere", BETWEEN(PLAIN("x", TASK("t")) FLOW("f", "xs", "t")), NULL, NULL, 0, 0 },
    { "a gateway further in",    BETWEEN(PLAIN("x", "<exclusiveGateway id=\"g\"/>\n" FLOW("f", "xs", "g"))), "gateway-no-outgoing", "g", 7, 0 },

    /* ---- event sub-processes ---- */
    { "by an error",             BETWEEN(EVENT_SUB(START("y", "<errorEventDefinition/>"))), NULL, NULL, 0, 0 },
    { "by a timer",              BETWEEN(EVENT_SUB(START("y", TIME))), NULL, NULL, 0, 0 },
    { "by cancelling",           BETWEEN(EVENT_SUB(START("y", "<cancelEventDefinition/>"))), "event-definition", "y", 6, 0 },
    { "by compensation",         BETWEEN(EVENT_SUB(START("y", COMPENSATE("")))), "event-definition", "y", 6, 0 },
    { "by escalation",           BETWEEN(EVENT_SUB(START("y", "<escalationEventDefinition/>"))), "event-definition", "y", 6, 0 },
    { "by a condition",          BETWEEN(EVENT_SUB(START("y", "<conditionalEventDefinition/>"))), "event-definition", "y", 6, 0 },
    { "by nothing",              BETWEEN(EVENT_SUB(START("y", ""))), "event-sub-process", "y", 6, 1 },
    { "without start",           BETWEEN(EVENT_SUB(TASK("t"))), "event-sub-process", "v", 5, 1 },
    { "reached by a flow",       BETWEEN(EVENT_SUB(START("y", "<errorEventDefinition/>")) FLOW("f", "s", "v")), "event-sub-process", "v", 5, 1 },
    { "an error does not wait",  BETWEEN(EVENT_SUB("<startEvent id=\"y\" isInterrupting=\"false\"><errorEventDefinition/></startEvent>\n")),
                                                                           "ignored-attribute", "y", 6, 1 },

    /* ---- gateways ---- */
    { "a wait for events",       BETWEEN("<eventBasedGateway id=\"g\"/>\n" CATCH(TIME) FLOW("f", "s", "g") FLOW("h", "g", "c")), NULL, NULL, 0, 0 },
    { "a wait for a task",       BETWEEN("<eventBasedGateway id=\"g\"/>\n" FLOW("f", "s", "g") FLOW("h", "g", "e")), "gateway-target", "h", 7, 0 },
    { "a catch event for two",   BETWEEN("<eventBasedGateway id=\"g\"/>\n" CATCH(TIME) FLOW("f", "s", "g") FLOW("h", "g", "c") FLOW("i", "s", "c")),
                                                                           "gateway-target-flows", "c", 6, 1 },
    { "a complex gateway",       BETWEEN("<complexGateway id=\"g\"/>\n" FLOW("f", "s", "g") FLOW("h", "g", "e")), "complex-gateway", "g", 5, 1 },
    { "conditions of a fork",    BETWEEN("<parallelGateway id=\"g\"/>\n" FLOW("f", "s", "g") IF("h", "g", "e", "${a}")), "ignored-condition", "h", 7, 1 },
    { "an inclusive gateway",    BETWEEN("<inclusiveGateway id=\"g\" default=\"h\"/>\n" FLOW("f", "s", "g") FLOW("h", "g", "e")), NULL, NULL, 0, 0 },

    /* ---- compensation ---- */
    { "a handler",               BETWEEN(TASK("t") ON("b", "t", COMPENSATE("")) HANDLER("h") ASSOCIATION("b", "h") THROW("activityRef=\"t\"")), NULL, NULL, 0, 0 },
    { "no handler at all",       BETWEEN(TASK("t") ON("b", "t", COMPENSATE(""))), "compensation-handler", "b", 6, 1 },
    { "no such handler",         BETWEEN(TASK("t") ON("b", "t", COMPENSATE("")) TASK("h") ASSOCIATION("b", "h")), "compensation-handler", "bh", 8, 1 },
    { "a remark",                BETWEEN(TASK("t") ASSOCIATION("t", "nobody")), NULL, NULL, 0, 0 },
    { "a handler in the flow",   BETWEEN(HANDLER("h") FLOW("f", "s", "h")), "compensation-flow", "h", 5, 1 },
    { "compensate nothing",      BETWEEN(THROW("activityRef=\"nobody\"")), "compensated-activity", "w", 5, 0 },
    { "compensate an event",     BETWEEN(THROW("activityRef=\"e\"")), "compensated-activity", "w", 5, 0 },
    { "compensate all",          BETWEEN(THROW("")), NULL, NULL, 0, 0 },
    { "compensate further in",   BETWEEN(PLAIN("x", TASK("t")) THROW("activityRef=\"t\"")), NULL, NULL, 0, 0 },
    { "compensate further out",  BETWEEN(TASK("t") PLAIN("x", THROW("activityRef=\"t\""))), "compensated-activity", "w", 8, 0 },
    { "by an event sub-process", BETWEEN(TASK("t") EVENT_SUB(START("y", "<errorEventDefinition/>") THROW("activityRef=\"t\""))), NULL, NULL, 0, 0 },
    { "compensate and go on",    BETWEEN(THROW("waitForCompletion=\"false\"")), "ignored-attribute", "w", 6, 1 },
    { "compensate at the end",   BETWEEN("<endEvent id=\"w\">\n" COMPENSATE("activityRef=\"nobody\"") "</endEvent>\n"), "compensated-activity", "w", 5, 0 },

    /* ---- data objects ---- */
    { "data",                    DATA("name=\"a\"", "b"), NULL, NULL, 0, 0 },
    { "nameless data",           DATA("", "b"), "data-name", "d", 4, 0 },
    { "data with no value",      BETWEEN("<dataObject id=\"d\" name=\"a\"/>\n"), NULL, NULL, 0, 0 },
    { "no number",               DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:int\"", "b"), "data-value", "d", 4, 0 },
    { "too large a number",      DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:int\"", "3000000000"), "data-value", "d", 4, 0 },
    { "no truth",                DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:boolean\"", "perhaps"), "data-value", "d", 4, 0 },
    { "no date",                 DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:datetime\"", "today"), "data-value", "d", 4, 0 },
    { "an unknown type",         DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:duration\"", "P1D"), "data-type", "d", 4, 1 },
    { "a flow to data",          BETWEEN("<dataObject id=\"d\" name=\"a\"/>\n" FLOW("f", "s", "d")), "flow-ends", "f", 6, 0 },
};
/* clang-format on */

/* ---- how nodes find each other --------------------------------------------------- */

static const char *ids_of(const apr_array_header_t *nodes)
{
    const char *text = "";
    int i;

    for (i = 0; nodes && i < nodes->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? " " : "",
                           APR_ARRAY_IDX(nodes, i, const wf_node_t *)->id, NULL);
    }
    return text;
}

static void bodies(void)
{
    const wf_model_t *model = read_model(FILE_WITH(
        "<process id=\"p\"><startEvent id=\"s\"/>" PLAIN(
            "x", PLAIN("y", TASK("t")) EVENT_SUB(
                     START("v1", "<errorEventDefinition errorRef=\"E\"/>")
                         START("v2", "<messageEventDefinition messageRef=\"m\"/>")))
            ON("b", "x", TIME) ON("c", "x", "<errorEventDefinition/>")
                ON("d", "x", COMPENSATE("")) HANDLER("h")
                    ASSOCIATION("d", "h") "<userTask id=\"u\"/>" FLOW("f", "s", "x")
                        FLOW("g", "x", "u") FLOW(
                            "i", "b", "u") "</process><message id=\"m\" name=\"M\"/>"));
    const wf_node_t *x = node_of(model, "x"), *y = node_of(model, "y");

    is_str(ids_of(model->body.nodes), "s x b c d h u", "nodes of the process");
    is_str(ids_of(model->nodes), "s x xs y ys t v v1 v2 b c d h u", "all nodes");
    is_str(ids_of(x->body->nodes), "xs y v", "nodes of the sub-process");
    is_str(ids_of(y->body->nodes), "ys t", "nodes of the innermost");
    ok(x->within == &model->body && y->within == x->body, "what is within what");
    ok(x->body->owner == x && !model->body.owner, "owners");
    is_str(x->body->start->id, "xs", "its start event");
    is_str(ids_of(x->body->handlers), "v1 v2", "events that start sub-processes in it");
    ok(!model->body.handlers->nelts, "none in the process");
    ok(node_of(model, "v")->body->triggered && !x->body->triggered, "triggered");
    is_str(ids_of(node_of(model, "v")->body->starts), "v1 v2", "starts of it");
    is_str(ids_of(x->boundary), "b c", "events on the border that wait");
    ok(node_of(model, "b")->host == x && node_of(model, "d")->host == x, "their host");
    is_str(x->handler ? x->handler->id : NULL, "h", "what compensates it");
    ok(model->body.compensates && !x->body->compensates, "who may have to compensate");
    is_int(node_of(model, "u")->incoming->nelts, 2, "flows that come in");
    is_int(model->nodes->nelts - 1, node_of(model, "u")->index, "the last index");
}

/* ---- reach ----------------------------------------------------------------------- */

static const char *reach_of(const wf_model_t *model, const char *id)
{
    const wf_node_t *gateway = node_of(model, id);
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(wf_node_t *));
    int i;

    for (i = 0; i < model->nodes->nelts; i++) {
        if (gateway->reach[i >> 3] >> (i & 7) & 1) {
            APR_ARRAY_PUSH(found, wf_node_t *) =
                APR_ARRAY_IDX(model->nodes, i, wf_node_t *);
        }
    }
    return ids_of(found);
}

#define INCLUSIVE(id) "<inclusiveGateway id=\"" id "\"/>"

static const struct {
    const char *what, *xml, *from; /* of a gateway "j" */
} reaches[] = {
    { "fork and join",
      BETWEEN(INCLUSIVE("i") TASK("a") TASK("b") INCLUSIVE("j") TASK("z")
                  FLOW("f1", "s", "i") FLOW("f2", "i", "a") FLOW("f3", "i", "b")
                      FLOW("f4", "a", "j") FLOW("f5", "b", "j") FLOW("f6", "j", "z")),
      "s i a b" },
    { "a loop",
      BETWEEN(INCLUSIVE("j") TASK("a") FLOW("f1", "s", "j") FLOW("f2", "j", "a")
                  FLOW("f3", "a", "j")),
      "s j a" },
    { "an event on a border",
      BETWEEN(TASK("a") ON("b", "a", TIME) INCLUSIVE("j") FLOW("f1", "s", "a")
                  FLOW("f2", "b", "j")),
      "s a b" },
    { "tokens inside",
      BETWEEN(PLAIN("x", PLAIN("y", TASK("t"))) PLAIN("z", TASK("u")) INCLUSIVE("j")
                  FLOW("f1", "s", "x") FLOW("f2", "x", "j")),
      "s x xs y ys t" },
    { "its own body only",
      BETWEEN(PLAIN("x", TASK("t") INCLUSIVE("j") FLOW("f1", "xs", "t")
                             FLOW("f2", "t", "j")) FLOW("f3", "s", "x")),
      "xs t" },
};

static void reach(void)
{
    const wf_model_t *model;
    int i;

    for (i = 0; i < (int)(sizeof(reaches) / sizeof(reaches[0])); i++) {
        model = read_model(reaches[i].xml);
        is_str(reach_of(model, "j"), reaches[i].from, "reach: %s", reaches[i].what);
        ok(node_of(model, "j")->within->has_inclusive, "its body knows");
    }
    ok(!model->body.has_inclusive, "the one around it need not");
}

/* ---- data ------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *xml, *json;
    wf_type_e type;
} values[] = {
    { DATA("name=\"a\"", " b "), "\"b\"", WF_STRING },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:string\"", "1"), "\"1\"", WF_STRING },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:int\"", "-7"), "-7", WF_INTEGER },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:long\"", "7"), "7", WF_LONG },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:double\"", "2.5"), "2.5", WF_DOUBLE },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:boolean\"", "true"), "true", WF_BOOLEAN },
    { DATA(XSD "name=\"a\" itemSubjectRef=\"xsd:datetime\"", "1970-01-01T00:00:01Z"), NULL, WF_DATE },
};
/* clang-format on */

static void data(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(values) / sizeof(values[0])); i++) {
        const wf_model_t *model = read_model(values[i].xml);
        const wf_data_t *read = APR_ARRAY_IDX(model->body.data, 0, const wf_data_t *);

        is_str(read->name, "a", "data %d: name", i);
        is_int(read->value.type, values[i].type, "data %d: type", i);
        if (values[i].json) {
            is_str(wf_json_text(wf_json_own(wf_value_to_json(&read->value), pool), NULL,
                                pool),
                   values[i].json, "data %d: value", i);
        }
        else {
            is_int(read->value.as.integer, 1000, "data %d: instant", i);
        }
    }
}

int main(void)
{
    cases_open();
    CHECK_CASES(cases);
    bodies();
    reach();
    data();
    return cases_close();
}
