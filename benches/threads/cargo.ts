/** What a flood carries. */
export type Cargo =
  number | string | { readonly type: string; readonly id: number; readonly name: string };

/** So many different names and texts follow each other. */
const VARIANTS = 64;
const names = variants((index) => `order number ${index}`);
const texts = variants((index) => `${index}: `.padEnd(1024, 'the text of a message, '));

/** Message number `index` of a flood, made anew for each send. */
export const cargoes = {
  one: () => 1,
  int: (index) => index,
  object: (index) => ({ type: 'order', id: index, name: names[index % VARIANTS]! }),
  text: (index) => texts[index % VARIANTS]!,
  customer: (index) => ({ type: 'order', id: index, name: 'customer' }),
} as const satisfies Record<string, (index: number) => Cargo>;
export type CargoName = keyof typeof cargoes;

/** One flood. */
export interface Flood {
  readonly cargo: CargoName;
  readonly messages: number;
}

/** Whether something is message number `index` of a flood: all of it, and in its turn. */
export const checks: Readonly<Record<CargoName, (cargo: Cargo, index: number) => boolean>> = {
  one: (got) => got === 1,
  int: (got, index) => got === index,
  object: (got, index) =>
    typeof got === 'object' &&
    got.type === 'order' &&
    got.id === index &&
    got.name === names[index % VARIANTS],
  text: (got, index) => got === texts[index % VARIANTS],
  customer: (got, index) =>
    typeof got === 'object' && got.type === 'order' && got.id === index && got.name === 'customer',
};

function variants(variant: (index: number) => string): readonly string[] {
  return Array.from({ length: VARIANTS }, (_, index) => variant(index));
}
