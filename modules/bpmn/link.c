/* References within a process are resolved when all of it is read: what a file says first
 * may refer to what it says last. What cannot be resolved stays NULL; the rules report
 * it. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

static wf_node_t *find_node(wf_parser_t *parser, const char *id)
{
    return id ? apr_hash_get(parser->model->nodes_by_id, id, APR_HASH_KEY_STRING) : NULL;
}

/* ---- flows ----------------------------------------------------------------------- */

/* A flow connects nodes of one body. One with a broken end is left out, but its source is
 * remembered: it is not to be called a dead end as well. */
static void link_flow(wf_parser_t *parser, wf_flow_t *flow)
{
    wf_node_t *source = find_node(parser, flow->source_ref);
    wf_node_t *target = find_node(parser, flow->target_ref);

    flow->source = source;
    flow->target = target;
    if (source && target && source->within == target->within) {
        APR_ARRAY_PUSH(source->outgoing, wf_flow_t *) = flow;
        APR_ARRAY_PUSH(target->incoming, wf_flow_t *) = flow;
        if (source->default_ref && flow->id
            && strcmp(flow->id, source->default_ref) == 0) {
            source->default_flow = flow;
        }
    }
    else if (source) {
        apr_hash_set(parser->ragged, source->id, APR_HASH_KEY_STRING, source);
    }
}

static void link_flows(wf_parser_t *parser)
{
    int i;

    for (i = 0; i < parser->model->flows->nelts; i++) {
        link_flow(parser, APR_ARRAY_IDX(parser->model->flows, i, wf_flow_t *));
    }
}

/* ---- boundary events ------------------------------------------------------------- */

/* The id of a host may carry a namespace's prefix: it is a qualified name. */
static wf_node_t *find_host(wf_parser_t *parser, const char *ref)
{
    const char *colon = ref ? strchr(ref, ':') : NULL;

    return find_node(parser, colon ? colon + 1 : ref);
}

static int is_inside(const wf_body_t *inner, const wf_body_t *outer)
{
    while (inner != outer && inner->owner) {
        inner = inner->owner->within;
    }
    return inner == outer;
}

static void attach(wf_parser_t *parser, const wf_attached_t *attachment)
{
    wf_node_t *node = attachment->node;
    wf_node_t *host = find_host(parser, attachment->host);

    if (!host || !is_inside(host->within, node->within)
        || !wf_bpmn_is_activity(parser, host->behaviour->element)) {
        return;
    }
    node->host = host;
    if (node->event && node->event->kind != WF_EVENT_COMPENSATE) {
        wf_parse_push(parser, &host->boundary, node);
    }
}

/* ---- compensation ---------------------------------------------------------------- */

/* An association from a compensation event on an activity's border leads to the activity
 * that compensates it. All other associations are remarks. */
static void link_handler(wf_parser_t *parser, const wf_xml_t *association)
{
    const wf_node_t *event =
        find_host(parser, wf_xml_attr(association, WF_NS_NONE, "sourceRef"));
    wf_node_t *handler =
        find_host(parser, wf_xml_attr(association, WF_NS_NONE, "targetRef"));
    wf_node_t *host;

    if (!event || !event->host || !event->event
        || event->event->kind != WF_EVENT_COMPENSATE || !handler) {
        return;
    }
    if (!handler->for_compensation) {
        wf_parse_warning(parser, association, "compensation-handler",
                         "\"%s\" is not marked isForCompensation=\"true\": it does not "
                         "compensate \"%s\"",
                         handler->id, event->host->id);
        return;
    }
    host = find_node(parser, event->host->id);
    host->handler = handler;
}

/* Whether something in the body, or further inside, has a handler; what is further inside
 * was asked before. */
static int may_compensate(const wf_body_t *body)
{
    int i;

    for (i = 0; i < body->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(body->nodes, i, const wf_node_t *);

        if (node->handler || (node->body && node->body->compensates)) {
            return 1;
        }
    }
    return 0;
}

static void mark_compensation(wf_parser_t *parser)
{
    int i;

    for (i = parser->bodies->nelts - 1; i >= 0; i--) {
        wf_body_t *body = APR_ARRAY_IDX(parser->bodies, i, wf_body_t *);

        body->compensates = may_compensate(body);
    }
}

/* ---- starts ---------------------------------------------------------------------- */

/* The first none start event is the one; the rules refuse others. */
static void add_start(wf_body_t *body, const wf_node_t *node)
{
    if (node->event) {
        APR_ARRAY_PUSH(body->starts, const wf_node_t *) = node;
    }
    else if (!body->start) {
        body->start = node;
    }
}

static void find_starts(wf_body_t *body)
{
    int i;

    for (i = 0; i < body->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(body->nodes, i, const wf_node_t *);

        if (strcmp(node->behaviour->element, "startEvent") == 0) {
            add_start(body, node);
        }
    }
}

/* A job that enters an event sub-process enters by the event that came: it is that of the
 * start event. */
static void enter_later(wf_parser_t *parser, const wf_body_t *body)
{
    wf_node_t *owner = find_node(parser, body->owner->id), *start;
    int i;

    for (i = 0; owner->async && i < body->starts->nelts; i++) {
        start = find_node(parser, APR_ARRAY_IDX(body->starts, i, const wf_node_t *)->id);
        start->exclusive = start->exclusive && owner->exclusive;
        start->retries = start->retries ? start->retries : owner->retries;
        start->async = 1;
    }
    owner->async = 0;
}

/* What an event sub-process starts with is waited for by what surrounds it. */
static void hand_out(wf_parser_t *parser, const wf_body_t *body)
{
    if (body->triggered) {
        enter_later(parser, body);
        apr_array_cat(body->owner->within->handlers, body->starts);
    }
}

static const wf_node_t *first_start(const wf_body_t *body, wf_event_e kind)
{
    int i;

    for (i = 0; i < body->starts->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(body->starts, i, const wf_node_t *);

        if (node->event->kind == kind) {
            return node;
        }
    }
    return NULL;
}

static const wf_node_t *start_by_id(const wf_body_t *body)
{
    static const wf_event_e kinds[] = { WF_EVENT_MESSAGE, WF_EVENT_TIMER,
                                        WF_EVENT_SIGNAL };
    const wf_node_t *start = body->start;
    int i;

    for (i = 0; !start && i < 3; i++) {
        start = first_start(body, kinds[i]);
    }
    return start;
}

/* ---- all ------------------------------------------------------------------------- */

void wf_model_link(wf_parser_t *parser)
{
    int i;

    link_flows(parser);
    for (i = 0; i < parser->attachments->nelts; i++) {
        attach(parser, &APR_ARRAY_IDX(parser->attachments, i, wf_attached_t));
    }
    for (i = 0; i < parser->associations->nelts; i++) {
        link_handler(parser, APR_ARRAY_IDX(parser->associations, i, const wf_xml_t *));
    }
    mark_compensation(parser);
    for (i = 0; i < parser->bodies->nelts; i++) {
        find_starts(APR_ARRAY_IDX(parser->bodies, i, wf_body_t *));
    }
    for (i = 0; i < parser->bodies->nelts; i++) {
        hand_out(parser, APR_ARRAY_IDX(parser->bodies, i, const wf_body_t *));
    }
    parser->model->start = start_by_id(&parser->model->body);
}
