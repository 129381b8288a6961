import type { ValueWriter } from './value-writer.ts';

/** Writes the values of an object whose keys are known; gives the position after them. */
export type ShapeWriter = (
  writer: ValueWriter,
  object: Readonly<Record<string, unknown>>,
  at: number,
) => number;

/** A function that writes the values of objects with these keys; compiled, unless this process must not compile. */
export function shapeWriter(keys: readonly string[]): ShapeWriter {
  try {
    const body = `let end = at; ${keys.map(writingOf).join(' ')} return end;`;
    // The keys stand as string literals.
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: each key is read where it is known to stand
    return new Function('writer', 'object', 'at', body) as ShapeWriter;
  } catch {
    // --disallow-code-generation-from-strings
    return (writer, object, at) => {
      let end = at;
      for (const key of keys) end = writer.value(object[key], end);
      return end;
    };
  }
}

/** Writes one value. What it is differs from key to key, and is mostly the same at one: each has its own comparisons, of which V8 learns. */
function writingOf(key: string, index: number): string {
  const name = `value${index}`;
  return `const ${name} = object[${JSON.stringify(key)}];
    if (typeof ${name} === 'string') end = writer.string(${name}, end);
    else if (typeof ${name} === 'number') end = writer.number(${name}, end);
    else end = writer.value(${name}, end);`;
}
