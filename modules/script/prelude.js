/* What scripts of process models find besides the language: a function of the global object
 * and of the host's. It gives the class of BPMN errors. */
(function (global, host) {
    'use strict';

    const { define, text } = host;

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

    function writer(level) {
        return function (...values) {
            host.log(level, values.map(text).join(' '));
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
    define(host.list, { toJSON: function () { return Array.from(this); } });
    Object.defineProperty(host.list, Symbol.isConcatSpreadable, { value: true });

    return BpmnError;
})
