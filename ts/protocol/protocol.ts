/** Phantom keys: they exist for the type checker only; no object carries them. */
declare const accepts: unique symbol;
declare const answers: unique symbol;
declare const shape: unique symbol;
declare const replies: unique symbol;

/** What ties a request to the type of its reply; no object has it. */
export interface Remembers<Reply> {
  /** @ignore */
  readonly [replies]?: (reply: Reply) => void;
}

/**
 * A request body that remembers the type of its reply. A plain literal of the body is one.
 *
 * @example
 * type Total = Request<{ type: 'total' }, number>;
 * const request: Total = { type: 'total' };
 */
export type Request<Body extends { readonly type: string }, Reply> = Body & Remembers<Reply>;

/**
 * What a process understands. Write it as an interface of its own: it is the contract, importable
 * without the behaviour.
 *
 * @example
 * interface CounterProtocol { message: { type: 'add'; by: number }; request: Request<{ type: 'total' }, number> }
 */
export interface Protocol {
  /**
   * Union of the messages that `send` may carry. To other threads and nodes values are copied: plain data arrives as it is, an
   * instance of a class of one's own as a plain object without its methods, a function not at all (`unencodable`). See
   * docs/threads.md. So it is with requests, replies and events.
   */
  readonly message?: unknown;
  /** Union of `Request`s that `call` may carry; told apart by their `type`. */
  readonly request?: unknown;
  /** Union of the payloads of events that the process subscribes to. */
  readonly event?: unknown;
}

/** The messages of protocol `P`; everything for a raw peer (`unknown`). */
export type MessageOf<P> = unknown extends P
  ? unknown
  : P extends { readonly message: infer M }
    ? M
    : never;
// `any` and not `unknown`: the raw peer's request must fit `RequestOf<P> & { type: T }` for every T.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyBody = any;
/** The requests of protocol `P`; everything for a raw peer (`unknown`). */
export type RequestOf<P> = unknown extends P
  ? AnyBody
  : P extends { readonly request: infer R }
    ? R
    : never;
/** The event payloads of protocol `P`. */
export type EventOf<P> = unknown extends P
  ? unknown
  : P extends { readonly event: infer E }
    ? E
    : never;
/** The `type` of a request. */
export type TypeOf<R> = R extends { readonly type: infer T extends string } ? T : string;
/** The reply that a `Request` remembers. */
export type ReplyOf<R> = R extends Remembers<infer Reply> ? Reply : unknown;
/** The reply to the request of protocol `P` whose `type` is `T`. */
export type ReplyTo<P, T> = unknown extends P ? unknown : ReplyByType<RequestOf<P>, T>;
type ReplyByType<R, T> = R extends { readonly type: T } ? ReplyOf<R> : never;
type AnyRequest = Remembers<unknown>;

/**
 * Anything that messages can be addressed to. Contravariant: what accepts more stands where less is
 * asked for. `Accepts<unknown>` is a raw peer and takes everything; `Accepts<never>` is "some
 * process", fit for link, monitor and exit.
 */
export interface Accepts<P> {
  // First on purpose: the mapped type makes the compiler compare the structure instead of a cached, wrong variance.
  /** @ignore */ readonly [shape]?: (protocol: { [K in keyof P]?: never }) => void;
  /** @ignore */ readonly [accepts]?: (message: MessageOf<P>) => void;
  /** @ignore */ readonly [answers]?: (
    request: unknown extends P ? AnyRequest : RequestOf<P>,
  ) => void;
}
