import { TergoError } from '../error/tergo-error.ts';

/** The names that an application depends on; `undefined` if there is no such application. */
export type DependsOf = (name: string) => readonly string[] | undefined;

/**
 * `name` and all that it depends on, in an order in which they can start. Throws `application-depends` for one
 * that is not there.
 */
export function startOrder(name: string, dependsOf: DependsOf): readonly string[] {
  const order = new Set<string>();
  const visit = (one: string, by: string): void => {
    if (order.has(one)) return;
    const depends = dependsOf(one);
    if (depends === undefined) {
      const text = `application '${by}' depends on '${one}', which is not loaded; load it first`;
      throw new TergoError('application-depends', text);
    }
    for (const other of depends) visit(other, one);
    order.add(one);
  };
  visit(name, name);
  return [...order];
}

/** Whether `name` depends on `other`, be it by others in between. What is not there depends on nothing. */
export function doesDependOn(name: string, other: string, dependsOf: DependsOf): boolean {
  const seen = new Set<string>();
  const search = (one: string): boolean => {
    if (seen.has(one)) return false;
    seen.add(one);
    const depends = dependsOf(one) ?? [];
    return depends.includes(other) || depends.some(search);
  };
  return search(name);
}

/**
 * Throws `application-depends`, naming the cycle, if `name` comes to depend on itself. What is not there
 * ends the search.
 */
export function checkNoCycle(name: string, dependsOf: DependsOf): void {
  const seen = new Set<string>();
  const search = (one: string, path: readonly string[]): void => {
    for (const other of dependsOf(one) ?? []) {
      if (other === name) {
        const cycle = [...path, name].map((each) => `'${each}'`).join(' → ');
        const text = `spec.depends of application '${name}' closes a cycle: ${cycle}`;
        throw new TergoError('application-depends', text);
      }
      if (seen.has(other)) continue;
      seen.add(other);
      search(other, [...path, other]);
    }
  };
  search(name, [name]);
}
