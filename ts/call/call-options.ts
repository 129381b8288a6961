import { checkDelay, checkBoolean, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { Priority } from '../process/priority.ts';

/** How a message is sent. */
export interface SendOptions {
  /** The sender's own priority by default. */
  readonly priority?: Priority;
}

/** How a call is made. */
export interface CallOptions extends SendOptions {
  /** After how many ms the call rejects with `timeout`; 5000 by default. */
  readonly timeoutMs?: number;
  /** Aborting it rejects the call with `aborted`; the request is dropped if it was not taken yet. */
  readonly signal?: AbortSignal;
  /**
   * Refuses the call with `unsupported` when the other node cannot tell at once that it was not placed, as important messages
   * need it; a deleted alias there is told at once as well. `important` of the process by default. On one node every
   * call is important. Source: Ergo `CallImportant`.
   */
  readonly important?: boolean;
}

/** How a non-blocking request is made. */
export interface RequestOptions extends SendOptions {
  /** After how many ms the response is the error `timeout`; 5000 by default. */
  readonly timeoutMs?: number;
  /** Comes back in the response. */
  readonly label?: string;
  /** As for a call. */
  readonly important?: boolean;
}

/** The timeout of a call that names none, ms. Source: Ergo `gen.DefaultRequestTimeout`. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** Throws `incorrect` unless these are options of `send`. @internal */
export function checkSendOptions(options: SendOptions): void {
  checkOptions('options', options, ['priority']);
}

/** Throws `incorrect` unless these are options of `call`. @internal */
export function checkCallOptions(options: CallOptions): void {
  checkOptions('options', options, ['priority', 'timeoutMs', 'signal', 'important']);
  if (options.timeoutMs !== undefined) checkDelay('options.timeoutMs', options.timeoutMs, 1);
  if (options.important !== undefined) checkBoolean('options.important', options.important);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw incorrect('options.signal', 'an AbortSignal', options.signal);
}

/** Throws `incorrect` unless these are options of `sendRequest`. @internal */
export function checkRequestOptions(options: RequestOptions): void {
  checkOptions('options', options, ['priority', 'timeoutMs', 'label', 'important']);
  if (options.important !== undefined) checkBoolean('options.important', options.important);
  if (options.timeoutMs !== undefined) checkDelay('options.timeoutMs', options.timeoutMs, 1);
  if (options.label !== undefined && typeof options.label !== 'string')
    throw incorrect('options.label', 'a string', options.label);
}
