import test from 'ava';
import { runNode } from '../../support/run-node.ts';

test('a peer that stands still costs its senders bounded memory, slows nobody else, and is given up for its silence', async (t) => {
  const { code, stdout, stderr } = await runNode(new URL('stall.ts', import.meta.url), {
    flags: ['--expose-gc'],
    args: ['--seconds', '3', '--keep-alive', '500'],
    timeoutMs: 60_000,
  });
  t.log(stdout.trim());
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
});
