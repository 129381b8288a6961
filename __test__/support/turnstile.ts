import type { ExecutionContext } from 'ava';

/** So many nodes with threads a file has at once: AVA begins all of its tests together, and each thread takes a core to start. */
const AT_ONCE = 2;
const waiting: (() => void)[] = [];
const holders = new WeakSet<ExecutionContext>();
let inside = 0;

/** Resolves when there is room for one more test that has such nodes; the room is free again after the test. */
export async function turnstile(t: ExecutionContext): Promise<void> {
  if (holders.has(t)) return;
  holders.add(t);
  if (inside === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else inside += 1;
  t.teardown(() => {
    const next = waiting.shift();
    if (next === undefined) inside -= 1;
    else next();
  });
}
