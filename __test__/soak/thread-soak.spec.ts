import test from 'ava';
import { runNode } from '../support/run-node.ts';

test('threads that start and end under traffic, by every route, leave no memory and no descriptor behind', async (t) => {
  const program = new URL('thread-soak.ts', import.meta.url);
  const { code, stdout, stderr } = await runNode(program, {
    flags: ['--expose-gc'],
    args: ['--workers', '150', '--seed', '5'],
    timeoutMs: 110_000,
  });
  t.log(stdout.trim());
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const { workers, sent, routes } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  t.true(workers >= 150 && sent > 10_000, stdout);
  t.true(routes.exit > 10 && routes.throw > 10 && routes.rest > 0, stdout);
});
