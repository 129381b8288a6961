import {
  Actor,
  noreply,
  Pool,
  poolSpec,
  reply,
  type Answer,
  type Next,
  type PoolSpec,
} from 'tergo';

export type HandRequest = { readonly type: 'who' | 'got' | 'pid' };
export interface FarHandProtocol {
  message: unknown;
  request: HandRequest;
}

/** A worker that tells who it is and what it got. */
export class FarHand extends Actor<FarHandProtocol> {
  readonly #got: unknown[] = [];

  override handleMessage(message: unknown): Next {
    this.#got.push(message);
    return noreply;
  }

  override handleCall(request: HandRequest): Answer {
    return reply(request, (request.type === 'got' ? this.#got : this.pid) as never);
  }
}

/** A pool of them; what comes at high priority it answers itself. */
export class FarHands extends Pool<FarHandProtocol> {
  readonly #got: unknown[] = [];

  override init(size: number, thread?: number): PoolSpec<FarHandProtocol> {
    return poolSpec(FarHand, { size, ...(thread === undefined ? {} : { thread }) });
  }

  override handleMessage(message: unknown): Next {
    const { resize } = message as { resize?: number };
    if (resize === undefined) this.#got.push(message);
    else if (resize < 0) void this.removeWorkers(-resize);
    return noreply;
  }

  override async handleCall(request: HandRequest & { more?: number }): Promise<Answer> {
    if (request.more !== undefined) {
      const size =
        request.more < 0 ? this.removeWorkers(-request.more) : await this.addWorkers(request.more);
      return reply(request, size as never);
    }
    return reply(request, (request.type === 'got' ? this.#got : this.pid) as never);
  }
}
