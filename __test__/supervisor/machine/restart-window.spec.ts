import test from 'ava';
import * as fc from 'fast-check';
import { RestartWindow } from '../../../ts/supervisor/restart-window.ts';

for (const intensity of [0, 1, 2, 5]) {
  for (const periodMs of [1, 1000]) {
    test(`with ${intensity} restarts allowed in ${periodMs} ms one more is too many, to the millisecond`, (t) => {
      const admits = (after: number): boolean => {
        const window = new RestartWindow(intensity, periodMs);
        for (let count = 0; count < intensity; count++) t.true(window.admit(50));
        return window.admit(50 + after);
      };
      t.false(admits(periodMs - 1));
      t.false(admits(periodMs));
      // With none allowed there is nothing that could grow old.
      t.is(admits(periodMs + 1), intensity > 0);
    });
  }
}

test('the window slides: what is older than the period does not count, however it is spread', (t) => {
  const window = new RestartWindow(2, 100);
  for (const [at, isAdmitted] of [
    [0, true],
    [60, true],
    [101, true],
    [160, false],
    [262, true],
    [263, true],
    [362, false],
  ] as const) {
    t.is(window.admit(at), isAdmitted, `at ${at}`);
  }
  window.clear();
  t.true(window.admit(363));
});

test('a window agrees with a plain list of all restarts', (t) => {
  const gaps = fc.array(fc.nat({ max: 40 }), { maxLength: 200 });
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.nat({ max: 8 }),
        fc.integer({ min: 1, max: 100 }),
        gaps,
        (intensity, periodMs, list) => {
          const window = new RestartWindow(intensity, periodMs);
          const times: number[] = [];
          let now = 0;
          for (const gap of list) {
            now += gap;
            times.push(now);
            const within = times.filter((time) => now - time <= periodMs).length;
            if (window.admit(now) !== within <= intensity) return false;
          }
          return true;
        },
      ),
      { numRuns: 2000 },
    ),
  );
});
