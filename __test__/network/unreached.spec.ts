import test, { type ExecutionContext } from 'ava';
import {
  type NetworkOptions,
  type NetworkRoute,
  type Node,
  processId,
  processName,
  TergoError,
} from 'tergo';
import { freePort } from '../support/free-port.ts';
import { listeningStranger } from '../support/listening-stranger.ts';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { networkNode } from './cluster.ts';

const B = 'b@localhost';
const LOOPBACK = '127.0.0.1';

async function dialler(t: ExecutionContext, network: NetworkOptions = {}): Promise<Node> {
  const node = await networkNode('a@localhost', network);
  t.teardown(() => node.stopForce());
  return node;
}

async function refusal(node: Node, route: NetworkRoute): Promise<TergoError> {
  const error = await node.network.connect(B, { route }).then(() => undefined, String);
  if (error === undefined) throw new Error('it is connected');
  return (await node.network.connect(B).catch((reason: unknown) => reason)) as TergoError;
}

test('a port that nobody listens on is named', async (t) => {
  const a = await dialler(t);
  const port = await freePort();
  const { code, message } = await refusal(a, { host: LOOPBACK, port });
  t.is(code, 'no-connection');
  t.is(message, `${B} was not reached at ${LOOPBACK}:${port}: nobody listens there`);
});

test('a host name that nobody knows is named', async (t) => {
  const a = await dialler(t);
  const { code, message } = await refusal(a, { host: 'nowhere.invalid', port: 1 });
  t.is(code, 'no-connection');
  t.regex(message, /at nowhere\.invalid:1: the host name is not known/);
});

test('somebody who listens and says nothing takes too long', async (t) => {
  const a = await dialler(t, { dialTimeoutMs: 100 });
  const port = await listeningStranger(t, () => undefined);
  const { code, message } = await refusal(a, { host: LOOPBACK, port });
  t.is(code, 'no-connection');
  t.regex(message, /the handshake took over 100 ms/);
});

test('somebody who listens and hangs up is told', async (t) => {
  const a = await dialler(t);
  const port = await listeningStranger(t, (socket) => socket.end());
  const { code, message } = await refusal(a, { host: LOOPBACK, port });
  t.is(code, 'no-connection');
  t.regex(message, /hung up/);
});

test('a server that is no node is told from one', async (t) => {
  const a = await dialler(t);
  const port = await listeningStranger(
    t,
    (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  const { code, message } = await refusal(a, { host: LOOPBACK, port });
  t.is(code, 'no-connection');
  t.regex(message, /is not the handshake of a node/);
});

test('of several routes all that were tried are named, in their order', async (t) => {
  const a = await dialler(t);
  const [silent, web] = [
    await freePort(),
    await listeningStranger(t, (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ];
  a.network.addRoute('^b@', { host: LOOPBACK, port: silent }, { weight: 2 });
  a.network.addRoute('^b', { host: LOOPBACK, port: web }, { weight: 1 });
  const error = await t.throwsAsync<TergoError>(a.network.connect(B), { code: 'no-connection' });
  t.regex(error.message, new RegExp(`at .*:${silent}: nobody.*; nor at .*:${web}: .*no`));
});

test('only when nothing leads there the code is no-route', async (t) => {
  const a = await dialler(t);
  const error = await t.throwsAsync<TergoError>(a.network.connect(B), { code: 'no-route' });
  t.regex(error.message, /no route leads to b@localhost/);
});

test('calls and important messages reject with the same reason', async (t) => {
  const a = await dialler(t);
  a.network.addRoute('^b@', { host: LOOPBACK, port: await freePort() });
  const bob = processId(processName<{ message: string }>('bob'), B);
  const expected = { code: 'no-connection', message: /nobody listens there/ };
  await t.throwsAsync(a.sendImportant(bob, 'hello'), expected);
  await t.throwsAsync(a.call(bob as never, { type: 'x' } as never), expected);
});

test('a node that plain messages do not reach is logged, once for each reason', async (t) => {
  const a = await dialler(t);
  const records = recordLog(a);
  a.network.addRoute('^b@', { host: LOOPBACK, port: await freePort() });
  const bob = processId(processName<{ message: string }>('bob'), B);
  const lose = async (): Promise<void> => {
    const before = a.info().messagesDropped;
    t.is(a.send(bob, 'hello'), 'ok');
    t.is(a.send(bob, 'again'), 'ok');
    await waitFor('the loss', () => a.info().messagesDropped === before + 2);
  };
  await lose();
  await lose();
  const told = (): typeof records =>
    records.filter(({ message }) => message === 'a node was not reached');
  await waitFor('the log', () => told().length > 0);
  t.is(told().length, 1);
  t.is(told()[0]!.level, 'warning');
  t.like(told()[0]!.fields, { node: B, lost: 2 });
  t.regex(String(told()[0]!.fields['reason']), /nobody listens there/);
  a.network.removeRoute('^b@');
  await lose();
  await waitFor('the other reason', () => told().length === 2);
  t.regex(String(told()[1]!.fields['reason']), /no route leads/);
});

test('what is rejected is not logged as well', async (t) => {
  const a = await dialler(t);
  const records = recordLog(a);
  await refusal(a, { host: LOOPBACK, port: await freePort() });
  t.deepEqual(
    records.map(({ message }) => message),
    [],
  );
});
