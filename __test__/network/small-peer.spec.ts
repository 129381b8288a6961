import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  eventId,
  eventName,
  type LogRecord,
  type Node,
  noreply,
  spawnName,
  type TergoError,
} from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { turnstile } from '../support/turnstile.ts';
import { waitFor } from '../support/wait-for.ts';
import { Puppet, type PuppetOptions, type PuppetProtocol } from '../threads/puppet.ts';
import { fresh, type Handle, puppet } from '../threads/stage.ts';
import { networkNode, receivers, showWay } from './cluster.ts';

const SMALLEST = 4096;
const LARGE = 'x'.repeat(9000);

interface Nodes {
  readonly a: Node;
  readonly b: Node;
  readonly c: Node;
  /** What the second has logged. */
  readonly log: readonly LogRecord[];
}

/** A node that takes very little, one with two threads, and a third that takes as much as nodes do; the second knows the others' limits. */
async function smallAndOthers(t: ExecutionContext): Promise<Nodes> {
  await turnstile(t);
  const a = await networkNode('a@localhost', { maxMessageSize: SMALLEST });
  const b = await networkNode('b@localhost', {}, { threads: 2 });
  const c = await networkNode('c@localhost');
  t.teardown(async () => {
    for (const node of [a, c, b]) await node.stopForce();
  });
  for (const node of [a, c]) {
    showWay(node, b);
    await node.network.connect('b@localhost');
  }
  const limit = (): number | undefined => b.network.node('a@localhost')?.info().maxMessageSize;
  await waitFor('the limit', () => limit() === SMALLEST);
  return { a, b, c, log: recordLog(b) };
}

/** Nothing has come of it but what it was about. */
function isSound(t: ExecutionContext, { b, log }: Nodes): void {
  t.false(log.some(({ message }) => message.includes('scheduler failed')));
  t.is(b.processState(b.pid), 'sleep');
  t.is(b.network.nodes().length, 2);
}

/** Of the only notice, why what was watched has ended. */
async function reasonAt(watcher: Handle): Promise<Error> {
  const [notice] = await watcher.hears(1);
  return (notice as { readonly ended: { readonly reason: Error } }).ended.reason;
}

for (const { title, thread } of receivers) {
  test(`an answer larger than its caller takes rejects the call, and who gave it lives, ${title}`, async (t) => {
    const nodes = await smallAndOthers(t);
    const to = await puppet(nodes.b, thread);
    const echo = { type: 'echo', text: LARGE } as never;
    await t.throwsAsync(nodes.a.call(to.pid, echo), { code: 'too-large', message: /4096/ });
    await t.throwsAsync(nodes.a.inspect(to.pid, LARGE), { code: 'too-large' });
    t.is(await nodes.a.call(to.pid, 5 as never), 5 as never);
    t.is(nodes.b.info().pendingCalls, 0);
    isSound(t, nodes);
  });

  test(`a late answer that is too large is the result of who gives it, and rejects the call, ${title}`, async (t) => {
    const nodes = await smallAndOthers(t);
    const to = await puppet(nodes.b, thread);
    const from = await puppet(nodes.a, 0);
    const asked = from.do<[string, TergoError]>('callAndTell', to.pid, { type: 'keep' }, 10_000);
    await waitFor('the caller', () => to.do('keptCaller'));
    t.deepEqual(await to.do('answerKept', LARGE), ['too-large']);
    const [how, error] = await asked;
    t.deepEqual([how, error.code], ['rejected', 'too-large']);
    isSound(t, nodes);
  });

  test(`an answer by somebody else that is too large rejects the call, ${title}`, async (t) => {
    const nodes = await smallAndOthers(t);
    const to = await puppet(nodes.b, thread);
    const third = await puppet(nodes.b, 1 - thread);
    const from = await puppet(nodes.a, 0);
    const asked = from.do<[string, TergoError]>('callAndTell', to.pid, { type: 'keep' }, 10_000);
    const caller = await waitFor('the caller', () => to.do('keptCaller'));
    await third.do('answerCaller', caller, LARGE);
    const [how, error] = await asked;
    t.deepEqual([how, error.code], ['rejected', 'too-large']);
    isSound(t, nodes);
  });

  test(`a reason too large for one watcher is cut for that one, and the others hear all of it, ${title}`, async (t) => {
    const nodes = await smallAndOthers(t);
    const target = await puppet(nodes.b, thread);
    const near = await puppet(nodes.b, 1 - thread);
    const small = await puppet(nodes.a, 0);
    const linked = await puppet(nodes.a, 0, { trapExit: true });
    const large = await puppet(nodes.c, 0);
    for (const one of [small, large, near]) await one.do('monitor', target.pid);
    await linked.do('link', target.pid);
    target.tell({ type: 'crash', text: LARGE });
    for (const one of [large, near]) t.is((await reasonAt(one)).message, LARGE);
    for (const one of [small, linked]) {
      const reason = await reasonAt(one);
      t.is(reason.name, 'RangeError');
      t.regex(reason.message, /^x+ … \(\d+ more characters\)$/);
    }
    isSound(t, nodes);
  });

  test(`a call to a process that ends for a large reason rejects with as much as its caller takes, ${title}`, async (t) => {
    const nodes = await smallAndOthers(t);
    const target = await puppet(nodes.b, thread);
    const callers = [nodes.a, nodes.b, nodes.c];
    const asked = callers.map((node) => node.call(target.pid, { type: 'keep' } as never));
    await waitFor('the callers', async () => {
      const info = await nodes.b.fetchProcessInfo(target.pid);
      return info.messagesIn >= callers.length && (await target.do('keptCaller')) !== undefined;
    });
    target.tell({ type: 'crash', text: LARGE });
    for (const [index, answer] of asked.entries()) {
      const error = await t.throwsAsync<TergoError>(answer);
      t.is(error?.code, 'process-terminated');
      if (index > 0) t.is((error?.cause as Error | undefined)?.message, LARGE);
    }
    isSound(t, nodes);
  });
}

test('a process ends in its order, though its reason is too large for a remote caller', async (t) => {
  const nodes = await smallAndOthers(t);
  let terminated = 0;
  class Last extends Actor<{ message: string; request: object }> {
    override handleCall(request: object): typeof noreply {
      this.callerOf(request as never);
      return noreply;
    }
    override handleMessage(text: string): never {
      throw new Error(text);
    }
    override terminate(): void {
      terminated += 1;
    }
  }
  const pid = await nodes.b.spawn(Last);
  const asked = nodes.a.call(pid as never, {} as never);
  await waitFor('the call', () => (nodes.b.processInfo(pid)?.messagesIn ?? 0) > 0);
  t.is(nodes.b.send(pid, LARGE), 'ok');
  await t.throwsAsync(asked, { code: 'process-terminated' });
  t.is(terminated, 1);
  isSound(t, nodes);
});

test('the end of a remote child whose init fails with a large error is told as far as it fits', async (t) => {
  const nodes = await smallAndOthers(t);
  const name = spawnName<PuppetProtocol, [PuppetOptions?]>('puppet');
  nodes.b.network.enableSpawn(name, Puppet);
  const peer = nodes.a.network.node('b@localhost')!;
  const error = await t.throwsAsync(peer.spawn(name, { args: [{ fails: LARGE }] }));
  t.regex(error?.message ?? '', /x+ … \(\d+ more characters\)$/);
  isSound(t, nodes);
});

test('an exit whose reason is too large arrives with as much of it as fits', async (t) => {
  const nodes = await smallAndOthers(t);
  const to = await puppet(nodes.a, 0, { trapExit: true });
  const from = await puppet(nodes.b, 1);
  t.is(await from.do('sendExit', to.pid, new RangeError(LARGE)), 'ok');
  const reason = await reasonAt(to);
  t.is(reason.name, 'RangeError');
  t.regex(reason.message, / more characters\)$/);
  isSound(t, nodes);
});

test('what is published and too large for one node reaches the others, is counted, and logged once', async (t) => {
  const nodes = await smallAndOthers(t);
  const name = eventName<string>(fresh('event'));
  const event = eventId(name, 'b@localhost');
  const small = await puppet(nodes.a, 0);
  const others = [await puppet(nodes.c, 0), await puppet(nodes.b, 1), await puppet(nodes.b, 0)];
  const publisher = nodes.b.registerEvent(name, {});
  for (const one of [small, ...others]) await one.do('monitorEvent', event);
  const { messagesDropped } = nodes.b.info();
  for (const message of [LARGE, LARGE, 'small']) t.is(nodes.b.sendEvent(publisher, message), 'ok');
  for (const one of others) t.deepEqual((await one.messages(3)).at(-1), 'small');
  t.deepEqual(await small.messages(1), ['small']);
  t.is(nodes.b.info().messagesDropped, messagesDropped + 2);
  const told = nodes.log.filter(({ message }) => message.includes('too large'));
  t.is(told.length, 1);
  t.like(told[0]?.fields, { event: name, node: 'a@localhost' });
  isSound(t, nodes);
});

test('the end of an event is heard, though its producer ended for a reason that is too large', async (t) => {
  const nodes = await smallAndOthers(t);
  const name = eventName<unknown>(fresh('event'));
  const producer = await puppet(nodes.b, 1);
  await producer.do('announce', name, {});
  const watchers = [await puppet(nodes.a, 0), await puppet(nodes.c, 0)];
  for (const one of watchers) await one.do('monitorEvent', eventId(name, 'b@localhost'));
  producer.tell({ type: 'crash', text: LARGE });
  for (const one of watchers) t.like(await one.hears(1), [{ on: 'down' }]);
  isSound(t, nodes);
});

test('a call that is handed on to a node that takes less rejects, and who hands it on lives', async (t) => {
  const nodes = await smallAndOthers(t);
  const to = await puppet(nodes.a, 0);
  const by = await puppet(nodes.b, 1);
  const request = { type: 'pass on', to: to.pid, text: LARGE } as never;
  await t.throwsAsync(nodes.c.call(by.pid, request), { code: 'too-large' });
  await t.throwsAsync(nodes.b.call(by.pid, request), { code: 'too-large' });
  t.deepEqual(await by.seen(), []);
  isSound(t, nodes);
});
