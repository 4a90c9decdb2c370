/* Who is chosen for an execution, in which order, and what is said when nobody is. */
#include "../tap.h"
#include "cluster/cluster.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static apr_pool_t *pool;

/* "a b" as a list, "a=1 b=2" as a table. */
static apr_array_header_t *list_of(const char *text)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *rest = apr_pstrdup(pool, text), *word, *state;

    for (word = strtok_r(rest, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    return list;
}

static apr_table_t *table_of(const char *text)
{
    apr_array_header_t *words = list_of(text);
    apr_table_t *table = apr_table_make(pool, 4);
    int i;

    for (i = 0; i < words->nelts; i++) {
        char *word = APR_ARRAY_IDX(words, i, char *), *sign = strchr(word, '=');

        *sign = '\0';
        apr_table_set(table, word, sign + 1);
    }
    return table;
}

static const struct {
    const char *id;
    wf_slave_type_e type;
    wf_slave_state_e state;
    const char *capabilities, *labels;
    int max_vus, active_vus;
} servers[] = {
    { "a", WF_SLAVE_WORKER, WF_SLAVE_ONLINE, "http script", "zone=1 disk=ssd", 100, 50 },
    { "b", WF_SLAVE_WORKER, WF_SLAVE_ONLINE, "http script db", "zone=1", 100, 10 },
    { "c", WF_SLAVE_WORKER, WF_SLAVE_ONLINE, "http script", "zone=2", 200, 20 },
    { "d", WF_SLAVE_WORKER, WF_SLAVE_BUSY, "http script db", "zone=2", 10, 10 },
    { "e", WF_SLAVE_WORKER, WF_SLAVE_DRAINING, "http script", "zone=3", 100, 0 },
    { "f", WF_SLAVE_WORKER, WF_SLAVE_OFFLINE, "http script mq", "zone=3", 100, 0 },
    { "g", WF_SLAVE_GATEWAY, WF_SLAVE_ONLINE, "http script", "zone=1", 100, 0 },
};

static apr_array_header_t *slaves(size_t n)
{
    apr_array_header_t *all = apr_array_make(pool, 8, sizeof(wf_slave_t));
    size_t i;

    for (i = 0; i < n; i++) {
        APR_ARRAY_PUSH(all, wf_slave_t) =
            (wf_slave_t){ .id = servers[i].id,
                          .address = "x:1",
                          .type = servers[i].type,
                          .state = servers[i].state,
                          .capabilities = list_of(servers[i].capabilities),
                          .labels = table_of(servers[i].labels),
                          .max_vus = servers[i].max_vus,
                          .active_vus = servers[i].active_vus };
    }
    return all;
}

static const struct {
    wf_select_mode_e mode;
    const char *given; /* ids, labels or capabilities */
    int min, max;
    const char *needs;
    int vus;
    const char *chosen, *weights; /* … */
    const char *refused;          /* or that */
} cases[] = {
    /* clang-format off */
    { WF_SELECT_AUTO,       "",        0, 0, "http", 10,  "b c a",  "90 180 50", NULL },
    { WF_SELECT_AUTO,       "",        0, 2, "http", 10,  "b c",    "90 180",    NULL },
    { WF_SELECT_AUTO,       "",        3, 3, "http", 10,  "b c a",  NULL,        NULL },
    { WF_SELECT_AUTO,       "",        4, 0, "http", 10,  NULL, NULL, "not enough slaves available: need 4, have 3" },
    { WF_SELECT_AUTO,       "",        0, 0, "http db", 10, "b",    "90",        NULL },
    { WF_SELECT_AUTO,       "",        2, 0, "db",   10,  NULL, NULL, "not enough slaves available: need 2, have 1" },
    { WF_SELECT_AUTO,       "",        0, 0, "mq",   10,  NULL, NULL, "no slaves found with capabilities: mq" },
    { WF_SELECT_AUTO,       "",        0, 0, "http", 2,   "b c",    NULL,        NULL },
    { WF_SELECT_AUTO,       "",        0, 0, "http", 320, "b c a",  NULL,        NULL },
    { WF_SELECT_AUTO,       "",        0, 0, "http", 321, NULL, NULL, "the slaves chosen have room for 320 virtual users together, and 321 are asked for" },
    { WF_SELECT_AUTO,       "",        0, 1, "http", 91,  NULL, NULL, "the slaves chosen have room for 90 virtual users together, and 91 are asked for" },
    { WF_SELECT_MANUAL,     "c a",     0, 0, "http", 10,  "c a",    "180 50",    NULL },
    { WF_SELECT_MANUAL,     "a a c",   0, 0, "http", 10,  "a c",    NULL,        NULL },
    { WF_SELECT_MANUAL,     "g",       0, 0, "http", 10,  "g",      "100",       NULL },
    { WF_SELECT_MANUAL,     "a x",     0, 0, "http", 10,  NULL, NULL, "slave not found: x" },
    { WF_SELECT_MANUAL,     "a f",     0, 0, "http", 10,  NULL, NULL, "slave is not online: f" },
    { WF_SELECT_MANUAL,     "d",       0, 0, "http", 1,   NULL, NULL, "slave is not online: d" },
    { WF_SELECT_MANUAL,     "b a",     0, 0, "db",   1,   NULL, NULL, "slave a lacks db, which a step needs" },
    { WF_SELECT_LABEL,      "zone=1",  0, 0, "http", 10,  "b a",    "90 50",     NULL },
    { WF_SELECT_LABEL,      "zone=1 disk=ssd", 0, 0, "http", 10, "a", "50",     NULL },
    { WF_SELECT_LABEL,      "zone=1",  0, 1, "http", 10,  "b",      NULL,        NULL },
    { WF_SELECT_LABEL,      "zone=1",  3, 0, "http", 10,  NULL, NULL, "not enough slaves available: need 3, have 2" },
    { WF_SELECT_LABEL,      "zone=3",  0, 0, "http", 10,  NULL, NULL, "no slaves found matching labels: zone=3" },
    { WF_SELECT_LABEL,      "zone=1 disk=hdd", 0, 0, "http", 10, NULL, NULL, "no slaves found matching labels: zone=1, disk=hdd" },
    { WF_SELECT_LABEL,      "zone=2",  0, 0, "db",   10,  NULL, NULL, "no slaves found with capabilities: db" },
    { WF_SELECT_CAPABILITY, "db",      0, 0, "http", 10,  "b",      "90",        NULL },
    { WF_SELECT_CAPABILITY, "db mq",   0, 0, "http", 10,  NULL, NULL, "no slaves found with capabilities: db,mq" },
    /* clang-format on */
};

static const char *text_of(const apr_array_header_t *chosen, int weights)
{
    apr_int64_t *of = wf_select_weights(chosen, pool);
    const char *text = "";
    int i;

    for (i = 0; i < chosen->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? " " : "",
                           weights ? apr_psprintf(pool, "%" APR_INT64_T_FMT, of[i])
                                   : APR_ARRAY_IDX(chosen, i, const wf_slave_t *)->id,
                           NULL);
    }
    return text;
}

#define MODE(name) (cases[i].mode == WF_SELECT_##name)

static void selects(void)
{
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_selector_t selector = { .mode = cases[i].mode,
                                   .min_slaves = cases[i].min,
                                   .max_slaves = cases[i].max };
        wf_wanted_t wanted = { list_of(cases[i].needs), cases[i].vus };
        apr_array_header_t *chosen = NULL;
        wf_error_t err;

        wf_error_init(&err, pool);
        selector.ids = MODE(MANUAL) ? list_of(cases[i].given) : NULL;
        selector.labels = MODE(LABEL) ? table_of(cases[i].given) : NULL;
        selector.capabilities = MODE(CAPABILITY) ? list_of(cases[i].given) : NULL;
        wf_select(&chosen, slaves(sizeof(servers) / sizeof(servers[0])), &selector,
                  &wanted, pool, &err);
        is_str(chosen ? text_of(chosen, 0) : NULL, cases[i].chosen, "chosen by \"%s\"",
               cases[i].given);
        is_str(err.message, cases[i].refused, "what is said");
        if (cases[i].weights != NULL && chosen != NULL) {
            is_str(text_of(chosen, 1), cases[i].weights, "as they have room");
        }
    }
}

static void nobody(void)
{
    wf_selector_t selector = { .mode = WF_SELECT_AUTO };
    wf_wanted_t wanted = { list_of("http"), 1 };
    apr_array_header_t *chosen = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    is_int(wf_select(&chosen, slaves(0), &selector, &wanted, pool, &err), WF_EFAILED,
           "without slaves");
    is_str(err.message, "no online slaves available", "nobody is there");
    is_int(err.kind, WF_ERR_UNAVAILABLE, "which may change");
}

/* Labels and capabilities together, and another type than workers. */
static void combines(void)
{
    apr_array_header_t *all = slaves(sizeof(servers) / sizeof(servers[0])), *chosen;
    wf_selector_t selector = { .mode = WF_SELECT_LABEL,
                               .labels = table_of(apr_pstrdup(pool, "zone=1")),
                               .capabilities = list_of("db") };
    wf_wanted_t wanted = { list_of("http"), 1 };
    wf_error_t err;

    wf_error_init(&err, pool);
    is_int(wf_select(&chosen, all, &selector, &wanted, pool, &err), APR_SUCCESS, "both");
    is_str(text_of(chosen, 0), "b", "who has label and capability");
    selector.capabilities = list_of("mq");
    is_int(wf_select(&chosen, all, &selector, &wanted, pool, &err), WF_EFAILED, "nobody");
    is_str(err.message, "no slaves found with capabilities: mq", "lacks the capability");
    selector = (wf_selector_t){ .mode = WF_SELECT_AUTO, .type = "gateway" };
    is_int(wf_select(&chosen, all, &selector, &wanted, pool, &err), APR_SUCCESS,
           "another type");
    is_str(text_of(chosen, 0), "g", "is chosen if it is asked for");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    selects();
    combines();
    nobody();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
