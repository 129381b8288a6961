import {
  Actor,
  eventName,
  noreply,
  processName,
  reply,
  type Answer,
  type FallbackMessage,
  type Next,
  type Node,
  type Pid,
  type Priority,
  type Request,
} from 'tergo';
import test from 'ava';
import { hold } from '../support/hold.ts';
import { quietNode, spawnWitness, type Handle } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

type Overflow = { message: FallbackMessage };
const overflow = processName<Overflow>('overflow');
const second = processName<Overflow>('second');

/** Keeps what could not be delivered elsewhere. */
class Sink extends Actor<Overflow> {
  #kept: FallbackMessage[] = [];

  override init(kept: FallbackMessage[] = []): void {
    this.#kept = kept;
  }

  override handleMessage(message: FallbackMessage): Next {
    this.#kept.push(message);
    return noreply;
  }
}

const nothing = (): void => undefined;

/** Sends until it is refused; gives how many were accepted. */
function fill(node: Node, { pid }: Handle, priority: Priority = 'normal'): number {
  let accepted = 0;
  while (accepted < 100 && node.send(pid, nothing, { priority }) === 'ok') accepted += 1;
  return accepted;
}

/** Lets a process wait; gives what lets it go on and empties its mailbox. */
async function still(node: Node, handle: Handle): Promise<() => Promise<void>> {
  const release = await hold(handle);
  return async () => {
    await release();
    await waitFor('an empty mailbox', () => node.processInfo(handle.pid).mailbox === 0);
  };
}

test('without a size a mailbox takes everything', async (t) => {
  const node = await quietNode(t);
  const witness = await spawnWitness(node);
  await still(node, witness);
  for (let count = 0; count < 10_000; count++) t.is(node.send(witness.pid, nothing), 'ok');
  t.is(node.processInfo(witness.pid).mailbox, 10_000);
  t.is(node.processInfo(witness.pid).mailboxSize, 0);
});

for (const size of [1, 2, 50]) {
  test(`a mailbox of size ${size} takes as many and no more, and again when they are taken`, async (t) => {
    const node = await quietNode(t);
    const witness = await spawnWitness(node, { mailboxSize: size });
    t.is(node.processInfo(witness.pid).mailboxSize, size);
    for (let round = 0; round < 3; round++) {
      const release = await still(node, witness);
      t.is(fill(node, witness), size);
      t.is(node.processInfo(witness.pid).mailbox, size);
      await release();
    }
    t.is(node.info().mailboxFull, 3);
  });
}

test('the size holds for each queue of its own', async (t) => {
  const node = await quietNode(t);
  const witness = await spawnWitness(node, { mailboxSize: 3 });
  await still(node, witness);
  for (const priority of ['normal', 'high', 'max'] as const) {
    t.is(fill(node, witness, priority), 3);
  }
  t.deepEqual(node.processInfo(witness.pid).queues, { urgent: 3, system: 3, main: 3, log: 0 });
  t.is(node.info().mailboxFull, 3);
});

test('calls find a full mailbox, too', async (t) => {
  const node = await quietNode(t);
  const witness = await spawnWitness(node, { mailboxSize: 1 });
  const release = await still(node, witness);
  fill(node, witness);
  const expected = { code: 'process-mailbox-full', message: /larger mailboxSize/ };
  await t.throwsAsync(node.call(witness.pid, {} as never), expected);
  await t.throwsAsync(node.sendImportant(witness.pid, nothing), expected);
  await release();
  t.deepEqual(await node.inspect(witness.pid), {});
});

test('exits, downs and the answers to own requests come through a full mailbox', async (t) => {
  const node = await quietNode(t);
  const other = await spawnWitness(node);
  const witness = await spawnWitness(node, { mailboxSize: 1, trapExit: true });
  await witness.run((self) => self.monitor(other.pid));
  const release = await still(node, witness);
  for (const priority of ['normal', 'high', 'max'] as const) fill(node, witness, priority);
  node.kill(other.pid);
  const sender = await spawnWitness(node);
  t.is(await sender.run((self) => self.sendExit(witness.pid, 'normal')), 'ok');
  await release();
  const kinds = (await witness.heard()).map(({ on }) => on).toSorted();
  t.deepEqual(kinds, ['down', 'exit']);
  for (const priority of ['normal', 'high', 'max'] as const) {
    const again = await still(node, witness);
    t.is(fill(node, witness, priority), 1, `${priority} is as it was`);
    await again();
  }
});

test('answers to own requests do not use up the room for others', async (t) => {
  const node = await quietNode(t);
  type Ask = Request<{ type: 'ask' }, number>;
  class Echo extends Actor<{ request: Ask }> {
    override handleCall(request: Ask): Answer {
      return reply(request, 1);
    }
  }
  const answers: unknown[] = [];
  class Asker extends Actor<{ message: Pid<{ request: Ask }> }> {
    override handleMessage(echo: Pid<{ request: Ask }>): Next {
      this.sendRequest(echo, { type: 'ask' });
      return noreply;
    }
    override handleResponse(response: unknown): Next {
      answers.push(response);
      return noreply;
    }
  }
  const echo = await node.spawn(Echo);
  const asker = await node.spawn(Asker, { mailboxSize: 2 });
  for (let round = 1; round <= 5; round++) {
    t.is(node.send(asker, echo), 'ok');
    await waitFor('the answer', () => answers.length === round);
  }
});

test('events that find a full mailbox are dropped and counted, the others come', async (t) => {
  const node = await quietNode(t);
  const changes = eventName<number>('changes');
  const publisher = node.registerEvent(changes);
  const witness = await spawnWitness(node, { mailboxSize: 3 });
  await witness.run((self) => self.monitorEvent(changes));
  const release = await still(node, witness);
  for (let count = 0; count < 10; count++) node.sendEvent(publisher, count);
  t.like(node.info(), { eventsDelivered: 3, eventsDropped: 7 });
  await release();
  const messages = (await witness.heard()).map((notice) => 'message' in notice && notice.message);
  t.deepEqual(messages, [0, 1, 2]);
  await still(node, witness);
  t.is(fill(node, witness), 3);
});

test('what finds the mailbox full goes to the fallback, with tag and pid', async (t) => {
  const node = await quietNode(t);
  const kept: FallbackMessage[] = [];
  await node.spawn(Sink, { name: overflow, args: [kept] });
  const fallback = { to: overflow, tag: 'from the witness' };
  const witness = await spawnWitness(node, { mailboxSize: 1, fallback });
  t.deepEqual(node.processInfo(witness.pid).fallback, fallback);
  await still(node, witness);
  t.is(node.send(witness.pid, nothing), 'ok');
  t.is(node.send(witness.pid, nothing), 'ok');
  await waitFor('the fallback', () => kept.length > 0);
  t.deepEqual(kept, [
    { type: 'fallback', pid: witness.pid, tag: 'from the witness', message: nothing },
  ]);
  t.is(node.processInfo(witness.pid).mailbox, 1);
});

test('calls are refused all the same', async (t) => {
  const node = await quietNode(t);
  const kept: FallbackMessage[] = [];
  await node.spawn(Sink, { name: overflow, args: [kept] });
  const fallback = { to: overflow, tag: '' };
  const witness = await spawnWitness(node, { mailboxSize: 1, fallback });
  await still(node, witness);
  node.send(witness.pid, nothing);
  await t.throwsAsync(node.call(witness.pid, {} as never), { code: 'process-mailbox-full' });
  t.deepEqual(kept, []);
});

test('a fallback that is missing, full or dead leaves the mailbox full', async (t) => {
  const node = await quietNode(t);
  const options = { mailboxSize: 1, fallback: { to: overflow, tag: '' } };
  const witness = await spawnWitness(node, options);
  await still(node, witness);
  t.is(fill(node, witness), 1);
  const sink = await node.spawn(Sink, { name: overflow, mailboxSize: 1 });
  t.is(fill(node, witness), 1);
  node.kill(sink);
  t.is(node.send(witness.pid, nothing), 'process-mailbox-full');
});

test('a process that is its own fallback just has a full mailbox', async (t) => {
  const node = await quietNode(t);
  const options = { mailboxSize: 1, fallback: { to: overflow, tag: '' } };
  const witness = await spawnWitness(node, { ...options, name: overflow as never });
  await still(node, witness);
  t.is(fill(node, witness), 1);
  t.is(node.info().mailboxFull, 1);
});

test('two that are the fallback of each other refuse in the end', async (t) => {
  const node = await quietNode(t);
  const to = (name: typeof overflow) => ({ mailboxSize: 1, fallback: { to: name, tag: '' } });
  const one = await spawnWitness(node, { ...to(second), name: overflow as never });
  const two = await spawnWitness(node, { ...to(overflow), name: second as never });
  await still(node, one);
  await still(node, two);
  t.is(node.send(one.pid, nothing), 'ok');
  t.is(node.send(one.pid, nothing), 'ok');
  t.is(node.send(one.pid, nothing), 'process-mailbox-full');
  t.is(node.send(two.pid, nothing), 'process-mailbox-full');
  t.is(node.processInfo(one.pid).mailbox, 1);
  t.is(node.processInfo(two.pid).mailbox, 1);
});

test('a mailbox that was full and ended makes room for the next process', async (t) => {
  const node = await quietNode(t);
  for (let round = 0; round < 2000; round++) {
    const witness = await spawnWitness(node, { mailboxSize: 2 });
    if (fill(node, witness) !== 2) t.fail(`round ${round}`);
    node.kill(witness.pid);
  }
  t.is(node.info().mailboxFull, 2000);
});
