/* Tasks of types that are built in: which fields they must have, and what these may say
 * when they are no expressions. A new type is a new row. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

typedef struct checking_t {
    wf_parser_t *parser;
    const wf_xml_t *element;
    const wf_action_t *action;
} checking_t;

static int has_field(const checking_t *c, const char *name)
{
    const apr_array_header_t *fields = c->action->fields;
    int i;

    for (i = 0; fields && i < fields->nelts; i++) {
        const wf_field_t *field = &APR_ARRAY_IDX(fields, i, wf_field_t);

        if (strcmp(field->name, name) == 0) {
            return *wf_template_source(field->value) != '\0';
        }
    }
    return 0;
}

static void need_field(const checking_t *c, const char *name)
{
    if (!has_field(c, name)) {
        wf_parse_problem(c->parser, c->element, "missing-field",
                         "a task of type %s needs the field \"%s\"", c->action->name,
                         name);
    }
}

static void check_flag(const checking_t *c, const char *name)
{
    const char *text = wf_action_field(c->action, name);

    if (text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        wf_parse_problem(c->parser, c->element, "field-value",
                         "field \"%s\" is \"%s\", not true or false", name, text);
    }
}

/* ---- one function a type --------------------------------------------------------- */

static void check_mail(const checking_t *c)
{
    need_field(c, "to");
    if (!has_field(c, "text") && !has_field(c, "html") && !has_field(c, "textVar")
        && !has_field(c, "htmlVar")) {
        wf_parse_problem(c->parser, c->element, "missing-field",
                         "a task of type mail needs one of the fields \"text\", "
                         "\"html\", \"textVar\" and \"htmlVar\"");
    }
}

static void check_shell(const checking_t *c)
{
    need_field(c, "command");
    check_flag(c, "wait");
    check_flag(c, "redirectError");
    check_flag(c, "cleanEnv");
}

static void check_http(const checking_t *c)
{
    static const char *const methods[] = {
        "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"
    };
    const char *method = wf_action_field(c->action, "requestMethod");
    const char *timeout = wf_action_field(c->action, "requestTimeout");
    apr_int64_t ms;
    int i, known = !method;

    need_field(c, "requestUrl");
    check_flag(c, "ignoreException");
    for (i = 0; !known && i < 6; i++) {
        known = strcmp(methods[i], method) == 0;
    }
    if (!known) {
        wf_parse_problem(c->parser, c->element, "field-value",
                         "field \"requestMethod\" is \"%s\", not GET, POST, PUT, DELETE, "
                         "HEAD or PATCH",
                         method);
    }
    if (timeout && (!wf_parse_int64(timeout, &ms) || ms < 0)) {
        wf_parse_problem(c->parser, c->element, "field-value",
                         "field \"requestTimeout\" is \"%s\", not a number of "
                         "milliseconds",
                         timeout);
    }
}

static void check_external(const checking_t *c)
{
    if (!c->action->topic) {
        wf_parse_problem(c->parser, c->element, "missing-topic",
                         "a task of type external needs a topic");
    }
}

/* ---- the table ------------------------------------------------------------------- */

#define ELEMENTS 4

/* clang-format off */
static const struct {
    const char *type;
    const char *elements[ELEMENTS];
    int done; /* 0: it is checked, then refused; docs/bpmn.md says the same */
    void (*check)(const checking_t *c);
} types[] = {
#define SENDS "serviceTask", "sendTask", "messageEventDefinition"
    /* type       of elements                    done  check */
    { "mail",     { SENDS },                     1,    check_mail },
    { "mule",     { SENDS },                     1,    NULL },
    { "camel",    { SENDS },                     1,    NULL },
    { "http",     { SENDS },                     1,    check_http },
    { "external", { SENDS, "businessRuleTask" }, 1,    check_external },
    { "shell",    { "serviceTask" },             1,    check_shell },
    { "rules",    { "businessRuleTask" },        1,    NULL },
};
/* clang-format on */

#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static int may_be_of(const char *const *elements, const char *element)
{
    int i;

    for (i = 0; i < ELEMENTS && elements[i]; i++) {
        if (strcmp(elements[i], element) == 0) {
            return 1;
        }
    }
    return 0;
}

void wf_task_type_check(wf_parser_t *parser, const wf_xml_t *element,
                        const wf_action_t *action)
{
    const checking_t c = { parser, element, action };
    int i = 0;

    if (action->kind != WF_ACTION_TYPE) {
        return;
    }
    while (i < TYPES
           && (strcmp(types[i].type, action->name) != 0
               || !may_be_of(types[i].elements, element->name))) {
        i++;
    }
    if (i == TYPES) {
        wf_parse_problem(parser, element, "task-type",
                         "type \"%s\" of a <%s> is not known", action->name,
                         element->name);
        return;
    }
    if (!types[i].done) {
        wf_parse_problem(parser, element, "unsupported-type",
                         "type \"%s\" of a <%s> is not supported by this server",
                         action->name, element->name);
    }
    if (types[i].check) {
        types[i].check(&c);
    }
}
