/* What kind of statement a text is: its verb, without parsing the rest. */
#include "database/internal.h"

#include <apr_lib.h>
#include <string.h>

static const char *const action_names[WF_DB_ACTIONS] = {
    [WF_DB_QUERY] = "query",       [WF_DB_EXECUTE] = "execute", [WF_DB_COUNT] = "count",
    [WF_DB_EXISTS] = "exists",     [WF_DB_BEGIN] = "begin",     [WF_DB_COMMIT] = "commit",
    [WF_DB_ROLLBACK] = "rollback",
};

const char *wf_db_action_name(wf_db_action_e action)
{
    return action_names[action];
}

/* ---- words --------------------------------------------------------------------------------- */

static int is_word(char ch)
{
    return apr_isalnum(ch) || ch == '_' || (ch & 0x80);
}

/* Comments nest, as standard SQL has it. */
static const char *skip_comment(const char *at)
{
    int depth = 0;

    do {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at += 2;
        }
        else if (at[0] == '*' && at[1] == '/') {
            depth--;
            at += 2;
        }
        else {
            at++;
        }
    } while (depth > 0 && *at != '\0');
    return at;
}

static const char *skip_blanks(const char *at)
{
    for (;;) {
        if (apr_isspace(*at)) {
            at++;
        }
        else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        }
        else if (at[0] == '/' && at[1] == '*') {
            at = skip_comment(at);
        }
        else {
            return at;
        }
    }
}

/* A quoted text or name; a doubled quote is one piece, then another. */
static const char *skip_quoted(const char *at, char end)
{
    const char *close = strchr(at + 1, end);

    return close ? close + 1 : at + strlen(at);
}

/* $tag$ text $tag$; elsewhere a dollar is just one. */
static const char *skip_dollar(const char *at)
{
    apr_size_t n = 1;
    const char *p;

    while (is_word(at[n])) {
        n++;
    }
    if (at[n] != '$') {
        return at + 1;
    }
    n++;
    for (p = at + n; *p != '\0'; p++) {
        if (strncmp(p, at, n) == 0) {
            return p + n;
        }
    }
    return p;
}

/* One token; *word and *length say it if it is a word. NULL at the end. */
static const char *next_token(const char *at, const char **word, apr_size_t *length)
{
    at = skip_blanks(at);
    *word = at;
    *length = 0;
    switch (*at) {
    case '\0':
        return NULL;
    case '\'':
    case '"':
    case '`':
        return skip_quoted(at, *at);
    case '[':
        return skip_quoted(at, ']');
    case '$':
        return skip_dollar(at);
    default:
        break;
    }
    while (is_word(at[*length])) {
        (*length)++;
    }
    return at + (*length > 0 ? *length : 1);
}

static int is(const char *word, apr_size_t length, const char *what)
{
    return strlen(what) == length && strncasecmp(word, what, length) == 0;
}

/* ---- verbs ----------------------------------------------------------------------------------- */

static const struct {
    const char *verb;
    wf_db_action_e action;
    int after_with; /* may follow a WITH clause */
} verbs[] = {
    { "select", WF_DB_QUERY, 1 },      { "values", WF_DB_QUERY, 1 },
    { "table", WF_DB_QUERY, 1 },       { "insert", WF_DB_EXECUTE, 1 },
    { "update", WF_DB_EXECUTE, 1 },    { "delete", WF_DB_EXECUTE, 1 },
    { "merge", WF_DB_EXECUTE, 1 },     { "replace", WF_DB_EXECUTE, 1 },
    { "show", WF_DB_QUERY, 0 },        { "explain", WF_DB_QUERY, 0 },
    { "pragma", WF_DB_QUERY, 0 },      { "fetch", WF_DB_QUERY, 0 },
    { "begin", WF_DB_BEGIN, 0 },       { "start", WF_DB_BEGIN, 0 },
    { "commit", WF_DB_COMMIT, 0 },     { "end", WF_DB_COMMIT, 0 },
    { "rollback", WF_DB_ROLLBACK, 0 }, { "abort", WF_DB_ROLLBACK, 0 },
};

static int verb_of(const char *word, apr_size_t length, int after_with)
{
    size_t i;

    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if ((verbs[i].after_with || !after_with) && is(word, length, verbs[i].verb)) {
            return (int)i;
        }
    }
    return -1;
}

/* ROLLBACK TO a savepoint ends no transaction. */
static int goes_to(const char *at)
{
    const char *word;
    apr_size_t length;

    while ((at = next_token(at, &word, &length)) != NULL) {
        if (is(word, length, "to")) {
            return 1;
        }
        if (!is(word, length, "work") && !is(word, length, "transaction")) {
            return 0;
        }
    }
    return 0;
}

/* The first verb on the level of a WITH clause. */
static int verb_after_with(const char **at)
{
    const char *word;
    apr_size_t length;
    int depth = 0, verb;

    while ((*at = next_token(*at, &word, &length)) != NULL) {
        depth += length == 0 ? (*word == '(') - (*word == ')') : 0;
        verb = length > 0 && depth == 0 ? verb_of(word, length, 1) : -1;
        if (verb >= 0) {
            return verb;
        }
    }
    return -1;
}

/* The verb and what follows it; -1 for one that is not known. */
static int find_verb(const char **at)
{
    const char *word;
    apr_size_t length;

    while ((*at = next_token(*at, &word, &length)) != NULL) {
        if (length > 0) {
            return is(word, length, "with") ? verb_after_with(at)
                                            : verb_of(word, length, 0);
        }
        if (*word != '(' && *word != ';') {
            return -1;
        }
    }
    return -1;
}

wf_db_action_e wf_db_action_of(const char *sql)
{
    int verb = find_verb(&sql);

    if (verb < 0) {
        return WF_DB_EXECUTE;
    }
    if (verbs[verb].action == WF_DB_ROLLBACK && goes_to(sql)) {
        return WF_DB_EXECUTE;
    }
    return verbs[verb].action;
}

int wf_db_asks(const char *sql)
{
    const char *word;
    apr_size_t length;

    if (find_verb(&sql) != 0 || sql == NULL) { /* the first row is select */
        return 0;
    }
    sql = next_token(sql, &word, &length);
    if (sql != NULL && is(word, length, "not")) {
        sql = next_token(sql, &word, &length);
    }
    return sql != NULL && is(word, length, "exists");
}
