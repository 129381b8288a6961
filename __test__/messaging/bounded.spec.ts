import test from 'ava';
import * as fc from 'fast-check';
import { noreply, processName, type FallbackMessage, type Node, type Pid } from 'tergo';
import { closedGate, gatedOn } from '../support/clerk-places.ts';
import { spawnCollector, spawnGated, spawnScript, type Options } from '../support/improvise.ts';
import {
  closeShared,
  freshName,
  infoOf,
  places,
  settled,
  sharedPlace,
  witnessOn,
} from '../support/places.ts';
import { gone, quietNode } from '../support/witness.ts';
import { waitFor } from '../support/wait-for.ts';

const priorities = ['normal', 'high', 'max'] as const;
const full = 'process-mailbox-full';

test.after.always(closeShared);

for (const place of places) {
  test(`a limited mailbox takes exactly its limit in each queue, keeps the order and shows what waits [C18]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other, { mailboxSize: 3 });
    const sender = await witnessOn(node, place.self);
    const before = node.info().mailboxFull;
    t.is((await infoOf(node, pid)).mailboxSize, 3);
    for (const priority of priorities) {
      const results = await sender.run((self) =>
        [1, 2, 3, 4, 5].map((number) => self.send(pid, `${priority} ${number}`, { priority })),
      );
      t.deepEqual(results, ['ok', 'ok', 'ok', full, full]);
    }
    for (let look = 0; look < 2; look++) {
      await settled(node);
      t.deepEqual((await infoOf(node, pid)).queues, { urgent: 3, system: 3, main: 3, log: 0 });
    }
    if (!place.isThreaded) t.is(node.info().mailboxFull, before + 6);

    open();
    const got = await waitFor('what was accepted', async () => {
      const { mailbox } = await infoOf(node, pid);
      return mailbox === 0 && (await taken());
    });
    const wanted = ['max', 'high', 'normal'].flatMap((name) =>
      [1, 2, 3].map((number) => `${name} ${number}`),
    );
    t.deepEqual(got, wanted);
    t.is(await sender.run((self) => self.send(pid, 'again')), 'ok');
  });

  test(`a request that nobody waits for any more gives its place back when its turn comes [C18]${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, taken, open } = await gatedOn(node, place.other, { mailboxSize: 2 });
    const sender = await witnessOn(node, place.self);
    const send = async (text: string): Promise<unknown> =>
      await sender.run((self) => self.send(pid, text));
    await sender.run((self) => self.begin(pid, { type: 'aborted' }));
    t.is(await send('second'), 'ok');
    t.is(await send('third'), full);
    await sender.run((self) => self.abort());
    t.like(await sender.run((self) => self.outcomes()), [{ reason: { code: 'aborted' } }]);
    await settled(node);
    open();
    await waitFor('room', async () => (await infoOf(node, pid)).mailbox === 0);
    t.deepEqual(await taken(), ['second']);
    const gate = await closedGate(node);
    node.send(pid, gate.wait());
    await gate.entered;
    await settled(node);
    t.deepEqual(
      [await send('fourth'), await send('fifth'), await send('sixth')],
      ['ok', 'ok', full],
    );
    gate.open();
  });

  test(`a full mailbox refuses calls and inspections, and takes exit signals all the same${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const { pid, open } = await gatedOn(node, place.other, { mailboxSize: 1 });
    const sender = await witnessOn(node, place.self);
    await sender.run((self) =>
      priorities.map((priority) => self.send(pid, priority, { priority })),
    );
    const refused = { code: full };
    await t.throwsAsync(
      sender.run((self) => self.call(pid, { type: 'x' })),
      refused,
    );
    await t.throwsAsync(
      sender.run((self) => self.call(pid, { type: 'x' }, { priority: 'max' })),
      refused,
    );
    await t.throwsAsync(
      sender.run((self) => self.inspect(pid)),
      refused,
    );
    t.is((await infoOf(node, sender.pid)).pendingCalls, 0);
    await sender.run((self) => self.monitor(pid));
    t.is(await sender.run((self) => self.sendExit(pid, 'shutdown')), 'ok');
    open();
    await gone(node, { pid });
    t.like(await sender.heard(), [{ on: 'down', ended: { reason: 'shutdown' } }]);
  });

  test(`a limited process that ends leaves a clean count to the next${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const sender = await witnessOn(node, place.self);
    for (let round = 0; round < 3; round++) {
      const { pid, open } = await gatedOn(node, place.other, { mailboxSize: 2 });
      const results = await sender.run((self) => [1, 2, 3].map((each) => self.send(pid, each)));
      t.deepEqual(results, ['ok', 'ok', full]);
      node.kill(pid);
      open();
    }
  });

  test(`a fallback gets what finds the mailbox full: pid, tag and message, from the original sender${place.title}`, async (t) => {
    const node = await sharedPlace(t, place);
    const name = freshName('fallback');
    const to = processName<{ message: FallbackMessage }>(name);
    const fallback = await witnessOn(node, place.self, { name });
    const options = { mailboxSize: 1, fallback: { to, tag: 'overflow' } };
    const { pid, open } = await gatedOn(node, place.other, options);
    const sender = await witnessOn(node, place.self);
    const results = await sender.run((self) => [self.send(pid, 'fits'), self.send(pid, 'over')]);
    t.deepEqual(results, ['ok', 'ok']);
    await waitFor('the overflow', () => fallback.seen.length === 1);
    const message = { type: 'fallback', pid, tag: 'overflow', message: 'over' };
    t.deepEqual(fallback.seen as unknown[], [{ on: 'message', message, from: sender.pid }]);
    if (!place.isThreaded) t.is(node.info().mailboxFull, 1);
    await t.throwsAsync(
      sender.run((self) => self.call(pid, { type: 'x' })),
      { code: full },
    );
    t.is((await fallback.heard()).length, 1);
    open();
  });
}

test('each message that is taken makes room for one more, by whatever path it came', async (t) => {
  const node = await quietNode(t);
  const limit = 3;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('send', 'call', 'take'), { minLength: 1, maxLength: 60 }),
      async (steps) => {
        const { pid, take, end } = await spawnStepper(node, { mailboxSize: limit });
        let waiting = 0;
        for (const step of steps) {
          if (step === 'take') {
            if (waiting === 0) continue;
            await take();
            waiting -= 1;
          } else {
            const isAccepted = step === 'send' ? send(node, pid) : await call(node, pid);
            t.is(isAccepted, waiting < limit);
            if (isAccepted) waiting += 1;
          }
        }
        end();
      },
    ),
    { numRuns: 60 },
  );
});

test('a message that a callback sends to itself counts, and the one in hand does not', async (t) => {
  const node = await quietNode(t);
  const results = Promise.withResolvers<unknown[]>();
  const target = await spawnScript(
    node,
    {
      handleMessage: (self, message) => {
        if (message === 'first')
          results.resolve([self.send(self.pid, 'second'), self.send(self.pid, 'third')]);
        return noreply;
      },
    },
    { mailboxSize: 1 },
  );
  node.send(target, 'first');
  t.deepEqual(await results.promise, ['ok', full]);
});

test('answers to its own requests reach a process with a full mailbox and take no place in it', async (t) => {
  const node = await quietNode(t);
  const server = await spawnScript(node, { handleCall: () => 'answer' });
  const answers: unknown[] = [];
  const asker = await spawnScript(
    node,
    {
      handleMessage: (self) => {
        for (let i = 0; i < 3; i++) self.sendRequest(server, { type: 'x' });
        return noreply;
      },
      handleResponse: (_self, response) => (answers.push(response.ok && response.value), noreply),
    },
    { mailboxSize: 1 },
  );
  node.send(asker, 'ask');
  await waitFor('the answers', () => answers.length === 3);
  t.deepEqual(answers, ['answer', 'answer', 'answer']);
  t.deepEqual([node.send(asker, 1), node.send(asker, 2)], ['ok', full]);
});

test('limits hold for thousands of limited processes', async (t) => {
  const node = await quietNode(t);
  const targets = await Promise.all(
    Array.from({ length: 3000 }, () => spawnCollector(node, { mailboxSize: 2 })),
  );
  const results = targets.map(({ pid }) => [1, 2, 3].map((number) => node.send(pid, number)));
  t.true(results.every((each) => each.join() === `ok,ok,${full}`));
  await waitFor('all', () => targets.every(({ got }) => got.length === 2));
  t.true(targets.every(({ pid }) => node.send(pid, 4) === 'ok'));
});

test('without a fallback process, or with one that is full itself, the send says process-mailbox-full', async (t) => {
  const node = await quietNode(t);
  const first = await spawnGated(node, limited('a', 'b'));
  const second = await spawnGated(node, limited('b', 'a'));
  const missing = await spawnGated(node, limited('missing', 'nobody'));
  const itself = await spawnGated(node, limited('itself', 'itself'));
  t.deepEqual([node.send(missing.pid, 1), node.send(missing.pid, 2)], ['ok', full]);
  t.deepEqual([node.send(itself.pid, 1), node.send(itself.pid, 2)], ['ok', full]);
  // The two are each other's fallback: the second message goes there, the third nowhere.
  t.deepEqual(
    [1, 2, 3].map((number) => node.send(first.pid, number)),
    ['ok', 'ok', full],
  );
  t.is(node.send(second.pid, 4), full);
});

/** A name, room for one message, and where the second goes. */
function limited(name: string, to: string): Options {
  return { name: processName(name), mailboxSize: 1, fallback: { to: processName(to), tag: '' } };
}

/** A limited process that takes one message each time it is told to. */
async function spawnStepper(
  node: Node,
  options: Options,
): Promise<{ pid: Pid<unknown>; take: () => Promise<void>; end: () => void }> {
  let allow = Promise.withResolvers<void>();
  let entered = Promise.withResolvers<void>();
  const step = async (): Promise<void> => {
    entered.resolve();
    await allow.promise;
    allow = Promise.withResolvers();
  };
  const handleMessage = async (): Promise<unknown> => (await step(), noreply);
  const handleCall = async (): Promise<unknown> => (await step(), 'answer');
  const pid = await spawnScript(node, { handleMessage, handleCall }, options);
  node.send(pid, 'enter');
  await entered.promise;
  const take = async (): Promise<void> => {
    entered = Promise.withResolvers();
    allow.resolve();
    await entered.promise;
  };
  return { pid, take, end: () => node.kill(pid) };
}

function send(node: Node, pid: Pid<unknown>): boolean {
  return node.send(pid, 1) === 'ok';
}

/** Whether a call was accepted; what becomes of it does not matter here. */
async function call(node: Node, pid: Pid<unknown>): Promise<boolean> {
  const before = node.info().pendingCalls;
  const answer = node.call(pid, { type: 'x' });
  answer.catch(() => undefined);
  return node.info().pendingCalls > before;
}
