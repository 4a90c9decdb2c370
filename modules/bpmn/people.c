/* Who may do something, as files say it: a comma list of ids in an attribute, or a text
 * such as user(kermit), group(sales), management in an element. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

const char *wf_parse_assignment(wf_parser_t *parser, const wf_xml_t *role,
                                const wf_xml_t **place)
{
    const wf_xml_t *assignment =
        wf_xml_child(role, WF_NS_BPMN, "resourceAssignmentExpression");

    *place = assignment ? wf_xml_child(assignment, WF_NS_BPMN, "formalExpression") : NULL;
    if (assignment && !*place) {
        *place = wf_xml_child(assignment, WF_NS_BPMN, "expression");
    }
    return *place ? wf_xml_text(*place, parser->scratch) : NULL;
}

/* "user(x)" gives x; NULL if part is no such call. */
static const char *inside(wf_parser_t *parser, const char *part, const char *function)
{
    apr_size_t prefix = strlen(function), length = strlen(part);

    if (strncmp(part, function, prefix) != 0 || part[prefix] != '('
        || part[length - 1] != ')') {
        return NULL;
    }
    return apr_pstrmemdup(parser->scratch, part + prefix + 1, length - prefix - 2);
}

const char *wf_parse_person(wf_parser_t *parser, const char *part, int *is_user)
{
    const char *user = inside(parser, part, "user");
    const char *group = inside(parser, part, "group");

    *is_user = user != NULL;
    return user ? user : group ? group : part;
}

void wf_parse_people(wf_parser_t *parser, const wf_xml_t *role, apr_array_header_t *users,
                     apr_array_header_t *groups)
{
    const wf_xml_t *place;
    const char *text = wf_parse_assignment(parser, role, &place);
    apr_array_header_t *parts;
    int i, is_user;

    if (!text) {
        return;
    }
    parts = wf_split_list(text, parser->scratch);
    for (i = 0; i < parts->nelts; i++) {
        const char *id =
            wf_parse_person(parser, APR_ARRAY_IDX(parts, i, const char *), &is_user);

        wf_parse_template_list(parser, place, "the text", id, is_user ? users : groups);
    }
}

/* ---- candidate starters ---------------------------------------------------------- */

typedef struct starters_t {
    wf_parser_t *parser;
    apr_array_header_t *ids; /* of the model */
    apr_hash_t *seen;
} starters_t;

static starters_t starters_of(wf_parser_t *parser, apr_array_header_t **ids)
{
    *ids = apr_array_make(parser->p, 2, sizeof(const char *));
    return (starters_t){ parser, *ids, apr_hash_make(parser->scratch) };
}

/* Ids are taken as they stand: when a file is deployed there is no variable to look at.
 */
static void add_list(starters_t *starters, const char *text)
{
    apr_array_header_t *parts =
        wf_split_list(text ? text : "", starters->parser->scratch);
    int i;

    for (i = 0; i < parts->nelts; i++) {
        const char *id = APR_ARRAY_IDX(parts, i, const char *);

        if (!apr_hash_get(starters->seen, id, APR_HASH_KEY_STRING)) {
            apr_hash_set(starters->seen, id, APR_HASH_KEY_STRING, id);
            APR_ARRAY_PUSH(starters->ids, const char *) =
                apr_pstrdup(starters->parser->p, id);
        }
    }
}

static void add_potential_starter(starters_t *users, starters_t *groups,
                                  const wf_xml_t *starter)
{
    wf_parser_t *parser = users->parser;
    const wf_xml_t *place;
    const char *text = wf_parse_assignment(parser, starter, &place);
    apr_array_header_t *parts = wf_split_list(text ? text : "", parser->scratch);
    int i, is_user;

    for (i = 0; i < parts->nelts; i++) {
        const char *part = APR_ARRAY_IDX(parts, i, const char *);
        const char *id = wf_parse_person(parser, part, &is_user);

        add_list(is_user ? users : groups, id);
    }
}

void wf_starters_parse(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *starter = wf_xml_extension(process, "potentialStarter");
    starters_t users = starters_of(parser, &parser->model->starter_users);
    starters_t groups = starters_of(parser, &parser->model->starter_groups);

    add_list(&users, wf_parse_extension(parser, process, "candidateStarterUsers"));
    add_list(&groups, wf_parse_extension(parser, process, "candidateStarterGroups"));
    for (; starter; starter = wf_xml_next(starter, WF_NS_EXTENSION, "potentialStarter")) {
        add_potential_starter(&users, &groups, starter);
    }
}
