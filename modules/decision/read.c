/* From the XML of a file to its decisions. What stands in it is checked by a table first:
 * elements that would change a result and are not read are refused. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#define TYPE_CHAIN_MAX 10 /* item definitions that name one another */
#define NOTES "description extensionElements"
#define UNSUPPORTED_LOGIC                                                                \
    "expression invocation context list relation functionDefinition conditional filter " \
    "for some every"

/* What may stand where: read (and looked into), passed over, refused. */
typedef struct content_t {
    const char *parent, *read, *ignored, *refused;
} content_t;

/* clang-format off */
static const content_t contents[] = {
    { "definitions", "decision itemDefinition",
      NOTES " inputData knowledgeSource elementCollection performanceIndicator "
      "organizationUnit association textAnnotation group",
      "import businessKnowledgeModel decisionService drgElement artifact" },
    { "decision", "variable informationRequirement decisionTable literalExpression",
      NOTES " question allowedAnswers authorityRequirement supportedObjective "
      "impactedPerformanceIndicator decisionMaker decisionOwner usingProcess usingTask",
      "knowledgeRequirement " UNSUPPORTED_LOGIC },
    { "informationRequirement", "requiredDecision requiredInput", NOTES, "" },
    { "decisionTable", "input output rule", NOTES " annotation", "" },
    { "input", "inputExpression", NOTES " inputValues", "" },
    { "inputExpression", "text", NOTES, "importedValues" },
    { "output", "outputValues defaultOutputEntry", NOTES, "" },
    { "outputValues", "text", NOTES, "" },
    { "defaultOutputEntry", "text", NOTES, "importedValues" },
    { "rule", "inputEntry outputEntry", NOTES " annotationEntry", "" },
    { "inputEntry", "text", NOTES, "" },
    { "outputEntry", "text", NOTES, "importedValues" },
    { "literalExpression", "text", NOTES, "importedValues" },
};
/* clang-format on */

/* ---- helpers of all that read ----------------------------------------------------- */

void wf_decision_problem(wf_decision_reader_t *r, const wf_xml_t *element,
                         const char *rule, const char *fmt, ...)
{
    const wf_xml_t *named = element;
    const char *id = NULL, *text;
    va_list args;

    for (; named && !id; named = named->parent) {
        id = wf_xml_attr(named, WF_NS_NONE, "id");
    }
    va_start(args, fmt);
    text = apr_pvsprintf(r->scratch, fmt, args);
    va_end(args);
    wf_problem_add(r->problems, rule, id, element->line, element->column, "%s", text);
}

const char *wf_decision_attr(wf_decision_reader_t *r, const wf_xml_t *element,
                             const char *name)
{
    const char *value = wf_xml_attr(element, WF_NS_NONE, name);

    return value && *value ? apr_pstrdup(r->p, value) : NULL;
}

const char *wf_decision_text(wf_decision_reader_t *r, const wf_xml_t *element)
{
    const wf_xml_t *text = element ? wf_xml_child(element, WF_NS_DMN, "text") : NULL;

    return text ? wf_xml_text(text, r->scratch) : NULL;
}

const char *wf_decision_language(wf_decision_reader_t *r, const wf_xml_t *element)
{
    const char *language = wf_xml_attr(element, WF_NS_NONE, "expressionLanguage");

    return language && *language ? language : r->language;
}

void wf_decision_read_expr(wf_decision_reader_t *r, const wf_xml_t *element,
                           wf_decision_expr_t *expr)
{
    wf_error_t err;

    wf_error_init(&err, r->scratch);
    if (element
        && wf_decision_expr_parse(expr, wf_decision_text(r, element),
                                  wf_decision_language(r, element), r->p, &err)
               != APR_SUCCESS) {
        wf_decision_problem(r, element, "expression", "%s", err.message);
    }
}

/* ---- types ------------------------------------------------------------------------ */

/* The typeRef of an element: an attribute; of an item definition a child. */
static const char *type_ref(wf_decision_reader_t *r, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, "typeRef");

    return child ? wf_xml_text(child, r->scratch)
                 : wf_xml_attr(element, WF_NS_NONE, "typeRef");
}

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

const wf_decision_type_t *wf_decision_read_type(wf_decision_reader_t *r,
                                                const wf_xml_t *element)
{
    const char *name = type_ref(r, element);
    const wf_xml_t *item;

    for (int i = 0; name && *name && i < TYPE_CHAIN_MAX; i++) {
        const wf_decision_type_t *type = wf_decision_type_find(local_name(name));
        const char *many;

        item = apr_hash_get(r->types, local_name(name), APR_HASH_KEY_STRING);
        if (type || !item) {
            if (!type) {
                wf_decision_problem(r, element, "type", "the type '%s' is unknown", name);
            }
            return type;
        }
        many = wf_xml_attr(item, WF_NS_NONE, "isCollection");
        if ((many && !strcmp(many, "true")) || !type_ref(r, item)) {
            wf_decision_problem(r, element, "type",
                                "the type '%s' is a structure or a collection, which is "
                                "not supported",
                                name);
            return NULL;
        }
        name = type_ref(r, item);
    }
    if (name && *name) {
        wf_decision_problem(r, element, "type", "the type '%s' is defined by itself",
                            name);
    }
    return NULL;
}

static void index_types(wf_decision_reader_t *r, const wf_xml_t *definitions)
{
    const wf_xml_t *item = wf_xml_child(definitions, WF_NS_DMN, "itemDefinition");

    r->types = apr_hash_make(r->scratch);
    for (; item; item = wf_xml_next(item, WF_NS_DMN, "itemDefinition")) {
        const char *name = wf_xml_attr(item, WF_NS_NONE, "name");

        if (name) {
            apr_hash_set(r->types, name, APR_HASH_KEY_STRING, item);
        }
    }
}

/* ---- what may stand where --------------------------------------------------------- */

/* 1 if the word is in the list of words. */
static int listed(const char *words, const char *word)
{
    apr_size_t length = strlen(word);
    const char *s = words;

    for (; (s = strstr(s, word)) != NULL; s += length) {
        if ((s == words || s[-1] == ' ') && (!s[length] || s[length] == ' ')) {
            return 1;
        }
    }
    return 0;
}

/* The tree is bounded in depth by the XML reader, and only known parents are looked into.
 */
static void check_content(wf_decision_reader_t *r, const wf_xml_t *element)
{
    const content_t *content = NULL;

    for (apr_size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        if (!strcmp(contents[i].parent, element->name)) {
            content = &contents[i];
        }
    }
    for (const wf_xml_t *child = element->child; content && child; child = child->next) {
        if (child->ns != WF_NS_DMN) {
            continue;
        }
        if (listed(content->read, child->name)) {
            check_content(r, child);
        }
        else if (listed(content->refused, child->name)) {
            wf_decision_problem(r, child, "unsupported", "'%s' is not supported",
                                child->name);
        }
        else if (!listed(content->ignored, child->name)) {
            wf_decision_problem(r, child, "unknown-element", "'%s' cannot stand in '%s'",
                                child->name, element->name);
        }
    }
}

/* ---- decisions -------------------------------------------------------------------- */

/* Characters of a well-formed text. */
static int too_long(const char *text, apr_pool_t *p)
{
    return strlen(wf_utf8_cut(text, WF_DECISION_NAME_MAX, p)) < strlen(text);
}

static void read_key(wf_decision_reader_t *r, const wf_xml_t *element,
                     wf_decision_t *decision)
{
    decision->key = wf_decision_attr(r, element, "id");
    decision->name = wf_decision_attr(r, element, "name");
    if (!decision->key) {
        wf_decision_problem(r, element, "decision-id", "a decision needs an id");
        decision->key = "";
    }
    if (too_long(decision->key, r->scratch)
        || (decision->name && too_long(decision->name, r->scratch))) {
        wf_decision_problem(r, element, "limit",
                            "the id or the name of the decision is longer than %d "
                            "characters",
                            WF_DECISION_NAME_MAX);
    }
}

/* 1 if there is one; what is refused as unsupported has been reported already. */
static int has_one_logic(wf_decision_reader_t *r, const wf_xml_t *element)
{
    int count = 0, refused = 0;

    for (const wf_xml_t *child = element->child; child; child = child->next) {
        count += wf_xml_is(child, WF_NS_DMN, "decisionTable")
                 || wf_xml_is(child, WF_NS_DMN, "literalExpression");
        refused += child->ns == WF_NS_DMN && listed(UNSUPPORTED_LOGIC, child->name);
    }
    if (count != 1 && !refused) {
        wf_decision_problem(r, element, "logic",
                            "a decision needs one decisionTable or literalExpression");
    }
    return count == 1;
}

static wf_decision_t *read_decision(wf_decision_reader_t *r, const wf_xml_t *element)
{
    wf_decision_t *decision = apr_pcalloc(r->p, sizeof(*decision));
    const wf_xml_t *variable = wf_xml_child(element, WF_NS_DMN, "variable");
    const wf_xml_t *table = wf_xml_child(element, WF_NS_DMN, "decisionTable");
    const wf_xml_t *literal = wf_xml_child(element, WF_NS_DMN, "literalExpression");

    read_key(r, element, decision);
    decision->variable = variable ? wf_decision_attr(r, variable, "name") : NULL;
    if (!has_one_logic(r, element)) {
        return decision;
    }
    if (table) {
        decision->table = wf_decision_read_table(
            r, table, decision->variable ? decision->variable : decision->key);
        return decision;
    }
    wf_decision_read_expr(r, literal, &decision->literal);
    decision->type =
        wf_decision_read_type(r, variable && type_ref(r, variable) ? variable : literal);
    return decision;
}

static void add_decision(wf_decision_reader_t *r, wf_decision_file_t *file,
                         const wf_xml_t *element)
{
    wf_decision_t *decision = read_decision(r, element);

    if (*decision->key
        && apr_hash_get(file->by_key, decision->key, APR_HASH_KEY_STRING)) {
        wf_decision_problem(r, element, "decision-id",
                            "there is another decision of this id");
    }
    apr_hash_set(file->by_key, decision->key, APR_HASH_KEY_STRING, decision);
    file->decisions[file->count++] = decision;
}

static void read_decisions(wf_decision_reader_t *r, wf_decision_file_t *file,
                           const wf_xml_t *definitions)
{
    const wf_xml_t *elements[WF_DECISIONS_MAX];
    const wf_xml_t *element = wf_xml_child(definitions, WF_NS_DMN, "decision");

    file->decisions = apr_pcalloc(r->p, sizeof(*file->decisions) * WF_DECISIONS_MAX);
    for (; element && file->count < WF_DECISIONS_MAX;
         element = wf_xml_next(element, WF_NS_DMN, "decision")) {
        elements[file->count] = element;
        add_decision(r, file, element);
    }
    if (element) {
        wf_decision_problem(r, element, "limit", "more than %d decisions in one file",
                            WF_DECISIONS_MAX);
    }
    else if (file->count == 0 && !r->problems->errors) {
        wf_decision_problem(r, definitions, "no-decision", "there is no decision in it");
    }
    wf_decision_read_requirements(r, file, elements);
}

/* ---- the file --------------------------------------------------------------------- */

static void read_file(wf_decision_reader_t *r, wf_decision_file_t *file,
                      const wf_xml_t *root)
{
    if (!wf_xml_is(root, WF_NS_DMN, "definitions")) {
        wf_decision_problem(r, root, "no-dmn",
                            "the root element is not 'definitions' of DMN 1.1 to 1.5");
        return;
    }
    r->language = wf_xml_attr(root, WF_NS_NONE, "expressionLanguage");
    if (r->language && !*r->language) {
        r->language = NULL;
    }
    check_content(r, root);
    index_types(r, root);
    read_decisions(r, file, root);
}

void wf_decision_file_parse(wf_decision_file_t **file, const char *xml, apr_size_t length,
                            wf_problems_t *problems, apr_pool_t *p)
{
    wf_decision_reader_t r = { .p = p, .problems = problems };
    const wf_xml_t *root;

    *file = apr_pcalloc(p, sizeof(**file));
    (*file)->by_key = apr_hash_make(p);
    apr_pool_create(&r.scratch, p);
    apr_pool_tag(r.scratch, "wf_decision_reader");
    root = wf_xml_parse(xml, length, problems, r.scratch);
    if (root) {
        read_file(&r, *file, root);
    }
    apr_pool_destroy(r.scratch);
}

int wf_decision_count(const wf_decision_file_t *file)
{
    return file->count;
}

const wf_decision_t *wf_decision_at(const wf_decision_file_t *file, int i)
{
    return i >= 0 && i < file->count ? file->decisions[i] : NULL;
}

const wf_decision_t *wf_decision_find(const wf_decision_file_t *file, const char *key)
{
    return apr_hash_get(file->by_key, key, APR_HASH_KEY_STRING);
}

const char *wf_decision_key(const wf_decision_t *decision)
{
    return decision->key;
}

const char *wf_decision_name(const wf_decision_t *decision)
{
    return decision->name;
}
