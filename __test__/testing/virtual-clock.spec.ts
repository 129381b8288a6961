import test from 'ava';
import {
  Actor,
  eventName,
  noreply,
  processName,
  reply,
  type Answer,
  type EventName,
  type LogRecord,
  type Messenger,
  type Next,
  type Node,
  type ProcessName,
  type Request,
  type Timer,
} from 'tergo';
import { virtualClock, type VirtualClock } from 'tergo/testing';
import { runSource } from '../support/run-node.ts';
import { within } from '../support/wait-for.ts';
import { quietNode } from '../support/witness.ts';

type Note = readonly [what: string, atMs: number];

/** Writes down when it was told what. */
class Notebook extends Actor<{ message: string }> {
  #notes: Note[] = [];

  override init(notes: Note[]): void {
    this.#notes = notes;
  }

  override handleMessage(what: string): Next {
    this.#notes.push([what, this.node.uptimeMs]);
    return noreply;
  }
}

/** Answers nothing and does not stop when asked. */
class Stubborn extends Actor<{ request: Request<{ type: 'any' }, number> }> {
  override handleCall(): Promise<Answer> {
    return new Promise(() => undefined);
  }

  override terminate(): Promise<void> {
    return new Promise(() => undefined);
  }
}

async function notebook(
  node: Messenger,
  notes: Note[] = [],
): Promise<{ notes: Note[]; name: ProcessName<{ message: string }> }> {
  const name: ProcessName<{ message: string }> = processName('notebook');
  await node.spawn(Notebook, { args: [notes], name });
  return { notes, name };
}

test('delayed messages come at their very times and in their order, whatever the order of starting', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  for (const afterMs of [70, 5000, 69, 0, 3_600_000, 70])
    node.sendAfter(name, `${afterMs}`, afterMs);
  await clock.advance(0);
  t.deepEqual(notes, [['0', 0]]);
  await clock.advance(69.5);
  t.deepEqual(notes.slice(1), [['69', 69]]);
  await clock.advance(3_600_000);
  t.deepEqual(notes.slice(2), [
    ['70', 70],
    ['70', 70],
    ['5000', 5000],
    ['3600000', 3_600_000],
  ]);
});

test('time moves on in step for all nodes of a clock', async (t) => {
  const clock = virtualClock();
  const [a, b] = [
    await quietNode(t, { clock }, 'a@localhost'),
    await quietNode(t, { clock }, 'b@localhost'),
  ];
  const inA = await notebook(a);
  const inB = await notebook(b, inA.notes);
  a.sendAfter(inA.name, 'a 30', 30);
  b.sendAfter(inB.name, 'b 10', 10);
  a.sendAfter(inA.name, 'a 20', 20);
  b.sendAfter(inB.name, 'b 40', 40);
  await clock.advance(35);
  t.deepEqual(inA.notes, [
    ['b 10', 10],
    ['a 20', 20],
    ['a 30', 30],
  ]);
  t.deepEqual([a.uptimeMs, b.uptimeMs], [35, 35]);
});

test('what follows from a timer, further timers and pending promises included, is done before advance resolves', async (t) => {
  class Chain extends Actor<{ message: number }> {
    override async handleMessage(left: number): Promise<Next> {
      await Promise.resolve();
      await this.sendImportant(name, `${left} left`);
      await this.spawn(Notebook, { args: [notes] });
      if (left > 0) this.sendAfter(this.pid, left - 1, 1000);
      return noreply;
    }
  }
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  node.send(await node.spawn(Chain), 3);
  await clock.advance(2999);
  t.deepEqual(notes, [
    ['3 left', 0],
    ['2 left', 1000],
    ['1 left', 2000],
  ]);
  await clock.advance(1);
  t.deepEqual(notes.at(-1), ['0 left', 3000]);
});

test('a repeated send ticks at its rate and ends with its cancellation', async (t) => {
  class Ticking extends Actor {
    override init(): void {
      timers.push(this.sendEvery(name, 'tick', 250));
      this.sendAfter(name, 'last', 1001);
    }
  }
  const timers: Timer[] = [];
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  await node.spawn(Ticking);
  await clock.advance(1000);
  t.deepEqual(
    notes.map(([, at]) => at),
    [250, 500, 750, 1000],
  );
  t.true(timers[0]?.cancel());
  await clock.advance(10_000);
  t.deepEqual(notes.slice(4), [['last', 1001]]);
});

test('a call times out at its deadline and not a millisecond before', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const stubborn = await node.spawn(Stubborn);
  await clock.advance(12_345);
  const settled: string[] = [];
  for (const [title, options] of [
    ['default', {}],
    ['30 ms', { timeoutMs: 30 }],
  ] as const) {
    node
      .call(stubborn, { type: 'any' }, options)
      .catch(({ code }) => settled.push(`${title} ${code}`));
  }
  await clock.advance(29);
  t.deepEqual(settled, []);
  await clock.advance(1);
  t.deepEqual(settled, ['30 ms timeout']);
  await clock.advance(4969);
  t.is(settled.length, 1);
  await clock.advance(1);
  t.deepEqual(settled, ['30 ms timeout', 'default timeout']);
});

test('an init that does not end is given up when its time is over', async (t) => {
  class Endless extends Actor {
    override init(): Promise<void> {
      return new Promise(() => undefined);
    }
  }
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const spawned = t.throwsAsync(node.spawn(Endless, { initTimeoutMs: 60_000 }), {
    code: 'timeout',
  });
  await clock.advance(59_999);
  t.is(node.info().processes, 1);
  await clock.advance(1);
  await spawned;
  t.is(node.info().processes, 0);
});

test('a stop kills what has not ended when its time is over', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const stubborn = await node.spawn(Stubborn);
  node.call(stubborn, { type: 'any' }, { timeoutMs: 1_000_000 }).catch(() => undefined);
  await clock.settle();
  const stopped = node.stop();
  await clock.advance(179_999);
  t.true(node.isAlive);
  await clock.advance(1);
  t.deepEqual((await stopped).killed, [stubborn]);
});

test('log records, events and uptimes go by the clock', async (t) => {
  const clock = virtualClock({ startAt: new Date('2026-03-29T00:59:59.250Z') });
  const node = await quietNode(t, { clock });
  const records: LogRecord[] = [];
  node.addLogger('test', { log: (record) => void records.push(record) });
  await clock.advance(750);
  node.log.info('it is one');
  t.is(records[0]?.timeMs, Date.UTC(2026, 2, 29, 1));

  const ticks: EventName<string> = eventName('ticks');
  const publisher = node.registerEvent(ticks, { buffer: 1 });
  node.sendEvent(publisher, 'tick');
  await using feed = node.subscribe(ticks);
  for await (const { timestampNs } of feed) {
    t.is(timestampNs, BigInt(Date.UTC(2026, 2, 29, 1)) * 1_000_000n);
    break;
  }
  t.is(node.uptimeMs, 750);
  t.is(node.info().uptimeMs, 750);
});

test('the time of day starts where it is told to, is set without time moving on, and can be advanced to', async (t) => {
  const clock = virtualClock({ startAt: 1000 });
  const node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  node.sendAfter(name, 'noted', 500);
  clock.setWallNow(new Date(90_000));
  await clock.settle();
  t.deepEqual([clock.wallNow(), clock.now(), notes], [90_000, 0, []]);
  await clock.advanceTo(90_499);
  t.deepEqual(notes, []);
  await clock.advanceTo(new Date(90_500));
  t.deepEqual([clock.wallNow(), clock.now(), notes], [90_500, 500, [['noted', 500]]]);
  t.is(virtualClock().wallNow(), Date.UTC(2026, 0, 1));
});

test('advances that overlap are done one after the other', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  node.sendAfter(name, 'noted', 15);
  const seen: unknown[] = [];
  await Promise.all([
    clock.advance(10).then(() => seen.push(clock.now(), notes.length)),
    clock.advance(10).then(() => seen.push(clock.now(), notes.length)),
  ]);
  t.deepEqual(seen, [10, 0, 20, 1]);
});

test('a callback may ask the clock to move on without waiting for it', async (t) => {
  class Impatient extends Actor<{ message: 'go' }> {
    override handleMessage(): Next {
      void clock.advance(50);
      return noreply;
    }
  }
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  node.sendAfter(await node.spawn(Impatient), 'go', 10);
  await clock.advance(10);
  t.is(clock.now(), 10);
  await clock.advance(0);
  t.is(clock.now(), 60);
});

test('a node on a clock that stands still lets the event loop go on however busy it is', async (t) => {
  class Busy extends Actor<{ message: 'go' }> {
    override handleMessage(): Next {
      this.send(this.pid, 'go');
      return noreply;
    }
  }
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  node.send(await node.spawn(Busy), 'go');
  await within('a timer of Node.js', () => new Promise((resolve) => setTimeout(resolve, 1)));
  await node.stopForce();
  t.is(clock.now(), 0);
});

test('a stopped node leaves its clock', async (t) => {
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  await node.stop();
  await clock.advance(2 ** 40);
  t.is(clock.now(), 2 ** 40);
});

test('a node on a virtual clock keeps no OS process alive, even if nobody stops it', async (t) => {
  const { stdout, code } = await runSource(`
    import { startNode } from 'tergo';
    import { virtualClock } from 'tergo/testing';
    const clock = virtualClock();
    const node = await startNode('test@localhost', { clock, log: { disableConsole: true } });
    await clock.advance(1000);
    console.log(node.uptimeMs, node.isAlive);
  `);
  t.is(stdout, '1000 true\n');
  t.is(code, 0);
});

test('processes that never rest make advance reject instead of wait for ever', async (t) => {
  const { stdout } = await runSource(`
    // The machine's clock runs fast here.
    let now = 0;
    performance.now = () => (now += 5);
    const { Actor, noreply, startNode } = await import('tergo');
    const { virtualClock } = await import('tergo/testing');
    class Busy extends Actor {
      handleMessage() { this.send(this.pid, 'go'); return noreply; }
    }
    const clock = virtualClock();
    const node = await startNode('test@localhost', { clock });
    node.send(await node.spawn(Busy), 'go');
    await clock.advance(1000).catch(({ code, message }) => console.log(code, message, clock.now()));
    await node.stopForce();
  `);
  t.is(
    stdout,
    'timeout the nodes have not come to rest for 10000 ms: do processes send to each other without end? 0\n',
  );
});

test('bad times and bad clocks are refused at once', async (t) => {
  const clock = virtualClock();
  for (const bad of [-1, NaN, Infinity, '5', undefined]) {
    await t.throwsAsync(clock.advance(bad as number), {
      code: 'incorrect',
      message: /^ms must be/,
    });
  }
  await t.throwsAsync(clock.advanceTo(0), { code: 'incorrect', message: /^wallTime must be 2026/ });
  await t.throwsAsync(clock.advanceTo(new Date('no date')), { code: 'incorrect' });
  t.throws(() => clock.setWallNow(NaN), { code: 'incorrect', message: /^wallTime must/ });
  t.throws(() => virtualClock({ startAt: 'today' as never }), {
    code: 'incorrect',
    message: /^options\.startAt/,
  });
  t.throws(() => virtualClock({ at: 1 } as never), { code: 'incorrect', message: /^options\.at/ });

  const broken: readonly (readonly [string, unknown])[] = [
    ['options.clock must', 5],
    ['options.clock must', null],
    ['options.clock.now must', {}],
    ['options.clock.wallNow must', without(clock, 'wallNow')],
    ['options.clock.alarm must', without(clock, 'alarm')],
    ['options.clock.join must', { ...without(clock, 'join'), join: 1 }],
  ];
  for (const [text, bad] of broken) {
    const error = await t.throwsAsync<Error>(quietNode(t, { clock: bad as VirtualClock }), {
      code: 'incorrect',
    });
    t.true(error?.message.startsWith(text), error?.message);
  }
});

test('any clock of one’s own will do', async (t) => {
  const alarms: (() => void)[] = [];
  let now = 100.5;
  let members = 0;
  const clock = {
    now: () => now,
    wallNow: () => 5,
    join: () => {
      members += 1;
      return () => void (members -= 1);
    },
    alarm: (delayMs: number, wake: () => void) => {
      const alarm = (): void => {
        if (now >= due) wake();
      };
      const due = now + delayMs;
      alarms.push(alarm);
      return () => void alarms.splice(alarms.indexOf(alarm), 1);
    },
  };
  const node: Node = await quietNode(t, { clock });
  const { notes, name } = await notebook(node);
  node.sendAfter(name, 'noted', 10);
  await virtualClock().settle();
  now += 10;
  for (const alarm of alarms.slice()) alarm();
  await virtualClock().settle();
  t.deepEqual(notes, [['noted', 10]]);
  t.is(members, 1);
  await node.stop();
  t.is(members, 0);
});

function without(clock: VirtualClock, left: keyof VirtualClock): object {
  const parts = (['now', 'wallNow', 'alarm', 'join'] as const).filter((part) => part !== left);
  return Object.fromEntries(parts.map((part) => [part, () => clock]));
}

test('a request answered in time stops its clockwork', async (t) => {
  class Echo extends Actor<{ request: Request<{ type: 'echo' }, number> }> {
    override handleCall(request: Request<{ type: 'echo' }, number>): Answer {
      return reply(request, 1);
    }
  }
  const clock = virtualClock();
  const node = await quietNode(t, { clock });
  t.is(await node.call(await node.spawn(Echo), { type: 'echo' }), 1);
  await clock.advance(10_000);
  t.deepEqual([node.info().pendingCalls, node.info().pendingTimers], [0, 0]);
});
