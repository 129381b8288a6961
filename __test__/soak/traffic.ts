import { noreply, reply, replyError, TergoError, type Answer, type ErrorCode } from 'tergo';
import type { Member } from '../support/relation-member.ts';
import type { RelationWorld } from '../support/relation-world.ts';
import { turn, waitFor } from '../support/wait-for.ts';
import type { Ask, Handle, Witness } from '../support/witness.ts';
import type { Random } from './random.ts';

type AnswerTo = Ask['answer'];

const refusal = new Error('refused');

/** One way to deal with a call, and what becomes of it while both sides live. */
interface Way {
  readonly answer: AnswerTo;
  /** The reply, an error, or the code of one. */
  readonly outcome: unknown;
  readonly timeoutMs?: number;
  readonly isAborted?: boolean;
}

/** Calls and timers between the processes of a world, and the model of what becomes of them. */
export class Traffic {
  readonly counts = { calls: 0, settled: 0, timers: 0, cancelled: 0, ticks: 0 };
  readonly #world: RelationWorld;
  readonly #random: Random;
  /** Takes what timers send; it outlives all others. */
  readonly #clock: Handle;
  readonly #ways: readonly Way[] = [
    { answer: (_self, request) => reply(request, 'now'), outcome: 'now' },
    { answer: (self, request) => this.#later(self, request), outcome: 'later' },
    { answer: slowly, outcome: 'slow' },
    { answer: (_self, request) => replyError(request, refusal), outcome: refusal },
    { answer: () => noreply, outcome: 'no-reply' },
    { answer: hold, outcome: 'aborted', isAborted: true },
  ];

  constructor(world: RelationWorld, random: Random, clock: Handle) {
    this.#world = world;
    this.#random = random;
    this.#clock = clock;
  }

  /** A call that is answered in one of many ways. */
  call(from: Member, to: Member): void {
    const way = this.#random.pick(this.#ways);
    const refused = !from.isAlive || from === to ? 'not-allowed' : 'process-unknown';
    const isTaken = from.isAlive && to.isAlive && from !== to;
    this.#call(from.self, to, isTaken ? way : { ...way, outcome: refused, isAborted: false });
  }

  /** A call that nobody answers; slow, so it should be rare. */
  callInVain(from: Member, to: Member): void {
    if (!from.isAlive || !to.isAlive || from === to) return;
    this.#call(from.self, to, { answer: hold, outcome: 'timeout', timeoutMs: 10 });
  }

  /** A call on which the process throws. From the node: a caller that ends takes its call back. */
  callToCrash(to: Member): void {
    if (!to.isAlive) return;
    this.#call(this.#world.node, to, { answer: crash, outcome: 'process-terminated' });
    this.#world.doom(to);
  }

  /** A timer, which perhaps is cancelled at once. */
  timer(from: Member): void {
    if (!from.isAlive) return;
    const tick = (): void => void (this.counts.ticks += 1);
    const timer = from.self.sendAfter(this.#clock.pid, tick, this.#random.between(0, 5));
    this.counts.timers += 1;
    if (this.#random.oneIn(3) && timer.cancel()) this.counts.cancelled += 1;
  }

  /** Everything has settled: no call is open and each timer has sent once. */
  async settle(): Promise<void> {
    const { node } = this.#world;
    const { calls, settled, timers, cancelled } = this.counts;
    await waitFor('the timers', () => node.info().pendingTimers === 0);
    await this.#clock.heard();
    if (this.counts.ticks !== timers - cancelled)
      throw new Error(`${timers} timers less ${cancelled} made ${this.counts.ticks} ticks`);
    if (calls !== settled || node.info().pendingCalls !== 0)
      throw new Error(`${settled} of ${calls} calls settled, ${node.info().pendingCalls} pending`);
  }

  #call(from: Pick<Witness, 'call'>, to: Member, way: Way): void {
    const { answer, outcome, timeoutMs = 60_000, isAborted = false } = way;
    const controller = new AbortController();
    const options = isAborted ? { timeoutMs, signal: controller.signal } : { timeoutMs };
    this.counts.calls += 1;
    const result = from.call(to.handle.pid, { type: 'ask', answer }, options).then(
      (value) => this.#check(value, outcome),
      (error: unknown) => this.#check(error, outcome),
    );
    if (isAborted) setImmediate(() => controller.abort());
    this.#world.expect(result, undefined);
  }

  /** Whatever was to become of a call, the end of either side may come before it. */
  #check(actual: unknown, outcome: unknown): void {
    this.counts.settled += 1;
    const code: ErrorCode | undefined = actual instanceof TergoError ? actual.code : undefined;
    if (actual === outcome || code === outcome || code === 'process-terminated') return;
    throw new Error(`a call came to ${String(actual)} instead of ${String(outcome)}`);
  }

  /** Answers with a message to itself, which is counted like every other. */
  #later(self: Witness, request: Ask): Answer {
    const { counts } = this.#world;
    const caller = self.callerOf(request);
    const sent = self.send(self.pid, () => {
      counts.taken += 1;
      self.sendResponse(caller, 'later');
    });
    if (sent === 'ok') counts.sent += 1;
    return noreply;
  }
}

async function slowly(_self: Witness, request: Ask): Promise<Answer> {
  await turn();
  return reply(request, 'slow');
}

function crash(): never {
  throw new Error('crash in a call');
}

function hold(self: Witness, request: Ask): Answer {
  self.callerOf(request);
  return noreply;
}
