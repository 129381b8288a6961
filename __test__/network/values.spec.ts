import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { Actor, type Answer, processId, processName, reply, type Request, TergoError } from 'tergo';
import { sent } from '../support/travelling-values.ts';
import { networkNode, showWay } from './cluster.ts';

type Echoed = Request<{ readonly type: 'echo'; readonly value: unknown }, unknown>;

const NAME = processName<{ request: Echoed }>('echo');

class Echo extends Actor<{ request: Echoed }> {
  override handleCall(request: Echoed): Answer {
    return reply(request, request.value);
  }
}

/** Sends a value to another node and gives what comes back. */
async function echoElsewhere(t: ExecutionContext): Promise<(value: unknown) => Promise<unknown>> {
  const [a, b] = [await networkNode('a@localhost'), await networkNode('b@localhost')];
  t.teardown(() => Promise.all([a.stopForce(), b.stopForce()]));
  showWay(a, b);
  await b.spawn(Echo, { name: NAME });
  const far = processId(NAME, 'b@localhost');
  return (value) => a.call(far, { type: 'echo', value });
}

test('whatever can travel reaches another node as it is, and so does the answer', async (t) => {
  const echo = await echoElsewhere(t);
  const arrives = async (value: unknown): Promise<boolean> =>
    isDeepStrictEqual(await echo(value), value);
  for (const length of [0, 3, 20_000]) t.true(await arrives(new Float16Array(length)), `${length}`);
  const odd = Object.defineProperty(new Error('odd'), '__proto__', { value: 1, enumerable: true });
  t.true(Object.hasOwn((await echo(odd)) as object, '__proto__'));
  await fc.assert(fc.asyncProperty(sent, arrives), { numRuns: 500 });
});

test('messages that a text tells apart keep it on another node, however many come', async (t) => {
  const echo = await echoElsewhere(t);
  const texts = ['order', 'payment', '__proto__', '"', 'é', '\ud800', '', 'a', 'b', 'c'];
  for (let round = 0; round < 300; round++) {
    const values = texts.map((kind, index) => ({ round, kind, index }));
    const calls = values.map((value) => echo(value));
    t.true(isDeepStrictEqual(await Promise.all(calls), values), `${round}`);
  }
});

test('an error of another node with a code that this version does not have is unknown, and tells it', async (t) => {
  const echo = await echoElsewhere(t);
  const cause = new TergoError('timeout', 'too late');
  const value = new TergoError('of-tomorrow' as never, 'it is too early', { cause });
  const told = await echo(value);
  t.true(TergoError.is(told, 'unknown'));
  t.like(told, { message: 'of-tomorrow: it is too early', cause: { code: 'timeout' } });
});
