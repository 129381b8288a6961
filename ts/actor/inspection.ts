/** What a behaviour answers to an inspection of itself: of `items` only those that it knows; without any, all. */
export function pick(
  known: Readonly<Record<string, () => unknown>>,
  items: readonly string[],
): Record<string, string> {
  const keys = Object.keys(known).filter((key) => items.length === 0 || items.includes(key));
  return Object.fromEntries(keys.map((key) => [key, String(known[key]!())]));
}
