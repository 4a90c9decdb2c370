/* The registry of delegates, as its users inside this room see it. */
#ifndef WF_BPMN_DELEGATES_H
#define WF_BPMN_DELEGATES_H

#include "bpmn/bpmn.h"

typedef enum {
    WF_DELEGATE_HTTP,
    WF_DELEGATE_SCRIPT,
    WF_DELEGATE_EXTERNAL,
    WF_DELEGATE_BUILTIN,
    WF_DELEGATE_FAIL,
    WF_DELEGATE_KINDS
} wf_delegate_e;

typedef struct wf_delegate_t {
    const char *name; /* without the "*" of a prefix */
    apr_size_t length;
    wf_delegate_e kind;
    const char *value; /* URL, file or resource, topic, name, message */
    int timeout;       /* s; 0: the default */
    wf_id_t home;      /* deployment, or 0 */
} wf_delegate_t;

struct wf_delegates_t {
    apr_hash_t *exact;
    apr_array_header_t *prefixes;  /* const wf_delegate_t *, longest first */
    const wf_delegate_t *fallback; /* the default, or NULL */
};

/** NULL if there is none. The default is no prefix. delegates may be NULL. */
const wf_delegate_t *wf_delegates_exact(const wf_delegates_t *delegates,
                                        const char *name);
const wf_delegate_t *wf_delegates_prefix(const wf_delegates_t *delegates,
                                         const char *name);

#endif
