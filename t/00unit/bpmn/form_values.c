/* Form properties: which files are refused, what a form shows, what a submitted one sets,
 * and what history keeps of it. The server stands in central Europe. */
#include <time.h>

#include "world.h"

#define PROPERTY(attributes) "<activiti:formProperty " attributes "/>"
#define FORM(element, properties)                                                        \
    "<" element "><extensionElements>" properties "</extensionElements></"
#define START_FORM(properties)                                                           \
    PROCESS(FORM("startEvent id=\"s\"", properties) "startEvent>\n" TASK("t")            \
                FLOW("s", "t"))
#define TASK_FORM(properties)                                                            \
    PROCESS(START FORM("userTask id=\"t\"", properties) "userTask>\n" FLOW("s", "t")     \
                TASK("u") FLOW("t", "u"))
#define COLOURS                                                                          \
    "<activiti:formProperty id=\"x\" type=\"enum\">"                                     \
    "<activiti:value id=\"r\" name=\"Red\"/><activiti:value id=\"g\"/>"                  \
    "</activiti:formProperty>"
#define DATE "type=\"date\" datePattern=\"yyyy-MM-dd\""

#define COUNT(table) ((int)(sizeof(table) / sizeof(table[0])))

/* ---- files ------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *xml, *rule, *why;
    int warning;
} files[] = {
    { "all types",      START_FORM(PROPERTY("id=\"a\" type=\"string\"") PROPERTY("id=\"b\" type=\"long\"")
                                   PROPERTY("id=\"c\" type=\"double\"") PROPERTY("id=\"d\" type=\"boolean\"")
                                   PROPERTY("id=\"e\" " DATE) COLOURS), NULL, NULL, 0 },
    { "of a task",      TASK_FORM(PROPERTY("id=\"a\"")),              NULL, NULL, 0 },
    { "a date without pattern", START_FORM(PROPERTY("id=\"a\" type=\"date\"")), NULL, NULL, 0 },
    { "no id",          START_FORM(PROPERTY("name=\"a\"")),           "missing-id", "formProperty", 0 },
    { "unknown type",   START_FORM(PROPERTY("id=\"a\" type=\"money\"")), "form-type", "money", 0 },
    { "a flag",         TASK_FORM(PROPERTY("id=\"a\" required=\"yes\"")), "attribute-value", "required", 1 },
    { "a pattern",      START_FORM(PROPERTY("id=\"a\" type=\"date\" datePattern=\"dd/MM/YYYY\"")),
                                                                       "date-pattern", "letter Y", 0 },
    { "an expression",  TASK_FORM(PROPERTY("id=\"a\" expression=\"${\"")), "expression-syntax", "expression", 0 },
    { "a default",      START_FORM(PROPERTY("id=\"a\" default=\"${a +}\"")), "expression-syntax", "default", 0 },
    { "a value without id", START_FORM("<activiti:formProperty id=\"a\" type=\"enum\"><activiti:value name=\"R\"/>"
                                       "<activiti:value id=\"g\"/></activiti:formProperty>"),
                                                                       "missing-id", "value", 0 },
    { "no values",      START_FORM(PROPERTY("id=\"a\" type=\"enum\"")), "form-values", "without values", 1 },
    { "twice",          START_FORM(PROPERTY("id=\"a\"") PROPERTY("id=\"a\"")), "duplicate-id", "second", 1 },
};
/* clang-format on */

static void check_file(int i)
{
    wf_problems_t *problems = wf_problems_create("f", world.pool);
    const wf_problem_t *problem;
    apr_array_header_t *models;

    wf_model_parse(&models, files[i].xml, strlen(files[i].xml), problems, world.pool);
    if (!files[i].rule) {
        is_str(wf_problems_text(problems, world.pool), "", "file: %s", files[i].what);
        return;
    }
    if (!is_int(problems->items->nelts, 1, "file: %s: one problem", files[i].what)) {
        diag("%s", wf_problems_text(problems, world.pool));
        return;
    }
    problem = &APR_ARRAY_IDX(problems->items, 0, wf_problem_t);
    is_str(problem->rule, files[i].rule, "file: %s: rule", files[i].what);
    is_int(problem->warning, files[i].warning, "file: %s: warning", files[i].what);
    ok(strstr(problem->message, files[i].why) != NULL, "file: %s: names %s",
       files[i].what, files[i].why);
}

/* ---- submitting and showing one property ------------------------------------------- */

typedef struct case_t {
    const char *what, *properties;
    const char *text;     /* submitted for x; NULL: nothing */
    const char *variable; /* x as JSON afterwards; NULL: refused */
    const char *shown;    /* value of x in the next form */
} case_t;

#define REFUSED NULL, NULL
#define X(attributes) PROPERTY("id=\"x\" " attributes)
#define IS(type) X("type=\"" type "\"")

/* clang-format off */
static const case_t values[] = {
    { "no type",            X(""),              "5",            "\"5\"",          "5" },
    { "string",             IS("string"),       "a b",          "\"a b\"",        "a b" },
    { "empty string",       IS("string"),       "",             "\"\"",           "" },
    { "long",               IS("long"),         "9000000000",   "9000000000",     "9000000000" },
    { "negative long",      IS("long"),         "-5",           "-5",             "-5" },
    { "empty long",         IS("long"),         "",             "null",           NULL },
    { "long with fraction", IS("long"),         "5.5",          REFUSED },
    { "long too long",      IS("long"),         "9223372036854775808", REFUSED },
    { "no long",            IS("long"),         "five",         REFUSED },
    { "double",             IS("double"),       "5.5",          "5.5",            "5.5" },
    { "whole double",       IS("double"),       "5",            "5.0",            "5.0" },
    { "double by exponent", IS("double"),       "25e-1",        "2.5",            "2.5" },
    { "hexadecimal double", IS("double"),       "0x10",         REFUSED },
    { "infinite double",    IS("double"),       "1e999",        REFUSED },
    { "named double",       IS("double"),       "nan",          REFUSED },
    { "double with comma",  IS("double"),       "5,5",          REFUSED },
    { "true",               IS("boolean"),      "true",         "true",           "true" },
    { "FALSE",              IS("boolean"),      "FALSE",        "false",          "false" },
    { "empty boolean",      IS("boolean"),      "",             "null",           NULL },
    { "no boolean",         IS("boolean"),      "yes",          REFUSED },
    { "date",               X(DATE),            "2026-07-01",   "\"2026-07-01T00:00:00.000+02:00\"", "2026-07-01" },
    { "date of no calendar", X(DATE),           "2026-02-29",   REFUSED },
    { "date of default pattern", IS("date"),    "01/07/2026",   "\"2026-07-01T00:00:00.000+02:00\"", "01/07/2026" },
    { "enum",               COLOURS,            "r",            "\"r\"",          "r" },
    { "no value of enum",   COLOURS,            "blue",         REFUSED },
    { "empty enum",         COLOURS,            "",             REFUSED },
    { "not writable",       X("writable=\"false\""), "5",       REFUSED },
    { "not writable, not submitted", X("writable=\"false\" default=\"${7}\" type=\"long\""), NULL, "7", "7" },
    { "required",           X("required=\"true\""), "5",        "\"5\"",          "5" },
    { "required, empty",    X("required=\"true\""), "",         "\"\"",           "" },
    { "required, missing",  X("required=\"true\""), NULL,       REFUSED },
    { "required with default", X("required=\"true\" default=\"six\""), NULL, "\"six\"", "six" },
    { "required, default null", X("required=\"true\" default=\"${null}\""), NULL, REFUSED },
    { "default",            X("type=\"long\" default=\"${3 * 4}\""), NULL, "12",   "12" },
    { "default, submitted", X("type=\"long\" default=\"${3 * 4}\""), "5", "5",     "5" },
    { "default that does not fit", X("type=\"long\" default=\"many\""), NULL, REFUSED },
    { "own variable",       PROPERTY("id=\"y\" variable=\"x\"") , NULL, "",       NULL },
    { "readable not",       X("readable=\"false\""), "5",       "\"5\"",          NULL },
    { "expression of a variable", PROPERTY("id=\"x\" expression=\"${x}\" type=\"long\""), "5", "5", "5" },
};
/* clang-format on */

static wf_map_t *submitted(const char *id, const char *text)
{
    wf_map_t *map = world_vars();

    if (text) {
        wf_map_set(map, id, wf_string(text));
    }
    return map;
}

static const wf_form_property_t *property(const apr_array_header_t *list, const char *id)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const wf_form_property_t *one = &APR_ARRAY_IDX(list, i, wf_form_property_t);

        if (strcmp(one->id, id) == 0) {
            return one;
        }
    }
    return NULL;
}

static void check_kind(const char *what, wf_err_kind_e want)
{
    is_int(world.err.kind, want, "%s: kind of the error", what);
    if (want == WF_ERR_INVALID) {
        is_str(world.err.field, "x", "%s: it names the property", what);
    }
}

/* A default is the process's own fault. */
static wf_err_kind_e kind_of(const case_t *c)
{
    return strstr(c->what, "does not fit") ? WF_ERR_EXECUTION : WF_ERR_INVALID;
}

/* The same form on the start event and on a task: submitted, then shown by a task. */
static void check_value(const case_t *c)
{
    const wf_definition_t *at_start = world_deploy(
        apr_pstrcat(world.pool, DEFINITIONS "<process id=\"p\">",
                    "<startEvent id=\"s\"><extensionElements>", c->properties,
                    "</extensionElements></startEvent><userTask id=\"t\">"
                    "<extensionElements>",
                    c->properties,
                    "</extensionElements></userTask><userTask id=\"u\">"
                    "<extensionElements>",
                    c->properties,
                    "</extensionElements></userTask>" FLOW("s", "t")
                        FLOW("t", "u") "</process></definitions>",
                    NULL));
    wf_started_t started;
    apr_array_header_t *list;
    const wf_bpmn_call_t *call;
    apr_status_t rv;
    wf_id_t task;

    call = world_begin();
    rv = world_end(wf_bpmn_submit_start(call, at_start, submitted("x", c->text), NULL,
                                        &started, &world.err));
    if (!c->variable) {
        ok(rv != APR_SUCCESS, "start: %s: refused", c->what);
        check_kind(c->what, kind_of(c));
    }
    else if (!ok(rv == APR_SUCCESS, "start: %s: taken", c->what)) {
        diag("%s", world.err.message);
        return;
    }
    world_start(at_start, NULL, &started);
    task = world_task(started.id, "t");
    call = world_begin();
    rv = world_end(wf_bpmn_submit_task(call, task, submitted("x", c->text), &world.err));
    if (!c->variable) {
        ok(rv != APR_SUCCESS, "task: %s: refused", c->what);
        check_kind(c->what, kind_of(c));
        is_str(world_tasks(started.id), "t", "task: %s: it is still open", c->what);
        return;
    }
    if (!ok(rv == APR_SUCCESS, "task: %s: taken", c->what)) {
        diag("%s", world.err.message);
        return;
    }
    is_str(world_tasks(started.id), "u", "task: %s: completed", c->what);
    is_str(world_var(started.id, "x"), *c->variable ? c->variable : NULL,
           "task: %s: variable", c->what);
    task = world_task(started.id, "u");
    rv = wf_bpmn_task_properties(world_begin(), task, &list, &world.err);
    if (ok(rv == APR_SUCCESS, "task: %s: shown", c->what) && property(list, "x")) {
        is_str(property(list, "x")->value, c->shown, "task: %s: value", c->what);
    }
}

/* ---- declarations ------------------------------------------------------------------ */

static void declarations(void)
{
    const wf_definition_t *definition = world_deploy(START_FORM(
        PROPERTY("id=\"a\" name=\"An A\" required=\"true\" default=\"${1 + 1}\"")
            PROPERTY("id=\"b\" type=\"date\" readable=\"false\" default=\"x\"")
                COLOURS PROPERTY("id=\"c\" expression=\"${c}\" writable=\"false\"")));
    const wf_form_property_t *row;
    apr_array_header_t *list;

    ok(wf_bpmn_start_properties(world_begin(), definition, &list, &world.err)
           == APR_SUCCESS,
       "declarations of a start form");
    is_int(list->nelts, 4, "their number");
    row = property(list, "a");
    is_str(row->name, "An A", "a name");
    is_str(row->type, NULL, "no type");
    is_str(row->value, "2", "the default is shown");
    ok(row->required && row->readable && row->writable && !row->values, "flags of a");
    row = property(list, "b");
    is_str(row->value, NULL, "what is not readable has no value");
    is_str(row->type, "date", "a type");
    is_str(row->date_pattern, "dd/MM/yyyy", "the pattern of dates");
    ok(!row->required && !row->readable && row->writable, "flags of b");
    row = property(list, "x");
    is_int(row->values->nelts, 2, "values of an enum");
    is_str(APR_ARRAY_IDX(row->values, 0, wf_form_value_t).name, "Red",
           "the first's name");
    is_str(APR_ARRAY_IDX(row->values, 1, wf_form_value_t).name, NULL, "the second's");
    row = property(list, "c");
    is_str(row->value, NULL, "a start form evaluates no expression");
    ok(!row->writable, "flags of c");
    definition = world_deploy(PROCESS(START TASK("t") FLOW("s", "t")));
    wf_bpmn_start_properties(world_begin(), definition, &list, &world.err);
    is_int(list->nelts, 0, "no declarations");
    ok(wf_bpmn_task_properties(world_begin(), 4711, &list, &world.err) != APR_SUCCESS,
       "an unknown task");
    is_int(world.err.kind, WF_ERR_NOT_FOUND, "is not found");
}

/* ---- values of any type, shown ----------------------------------------------------- */

static void shown_as_they_are(void)
{
    const wf_definition_t *definition = world_deploy(TASK_FORM(
        PROPERTY("id=\"a\" " DATE) PROPERTY("id=\"b\" type=\"long\"") PROPERTY("id=\"c\"")
            PROPERTY("id=\"d\" type=\"boolean\"")
                PROPERTY("id=\"e\" expression=\"${m.k} and ${b}\"")
                    PROPERTY("id=\"f\" variable=\"b\" expression=\"${nobody}\"")));
    wf_map_t *vars = world_vars(), *map = world_vars();
    wf_started_t started;
    apr_array_header_t *list;

    wf_map_set(map, "k", wf_string("v"));
    wf_map_set(vars, "a", wf_date(1767225600000LL));
    wf_map_set(vars, "b", wf_string("many"));
    wf_map_set(vars, "c", wf_double(1.5));
    wf_map_set(vars, "m", wf_map(map));
    world_start(definition, vars, &started);
    if (!ok(wf_bpmn_task_properties(world_begin(), world_task(started.id, "t"), &list,
                                    &world.err)
                == APR_SUCCESS,
            "a form shows what is there")) {
        diag("%s", world.err.message);
        return;
    }
    is_str(property(list, "a")->value, "2026-01-01", "a date by its pattern");
    is_str(property(list, "b")->value, "many", "a text in place of a number");
    is_str(property(list, "c")->value, "1.5", "a number without type");
    is_str(property(list, "d")->value, NULL, "a variable that is not there");
    is_str(property(list, "e")->value, "v and many", "an expression");
    is_str(property(list, "f")->value, "many", "the variable wins over the expression");
}

/* ---- where values go --------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *expression;
    const char *address; /* afterwards; NULL: it fails */
} places[] = {
    { "a member",         "${address.street}",      "{\"street\":\"x\",\"in\":{\"city\":\"B\"}}" },
    { "a deep one",       "#{ address . in.city }", "{\"street\":\"A\",\"in\":{\"city\":\"x\"}}" },
    { "a new one",        "${address.floor}",       "{\"street\":\"A\",\"in\":{\"city\":\"B\"},\"floor\":\"x\"}" },
    { "the whole",        "${address}",             "\"x\"" },
    { "below a text",     "${address.street.name}", NULL },
    { "of nothing",       "${home.street}",         NULL },
    { "of a sum",         "${address.street + 1}",  NULL },
    { "a constant",       "address",                NULL },
    { "a call",           "${address.get('street')}", NULL },
    { "a number",         "${1}",                   NULL },
    { "two",              "${address}${address}",   NULL },
};
/* clang-format on */

static wf_map_t *address(void)
{
    wf_map_t *vars = world_vars(), *map = world_vars(), *city = world_vars();

    wf_map_set(city, "city", wf_string("B"));
    wf_map_set(map, "street", wf_string("A"));
    wf_map_set(map, "in", wf_map(city));
    wf_map_set(vars, "address", wf_map(map));
    return vars;
}

static void check_place(int i)
{
    const wf_definition_t *definition = world_deploy(apr_pstrcat(
        world.pool,
        DEFINITIONS "<process id=\"p\">" START "<userTask id=\"t\">"
                    "<extensionElements><activiti:formProperty id=\"x\" expression=\"",
        places[i].expression,
        "\"/></extensionElements></userTask>" TASK("u") FLOW("s", "t")
            FLOW("t", "u") "</process></definitions>",
        NULL));
    const wf_bpmn_call_t *call;
    wf_started_t started;
    apr_status_t rv;
    wf_id_t task;

    world_start(definition, address(), &started);
    task = world_task(started.id, "t");
    call = world_begin();
    rv = world_end(wf_bpmn_submit_task(call, task, submitted("x", "x"), &world.err));
    if (!places[i].address) {
        ok(rv != APR_SUCCESS, "storing in %s fails", places[i].what);
        is_int(world.err.kind, WF_ERR_EXECUTION, "storing in %s: kind", places[i].what);
        return;
    }
    ok(rv == APR_SUCCESS, "storing in %s", places[i].what);
    is_str(world_var(started.id, "address"), places[i].address, "storing in %s: value",
           places[i].what);
}

static void several_members(void)
{
    const wf_definition_t *definition = world_deploy(TASK_FORM(
        PROPERTY("id=\"x\" expression=\"${address.street}\"")
            PROPERTY("id=\"y\" expression=\"${address.floor}\" type=\"long\"")));
    wf_map_t *map = submitted("x", "x");
    wf_started_t started;
    wf_id_t task;

    wf_map_set(map, "y", wf_string("3"));
    world_start(definition, address(), &started);
    task = world_task(started.id, "t");
    world_end(wf_bpmn_submit_task(world_begin(), task, map, &world.err));
    is_str(world_var(started.id, "address"),
           "{\"street\":\"x\",\"in\":{\"city\":\"B\"},\"floor\":3}",
           "two properties of one map");
}

static void odd_values(void)
{
    const wf_definition_t *definition =
        world_deploy(START_FORM(PROPERTY("id=\"x\" type=\"long\" required=\"true\"")));
    wf_map_t *map = world_vars();
    wf_started_t started;

    wf_map_set(map, "x", wf_integer(5));
    ok(wf_bpmn_submit_start(world_begin(), definition, map, NULL, &started, &world.err)
           != APR_SUCCESS,
       "a number is no text");
    check_kind("a number", WF_ERR_INVALID);
    wf_map_set(map, "x", wf_null());
    ok(wf_bpmn_submit_start(world_begin(), definition, map, NULL, &started, &world.err)
           != APR_SUCCESS,
       "null is not what is required");
    check_kind("null", WF_ERR_INVALID);
    wf_map_set(map, "x", wf_string("5"));
    wf_map_set(map, "other", wf_boolean(1));
    ok(wf_bpmn_submit_start(world_begin(), definition, map, NULL, &started, &world.err)
           != APR_SUCCESS,
       "nor is a boolean that is not declared");
}

/* ---- history ----------------------------------------------------------------------- */

static const wf_hi_detail_t *detail(const apr_array_header_t *rows, int i)
{
    return APR_ARRAY_IDX(rows, i, const wf_hi_detail_t *);
}

static const char *activity(const wf_hi_detail_t *row)
{
    return ((wf_hi_actinst_t *)world_row(WF_TABLE_HI_ACTINST, row->act_inst_id))->act_id;
}

static void history(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(
        FORM("startEvent id=\"s\"",
             PROPERTY("id=\"a\" type=\"long\"")) "startEvent>" FORM("userTask id=\"t\"",
                                                                    PROPERTY("id="
                                                                             "\"b\""
                                                                             " " DATE)) "userTask>" END
            FLOW("s", "t") FLOW("t", "e")));
    wf_map_t *map = submitted("a", "007");
    wf_started_t started;
    apr_array_header_t *rows;
    wf_id_t task;

    wf_map_set(map, "free", wf_string("text"));
    ok(world_end(wf_bpmn_submit_start(world_begin(), definition, map, "order 1", &started,
                                      &world.err))
           == APR_SUCCESS,
       "a start form is submitted");
    is_str(world_places(&started), "t", "the process rests");
    is_str(world_var(started.id, "a"), "7", "what is declared is converted");
    is_str(world_var(started.id, "free"), "\"text\"", "what is not stays a text");
    rows = world_select(WF_BY_HI_DETAILS_OF_INSTANCE, started.id);
    is_int(rows->nelts, 2, "both are in history");
    is_str(detail(rows, 0)->type, "FormProperty", "its type");
    is_str(detail(rows, 0)->name, "a", "its name");
    is_str(detail(rows, 0)->value.as.text.data, "007", "its text, as submitted");
    is_int(detail(rows, 0)->time, world.now - 30, "its time");
    is_int(detail(rows, 0)->task_id, 0, "no task");
    is_int(detail(rows, 0)->execution_id, started.id, "its execution");
    is_str(activity(detail(rows, 0)), "s", "its activity");
    task = world_task(started.id, "t");
    ok(world_end(wf_bpmn_submit_task(world_begin(), task, submitted("b", "2026-01-01"),
                                     &world.err))
           == APR_SUCCESS,
       "a task form is submitted");
    is_int(world_executions(started.id), 0, "the process has ended");
    rows = world_select(WF_BY_HI_DETAILS_OF_TASK, task);
    is_int(rows->nelts, 1, "history of the task");
    is_str(detail(rows, 0)->value.as.text.data, "2026-01-01", "its text");
    is_str(activity(detail(rows, 0)), "t", "its activity");
    is_int(world_select(WF_BY_HI_DETAILS_OF_INSTANCE, started.id)->nelts, 3,
           "history of the instance");
}

/* A task without a process can be completed by an empty form only. */
static void task_alone(void)
{
    wf_task_change_t change = {.set = WF_TASK_NAME, .name = "alone"};
    apr_array_header_t *list;
    const wf_bpmn_call_t *call;
    wf_task_t *task;
    wf_id_t id;

    call = world_begin();
    ok(wf_bpmn_create_task(call, &change, &task, &world.err) == APR_SUCCESS,
       "a task alone");
    id = task->id;
    world_end(APR_SUCCESS);
    ok(wf_bpmn_task_properties(world_begin(), id, &list, &world.err) == APR_SUCCESS
           && list->nelts == 0,
       "it has no properties");
    ok(wf_bpmn_submit_task(world_begin(), id, submitted("x", "x"), &world.err)
           != APR_SUCCESS,
       "it keeps no values");
    is_int(world.err.kind, WF_ERR_CONFLICT, "that is a conflict");
    ok(world_end(wf_bpmn_submit_task(world_begin(), id, world_vars(), &world.err))
           == APR_SUCCESS,
       "it is completed by an empty form");
    ok(world_row(WF_TABLE_TASK, id) == NULL, "and gone");
}

int main(void)
{
    int i;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    world_open();
    for (i = 0; i < COUNT(files); i++) {
        check_file(i);
    }
    for (i = 0; i < COUNT(values); i++) {
        check_value(&values[i]);
    }
    declarations();
    shown_as_they_are();
    for (i = 0; i < COUNT(places); i++) {
        check_place(i);
    }
    several_members();
    odd_values();
    history();
    task_alone();
    world_close();
    return done_testing();
}
