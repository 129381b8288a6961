import type { ValueReader } from './value-reader.ts';

/** Reads the values of an object whose keys are known. */
export type ShapeReader = (reader: ValueReader) => object;

/** A function that makes an object with these keys; compiled, unless this process must not compile. */
export function shapeReader(keys: readonly string[]): ShapeReader {
  const pairs = keys.map((key) => `${JSON.stringify(key)}: reader.value()`);
  try {
    // The keys stand as string literals, and none of them is `__proto__`.
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: three times as fast as a loop
    return new Function('reader', `return { ${pairs.join(', ')} };`) as ShapeReader;
  } catch {
    // --disallow-code-generation-from-strings
    return dataShapeReader(keys);
  }
}

/** The same without compiling: for keys that another node has named. None of them may be `__proto__`. */
export function dataShapeReader(keys: readonly string[]): ShapeReader {
  const blank: Record<string, unknown> = {};
  for (const key of keys) blank[key] = undefined;
  return (reader) => {
    // A copy has the right hidden class from the start.
    const object = { ...blank };
    for (const key of keys) object[key] = reader.value();
    return object;
  };
}
