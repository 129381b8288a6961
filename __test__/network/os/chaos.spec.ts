import test from 'ava';
import { runNode } from '../../support/run-node.ts';

test('with nodes that are killed, stopped and parted at random nothing comes twice, out of order or is lost without a notice, and every call settles', async (t) => {
  t.timeout(110_000);
  const { code, stdout, stderr } = await runNode(new URL('chaos.ts', import.meta.url), {
    args: ['--seconds', '8', '--harm-every', '1500', '--seed', '7'],
    timeoutMs: 100_000,
  });
  t.log(stdout.trim());
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const { received, kill, downs, answered } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  t.true(received > 10_000 && kill > 0 && downs > 0 && answered > 100, stdout);
});
