/* The BPMN 2.0 schema (Semantic.xsd, BPMNDI.xsd) as one table: which elements exist, what
 * attributes they may carry, what may stand inside them. It refuses typing errors that
 * would otherwise be passed over in silence. Order and number of children, which the
 * schema also fixes, are not checked: files in use are sloppier, and it harms nothing. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/parse.h"

/* What an element is; a mask of these says what may stand in another one. */
enum {
    ROOT = 1 << 0, /* child of definitions */
    FLOW = 1 << 1, /* flow element of a process or sub-process */
    ART = 1 << 2,  /* artifact */
    EVDEF = 1 << 3,
    ROLE = 1 << 4, /* who performs an activity */
    LOOP = 1 << 5,
    CONV = 1 << 6, /* conversation node */
};

/* Flags. */
enum {
    RUN = 1 << 0,   /* has an effect on execution */
    PLAIN = 1 << 1, /* a simple value: no id and no other attribute, no children */
    NO_ID = 1 << 2,
    ANY = 1 << 3, /* any foreign content */
};

typedef struct rule_t {
    const char *name;
    int is, flags;
    int holds;              /* kinds of children … */
    const char *attributes; /* name[:type] …; b boolean, i integer, q QName, r IDREF */
    const char *children;   /* … and their names, beyond documentation and extensions */
} rule_t;

#define NODE "incoming outgoing auditing monitoring categoryValueRef"
#define ACTIVITY                                                                         \
    NODE " ioSpecification property dataInputAssociation dataOutputAssociation"
#define ACTIVITY_A                                                                       \
    "name isForCompensation:b startQuantity:i completionQuantity:i default:r"
#define CATCH                                                                            \
    NODE " property dataOutput dataOutputAssociation outputSet eventDefinitionRef"
#define CATCH_A "name parallelMultiple:b"
#define THROW NODE " property dataInput dataInputAssociation inputSet eventDefinitionRef"
#define GATEWAY_A "name gatewayDirection"
#define FLOW_A "auditing monitoring categoryValueRef"
#define SUBPROCESS ACTIVITY " laneSet"
#define PERFORMER "resourceRef resourceParameterBinding resourceAssignmentExpression"
#define COLLABORATION                                                                    \
    "participant messageFlow conversationAssociation participantAssociation "            \
    "messageFlowAssociation correlationKey choreographyRef conversationLink"
#define CHOREO NODE " participantRef correlationKey"
#define CHOREO_A "name initiatingParticipantRef:q loopType"
#define CALLABLE "supportedInterfaceRef ioSpecification ioBinding"

/* Elements that hold a text only, and those that hold an expression. */
#define VALUE(name) { name, 0, PLAIN, 0, NULL, NULL }
#define EXPRESSION(name) { name, 0, 0, 0, "language evaluatesToTypeRef:q", NULL }

/* clang-format off */
static const rule_t rules[] = {
    /* name                          is           flags        holds       attributes, children */
    { "definitions",                 0,           0,           ROOT,
      "name targetNamespace expressionLanguage typeLanguage exporter exporterVersion",
      "import extension relationship" },
    { "import",                      0,           NO_ID,       0,
      "namespace location importType", NULL },
    { "extension",                   0,           NO_ID | ANY, 0,
      "definition:q mustUnderstand:b", NULL },
    { "relationship",                0,           0,           0,          "type direction",
      "source target" },
    VALUE("source"), VALUE("target"),
    { "documentation",               0,           ANY,         0,          "textFormat", NULL },
    { "extensionElements",           0,           NO_ID | ANY, 0,          NULL, NULL },
    { "auditing",                    0,           0,           0,          NULL, NULL },
    { "monitoring",                  0,           0,           0,          NULL, NULL },
    VALUE("categoryValueRef"),

    /* processes and their parts */
    { "process",                     ROOT,        0,           FLOW | ART | ROLE,
      "name processType isClosed:b isExecutable:b definitionalCollaborationRef:q",
      "auditing monitoring property laneSet correlationSubscription supports " CALLABLE },
    VALUE("supports"), VALUE("supportedInterfaceRef"),
    { "ioBinding",                   0,           0,           0,
      "operationRef:q inputDataRef:r outputDataRef:r", NULL },
    { "laneSet",                     0,           0,           0,          "name", "lane" },
    { "childLaneSet",                0,           0,           0,          "name", "lane" },
    { "lane",                        0,           0,           0,          "name partitionElementRef:q",
      "partitionElement flowNodeRef childLaneSet" },
    { "partitionElement",            0,           ANY,         0,          NULL, NULL },
    VALUE("flowNodeRef"),
    { "property",                    0,           0,           0,          "name itemSubjectRef:q",
      "dataState" },
    VALUE("incoming"), VALUE("outgoing"),
    { "sequenceFlow",                FLOW,        0,           0,
      "name sourceRef:r targetRef:r isImmediate:b",
      "conditionExpression " FLOW_A },
    EXPRESSION("conditionExpression"),
    { "expression",                  0,           0,           0,          NULL, NULL },
    EXPRESSION("formalExpression"),

    /* activities */
    { "task",                        FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A, ACTIVITY },
    { "manualTask",                  FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A, ACTIVITY },
    { "userTask",                    FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A " implementation",
      ACTIVITY " rendering" },
    { "rendering",                   0,           ANY,         0,          NULL, NULL },
    { "scriptTask",                  FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A " scriptFormat",
      ACTIVITY " script" },
    { "script",                      0,           NO_ID | ANY, 0,          NULL, NULL },
    { "serviceTask",                 FLOW,        RUN,         ROLE | LOOP,
      ACTIVITY_A " implementation operationRef:q",
      ACTIVITY },
    { "sendTask",                    FLOW,        RUN,         ROLE | LOOP,
      ACTIVITY_A " implementation messageRef:q operationRef:q",
      ACTIVITY },
    { "receiveTask",                 FLOW,        RUN,         ROLE | LOOP,
      ACTIVITY_A " implementation instantiate:b messageRef:q operationRef:q",
      ACTIVITY },
    { "businessRuleTask",            FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A " implementation",
      ACTIVITY },
    { "callActivity",                FLOW,        RUN,         ROLE | LOOP, ACTIVITY_A " calledElement",
      ACTIVITY },
    { "subProcess",                  FLOW,        RUN,         FLOW | ART | ROLE | LOOP,
      ACTIVITY_A " triggeredByEvent:b",
      SUBPROCESS },
    { "transaction",                 FLOW,        RUN,         FLOW | ART | ROLE | LOOP,
      ACTIVITY_A " triggeredByEvent:b method",
      SUBPROCESS },
    { "adHocSubProcess",             FLOW,        RUN,         FLOW | ART | ROLE | LOOP,
      ACTIVITY_A " triggeredByEvent:b cancelRemainingInstances:b ordering",
      SUBPROCESS " completionCondition" },
    { "standardLoopCharacteristics", LOOP,        RUN,         0,          "testBefore:b loopMaximum:i",
      "loopCondition" },
    EXPRESSION("loopCondition"),
    { "multiInstanceLoopCharacteristics", LOOP,        RUN,         0,
      "isSequential:b behavior oneBehaviorEventRef:q noneBehaviorEventRef:q",
      "loopCardinality loopDataInputRef loopDataOutputRef inputDataItem outputDataItem "
      "complexBehaviorDefinition completionCondition" },
    EXPRESSION("loopCardinality"),
    VALUE("loopDataInputRef"), VALUE("loopDataOutputRef"),
    { "inputDataItem",               0,           0,           0,
      "name itemSubjectRef:q isCollection:b",
      "dataState" },
    { "outputDataItem",              0,           0,           0,
      "name itemSubjectRef:q isCollection:b",
      "dataState" },
    { "complexBehaviorDefinition",   0,           0,           0,          NULL, "condition event" },
    EXPRESSION("completionCondition"),
    { "event",                       0,           0,           EVDEF,      "name", THROW },

    /* who performs */
    { "resourceRole",                ROLE,        0,           0,          "name", PERFORMER },
    { "performer",                   ROLE,        0,           0,          "name", PERFORMER },
    { "humanPerformer",              ROLE,        0,           0,          "name", PERFORMER },
    { "potentialOwner",              ROLE,        0,           0,          "name", PERFORMER },
    VALUE("resourceRef"),
    { "resourceParameterBinding",    0,           0,           0,          "parameterRef:q",
      "expression formalExpression" },
    { "resourceAssignmentExpression", 0,           0,           0,          NULL,
      "expression formalExpression" },
    { "resource",                    ROOT,        0,           0,          "name", "resourceParameter" },
    { "resourceParameter",           0,           0,           0,          "name type:q isRequired:b", NULL },

    /* gateways */
    { "exclusiveGateway",            FLOW,        RUN,         0,          GATEWAY_A " default:r",
      NODE },
    { "inclusiveGateway",            FLOW,        RUN,         0,          GATEWAY_A " default:r",
      NODE },
    { "parallelGateway",             FLOW,        RUN,         0,          GATEWAY_A, NODE },
    { "eventBasedGateway",           FLOW,        RUN,         0,
      GATEWAY_A " instantiate:b eventGatewayType",
      NODE },
    { "complexGateway",              FLOW,        RUN,         0,          GATEWAY_A " default:r",
      NODE " activationCondition" },
    EXPRESSION("activationCondition"),

    /* events */
    { "startEvent",                  FLOW,        RUN,         EVDEF,      CATCH_A " isInterrupting:b",
      CATCH },
    { "intermediateCatchEvent",      FLOW,        RUN,         EVDEF,      CATCH_A, CATCH },
    { "boundaryEvent",               FLOW,        RUN,         EVDEF,
      CATCH_A " cancelActivity:b attachedToRef:q",
      CATCH },
    { "intermediateThrowEvent",      FLOW,        RUN,         EVDEF,      "name", THROW },
    { "implicitThrowEvent",          FLOW,        RUN,         EVDEF,      "name", THROW },
    { "endEvent",                    FLOW,        RUN,         EVDEF,      "name", THROW },
    { "eventDefinitionRef",          0,           RUN | PLAIN, 0,          NULL, NULL },
    { "cancelEventDefinition",       ROOT | EVDEF, RUN,         0,          NULL, NULL },
    { "compensateEventDefinition",   ROOT | EVDEF, RUN,         0,
      "waitForCompletion:b activityRef:q", NULL },
    { "conditionalEventDefinition",  ROOT | EVDEF, RUN,         0,          NULL, "condition" },
    EXPRESSION("condition"),
    { "errorEventDefinition",        ROOT | EVDEF, RUN,         0,          "errorRef:q", NULL },
    { "escalationEventDefinition",   ROOT | EVDEF, RUN,         0,          "escalationRef:q", NULL },
    { "linkEventDefinition",         ROOT | EVDEF, RUN,         0,          "name", "source target" },
    { "messageEventDefinition",      ROOT | EVDEF, RUN,         0,          "messageRef:q",
      "operationRef" },
    { "signalEventDefinition",       ROOT | EVDEF, RUN,         0,          "signalRef:q", NULL },
    { "terminateEventDefinition",    ROOT | EVDEF, RUN,         0,          NULL, NULL },
    { "timerEventDefinition",        ROOT | EVDEF, RUN,         0,          NULL,
      "timeDate timeDuration timeCycle" },
    EXPRESSION("timeDate"), EXPRESSION("timeDuration"), EXPRESSION("timeCycle"),
    VALUE("operationRef"),

    /* data */
    { "dataObject",                  FLOW,        RUN,         0,
      "name itemSubjectRef:q isCollection:b",
      FLOW_A " dataState" },
    { "dataObjectReference",         FLOW,        0,           0,
      "name itemSubjectRef:q dataObjectRef:r",
      FLOW_A " dataState" },
    { "dataStore",                   ROOT,        0,           0,
      "name capacity:i isUnlimited:b itemSubjectRef:q",
      "dataState" },
    { "dataStoreReference",          FLOW,        0,           0,
      "name itemSubjectRef:q dataStoreRef:q",
      FLOW_A " dataState" },
    { "dataState",                   0,           0,           0,          "name", NULL },
    { "ioSpecification",             0,           0,           0,          NULL,
      "dataInput dataOutput inputSet outputSet" },
    { "dataInput",                   0,           0,           0,
      "name itemSubjectRef:q isCollection:b",
      "dataState" },
    { "dataOutput",                  0,           0,           0,
      "name itemSubjectRef:q isCollection:b",
      "dataState" },
    { "inputSet",                    0,           0,           0,          "name",
      "dataInputRefs optionalInputRefs whileExecutingInputRefs outputSetRefs" },
    { "outputSet",                   0,           0,           0,          "name",
      "dataOutputRefs optionalOutputRefs whileExecutingOutputRefs inputSetRefs" },
    VALUE("dataInputRefs"), VALUE("optionalInputRefs"), VALUE("whileExecutingInputRefs"),
    VALUE("outputSetRefs"), VALUE("dataOutputRefs"), VALUE("optionalOutputRefs"),
    VALUE("whileExecutingOutputRefs"), VALUE("inputSetRefs"),
    { "dataInputAssociation",        0,           0,           0,          NULL,
      "sourceRef targetRef transformation assignment" },
    { "dataOutputAssociation",       0,           0,           0,          NULL,
      "sourceRef targetRef transformation assignment" },
    VALUE("sourceRef"), VALUE("targetRef"),
    EXPRESSION("transformation"),
    { "assignment",                  0,           0,           0,          NULL, "from to" },
    EXPRESSION("from"), EXPRESSION("to"),
    { "itemDefinition",              ROOT,        0,           0,
      "structureRef:q isCollection:b itemKind", NULL },

    /* messages, errors, signals, services */
    { "message",                     ROOT,        0,           0,          "name itemRef:q", NULL },
    { "error",                       ROOT,        0,           0,
      "name errorCode structureRef:q", NULL },
    { "signal",                      ROOT,        0,           0,          "name structureRef:q", NULL },
    { "escalation",                  ROOT,        0,           0,
      "name escalationCode structureRef:q", NULL },
    { "interface",                   ROOT,        0,           0,          "name implementationRef:q",
      "operation" },
    { "operation",                   0,           0,           0,          "name implementationRef:q",
      "inMessageRef outMessageRef errorRef" },
    VALUE("inMessageRef"), VALUE("outMessageRef"), VALUE("errorRef"),
    { "endPoint",                    ROOT,        0,           0,          NULL, NULL },
    { "partnerEntity",               ROOT,        0,           0,          "name", "participantRef" },
    { "partnerRole",                 ROOT,        0,           0,          "name", "participantRef" },
    { "category",                    ROOT,        0,           0,          "name", "categoryValue" },
    { "categoryValue",               0,           0,           0,          "value", NULL },
    { "correlationProperty",         ROOT,        0,           0,          "name type:q",
      "correlationPropertyRetrievalExpression" },
    { "correlationPropertyRetrievalExpression", 0,           0,           0,          "messageRef:q",
      "messagePath" },
    EXPRESSION("messagePath"),
    { "correlationSubscription",     0,           0,           0,          "correlationKeyRef:q",
      "correlationPropertyBinding" },
    { "correlationPropertyBinding",  0,           0,           0,          "correlationPropertyRef:q",
      "dataPath" },
    EXPRESSION("dataPath"),

    /* what stands around processes */
    { "collaboration",               ROOT,        0,           ART | CONV, "name isClosed:b",
      COLLABORATION },
    { "participant",                 0,           0,           0,          "name processRef:q",
      "interfaceRef endPointRef participantMultiplicity" },
    VALUE("interfaceRef"), VALUE("endPointRef"),
    { "participantMultiplicity",     0,           0,           0,          "minimum:i maximum:i", NULL },
    VALUE("participantRef"),
    { "messageFlow",                 0,           0,           0,
      "name sourceRef:q targetRef:q messageRef:q", NULL },
    VALUE("messageFlowRef"),
    { "messageFlowAssociation",      0,           0,           0,
      "innerMessageFlowRef:q outerMessageFlowRef:q", NULL },
    { "participantAssociation",      0,           0,           0,          NULL,
      "innerParticipantRef outerParticipantRef" },
    VALUE("innerParticipantRef"), VALUE("outerParticipantRef"),
    { "conversationAssociation",     0,           0,           0,
      "innerConversationNodeRef:q outerConversationNodeRef:q", NULL },
    { "conversation",                CONV,        0,           0,          "name",
      "participantRef messageFlowRef correlationKey" },
    { "subConversation",             CONV,        0,           CONV,       "name",
      "participantRef messageFlowRef correlationKey" },
    { "callConversation",            CONV,        0,           0,
      "name calledCollaborationRef:q",
      "participantRef messageFlowRef correlationKey participantAssociation" },
    { "globalConversation",          ROOT,        0,           ART | CONV, "name isClosed:b",
      COLLABORATION },
    { "conversationLink",            0,           0,           0,
      "name sourceRef:q targetRef:q", NULL },
    { "correlationKey",              0,           0,           0,          "name",
      "correlationPropertyRef" },
    VALUE("correlationPropertyRef"), VALUE("choreographyRef"),
    { "choreography",                ROOT,        0,           FLOW | ART | CONV, "name isClosed:b",
      COLLABORATION },
    { "globalChoreographyTask",      ROOT,        0,           FLOW | ART | CONV,
      "name isClosed:b initiatingParticipantRef:q",
      COLLABORATION },
    { "choreographyTask",            FLOW,        RUN,         0,          CHOREO_A,
      CHOREO " messageFlowRef" },
    { "subChoreography",             FLOW,        RUN,         FLOW | ART, CHOREO_A, CHOREO },
    { "callChoreography",            FLOW,        RUN,         0,
      CHOREO_A " calledChoreographyRef:q",
      CHOREO " participantAssociation" },

    /* reusable tasks: only call activities could reach them */
    { "globalTask",                  ROOT,        0,           ROLE,       "name", CALLABLE },
    { "globalManualTask",            ROOT,        0,           ROLE,       "name", CALLABLE },
    { "globalBusinessRuleTask",      ROOT,        0,           ROLE,       "name implementation",
      CALLABLE },
    { "globalScriptTask",            ROOT,        0,           ROLE,       "name scriptLanguage",
      CALLABLE " script" },
    { "globalUserTask",              ROOT,        0,           ROLE,       "name implementation",
      CALLABLE " rendering" },

    /* artifacts */
    { "association",                 ART,         0,           0,
      "sourceRef:q targetRef:q associationDirection", NULL },
    { "group",                       ART,         0,           0,          "categoryValueRef:q", NULL },
    { "textAnnotation",              ART,         0,           0,          "textFormat", "text" },
    { "text",                        0,           NO_ID | ANY, 0,          NULL, NULL },
};
/* clang-format on */

#define RULES ((int)(sizeof(rules) / sizeof(rules[0])))

static const rule_t *find_rule(const wf_parser_t *parser, const char *name)
{
    return apr_hash_get(parser->schema, name, APR_HASH_KEY_STRING);
}

/* The entry of a blank-separated list that begins with name; *type is what follows a
 * colon, 0 if nothing. */
static int listed(const char *list, const char *name, char *type)
{
    apr_size_t length = strlen(name);

    *type = '\0';
    while (list && *list) {
        apr_size_t word = strcspn(list, " ");

        if (word >= length && memcmp(list, name, length) == 0
            && (word == length || list[length] == ':')) {
            *type = word > length ? list[length + 1] : '\0';
            return 1;
        }
        list += word;
        list += strspn(list, " ");
    }
    return 0;
}

/* ---- values ---------------------------------------------------------------------- */

/* NCName; bytes beyond ASCII are taken as letters. */
static int is_ncname(const char *s)
{
    if (!apr_isalpha(*s) && *s != '_' && !((unsigned char)*s & 0x80)) {
        return 0;
    }
    for (; *s; s++) {
        if (!apr_isalnum(*s) && !strchr("_-.", *s) && !((unsigned char)*s & 0x80)) {
            return 0;
        }
    }
    return 1;
}

static int is_boolean(const char *s)
{
    return !strcmp(s, "true") || !strcmp(s, "false") || !strcmp(s, "1")
           || !strcmp(s, "0");
}

static void check_qname(wf_parser_t *parser, const wf_xml_t *element,
                        const char *attribute, const char *value)
{
    const char *colon = strchr(value, ':');

    if (colon && !wf_xml_prefix_known(element, value, colon - value)) {
        wf_parse_problem(parser, element, "undeclared-prefix",
                         "attribute %s=\"%s\" uses a prefix that is not declared",
                         attribute, value);
    }
}

static void check_idref(wf_parser_t *parser, const wf_xml_t *element,
                        const char *attribute, const char *value)
{
    if (!apr_hash_get(parser->ids, value, APR_HASH_KEY_STRING)) {
        wf_parse_problem(parser, element, "unresolved-reference",
                         "attribute %s refers to \"%s\", which is not in the file",
                         attribute, value);
    }
}

static void check_value(wf_parser_t *parser, const wf_xml_t *element,
                        const wf_xml_attr_t *attr, char type)
{
    apr_int64_t number;

    if (type == 'q') {
        check_qname(parser, element, attr->name, attr->value);
    }
    else if (type == 'r') {
        check_idref(parser, element, attr->name, attr->value);
    }
    else if (type == 'b' && !is_boolean(attr->value)) {
        wf_parse_problem(parser, element, "attribute-value",
                         "attribute %s is \"%s\", not true or false", attr->name,
                         attr->value);
    }
    else if (type == 'i' && !wf_parse_int64(attr->value, &number)) {
        wf_parse_problem(parser, element, "attribute-value",
                         "attribute %s is \"%s\", not an integer", attr->name,
                         attr->value);
    }
}

/* ---- elements -------------------------------------------------------------------- */

static void check_attributes(wf_parser_t *parser, const wf_xml_t *element,
                             const rule_t *rule)
{
    const wf_xml_attr_t *attr;
    char type;

    for (attr = element->attributes; attr; attr = attr->next) {
        if (attr->ns == WF_NS_XSI && strcmp(attr->name, "type") == 0) {
            check_qname(parser, element, "xsi:type", attr->value);
        }
        if (attr->ns == WF_NS_BPMN
            || (attr->ns == WF_NS_NONE && !listed(rule->attributes, attr->name, &type)
                && (strcmp(attr->name, "id") != 0 || (rule->flags & (PLAIN | NO_ID))))) {
            wf_parse_problem(parser, element, "unknown-attribute",
                             "<%s> has no attribute \"%s\"", element->name, attr->name);
        }
        else if (attr->ns == WF_NS_NONE) {
            check_value(parser, element, attr, type);
        }
    }
}

static int may_hold(const rule_t *outer, const wf_xml_t *child, const rule_t *inner)
{
    char type;

    if (outer->flags & PLAIN) {
        return 0;
    }
    if (!strcmp(child->name, "documentation")
        || !strcmp(child->name, "extensionElements")) {
        return !(outer->flags & NO_ID) || !strcmp(outer->name, "extension");
    }
    return (outer->holds & inner->is) || listed(outer->children, child->name, &type);
}

/* Returns the child's rule if the walk goes on inside it. */
static const rule_t *check_child(wf_parser_t *parser, const wf_xml_t *child,
                                 const rule_t *outer)
{
    const rule_t *rule = child->ns == WF_NS_BPMN ? find_rule(parser, child->name) : NULL;
    int is_root = strcmp(outer->name, "definitions") == 0;

    if (child->ns != WF_NS_BPMN && (outer->flags & ANY)) {
        return NULL;
    }
    if (child->ns == WF_NS_BPMNDI && is_root && !strcmp(child->name, "BPMNDiagram")) {
        return NULL;
    }
    if (!rule) {
        wf_parse_problem(parser, child, "unknown-element",
                         child->ns == WF_NS_BPMN
                             ? "<%s> is no element of BPMN 2.0"
                             : "<%s> of another namespace may stand in "
                               "extensionElements only",
                         child->name);
        return NULL;
    }
    if (!may_hold(outer, child, rule) && !(outer->flags & ANY)) {
        wf_parse_problem(parser, child, "misplaced-element",
                         "<%s> must not stand in <%s>", child->name, outer->name);
        return NULL;
    }
    return rule;
}

/* Depth is bounded by the XML reader. */
static void check_element(wf_parser_t *parser, const wf_xml_t *element,
                          const rule_t *rule)
{
    const wf_xml_t *child;

    check_attributes(parser, element, rule);
    for (child = element->child; child; child = child->next) {
        const rule_t *inner = check_child(parser, child, rule);

        if (inner) {
            check_element(parser, child, inner);
        }
    }
}

/* ---- ids: unique over model and diagram ------------------------------------------ */

static void collect_id(wf_parser_t *parser, const wf_xml_t *element)
{
    const char *id = wf_xml_attr(element, WF_NS_NONE, "id");
    const wf_xml_t *first;

    if (!id) {
        return;
    }
    if (!is_ncname(id)) {
        wf_parse_problem(parser, element, "invalid-id",
                         "id \"%s\" must begin with a letter or _ and hold only letters, "
                         "digits and . - _",
                         id);
    }
    first = apr_hash_get(parser->ids, id, APR_HASH_KEY_STRING);
    if (first) {
        wf_parse_problem(parser, element, "duplicate-id",
                         "id \"%s\" is already that of the <%s> in line %d", id,
                         first->name, first->line);
        return;
    }
    apr_hash_set(parser->ids, id, APR_HASH_KEY_STRING, element);
}

/* Foreign elements, and what stands in them, have ids of their own kind. */
static void collect_ids(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *child;

    if (element->ns != WF_NS_BPMN && element->ns != WF_NS_BPMNDI) {
        return;
    }
    collect_id(parser, element);
    for (child = element->child; child; child = child->next) {
        collect_ids(parser, child);
    }
}

/* ---- diagram interchange --------------------------------------------------------- */

static void check_edge(wf_parser_t *parser, const wf_xml_t *edge)
{
    const wf_xml_t *point = wf_xml_child(edge, WF_NS_DI, "waypoint");

    if (!point || !wf_xml_next(point, WF_NS_DI, "waypoint")) {
        wf_parse_problem(parser, edge, "edge-waypoints",
                         "a BPMNEdge needs at least two waypoints");
    }
}

static void check_diagram(wf_parser_t *parser, const wf_xml_t *element)
{
    const char *ref = wf_xml_attr(element, WF_NS_NONE, "bpmnElement");
    const wf_xml_t *child;

    if (ref && element->ns == WF_NS_BPMNDI) {
        check_qname(parser, element, "bpmnElement", ref);
        if (!wf_xml_referred(parser->ids, ref)) {
            wf_parse_warning(parser, element, "diagram-reference",
                             "the diagram shows \"%s\", which is not in the file", ref);
        }
    }
    if (wf_xml_is(element, WF_NS_BPMNDI, "BPMNEdge")) {
        check_edge(parser, element);
    }
    for (child = element->child; child; child = child->next) {
        check_diagram(parser, child);
    }
}

void wf_bpmn_schema_load(wf_parser_t *parser)
{
    int i;

    parser->schema = apr_hash_make(parser->scratch);
    for (i = 0; i < RULES; i++) {
        apr_hash_set(parser->schema, rules[i].name, APR_HASH_KEY_STRING, &rules[i]);
    }
}

void wf_bpmn_schema_check(wf_parser_t *parser, const wf_xml_t *definitions)
{
    const wf_xml_t *child;

    collect_ids(parser, definitions);
    check_element(parser, definitions, find_rule(parser, "definitions"));
    for (child = definitions->child; child; child = child->next) {
        if (child->ns == WF_NS_BPMNDI) {
            check_diagram(parser, child);
        }
    }
}

/* ---- what others ask ------------------------------------------------------------- */

int wf_bpmn_executes(wf_parser_t *parser, const char *element)
{
    const rule_t *rule = find_rule(parser, element);

    return rule && (rule->flags & RUN);
}

int wf_bpmn_is_flow_element(wf_parser_t *parser, const char *element)
{
    const rule_t *rule = find_rule(parser, element);

    return rule && (rule->is & FLOW);
}

int wf_bpmn_is_activity(wf_parser_t *parser, const char *element)
{
    const rule_t *rule = find_rule(parser, element);

    return rule && (rule->holds & LOOP);
}

static int is_definition(wf_parser_t *parser, const wf_xml_t *element)
{
    const rule_t *rule =
        element->ns == WF_NS_BPMN ? find_rule(parser, element->name) : NULL;

    return rule && (rule->is & EVDEF);
}

const wf_xml_t *wf_bpmn_event_definition(wf_parser_t *parser, const wf_xml_t *event,
                                         const wf_xml_t **at)
{
    const wf_xml_t *child, *referred;

    for (child = event->child; child; child = child->next) {
        referred = child;
        if (wf_xml_is(child, WF_NS_BPMN, "eventDefinitionRef")) {
            referred = wf_xml_referred(parser->ids, wf_xml_text(child, parser->scratch));
        }
        if (referred && is_definition(parser, referred)) {
            if (at) {
                *at = child;
            }
            return referred;
        }
    }
    return NULL;
}
