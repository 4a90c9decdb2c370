/* From where a token may still come to an inclusive gateway: a search backward along the
 * flows of its body. A boundary event follows its host, and a token inside a sub-process
 * stands for the sub-process. Each gateway costs one look at every node and flow. */
#include <string.h>

#include "bpmn/parse.h"

typedef struct search_t {
    wf_parser_t *parser;
    unsigned char *reach;
    const wf_node_t **open;
    int count;
} search_t;

static int has(const unsigned char *reach, int index)
{
    return reach[index >> 3] >> (index & 7) & 1;
}

static void visit(search_t *search, const wf_node_t *node)
{
    if (!has(search->reach, node->index)) {
        search->reach[node->index >> 3] |= (unsigned char)(1 << (node->index & 7));
        search->open[search->count++] = node;
    }
}

static void visit_sources(search_t *search, const wf_node_t *node)
{
    int i;

    for (i = 0; i < node->incoming->nelts; i++) {
        visit(search, APR_ARRAY_IDX(node->incoming, i, const wf_flow_t *)->source);
    }
    if (node->host) {
        visit(search, node->host);
    }
}

/* Outer nodes have smaller indexes than those in them. */
static void fill_inside(search_t *search)
{
    const apr_array_header_t *nodes = search->parser->model->nodes;
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(nodes, i, const wf_node_t *);
        const wf_node_t *owner = node->within->owner;

        if (owner && has(search->reach, owner->index)) {
            search->reach[i >> 3] |= (unsigned char)(1 << (i & 7));
        }
    }
}

static void fill(search_t *search, wf_node_t *gateway)
{
    int nodes = search->parser->model->nodes->nelts;

    search->reach = apr_pcalloc(search->parser->p, (apr_size_t)(nodes + 7) / 8);
    search->count = 0;
    visit_sources(search, gateway);
    while (search->count) {
        visit_sources(search, search->open[--search->count]);
    }
    fill_inside(search);
    gateway->reach = search->reach;
}

void wf_reach_fill(wf_parser_t *parser)
{
    const apr_array_header_t *nodes = parser->model->nodes;
    apr_array_header_t *gateways =
        apr_array_make(parser->scratch, 4, sizeof(wf_node_t *));
    search_t search = { .parser = parser };
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        wf_node_t *node = APR_ARRAY_IDX(nodes, i, wf_node_t *);

        if (strcmp(node->behaviour->element, "inclusiveGateway") == 0) {
            APR_ARRAY_PUSH(gateways, wf_node_t *) = node;
        }
    }
    if ((apr_int64_t)gateways->nelts * nodes->nelts > WF_BPMN_MAX_REACH) {
        wf_parse_problem(parser, parser->process, "too-many-gateways",
                         "%d inclusive gateways among %d nodes are more than this server "
                         "reads",
                         gateways->nelts, nodes->nelts);
        return;
    }
    search.open = apr_palloc(parser->scratch, sizeof(wf_node_t *) * (nodes->nelts + 1));
    for (i = 0; i < gateways->nelts; i++) {
        fill(&search, APR_ARRAY_IDX(gateways, i, wf_node_t *));
    }
}
