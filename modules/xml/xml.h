/* xml: XML text to a small tree that keeps the position of every element: what problems of
 * a file are reported with. A tree belongs to the thread that parsed it. */
#ifndef WF_XML_H
#define WF_XML_H

#include "core/core.h"

#define WF_XML_MAX_BYTES (16 * 1024 * 1024)
#define WF_XML_MAX_DEPTH 100
#define WF_XML_MAX_ELEMENTS 200000
#define WF_XML_MAX_ATTRIBUTES 100    /* of one element */
#define WF_XML_MAX_VALUE (64 * 1024) /* bytes of one attribute's value */
#define WF_XML_MAX_PREFIXES 1000     /* in force at one element */

/** The namespaces that mean something here; prefixes are free. */
typedef enum {
    WF_NS_NONE, /* no namespace: every attribute without a prefix */
    WF_NS_BPMN,
    WF_NS_BPMNDI,
    WF_NS_DC,
    WF_NS_DI,
    WF_NS_XSI,
    WF_NS_DMN,       /* of its versions from 1.1 on */
    WF_NS_EXTENSION, /* activiti and its twins camunda and flowable */
    WF_NS_OTHER
} wf_ns_e;

typedef struct wf_xml_attr_t {
    wf_ns_e ns;
    const char *name; /* without prefix */
    const char *value;
    struct wf_xml_attr_t *next;
} wf_xml_attr_t;

/** A namespace declaration in force; inner ones come first. */
typedef struct wf_xml_prefix_t {
    const char *prefix; /* "" for the default namespace */
    const char *uri;
    int in_force; /* how many, with this one */
    struct wf_xml_prefix_t *next;
} wf_xml_prefix_t;

typedef struct wf_xml_t {
    wf_ns_e ns;
    const char *name; /* without prefix */
    int line, column; /* of the '<', from 1 */
    wf_xml_attr_t *attributes;
    const wf_xml_prefix_t *prefixes;
    struct wf_xml_t *parent, *child, *last_child, *next;
    char *text; /* own character data, children's left out; NULL if none */
    apr_size_t text_length, text_room;
} wf_xml_t;

/** The root element, or NULL with a problem added: malformed, over a limit, or an entity
 *  declaration (entities are never expanded). UTF-8, UTF-16, Latin-1 and ASCII by the XML
 *  declaration; all texts of the tree are UTF-8 and live in p. */
wf_xml_t *wf_xml_parse(const char *xml, apr_size_t length, wf_problems_t *problems,
                       apr_pool_t *p);

/** The value of an attribute, or NULL. */
const char *wf_xml_attr(const wf_xml_t *element, wf_ns_e ns, const char *name);

/** Own character data without blanks around it; NULL if nothing is left. */
const char *wf_xml_text(const wf_xml_t *element, apr_pool_t *p);

int wf_xml_is(const wf_xml_t *element, wf_ns_e ns, const char *name);

/** The first child of that name, and the next sibling of it; NULL if there is none. */
const wf_xml_t *wf_xml_child(const wf_xml_t *element, wf_ns_e ns, const char *name);
const wf_xml_t *wf_xml_next(const wf_xml_t *element, wf_ns_e ns, const char *name);

/** The first child of that name in the extension namespace, within extensionElements; NULL
 *  if there is none. wf_xml_next goes on. */
const wf_xml_t *wf_xml_extension(const wf_xml_t *element, const char *name);

/** What a qualified name (may be NULL) refers to, among elements by their ids; its prefix is
 *  seldom the right one. NULL if nothing has that id. */
const wf_xml_t *wf_xml_referred(apr_hash_t *ids, const char *reference);

/** 1 if the prefix is declared where element stands ("" always is). */
int wf_xml_prefix_known(const wf_xml_t *element, const char *prefix, apr_size_t length);

#endif
