import type { AnyCaller } from '../call/caller.ts';
import type { CallAnswer } from '../call/pending-call.ts';
import { asPath } from '../codec/unencodable.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import type { CallOrigin } from './arrived-request.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import { tellError } from './portable-error.ts';
import type { Asking, Patience } from './questions.ts';
import type { RemotePid } from './remote-pid.ts';
import type { Station } from './station.ts';

/** How long an important answer waits to be taken, ms. Source: Ergo `gen.DefaultRequestTimeout`. */
const TAKEN_MS = 5000;
const TAKEN: Patience = {
  ms: TAKEN_MS,
  text: `the answer was not confirmed to have reached its caller after ${TAKEN_MS} ms`,
};
/** How long another node may take to say whether a process lives, ms; after that it counts as living. */
const LIVES_MS = 5000;
const LIVES: Patience = { ms: LIVES_MS, text: `it was not told within ${LIVES_MS} ms` };

/** How an answer travels: whether it is a value, and the value or the error. */
type AnswerWords = readonly [isValue: boolean, answer: unknown];
type SettleWords = readonly [number: number, ...answer: AnswerWords];
type RespondWords = readonly [pid: LocalPid, ref: string, ...answer: AnswerWords];

/** Important answers between threads and nodes: whoever gives one is told whether its caller has it. */
export class ConfirmedAnswers {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    const { questions, thread } = far;
    questions.on('settle', (...words: SettleWords) => this.#settleHere(thread, words));
    questions.onPeer('settle', isSettling, (station, ...words: SettleWords) =>
      this.#settleHere(station, words),
    );
    questions.on('respond', (...words: RespondWords) => this.#respondHere(words));
    questions.onPeer('respond', isResponding, (_station, ...words: RespondWords) =>
      this.#respondHere(words),
    );
    questions.onPeer('lives', isPid, (_station, pid: LocalPid) => this.#lives(pid));
  }

  /** Answers a call where it came from. Throws `unsupported`, and nothing is sent; rejects with all else. */
  settle(origin: CallOrigin, caller: LocalPid, answer: CallAnswer): Promise<void> {
    this.#far.peers.requireImportant(origin.station);
    return this.#settleThere(origin, caller, answer);
  }

  /** Answers a call that another thread or node keeps, by its reference. */
  respond(station: Station, { pid, ref }: AnyCaller, answer: CallAnswer): Promise<void> {
    this.#far.peers.requireImportant(station);
    const asking = { station, process: pid as LocalPid };
    return this.#ask(asking, answer, (words) => ['respond', pid, ref, ...words]);
  }

  /** Whether a process of a connected node lives, by its own word. */
  async isAlive(pid: RemotePid): Promise<boolean> {
    const asking = { station: pid.station, process: pid };
    return (await this.#far.questions.askWithin(LIVES, asking, 'lives', pid)) === true;
  }

  /** Of an error as much is told as travels and fits; throws what is wrong with a value. */
  async #ask(
    asking: Asking,
    answer: CallAnswer,
    question: (words: AnswerWords) => readonly [name: string, ...args: readonly unknown[]],
  ): Promise<void> {
    const { questions } = this.#far;
    const ask = (words: AnswerWords): Promise<unknown> =>
      asPath(/^message\[[34]\]/, 'answer', () =>
        questions.askWithin(TAKEN, asking, ...question(words)),
      );
    await ('error' in answer
      ? tellError(answer.error, (portable) => ask([false, portable]))
      : ask([true, answer.value]));
  }

  /** What cannot travel rejects the caller as well. */
  async #settleThere(
    { station, number }: CallOrigin,
    process: LocalPid,
    answer: CallAnswer,
  ): Promise<void> {
    try {
      await this.#ask({ station, process }, answer, (words) => ['settle', number, ...words]);
    } catch (error) {
      const isUnsent = TergoError.is(error, 'unencodable') || TergoError.is(error, 'too-large');
      if (isUnsent && this.#far.canReach(station))
        this.#far.controls.tell(station, Control.replyError, number, error);
      throw error;
    }
  }

  /** A call of this thread, or one that it has handed on to another node. */
  async #settleHere(station: Station, [number, isValue, answer]: SettleWords): Promise<void> {
    const call = this.#far.calls.answeredBy({ station, number });
    if (call === undefined)
      throw new TergoError('response-ignored', 'nobody waits for this response any more');
    const { calls } = this.#runtime;
    const given = answerIn(isValue, answer);
    try {
      await calls.confirm(call, given);
    } catch (error) {
      // Whoever gives it has the call no more, and neither has this thread: the caller gets it all the same.
      if (TergoError.is(error, 'unsupported')) calls.settle(call, given);
      throw error;
    }
  }

  /** Only what `callerOf` gave names the caller as well. */
  async #respondHere([pid, ref, isValue, answer]: RespondWords): Promise<void> {
    const waiter = this.#runtime.calls.waiterOf(ref);
    if (waiter !== undefined && waiter !== pid)
      throw new TergoError('response-ignored', `${pid} does not wait for this response`);
    return this.#runtime.answers.confirmHere({ pid, ref }, answerIn(isValue, answer));
  }

  #lives(pid: LocalPid): boolean {
    return this.#runtime.peerOf(pid) !== undefined;
  }
}

function answerIn(isValue: boolean, answer: unknown): CallAnswer {
  return isValue ? { value: answer } : { error: answer as Error };
}

function isSettling([number, ...answer]: readonly unknown[]): boolean {
  return Number.isSafeInteger(number) && isAnswer(answer);
}

function isResponding([pid, ref, ...answer]: readonly unknown[]): boolean {
  return isPid([pid]) && typeof ref === 'string' && isAnswer(answer);
}

function isPid([pid]: readonly unknown[]): boolean {
  return pid instanceof LocalPid;
}

function isAnswer([isValue, answer]: readonly unknown[]): boolean {
  return isValue === true || (isValue === false && answer instanceof Error);
}
