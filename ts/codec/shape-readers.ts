import { nameOf, type ShapeKey } from './shape-keys.ts';
import type { ValueReader } from './value-reader.ts';

/** Reads the values of an object whose keys are known. */
export type ShapeReader = (reader: ValueReader) => object;

/** A function that makes an object with these keys; compiled, unless this process must not compile. */
export function shapeReader(keys: readonly ShapeKey[]): ShapeReader {
  const pairs = keys.map((key) => {
    const value = typeof key === 'string' ? 'reader.value()' : JSON.stringify(key[1]);
    return `${JSON.stringify(nameOf(key))}: ${value}`;
  });
  try {
    // The keys and texts stand as string literals, and none of the keys is `__proto__`.
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: three times as fast as a loop
    return new Function('reader', `return { ${pairs.join(', ')} };`) as ShapeReader;
  } catch {
    // --disallow-code-generation-from-strings
    return loopReader(keys);
  }
}

/** So many objects of a shape are read before a function for it is compiled. */
const HOT = 256;
let compiled = 0;

/** The same for keys that another node has named: no code has them in it. None of them may be `__proto__`. */
export function dataShapeReader(keys: readonly string[]): ShapeReader {
  let read = loopReader(keys);
  let left = HOT;
  return (reader) => {
    if (left > 0) {
      left -= 1;
      if (left === 0) read = keyedReader(keys) ?? read;
    }
    return read(reader);
  };
}

/** What is compiled knows how many keys there are, and gets them as values. `undefined`: this process must not compile. */
function keyedReader(keys: readonly string[]): ShapeReader | undefined {
  const names = keys.map((_, index) => `key${index}`);
  const pairs = names.map((name) => `[${name}]: reader.value()`);
  // Functions with the same text would share what V8 learns of their keys.
  compiled += 1;
  const body = `return (reader) => ({ ${pairs.join(', ')} }); // ${compiled}`;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: five times as fast as a loop
    const make = new Function(...names, body) as (...values: readonly string[]) => ShapeReader;
    return make(...keys);
  } catch {
    return undefined;
  }
}

function loopReader(keys: readonly ShapeKey[]): ShapeReader {
  const blank: Record<string, unknown> = {};
  for (const key of keys) blank[nameOf(key)] = typeof key === 'string' ? undefined : key[1];
  const open = keys.filter((key) => typeof key === 'string');
  return (reader) => {
    // A copy has the right hidden class from the start.
    const object = { ...blank };
    for (const key of open) object[key] = reader.value();
    return object;
  };
}
