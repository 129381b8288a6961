import {
  Actor,
  noreply,
  processName,
  reply,
  type Answer,
  type AnyPid,
  type Next,
  type Pid,
  type ProcessName,
  type Request,
  type SendResult,
} from 'tergo';
import {
  anyPid,
  capture,
  instanceOf,
  ofType,
  probe,
  stage,
  startUnit,
  virtualClock,
  where,
  type Probe,
  type RecordOf,
  type StandIn,
} from 'tergo/testing';
import type { Node } from 'tergo';
import { expect, fits, type Equal } from './expect.ts';

type CounterMessage = { type: 'add'; by: number } | { type: 'reset' };
type CounterRequest =
  Request<{ type: 'total' }, number> | Request<{ type: 'label'; upper?: boolean }, string>;
interface CounterProtocol {
  message: CounterMessage;
  request: CounterRequest;
}
class Counter extends Actor<CounterProtocol> {
  override init(_start: number): void {}
  override handleMessage(_message: CounterMessage): Next {
    return noreply;
  }
  override handleCall(request: CounterRequest): Answer {
    return request.type === 'total' ? reply(request, 1) : reply(request, 'a');
  }
}
class Free extends Actor {}
class Half extends Actor<CounterProtocol> {
  override handleMessage(_message: { type: 'reset' }): Next {
    return noreply;
  }
}
const counterName: ProcessName<CounterProtocol> = processName('counter');

export async function probes(): Promise<void> {
  const counter = await probe(Counter, { args: [1], name: counterName });
  expect<Equal<typeof counter, Probe<CounterProtocol>>>();
  expect<Equal<typeof counter.pid, Pid<CounterProtocol>>>();
  await probe(Free);
  await probe(Free, { unit: counter.unit });
  // @ts-expect-error args are missing
  await probe(Counter);
  // @ts-expect-error wrong args
  await probe(Counter, { args: ['1'] });
  // @ts-expect-error half of the protocol is not handled
  await probe(Half);
  // @ts-expect-error the name promises another protocol
  await probe(Free, { name: counterName });
  // @ts-expect-error no such option
  await probe(Free, { clock: virtualClock() });

  const result = await counter.send({ type: 'add', by: 1 });
  expect<Equal<typeof result, SendResult>>();
  // @ts-expect-error no such message
  await counter.send({ type: 'sub' });
  // @ts-expect-error a request is not a message
  await counter.send({ type: 'total' });
  const total = await counter.call({ type: 'total' });
  expect<Equal<typeof total, number>>();
  const label = await counter.call({ type: 'label', upper: true }, { timeoutMs: 5 });
  expect<Equal<typeof label, string>>();
  // @ts-expect-error no such request
  await counter.call({ type: 'totl' });
  // @ts-expect-error not a notice
  await counter.deliver({ kind: 'message', message: 1 });
  // @ts-expect-error no such reason
  await counter.exit('because');
}

export async function assertions(counter: Probe<CounterProtocol>, node: Node): Promise<void> {
  const sent = counter.shouldOnce('send', {
    to: counterName,
    message: { anything: 1 },
    result: 'ok',
  });
  expect<Equal<typeof sent, RecordOf<'send'>>>();
  expect<Equal<typeof sent.result, SendResult | undefined>>();
  const spawned = counter.shouldTimes(2, 'spawn', {
    behaviour: Counter,
    args: [1],
    options: { linkChild: true },
  });
  expect<Equal<(typeof spawned)[number]['pid'], AnyPid | undefined>>();
  counter.should('log', {
    level: /^(info|error)$/,
    message: /total/,
    fields: { total: ofType('number') },
  });
  counter.should('call', { error: { code: 'timeout' }, state: 'failed' });
  counter.should('terminate', { reason: instanceOf(RangeError) });
  counter.should('receive-down', { down: { kind: 'pid', pid: counter.pid } });
  counter.shouldNot('deliver');
  // @ts-expect-error no such kind
  counter.should('sned');
  // @ts-expect-error no such field
  counter.should('send', { from: counter.pid });
  // @ts-expect-error no such level
  counter.should('log', { level: 'fatal' });
  // @ts-expect-error a number is no time
  counter.should('timer', { afterMs: '5' });
  // @ts-expect-error no pid
  counter.should('receive-exit', { to: 'counter' });
  // @ts-expect-error no such result
  counter.shouldOnce('send', { result: 'okay' });
  // @ts-expect-error since takes what mark gives
  counter.since(5);

  using s = stage(node);
  const delivered = s.shouldOnce('deliver', { to: counter.pid }, { withinMs: 5 });
  expect<Equal<typeof delivered, Promise<RecordOf<'deliver'>>>>();
  expect<Equal<ReturnType<typeof s.shouldNot>, Promise<void>>>();
  // @ts-expect-error one node at least
  stage();
  // @ts-expect-error assertions of a probe do not wait
  counter.should('send', {}, { withinMs: 5 });
  for (const record of s.records()) {
    if (record.kind === 'spawn') fits<AnyPid | undefined>(record.pid);
  }
}

export function captures(counter: Probe<CounterProtocol>): void {
  const pid = capture(anyPid());
  const text = capture(ofType('string'));
  const error = capture(instanceOf(RangeError));
  const anything = capture();
  counter.should('spawn', { pid });
  expect<Equal<typeof pid.value, AnyPid>>();
  expect<Equal<typeof text.values, readonly string[]>>();
  expect<Equal<typeof error.value, RangeError>>();
  expect<Equal<typeof anything.value, unknown>>();
  // @ts-expect-error no name of a type
  ofType('integer');
  // @ts-expect-error not a function
  where(5);
}

export async function standIns(): Promise<void> {
  const unit = await startUnit({ children: 'real', startAt: new Date() });
  const store = await unit.standIn({ name: counterName });
  expect<Equal<typeof store, StandIn<CounterProtocol>>>();
  store.answer('total', 5);
  store.answer('total', (request) => request.type.length);
  store.answer('label', async ({ upper }) => (upper === true ? 'A' : 'a'));
  // @ts-expect-error a number is asked for
  store.answer('total', 'five');
  // @ts-expect-error the function gives the wrong thing
  store.answer('label', () => 5);
  // @ts-expect-error no such request
  store.answer('totl', 5);
  const [call] = store.calls('total');
  call?.reply(5);
  // @ts-expect-error a number is asked for
  call?.reply('five');
  expect<Equal<NonNullable<typeof call>['request']['type'], 'total'>>();
  fits<CounterMessage | undefined>(store.received[0]?.message);
  store.self.send(store.pid, { type: 'reset' });
  // @ts-expect-error no such option
  await startUnit({ children: 'none' });
  const raw = await unit.standIn();
  raw.answer('anything', 1);
  await unit.standIn<CounterProtocol>();
}

export function faults(counter: Probe<CounterProtocol>): void {
  counter.fail('send', { with: 'no-connection', when: { to: counterName }, times: 1 });
  counter.fail('call', { with: new Error('x'), when: { request: { type: 'total' } } });
  // @ts-expect-error ok is no failure
  counter.fail('send', { with: 'ok' });
  // @ts-expect-error a call fails with an error
  counter.fail('call', { with: 'timeout' });
  // @ts-expect-error a log cannot fail
  counter.fail('log', { with: new Error('x') });
  // @ts-expect-error it must fail with something
  counter.fail('link', {});
}
