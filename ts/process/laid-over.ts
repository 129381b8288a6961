/** The options laid over those before; one that is given as `undefined` is left out, as everywhere. */
export function laidOver<Options extends object>(
  base: Options,
  given: Partial<Options> | undefined,
): Options {
  const said = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(said) };
}
