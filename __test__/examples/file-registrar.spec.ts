import test from 'ava';
import { runNode } from '../support/run-node.ts';

const example = new URL('../../examples/file-registrar.ts', import.meta.url);

test('two programs find each other by a registrar of their own, and both end', async (t) => {
  const { stdout, stderr, code } = await runNode(example);
  // The folder tells of a node later than the connection, sometimes.
  t.deepEqual(stdout.split('\n').slice(0, -1).toSorted(), [
    'connected second@localhost',
    'disconnected second@localhost',
    'first@localhost, second@localhost',
    'hello first@localhost, this is another program',
    'joined second@localhost',
    'left second@localhost',
  ]);
  t.is(stderr, '');
  t.is(code, 0);
});
