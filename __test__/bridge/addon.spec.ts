import { createRequire } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import type * as binding from '../../ts/native/binding.d.ts';
import * as layout from '../../ts/native/layout.ts';
import { platformSuffix } from '../../ts/native/load.ts';

// The raw addon, fed by hand: what an erring TypeScript side could write there must end as a status.
const require = createRequire(import.meta.url);
const native = require(`../../dist/native/tergo.${platformSuffix()}.node`) as typeof binding;

type Command = readonly [op: number, first: number, second: number, third: number];
type Raw = ReturnType<typeof open>;

const NONE = 0xffff_ffff;
const MAIN = layout.QUEUE_MAIN << layout.COMMAND_QUEUE_SHIFT;

function open() {
  const scheduler = new native.BindingScheduler();
  const ring = new Uint32Array(scheduler.ring());
  return { scheduler, ring, ...scheduler.entries() };
}

/** Puts commands into the outbox and takes a turn. */
function run(raw: Raw, ...commands: readonly Command[]): void {
  commands.forEach((words, index) => raw.ring.set(words, layout.OUT_AT + 4 * index));
  raw.ring[layout.OUT_USED] = 4 * commands.length;
  raw.turn();
}

/** A granted slot with a process in it. */
function spawn(raw: Raw): { readonly slot: number; readonly generation: number } {
  raw.grant();
  const [slot, generation] = raw.ring.subarray(layout.GRANT_AT, layout.GRANT_AT + 2);
  run(raw, [layout.OP_SPAWN, slot!, generation!, 1]);
  return { slot: slot!, generation: generation! };
}

function status(raw: Raw): readonly [status: number, at: number] {
  const found = [raw.ring[layout.STATUS]!, raw.ring[layout.STATUS_AT]!] as const;
  raw.ring[layout.STATUS] = 0;
  return found;
}

function inbox(raw: Raw): readonly number[] {
  return [...raw.ring.subarray(layout.IN_AT, layout.IN_AT + raw.ring[layout.IN_USED]!)];
}

/** The scheduler still delivers. */
function stillWorks(t: ExecutionContext, raw: Raw): void {
  const { slot, generation } = spawn(raw);
  run(raw, [layout.OP_SEND | MAIN, slot, generation, 77]);
  const tag = layout.QUEUE_MAIN << layout.TAG_QUEUE_SHIFT;
  t.deepEqual(inbox(raw), [slot, 1, tag, 77]);
  t.is(status(raw)[0], layout.STATUS_OK);
}

test('an unknown command is refused and the rest is carried out', (t) => {
  const raw = open();
  const { slot, generation } = spawn(raw);
  run(raw, [99, 1, 2, 3], [layout.OP_SEND | MAIN, slot, generation, 5]);
  t.deepEqual(status(raw), [layout.STATUS_BAD_OP, 0]);
  t.is(inbox(raw).at(-1), 5);
});

const WRONG: readonly (readonly [what: string, command: Command, status: number])[] = [
  [
    'a message to a slot that was never granted',
    [layout.OP_SEND | MAIN, 5_000_000, 0, 1],
    layout.STATUS_BAD_SLOT,
  ],
  [
    'a spawn in a slot that was never granted',
    [layout.OP_SPAWN, NONE, 0, 1],
    layout.STATUS_BAD_SLOT,
  ],
  ['the end of a process that never was', [layout.OP_EXIT, NONE, 0, 1], layout.STATUS_BAD_SLOT],
  [
    'a relation of a process that never was',
    [layout.OP_RELATE, NONE, 0, 1],
    layout.STATUS_BAD_SLOT,
  ],
  [
    'the release of an address that never was',
    [layout.OP_RELEASE, NONE, 0, 1],
    layout.STATUS_BAD_ADDRESS,
  ],
  [
    'a publication on an event that never was',
    [layout.OP_PUBLISH, NONE, 0, 1],
    layout.STATUS_BAD_ADDRESS,
  ],
  [
    'a timer with an index out of all bounds',
    [layout.OP_TIMER_START, NONE, 5, 1],
    layout.STATUS_BAD_TIMER,
  ],
  ['a return from outside of the inbox', [layout.OP_RETURN, 0, NONE, 9], layout.STATUS_BAD_RETURN],
  [
    'a return of more than the inbox holds',
    [layout.OP_RETURN, 0, 0, NONE],
    layout.STATUS_BAD_RETURN,
  ],
];

for (const [what, command, expected] of WRONG) {
  test(`${what} is refused, and the scheduler goes on`, (t) => {
    const raw = open();
    spawn(raw);
    run(raw, command);
    t.is(status(raw)[0], expected);
    stillWorks(t, raw);
  });
}

test('an outbox that claims more than it holds, or half a command, is cut off and told', (t) => {
  for (const used of [layout.OUT_WORDS + 4, NONE, 6]) {
    const raw = open();
    raw.ring[layout.OUT_USED] = used;
    raw.turn();
    t.not(status(raw)[0], layout.STATUS_OK, `${used} words`);
    stillWorks(t, raw);
  }
});

test('random words in every ring never do more harm than a status', (t) => {
  let seed = 20_261_122;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed;
  };
  const raw = open();
  for (let round = 0; round < 300; round += 1) {
    for (let at = layout.IN_AT; at < layout.IN_AT + 64; at += 1) raw.ring[at] = random();
    const commands = Array.from({ length: 40 }, (): Command => {
      const small = random() % 3 === 0 ? random() : random() % 64;
      return [(random() % 18) | (random() & 0xff00), small, random() % 4, random() % 1000];
    });
    run(raw, ...commands);
    t.not(status(raw)[0], layout.STATUS_PANIC, `round ${round}`);
  }
  stillWorks(t, raw);
});

test('after close every entry and method is harmless, and so is a second close', (t) => {
  const raw = open();
  const { slot, generation } = spawn(raw);
  raw.scheduler.close();
  raw.scheduler.close();
  run(raw, [layout.OP_SEND | MAIN, slot, generation, 1]);
  raw.flush();
  raw.grant();
  t.deepEqual(inbox(raw), []);
  t.is(raw.ring[layout.GRANTED], 0);
  t.is(raw.scheduler.registerName(slot, generation, 'x'), layout.VERDICT_PROCESS_UNKNOWN);
  t.is(raw.scheduler.createAlias(slot, generation), layout.VERDICT_PROCESS_UNKNOWN);
  t.is(raw.scheduler.processCounters(slot, generation), null);
  t.is(raw.scheduler.relations(slot, generation).length, 0);
  t.is(raw.scheduler.counters().processes, 0);
  t.notThrows(() => raw.scheduler.wakeWatchdog());
});

test('arguments of the wrong type are refused by the addon with an error', (t) => {
  const { scheduler } = open();
  const loose = scheduler as unknown as Record<string, (...args: unknown[]) => unknown>;
  t.throws(() => loose['registerName']!(1, 2, 3));
  t.throws(() => loose['registerEvent']!('slot', 0, 'name', true));
  t.throws(() => loose['processCounters']!({}, null));
});

test('the memory of the rings outlives the scheduler for as long as somebody holds a buffer', (t) => {
  const { ring, scheduler } = open();
  scheduler.close();
  ring[layout.OUT_AT] = 42;
  t.is(ring[layout.OUT_AT], 42);
});

test('gauges stand in blocks that are made when they are asked for, and those of other threads are none', (t) => {
  const { scheduler } = open();
  const first = new Uint32Array(scheduler.gaugeBlock(0, 0)!);
  first[5] = 7;
  t.is(first.length, layout.BLOCK_WORDS);
  t.is(new Uint32Array(scheduler.gaugeBlock(0, 1)!)[5], 0);
  t.is(scheduler.gaugeBlock(1, 0), null);
});

test('a scheduler without a fabric has nothing of what threads share', (t) => {
  const { scheduler, ring, doze } = open();
  t.is(scheduler.open(1, true), 0xffff_ffff);
  doze();
  t.is(ring[layout.MORE], 0);
  t.is(scheduler.presence(0, 0), null);
  t.is(scheduler.addressPresence(0, 0), null);
  t.is(scheduler.ringOf(0), null);
  t.false(scheduler.findName('name'));
  t.false(scheduler.findEvent('event'));
  t.is(scheduler.putBlob(0, new Uint8Array(1), 0, true), 0);
  t.is(scheduler.takeBlob(1), null);
  t.is(scheduler.shape('["a"]'), 0);
  t.is(scheduler.shapeText(1), null);
  t.throws(() => scheduler.chunk(0));
  t.throws(() => scheduler.statistics(0));
  t.notThrows(() => scheduler.onWake(() => undefined));
});

test('a place in a fabric is taken once, and free again when its scheduler is closed', (t) => {
  const { BindingFabric, BindingScheduler } = native;
  const fabric = new BindingFabric(2, 4);
  const first = BindingScheduler.join(fabric.id, 1);
  t.throws(() => BindingScheduler.join(fabric.id, 1), { message: /joined already/ });
  t.throws(() => BindingScheduler.join(fabric.id, 2), { message: /no such thread/ });
  t.throws(() => BindingScheduler.join(fabric.id + 1000, 0), { message: /no such fabric/ });
  first.close();
  const second = BindingScheduler.join(fabric.id, 1);
  second.close();
  fabric.close();
  t.throws(() => BindingScheduler.join(fabric.id, 1), { message: /no such fabric/ });
});

test('the numbers of shapes and blobs are the same for all schedulers of a fabric, and a blob is taken once', (t) => {
  const { BindingFabric, BindingScheduler } = native;
  const fabric = new BindingFabric(2, 2);
  const [one, two] = [BindingScheduler.join(fabric.id, 0), BindingScheduler.join(fabric.id, 1)];
  const number = one.shape('["a","b"]');
  t.is(two.shape('["a","b"]'), number);
  t.is(two.shapeText(number), '["a","b"]');
  const variant = one.variant('[["a","x"],"b"]');
  t.is(two.variant('[["a","x"],"b"]'), variant);
  t.is(two.variantText(variant), '[["a","x"],"b"]');
  t.is(two.variantText(variant + 1), null);
  const blob = one.putBlob(1, new Uint8Array([1, 2, 3]), 0, false);
  t.deepEqual(new Uint8Array(two.takeBlob(blob)!), new Uint8Array([1, 2, 3]));
  t.is(two.takeBlob(blob), null);
  const half = new Uint8Array(300_000);
  t.not(one.putBlob(1, half, 0, false), 0);
  t.is(one.putBlob(1, half, 0, false), 0);
  t.not(one.putBlob(1, half, 0, true), 0);
  one.close();
  two.close();
  fabric.close();
});
