/* What the preludes of all worlds begin with and end with. Evaluated once for each runtime. */
(function () {
    'use strict';

    function define(object, members) {
        for (const name of Object.keys(members)) {
            Object.defineProperty(object, name,
                { value: members[name], writable: true, configurable: true });
        }
    }

    /* A value as console.log writes it. */
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

    /* All scripts of a runtime share what can be reached from the roots. */
    function freeze(roots) {
        const seen = new Set();

        function visit(value) {
            if ((typeof value !== 'object' && typeof value !== 'function') || value === null
                || seen.has(value)) {
                return;
            }
            seen.add(value);
            Object.freeze(value);
            visit(Object.getPrototypeOf(value));
            for (const key of Reflect.ownKeys(value)) {
                const property = Object.getOwnPropertyDescriptor(value, key);
                visit(property.value);
                visit(property.get);
                visit(property.set);
            }
        }

        roots.forEach(visit);
        /* Built-in objects without a name. */
        [
            function* () { }, async function () { }, async function* () { },
            [].values(), ''[Symbol.iterator](), new Map().values(), new Set().values(),
            ''.matchAll(/x/g), (function* () { })(), (async function* () { })(),
        ].forEach(visit);
    }

    return { define, text, freeze };
})()
