import test from 'ava';
import { stress } from './stress.ts';

test('among several threads no message is lost, none comes twice or out of order, and each end is heard once', async (t) => {
  const { faults, sent, killed, notices } = await stress({
    messages: 200_000,
    threads: 3,
    seed: 7,
  });
  t.deepEqual(faults, []);
  t.true(sent >= 200_000 && killed > 0 && notices > 0, `${sent} sent, ${killed} killed`);
});
