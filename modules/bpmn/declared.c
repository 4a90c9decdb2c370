/* What a file declares at its top for all its processes: signals, messages, errors,
 * operations of web services. Ids only tie the file together; what an execution waits for
 * is the name, what is thrown is the code. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

const wf_xml_t *wf_declared_find(wf_parser_t *parser, const char *type, const char *ref)
{
    const wf_xml_t *found = ref && *ref ? wf_xml_referred(parser->ids, ref) : NULL;

    return found && wf_xml_is(found, WF_NS_BPMN, type) ? found : NULL;
}

/* ---- signals --------------------------------------------------------------------- */

/* "global" and "processInstance" say how far a thrown signal reaches. */
static void check_scope(wf_parser_t *parser, const wf_xml_t *signal)
{
    const char *scope = wf_parse_extension(parser, signal, "scope");

    if (scope && strcmp(scope, "global") != 0 && strcmp(scope, "processInstance") != 0) {
        wf_parse_problem(parser, signal, "signal-scope",
                         "attribute activiti:scope is \"%s\", not global or "
                         "processInstance",
                         scope);
    }
}

static void check_name(wf_parser_t *parser, const wf_xml_t *signal, apr_hash_t *by_name)
{
    const char *name = wf_xml_attr(signal, WF_NS_NONE, "name");
    const wf_xml_t *first =
        name ? apr_hash_get(by_name, name, APR_HASH_KEY_STRING) : NULL;

    if (!name || !*name) {
        wf_parse_problem(parser, signal, "signal-name", "a <signal> needs a name");
    }
    else if (first) {
        wf_parse_problem(parser, signal, "signal-name",
                         "the <signal> in line %d has the name \"%s\", too", first->line,
                         name);
    }
    else {
        apr_hash_set(by_name, name, APR_HASH_KEY_STRING, signal);
    }
}

static void check_signal(wf_parser_t *parser, const wf_xml_t *signal, apr_hash_t *by_name)
{
    const char *id = wf_xml_attr(signal, WF_NS_NONE, "id");

    check_name(parser, signal, by_name);
    check_scope(parser, signal);
    wf_extensions_check(parser, signal);
    if (!id || !*id) {
        wf_parse_problem(parser, signal, "missing-id", "a <signal> needs an id");
    }
}

/* ---- messages, errors, operations ------------------------------------------------ */

static void check_message(wf_parser_t *parser, const wf_xml_t *message,
                          apr_hash_t *by_name)
{
    const char *item = wf_xml_attr(message, WF_NS_NONE, "itemRef");

    (void)by_name;
    if (item && !wf_declared_find(parser, "itemDefinition", item)) {
        wf_parse_problem(parser, message, "message-item",
                         "itemRef \"%s\" is no <itemDefinition> of this file", item);
    }
}

static void check_error(wf_parser_t *parser, const wf_xml_t *error, apr_hash_t *by_name)
{
    const char *code = wf_xml_attr(error, WF_NS_NONE, "errorCode");

    (void)by_name;
    if (code && !*code) {
        wf_parse_problem(parser, error, "error-code",
                         "the errorCode of an <error> must not be empty");
    }
}

static void check_operation(wf_parser_t *parser, const wf_xml_t *operation)
{
    const wf_xml_t *in = wf_xml_child(operation, WF_NS_BPMN, "inMessageRef");
    const char *ref = in ? wf_xml_text(in, parser->scratch) : NULL;

    if (!wf_declared_find(parser, "message", ref)) {
        wf_parse_problem(parser, in ? in : operation, "operation-message",
                         "inMessageRef \"%s\" is no <message> of this file",
                         ref ? ref : "");
    }
}

static void check_interface(wf_parser_t *parser, const wf_xml_t *interface,
                            apr_hash_t *by_name)
{
    const wf_xml_t *operation = wf_xml_child(interface, WF_NS_BPMN, "operation");

    (void)by_name;
    for (; operation; operation = wf_xml_next(operation, WF_NS_BPMN, "operation")) {
        check_operation(parser, operation);
    }
}

/* ---- all ------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *element;
    void (*check)(wf_parser_t *parser, const wf_xml_t *element, apr_hash_t *by_name);
} declarations[] = {
    { "signal",    check_signal },
    { "message",   check_message },
    { "error",     check_error },
    { "interface", check_interface },
};
/* clang-format on */

void wf_declared_check(wf_parser_t *parser)
{
    const wf_xml_t *root = parser->definitions, *element;
    int i;

    for (i = 0; i < (int)(sizeof(declarations) / sizeof(declarations[0])); i++) {
        const char *name = declarations[i].element;
        apr_hash_t *by_name = apr_hash_make(parser->scratch);

        for (element = wf_xml_child(root, WF_NS_BPMN, name); element;
             element = wf_xml_next(element, WF_NS_BPMN, name)) {
            declarations[i].check(parser, element, by_name);
        }
    }
}
