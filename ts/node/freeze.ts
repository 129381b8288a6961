import { TergoError } from '../error/tergo-error.ts';

/**
 * Deep-freezes a message. What has no frozen form is refused with the path to it: bytes (typed
 * arrays) can be written to through any view, so a message that shares them cannot be made safe.
 * Pids, names and the like are frozen already or hold nothing to change.
 */
export function deepFreeze(message: unknown): void {
  freeze(message, 'message', new Set());
}

function freeze(value: unknown, path: string, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw new TergoError(
      'incorrect',
      `${path} cannot be frozen: it holds bytes; copy them or turn freezeMessages off`,
    );
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value);
  if (value instanceof Map || value instanceof Set)
    throw new TergoError(
      'incorrect',
      `${path} cannot be frozen: a ${value.constructor.name} stays writable; turn freezeMessages off`,
    );
  // Instances of classes guard their own state: freezing them would break them (private caches, pids).
  if (!isPlain) return;
  if (!Object.isFrozen(value)) Object.freeze(value);
  for (const key of Object.keys(value)) {
    freeze((value as Record<string, unknown>)[key], `${path}.${key}`, seen);
  }
}
