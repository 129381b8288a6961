import test from 'ava';
import { Numbers } from '../../ts/far/numbers.ts';

test('numbers fit into a word of a frame, begin anew when they are used up, and none is in use twice', (t) => {
  const inUse = new Set([1, 2, 2 ** 32 - 2]);
  const numbers = new Numbers(2 ** 32 - 4, (number) => inUse.has(number));
  const given = Array.from({ length: 4 }, () => numbers.next());
  t.deepEqual(given, [2 ** 32 - 3, 2 ** 32 - 1, 3, 4]);
  const few = new Numbers(2 ** 24, (number) => number === 2, 4);
  t.deepEqual([few.next(), few.next(), few.next(), few.next()], [1, 3, 4, 1]);
});
