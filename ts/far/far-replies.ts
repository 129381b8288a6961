import type { AnyCaller } from '../call/caller.ts';
import type { CallAnswer } from '../call/pending-call.ts';
import { asPath, withPath } from '../codec/unencodable.ts';
import { reasonOf } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { CallOrigin } from './arrived-request.ts';
import { Control } from './control.ts';
import type { Controls } from './controls.ts';
import type { Station } from './station.ts';

/** What is said to callers elsewhere. */
export class FarReplies {
  readonly #controls: Controls;

  constructor(controls: Controls) {
    this.#controls = controls;
  }

  /** An answer. One that is too large rejects the call instead, and that is the result; throws, after it has rejected, for what cannot travel. */
  reply(origin: CallOrigin, value: unknown, way: number): SendResult | undefined {
    const { station, number } = origin;
    try {
      this.#controls.send(station, Control.reply, number, value, way);
      return undefined;
    } catch (thrown) {
      const error = withPath(thrown, /^message/, 'answer');
      // How much the caller's node takes is no fault of who answers.
      const isTooLarge = TergoError.is(error, 'too-large');
      this.reject(origin, isTooLarge ? unsent(error) : reasonOf(error));
      if (isTooLarge) return 'too-large';
      throw error;
    }
  }

  reject({ station, number }: CallOrigin, error: Error): void {
    this.#controls.tell(station, Control.replyError, number, error);
  }

  /** Answers a call that somebody else keeps, by its reference and who waits. */
  respond(station: Station, { pid, ref }: AnyCaller, answer: CallAnswer): SendResult {
    const fail = (error: Error): void =>
      this.#controls.tell(station, Control.respond, 0, [pid, ref, false, error]);
    if ('error' in answer) {
      fail(answer.error);
      return 'ok';
    }
    try {
      const words = [pid, ref, true, answer.value];
      const send = (): void => this.#controls.send(station, Control.respond, 0, words);
      asPath(/^message\[3\]/, 'answer', send);
      return 'ok';
    } catch (error) {
      if (!TergoError.is(error, 'too-large')) throw error;
      fail(unsent(error));
      return 'too-large';
    }
  }
}

/** What the caller gets whose node would not take the answer. */
function unsent({ message }: TergoError): TergoError {
  return new TergoError('too-large', `the answer was not sent: ${message}`);
}
