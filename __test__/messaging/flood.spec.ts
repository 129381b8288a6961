import test from 'ava';
import { noreply, processName, type Node, type Pid, type SendResult } from 'tergo';
import { spawnGated, spawnScript } from '../support/improvise.ts';
import { quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const senders = 1000;
const each = 100;

/** A thousand processes that send a hundred numbered messages each to `to`, all at once; gives what their sends returned. */
async function flood(node: Node, to: Pid<unknown>): Promise<SendResult[]> {
  const results: SendResult[] = [];
  const handleMessage = (self: { send: Node['send'] }, sender: unknown): unknown => {
    for (let number = 0; number < each; number++) results.push(self.send(to, { sender, number }));
    return noreply;
  };
  const pids = await Promise.all(
    Array.from({ length: senders }, () => spawnScript(node, { handleMessage })),
  );
  for (const [sender, pid] of pids.entries()) node.send(pid, sender);
  await waitFor('every send', () => results.length === senders * each, 30_000);
  return results;
}

test('a thousand processes send a hundred messages each to one: none is lost, and each sender keeps its order [C19]', async (t) => {
  const node = await quietNode(t);
  const next = new Uint32Array(senders);
  let taken = 0;
  let disorder = 0;
  const target = await spawnScript(node, {
    handleMessage: (_self, { sender, number }: { sender: number; number: number }) => {
      if (next[sender]!++ !== number) disorder += 1;
      taken += 1;
      return noreply;
    },
  });
  const results = await flood(node, target);
  t.true(results.every((result) => result === 'ok'));
  await waitFor('every message', () => taken === senders * each, 30_000);
  t.is(disorder, 0);
  t.true(next.every((count) => count === each));
});

test('under the same flood a limited mailbox takes exactly its limit and refuses the rest [C19]', async (t) => {
  const node = await quietNode(t);
  const limit = 30_000;
  const { pid, got, open } = await spawnGated(node, { mailboxSize: limit });
  const results = await flood(node, pid);
  t.is(results.filter((result) => result === 'ok').length, limit);
  t.is(
    results.filter((result) => result === 'process-mailbox-full').length,
    senders * each - limit,
  );
  t.is(node.processInfo(pid).queues.main, limit);
  t.is(node.info().mailboxFull, senders * each - limit);
  open();
  await waitFor('what was accepted', () => got.length === limit, 30_000);
  t.is(node.send(pid, 'one more'), 'ok');
  await waitFor('it', () => got.length === limit + 1);
});

test('under the same flood a fallback gets what the limited mailbox does not take: between the two none is lost [C19]', async (t) => {
  const node = await quietNode(t);
  const limit = 30_000;
  const counts = new Uint32Array(senders);
  let wrapped = 0;
  await spawnScript(
    node,
    {
      handleMessage: (_self, { message }: { message: { sender: number } }) => {
        counts[message.sender]! += 1;
        wrapped += 1;
        return noreply;
      },
    },
    { name: processName('fallback') },
  );
  const { pid, got, open } = await spawnGated(node, {
    mailboxSize: limit,
    fallback: { to: processName('fallback'), tag: 'flood' },
  });
  const results = await flood(node, pid);
  t.true(results.every((result) => result === 'ok'));
  open();
  await waitFor('all', () => got.length + wrapped === senders * each, 30_000);
  t.is(got.length, limit);
  for (const { sender } of got as { sender: number }[]) counts[sender]! += 1;
  t.true(counts.every((count) => count === each));
});

test('what waits for a process that is killed is dropped and counted, and nothing stays behind', async (t) => {
  const node = await quietNode(t);
  const { pid, got } = await spawnGated(node);
  const before = node.info().slabEntries;
  await flood(node, pid);
  const sending = node.info().processes - 1;
  t.is(sending, senders);
  node.kill(pid);
  await waitFor('the drop', () => node.info().messagesDropped === senders * each);
  await waitFor('the slots', () => node.info().slabEntries === before);
  t.deepEqual(got, []);
});
