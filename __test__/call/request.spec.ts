import test from 'ava';
import {
  isResponseTo,
  noreply,
  processName,
  TergoError,
  type Node,
  type Pid,
  type RequestOptions,
  type RequestRef,
  type Response,
} from 'tergo';
import { clerkOn, gatedOn } from '../support/clerk-places.ts';
import {
  inside,
  logOf,
  spawnGated,
  spawnScript,
  type Options,
  type Self,
} from '../support/improvise.ts';
import { FarTended } from '../support/far-tended.ts';
import {
  closeShared,
  infoOf,
  isReason,
  places,
  settled,
  sharedPlace,
  witnessGone,
  witnessOn,
} from '../support/places.ts';
import { gone, quietNode, type Handle } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

interface Asker {
  readonly pid: Pid<unknown>;
  readonly responses: Response[];
  /** Sends a request from inside of it. */
  ask(to: Pid<unknown>, options?: RequestOptions): Promise<RequestRef<unknown>>;
}

async function spawnAsker(node: Node, options: Options = {}): Promise<Asker> {
  const responses: Response[] = [];
  const pid = await spawnScript(
    node,
    {
      handleMessage: (self, task: (self: Self) => unknown) => task(self),
      handleResponse: (_self, response) => (responses.push(response), noreply),
    },
    options,
  );
  const ask: Asker['ask'] = (to, rest) =>
    inside(node, pid, (self) => self.sendRequest(to, { type: 'x' }, rest));
  return { pid, responses, ask };
}

const ask = (
  { run }: Handle,
  to: Pid<unknown>,
  options?: RequestOptions,
  request: { readonly type: string } = { type: 'x' },
): Promise<RequestRef<unknown>> => run((self) => self.sendRequest(to, request, options));

test.after.always(closeShared);

const error = new Error('on purpose');

for (const place of places) {
  const answering = { type: 'bare', value: 'answer' } as const;
  test(`the answer to a request comes as a message, with the reference and the label${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    const ref = await ask(asker, clerk.pid, { label: 'mine' }, answering);
    const other = await ask(asker, clerk.pid, undefined, answering);
    const responses = await heardBy(asker, 2);
    t.deepEqual(responses, [
      { ref, label: 'mine', ok: true, value: 'answer' },
      { ref: other, label: undefined, ok: true, value: 'answer' },
    ]);
    const [first, second] = responses;
    t.true(isResponseTo(first!, ref));
    t.false(isResponseTo(second!, ref));
    t.false(isResponseTo(first!, undefined));
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
  });

  test(`a request does not block its process${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid: slow, open } = await gatedOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    const ref = await ask(asker, slow);
    t.is(await asker.run((self) => self.send(self.pid, 'not blocked' as never)), 'ok');
    t.is((await infoOf(node, asker.pid)).pendingCalls, 1);
    t.like(await asker.heard(), [{ on: 'message', message: 'not blocked' }]);
    open();
    t.deepEqual(await heardBy(asker, 1), [
      { ref, label: undefined, ok: true, value: { type: 'x' } },
    ]);
  });

  test(`a refusal, a timeout and the end of the target come as responses that are not ok${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const refusing = await clerkOn(node, place.other);
    const silent = await gatedOn(node, place.other);
    const doomed = await gatedOn(node, place.other);
    const deaf = await node.spawn(FarTended, { args: ['deaf'], thread: place.other });
    const asker = await witnessOn(node, place.self);
    const refusal = { type: 'refuse', value: error } as const;
    const refs = [
      await ask(asker, refusing.pid, { label: 'refused' }, refusal),
      await ask(asker, deaf as Pid<unknown>, { label: 'deaf' }),
      await ask(asker, doomed.pid, { label: 'ended' }),
      await ask(asker, silent.pid, { label: 'timed out', timeoutMs: 1 }),
    ];
    node.kill(doomed.pid);
    const byLabel = new Map((await heardBy(asker, 4)).map((each) => [each.label, each]));
    for (const [index, label] of ['refused', 'deaf', 'ended', 'timed out'].entries()) {
      t.like(byLabel.get(label), { ok: false, ref: refs[index] });
    }
    const errorOf = (label: string): Error => (byLabel.get(label) as { error: Error }).error;
    isReason(t, place, errorOf('refused'), error);
    t.true(TergoError.is(errorOf('deaf'), 'unsupported'));
    t.true(TergoError.is(errorOf('ended'), 'process-terminated'));
    t.true(TergoError.is(errorOf('timed out'), 'timeout'));
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
    for (const { open } of [silent, doomed]) open();
  });

  test(`what is known at once is thrown at once, and no response follows${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const dead = await clerkOn(node, place.other);
    node.kill(dead.pid);
    await gone(node, dead);
    await settled(node);
    const full = await gatedOn(node, place.other, { mailboxSize: 1 });
    node.send(full.pid, 'fills it');
    await waitFor('the message', async () => (await infoOf(node, full.pid)).mailbox === 1);
    const asker = await witnessOn(node, place.self);
    const nobody = processName<unknown>('nobody') as unknown as Pid<unknown>;
    await t.throwsAsync(ask(asker, dead.pid), { code: 'process-unknown' });
    await t.throwsAsync(ask(asker, nobody), { code: 'name-unknown' });
    await t.throwsAsync(ask(asker, full.pid), { code: 'process-mailbox-full' });
    await t.throwsAsync(ask(asker, asker.pid as Pid<unknown>), { code: 'not-allowed' });
    await t.throwsAsync(ask(asker, 7 as never), { code: 'incorrect', message: /^to / });
    await t.throwsAsync(ask(asker, full.pid, { timeoutMs: 0 }), {
      code: 'incorrect',
      message: /options\.timeoutMs/,
    });
    await t.throwsAsync(ask(asker, full.pid, { label: 7 as never }), {
      code: 'incorrect',
      message: /options\.label/,
    });
    full.open();
    t.deepEqual(await asker.heard(), []);
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
  });

  test(`a request that is cancelled brings no response, and its handler is not called if it was not taken yet${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    const ref = await ask(asker, pid);
    const cancel = (): Promise<boolean> => asker.run((self) => self.cancelRequest(ref));
    t.true(await cancel());
    t.false(await cancel());
    t.is((await infoOf(node, asker.pid)).pendingCalls, 0);
    open();
    await asker.run((self) => self.call(pid, { type: 'fresh' }));
    t.deepEqual([await taken(), await asker.heard()], [[{ type: 'fresh' }], []]);
  });

  test(`a request that is answered, or is another process’s, cannot be cancelled${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const clerk = await clerkOn(node, place.other);
    const asker = await witnessOn(node, place.self);
    const other = await witnessOn(node, place.self);
    const answered = await ask(asker, clerk.pid, {}, answering);
    await heardBy(asker, 1);
    t.false(await asker.run((self) => self.cancelRequest(answered)));

    const { pid: slow, open } = await gatedOn(node, place.other);
    const pending = await ask(asker, slow);
    t.false(await other.run((self) => self.cancelRequest(pending)));
    open();
    await heardBy(asker, 2);
    for (const junk of [undefined, null, 7, {}]) {
      await t.throwsAsync(
        asker.run((self) => self.cancelRequest(junk as never)),
        { code: 'incorrect', message: /^ref / },
      );
    }
  });

  test(`an answer to a process that has ended goes nowhere${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other);
    const before = node.info().slabEntries;
    const asker = await witnessOn(node, place.self);
    await ask(asker, pid);
    node.kill(asker.pid);
    await witnessGone(node, asker);
    await settled(node);
    open();
    const other = await witnessOn(node, place.self);
    await other.run((self) => self.call(pid, { type: 'fresh' }));
    t.deepEqual(await taken(), [{ type: 'fresh' }]);
    t.like(asker.seen, { length: 1, 0: { on: 'terminate' } });
    node.kill(other.pid);
    if (!place.isThreaded) await waitFor('rest', () => node.info().slabEntries === before);
  });
}

/** The responses that a witness has heard, once there are so many. */
async function heardBy({ seen }: Handle, count: number): Promise<Response[]> {
  const responses = (): Response[] =>
    seen.flatMap((notice) => (notice.on === 'response' ? [notice.response] : []));
  await waitFor(`${count} responses`, () => responses().length >= count);
  return responses();
}

test('responses wait by the priority of the process that asked, and requests by that of the request', async (t) => {
  const node = await quietNode(t);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const asker = await spawnScript(
    node,
    {
      handleMessage: async (self, message: string) => {
        order.push(message);
        if (message !== 'first') return noreply;
        self.sendRequest(server, { type: 'x' });
        await gate.promise;
        return noreply;
      },
      handleResponse: () => (order.push('response'), noreply),
    },
    { priority: 'high' },
  );
  node.send(asker, 'first');
  node.send(asker, 'second');
  await waitFor('the answer', () => node.processInfo(asker).queues.system === 1);
  gate.resolve();
  await waitFor('all', () => order.length === 3);
  t.deepEqual(order, ['first', 'response', 'second']);

  const target = await spawnGated(node);
  const other = await spawnAsker(node);
  await other.ask(target.pid);
  await other.ask(target.pid, { priority: 'max' });
  t.deepEqual(node.processInfo(target.pid).queues, { urgent: 1, system: 0, main: 1, log: 0 });
  target.open();
});

test('a response without handleResponse is logged as lost', async (t) => {
  const node = await quietNode(t);
  const records = logOf(node);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  await spawnScript(node, { init: (self) => void self.sendRequest(server, { type: 'x' }) });
  await waitFor('the log', () => records.length === 1);
  t.regex(records[0]!.message, /handleResponse is not implemented/);
});

test('references are never the same twice', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const refs = new Set<string>();
  const asker = await spawnScript(node, {
    handleMessage: (self) => {
      for (let i = 0; i < 1000; i++) refs.add(self.sendRequest(server, { type: 'x' }));
      return noreply;
    },
    handleResponse: () => noreply,
  });
  for (let round = 0; round < 3; round++) node.send(asker, 'go');
  await waitFor('all', () => node.info().pendingCalls === 0 && refs.size >= 3000);
  t.is(refs.size, 3000);
});
