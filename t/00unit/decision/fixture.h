/* A scope of variables from JSON, and results as JSON. */
#ifndef WF_DECISION_FIXTURE_H
#define WF_DECISION_FIXTURE_H

#include "decision/decision.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <time.h>

static apr_pool_t *pool; /* cleared for each case */

static inline int fixture_get(void *baton, const char *name, wf_value_t *value,
                              apr_pool_t *p)
{
    wf_value_t *found = wf_map_get(baton, name);

    (void)p;
    if (found) {
        *value = *found;
    }
    return found != NULL;
}

/** Members are variables; a text that begins with @ is a date. */
static inline wf_scope_t *fixture_scope(const char *json)
{
    wf_scope_t *scope = apr_pcalloc(pool, sizeof(*scope));
    json_object *parsed;
    wf_value_t value;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_json_parse(&parsed, json, strlen(json), pool, &err) != APR_SUCCESS) {
        diag("%s: %s", json, err.message);
        exit(1);
    }
    value = wf_value_from_json(parsed, pool);
    for (int i = 0; i < wf_map_count(value.as.map); i++) {
        wf_value_t *v = wf_map_at(value.as.map, i);
        apr_int64_t ms;

        if (v->type == WF_STRING && *v->as.text.data == '@'
            && wf_date_parse(&ms, v->as.text.data + 1)) {
            *v = wf_date(ms);
        }
    }
    scope->baton = value.as.map;
    scope->get = fixture_get;
    return scope;
}

static inline const char *fixture_json(const wf_value_t *value)
{
    return wf_json_text(wf_json_own(wf_value_to_json(value), pool), NULL, pool);
}

static inline void fixture_start(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

static inline int fixture_end(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

/** 1 if the message has the text; says what it was otherwise. */
static inline int fixture_says(const char *message, const char *text)
{
    int found = message && strstr(message, text) != NULL;

    if (!found) {
        diag("message: %s", message ? message : "(none)");
    }
    return found;
}

#define DEFINITIONS                                                                      \
    "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "               \
    "xmlns:camunda=\"http://camunda.org/schema/1.0/dmn\" id=\"d\" name=\"D\" "           \
    "namespace=\"n\">\n"
#define FILE_WITH(body) DEFINITIONS body "</definitions>\n"
/* The table's body begins in line 4. */
#define TABLE(attributes, body)                                                          \
    FILE_WITH("<decision id=\"t\" name=\"T\">\n<decisionTable " attributes ">\n" body    \
              "</decisionTable></decision>")
#define INPUT(attributes, text)                                                          \
    "<input><inputExpression " attributes "><text>" text                                 \
    "</text></inputExpression></input>\n"
#define OUTPUT(attributes) "<output " attributes "/>\n"
#define IN(text) "<inputEntry><text>" text "</text></inputEntry>"
#define OUT(text) "<outputEntry><text>" text "</text></outputEntry>"
#define RULE(body) "<rule>" body "</rule>\n"

#endif
