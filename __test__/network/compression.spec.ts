import test, { type ExecutionContext } from 'ava';
import {
  Actor,
  eventId,
  eventName,
  type Next,
  type NetworkOptions,
  type Node,
  noreply,
  type Pid,
} from 'tergo';
import { turnstile } from '../support/turnstile.ts';
import { fresh, type Handle, type Options, puppet } from '../threads/stage.ts';
import { networkNode, showWay } from './cluster.ts';

/** A node with two threads, and a process of another one that is connected to it. */
interface Scene {
  readonly node: Node;
  readonly to: Handle;
  /** How much is left after compression of what the node has sent. */
  ratio(): number;
}

async function scene(t: ExecutionContext, network?: NetworkOptions): Promise<Scene> {
  await turnstile(t);
  const node = await networkNode('a@localhost', network, { threads: 2 });
  t.teardown(() => node.stopForce());
  const other = await networkNode('b@localhost');
  t.teardown(() => other.stopForce());
  showWay(node, other);
  const peer = await node.network.connect(other.name);
  return { node, to: await puppet(other, 0), ratio: () => peer.info().compressionRatioOut };
}

const phrase = 'again and again ';
const texts = { 'of a few KiB': phrase.repeat(200), 'that is large': phrase.repeat(20_000) };

/** Sends what it gets back, many times over. */
class Parrot extends Actor<{ message: string }> {
  override handleMessage(text: string, from: Pid<unknown>): Next {
    this.send(from, text.repeat(20_000));
    return noreply;
  }
}

for (const thread of [0, 1])
  for (const [size, text] of Object.entries(texts)) {
    test(`the first message of a process is compressed as it says, ${size}, on thread ${thread}`, async (t) => {
      const { node, to, ratio } = await scene(t);
      const options: Options = { compression: { enabled: true, type: 'zstd' } };
      const from = await puppet(node, thread, options);
      t.is(await from.do('send', to.pid, text), 'ok');
      t.deepEqual(await to.messages(1), [text]);
      t.true(ratio() < 0.2, String(ratio()));
    });

    test(`what a process sends that says nothing is compressed as the node says, ${size}, on thread ${thread}`, async (t) => {
      const { node, to, ratio } = await scene(t, { compression: { enabled: true } });
      const from = await puppet(node, thread);
      t.is(await from.do('send', to.pid, text), 'ok');
      t.deepEqual(await to.messages(1), [text]);
      t.true(ratio() < 0.2, String(ratio()));
    });
  }

test('what is large is compressed as the node says, also when it goes where something came from', async (t) => {
  const { node, to, ratio } = await scene(t, { compression: { enabled: true } });
  t.is(await to.do('send', await node.spawn(Parrot), phrase), 'ok');
  t.deepEqual(await to.messages(1), [texts['that is large']]);
  t.true(ratio() < 0.2, String(ratio()));
});

for (const thread of [0, 1])
  test(`what a process says of compression is laid over what its node says, on thread ${thread}`, async (t) => {
    const compression = { enabled: true, level: 'size' } as const;
    const { node, to, ratio } = await scene(t, { compression });
    const own = { type: 'lz4', thresholdBytes: 1024, ...compression };
    const silent = await puppet(node, thread);
    t.deepEqual((await node.fetchProcessInfo(silent.pid)).compression, own);
    const from = await puppet(node, thread, { compression: { type: 'zstd' } });
    const info = await node.fetchProcessInfo(from.pid);
    t.deepEqual(info.compression, { ...own, type: 'zstd' });
    const text = texts['of a few KiB'];
    t.is(await from.do('send', to.pid, text), 'ok');
    t.deepEqual(await to.messages(1), [text]);
    t.true(ratio() < 0.2, String(ratio()));
  });

for (const thread of [0, 1])
  for (const [who, network, options] of [
    ['the process', {}, { compression: { enabled: true } }],
    ['the node', { compression: { enabled: true } }, {}],
  ] as const) {
    const text = texts['of a few KiB'];

    test(`an answer is compressed as ${who} says, on thread ${thread}`, async (t) => {
      const { node, to, ratio } = await scene(t, network);
      const { pid } = await puppet(node, thread, options);
      const request = { type: 'echo', text };
      t.deepEqual(await to.do('callAndTell', pid, request, 60_000), ['answered', request]);
      t.true(ratio() < 0.2, String(ratio()));
    });

    test(`what is published is compressed as ${who} says, on thread ${thread}`, async (t) => {
      const { node, to, ratio } = await scene(t, network);
      const from = await puppet(node, thread, options);
      const event = fresh('event');
      await from.do('announce', event, {});
      // On both threads, too, of which each gets it as it is.
      const own = [await puppet(node, 0), await puppet(node, 1)];
      await Promise.all(own.map((one) => one.do('monitorEvent', event)));
      await to.do('monitorEvent', eventId(eventName(event), node.name));
      await from.do('publish', event, text);
      for (const one of [to, ...own]) t.like(await one.hears(1), [{ on: 'event', message: text }]);
      t.true(ratio() < 0.2, String(ratio()));
    });
  }
