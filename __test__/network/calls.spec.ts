import { createServer, type AddressInfo } from 'node:net';
import test from 'ava';
import { processId, processName, reply, type TergoError } from 'tergo';
import { virtualClock } from 'tergo/testing';
import { spawnScript } from '../support/improvise.ts';
import { waitFor, waitForEvent, within } from '../support/wait-for.ts';
import type { PuppetProtocol } from '../threads/puppet.ts';
import { fresh, puppet } from '../threads/stage.ts';
import { closeSharedPair, networkNode, pair, part, receivers, sharedPair } from './cluster.ts';

test.after.always(closeSharedPair);

test('what the promise of an answer rejects with may be anything, and the nodes stay connected', async (t) => {
  const { a, b } = await pair(t);
  const peer = await a.network.connect(b.name);
  const name = processName<unknown>(fresh('refuses'));
  let thrown: unknown;
  const script = {
    handleCall: (_self: unknown, asked: object) => reply(asked, Promise.reject(thrown as Error)),
  };
  await spawnScript(b, script, { name });
  for (thrown of ['in words', undefined, () => 1, Object.create(null)])
    await t.throwsAsync(a.call(processId(name, b.name), { type: 'ask' }), { message: /threw/ });
  t.is(peer.info().name, b.name);
});

for (const { title, thread } of receivers) {
  test(`D15, D16: a call by pid is answered, to an unknown one refused, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const request = { type: 'echo', value: [1, { two: 'three' }] };
    t.deepEqual(await from.do('call', to.pid, request, { important: true }), request);
    b.kill(to.pid);
    await to.gone();
    for (const important of [false, true])
      await t.throwsAsync(from.do('call', to.pid, request, { important }), {
        code: 'process-unknown',
      });
  });

  test(`D17, D18: a call by name is answered, to an unknown one refused, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const name = processName<PuppetProtocol>(fresh('named'));
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { name });
    const id = processId(name, 'b@localhost');
    const nobody = processId(processName(fresh('nobody')), 'b@localhost');
    for (const important of [false, true]) {
      t.deepEqual(await from.do('call', id, { type: 'echo' }, { important }), { type: 'echo' });
      await t.throwsAsync(from.do('call', nobody, { type: 'echo' }, { important }), {
        code: 'process-unknown',
      });
    }
    t.true(to.pid.id > 0);
  });

  test(`D19, D20: a call by alias is answered while the alias stands, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const alias = await to.do('createAlias');
    const ask = (important: boolean): Promise<unknown> =>
      from.do('call', alias, { type: 'echo' }, { important });
    for (const important of [false, true]) t.deepEqual(await ask(important), { type: 'echo' });
    await to.do('deleteAlias', alias);
    for (const important of [false, true])
      await t.throwsAsync(ask(important), { code: 'alias-unknown' });
  });

  test(`a call rejects with what the process fails with, and with its end, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const error = await t.throwsAsync<TergoError>(from.do('call', to.pid, { type: 'fail' }));
    t.is(error?.code, 'process-terminated');
    t.true(error?.cause instanceof RangeError);
  });

  test(`a call times out, and its request is dropped where it waits, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const gate = await to.shut();
    await t.throwsAsync(from.do('call', to.pid, { type: 'keep' }, { timeoutMs: 50 }), {
      code: 'timeout',
    });
    // What node a itself says arrives in order, and so after its word that nobody waits any more.
    const other = await puppet(b, thread);
    await a.call(other.pid, { type: 'do', op: 'seen', args: [] } as never);
    await gate.open();
    t.is(await to.do('keptCaller'), undefined);
  });

  test(`a call by name that is given up is not taken any more, and is over where it was taken, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const [to, other] = [await puppet(b, thread), await puppet(b, thread)];
    const name = processName<PuppetProtocol>(fresh('gives up'));
    await to.do('registerName', name);
    // What node a itself says arrives in order.
    const isHeard = () => a.call(other.pid, { type: 'do', op: 'seen', args: [] } as never);
    await isHeard();
    const giveUp = async (isAsked: () => Promise<unknown>): Promise<void> => {
      const abort = new AbortController();
      const { signal } = abort;
      const request = { type: 'keep' } as never;
      const asked = a.call(processId(name, 'b@localhost'), request, { signal });
      const aborted = t.throwsAsync(asked, { code: 'aborted' });
      await isAsked();
      abort.abort();
      await aborted;
      await isHeard();
    };
    const gate = await to.shut();
    await giveUp(isHeard);
    await gate.open();
    t.is(await to.do('keptCaller'), undefined);
    await giveUp(() => waitFor('the call', () => to.do('keptCaller')));
    t.deepEqual(await to.do('answerKept', 'late'), ['response-ignored']);
  });

  test(`a call is given up where it waits, also when who has handed it on has crashed right then, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const [via, to] = [await puppet(b, thread, { logLevel: 'disabled' }), await puppet(b, thread)];
    const gate = await to.shut();
    const giveUp = new AbortController();
    const request = { type: 'pass on', to: to.pid, isKept: true, isLast: true } as never;
    const aborted = t.throwsAsync(a.call(via.pid, request, { signal: giveUp.signal }), {
      code: 'aborted',
    });
    await via.gone();
    giveUp.abort();
    await aborted;
    // In order after its word that nobody waits any more.
    const other = await puppet(b, thread);
    await a.call(other.pid, { type: 'do', op: 'seen', args: [] } as never);
    await gate.open();
    t.is(await to.do('keptCaller'), undefined);
  });

  test(`a call is answered later, by its Caller, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const asked = from.do('call', to.pid, { type: 'keep' });
    await waitFor('the call', async () => (await to.do('keptCaller')) !== undefined);
    t.deepEqual(await to.do('answerKept', 'at last'), ['ok']);
    t.is(await asked, 'at last');
  });

  test(`a call is answered by a process of the caller's own node that got the Caller, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const helper = await puppet(a, 0);
    const asked = from.do('call', to.pid, { type: 'keep' });
    const caller = await waitFor('the call', () => to.do('keptCaller'));
    t.is(await helper.do('answerCaller', caller, 'from home'), 'ok');
    t.is(await asked, 'from home');
  });

  test(`a call is handed on to a third process, wherever it lives, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    for (const last of [await puppet(a, 0), await puppet(b, 0), await puppet(b, 1)]) {
      const [caller, self] = await from.do<[unknown, unknown]>('call', to.pid, {
        type: 'pass on',
        to: last.pid,
      });
      t.is(String(caller), String(from.pid));
      t.is(String(self), String(last.pid));
    }
  });

  test(`a call by name is handed on to a third process, wherever it lives, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const name = processName<unknown>(fresh('hands on'));
    await to.do('registerName', name);
    for (const last of [await puppet(a, 0), await puppet(b, 0), await puppet(b, 1)]) {
      const request = { type: 'pass on', to: last.pid };
      const [caller, self] = await from.do<unknown[]>('call', processId(name, b.name), request);
      t.deepEqual([String(caller), String(self)], [String(from.pid), String(last.pid)]);
    }
  });

  test(`an inspection is answered, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread);
    const answer = await from.do<Record<string, string>>('inspect', to.pid, 'one', 'two');
    t.is(answer['items'], 'one two');
    t.is(answer['from'], String(from.pid));
  });

  test(`a call to a full mailbox is refused, ${title}`, async (t) => {
    const { a, b } = await sharedPair();
    const from = await puppet(a, 0);
    const to = await puppet(b, thread, { mailboxSize: 2 });
    const gate = await to.shut();
    await from.do('flood', to.pid, 5);
    await t.throwsAsync(from.do('call', to.pid, { type: 'echo' }), {
      code: 'process-mailbox-full',
    });
    await gate.open();
  });
}

test('a lost connection rejects every call, once', async (t) => {
  const nodes = await pair(t);
  const { a, b } = nodes;
  const callers = await Promise.all(Array.from({ length: 10 }, () => puppet(a, 0)));
  const to = await puppet(b, 1);
  await a.network.connect('b@localhost');
  const asked = callers.map((from) => from.do('callAndTell', to.pid, { type: 'keep' }, 60_000));
  await waitFor('the calls', async () => (await to.do('keptCaller')) !== undefined);
  await part(nodes);
  const ends = (await Promise.all(asked)) as readonly [string, TergoError][];
  t.true(ends.every(([how, error]) => how === 'rejected' && error.code === 'no-connection'));
});

test('a getter of a message cannot call another node, also not as the first call to it', async (t) => {
  const { a, b } = await pair(t);
  const to = await puppet(b, 0);
  await a.network.connect('b@localhost');
  let inner: Promise<unknown> | undefined;
  const message = {
    get part() {
      inner = a.call(to.pid, { type: 'echo' } as never);
      return 5;
    },
  };
  a.send(to.pid, message);
  await t.throwsAsync(inner!, { code: 'not-allowed', message: /getter/ });
  t.deepEqual(await a.call(to.pid, { type: 'echo' } as never), { type: 'echo' });
});

test('a call from outside of processes has its time also while its node is dialled and nothing else happens', async (t) => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await waitForEvent(nobody, 'listening');
  const clock = virtualClock();
  const node = await networkNode('a@localhost', { dialTimeoutMs: 60_000 }, { clock });
  t.teardown(async () => {
    await node.stopForce();
    nobody.close();
  });
  node.network.addRoute('.', { host: '127.0.0.1', port: (nobody.address() as AddressInfo).port });
  for (const name of ['b@localhost', 'b@localhost', 'c@localhost']) {
    const asked = node.call(processId(processName('x'), name), 'x' as never, { timeoutMs: 50 });
    const refused = t.throwsAsync(asked, { code: 'timeout' });
    await clock.advance(50);
    await within('the timeout', () => refused);
  }
});

test('what is said to a node that has just started anew is for the new one, and no mailbox is full', async (t) => {
  const b = await networkNode('b@localhost');
  const [acceptor] = b.network.acceptors();
  const { host, port } = acceptor!;
  const a = await networkNode('a@localhost', {}, { threads: 2 });
  t.teardown(() => a.stopForce());
  a.network.addRoute('^b@', { host, port });
  const name = processName<PuppetProtocol>('named');
  const id = processId(name, 'b@localhost');
  const callers = [await puppet(a, 0), await puppet(a, 1)];
  let last = b;
  for (let round = 0; round < 15; round++) {
    await puppet(last, 0, { name });
    const asked = callers.map((caller) => caller.do('call', id, { type: 'echo' }).catch(codeOf));
    const sent = a.sendImportant(id, 'important').then(() => 'ok', codeOf);
    const results = await Promise.all([...asked, sent]);
    t.true(results.every(isRight), JSON.stringify(results));
    await last.stop();
    last = await networkNode('b@localhost', { acceptors: [{ host, port, portCount: 1 }] });
  }
  await last.stopForce();
});

/** Of what was lost with the connection nobody knows whether it has come. */
function isRight(result: unknown): boolean {
  return result === 'ok' || result === 'no-connection' || typeof result === 'object';
}

function codeOf(error: TergoError): string {
  return error.code;
}
