/* The tree is built with expat directly: apr_xml keeps no positions, and a fault without
 * line and column is of no use to a modeller. External entities are never loaded, and a
 * file that declares entities of its own is refused as a whole. */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include <expat.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "xml/xml.h"

#define SEPARATOR '\n' /* cannot occur in a name */
#define ENCODING_LETTERS                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
#define UNICODE (APR_IS_BIGENDIAN ? "UCS-4BE" : "UCS-4LE")

typedef struct reader_t {
    XML_Parser expat;
    apr_pool_t *p;
    wf_problems_t *problems;
    wf_xml_t *root, *current;
    wf_xml_prefix_t *prefixes;
    int depth, elements;
    int failed; /* a problem was added: expat may still call us a few times */
} reader_t;

/* clang-format off */
static const struct {
    const char *uri;
    wf_ns_e ns;
} namespaces[] = {
    { "http://www.omg.org/spec/BPMN/20100524/MODEL",        WF_NS_BPMN },
    { "http://www.omg.org/spec/BPMN/20100524/DI",           WF_NS_BPMNDI },
    { "http://www.omg.org/spec/DD/20100524/DC",             WF_NS_DC },
    { "http://www.omg.org/spec/DD/20100524/DI",             WF_NS_DI },
    { "http://www.w3.org/2001/XMLSchema-instance",          WF_NS_XSI },
    { "http://www.omg.org/spec/DMN/20151101/dmn.xsd",       WF_NS_DMN }, /* 1.1 */
    { "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",     WF_NS_DMN }, /* 1.1 */
    { "http://www.omg.org/spec/DMN/20180521/MODEL/",        WF_NS_DMN }, /* 1.2 */
    { "https://www.omg.org/spec/DMN/20191111/MODEL/",       WF_NS_DMN }, /* 1.3 */
    { "https://www.omg.org/spec/DMN/20211108/MODEL/",       WF_NS_DMN }, /* 1.4 */
    { "https://www.omg.org/spec/DMN/20230324/MODEL/",       WF_NS_DMN }, /* 1.5 */
    { "http://activiti.org/bpmn",                           WF_NS_EXTENSION },
    { "http://camunda.org/schema/1.0/bpmn",                 WF_NS_EXTENSION },
    { "http://flowable.org/bpmn",                           WF_NS_EXTENSION },
    { "http://camunda.org/schema/1.0/dmn",                  WF_NS_EXTENSION },
    { "http://flowable.org/dmn",                            WF_NS_EXTENSION },
};
/* clang-format on */

static int line_of(reader_t *r)
{
    return (int)XML_GetCurrentLineNumber(r->expat);
}

static int column_of(reader_t *r)
{
    return (int)XML_GetCurrentColumnNumber(r->expat) + 1;
}

static void refuse(reader_t *r, const char *rule, const char *message)
{
    if (r->failed) {
        return;
    }
    r->failed = 1;
    wf_problem_add(r->problems, rule, NULL, line_of(r), column_of(r), "%s", message);
    XML_StopParser(r->expat, XML_FALSE);
}

/* "uri<separator>local", or just "local". */
static const char *split_name(const XML_Char *full, wf_ns_e *ns)
{
    const char *end = strrchr(full, SEPARATOR);
    apr_size_t i, length;

    if (!end) {
        *ns = WF_NS_NONE;
        return full;
    }
    length = end - full;
    *ns = WF_NS_OTHER;
    for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        if (strlen(namespaces[i].uri) == length
            && memcmp(namespaces[i].uri, full, length) == 0) {
            *ns = namespaces[i].ns;
        }
    }
    return end + 1;
}

static int add_attributes(reader_t *r, wf_xml_t *element, const XML_Char **attributes)
{
    wf_xml_attr_t **tail = &element->attributes;
    int count;

    for (count = 0; attributes[2 * count]; count++) {
        wf_xml_attr_t *attr = apr_pcalloc(r->p, sizeof(*attr));

        if (count >= WF_XML_MAX_ATTRIBUTES) {
            refuse(r, "xml-limit", "too many attributes in one element");
            return 0;
        }
        if (strlen(attributes[2 * count + 1]) > WF_XML_MAX_VALUE) {
            refuse(r, "xml-limit", "an attribute's value is too long");
            return 0;
        }
        attr->name = apr_pstrdup(r->p, split_name(attributes[2 * count], &attr->ns));
        attr->value = apr_pstrdup(r->p, attributes[2 * count + 1]);
        *tail = attr;
        tail = &attr->next;
    }
    return 1;
}

static void append_child(wf_xml_t *parent, wf_xml_t *child)
{
    child->parent = parent;
    if (parent->last_child) {
        parent->last_child->next = child;
    }
    else {
        parent->child = child;
    }
    parent->last_child = child;
}

static void XMLCALL on_start(void *baton, const XML_Char *name,
                             const XML_Char **attributes)
{
    reader_t *r = baton;
    wf_xml_t *element;

    if (r->failed) {
        return;
    }
    if (++r->depth > WF_XML_MAX_DEPTH) {
        refuse(r, "xml-limit", "elements are nested too deeply (100 levels are read)");
        return;
    }
    if (++r->elements > WF_XML_MAX_ELEMENTS) {
        refuse(r, "xml-limit", "too many elements (200000 are read)");
        return;
    }
    element = apr_pcalloc(r->p, sizeof(*element));
    element->name = apr_pstrdup(r->p, split_name(name, &element->ns));
    element->line = line_of(r);
    element->column = column_of(r);
    element->prefixes = r->prefixes;
    if (!add_attributes(r, element, attributes)) {
        return;
    }
    if (r->current) {
        append_child(r->current, element);
    }
    else {
        r->root = element;
    }
    r->current = element;
}

static void XMLCALL on_end(void *baton, const XML_Char *name)
{
    reader_t *r = baton;

    (void)name;
    if (!r->failed) {
        r->depth--;
        r->current = r->current->parent;
    }
}

static void XMLCALL on_text(void *baton, const XML_Char *text, int length)
{
    reader_t *r = baton;
    wf_xml_t *element = r->current;
    apr_size_t need;

    if (r->failed || !element) {
        return;
    }
    need = element->text_length + length + 1;
    if (need > element->text_room) {
        apr_size_t room = need < 64 ? 64 : 2 * need;
        char *grown = apr_palloc(r->p, room);

        if (element->text_length) {
            memcpy(grown, element->text, element->text_length);
        }
        element->text = grown;
        element->text_room = room;
    }
    memcpy(element->text + element->text_length, text, length);
    element->text_length += length;
    element->text[element->text_length] = '\0';
}

static void XMLCALL on_prefix(void *baton, const XML_Char *prefix, const XML_Char *uri)
{
    reader_t *r = baton;
    wf_xml_prefix_t *declared = apr_palloc(r->p, sizeof(*declared));

    declared->prefix = prefix ? apr_pstrdup(r->p, prefix) : "";
    declared->uri = uri ? apr_pstrdup(r->p, uri) : "";
    declared->next = r->prefixes;
    declared->in_force = r->prefixes ? r->prefixes->in_force + 1 : 1;
    r->prefixes = declared;
    if (declared->in_force > WF_XML_MAX_PREFIXES) {
        refuse(r, "xml-limit", "too many namespace declarations");
    }
}

static void XMLCALL on_prefix_end(void *baton, const XML_Char *prefix)
{
    reader_t *r = baton;

    (void)prefix;
    r->prefixes = r->prefixes->next;
}

static void XMLCALL on_entity(void *baton, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int length, const XML_Char *base,
                              const XML_Char *system, const XML_Char *public,
                              const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)length, (void)base;
    (void)system, (void)public, (void)notation;
    refuse(baton, "xml-entity", "entity declarations are not accepted");
}

/* A reference that only an external DTD could explain; dropping it would change texts. */
static void XMLCALL on_skipped(void *baton, const XML_Char *name, int is_parameter)
{
    (void)name, (void)is_parameter;
    refuse(baton, "xml-entity", "reference to an entity that is not declared");
}

/* ---- encodings --------------------------------------------------------------------- */

/* Names only: iconv also knows suffixes that change what it does. */
static int is_encoding_name(const char *name)
{
    return strlen(name) < 40 && name[strspn(name, ENCODING_LETTERS)] == '\0';
}

/* The character of one byte, -1 if there is none; 0 if the byte alone is no character. */
static int map_byte(iconv_t to, unsigned char byte, int *character)
{
    char in = (char)byte, *from = &in, *out;
    apr_uint32_t found = 0;
    size_t left = 1, room = sizeof(found);

    out = (char *)&found;
    iconv(to, NULL, NULL, NULL, NULL);
    *character = -1;
    if (iconv(to, &from, &left, &out, &room) == (size_t)-1) {
        return errno == EILSEQ;
    }
    *character = room ? -1 : (int)found;
    return room == 0 && (byte >= 0x80 || found == byte);
}

/* What expat does not know itself: encodings of one byte a character, as Windows has. */
static int XMLCALL on_encoding(void *baton, const XML_Char *name, XML_Encoding *info)
{
    iconv_t to = is_encoding_name(name) ? iconv_open(UNICODE, name) : (iconv_t)-1;
    int byte, good = to != (iconv_t)-1;

    (void)baton;
    for (byte = 0; good && byte < 256; byte++) {
        good = map_byte(to, (unsigned char)byte, &info->map[byte]);
    }
    if (to != (iconv_t)-1) {
        iconv_close(to);
    }
    return good ? XML_STATUS_OK : XML_STATUS_ERROR;
}

/* ---- reading ------------------------------------------------------------------------- */

static void set_handlers(reader_t *r)
{
    XML_SetUserData(r->expat, r);
    XML_SetElementHandler(r->expat, on_start, on_end);
    XML_SetCharacterDataHandler(r->expat, on_text);
    XML_SetNamespaceDeclHandler(r->expat, on_prefix, on_prefix_end);
    XML_SetEntityDeclHandler(r->expat, on_entity);
    XML_SetSkippedEntityHandler(r->expat, on_skipped);
    XML_SetUnknownEncodingHandler(r->expat, on_encoding, NULL);
}

wf_xml_t *wf_xml_parse(const char *xml, apr_size_t length, wf_problems_t *problems,
                       apr_pool_t *p)
{
    reader_t r = {.p = p, .problems = problems};

    if (length > WF_XML_MAX_BYTES) {
        wf_problem_add(problems, "xml-limit", NULL, 0, 0,
                       "the file is larger than %d MiB", WF_XML_MAX_BYTES >> 20);
        return NULL;
    }
    r.expat = XML_ParserCreateNS(NULL, SEPARATOR);
    if (!r.expat) {
        wf_problem_add(problems, "xml", NULL, 0, 0, "no memory for the XML parser");
        return NULL;
    }
    set_handlers(&r);
    if (XML_Parse(r.expat, xml, (int)length, 1) != XML_STATUS_OK) {
        refuse(&r, "xml", XML_ErrorString(XML_GetErrorCode(r.expat)));
    }
    XML_ParserFree(r.expat);
    return r.failed ? NULL : r.root;
}

const char *wf_xml_attr(const wf_xml_t *element, wf_ns_e ns, const char *name)
{
    const wf_xml_attr_t *attr;

    for (attr = element->attributes; attr; attr = attr->next) {
        if (attr->ns == ns && strcmp(attr->name, name) == 0) {
            return attr->value;
        }
    }
    return NULL;
}

const char *wf_xml_text(const wf_xml_t *element, apr_pool_t *p)
{
    const char *start = element->text, *end;

    if (!start) {
        return NULL;
    }
    end = start + element->text_length;
    while (start < end && apr_isspace(*start)) {
        start++;
    }
    while (end > start && apr_isspace(end[-1])) {
        end--;
    }
    return start < end ? apr_pstrmemdup(p, start, end - start) : NULL;
}

int wf_xml_is(const wf_xml_t *element, wf_ns_e ns, const char *name)
{
    return element->ns == ns && strcmp(element->name, name) == 0;
}

static const wf_xml_t *find_from(const wf_xml_t *element, wf_ns_e ns, const char *name)
{
    while (element && !wf_xml_is(element, ns, name)) {
        element = element->next;
    }
    return element;
}

const wf_xml_t *wf_xml_child(const wf_xml_t *element, wf_ns_e ns, const char *name)
{
    return find_from(element->child, ns, name);
}

const wf_xml_t *wf_xml_next(const wf_xml_t *element, wf_ns_e ns, const char *name)
{
    return find_from(element->next, ns, name);
}

const wf_xml_t *wf_xml_extension(const wf_xml_t *element, const char *name)
{
    const wf_xml_t *holder = wf_xml_child(element, WF_NS_BPMN, "extensionElements");

    return holder ? wf_xml_child(holder, WF_NS_EXTENSION, name) : NULL;
}

const wf_xml_t *wf_xml_referred(apr_hash_t *ids, const char *reference)
{
    const char *colon = reference ? strchr(reference, ':') : NULL;

    return reference
               ? apr_hash_get(ids, colon ? colon + 1 : reference, APR_HASH_KEY_STRING)
               : NULL;
}

int wf_xml_prefix_known(const wf_xml_t *element, const char *prefix, apr_size_t length)
{
    const wf_xml_prefix_t *known;

    if (length == 0 || (length == 3 && memcmp(prefix, "xml", 3) == 0)) {
        return 1;
    }
    for (known = element->prefixes; known; known = known->next) {
        if (strlen(known->prefix) == length
            && memcmp(known->prefix, prefix, length) == 0) {
            return 1;
        }
    }
    return 0;
}
