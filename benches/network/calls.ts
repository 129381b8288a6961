import { Actor, reply, type Answer, type Pid, type Request } from 'tergo';
import type { EchoProtocol } from '../threads/echo.ts';
import { median, stopwatch, verify, type Suite } from '../suite.ts';
import { echoSpawn } from './spawn-names.ts';
import { topologyRun } from './topology-run.ts';
import type { NodePair } from './topology.ts';

const ROUNDS = 5;

/** So many callers of one node, each of which calls an actor of its own on the other node, again and again. */
export interface Work {
  readonly callers: number;
  /** Of each caller. */
  readonly calls: number;
}

type CallerProtocol = {
  request: Request<{ type: 'call'; echo: Pid<EchoProtocol>; calls: number }, number>;
};

/** Calls, each time after the answer to the last; answers how many were right. */
class Caller extends Actor<CallerProtocol> {
  override async handleCall(request: {
    type: 'call';
    echo: Pid<EchoProtocol>;
    calls: number;
  }): Promise<Answer> {
    let right = 0;
    for (let value = 0; value < request.calls; value++) {
      if ((await this.call(request.echo, { type: 'echo', value })) === value) right += 1;
    }
    return reply(request, right);
  }
}

/** The suite for that work, in all topologies, and encrypted between two threads. */
export function callSuite(work: Work): Suite {
  return {
    unit: 'calls',
    warmUps: 0,
    runs: 1,
    run: () => topologyRun(work.callers * work.calls, (nodes) => rateOf(nodes, work)),
  };
}

/** Calls per second, the median of some rounds after one that warms up. */
async function rateOf({ node, peer }: NodePair, { callers, calls }: Work): Promise<number> {
  const rates: number[] = [];
  const numbers = Array.from({ length: callers }, (_, number) => number);
  const echoes = await Promise.all(numbers.map(() => peer.spawn(echoSpawn)));
  const pids = await Promise.all(numbers.map(() => node.spawn(Caller)));
  for (let round = 0; round <= ROUNDS; round++) {
    const seconds = stopwatch();
    const asked = pids.map((pid, index) =>
      node.call(pid, { type: 'call', echo: echoes[index]!, calls }, { timeoutMs: 120_000 }),
    );
    const right = await Promise.all(asked);
    verify(
      right.every((count) => count === calls),
      `of ${calls} answers only ${right.join(', ')} were right`,
    );
    if (round > 0) rates.push((callers * calls) / seconds());
  }
  return Math.round(median(rates));
}
