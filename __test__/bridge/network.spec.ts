import { createRequire } from 'node:module';
import test from 'ava';
import type * as binding from '../../ts/native/binding.d.ts';
import * as layout from '../../ts/native/layout.ts';
import { platformSuffix } from '../../ts/native/load.ts';
import { waitFor } from '../support/wait-for.ts';

// The raw network, fed by hand: two nodes of one thread each in this process.
const require = createRequire(import.meta.url);
const native = require(`../../dist/native/tergo.${platformSuffix()}.node`) as typeof binding;

const CONTROL = 5;

function start(name: string, cookie = 'a cookie for the tests') {
  const fabric = new native.BindingFabric(1, 8);
  const scheduler = native.BindingScheduler.join(fabric.id, 0);
  const network = new native.BindingNetwork(fabric.id, {
    name,
    creation: 1,
    pool: 1,
    cookie: Buffer.from(cookie),
    controls: [CONTROL],
    extensions: [],
    software: 'test',
  });
  const ring = new Uint32Array(scheduler.ring());
  return { fabric, scheduler, network, ring, ...scheduler.entries() };
}

type Node = ReturnType<typeof start>;

async function next(node: Node, kind: string): Promise<binding.BindingNetworkEvent> {
  return await waitFor(`the event ${kind}`, () =>
    node.network.events().find((event) => event.kind === kind),
  );
}

/** The words of the next control frame with that op. */
async function control(node: Node, op: number): Promise<Uint32Array> {
  return await waitFor(`the control frame ${op}`, () => {
    node.turn();
    for (let at = layout.IN_AT; at < layout.IN_AT + node.ring[layout.IN_USED]!; at += 3) {
      if (node.ring[at]! >>> layout.RECORD_OP_SHIFT !== layout.REC_FAR) continue;
      const frame = node.ring[at + 1]!;
      const words = new Uint32Array(node.scheduler.chunk((frame >>> 15) & 0xffff));
      const start = (frame & 0x7fff) << 1;
      if (words[start + 2] === op) return words.slice(start, start + 64);
    }
    return undefined;
  });
}

async function stop(node: Node): Promise<void> {
  await new Promise<void>((resolve) => {
    node.network.close(resolve);
  });
  node.scheduler.close();
  node.fabric.close();
}

test('two nodes find each other by a static route and exchange frames', async (t) => {
  const [one, two] = [start('one@localhost'), start('two@localhost')];
  const woken = new Promise<void>((resolve) => {
    one.network.onEvent(resolve);
  });
  const { port, isTls } = two.network.listen({ address: '127.0.0.1', port: 0, portCount: 1 });
  t.false(isTls);
  const route = { pattern: '^two@', weight: 0, host: '127.0.0.1', port, isTls: false };
  one.network.addRoute(route);
  t.throws(() => one.network.addRoute(route), { message: /already/ });
  one.network.connect('two@localhost');
  await woken;
  const up = await next(one, 'up');
  t.is(up.peer, 'two@localhost');
  t.true(up.isDialler);
  await next(two, 'up');
  const told = await control(two, layout.CONTROL_PEER_UP);
  t.is(told[layout.FRAME_WORDS], 1, 'the creation');
  t.is((told[7]! >>> layout.FRAME_SEAT_SHIFT) + layout.FRAME_SEAT_BASE, layout.MAX_THREADS);
  const seat = up.seat!;
  const words = new Uint32Array(one.scheduler.chunk(one.scheduler.open(seat, false)));
  words.set([layout.FRAME_CONTROL, 42, CONTROL, 7, 0, 0, 0, 0]);
  one.ring[layout.PORT_AT + seat] = 4 * layout.FRAME_WORDS;
  one.ring[layout.PORT_MARKS_AT + (seat >> 5)] = 1 << (seat & 31);
  one.turn();
  const came = await control(two, CONTROL);
  t.deepEqual([came[1], came[3]], [42, 7]);
  t.is(one.network.connections()[0]?.messagesOut, 1);
  t.is(two.network.acceptors()[0]?.admitted, 1);
  await stop(one);
  t.is((await next(two, 'down')).reason, 'goodbye');
  await control(two, layout.CONTROL_PEER_GONE);
  await stop(two);
});

test('a node with another cookie is refused, and both hear why', async (t) => {
  const [one, two] = [start('one@localhost'), start('two@localhost', 'a cookie of others')];
  const { port } = two.network.listen({ address: '127.0.0.1', port: 0, portCount: 1 });
  one.network.addRoute({ pattern: '^two@', weight: 0, host: '', port, isTls: false });
  one.network.connect('two@localhost');
  t.is((await next(one, 'failed')).reason, 'cookie-mismatch');
  t.truthy((await next(two, 'rejected')).reason);
  await Promise.all([stop(one), stop(two)]);
});

test('what cannot be is refused with a text that says so', async (t) => {
  t.throws(() => start('one@localhost', 'short'), { message: /at least/ });
  const one = start('one@localhost');
  const listen = { address: 'nowhere', port: 0, portCount: 1 };
  t.throws(() => one.network.listen(listen), { message: /'nowhere' is no address/ });
  t.throws(() => one.network.listen({ ...listen, address: '127.0.0.1', port: 70_000 }), {
    message: /70000 is no port/,
  });
  t.throws(() => one.scheduler.profile(9, 1, 1024), { message: /no algorithm 9/ });
  t.is(one.scheduler.profile(1, 0, 1024), one.scheduler.profile(1, 0, 1024));
  t.throws(() => one.network.announce([]), { message: /closed/ });
  await stop(one);
});

test('JavaScript is asked where a node is, and answers each question once, by its number', async (t) => {
  const node = start('asking@localhost');
  const questions: binding.BindingNodeQuestion[] = [];
  node.network.onResolve((question) => questions.push(question));
  const found: unknown[] = [];
  for (const name of ['x@host', 'y@host', 'z@host'])
    node.network.findRoute(name, ({ error, targets }) => found.push(error ?? targets));
  await waitFor('the questions', () => questions.length === 3);
  const byNode = Object.fromEntries(questions.map(({ node: name, number }) => [name, number]));
  const route = { host: '', port: 7, isTls: true };
  t.false(node.network.resolved(77, { routes: [route] }));
  t.true(node.network.resolved(byNode['x@host']!, { routes: [route] }));
  t.false(node.network.resolved(byNode['x@host']!, { routes: [] }));
  await waitFor('the first answer', () => found.length === 1);
  t.true(node.network.resolved(byNode['y@host']!, { routes: [], error: 'the disk is full' }));
  await waitFor('the second answer', () => found.length === 2);
  const wrong = { routes: [{ ...route, port: 70_000 }] };
  t.throws(() => node.network.resolved(byNode['z@host']!, wrong), { message: '70000 is no port' });
  await waitFor('the third answer', () => found.length === 3);
  t.deepEqual(found, [
    [{ ...route, host: 'host' }],
    'cannot find y@host: the disk is full',
    'cannot find z@host: 70000 is no port',
  ]);
  await stop(node);
  t.false(node.network.resolved(1, { routes: [] }));
});
