/* Files to be taken or refused, as tables of cases: what is in the file, and the problem
 * that it must have. That an element is read and checked, but not executed yet, is no
 * problem here unless the case is about it. */
#ifndef WF_BPMN_CASES_H
#define WF_BPMN_CASES_H

#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "bpmn/model.h"
#include "tap.h"

#define DEFINITIONS                                                                      \
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "                \
    "xmlns:activiti=\"http://activiti.org/bpmn\" "                                       \
    "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" "                              \
    "xmlns:flowable=\"http://flowable.org/bpmn\" "                                       \
    "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" "                             \
    "xmlns:dd=\"http://www.omg.org/spec/DD/20100524/DI\" "                               \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "                           \
    "xmlns:other=\"http://example.org/other\" "                                          \
    "targetNamespace=\"http://example.org/t\">\n"
#define FILE_WITH(body) DEFINITIONS body "</definitions>\n"
/* The body begins in line 3. */
#define PROCESS(body) FILE_WITH("<process id=\"p\">\n" body "</process>\n")
/* A start event in line 3, an end event in line 4; the body begins in line 5. */
#define BETWEEN(body) PROCESS("<startEvent id=\"s\"/>\n<endEvent id=\"e\"/>\n" body)

#define FLOW(id, from, to)                                                               \
    "<sequenceFlow id=\"" id "\" sourceRef=\"" from "\" targetRef=\"" to "\"/>\n"
#define IF(id, from, to, text)                                                           \
    "<sequenceFlow id=\"" id "\" sourceRef=\"" from "\" targetRef=\"" to "\">"           \
    "<conditionExpression>" text "</conditionExpression></sequenceFlow>\n"
/* A signal in line 2, the process in line 3, the body begins in line 5. */
#define SIGNALLED(body)                                                                  \
    FILE_WITH("<signal id=\"g\" name=\"G\"/>\n<process id=\"p\">\n"                      \
              "<startEvent id=\"s\"/>\n" body "</process>\n")
#define CATCH(children)                                                                  \
    "<intermediateCatchEvent id=\"c\">\n" children "</intermediateCatchEvent>\n"
#define TIMER(children)                                                                  \
    SIGNALLED(CATCH("<timerEventDefinition>" children "</timerEventDefinition>\n"))
#define SIGNALS(signals)                                                                 \
    FILE_WITH(signals "<process id=\"p\"><startEvent id=\"s\"/></process>\n")
#define GATEWAY(attributes)                                                              \
    "<exclusiveGateway id=\"g\" " attributes "/>\n" FLOW("f", "s", "g")

typedef struct case_t {
    const char *what, *xml;
    const char *rule; /* of the problem or warning; NULL: there is none */
    const char *path;
    int line, warning;
} case_t;

static apr_pool_t *pool;

static inline apr_array_header_t *read_file(const char *xml, wf_problems_t **problems)
{
    apr_array_header_t *models;

    *problems = wf_problems_create("test.bpmn20.xml", pool);
    wf_model_parse(&models, xml, strlen(xml), *problems, pool);
    return models;
}

static inline int case_ignores(const case_t *c, const wf_problem_t *item)
{
    return strncmp(item->rule, "unsupported-", 12) == 0
           && (!c->rule || strcmp(c->rule, item->rule) != 0);
}

static inline const wf_problem_t *case_problem(const case_t *c,
                                               const wf_problems_t *problems, int *errors)
{
    const wf_problem_t *found = NULL;
    int i;

    *errors = 0;
    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (case_ignores(c, item)) {
            continue;
        }
        *errors += !item->warning;
        if (!found && (!c->rule || strcmp(c->rule, item->rule) == 0)) {
            found = item;
        }
    }
    return found;
}

static inline int case_passes(const case_t *c, const wf_problem_t *found, int errors)
{
    if (!c->rule) {
        return ok(!found, "%s: taken", c->what);
    }
    if (!ok(found, "%s: rule %s", c->what, c->rule)) {
        return 0;
    }
    return is_str(found->path, c->path, "%s: element", c->what)
           & is_int(found->line, c->line, "%s: line", c->what)
           & is_int(found->warning, c->warning, "%s: warning", c->what)
           & is_int(errors, !c->warning, "%s: errors", c->what);
}

static inline void check_case(const case_t *c)
{
    wf_problems_t *problems;
    const wf_problem_t *found;
    int errors;

    read_file(c->xml, &problems);
    found = case_problem(c, problems, &errors);
    if (!case_passes(c, found, errors)) {
        diag("%s", wf_problems_text(problems, pool));
    }
}

#define CHECK_CASES(cases)                                                               \
    for (int n = 0; n < (int)(sizeof(cases) / sizeof((cases)[0])); n++) {                \
        check_case(&(cases)[n]);                                                         \
    }

/** The only model of a file; bails out if it has problems other than that some of it is
 *  not executed. */
static inline const wf_model_t *read_model(const char *xml)
{
    static const case_t any = { .what = "model" };
    wf_problems_t *problems;
    apr_array_header_t *models = read_file(xml, &problems);
    int errors;

    case_problem(&any, problems, &errors);
    if (errors || models->nelts != 1) {
        printf("Bail out! %s\n%s\n", wf_problems_text(problems, pool), xml);
        exit(1);
    }
    return APR_ARRAY_IDX(models, 0, const wf_model_t *);
}

/** A node of a model; bails out if there is none. */
static inline const wf_node_t *node_of(const wf_model_t *model, const char *id)
{
    const wf_node_t *node = wf_model_node(model, id);

    if (!node) {
        printf("Bail out! no node %s\n", id);
        exit(1);
    }
    return node;
}

static inline void cases_open(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

static inline int cases_close(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

#endif
