import { readFile } from 'node:fs/promises';
import test from 'ava';
import {
  Actor,
  env,
  envKey,
  eventName,
  noreply,
  processName,
  reply,
  stop,
  type Answer,
  type Down,
  type EnvKey,
  type EventMeta,
  type MaybePromise,
  type Next,
  type Pid,
  type ProcessName,
  type Request,
} from 'tergo';
import { probe, startUnit, type Notice } from 'tergo/testing';
import { waitFor } from '../support/wait-for.ts';
import { Witness, type Task } from '../support/witness.ts';
import { Counter, counterName, type Total } from './counter.ts';

const unitKey: EnvKey<string> = envKey('unit');
test('a probe takes messages and calls of the real class, and ends with its block', async (t) => {
  let node;
  {
    await using counter = await probe(Counter, { args: [1] });
    node = counter.unit.node;
    await counter.send({ type: 'add', by: 2 });
    const three: number = await counter.call({ type: 'total' });
    t.is(three, 3);
    t.deepEqual([counter.sent, counter.exited], [[], undefined]);
    t.true(node.isAlive);
  }
  t.false(node.isAlive);
});

test('what a synchronous callback does is recorded when send, call, exit and deliver return', async (t) => {
  await using unit = await startUnit();
  const counter = await probe(Counter, { unit, args: [0] });
  const sent = counter.send({ type: 'burst', times: 50 });
  counter.shouldTimes(50, 'send', { to: counter.pid });
  counter.shouldTimes(51, 'log');
  const answer = counter.call({ type: 'total' });
  counter.shouldOnce('reply', { value: 0 });
  const exit = counter.exit('shutdown');
  t.is(counter.exited, 'shutdown');
  t.is(await sent, 'ok');
  t.is(await answer, 0);
  t.is(await exit, 'ok');

  const witness = await probe(Witness, { unit, args: [] });
  void witness.deliver({ kind: 'down', down: { kind: 'node', node: 'b@host', reason: 'normal' } });
  witness.shouldOnce('receive-down');
});

test('what depends on promises is done when the promise of send resolves', async (t) => {
  class Slow extends Actor<{ message: 'go' }> {
    override async handleMessage(): Promise<Next> {
      for (let step = 1; step <= 5; step += 1) {
        await Promise.resolve();
        await new Promise((resolve) => process.nextTick(resolve));
      }
      await this.spawn(Counter, { args: [0] });
      this.log.info('done');
      return noreply;
    }
  }
  await using slow = await probe(Slow);
  const sent = slow.send('go');
  slow.shouldNot('log');
  await sent;
  slow.shouldOnce('log', { message: 'done' });
  t.pass();
});

test('a callback that waits for its own call does not hold up the test; its reply can be given late [C25]', async (t) => {
  class Client extends Actor<{ message: 'ask' }> {
    override async handleMessage(): Promise<Next> {
      const total = await this.call(counterName, { type: 'total' });
      this.log.info('total', { total });
      return noreply;
    }
  }
  await using unit = await startUnit();
  const counter = await unit.standIn({ name: counterName });
  const client = await probe(Client, { unit });
  await client.send('ask');
  await client.send('ask');
  client.shouldOnce('call', { state: 'pending' });
  const error = t.throws(() => client.should('log'));
  t.regex(error?.message ?? '', /The promise of one of its callbacks is pending\.$/);
  t.is(counter.calls('total')[0]?.reply(5), 'ok');
  await unit.settle();
  client.shouldOnce('log', { fields: { total: 5 } });
  client.shouldTimes(2, 'call');
});

test('concurrent calls to a probe are answered each in its turn [C25]', async (t) => {
  type Turn = Request<{ type: 'turn'; n: number }, number>;
  class Turns extends Actor<{ request: Turn }> {
    override async handleCall(request: Turn): Promise<Answer> {
      await Promise.resolve();
      return reply(request, request.n * 2);
    }
  }
  await using turns = await probe(Turns);
  const replies = await Promise.all([1, 2, 3].map((n) => turns.call({ type: 'turn', n })));
  t.deepEqual(replies, [2, 4, 6]);
  t.deepEqual(
    turns.records('reply').map(({ value }) => value),
    [2, 4, 6],
  );
});

test('a callback that awaits a file is waited for by what it does then', async (t) => {
  class Reader extends Actor<{ message: 'read' }> {
    override async handleMessage(): Promise<Next> {
      const text = await readFile(new URL(import.meta.url), 'utf8');
      this.log.info('read', { isThis: text.includes('class Reader') });
      return noreply;
    }
  }
  await using reader = await probe(Reader);
  await reader.send('read');
  await waitFor('the file', () => reader.records('log').length > 0);
  reader.shouldOnce('log', { fields: { isThis: true } });
  t.pass();
});

test('an endless exchange of messages holds up neither the test nor its event loop for ever', async (t) => {
  class Busy extends Actor<{ message: 'go' | 'halt' }> {
    #isHalted = false;
    override handleMessage(what: 'go' | 'halt'): Next {
      this.#isHalted ||= what === 'halt';
      if (!this.#isHalted) this.send(this.pid, 'go');
      return noreply;
    }
  }
  await using busy = await probe(Busy);
  const sent = busy.send('go');
  t.true(busy.sent.length > 10);
  const halted = busy.send('halt');
  t.deepEqual(await Promise.all([sent, halted]), ['ok', 'ok']);
});

test('everything that spawn takes is taken: name, environment, priority, mailbox, log level', async (t) => {
  class Plain extends Actor<{ message: string }> {
    override init(): void {
      this.log.debug(
        `${this.name} in ${this.env(unitKey)} of ${this.env(nodeKey)}, ${this.priority}`,
      );
      this.log.level = 'error';
    }
    override handleMessage(): Next {
      return noreply;
    }
  }
  const nodeKey: EnvKey<string> = envKey('node');
  await using unit = await startUnit({ env: [env(nodeKey, 'N')], name: 'mine@localhost' });
  const name: ProcessName<{ message: string }> = processName('plain');
  const plain = await probe(Plain, {
    ...{ unit, name, env: [env(unitKey, 'U')], priority: 'max', mailboxSize: 2, initTimeoutMs: 0 },
  });
  plain.shouldOnce('log', { message: 'plain in U of N, max', level: 'debug' });
  const { mailboxSize, logLevel } = unit.node.processInfo(plain.pid);
  t.deepEqual([mailboxSize, logLevel, plain.pid.node], [2, 'error', 'mine@localhost']);
  await t.throwsAsync(probe(Plain, { unit, name }), { code: 'taken' });
});

test('a bounded mailbox counts what is delivered to a probe as always', async (t) => {
  await using unit = await startUnit();
  const witness = await probe(Witness, { unit, args: [], mailboxSize: 2 });
  for (let round = 0; round < 5; round += 1) {
    await witness.deliver({
      kind: 'down',
      down: { kind: 'node', node: 'b@host', reason: 'normal' },
    });
    t.is(await witness.send(() => noreply), 'ok');
  }
  const gate = Promise.withResolvers<void>();
  const tasks: Task[] = [() => gate.promise, idle, idle, idle];
  const results = tasks.map((task) => witness.send(task));
  gate.resolve();
  t.deepEqual(await Promise.all(results), ['ok', 'ok', 'ok', 'process-mailbox-full']);
});

test('an init that throws makes probe reject with its error, and leaves nothing of its own behind', async (t) => {
  await t.throwsAsync(probe(Counter, { args: [-1] }), {
    instanceOf: RangeError,
    message: 'start must not be negative',
  });
  await using unit = await startUnit();
  await t.throwsAsync(probe(Counter, { unit, args: [-1] }), { instanceOf: RangeError });
  unit.shouldOnce('spawn', { behaviour: Counter, state: 'failed', error: { message: /negative/ } });
  t.is(unit.node.info().processes, 1);
});

test('an init that waits is waited for, and times out when the time is moved on', async (t) => {
  class Waiting extends Actor {
    override async init(): Promise<void> {
      this.log.info('total', {
        total: await this.call(counterName, { type: 'total' }, { timeoutMs: 10_000 }),
      });
    }
  }
  await using unit = await startUnit();
  const counter = await unit.standIn({ name: counterName });
  counter.answer('total', 4);
  (await probe(Waiting, { unit })).shouldOnce('log', { fields: { total: 4 } });

  const silent = await startUnit();
  await silent.standIn({ name: counterName });
  const waiting = t.throwsAsync(probe(Waiting, { unit: silent }), { code: 'timeout' });
  await silent.advance(5000);
  await waiting;
  await silent[Symbol.asyncDispose]();
});

test('messages come from the tester, or from a stand-in that is named', async (t) => {
  class Greeter extends Actor<{ message: string; request: Total }> {
    override handleMessage(message: string, from: Pid<unknown>): Next {
      this.log.info(message, { from });
      return noreply;
    }
    override handleCall(request: Total, from: Pid<unknown>): Answer {
      this.log.info('call', { from });
      return reply(request, 1);
    }
  }
  await using unit = await startUnit();
  const other = await unit.standIn();
  const greeter = await probe(Greeter, { unit });
  await greeter.send('one');
  await greeter.send('two', { from: other, priority: 'high' });
  await greeter.call({ type: 'total' }, { from: other });
  await greeter.exit('shutdown', { from: other });
  greeter.shouldOnce('log', { message: 'one', fields: { from: unit.tester.pid } });
  greeter.shouldOnce('log', { message: 'two', fields: { from: other.pid } });
  greeter.shouldOnce('log', { message: 'call', fields: { from: other.pid } });
  greeter.shouldOnce('terminate', { exit: { kind: 'pid', pid: other.pid } });
  t.is(greeter.exited, 'shutdown');
});

test('notices can be handed over without anything having happened', async (t) => {
  const prices = eventName<number>('prices');
  class Listener extends Actor<{ event: number }> {
    override handleEvent(message: number, { name, timestampNs }: EventMeta): Next {
      this.log.info('event', { message, name, timestampNs });
      return noreply;
    }
    override handleDown(down: Down): MaybePromise<Next> {
      return Promise.resolve(stop(down.reason));
    }
    override handleEventStart(event: string): Next {
      this.log.info('start', { event });
      return noreply;
    }
  }
  await using unit = await startUnit();
  const listener = await probe(Listener, { unit });
  const meta = { name: prices, node: 'b@host', timestampNs: 5n };
  await listener.deliver({ kind: 'event', event: { ...meta, message: 1250 } });
  listener.shouldOnce('log', { fields: { message: 1250, ...meta, node: undefined } as never });
  await listener.deliver({ kind: 'event-start', event: prices });
  listener.shouldOnce('log', { message: 'start', fields: { event: prices } });
  await listener.deliver({
    kind: 'response',
    response: { ref: '1' as never, label: 'x', ok: true, value: 1 },
  });
  listener.shouldOnce('receive-response', { response: { label: 'x' } });
  await listener.deliver({ kind: 'down', down: { kind: 'node', node: 'b@host', reason: 'kill' } });
  t.is(listener.exited, 'kill');

  const exit: Notice = { kind: 'exit', exit: { kind: 'node', node: 'b@host', reason: 'shutdown' } };
  const [obeying, trapping] = [
    await probe(Witness, { unit, args: [] }),
    await probe(Witness, { unit, args: [[], true] }),
  ];
  await obeying.deliver(exit);
  await trapping.deliver(exit);
  t.deepEqual([obeying.exited, trapping.exited], ['shutdown', undefined]);
  for (const process of [obeying, trapping])
    process.shouldOnce('receive-exit', { exit: exit.exit });
  await trapping.deliver({
    kind: 'exit',
    exit: { kind: 'pid', pid: unit.node.pid, reason: 'normal' },
  });
  t.is(trapping.exited, 'normal');
  await obeying.deliver(exit);
  obeying.shouldOnce('receive-exit');
});

function idle(): Next {
  return noreply;
}
