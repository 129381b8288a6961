import test, { type ExecutionContext } from 'ava';
import { type Caller, networkEvent, type Node, processId, processName } from 'tergo';
import { Control } from '../../ts/far/control.ts';
import {
  FRAME_MESSAGE,
  KIND_ADDRESSED,
  KIND_EVENT,
  KIND_FAR,
  KIND_INSPECT,
  KIND_REQUEST,
  KIND_SIGNAL,
} from '../../ts/native/layout.ts';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode } from './cluster.ts';
import { Forged, Hostile, type RawFrame } from './hostile.ts';
import { hostileCaller } from './hostile-caller.ts';

let serial = 0;

/** A node under attack, and somebody honest on it. */
async function attacked(t: ExecutionContext): Promise<{ node: Node; enemy: Hostile }> {
  serial += 1;
  const node = await networkNode(`victim${serial}@localhost`);
  const enemy = await Hostile.connect(node, `enemy${serial}@localhost`);
  await waitFor('the enemy', () => node.network.nodes().length === 1);
  t.teardown(async () => {
    await enemy.close();
    await node.stopForce();
  });
  return { node, enemy };
}

/** The node lives, and its processes do. */
async function isUnharmed(t: ExecutionContext, node: Node): Promise<void> {
  const one = await puppet(node, 0);
  t.deepEqual(await one.do('seen'), []);
  t.true(node.isAlive);
}

const forbidden: readonly (readonly [what: string, frame: RawFrame])[] = [
  ['spawns by class', { first: Control.spawn, value: { behaviour: 'file:///x', options: {} } }],
  ['kills', { first: Control.kill, value: null }],
  ['takes names', { first: Control.unregister, value: 'name' }],
  ['overflows', { first: Control.overflow, value: [null, null, null] }],
  ['logs', { first: Control.log, value: [{}, undefined] }],
  ['joins applications', { first: Control.joined, second: 1, value: null }],
  ['leaves applications', { first: Control.left, second: 1, value: [] }],
  ['changes runs', { first: Control.run, second: 1, value: [] }],
  ['ends threads', { first: Control.gone, second: 1, value: new Error('x') }],
  ['publishes as others', { first: Control.publish, value: [null, 'name', undefined, 1, 2] }],
  ['accuses peers', { first: Control.misbehaved, second: 64, value: 'x' }],
  ['introduces itself again', { first: Control.peerUp, value: 'x' }],
  ['stops the node', { first: Control.ask, second: 1, value: ['stop-node', 0] }],
  ['changes the environment', { first: Control.ask, second: 1, value: ['env', 'key', 1] }],
  ['changes log levels', { first: Control.ask, second: 1, value: ['log-level', 'debug'] }],
  ['drains a thread', { first: Control.ask, second: 1, value: ['drain', 0] }],
  ['dials for itself', { first: Control.ask, second: 1, value: ['dial', 'x@y'] }],
  ['asks what nobody answers', { first: Control.ask, second: 1, value: ['__proto__'] }],
];

/** A process of the peer. */
const OWN = new Forged(1, [0, 7, 1, 5000]);

const senseless: readonly (readonly [what: string, frame: RawFrame])[] = [
  ['an error that is none', { first: Control.replyError, second: 1, value: 'no error' }],
  ['an end without a reason', { first: Control.replyEnded, second: 1, value: 17 }],
  ['a move to nowhere', { first: Control.moved, second: 1, value: 'x' }],
  [
    'a move to another node',
    { first: Control.moved, second: 1, value: new Forged(1, [0, 1, 1, 1, 'third@localhost', 5]) },
  ],
  [
    'a response that is none',
    { first: Control.respond, value: [new Forged(1, [0, 1, 1, 1]), 'ref', 'maybe', 1] },
  ],
  ['a response to nobody', { first: Control.respond, value: ['ref', 'ref', true, 1] }],
  ['a watch on nothing', { first: Control.watch, second: 1, value: ['thing', 'x'] }],
  ['an answer to a watch that is none', { first: Control.watched, second: 1, value: [1] }],
  ['an answer to a watch by another node', { first: Control.watched, second: 1, value: 64 }],
  ['an answer to a watch by half a thread', { first: Control.watched, second: 1, value: 0.5 }],
  ['a fired relation without a reason', { first: Control.fired, second: 1, value: [1, true] }],
  ['a publication without a time', { first: Control.published, second: 1, value: [1, 2, 3] }],
  ['a publication by a process of a third node', publicationBy('third@localhost', 5)],
  ['a publication by nobody', { first: Control.published, second: 1, value: [1n, 2, 3, 'me'] }],
  [
    'the end of a thread without a reason',
    { first: Control.threadEnded, second: 1, value: [1, 5] },
  ],
  [
    'the end of the thread that ends with its node',
    { first: Control.threadEnded, second: 0, value: [new Error('x'), 5] },
  ],
  [
    'the end of a thread that no node has',
    { first: Control.threadEnded, second: 64, value: [new Error('x'), 5] },
  ],
  ['a question without a name', { first: Control.ask, second: 1, value: [] }],
  ['an answer that is none', { first: Control.answer, second: 1, value: [false, 'x'] }],
  ['a spawn without options', { first: Control.ask, second: 1, value: ['spawn', { name: 'x' }] }],
  [
    'a start without environment',
    { first: Control.ask, second: 1, value: ['start-application', 'x'] },
  ],
  ['a pid of three numbers', { first: Control.watch, second: 1, value: new Forged(1, [1, 2, 3]) }],
  [
    'a pid with a negative slot',
    { first: Control.watch, second: 1, value: new Forged(1, [0, -1, 1, 1]) },
  ],
  [
    'a pid of no node',
    { first: Control.watch, second: 1, value: new Forged(1, [0, 1, 1, 1, 'x', 5]) },
  ],
  [
    'an alias without owner',
    { first: Control.watch, second: 1, value: new Forged(2, ['text', 1, 0, 0, 0]) },
  ],
  [
    'a process id without node',
    { first: Control.watch, second: 1, value: new Forged(3, ['name']) },
  ],
  [
    'a start by nobody',
    {
      first: Control.ask,
      second: 1,
      value: ['start-application', 'x', undefined, [], 'me', 'info'],
    },
  ],
  [
    'an important answer that is none',
    { first: Control.ask, second: 1, value: ['settle', 1, 'maybe', 1] },
  ],
  [
    'an important answer to no number',
    { first: Control.ask, second: 1, value: ['settle', 'x', true, 1] },
  ],
  [
    'an important answer to nobody',
    { first: Control.ask, second: 1, value: ['respond', 'me', 'ref', true, 1] },
  ],
  ['a question after nobody', { first: Control.ask, second: 1, value: ['lives', 'x'] }],
  ['a question after no alias', { first: Control.ask, second: 1, value: ['alias', 'x'] }],
  ['an error without code', { first: Control.replyError, second: 1, value: new Forged(4, 7) }],
  ['a backlog that is none', { first: Control.watched, second: 1, value: [3, ['x']] }],
  [
    'the end of a thread that had no last process',
    { first: Control.threadEnded, second: 1, value: [new Error('x'), 'y'] },
  ],
  ['an end that may go on', { first: Control.fired, second: 1, value: ['kill', 'maybe'] }],
  ['an end of a watch with something', { first: Control.unwatch, second: 1, value: 1 }],
  ['a cancelling with something', { first: Control.cancel, second: 1, value: 1 }],
  ['a confirmation with something', { first: Control.placed, second: 1, value: 1 }],
  ['a refusal without a code', { first: Control.notPlaced, second: 1, value: 1 }],
  ['an alias that is too long', { first: Control.watch, value: aliasOf(OWN, 'x'.repeat(256)) }],
  ['an alias at no place', { first: Control.watch, value: aliasOf(OWN, 'text', -1) }],
  [
    'a pid of an incarnation that there is not',
    { first: Control.watch, second: 1, value: new Forged(1, [0, 1, 1, 1, 'x@y', -1]) },
  ],
];

function aliasOf(owner: Forged, text: string = 'text', index: number = 0): Forged {
  return new Forged(2, [text, owner, 0, index, 0]);
}

/** A publication by a process of the writer, or of the node that `whose` names. */
function publicationBy(...whose: readonly unknown[]): RawFrame {
  const publisher = new Forged(1, [0, 7, 1, 5000, ...whose]);
  return { first: Control.published, second: 1, value: [1n, 2, 'news', publisher] };
}

test('a peer that breaks the rules is told of once, and its connection ends for that', async (t) => {
  const { node, enemy } = await attacked(t);
  const records = recordLog(node);
  const changes = node.subscribe(networkEvent);
  enemy.say({ first: Control.fired, value: 'no reason' });
  for await (const { message } of changes) {
    if (message.type !== 'disconnected') continue;
    t.regex(String(message.reason), /it broke the protocol/);
    break;
  }
  const how = `the control frame ${Control.fired} does not carry what it must`;
  const told = records.filter(({ level }) => level === 'error').map(({ fields }) => fields);
  t.deepEqual(told, [{ node: enemy.name, how }]);
});

test('a peer says of its own processes only that they have published something', async (t) => {
  const { node, enemy } = await attacked(t);
  const honest = await puppet(node, 0);
  const came = (): number => node.network.info().nodes[0]!.messagesIn;
  const before = came();
  enemy.say(publicationBy());
  await waitFor('the publication', () => came() > before);
  await honest.do('seen');
  t.true(enemy.isConnected);
  const { creation } = honest.pid as unknown as { readonly creation: number };
  enemy.say(publicationBy(node.name, creation));
  await enemy.isCutOff();
  await waitFor('the node to know', () => node.network.nodes().length === 0);
  await isUnharmed(t, node);
});

for (const [what, frame] of [...forbidden, ...senseless]) {
  test(`a peer that sends this loses its connection, and nothing else happens: ${what}`, async (t) => {
    const { node, enemy } = await attacked(t);
    enemy.say(frame);
    await enemy.isCutOff();
    await waitFor('the node to know', () => node.network.nodes().length === 0);
    await isUnharmed(t, node);
  });
}

test('messages with values that cannot be end the connection, not the process', async (t) => {
  const frames: readonly ((slot: number, generation: number) => RawFrame)[] = [
    (first, second) => ({
      op: FRAME_MESSAGE,
      kind: KIND_FAR,
      first,
      second,
      value: new Forged(1, 5),
    }),
    (first, second) => ({
      op: FRAME_MESSAGE,
      kind: KIND_ADDRESSED,
      first,
      second,
      value: 'no list',
    }),
    (first, second) => ({
      ...{ op: FRAME_MESSAGE, kind: KIND_ADDRESSED, first, second },
      value: [undefined, 'from no process', 'me'],
    }),
    (first, second) => ({ op: FRAME_MESSAGE, kind: KIND_EVENT, first, second, value: 'no event' }),
    (first, second) => ({
      op: FRAME_MESSAGE,
      kind: KIND_SIGNAL,
      first,
      second,
      value: 'no reason',
    }),
    (first, second) => ({
      ...{ op: FRAME_MESSAGE, kind: KIND_INSPECT, first, second },
      ...{ prefix: [1, 0], value: { no: 'list' } },
    }),
    (first, second) => ({
      ...{ op: FRAME_MESSAGE, kind: KIND_REQUEST, first, second },
      ...{ prefix: [1, 1], value: 'no list' },
    }),
  ];
  for (const frame of frames) {
    const { node, enemy } = await attacked(t);
    const target = await puppet(node, 0);
    const { slot, generation } = target.pid as unknown as { slot: number; generation: number };
    enemy.say(frame(slot, generation));
    await enemy.isCutOff();
    t.deepEqual(await target.do('seen'), []);
  }
});

test('the node itself takes no exits and no messages of peers', async (t) => {
  const { node, enemy } = await attacked(t);
  const { slot, generation } = node.pid as unknown as { slot: number; generation: number };
  const own = { op: FRAME_MESSAGE, first: slot, second: generation } as const;
  enemy.say({ ...own, kind: KIND_SIGNAL, queue: 0, value: 'kill' });
  enemy.say({ ...own, kind: KIND_FAR, value: 'hello' });
  enemy.say({ ...own, kind: KIND_REQUEST, prefix: [7, 0], value: { type: 'stop' } });
  const honest = await puppet(node, 0);
  t.deepEqual(await honest.do('seen'), []);
  t.true(enemy.isConnected);
  t.true(node.isAlive);
});

test('an alias of its own is no way to watch what stands at that address here', async (t) => {
  const { node, enemy } = await attacked(t);
  const target = await puppet(node, 0);
  const alias = await target.do<{ readonly index: number; readonly generation: number }>(
    'createAlias',
  );
  const own = new Forged(1, [0, 1, 1, 5]);
  const value = new Forged(2, ['mine', own, 0, alias.index, alias.generation]);
  enemy.say({ first: Control.watch, second: 1, value });
  enemy.say({ first: Control.watch, second: 2, value: ['name', 'nobody has it'] });
  const heard = (wanted: number): Promise<unknown> =>
    waitFor('the answer', () => enemy.heard().some(({ number }) => number === wanted));
  await heard(2);
  await target.do('deleteAlias', alias);
  enemy.say({ first: Control.watch, second: 3, value: ['name', 'nobody has it'] });
  await heard(3);
  t.false(enemy.heard().some(({ op }) => op === Control.fired));
  t.true(enemy.isConnected);
});

test('a peer that gives a call the number of one that waits for its answer loses its connection', async (t) => {
  const { node, peer, place } = await hostileCaller(t);
  const call = { op: FRAME_MESSAGE, kind: KIND_REQUEST, ...place, prefix: [7, 0] } as const;
  peer.say({ ...call, value: { type: 'keep' } });
  peer.say({ ...call, value: 'what is answered at once' });
  await peer.isCutOff();
  await isUnharmed(t, node);
});

test('the reference of a call is no right to answer it without who calls', async (t) => {
  const { node, enemy } = await attacked(t);
  const target = await puppet(node, 0);
  const asked = node.call(target.pid as never, { type: 'keep' } as never) as Promise<unknown>;
  const { ref } = await waitFor('the call', () => target.do<Caller<unknown>>('keptCaller'));
  const pid = new Forged(1, [0, 1, 1, 1]);
  enemy.say({ first: Control.ask, second: 1, value: ['respond', pid, ref, true, 'forged'] });
  enemy.say({ first: Control.respond, value: [pid, ref, true, 'forged'] });
  const { slot: first, generation: second } = target.pid as unknown as {
    readonly slot: number;
    readonly generation: number;
  };
  enemy.say({ op: FRAME_MESSAGE, kind: KIND_FAR, first, second, value: 'it is said' });
  await target.messages(1);
  await target.do('answerKept', 'true');
  t.is(await asked, 'true');
  t.true(enemy.isConnected);
});

test('a peer that hands on a call that it never got hears nothing of it', async (t) => {
  const { peer, to, place } = await hostileCaller(t);
  const own = new Forged(1, [0, 7, 1, 5000]);
  peer.say({ op: FRAME_MESSAGE, kind: KIND_FAR, ...place, value: own });
  const [of] = await to.messages(1);
  await to.do('callAndTell', of, { type: 'silence' }, 20);
  const cancelled = (): readonly number[] =>
    peer
      .heard()
      .filter(({ op }) => op === Control.cancel)
      .map(({ number }) => number);
  const [number] = await waitFor('its cancelling', () => cancelled().length > 0 && cancelled());
  // One that may come later, and the one that there was.
  peer.say({ first: Control.moved, second: number! + 1, value: own });
  peer.say({ first: Control.moved, second: number!, value: own });
  await waitFor('the next cancelling', () => cancelled().length > 1);
  t.deepEqual(cancelled(), [number!, number!]);
  t.true(peer.isConnected);
});

test('a call by name that was handed on does not end with the thread that has handed it on', async (t) => {
  const { node, enemy } = await attacked(t);
  const [to] = node.network.nodes();
  const call = (signal?: AbortSignal): Promise<unknown> =>
    node.call(processId(processName('named'), to!), 'x' as never, {
      ...(signal === undefined ? {} : { signal }),
    });
  const abort = new AbortController();
  const aborted = t.throwsAsync(call(abort.signal), { code: 'aborted' });
  abort.abort();
  await aborted;
  const { number } = await waitFor('its cancelling', () =>
    enemy.heard().find(({ op }) => op === Control.cancel),
  );
  const [moved, lost] = [call(), call()];
  const [first, second] = [number + 1, number + 2];
  enemy.say({ first: Control.moved, second: first, value: new Forged(1, [0, 7, 1, 5000]) });
  enemy.say({ first: Control.orphaned, second: first, value: 'kill' });
  enemy.say({ first: Control.reply, second: first, value: 'answered' });
  t.is(await moved, 'answered');
  enemy.say({ first: Control.orphaned, second, value: 'kill' });
  await t.throwsAsync(lost, { code: 'process-terminated' });
  t.true(enemy.isConnected);
});

test('answers count only from who was asked', async (t) => {
  const { node, enemy } = await attacked(t);
  const target = await puppet(node, 0);
  const asked = node.call(target.pid as never, { type: 'keep' } as never) as Promise<unknown>;
  await waitFor('the call', async () => (await target.do('keptCaller')) !== undefined);
  for (let number = 0; number < 50; number++) {
    enemy.say({ first: Control.reply, second: number, value: 'forged' });
    enemy.say({ first: Control.fired, second: number, value: ['kill', false] });
    enemy.say({ first: Control.answer, second: number, value: [true, 'forged'] });
    enemy.say({ first: Control.ask, second: number, value: ['settle', number, true, 'forged'] });
  }
  await target.do('answerKept', 'true');
  t.is(await asked, 'true');
  t.true(enemy.isConnected);
});
