import test from 'ava';
import { runSource } from '../support/run-node.ts';

const actors = `
  import { Actor, eventName, noreply, reply, startNode, stop } from 'tergo';
  class Echo extends Actor {
    handleMessage(message) { return typeof message === 'function' ? message(this) : noreply; }
    handleCall(request) { return request.type === 'never' ? new Promise(() => {}) : reply(request, 1); }
    handleLog() { return noreply; }
  }
  const quiet = { log: { disableConsole: true } };
`;

test('a script whose node has stopped exits by itself with code 0', async (t) => {
  const { code, signal, stdout, stderr } = await runSource(`${actors}
    const node = await startNode('a@localhost');
    await node.stop();
    console.log('stopped');
  `);
  t.is(stdout, 'stopped\n');
  t.is(stderr, '');
  t.is(code, 0);
  t.is(signal, null);
});

test('nothing that was started keeps the OS process alive after the stop', async (t) => {
  const { code, stdout, stderr } = await runSource(`${actors}
    const node = await startNode('a@localhost', { ...quiet, handleSignals: true });
    const echo = await node.spawn(Echo, { mailboxSize: 5 });
    node.sendAfter(echo, 'in an hour', 3_600_000);
    node.send(echo, (self) => { self.sendEvery(echo, 'every day', 86_400_000); return noreply; });
    node.addLogger('echo', echo);
    const ticks = node.registerEvent(eventName('ticks'), { buffer: 5 });
    const feed = node.subscribe(eventName('ticks'));
    const reader = feed[Symbol.asyncIterator]();
    node.sendEvent(ticks, 1);
    console.log((await reader.next()).value.message);
    const read = reader.next();
    await node.call(echo, { type: 'ask' });
    const call = node.call(echo, { type: 'never' }, { timeoutMs: 3_600_000, signal: new AbortController().signal })
      .catch((error) => console.log(error.code));
    await node.stop({ timeoutMs: 10 });
    await Promise.all([read, call]);
    console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
  `);
  t.deepEqual([stdout, stderr], ['1\nprocess-terminated\n0 0\n', '']);
  t.is(code, 0);
});

test('stopForce lets the OS process exit, too', async (t) => {
  const { code, stdout } = await runSource(`${actors}
    const node = await startNode('a@localhost', quiet);
    const echo = await node.spawn(Echo);
    node.call(echo, { type: 'never' }).catch(() => {});
    await node.stopForce();
    console.log('stopped');
  `);
  t.is(stdout, 'stopped\n');
  t.is(code, 0);
});

test('await using at the top of a script is enough to exit', async (t) => {
  const { code, stdout } = await runSource(`${actors}
    await using node = await startNode('a@localhost', quiet);
    console.log(await node.call(await node.spawn(Echo), { type: 'ask' }));
  `);
  t.is(stdout, '1\n');
  t.is(code, 0);
});

test('a running node keeps the OS process alive, idle or not', async (t) => {
  const { code, stdout } = await runSource(`${actors}
    const node = await startNode('a@localhost', quiet);
    await node.spawn(Echo);
    // Does not keep the OS process alive, so that it fires only if something else does.
    setTimeout(async () => { console.log('still here'); await node.stop(); }, 200).unref();
  `);
  t.is(stdout, 'still here\n');
  t.is(code, 0);
});

test('an OS process lives until the last of its nodes has stopped', async (t) => {
  const { code, stdout } = await runSource(`${actors}
    const first = await startNode('a@localhost', quiet);
    const second = await startNode('b@localhost', quiet);
    await first.stop();
    setTimeout(async () => { console.log(second.isAlive); await second.stop(); }, 100).unref();
  `);
  t.is(stdout, 'true\n');
  t.is(code, 0);
});

test('no crash of a process ends the OS process', async (t) => {
  const { code, stdout, stderr } = await runSource(`${actors}
    process.on('uncaughtException', (error) => console.log('uncaught', error));
    process.on('unhandledRejection', (error) => console.log('unhandled', error));
    class Bad extends Echo { terminate() { throw new Error('in terminate'); } }
    class BadLater extends Echo { async terminate() { throw new Error('in terminate'); } }
    class Stillborn extends Actor { init() { throw new Error('in init'); } }
    class Unmade extends Actor { field = (() => { throw new Error('in the constructor'); })(); }
    const node = await startNode('a@localhost', quiet);
    let count = 0;
    node.addLogger('count', { log: () => void count++ }, { levels: ['error'] });
    const pids = await Promise.all([Bad, BadLater, Bad, Bad, Bad].map((behaviour) => node.spawn(behaviour)));
    node.send(pids[0], () => { throw new Error('at once'); });
    node.send(pids[1], async () => { throw new Error('as a rejection'); });
    node.send(pids[2], async () => { await null; throw 'a string'; });
    node.send(pids[3], () => stop(new Error('stopped')));
    node.send(pids[4], () => ({ not: 'an outcome' }));
    const spawned = await Promise.allSettled([node.spawn(Stillborn), node.spawn(Unmade)]);
    console.log(spawned.map(({ reason }) => reason.message));
    const witness = await node.spawn(Echo);
    await node.call(witness, { type: 'ask' });
    await new Promise((resolve) => setImmediate(resolve));
    console.log(node.info().processes, count);
    await node.stop();
  `);
  t.deepEqual(stdout.split('\n'), ["[ 'in init', 'in the constructor' ]", '1 10', '']);
  t.is(stderr, '');
  t.is(code, 0);
});

test('an init that is abandoned and rejects later is no unhandled rejection', async (t) => {
  const { code, stdout, stderr } = await runSource(`${actors}
    class Late extends Actor {
      init(failLater) { return new Promise((_, reject) => failLater(() => reject(new Error('late')))); }
    }
    const node = await startNode('a@localhost', quiet);
    let fail;
    const spawned = node.spawn(Late, { args: [(late) => (fail = late)], initTimeoutMs: 5 });
    console.log(await spawned.catch((error) => error.code));
    fail();
    await new Promise((resolve) => setImmediate(resolve));
    await node.stop();
  `);
  t.deepEqual([stdout, stderr, code], ['timeout\n', '', 0]);
});

test('a callback that is killed and rejects later is no unhandled rejection', async (t) => {
  const { code, stdout, stderr } = await runSource(`${actors}
    const node = await startNode('a@localhost', quiet);
    const echo = await node.spawn(Echo);
    const { promise, reject } = Promise.withResolvers();
    const running = new Promise((resolve) => node.send(echo, () => { resolve(); return promise; }));
    await running;
    node.kill(echo);
    reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    console.log(node.processState(echo));
    await node.stop();
  `);
  t.deepEqual([stdout, stderr, code], ['terminated\n', '', 0]);
});
