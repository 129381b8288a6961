import { inspect, isDeepStrictEqual } from 'node:util';
import { LocalAlias } from '../../process/alias.ts';
import { LocalPid } from '../../process/pid.ts';
import { check, isMatcher } from './matcher.ts';

/** One place where a value differs from its pattern. */
export interface Mismatch {
  /** As in `message.type`; empty for the value itself. */
  readonly path: string;
  /** Completes "must …". */
  readonly mustBe: string;
  readonly was: unknown;
}

/** Collects how a value differs from a pattern, and what captures are to keep if all fits. */
export class Comparison {
  readonly mismatches: Mismatch[] = [];
  readonly #kept: (() => void)[] = [];

  get fits(): boolean {
    return this.mismatches.length === 0;
  }

  /** Compares one part. */
  compare(pattern: unknown, value: unknown, path: string): void {
    if (isMatcher(pattern)) return pattern[check](value, path, this);
    if (pattern instanceof RegExp && typeof value === 'string') {
      if (value.search(pattern) < 0) this.differs(path, `match ${pattern}`, value);
    } else if (Array.isArray(pattern)) this.#compareLists(pattern, value, path);
    else if (isPlain(pattern)) this.#compareKeys(pattern, value, path);
    else if (!isEqual(pattern, value)) this.differs(path, `be ${shown(pattern)}`, value);
  }

  differs(path: string, mustBe: string, was: unknown): void {
    this.mismatches.push({ path, mustBe, was });
  }

  /** Has something done once it is clear that the whole pattern fits and counts. */
  keep(action: () => void): void {
    this.#kept.push(action);
  }

  /** Whether another comparison fits; what its captures keep is then kept with this one. */
  adopt(other: Comparison): boolean {
    if (other.fits) this.#kept.push(...other.#kept);
    return other.fits;
  }

  /** The whole pattern fits and counts: captures keep what they matched. */
  settle(): void {
    for (const action of this.#kept) action();
  }

  #compareLists(pattern: readonly unknown[], value: unknown, path: string): void {
    if (!Array.isArray(value)) return this.differs(path, 'be a list', value);
    if (value.length !== pattern.length)
      this.differs(path, `have ${pattern.length} elements`, value);
    for (const [at, part] of pattern.entries()) {
      if (at < value.length) this.compare(part, value[at], `${path}[${at}]`);
    }
  }

  #compareKeys(pattern: object, value: unknown, path: string): void {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
      return this.differs(path, `be an object like ${shown(pattern)}`, value);
    for (const [key, part] of Object.entries(pattern)) {
      const at = path === '' ? key : `${path}.${key}`;
      this.compare(part, Reflect.get(value, key), at);
    }
  }
}

/** Compares a value with a pattern. */
export function compare(pattern: unknown, value: unknown): Comparison {
  const comparison = new Comparison();
  comparison.compare(pattern, value, '');
  return comparison;
}

/** How a value or pattern prints, on one line if it is short. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 100, maxStringLength: 200, maxArrayLength: 20 });
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Pids and aliases of two nodes may look alike; only the very same is equal. */
function isEqual(pattern: unknown, value: unknown): boolean {
  if (pattern instanceof LocalPid || pattern instanceof LocalAlias) return pattern === value;
  return isDeepStrictEqual(value, pattern);
}
