import test, { type ExecutionContext } from 'ava';
import { noreply, reply, replyError, TergoError, type ExitReason } from 'tergo';
import { spawnScript } from '../support/improvise.ts';
import { within } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';
import { bringAbout, isAnswered, occasions, type Occasion } from './callbacks.ts';

const junk: readonly unknown[] = [
  null,
  7,
  'noreply',
  false,
  { stop: 'normal' },
  Symbol('tergo.noreply'),
  () => noreply,
  reply({ type: 'x' }, Promise.resolve()),
  replyError({ type: 'x' }, new Error('nobody asked')),
];
// Any promise of it follows it, so that it is a result only as it stands.
// oxlint-disable-next-line unicorn/no-thenable
const thenable = { then: () => undefined };

/** Why a process ends whose callback for this occasion returns `result`. */
async function endAfter(
  t: ExecutionContext,
  occasion: Occasion,
  result: unknown,
): Promise<ExitReason> {
  const node = await quietNode(t);
  const ended = Promise.withResolvers<ExitReason>();
  await bringAbout(node, occasion, () => result, {
    terminate: (_self, reason) => ended.resolve(reason),
  });
  return await within('the end', () => ended.promise);
}

for (const occasion of occasions.filter((each) => !isAnswered(each))) {
  test(`a process whose ${occasion.callback} returns junk, or a promise of it, ends with an error that names its class`, async (t) => {
    for (const result of [...junk, ...junk.map((each) => Promise.resolve(each)), thenable]) {
      const reason = await endAfter(t, occasion, result);
      t.true(TergoError.is(reason, 'incorrect'));
      t.regex((reason as Error).message, /callback of Improvised must be noreply or stop/);
    }
  });

  test(`undefined from ${occasion.callback}, or a promise of it, means noreply`, async (t) => {
    for (const result of [undefined, Promise.resolve(), noreply, Promise.resolve(noreply)]) {
      const node = await quietNode(t);
      const called = Promise.withResolvers<void>();
      const { pid } = await bringAbout(node, occasion, () => (called.resolve(), result));
      await within('the callback', () => called.promise);
      await node.inspect(pid);
      t.is(node.processState(pid), 'sleep');
    }
  });
}

test('what init and terminate return is of no interest', async (t) => {
  const node = await quietNode(t);
  for (const result of junk) {
    const ended = Promise.withResolvers<void>();
    const terminate = (): unknown => (ended.resolve(), result);
    const pid = await spawnScript(node, { init: () => result, terminate });
    t.is(node.processState(pid), 'sleep');
    t.is(node.sendExit(pid, 'shutdown'), 'ok');
    await within('the end', () => ended.promise);
  }
});
