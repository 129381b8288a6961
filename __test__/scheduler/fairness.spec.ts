import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import {
  Actor,
  noreply,
  reply,
  startNode,
  type Answer,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';

type Echo = Request<{ type: 'echo'; n: number }, number>;
const MANY = 3_000_000;

class Server extends Actor<{ request: Echo }> {
  override handleCall(request: Echo): Answer {
    return reply(request, request.n);
  }
}

/** Sends itself one message after the other, for ever. */
class Spinner extends Actor<{ message: 'spin' }> {
  override handleMessage(): Next {
    this.send(this.pid, 'spin');
    return noreply;
  }
}

/** Never done with its first message. */
class Stuck extends Actor<{ message: 'more' }> {
  override handleMessage(): Promise<Next> {
    return new Promise(() => {});
  }
}

/** Hops over more promises than the scheduler does, so that it finds no work in between. */
async function ask(node: Node, server: Pid<{ request: Echo }>, n: number): Promise<number> {
  await Promise.resolve();
  return node.call(server, { type: 'echo', n });
}

test('calls that follow each other through promises let timers fire', async (t) => {
  await using node = await startNode('fair@localhost');
  const server = await node.spawn(Server);
  const fired = new AbortController();
  setTimeout(() => fired.abort(), 1);
  let calls = 0;
  while (!fired.signal.aborted && calls < MANY) calls += await ask(node, server, 1);
  t.true(fired.signal.aborted, `no timer fired during ${calls} calls`);
});

test('a process that never rests lets sockets and timers have their turn', async (t) => {
  await using node = await startNode('fair@localhost');
  node.send(await node.spawn(Spinner), 'spin');
  const web = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address() as AddressInfo;
  t.is(await (await fetch(`http://127.0.0.1:${port}`)).text(), 'served');
  web.closeAllConnections();
  web.close();
});

test('processes that never rest take turns', async (t) => {
  await using node = await startNode('fair@localhost');
  node.send(await node.spawn(Spinner), 'spin');
  node.send(await node.spawn(Spinner), 'spin');
  const server = await node.spawn(Server);
  for (let n = 0; n < 100; n += 1) t.is(await node.call(server, { type: 'echo', n }), n);
});

/** Counts the rounds of a spinner beside it that pass while it handles its messages asynchronously. */
class Patient extends Actor<{ message: 'step'; request: Echo }> {
  #steps = 0;

  override async handleMessage(): Promise<Next> {
    await Promise.resolve();
    this.#steps += 1;
    return noreply;
  }

  override handleCall(request: Echo): Answer {
    return reply(request, this.#steps);
  }
}

/** Spins, and tells how often. */
class Counter extends Actor<{ message: 'spin'; request: Echo }> {
  #rounds = 0;

  override handleMessage(): Next {
    this.#rounds += 1;
    this.send(this.pid, 'spin');
    return noreply;
  }

  override handleCall(request: Echo): Answer {
    return reply(request, this.#rounds);
  }
}

test('an asynchronous callback beside a process that never rests goes on within a few turns', async (t) => {
  await using node = await startNode('fair@localhost');
  const counter = await node.spawn(Counter);
  const patient = await node.spawn(Patient);
  for (let n = 0; n < 100; n += 1) node.send(patient, 'step');
  node.send(counter, 'spin');
  t.is(await node.call(patient, { type: 'echo', n: 0 }), 100);
  // Were each callback to wait for the end of a time slice, thousands of rounds would pass for each.
  const rounds = await node.call(counter, { type: 'echo', n: 0 });
  t.true(rounds < 100 * 100, `${rounds} rounds passed`);
});

test('a flood of timers leaves the event loop its turns', async (t) => {
  const node = await startNode('timers@localhost', { log: { disableConsole: true } });
  t.teardown(() => node.stopForce());
  const stuck = await node.spawn(Stuck, { mailboxSize: 1 });
  while (node.send(stuck, 'more') === 'ok') await setImmediate();
  const { mailboxFull: before } = node.info();
  // Its mailbox stays full, so that a count tells how many of the timers have gone off.
  const count = 100_000;
  for (let at = 0; at < count; at++) node.sendAfter(stuck, 'more', 1);
  // So that all are due at once.
  const until = performance.now() + 10;
  while (performance.now() < until);
  let between = 0;
  for (;;) {
    await setImmediate();
    const fired = node.info().mailboxFull - before;
    if (fired === count) break;
    if (fired > 0) between += 1;
  }
  t.true(between > 0, 'the event loop has not turned before all of them had gone off');
});
