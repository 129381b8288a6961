import type { ValueWriter } from './value-writer.ts';

/** Writes the values of an object whose keys are known; gives the position after them. */
export type ShapeWriter = (
  writer: ValueWriter,
  object: Readonly<Record<string, unknown>>,
  at: number,
) => number;

/** A function that writes the values of objects with these keys; compiled, unless this process must not compile. */
export function shapeWriter(keys: readonly string[]): ShapeWriter {
  const lines = keys.map((key) => `end = writer.value(object[${JSON.stringify(key)}], end);`);
  try {
    const body = `let end = at; ${lines.join(' ')} return end;`;
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
