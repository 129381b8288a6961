import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { writeNew } from '../../benches/peers/results.ts';

test('each run of the benchmarks beside peers has a file of its own', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-results-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const runs = ['first', 'second', 'third'];
  const names = runs.map((run) => writeNew(folder, '2026-11-29-abc', run));
  t.deepEqual(names, ['2026-11-29-abc.json', '2026-11-29-abc-2.json', '2026-11-29-abc-3.json']);
  t.deepEqual(
    names.map((name) => readFileSync(path.join(folder, name), 'utf8')),
    runs,
  );
});
