import { Actor, reply, type Answer, type Pid, type Request } from 'tergo';
import type { EchoProtocol } from '../threads/echo.ts';

/** A call: when it began, ms since the epoch, and how long it took, ms. */
export interface Timed {
  readonly at: number;
  readonly ms: number;
}

type Time = { type: 'time'; echo: Pid<EchoProtocol>; forMs: number };
export type TimedCallerProtocol = { request: Request<Time, readonly Timed[]> };

/** Calls for some time, each time after the answer to the last, and says how long each call took. */
export class TimedCaller extends Actor<TimedCallerProtocol> {
  override async handleCall(request: Time): Promise<Answer> {
    const calls: Timed[] = [];
    const until = performance.now() + request.forMs;
    for (let value = 0; performance.now() < until; value++) {
      const begin = performance.now();
      const answer = await this.call(request.echo, { type: 'echo', value }, { timeoutMs: 60_000 });
      if (answer !== value) throw new Error('an answer was wrong');
      calls.push({ at: performance.timeOrigin + begin, ms: performance.now() - begin });
    }
    return reply(request, calls);
  }
}
