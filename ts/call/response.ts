declare const answers: unique symbol;

/** Names one `sendRequest`; remembers the type of its reply. At run time a string. */
export type RequestRef<Reply> = string & {
  /** @ignore */
  readonly [answers]?: () => Reply;
};

/** What became of a `sendRequest`. */
export type Response<Reply = unknown> = {
  /** Which request. */
  readonly ref: RequestRef<Reply>;
  /** What was given to `sendRequest`, for the process's own use. */
  readonly label: string | undefined;
} & (
  | { readonly ok: true; readonly value: Reply }
  | {
      readonly ok: false;
      /** A `TergoError` (`timeout`, `process-terminated`, …) or what the answering process replied with `replyError`. */
      readonly error: Error;
    }
);

/**
 * Whether `response` answers `ref`; narrows its value to the reply of that request.
 *
 * @example
 * override handleResponse(response: Response): Next {
 *   if (isResponseTo(response, this.#total) && response.ok) this.log.info('total', { value: response.value });
 *   return noreply;
 * }
 */
export function isResponseTo<Reply>(
  response: Response,
  ref: RequestRef<Reply> | undefined,
): response is Response<Reply> {
  return response.ref === ref;
}
