/* What scripts find besides the language. Evaluated once for each runtime; `log` writes a
 * line, `list` and `shared` are the prototype of lists and all other objects of the host that
 * scripts can reach. All scripts of a thread share what is here, so all of it is frozen. */
(function (global, log, list, shared) {
    'use strict';

    function define(object, members) {
        for (const name of Object.keys(members)) {
            Object.defineProperty(object, name,
                { value: members[name], writable: true, configurable: true });
        }
    }

    class BpmnError extends Error {
        constructor(code, message) {
            super(message === undefined || message === null ? '' : message);
            if (code === undefined || code === null || code === '') {
                throw new TypeError('a BpmnError needs a code');
            }
            define(this, { errorCode: String(code) });
        }
        getErrorCode() {
            return this.errorCode;
        }
        getMessage() {
            return this.message;
        }
    }
    define(BpmnError.prototype, { name: 'BpmnError' });

    function text(value) {
        if (typeof value !== 'object' || value === null || value instanceof Error) {
            return String(value);
        }
        try {
            return JSON.stringify(value);
        } catch (cyclic) {
            return String(value);
        }
    }

    function writer(level) {
        return function (...values) {
            log(level, values.map(text).join(' '));
        };
    }

    const ERROR = 3, WARNING = 4, INFO = 6, DEBUG = 7; /* as wf_log_level_e */
    const print = writer(INFO);
    const console = {};
    define(console, {
        log: print,
        info: print,
        debug: writer(DEBUG),
        warn: writer(WARNING),
        error: writer(ERROR),
    });

    /* The class by its names in Java, too. */
    const delegate = { BpmnError };
    define(global, {
        BpmnError, console, print,
        println: print,
        org: {
            activiti: { engine: { delegate } },
            flowable: { engine: { delegate } },
            camunda: { bpm: { engine: { delegate } } },
        },
    });

    /* What an array has and lists inherit asks for length and index, so it works for them;
     * two things depend on being an array. */
    define(list, { toJSON: function () { return Array.from(this); } });
    Object.defineProperty(list, Symbol.isConcatSpreadable, { value: true });

    const seen = new Set();
    function freeze(value) {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null
            || seen.has(value)) {
            return;
        }
        seen.add(value);
        Object.freeze(value);
        freeze(Object.getPrototypeOf(value));
        for (const key of Reflect.ownKeys(value)) {
            const property = Object.getOwnPropertyDescriptor(value, key);
            freeze(property.value);
            freeze(property.get);
            freeze(property.set);
        }
    }
    freeze(global);
    freeze(list);
    shared.forEach(freeze);
    /* Built-in objects without a name. */
    [
        function* () { }, async function () { }, async function* () { },
        [].values(), ''[Symbol.iterator](), new Map().values(), new Set().values(),
        ''.matchAll(/x/g), (function* () { })(), (async function* () { })(),
    ].forEach(freeze);

    return BpmnError;
})
