import type { ShapeVariants } from './shape-variants.ts';
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

/** A shape, as its writer needs it. */
export interface Shape {
  readonly keys: readonly string[];
  readonly number: number;
  readonly variants: ShapeVariants;
}

/** A function for a shape and its variants; compiled, unless this process must not compile. */
export function shapeWriter(shape: Shape, meet: Meet): ShapeWriter {
  try {
    const { place } = shape.variants;
    const body = place === undefined ? plainBody(shape) : variedBody(shape, place);
    const text = `return (writer, object, at) => { ${CHECK} ${body} return end; };`;
    // The keys and texts stand as string literals.
    // oxlint-disable-next-line typescript/no-implied-eval -- compiled once a shape: each key is read where it is known to stand
    return (new Function('meet', text) as (meet: Meet) => ShapeWriter)(meet);
  } catch {
    // --disallow-code-generation-from-strings
    const { keys, number } = shape;
    return (writer, object, at) => {
      if (Object.getPrototypeOf(object) !== Object.prototype) return NOT_PLAIN;
      let end = writer.shape(number, at);
      for (const key of keys) end = writer.value(object[key], end);
      return end;
    };
  }
}

/** The first line makes V8 know the hidden class: then it has the answer to the second one without asking. */
const CHECK = `if (object.constructor !== Object) return ${NOT_PLAIN};
  if (Object.getPrototypeOf(object) !== Object.prototype) return ${NOT_PLAIN};`;

function plainBody({ keys, number, variants: { open } }: Shape): string {
  const values = keys.map((key, place) => {
    const meeting = open.includes(place) ? meetingOf(place, 'writer.isForThread') : '';
    return `${readingOf(key, place)} ${meeting} ${writingOf(place)}`;
  });
  return `let end = writer.shape(${number}, at); ${values.join(' ')}`;
}

/** No peer is told of variants: what is for one has its texts in it. */
function variedBody({ keys, number, variants: { found, open } }: Shape, place: number): string {
  const cases = found.map(
    (variant) =>
      `case ${JSON.stringify(variant.text)}: end = writer.variant(${variant.number}, at); break;`,
  );
  const meeting = open.includes(place) ? meetingOf(place, 'true') : '';
  const values = keys.map((key, index) => {
    if (index === place) return `if (isOther) { ${writingOf(place)} }`;
    return `${readingOf(key, index)} ${writingOf(index)}`;
  });
  return `${readingOf(keys[place]!, place)} let end = at;
    if (writer.isForThread) switch (value${place}) { ${cases.join(' ')} default: ${meeting} }
    const isOther = end === at;
    if (isOther) end = writer.shape(${number}, at);
    ${values.join(' ')}`;
}

function readingOf(key: string, place: number): string {
  return `const value${place} = object[${JSON.stringify(key)}];`;
}

function meetingOf(place: number, condition: string): string {
  return `if (${condition}) meet(${place}, value${place});`;
}

/** Writes one value. What it is differs from key to key, and is mostly the same at one: each has its own comparisons, of which V8 learns. */
function writingOf(place: number): string {
  const name = `value${place}`;
  return `if (typeof ${name} === 'string') end = writer.string(${name}, end);
    else if (typeof ${name} === 'number') end = writer.number(${name}, end);
    else end = writer.value(${name}, end);`;
}
