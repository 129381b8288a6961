import type { FixedTexts } from './fixed-texts.ts';
import type { ValueWriter } from './value-writer.ts';

/** What a `ShapeWriter` gives for an object whose prototype is not `Object.prototype`: nothing has been read. */
export const NOT_PLAIN = -1;

/** Writes an object that has the keys of a shape, tag and number included; gives the position after it, or `NOT_PLAIN`. */
export type ShapeWriter = (
  writer: ValueWriter,
  object: Readonly<Record<string, unknown>>,
  at: number,
) => number;

/** What is told what stands at a key of an object while that key may have few texts. */
export type Meet = (place: number, value: unknown) => void;

/** A function for a shape and those that have one of its texts; compiled, unless this process must not compile. */
export function shapeWriter(
  keys: readonly string[],
  shape: number,
  texts: FixedTexts,
  meet: Meet,
): ShapeWriter {
  try {
    const { place } = texts;
    const body = place === undefined ? loose(keys, shape, texts) : told(keys, shape, texts, place);
    // The keys and texts stand as string literals.
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: each key is read where it is known to stand
    const make = new Function('meet', `return (writer, object, at) => { ${CHECK} ${body} };`) as (
      meet: Meet,
    ) => ShapeWriter;
    return make(meet);
  } catch {
    // --disallow-code-generation-from-strings
    return (writer, object, at) => {
      if (Object.getPrototypeOf(object) !== Object.prototype) return NOT_PLAIN;
      let end = writer.shape(shape, at);
      for (const key of keys) end = writer.value(object[key], end);
      return end;
    };
  }
}

/** The first line makes V8 know the hidden class: then it has the answer to the second one without asking. */
const CHECK = `if (object.constructor !== Object) return ${NOT_PLAIN};
  if (Object.getPrototypeOf(object) !== Object.prototype) return ${NOT_PLAIN};`;

function loose(keys: readonly string[], shape: number, { open }: FixedTexts): string {
  const values = keys.map((key, place) => {
    const value = valueName(place);
    const meeting = open.includes(place) ? `meet(${place}, ${value});` : '';
    return `const ${value} = ${valueOf(key)}; ${meeting} ${writingOf(value)}`;
  });
  return `let end = writer.shape(${shape}, at); ${values.join(' ')} return end;`;
}

function told(
  keys: readonly string[],
  shape: number,
  { found, open }: FixedTexts,
  place: number,
): string {
  const cases = found.map(
    (fixed) => `case ${JSON.stringify(fixed.text)}: end = writer.shape(${fixed.shape}, at); break;`,
  );
  const text = valueName(place);
  const meeting = open.includes(place) ? `meet(${place}, ${text});` : '';
  const values = keys.map((key, index) => {
    if (index === place) return `if (isOther) { ${writingOf(text)} }`;
    return `const ${valueName(index)} = ${valueOf(key)}; ${writingOf(valueName(index))}`;
  });
  return `const ${text} = ${valueOf(keys[place]!)}; let end; let isOther = false;
    switch (${text}) { ${cases.join(' ')}
      default: isOther = true; ${meeting} end = writer.shape(${shape}, at); }
    ${values.join(' ')} return end;`;
}

function valueName(place: number): string {
  return `value${place}`;
}

function valueOf(key: string): string {
  return `object[${JSON.stringify(key)}]`;
}

/** Writes one value. What it is differs from key to key, and is mostly the same at one: each has its own comparisons, of which V8 learns. */
function writingOf(name: string): string {
  return `if (typeof ${name} === 'string') end = writer.string(${name}, end);
    else if (typeof ${name} === 'number') end = writer.number(${name}, end);
    else end = writer.value(${name}, end);`;
}
