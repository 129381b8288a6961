import test from 'ava';
import { runNode } from '../support/run-node.ts';

test('under random spawns, ends, links, calls, events and timers the counters match a model and memory is flat', async (t) => {
  const program = new URL('soak.ts', import.meta.url);
  const args = ['--seconds', '10'];
  const { code, stdout, stderr } = await runNode(program, {
    flags: ['--expose-gc'],
    args,
    timeoutMs: 90_000,
  });
  t.log(stdout.trim());
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  // A soak that did little would prove little.
  const { rounds, noticed, settled, ticks } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  t.true(rounds >= 20 && noticed > 1000 && settled > 1000 && ticks > 100, stdout);
});
