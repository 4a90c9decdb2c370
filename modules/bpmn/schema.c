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
    const char *attributes; /* name[:type] …; b boolean, i integer, q QName, r IDREF */
    int holds;
    const char *children; /* beyond documentation and extensionElements */
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

/* clang-format off */
static const rule_t rules[] = {
    /* name                   is     flags        attributes                            holds       children */
    { "definitions",          0,     0,           "name targetNamespace expressionLanguage typeLanguage exporter exporterVersion",
                                                                                        ROOT,       "import extension relationship" },
    { "import",               0,     NO_ID,       "namespace location importType",      0,          NULL },
    { "extension",            0,     NO_ID | ANY, "definition:q mustUnderstand:b",      0,          NULL },
    { "relationship",         0,     0,           "type direction",                     0,          "source target" },
    { "source",               0,     PLAIN,       NULL,                                 0,          NULL },
    { "target",               0,     PLAIN,       NULL,                                 0,          NULL },
    { "documentation",        0,     ANY,         "textFormat",                         0,          NULL },
    { "extensionElements",    0,     NO_ID | ANY, NULL,                                 0,          NULL },
    { "auditing",             0,     0,           NULL,                                 0,          NULL },
    { "monitoring",           0,     0,           NULL,                                 0,          NULL },
    { "categoryValueRef",     0,     PLAIN,       NULL,                                 0,          NULL },

    /* processes and their parts */
    { "process",              ROOT,  0,           "name processType isClosed:b isExecutable:b definitionalCollaborationRef:q",
                                                                                        FLOW | ART | ROLE,
                                                  "auditing monitoring property laneSet correlationSubscription supports " CALLABLE },
    { "supports",             0,     PLAIN,       NULL,                                 0,          NULL },
    { "supportedInterfaceRef",0,     PLAIN,       NULL,                                 0,          NULL },
    { "ioBinding",            0,     0,           "operationRef:q inputDataRef:r outputDataRef:r", 0, NULL },
    { "laneSet",              0,     0,           "name",                               0,          "lane" },
    { "childLaneSet",         0,     0,           "name",                               0,          "lane" },
    { "lane",                 0,     0,           "name partitionElementRef:q",         0,          "partitionElement flowNodeRef childLaneSet" },
    { "partitionElement",     0,     ANY,         NULL,                                 0,          NULL },
    { "flowNodeRef",          0,     PLAIN,       NULL,                                 0,          NULL },
    { "property",             0,     0,           "name itemSubjectRef:q",              0,          "dataState" },
    { "incoming",             0,     PLAIN,       NULL,                                 0,          NULL },
    { "outgoing",             0,     PLAIN,       NULL,                                 0,          NULL },
    { "sequenceFlow",         FLOW,  0,           "name sourceRef:r targetRef:r isImmediate:b", 0,  "conditionExpression " FLOW_A },
    { "conditionExpression",  0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "expression",           0,     0,           NULL,                                 0,          NULL },
    { "formalExpression",     0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },

    /* activities */
    { "task",                 FLOW,  RUN,         ACTIVITY_A,                           ROLE | LOOP, ACTIVITY },
    { "manualTask",           FLOW,  RUN,         ACTIVITY_A,                           ROLE | LOOP, ACTIVITY },
    { "userTask",             FLOW,  RUN,         ACTIVITY_A " implementation",         ROLE | LOOP, ACTIVITY " rendering" },
    { "rendering",            0,     ANY,         NULL,                                 0,          NULL },
    { "scriptTask",           FLOW,  RUN,         ACTIVITY_A " scriptFormat",           ROLE | LOOP, ACTIVITY " script" },
    { "script",               0,     NO_ID | ANY, NULL,                                 0,          NULL },
    { "serviceTask",          FLOW,  RUN,         ACTIVITY_A " implementation operationRef:q", ROLE | LOOP, ACTIVITY },
    { "sendTask",             FLOW,  RUN,         ACTIVITY_A " implementation messageRef:q operationRef:q", ROLE | LOOP, ACTIVITY },
    { "receiveTask",          FLOW,  RUN,         ACTIVITY_A " implementation instantiate:b messageRef:q operationRef:q",
                                                                                        ROLE | LOOP, ACTIVITY },
    { "businessRuleTask",     FLOW,  RUN,         ACTIVITY_A " implementation",         ROLE | LOOP, ACTIVITY },
    { "callActivity",         FLOW,  RUN,         ACTIVITY_A " calledElement",          ROLE | LOOP, ACTIVITY },
    { "subProcess",           FLOW,  RUN,         ACTIVITY_A " triggeredByEvent:b",     FLOW | ART | ROLE | LOOP, SUBPROCESS },
    { "transaction",          FLOW,  RUN,         ACTIVITY_A " triggeredByEvent:b method",
                                                                                        FLOW | ART | ROLE | LOOP, SUBPROCESS },
    { "adHocSubProcess",      FLOW,  RUN,         ACTIVITY_A " triggeredByEvent:b cancelRemainingInstances:b ordering",
                                                                                        FLOW | ART | ROLE | LOOP, SUBPROCESS " completionCondition" },
    { "standardLoopCharacteristics", LOOP, RUN,   "testBefore:b loopMaximum:i",         0,          "loopCondition" },
    { "loopCondition",        0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "multiInstanceLoopCharacteristics", LOOP, RUN, "isSequential:b behavior oneBehaviorEventRef:q noneBehaviorEventRef:q",
                                                                                        0,          "loopCardinality loopDataInputRef loopDataOutputRef inputDataItem outputDataItem "
                                                                                                    "complexBehaviorDefinition completionCondition" },
    { "loopCardinality",      0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "loopDataInputRef",     0,     PLAIN,       NULL,                                 0,          NULL },
    { "loopDataOutputRef",    0,     PLAIN,       NULL,                                 0,          NULL },
    { "inputDataItem",        0,     0,           "name itemSubjectRef:q isCollection:b", 0,        "dataState" },
    { "outputDataItem",       0,     0,           "name itemSubjectRef:q isCollection:b", 0,        "dataState" },
    { "complexBehaviorDefinition", 0, 0,          NULL,                                 0,          "condition event" },
    { "completionCondition",  0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "event",                0,     0,           "name",                               EVDEF,      THROW },

    /* who performs */
    { "resourceRole",         ROLE,  0,           "name",                               0,          PERFORMER },
    { "performer",            ROLE,  0,           "name",                               0,          PERFORMER },
    { "humanPerformer",       ROLE,  0,           "name",                               0,          PERFORMER },
    { "potentialOwner",       ROLE,  0,           "name",                               0,          PERFORMER },
    { "resourceRef",          0,     PLAIN,       NULL,                                 0,          NULL },
    { "resourceParameterBinding", 0, 0,           "parameterRef:q",                     0,          "expression formalExpression" },
    { "resourceAssignmentExpression", 0, 0,       NULL,                                 0,          "expression formalExpression" },
    { "resource",             ROOT,  0,           "name",                               0,          "resourceParameter" },
    { "resourceParameter",    0,     0,           "name type:q isRequired:b",           0,          NULL },

    /* gateways */
    { "exclusiveGateway",     FLOW,  RUN,         GATEWAY_A " default:r",               0,          NODE },
    { "inclusiveGateway",     FLOW,  RUN,         GATEWAY_A " default:r",               0,          NODE },
    { "parallelGateway",      FLOW,  RUN,         GATEWAY_A,                            0,          NODE },
    { "eventBasedGateway",    FLOW,  RUN,         GATEWAY_A " instantiate:b eventGatewayType", 0,   NODE },
    { "complexGateway",       FLOW,  RUN,         GATEWAY_A " default:r",               0,          NODE " activationCondition" },
    { "activationCondition",  0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },

    /* events */
    { "startEvent",           FLOW,  RUN,         CATCH_A " isInterrupting:b",          EVDEF,      CATCH },
    { "intermediateCatchEvent", FLOW, RUN,        CATCH_A,                              EVDEF,      CATCH },
    { "boundaryEvent",        FLOW,  RUN,         CATCH_A " cancelActivity:b attachedToRef:q", EVDEF, CATCH },
    { "intermediateThrowEvent", FLOW, RUN,        "name",                               EVDEF,      THROW },
    { "implicitThrowEvent",   FLOW,  RUN,         "name",                               EVDEF,      THROW },
    { "endEvent",             FLOW,  RUN,         "name",                               EVDEF,      THROW },
    { "eventDefinitionRef",   0,     RUN | PLAIN, NULL,                                 0,          NULL },
    { "cancelEventDefinition", ROOT | EVDEF, RUN, NULL,                                 0,          NULL },
    { "compensateEventDefinition", ROOT | EVDEF, RUN, "waitForCompletion:b activityRef:q", 0,       NULL },
    { "conditionalEventDefinition", ROOT | EVDEF, RUN, NULL,                            0,          "condition" },
    { "condition",            0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "errorEventDefinition", ROOT | EVDEF, RUN,  "errorRef:q",                         0,          NULL },
    { "escalationEventDefinition", ROOT | EVDEF, RUN, "escalationRef:q",                0,          NULL },
    { "linkEventDefinition",  ROOT | EVDEF, RUN,  "name",                               0,          "source target" },
    { "messageEventDefinition", ROOT | EVDEF, RUN, "messageRef:q",                      0,          "operationRef" },
    { "signalEventDefinition", ROOT | EVDEF, RUN, "signalRef:q",                        0,          NULL },
    { "terminateEventDefinition", ROOT | EVDEF, RUN, NULL,                              0,          NULL },
    { "timerEventDefinition", ROOT | EVDEF, RUN,  NULL,                                 0,          "timeDate timeDuration timeCycle" },
    { "timeDate",             0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "timeDuration",         0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "timeCycle",            0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "operationRef",         0,     PLAIN,       NULL,                                 0,          NULL },

    /* data */
    { "dataObject",           FLOW,  RUN,         "name itemSubjectRef:q isCollection:b", 0,        FLOW_A " dataState" },
    { "dataObjectReference",  FLOW,  0,           "name itemSubjectRef:q dataObjectRef:r", 0,       FLOW_A " dataState" },
    { "dataStore",            ROOT,  0,           "name capacity:i isUnlimited:b itemSubjectRef:q", 0, "dataState" },
    { "dataStoreReference",   FLOW,  0,           "name itemSubjectRef:q dataStoreRef:q", 0,        FLOW_A " dataState" },
    { "dataState",            0,     0,           "name",                               0,          NULL },
    { "ioSpecification",      0,     0,           NULL,                                 0,          "dataInput dataOutput inputSet outputSet" },
    { "dataInput",            0,     0,           "name itemSubjectRef:q isCollection:b", 0,        "dataState" },
    { "dataOutput",           0,     0,           "name itemSubjectRef:q isCollection:b", 0,        "dataState" },
    { "inputSet",             0,     0,           "name",                               0,          "dataInputRefs optionalInputRefs whileExecutingInputRefs outputSetRefs" },
    { "outputSet",            0,     0,           "name",                               0,          "dataOutputRefs optionalOutputRefs whileExecutingOutputRefs inputSetRefs" },
    { "dataInputRefs",        0,     PLAIN,       NULL,                                 0,          NULL },
    { "optionalInputRefs",    0,     PLAIN,       NULL,                                 0,          NULL },
    { "whileExecutingInputRefs", 0,  PLAIN,       NULL,                                 0,          NULL },
    { "outputSetRefs",        0,     PLAIN,       NULL,                                 0,          NULL },
    { "dataOutputRefs",       0,     PLAIN,       NULL,                                 0,          NULL },
    { "optionalOutputRefs",   0,     PLAIN,       NULL,                                 0,          NULL },
    { "whileExecutingOutputRefs", 0, PLAIN,       NULL,                                 0,          NULL },
    { "inputSetRefs",         0,     PLAIN,       NULL,                                 0,          NULL },
    { "dataInputAssociation", 0,     0,           NULL,                                 0,          "sourceRef targetRef transformation assignment" },
    { "dataOutputAssociation", 0,    0,           NULL,                                 0,          "sourceRef targetRef transformation assignment" },
    { "sourceRef",            0,     PLAIN,       NULL,                                 0,          NULL },
    { "targetRef",            0,     PLAIN,       NULL,                                 0,          NULL },
    { "transformation",       0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "assignment",           0,     0,           NULL,                                 0,          "from to" },
    { "from",                 0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "to",                   0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "itemDefinition",       ROOT,  0,           "structureRef:q isCollection:b itemKind", 0,      NULL },

    /* messages, errors, signals, services */
    { "message",              ROOT,  0,           "name itemRef:q",                     0,          NULL },
    { "error",                ROOT,  0,           "name errorCode structureRef:q",      0,          NULL },
    { "signal",               ROOT,  0,           "name structureRef:q",                0,          NULL },
    { "escalation",           ROOT,  0,           "name escalationCode structureRef:q", 0,          NULL },
    { "interface",            ROOT,  0,           "name implementationRef:q",           0,          "operation" },
    { "operation",            0,     0,           "name implementationRef:q",           0,          "inMessageRef outMessageRef errorRef" },
    { "inMessageRef",         0,     PLAIN,       NULL,                                 0,          NULL },
    { "outMessageRef",        0,     PLAIN,       NULL,                                 0,          NULL },
    { "errorRef",             0,     PLAIN,       NULL,                                 0,          NULL },
    { "endPoint",             ROOT,  0,           NULL,                                 0,          NULL },
    { "partnerEntity",        ROOT,  0,           "name",                               0,          "participantRef" },
    { "partnerRole",          ROOT,  0,           "name",                               0,          "participantRef" },
    { "category",             ROOT,  0,           "name",                               0,          "categoryValue" },
    { "categoryValue",        0,     0,           "value",                              0,          NULL },
    { "correlationProperty",  ROOT,  0,           "name type:q",                        0,          "correlationPropertyRetrievalExpression" },
    { "correlationPropertyRetrievalExpression", 0, 0, "messageRef:q",                   0,          "messagePath" },
    { "messagePath",          0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },
    { "correlationSubscription", 0,  0,           "correlationKeyRef:q",                0,          "correlationPropertyBinding" },
    { "correlationPropertyBinding", 0, 0,         "correlationPropertyRef:q",           0,          "dataPath" },
    { "dataPath",             0,     0,           "language evaluatesToTypeRef:q",      0,          NULL },

    /* what stands around processes */
    { "collaboration",        ROOT,  0,           "name isClosed:b",                    ART | CONV, COLLABORATION },
    { "participant",          0,     0,           "name processRef:q",                  0,          "interfaceRef endPointRef participantMultiplicity" },
    { "interfaceRef",         0,     PLAIN,       NULL,                                 0,          NULL },
    { "endPointRef",          0,     PLAIN,       NULL,                                 0,          NULL },
    { "participantMultiplicity", 0,  0,           "minimum:i maximum:i",                0,          NULL },
    { "participantRef",       0,     PLAIN,       NULL,                                 0,          NULL },
    { "messageFlow",          0,     0,           "name sourceRef:q targetRef:q messageRef:q", 0,   NULL },
    { "messageFlowRef",       0,     PLAIN,       NULL,                                 0,          NULL },
    { "messageFlowAssociation", 0,   0,           "innerMessageFlowRef:q outerMessageFlowRef:q", 0, NULL },
    { "participantAssociation", 0,   0,           NULL,                                 0,          "innerParticipantRef outerParticipantRef" },
    { "innerParticipantRef",  0,     PLAIN,       NULL,                                 0,          NULL },
    { "outerParticipantRef",  0,     PLAIN,       NULL,                                 0,          NULL },
    { "conversationAssociation", 0,  0,           "innerConversationNodeRef:q outerConversationNodeRef:q", 0, NULL },
    { "conversation",         CONV,  0,           "name",                               0,          "participantRef messageFlowRef correlationKey" },
    { "subConversation",      CONV,  0,           "name",                               CONV,       "participantRef messageFlowRef correlationKey" },
    { "callConversation",     CONV,  0,           "name calledCollaborationRef:q",      0,          "participantRef messageFlowRef correlationKey participantAssociation" },
    { "globalConversation",   ROOT,  0,           "name isClosed:b",                    ART | CONV, COLLABORATION },
    { "conversationLink",     0,     0,           "name sourceRef:q targetRef:q",       0,          NULL },
    { "correlationKey",       0,     0,           "name",                               0,          "correlationPropertyRef" },
    { "correlationPropertyRef", 0,   PLAIN,       NULL,                                 0,          NULL },
    { "choreographyRef",      0,     PLAIN,       NULL,                                 0,          NULL },
    { "choreography",         ROOT,  0,           "name isClosed:b",                    FLOW | ART | CONV, COLLABORATION },
    { "globalChoreographyTask", ROOT, 0,          "name isClosed:b initiatingParticipantRef:q", FLOW | ART | CONV, COLLABORATION },
    { "choreographyTask",     FLOW,  RUN,         CHOREO_A,                             0,          CHOREO " messageFlowRef" },
    { "subChoreography",      FLOW,  RUN,         CHOREO_A,                             FLOW | ART, CHOREO },
    { "callChoreography",     FLOW,  RUN,         CHOREO_A " calledChoreographyRef:q",  0,          CHOREO " participantAssociation" },

    /* reusable tasks: only call activities could reach them */
    { "globalTask",           ROOT,  0,           "name",                               ROLE,       CALLABLE },
    { "globalManualTask",     ROOT,  0,           "name",                               ROLE,       CALLABLE },
    { "globalBusinessRuleTask", ROOT, 0,          "name implementation",                ROLE,       CALLABLE },
    { "globalScriptTask",     ROOT,  0,           "name scriptLanguage",                ROLE,       CALLABLE " script" },
    { "globalUserTask",       ROOT,  0,           "name implementation",                ROLE,       CALLABLE " rendering" },

    /* artifacts */
    { "association",          ART,   0,           "sourceRef:q targetRef:q associationDirection", 0, NULL },
    { "group",                ART,   0,           "categoryValueRef:q",                 0,          NULL },
    { "textAnnotation",       ART,   0,           "textFormat",                         0,          "text" },
    { "text",                 0,     NO_ID | ANY, NULL,                                 0,          NULL },
};
/* clang-format on */

#define RULES ((int)(sizeof(rules) / sizeof(rules[0])))

typedef struct checker_t {
    wf_parser_t *parser;
    apr_hash_t *rules; /* name -> const rule_t * */
} checker_t;

static const rule_t *find_rule(const checker_t *c, const char *name)
{
    return apr_hash_get(c->rules, name, APR_HASH_KEY_STRING);
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

/* ---- values ------------------------------------------------------------------------ */

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

static void check_qname(checker_t *c, const wf_xml_t *element, const char *attribute,
                        const char *value)
{
    const char *colon = strchr(value, ':');

    if (colon && !wf_xml_prefix_known(element, value, colon - value)) {
        wf_parse_problem(c->parser, element, "undeclared-prefix",
                         "attribute %s=\"%s\" uses a prefix that is not declared",
                         attribute, value);
    }
}

static void check_idref(checker_t *c, const wf_xml_t *element, const char *attribute,
                        const char *value)
{
    if (!apr_hash_get(c->parser->ids, value, APR_HASH_KEY_STRING)) {
        wf_parse_problem(c->parser, element, "unresolved-reference",
                         "attribute %s refers to \"%s\", which is not in the file",
                         attribute, value);
    }
}

static void check_value(checker_t *c, const wf_xml_t *element, const wf_xml_attr_t *attr,
                        char type)
{
    apr_int64_t number;

    if (type == 'q') {
        check_qname(c, element, attr->name, attr->value);
    }
    else if (type == 'r') {
        check_idref(c, element, attr->name, attr->value);
    }
    else if (type == 'b' && !is_boolean(attr->value)) {
        wf_parse_problem(c->parser, element, "attribute-value",
                         "attribute %s is \"%s\", not true or false", attr->name,
                         attr->value);
    }
    else if (type == 'i' && !wf_parse_int64(attr->value, &number)) {
        wf_parse_problem(c->parser, element, "attribute-value",
                         "attribute %s is \"%s\", not an integer", attr->name,
                         attr->value);
    }
}

/* ---- elements ---------------------------------------------------------------------- */

static void check_attributes(checker_t *c, const wf_xml_t *element, const rule_t *rule)
{
    const wf_xml_attr_t *attr;
    char type;

    for (attr = element->attributes; attr; attr = attr->next) {
        if (attr->ns == WF_NS_XSI && strcmp(attr->name, "type") == 0) {
            check_qname(c, element, "xsi:type", attr->value);
        }
        if (attr->ns == WF_NS_BPMN
            || (attr->ns == WF_NS_NONE && !listed(rule->attributes, attr->name, &type)
                && (strcmp(attr->name, "id") != 0 || (rule->flags & (PLAIN | NO_ID))))) {
            wf_parse_problem(c->parser, element, "unknown-attribute",
                             "<%s> has no attribute \"%s\"", element->name, attr->name);
        }
        else if (attr->ns == WF_NS_NONE) {
            check_value(c, element, attr, type);
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
static const rule_t *check_child(checker_t *c, const wf_xml_t *child, const rule_t *outer)
{
    const rule_t *rule = child->ns == WF_NS_BPMN ? find_rule(c, child->name) : NULL;
    int is_root = strcmp(outer->name, "definitions") == 0;

    if (child->ns != WF_NS_BPMN && (outer->flags & ANY)) {
        return NULL;
    }
    if (child->ns == WF_NS_BPMNDI && is_root && !strcmp(child->name, "BPMNDiagram")) {
        return NULL;
    }
    if (!rule) {
        wf_parse_problem(c->parser, child, "unknown-element",
                         child->ns == WF_NS_BPMN
                             ? "<%s> is no element of BPMN 2.0"
                             : "<%s> of another namespace may stand in "
                               "extensionElements only",
                         child->name);
        return NULL;
    }
    if (!may_hold(outer, child, rule) && !(outer->flags & ANY)) {
        wf_parse_problem(c->parser, child, "misplaced-element",
                         "<%s> must not stand in <%s>", child->name, outer->name);
        return NULL;
    }
    return rule;
}

/* Depth is bounded by the XML reader. */
static void check_element(checker_t *c, const wf_xml_t *element, const rule_t *rule)
{
    const wf_xml_t *child;

    check_attributes(c, element, rule);
    for (child = element->child; child; child = child->next) {
        const rule_t *inner = check_child(c, child, rule);

        if (inner) {
            check_element(c, child, inner);
        }
    }
}

/* ---- ids: unique over model and diagram -------------------------------------------- */

static void collect_id(checker_t *c, const wf_xml_t *element)
{
    const char *id = wf_xml_attr(element, WF_NS_NONE, "id");
    const wf_xml_t *first;

    if (!id) {
        return;
    }
    if (!is_ncname(id)) {
        wf_parse_problem(c->parser, element, "invalid-id",
                         "id \"%s\" must begin with a letter or _ and hold only letters, "
                         "digits and . - _",
                         id);
    }
    first = apr_hash_get(c->parser->ids, id, APR_HASH_KEY_STRING);
    if (first) {
        wf_parse_problem(c->parser, element, "duplicate-id",
                         "id \"%s\" is already that of the <%s> in line %d", id,
                         first->name, first->line);
        return;
    }
    apr_hash_set(c->parser->ids, id, APR_HASH_KEY_STRING, element);
}

/* Foreign elements, and what stands in them, have ids of their own kind. */
static void collect_ids(checker_t *c, const wf_xml_t *element)
{
    const wf_xml_t *child;

    if (element->ns != WF_NS_BPMN && element->ns != WF_NS_BPMNDI) {
        return;
    }
    collect_id(c, element);
    for (child = element->child; child; child = child->next) {
        collect_ids(c, child);
    }
}

/* ---- diagram interchange ----------------------------------------------------------- */

static void check_edge(checker_t *c, const wf_xml_t *edge)
{
    const wf_xml_t *point = wf_xml_child(edge, WF_NS_DI, "waypoint");

    if (!point || !wf_xml_next(point, WF_NS_DI, "waypoint")) {
        wf_parse_problem(c->parser, edge, "edge-waypoints",
                         "a BPMNEdge needs at least two waypoints");
    }
}

static void check_diagram(checker_t *c, const wf_xml_t *element)
{
    const char *ref = wf_xml_attr(element, WF_NS_NONE, "bpmnElement");
    const wf_xml_t *child;

    if (ref && element->ns == WF_NS_BPMNDI) {
        const char *colon = strchr(ref, ':');

        check_qname(c, element, "bpmnElement", ref);
        if (!apr_hash_get(c->parser->ids, colon ? colon + 1 : ref, APR_HASH_KEY_STRING)) {
            wf_parse_warning(c->parser, element, "diagram-reference",
                             "the diagram shows \"%s\", which is not in the file", ref);
        }
    }
    if (wf_xml_is(element, WF_NS_BPMNDI, "BPMNEdge")) {
        check_edge(c, element);
    }
    for (child = element->child; child; child = child->next) {
        check_diagram(c, child);
    }
}

void wf_bpmn_schema_check(wf_parser_t *parser, const wf_xml_t *definitions)
{
    checker_t c = {.parser = parser};
    const wf_xml_t *child;
    int i;

    c.rules = apr_hash_make(parser->scratch);
    for (i = 0; i < RULES; i++) {
        apr_hash_set(c.rules, rules[i].name, APR_HASH_KEY_STRING, &rules[i]);
    }
    collect_ids(&c, definitions);
    check_element(&c, definitions, find_rule(&c, "definitions"));
    for (child = definitions->child; child; child = child->next) {
        if (child->ns == WF_NS_BPMNDI) {
            check_diagram(&c, child);
        }
    }
}

int wf_bpmn_executes(const char *element)
{
    int i;

    for (i = 0; i < RULES; i++) {
        if (strcmp(rules[i].name, element) == 0) {
            return (rules[i].flags & RUN) != 0;
        }
    }
    return 0;
}
