import { reasonOf } from '../error/exit-reason.ts';
import { TergoError } from '../error/tergo-error.ts';
import { failure } from '../node/messaging.ts';
import type { LocalPid } from '../process/pid.ts';
import { valueOr } from './arrived-value.ts';
import { Control } from './control.ts';
import type { Arrived } from './controls.ts';
import type { Far } from './far.ts';
import type { Loss } from './loss.ts';
import { Numbers } from './numbers.ts';
import { isOfPeer, NOWHERE, seatOf, type Station } from './station.ts';

interface Asked extends Asking {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Who is asked. */
export interface Asking {
  readonly station: Station;
  /** The process there that the question is about: by it one to a thread is told from one to the thread that was there before. */
  readonly process?: LocalPid;
}

/** How long an answer is waited for, and what is said when it has not come. */
export interface Patience {
  readonly ms: number;
  readonly text: string;
}

/** What another node may ask. */
interface PeerQuestion {
  readonly isFitting: (args: readonly unknown[]) => boolean;
  readonly answer: (station: Station, ...args: readonly never[]) => unknown;
}

/** Questions of one station to another that a promise waits for. */
export class Questions {
  readonly #far: Far;
  readonly #asked = new Map<number, Asked>();
  readonly #answers = new Map<string, (...args: readonly never[]) => unknown>();
  readonly #peerAnswers = new Map<string, PeerQuestion>();
  readonly #numbers: Numbers;

  constructor(far: Far) {
    this.#far = far;
    this.#numbers = new Numbers(far.firstNumber, (number) => this.#asked.has(number));
    far.controls.on(Control.ask, (arrived) => void this.#answer(arrived));
    far.controls.on(Control.answer, (arrived) => this.#answered(arrived));
  }

  /** What this thread answers to `name` when another thread of the node asks; may be a promise. */
  on(name: string, answer: (...args: readonly never[]) => unknown): void {
    this.#answers.set(name, answer);
  }

  /** The same when another node asks; `isFitting` says whether the arguments are what they must be. */
  onPeer(
    name: string,
    isFitting: (args: readonly unknown[]) => boolean,
    answer: (station: Station, ...args: readonly never[]) => unknown,
  ): void {
    this.#peerAnswers.set(name, { isFitting, answer });
  }

  /** Rejects with what the other side threw, and with the reason of its end. Throws `unencodable`. */
  ask(station: Station, name: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#ask({ station }, [name, ...args]).promise;
  }

  /** The same, but rejects with `timeout` when no answer has come in time: one that never answers costs nothing then. */
  askWithin(
    { ms, text }: Patience,
    asking: Asking,
    name: string,
    ...args: readonly unknown[]
  ): Promise<unknown> {
    const { number, promise } = this.#ask(asking, [name, ...args]);
    const { timers } = this.#far.runtime;
    const index = timers.start(ms, () => {
      this.#asked.get(number)?.reject(new TergoError('timeout', text));
      this.#asked.delete(number);
    });
    // Once it has fired its index may be another's.
    const timer = timers.handle(index);
    return promise.finally(() => timer.cancel());
  }

  lose({ takes, reason }: Loss): void {
    for (const [number, asked] of [...this.#asked]) {
      if (!takes(asked.station, asked.process)) continue;
      this.#asked.delete(number);
      asked.reject(reason);
    }
  }

  #ask(
    asking: Asking,
    words: readonly [name: string, ...args: readonly unknown[]],
  ): { readonly number: number; readonly promise: Promise<unknown> } {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const number = this.#numbers.next();
    const { station } = asking;
    const isLost = isOfPeer(station) && !this.#far.peers.isUp(seatOf(station));
    if (isLost || station === NOWHERE)
      return { number, promise: Promise.reject(failure('no-connection', words[0])) };
    this.#far.controls.send(station, Control.ask, number, words);
    this.#asked.set(number, { ...asking, resolve, reject });
    return { number, promise };
  }

  async #answer(arrived: Arrived): Promise<void> {
    const { station, number } = arrived;
    const { controls, peers } = this.#far;
    const asker = peers.ownerOf(station);
    // Its seat may be another's by now.
    const isThere = (): boolean => peers.ownerOf(station) === asker;
    try {
      const [name, ...args] = arrived.value as [string, ...never[]];
      if (isOfPeer(station) && !this.#isForPeers(name, args))
        return void this.#far.violated(station, `it may not ask '${name}' like that`);
      const answer = await (isOfPeer(station)
        ? this.#peerAnswers.get(name)!.answer(station, ...args)
        : this.#answers.get(name)!(...args));
      if (isThere()) controls.send(station, Control.answer, number, [true, answer]);
    } catch (error) {
      if (isThere()) controls.tell(station, Control.answer, number, [false, reasonOf(error)]);
    }
  }

  /** Whether another node may ask this. */
  #isForPeers(name: string, args: readonly unknown[]): boolean {
    return this.#peerAnswers.get(name)?.isFitting(args) === true;
  }

  #answered(arrived: Arrived): void {
    const { station, number } = arrived;
    const asked = this.#asked.get(number);
    if (asked === undefined || asked.station !== station) return;
    this.#asked.delete(number);
    const said = valueOr(arrived, (error) => [false, error]);
    const [isAnswer, answer] = said as [boolean, unknown];
    this.#far.runtime.driver.letPromisesRun();
    if (isAnswer) asked.resolve(answer);
    else asked.reject(answer as Error);
  }
}
