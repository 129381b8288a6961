import {
  Actor,
  noreply,
  reply,
  stop,
  type Answer,
  type Caller,
  type MaybePromise,
  type Next,
  type Pid,
} from 'tergo';

/** What a server is asked. */
export type Question =
  | { readonly type: 'value' | 'last'; readonly value: unknown }
  | { readonly type: 'alias' | 'seen' | 'whom' }
  | { readonly type: 'split'; readonly on: boolean }
  | { readonly type: 'spawn'; readonly thread: number }
  /** Ends without answering; that one answers. */
  | { readonly type: 'hand on' | 'give away'; readonly to: Pid<unknown> };

export interface ServerProtocol {
  message: unknown;
  request: Question;
}

/** Answers with what it is asked, and tells by which callback it was reached; a test says by what it asks what else it does. */
export class Server extends Actor<ServerProtocol> {
  readonly #seen: unknown[] = [];
  #isSplit = false;

  override init(isSplit = false): void {
    this.#isSplit = isSplit;
    this.splitHandle = isSplit;
  }

  override handleMessage(message: unknown): Next {
    const { caller } = (message ?? {}) as { caller?: Caller<unknown> };
    if (caller !== undefined) this.sendResponse(caller, 'third');
    else this.#seen.push(['plain', message]);
    return noreply;
  }

  override handleMessageName(message: unknown, _from: Pid<unknown>, name: string): Next {
    this.#seen.push([`name ${name}`, message]);
    return noreply;
  }

  override handleMessageAlias(message: unknown, _from: Pid<unknown>, alias: unknown): Next {
    this.#seen.push([`alias ${alias}`, message]);
    return noreply;
  }

  override handleCall(request: Question, from: Pid<unknown>): MaybePromise<Answer> {
    switch (request.type) {
      case 'spawn':
        return this.spawn(Server, { thread: request.thread }).then((pid) =>
          reply(request, pid as never),
        );
      case 'value':
        return reply(request, request.value as never);
      case 'last':
        return stop('normal', reply(request, request.value as never));
      case 'alias':
        return reply(request, this.createAlias() as never);
      case 'seen':
        return reply(request, this.#seen as never);
      case 'whom':
        return reply(request, [from, 'plain'] as never);
      case 'split': {
        const before = this.#isSplit;
        this.#isSplit = request.on;
        this.splitHandle = request.on;
        return reply(request, before as never);
      }
      case 'hand on':
        if (request.to === this.pid) return reply(request, [from, 'plain'] as never);
        this.forward(request.to as Pid<ServerProtocol>, request as never);
        return stop('normal');
      case 'give away':
        this.send(request.to, { caller: this.callerOf(request) });
        return stop('normal');
    }
  }

  override handleCallName(
    request: Question,
    from: Pid<unknown>,
    name: string,
  ): MaybePromise<Answer> {
    return this.#reached(request, from, `name ${name}`);
  }

  override handleCallAlias(
    request: Question,
    from: Pid<unknown>,
    alias: unknown,
  ): MaybePromise<Answer> {
    return this.#reached(request, from, `alias ${alias}`);
  }

  #reached(request: Question, from: Pid<unknown>, how: string): MaybePromise<Answer> {
    return request.type === 'whom'
      ? reply(request, [from, how] as never)
      : this.handleCall(request, from);
  }
}
