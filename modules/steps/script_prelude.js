/* What scripts of load workflows find besides the language: a function of the global object
 * and of the host's, whose members are the rows of script_host.c. Scripts of all virtual
 * users share what is here, so all of it is frozen; what belongs to one run is in run(). */
(function (global, host) {
    'use strict';

    const { define, text, run } = host;

    function getter(object, getters) {
        for (const name of Object.keys(getters)) {
            Object.defineProperty(object, name, { get: getters[name], configurable: true });
        }
    }

    /* ---- variables ----------------------------------------------------------------------- */

    const ctx = {};
    define(ctx, { GetVariable: host.get, SetVariable: host.set });
    getter(ctx, {
        vu: () => host.get('__VU'),
        iteration: () => host.get('__ITER'),
        scenario: () => host.get('__scenario'),
    });

    const vars = {};
    define(vars, {
        get: host.get, set: host.set, has: host.has, del: host.del, all: host.all,
    });

    /* The environment: variables whose names begin with "env.", then what the server permits
     * of its own environment. */
    function inner(name) {
        return 'env.' + name;
    }
    const env = {};
    define(env, {
        get(name) {
            return host.has(inner(name)) ? host.get(inner(name)) : host.get('env:' + name);
        },
        set(name, value) {
            host.set(inner(name), value);
        },
        has(name) {
            return host.has(inner(name)) || host.has('env:' + name);
        },
        del(name) {
            return host.del(inner(name));
        },
        all() {
            const found = {};
            for (const [name, value] of Object.entries(host.all())) {
                if (name.startsWith('env.')) {
                    found[name.slice(4)] = value;
                }
            }
            return found;
        },
    });

    /* ---- console ------------------------------------------------------------------------- */

    function writer(level) {
        return function (...values) {
            host.log(level, values.map(text).join(' '));
        };
    }

    const ERROR = 3, WARNING = 4, INFO = 6, DEBUG = 7; /* as wf_log_level_e */
    const console = {};
    define(console, {
        log: writer(INFO),
        info: writer(INFO),
        warn: writer(WARNING),
        error: writer(ERROR),
        debug: writer(DEBUG),
    });

    /* ---- answers ------------------------------------------------------------------------- */

    /* Names of header fields have no case; a field that comes more than once shows its first
     * value. */
    function fields(pairs) {
        const values = Object.create(null), lower = Object.create(null);
        for (const [name, value] of pairs) {
            if (!(name.toLowerCase() in lower)) {
                values[name] = lower[name.toLowerCase()] = value;
            }
        }
        return new Proxy(values, {
            get(target, name) {
                return typeof name === 'string' ? lower[name.toLowerCase()] : undefined;
            },
            has(target, name) {
                return typeof name === 'string' && name.toLowerCase() in lower;
            },
        });
    }

    function cookies(pairs) {
        const found = {};
        for (const [name, value] of pairs) {
            const cookie = /^\s*([^=;]+)=([^;]*)/.exec(value);
            if (name.toLowerCase() === 'set-cookie' && cookie) {
                found[cookie[1].trim()] = cookie[2].trim();
            }
        }
        return found;
    }

    class Response {
        #answer;
        #pairs;
        #headers;
        #text;
        #body;

        constructor(answer) {
            this.#answer = answer;
        }
        get code() { return this.#answer.status_code; }
        get status_code() { return this.#answer.status_code; }
        get status() { return this.#answer.status; }
        get status_text() { return this.#answer.status.replace(/^\d+ ?/, ''); }
        get duration() { return this.#answer.duration; }
        get timings() { return { duration: this.#answer.duration }; }
        get size() { return this.#answer.size; }
        get error() { return this.#answer.error; }
        #list() {
            return this.#pairs ??= this.#answer.headers ?? host.answer_headers();
        }
        get headers() {
            return this.#headers ??= fields(this.#list());
        }
        get cookies() {
            return cookies(this.#list());
        }
        get text() {
            return this.#text ??= this.#answer.body ?? host.answer_body();
        }
        get body_raw() { return this.text; }
        json() {
            return JSON.parse(this.text);
        }
        get body() {
            if (this.#body === undefined) {
                try {
                    this.#body = this.json();
                } catch (e) {
                    this.#body = this.text;
                }
            }
            return this.#body;
        }
        toJSON() {
            const { status_code, status, headers, body, duration, size, error } = this;
            return { status_code, status, headers, body, duration, size, error };
        }
    }

    /* That of the latest http step, or of a request that this script has made since. */
    function latest() {
        const own = run();
        if (!('response' in own)) {
            const answer = host.answer();
            own.response = answer && new Response(answer);
        }
        return own.response;
    }
    getter(global, { response: latest });

    /* ---- requests ------------------------------------------------------------------------ */

    function send(method, url, options, callback) {
        const { headers, query, timeout } = options;
        let { body } = options;
        if (body !== undefined && body !== null && typeof body !== 'string') {
            body = JSON.stringify(body);
        }
        const response = new Response(host.http(String(method).toUpperCase(), String(url),
            { headers, query, body, timeout }));
        run().response = response;
        if (callback) {
            callback(response.error ? new Error(response.error) : null, response);
        }
        return response;
    }

    /* (url[, body][, options][, callback]) */
    function verb(method) {
        return function (url, ...rest) {
            const callback = typeof rest.at(-1) === 'function' ? rest.pop() : undefined;
            const options = typeof rest[0] === 'string' || rest[0] === null
                ? { ...rest[1], body: rest[0] } : { ...rest[0] };
            return send(method, url, options, callback);
        };
    }

    const http = {};
    define(http, {
        get: verb('GET'), post: verb('POST'), put: verb('PUT'), patch: verb('PATCH'),
        head: verb('HEAD'), options: verb('OPTIONS'),
        del: verb('DELETE'), delete: verb('DELETE'),
        request(first, ...rest) {
            if (typeof first === 'string') { /* as k6: method, url, body, options */
                return verb(first)(...rest);
            }
            const { method = 'GET', url } = first;
            return send(method, url, first, rest[0]);
        },
    });

    /* ---- codes --------------------------------------------------------------------------- */

    const crypto = {};
    for (const name of ['md5', 'sha1', 'sha256', 'sha384', 'sha512']) {
        define(crypto, { [name]: (data, encoding) => host.digest(name, data, encoding) });
    }
    define(crypto, { hmac: host.hmac, randomUUID: host.uuid });

    /* ---- metrics and checks -------------------------------------------------------------- */

    const metrics = {};
    define(metrics, { add: host.metric });

    /* As k6's: what fails is counted, and the script goes on. */
    function check(value, checks) {
        let all = true;
        for (const [name, test] of Object.entries(checks)) {
            const passed = Boolean(typeof test === 'function' ? test(value) : test);
            host.check(name, passed);
            all = all && passed;
        }
        return all;
    }

    function fail(message) {
        throw new Error(message === undefined ? 'fail() was called' : String(message));
    }

    function sleep() {
        throw new Error('a script cannot sleep: put a step of type sleep behind it');
    }

    /* Nothing else happens meanwhile, so there is nothing to wait for. */
    function setTimeout(f, milliseconds, ...values) {
        f(...values);
        return 0;
    }

    /* ---- pm.expect ----------------------------------------------------------------------- */

    class AssertionError extends Error { }
    define(AssertionError.prototype, { name: 'AssertionError' });

    function show(value) {
        if (typeof value === 'string') {
            return `'${value}'`;
        }
        return typeof value === 'object' && value !== null ? text(value) : String(value);
    }

    function type(value) {
        return value === null ? 'null' : Array.isArray(value) ? 'array'
            : value instanceof Date ? 'date' : value instanceof RegExp ? 'regexp'
            : value instanceof Error ? 'error' : typeof value;
    }

    function same(a, b) {
        if (Object.is(a, b) || a === b) {
            return true;
        }
        if (type(a) !== type(b) || typeof a !== 'object') {
            return false;
        }
        if (a instanceof Date) {
            return a.getTime() === b.getTime();
        }
        const keys = Object.keys(a);
        return keys.length === Object.keys(b).length
            && keys.every(key => Object.hasOwn(b, key) && same(a[key], b[key]));
    }

    function contains(value, item, deep) {
        if (typeof value === 'string') {
            return value.includes(item);
        }
        if (Array.isArray(value)) {
            return deep ? value.some(v => same(v, item)) : value.includes(item);
        }
        return Object.entries(item).every(([name, v]) => name in value
            && (deep ? same(value[name], v) : value[name] === v));
    }

    /* What expect(value) is followed by. */
    class Expectation {
        constructor(value, flags) {
            define(this, { value, flags: flags || {} });
        }
        judge(passed, ...words) {
            if (passed === Boolean(this.flags.not)) {
                throw new AssertionError(['expected', show(this.value), 'to',
                    ...(this.flags.not ? ['not'] : []), ...words].join(' '));
            }
            return this;
        }
        get not() {
            return new Expectation(this.value, { ...this.flags, not: !this.flags.not });
        }
        get deep() {
            return new Expectation(this.value, { ...this.flags, deep: true });
        }
        equal(other) {
            return this.judge(this.flags.deep ? same(this.value, other)
                : this.value === other, 'equal', show(other));
        }
        eql(other) {
            return this.judge(same(this.value, other), 'deeply equal', show(other));
        }
        include(item) {
            return this.judge(contains(this.value, item, this.flags.deep), 'include',
                show(item));
        }
        above(limit) {
            return this.judge(this.value > limit, 'be above', show(limit));
        }
        below(limit) {
            return this.judge(this.value < limit, 'be below', show(limit));
        }
        least(limit) {
            return this.judge(this.value >= limit, 'be at least', show(limit));
        }
        most(limit) {
            return this.judge(this.value <= limit, 'be at most', show(limit));
        }
        within(low, high) {
            return this.judge(this.value >= low && this.value <= high, 'be within',
                `${show(low)}..${show(high)}`);
        }
        a(name) {
            return this.judge(type(this.value) === String(name).toLowerCase(), 'be a', name);
        }
        property(name, ...values) {
            const has = this.value !== undefined && this.value !== null
                && name in Object(this.value);
            this.judge(has && (!values.length || same(this.value[name], values[0])),
                'have property', show(name), ...values.map(v => 'of ' + show(v)));
            return new Expectation(has ? this.value[name] : undefined);
        }
        lengthOf(n) {
            const length = this.value?.length;
            return this.judge(length === n, 'have a length of', n, 'but got', length);
        }
        match(pattern) {
            return this.judge(new RegExp(pattern).test(this.value), 'match',
                String(pattern));
        }
        oneOf(values) {
            return this.judge(values.some(v => same(v, this.value)), 'be one of',
                show(values));
        }
        keys(...names) {
            const wanted = names.flat();
            return this.judge(same(Object.keys(this.value).sort(), wanted.sort()),
                'have keys', show(wanted));
        }
        status(wanted) {
            const got = typeof wanted === 'number' ? this.value.code : this.value.status;
            return new Expectation('status ' + show(got), this.flags).judge(got === wanted,
                'be', show(wanted));
        }
        header(name, ...values) {
            const got = this.value.headers.get(name);
            return new Expectation('header ' + name, this.flags).judge(got !== undefined
                && (!values.length || got === values[0]), 'be present',
                ...values.map(v => 'as ' + show(v)));
        }
    }

    const states = {
        true: v => v === true,
        false: v => v === false,
        null: v => v === null,
        undefined: v => v === undefined,
        NaN: v => Number.isNaN(v),
        ok: v => Boolean(v),
        exist: v => v !== undefined && v !== null,
        empty: v => Object.keys(Object(v)).length === 0 && !v?.size,
    };
    for (const name of Object.keys(states)) {
        getter(Expectation.prototype, {
            [name]() { return this.judge(states[name](this.value), 'be', name); },
        });
    }
    for (const word of ['to', 'be', 'been', 'is', 'that', 'which', 'and', 'has', 'have',
        'with', 'at', 'of', 'same']) {
        getter(Expectation.prototype, { [word]() { return this; } });
    }
    const names = {
        equal: ['equals', 'eq'], eql: ['eqls'], include: ['includes', 'contain', 'contains'],
        above: ['gt', 'greaterThan'], below: ['lt', 'lessThan'], least: ['gte'], most: ['lte'],
        a: ['an'], lengthOf: ['length'], match: ['matches'], keys: ['key'],
    };
    for (const name of Object.keys(names)) {
        for (const other of names[name]) {
            define(Expectation.prototype, { [other]: Expectation.prototype[name] });
        }
    }

    /* ---- pm ------------------------------------------------------------------------------ */

    /* An answer as Postman shows it: text is a function, status the reason. */
    class PmResponse {
        #response;
        constructor(response) {
            this.#response = response;
        }
        get code() { return this.#response.code; }
        get status() { return this.#response.status_text; }
        get responseTime() { return this.#response.duration; }
        get responseSize() { return this.#response.size; }
        get headers() {
            const all = this.#response.headers;
            return { get: name => all[name], has: name => name in all, toObject: () => all };
        }
        text() { return this.#response.text; }
        json() { return this.#response.json(); }
        get to() { return new Expectation(this); }
        toJSON() { return this.#response.toJSON(); }
    }

    function test(name, f) {
        let problem = null;
        try {
            f();
        } catch (e) {
            problem = e instanceof Error ? e.message : String(e);
        }
        host.test(String(name), problem);
    }

    function scope({ get, set, has, del }) {
        const members = {};
        define(members, { get, set, has, unset: del });
        return members;
    }
    const pm = {};
    define(pm, {
        variables: scope(vars),
        environment: scope(env),
        test,
        expect: value => new Expectation(value),
    });
    getter(pm, { response: () => latest() && new PmResponse(latest()) });

    /* ---- all names ----------------------------------------------------------------------- */

    define(global, {
        ctx, vars, env, console, http, crypto, metrics, pm, check, fail, sleep, setTimeout,
        clearTimeout() { },
        atob: host.atob,
        btoa: host.btoa,
    });
    getter(global, {
        __VU: () => host.get('__VU'),
        __ITER: () => host.get('__ITER'),
    });

    /* Scripts get hold of these through what they make. */
    return [Response, PmResponse, Expectation, AssertionError];
})
