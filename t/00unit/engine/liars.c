/* Somebody who has the key, and says what no slave, or no master, would: of another
 * version, or broken. The others are not harmed, and nothing that is wrong counts. */
#include "site.h"

#define TASK "\"execution\": \"%s\", \"member\": %d, \"task\": %" APR_INT64_T_FMT

/* The latest task that is given to a slave. */
#define LATEST 500
#define NAME "\"execution\": \"e\", \"member\": 0, \"task\": " APR_STRINGIFY(LATEST)

/* What a liar has heard. */
typedef struct liar_t {
    wf_links_t *links;
    pthread_mutex_t lock;
    wf_link_t link;
    int open, closed, heard, rejected, begun;
    int member; /* of the latest assignment, and … */
    apr_int64_t task;
    char execution[100];
} liar_t;

static void on_open(void *baton, wf_link_t link, const char *name)
{
    liar_t *liar = baton;

    (void)name;
    pthread_mutex_lock(&liar->lock);
    liar->link = link;
    liar->open++;
    pthread_mutex_unlock(&liar->lock);
}

static void on_word(void *baton, wf_link_t link, json_object *message)
{
    liar_t *liar = baton;
    const char *type = wf_json_string(message, "type", "");

    (void)link;
    pthread_mutex_lock(&liar->lock);
    liar->heard++;
    liar->rejected += strcmp(type, "rejected") == 0;
    liar->begun +=
        strcmp(type, "begun") == 0 && wf_json_int(message, "task", 0) == LATEST;
    if (strcmp(type, "assign") == 0) {
        liar->member = (int)wf_json_int(message, "member", -1);
        liar->task = wf_json_int(message, "task", 0);
        apr_cpystrn(liar->execution, wf_json_string(message, "execution", ""),
                    sizeof(liar->execution));
    }
    pthread_mutex_unlock(&liar->lock);
}

static void on_close(void *baton, wf_link_t link, const char *why)
{
    liar_t *liar = baton;

    (void)link;
    (void)why;
    pthread_mutex_lock(&liar->lock);
    liar->closed++;
    pthread_mutex_unlock(&liar->lock);
}

static int number(liar_t *liar, const int *at)
{
    int value;

    pthread_mutex_lock(&liar->lock);
    value = *at;
    pthread_mutex_unlock(&liar->lock);
    return value;
}

static void make_liar(liar_t *liar, apr_pool_t *p)
{
    wf_links_options_t options = { .owner = { liar, on_open, on_word, on_close },
                                   .key = key,
                                   .limit = 10 };
    wf_error_t err;

    memset(liar, 0, sizeof(*liar));
    pthread_mutex_init(&liar->lock, NULL);
    wf_error_init(&err, p);
    must(wf_links_create(&liar->links, &options, p, &err), &err);
}

static void end_liar(liar_t *liar)
{
    wf_links_destroy(liar->links);
    pthread_mutex_destroy(&liar->lock);
}

static void say(liar_t *liar, const char *text)
{
    apr_pool_t *p = wf_pool_create("t_say", 0);
    json_object *o;
    wf_error_t err;

    wf_error_init(&err, p);
    must(wf_json_read(&o, text, strlen(text), p, &err), &err);
    wf_link_send(liar->links, liar->link, o);
    apr_pool_destroy(p);
}

/* ---- a slave ----------------------------------------------------------------------------- */

#define REGISTER(id, more)                                                               \
    "{\"type\": \"register\", \"slave_id\": \"" id "\", \"instance\": \"i\", "           \
    "\"address\": \"x:1\", \"slave_type\": \"worker\", "                                 \
    "\"capabilities\": [\"http_executor\"], \"labels\": {}, \"max_vus\": 100" more "}"

static const char *const no_registrations[] = {
    "{}",
    "{\"type\": 7}",
    "{\"type\": \"heartbeat\", \"active_vus\": 1}",
    "{\"type\": \"bye\"}",
    "{\"type\": \"register\"}",
    "{\"type\": \"register\", \"slave_id\": 7}",
    "{\"type\": \"register\", \"slave_id\": \"a\", \"slave_type\": \"boss\"}",
    "{\"type\": \"register\", \"slave_id\": \"a\", \"slave_type\": \"worker\"}",
    REGISTER("", ""),
    REGISTER("a b", ""),
    REGISTER("a\\nb", ""),
    REGISTER("a", ", \"capabilities\": {}"),
    REGISTER("a", ", \"capabilities\": [1]"),
    REGISTER("a", ", \"capabilities\": [\"x y\"]"),
    REGISTER("a", ", \"labels\": []"),
    REGISTER("a", ", \"labels\": {\"a\": 1}"),
    REGISTER("a", ", \"max_vus\": -1"),
    REGISTER("a", ", \"max_vus\": 9223372036854775807"),
    REGISTER("a", ", \"memory_mb\": 9223372036854775807"),
    REGISTER("a", ", \"cpu_cores\": 99999999999"),
};

/* Of a task that the liar has. */
static const char *const lies[] = {
    "{\"type\": \"news\", " TASK "}",
    "{\"type\": \"news\", " TASK
    ", \"sequence\": 5, \"figures\": \"x\", \"state\": \"y\"}",
    "{\"type\": \"news\", " TASK
    ", \"sequence\": 5, \"figures\": \"{}\", \"state\": \"{}\"}",
    "{\"type\": \"news\", " TASK ", \"sequence\": -5, \"base\": -7, \"figures\": "
                                 "\"{\\\"iterations\\\":-9}\", \"state\": \"[]\"}",
    "{\"type\": \"news\", " TASK
    ", \"sequence\": 9223372036854775807, \"figures\": \"{\\\"version\\\":1}\", "
    "\"state\": \"{\\\"version\\\":1,\\\"phase\\\":\\\"main\\\"}\"}",
    "{\"type\": \"begun\", " TASK ", \"at\": -9223372036854775807}",
    "{\"type\": \"begun\", " TASK ", \"at\": \"noon\"}",
    "{\"type\": \"stays\", " TASK "}",
    "{\"type\": \"heartbeat\", \"active_vus\": -9223372036854775808, "
    "\"cpu_usage\": \"hot\", \"memory_usage\": 7, \"throughput\": -1e300}",
    "{\"type\": \"heartbeat\", \"active_vus\": {}, \"throughput\": 1e999}",
    "{\"type\": \"heartbeat\"}",
};

/* Of tasks that are none, or somebody else's. */
static const char *const strange[] = {
    "{\"type\": \"over\", \"execution\": \"exec-0\", \"member\": 3, \"task\": 1, "
    "\"status\": \"completed\"}",
    "{\"type\": \"over\", \"execution\": \"exec-0\", \"member\": -1, \"task\": 1}",
    "{\"type\": \"over\", \"execution\": \"exec-0\", \"member\": 99999999999, \"task\": "
    "1}",
    "{\"type\": \"over\", \"execution\": \"nobody's\", \"member\": 0, \"task\": 1}",
    "{\"type\": \"refused\", \"execution\": \"exec-0\", \"member\": 1, \"task\": 1}",
    "{\"type\": \"news\", \"execution\": \"exec-0\", \"member\": 1, \"task\": 1, "
    "\"sequence\": 3}",
    "{\"type\": \"over\", \"execution\": 7, \"member\": {}, \"task\": []}",
    "{\"type\": \"assign\"}",
    "{\"type\": \"order\", \"execution\": \"exec-0\", \"order\": \"cut\"}",
};

static void lie_to_master(site_t *site)
{
    slave_t way = { .site = site, .fd = -1 };
    liar_t liar;
    wf_error_t err;
    size_t i;
    int fd = -1, at;

    wf_error_init(&err, site->pool);
    make_liar(&liar, site->pool);
    must(connect_to(&way, &fd, &err), &err);
    must(wf_links_join(liar.links, fd, "liar", &liar.link, &err), &err);
    WAIT_FOR(number(&liar, &liar.open) == 1);
    for (i = 0; i < sizeof(no_registrations) / sizeof(no_registrations[0]); i++) {
        say(&liar, no_registrations[i]);
    }
    WAIT_FOR(number(&liar, &liar.rejected) == (int)i - 4);
    is_int(online(site), SLAVES, "nobody came in by that");

    say(&liar, REGISTER("liar", ""));
    WAIT_FOR(online(site) == SLAVES + 1);
    at = number(&liar, &liar.rejected);
    say(&liar, REGISTER("other", ""));
    WAIT_FOR(number(&liar, &liar.rejected) == at + 1);
    say(&liar, REGISTER("slave-0", ", \"instance\": \"j\""));
    WAIT_FOR(number(&liar, &liar.rejected) == at + 2);
    is_int(online(site), SLAVES + 1, "a connection is that of one slave");

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(number(&liar, &liar.member) >= 0 && liar.execution[0] != '\0');
    WAIT_FOR(known(site) > 300);
    for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        say(&liar, strstr(lies[i], "%") == NULL
                       ? lies[i]
                       : apr_psprintf(site->pool, lies[i], liar.execution, liar.member,
                                      liar.task));
    }
    for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        say(&liar, strange[i]);
    }
    say(&liar, apr_psprintf(site->pool,
                            "{\"type\": \"refused\", " TASK ", \"error\": \"no\\nway\"}",
                            liar.execution, liar.member, liar.task));
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "beside a liar");
    is_int(number(&liar, &liar.closed), 0, "who is still there");
    end_liar(&liar);
    close(way.fd);
    WAIT_FOR(online(site) == SLAVES);
}

/* ---- a master ---------------------------------------------------------------------------- */

#define ASSIGN(more)                                                                     \
    "{\"type\": \"assign\", \"execution\": \"e\", \"member\": 0, \"task\": %d" more "}"
#define SLEEPS                                                                           \
    ", \"phase\": \"main\", \"workflow\": \"id: w\\nname: W\\nsteps:\\n- {id: s, type: " \
    "sleep, "                                                                            \
    "config: {duration: 1ms}}\\n\""

static const char *const orders[] = {
    "{}",
    "{\"type\": \"registered\"}",
    "{\"type\": \"registered\", \"heartbeat_interval_ms\": -5, "
    "\"heartbeat_timeout_ms\": -9223372036854775808}",
    "{\"type\": \"have\"}",
    "{\"type\": \"done\", \"execution\": \"e\", \"member\": 0, \"task\": 1}",
    "{\"type\": \"leave\", \"execution\": \"e\", \"member\": 0, \"task\": 1}",
    "{\"type\": \"order\", \"execution\": \"e\", \"order\": \"dance\"}",
    "{\"type\": \"order\", \"execution\": \"e\", \"order\": \"scale\", \"vus\": -1}",
    "{\"type\": \"assign\"}",
    ASSIGN(""),
    ASSIGN(SLEEPS),
    ASSIGN(SLEEPS ", \"weights\": []"),
    ASSIGN(SLEEPS ", \"weights\": [0], \"mine\": 0"),
    ASSIGN(SLEEPS ", \"weights\": [-1, 5], \"mine\": 0"),
    ASSIGN(SLEEPS ", \"weights\": [1, \"x\"], \"mine\": 0"),
    ASSIGN(SLEEPS
           ", \"weights\": [9223372036854775807, 9223372036854775807], \"mine\": 0"),
    ASSIGN(SLEEPS ", \"weights\": [1], \"mine\": 1"),
    ASSIGN(SLEEPS ", \"weights\": [1], \"mine\": 0, \"phase\": \"night\""),
    ASSIGN(SLEEPS
           ", \"weights\": [1], \"mine\": 0, \"variables\": \"[]\", \"start\": -1"),
    ASSIGN(SLEEPS ", \"weights\": [1], \"mine\": 0, \"from\": {\"state\": \"{}\"}"),
    ASSIGN(SLEEPS ", \"weights\": [1], \"mine\": 0, \"orders\": [7, {\"order\": 8}]"),
    ASSIGN(
        ", \"phase\": \"main\", \"workflow\": \"id: [\", \"weights\": [1], \"mine\": 0"),
    ASSIGN(
        ", \"phase\": \"main\", \"workflow\": \"x\", \"json\": true, \"weights\": [1], "
        "\"mine\": 0"),
    ASSIGN(SLEEPS ", \"weights\": [1], \"mine\": 0, \"start\": 9223372036854775807"),
};

typedef struct way_t {
    liar_t *liar;
    int fd; /* the liar's end is taken over */
} way_t;

/* The slave connects to the liar. */
static apr_status_t dial_liar(void *baton, int *fd, apr_pool_t *p, wf_error_t *err)
{
    way_t *way = baton;
    apr_int64_t ticket = 0;
    wf_link_t link;
    int fds[2];

    (void)p;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
        || wf_links_reserve(way->liar->links, &ticket, err) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_INTERNAL, "no sockets");
    }
    *fd = fds[1];
    return wf_links_open(way->liar->links, ticket, fds[0], "", 0, &link, err);
}

/* It does not want a task, says so twice, and gives it out again while that one ends. */
static void change_its_mind(liar_t *liar)
{
    static const char assign[] =
        "{\"type\": \"assign\", " NAME ", \"phase\": \"main\", \"weights\": [1], "
        "\"mine\": 0, \"workflow\": \"id: w\\nname: W\\nsteps:\\n"
        "- {id: s, type: sleep, config: {duration: 1ms}}\\n"
        "options: {vus: 2, duration: 60s}\\n\"}";
    static const char unwanted[] = "{\"type\": \"have\", " NAME ", \"have\": -1}";

    say(liar, assign);
    WAIT_FOR(number(liar, &liar->begun) == 1);
    say(liar, unwanted);
    say(liar, unwanted);
    say(liar, assign);
    WAIT_FOR(number(liar, &liar->begun) == 2);
}

static void lie_to_slave(site_t *site)
{
    apr_pool_t *p = wf_pool_create("t_liar", 0);
    wf_load_options_t load = { .loops = 1, .max_executions = 5, .max_vus = 100 };
    apr_array_header_t *none = apr_array_make(p, 1, sizeof(const char *));
    liar_t liar;
    way_t way = { .liar = &liar };
    wf_agent_options_t options = {
        .around = &steps_only,
        .key = key,
        .dial = dial_liar,
        .baton = &way,
        .report = 20000,
        .timeout = TIMEOUT_MS * 1000,
        .self = { .id = "honest",
                  .address = "x:1",
                  .capabilities = none,
                  .labels = apr_table_make(p, 1),
                  .max_vus = 10 },
    };
    wf_agent_t *agent;
    wf_error_t err;
    size_t i;
    int heard;

    (void)site;
    wf_error_init(&err, p);
    make_liar(&liar, p);
    must(wf_load_create(&options.load, &load, p, &err), &err);
    must(wf_agent_create(&agent, &options, p, &err), &err);
    WAIT_FOR(number(&liar, &liar.heard) > 0); /* it introduces itself */
    for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        say(&liar, apr_psprintf(p, orders[i], (int)i + 1));
    }
    heard = number(&liar, &liar.heard);
    WAIT_FOR(number(&liar, &liar.heard) > heard + 3);
    is_int(number(&liar, &liar.closed), 0, "the slave is still there");
    change_its_mind(&liar);
    wf_agent_destroy(agent);
    wf_load_destroy(options.load);
    end_liar(&liar);
    apr_pool_destroy(p);
}

int main(void)
{
    site_t site;
    int i;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    for (i = 0; i < SLAVES; i++) {
        open_slave(&site, i, &key);
    }
    WAIT_FOR(online(&site) == SLAVES);
    lie_to_master(&site);
    lie_to_slave(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
