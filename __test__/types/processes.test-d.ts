import { ConsoleLogger, isResponseTo, noreply, Process, reply, TergoError } from 'tergo';
import type {
  AnyPid,
  Answer,
  Down,
  Envelope,
  ErrorCode,
  ExitReason,
  Logger,
  MaybePromise,
  Next,
  Node,
} from 'tergo';
import type {
  NodeInfo,
  Pid,
  ProcessInfo,
  ProcessShortInfo,
  ProcessState,
  Request,
  StopReport,
} from 'tergo';
import type { CounterProtocol } from '../../docs/samples/counter-contract.ts';
import { type Equal, expect, fits } from './expect.ts';

declare const node: Node;
declare const some: AnyPid;

// The low level: every kind of entry, told apart by `kind`.
type Sum = Request<{ type: 'sum' }, number>;
export class Raw extends Process<{ message: number; request: Sum }> {
  #sum = 0;

  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    switch (envelope.kind) {
      case 'message':
        expect<Equal<typeof envelope.message, unknown>>();
        expect<Equal<typeof envelope.from, Pid<unknown>>>();
        return noreply;
      case 'request':
        expect<Equal<typeof envelope.request, unknown>>();
        return reply(envelope.request as Sum, this.#sum);
      case 'event':
        fits<bigint>(envelope.event.timestampNs);
        return noreply;
      case 'exit':
      case 'down':
        fits<Down>(envelope.kind === 'exit' ? envelope.exit : envelope.down);
        return noreply;
      case 'event-start':
      case 'event-stop':
        fits<string>(envelope.event);
        return noreply;
      case 'response':
        fits<boolean>(isResponseTo(envelope.response, undefined));
        return noreply;
      case 'route-failed':
        fits<string | undefined>(envelope.failure.route);
        return noreply;
      case 'log':
        fits<string>(envelope.record.message);
        return noreply;
      case 'inspect':
        return { items: envelope.items.join() };
    }
  }
  override handleMessage(): Next {
    return noreply;
  }
  override handleCall(): Answer {
    return noreply;
  }
}
const raw = await node.spawn(Raw);
expect<Equal<typeof raw, Pid<{ message: number; request: Sum }>>>();

// @ts-expect-error TS2515 without `receive` it takes nothing
export class Silent extends Process<{ message: number }> {}

// What there is to know.
expect<Equal<ReturnType<typeof node.processInfo>, ProcessInfo>>();
expect<Equal<ReturnType<typeof node.processState>, ProcessState>>();
expect<Equal<ReturnType<typeof node.info>, NodeInfo>>();
expect<Equal<ReturnType<typeof node.stop>, Promise<StopReport>>>();
const list = node.processListShortInfo({
  start: -1,
  limit: 5,
  filter: ({ state }) => state === 'sleep',
});
expect<Equal<typeof list, readonly ProcessShortInfo[]>>();
// @ts-expect-error TS2820 no such state
node.processListShortInfo({ filter: ({ state }) => state === 'asleep' });
// @ts-expect-error TS2540 information is not to be changed
node.processInfo(some).name = 'x';
node.kill(some);
// @ts-expect-error TS2345 a pid, not a name
node.kill('counter');

// Errors narrow by code.
export function codeOf(error: unknown): ErrorCode | undefined {
  if (TergoError.is(error, 'timeout')) {
    expect<Equal<typeof error, TergoError<'timeout'>>>();
    expect<Equal<typeof error.code, 'timeout'>>();
    return error.code;
  }
  // @ts-expect-error TS2345 no such code
  TergoError.is(error, 'time-out');
  return undefined;
}
fits<ExitReason>(new TergoError('incorrect', 'text', { cause: 1 }));
// @ts-expect-error TS2345 no such code
fits(new TergoError('oops', 'text'));

// Loggers: an object, the console logger, a process.
const logger: Logger = { log: ({ level, source }) => fits([level, source.type]) };
node.addLogger('own', logger, { levels: ['error', 'warning'] });
node.addLogger('console', new ConsoleLogger({ format: 'json' }));
node.addLogger('process', some);
// @ts-expect-error TS2322 'disabled' is no level of a record
node.addLogger('own', logger, { levels: ['disabled'] });
// @ts-expect-error TS2345 a logger logs
node.addLogger('own', {});

// Nothing is told to a process of which nothing is known, and nobody makes one up.
// @ts-expect-error TS2739 a pid comes from a spawn
export const madeUp: Pid<CounterProtocol> = {};
