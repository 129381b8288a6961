import { noreply, type Caller, type Node, type Pid } from 'tergo';
import type { OverseerProtocol } from './far-worker.ts';
import { spawnScript, type Self } from './improvise.ts';
import type { Shared } from './pooled.ts';

type Told = OverseerProtocol['message'];
type Asked = OverseerProtocol['request'];

const gates = new WeakMap<object, Map<number, PromiseWithResolvers<void>>>();

/** What the worker of that number waits for. */
export function gateOf(shared: object, number: number): PromiseWithResolvers<void> {
  const all = gates.get(shared) ?? new Map<number, PromiseWithResolvers<void>>();
  gates.set(shared, all);
  const gate = all.get(number) ?? Promise.withResolvers<void>();
  all.set(number, gate);
  return gate;
}

/** Lets that worker go on; all of them by default. */
export function release(shared: object, number?: number): void {
  for (const [each, { resolve }] of gates.get(shared) ?? [])
    if (number === undefined || number === each) resolve();
}

/** Spawns who keeps what the workers of a test share, for those of other threads. */
export async function spawnOverseer(node: Node, shared: Shared): Promise<Pid<OverseerProtocol>> {
  const overseer = await spawnScript<Told, Asked>(node, {
    handleMessage: (_self, told) => {
      if ('got' in told) shared.got.push(told.got);
      else shared.ends.push(told.end);
      return noreply;
    },
    handleCall: (self, request) => {
      if (request.type === 'flush') return request.type;
      const caller = self.callerOf(request) as Caller<unknown>;
      const answer = request.type === 'hold' ? held(shared, request.number) : enrolled(shared);
      void answer.then(...answering(self, caller));
      return noreply;
    },
  });
  return overseer as Pid<unknown> as Pid<OverseerProtocol>;
}

async function held(shared: Shared, number: number): Promise<number> {
  await gateOf(shared, number).promise;
  return number;
}

async function enrolled(shared: Shared): Promise<number> {
  const number = ++shared.started;
  await shared.onInit(number);
  return number;
}

function answering(
  self: Self,
  caller: Caller<unknown>,
): [(value: number) => void, (error: Error) => void] {
  return [
    (value) => void self.sendResponse(caller, value),
    (error) => void self.sendResponseError(caller, error),
  ];
}
