/* Calls of what the language offers, made by chance: SEED and CALLS are declared before it.
 * Receivers and arguments are what earlier calls gave and values that bite: proxies, getters
 * that throw, arrays that change while they are read, lengths beyond all measure. */
'use strict';

let state = SEED;
function below(n) { /* xorshift */
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
}
function one(list) {
    return list[below(list.length)];
}

/* ---- what there is to call -------------------------------------------------------------- */

const functions = [];
const seen = new Set();
function collect(object) {
    if (object === null || (typeof object !== 'object' && typeof object !== 'function') || seen.has(object)) {
        return;
    }
    seen.add(object);
    if (typeof object === 'function') {
        functions.push(object);
    }
    for (const key of Reflect.ownKeys(object)) {
        const d = Reflect.getOwnPropertyDescriptor(object, key);
        collect(d.value);
        collect(d.get);
        collect(d.set);
    }
    collect(Reflect.getPrototypeOf(object));
}
for (const root of [globalThis, Reflect.getPrototypeOf(globalThis), [][Symbol.iterator](), ''[Symbol.iterator](),
                    new Map().entries(), new Set().values(), 'a'.matchAll(/a/g), (function* () {})(), (async () => {})(),
                    (async function* () {})(), new Uint8Array(1), async () => {}, function* () {}]) {
    collect(root);
}
seen.clear();

/* ---- what to call it with ---------------------------------------------------------------- */

const buffer = new ArrayBuffer(64);
const biting = [
    () => new Proxy({}, { get() { throw new Error('get'); } }),
    () => new Proxy([1, 2, 3], { get: (t, k) => (k === 'length' ? below(100) : t[k]) }),
    () => new Proxy(function () {}, { apply: () => one(values), construct: () => ({}), ownKeys: () => ['a', 'b'] }),
    () => ({ length: 2 ** below(54), 0: 'first', get 1() { throw new TypeError('one'); } }),
    () => ({ valueOf() { grown.push(1); return below(9); }, toString() { grown.length = below(40); return 'text'; } }),
    () => ({ toString() { throw new Error('text'); } }),
    () => ({ [Symbol.toPrimitive]: () => one([1, 'a', 10n, null]) }),
    () => ({ [Symbol.iterator]: () => ({ next: () => ({ done: below(9) === 0, value: one(values) }), return() { grown.shift(); return {}; } }) }),
    () => ({ then(f, g) { (below(2) ? f : g)(one(values)); } }),
    () => ({ get constructor() { return one(functions); } }),
    () => grown,
    () => (a, b) => { grown.push(a, b); return below(3) - 1; },
    () => (a) => { grown.length = below(30); return a; },
    () => () => { throw new RangeError('called'); },
    () => function* () { yield* grown; },
    () => class extends one([Array, Map, Promise, Error, Uint8Array, RegExp]) {},
    () => new Uint8Array(buffer, below(32), below(32)),
    () => new Float64Array(below(8)),
    () => new Date(below(2 ** 31) * 1000),
    () => new Error('an error', { cause: one(values) }),
    () => new Map(grown.map((v, i) => [v, i])),
    () => new Set(grown),
    () => 'x'.repeat(2 ** below(12)),
    () => '\ud83d\ude00\udc00é'.repeat(below(20)),
    () => BigInt(below(2 ** 31)) << BigInt(below(500)),
    () => 2 ** below(60) - below(3),
    () => -below(100),
    () => one([NaN, Infinity, -Infinity, -0, null, undefined, true, '', '0', 'length', '__proto__', Symbol.iterator, Symbol('s')]),
    () => one([/(a+)+$/g, /(?<n>.)(?=x)|[\u{1F600}]/u, /\b/y, /^x*$/m]),
    () => one(functions),
    () => globalThis,
    () => one(['a', 'g', '[1,{"a":[2]}]', '(?:a|b)*', 'return 1', '%41%zz', 'sensitivity', 'NFC', 'index', '{}']),
];
const grown = [3, 1, 2];
const values = [1, 'a', [1, [2, [3]]], { a: 1, b: { c: 2 } }, grown];

function value() {
    return below(3) ? one(values) : one(biting)();
}

/* ---- calls ------------------------------------------------------------------------------------ */

for (let i = 0; i < CALLS; i++) {
    try {
        const f = below(8) ? one(functions) : value();
        const list = Array.from({ length: below(5) }, value);
        const given = below(4) ? Reflect.apply(f, value(), list) : Reflect.construct(f, list);
        values[below(64)] = given;
        if (given && typeof given.next === 'function') {
            values[below(64)] = given.next(value());
        }
        switch (below(12)) {
        case 0: values[below(64)] = `${value()}`; break;
        case 1: values[below(64)] = [...value()]; break;
        case 2: value()[value()] = value(); break;
        case 3: delete value()[value()]; break;
        case 4: values[below(64)] = value() + value(); break;
        case 5: values[below(64)] = value() < value() || value() == value(); break;
        case 6: values[below(64)] = JSON.parse(JSON.stringify(value())); break;
        case 7: values[below(64)] = { ...value(), length: value() }; break;
        case 8: values[below(64)] = value() instanceof value(); break;
        case 9: grown[below(50)] = value(); break;
        }
    } catch (error) {
        values[below(64)] = error;
    }
    if (grown.length > 200) {
        grown.length = 3;
    }
}
values.length
