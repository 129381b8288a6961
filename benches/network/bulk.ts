import { Actor, noreply, reply, type Answer, type Next, type Pid, type Request } from 'tergo';

/** So many blocks of so many bytes; each carries its number. */
export interface Bulk {
  readonly blocks: number;
  readonly bytes: number;
}

export type BulkSinkProtocol = {
  message: Uint8Array;
  request: Request<{ type: 'expect'; bulk: Bulk }, number>;
};

/** Counts blocks that are whole and in their turn; answers when all are there. */
export class BulkSink extends Actor<BulkSinkProtocol> {
  #bulk: Bulk = { blocks: 0, bytes: 0 };
  #at = 0;
  #right = 0;
  #done: (right: number) => void = () => undefined;

  override handleCall(request: { type: 'expect'; bulk: Bulk }): Answer {
    this.#bulk = request.bulk;
    this.#at = 0;
    this.#right = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#done = resolve;
    return reply(request, promise);
  }

  override handleMessage(block: Uint8Array): Next {
    const { blocks, bytes } = this.#bulk;
    if (block.length === bytes && numberIn(block) === this.#at) this.#right += 1;
    this.#at += 1;
    if (this.#at === blocks) this.#done(this.#right);
    return noreply;
  }
}

export type BulkSourceProtocol = {
  message: { type: 'go'; sink: Pid<BulkSinkProtocol> } | { type: 'on' };
};

/** Sends blocks; one that finds the way full is sent again in the next callback. */
export class BulkSource extends Actor<BulkSourceProtocol> {
  #sink: Pid<BulkSinkProtocol> | undefined;
  #block!: Uint8Array<ArrayBuffer>;
  #blocks = 0;
  #at = 0;

  override init({ blocks, bytes }: Bulk): void {
    this.#blocks = blocks;
    this.#block = new Uint8Array(bytes).fill(7);
  }

  override handleMessage(message: BulkSourceProtocol['message']): Next {
    if (message.type === 'go') this.#sink = message.sink;
    while (this.#at < this.#blocks && this.#sendNext()) this.#at += 1;
    if (this.#at < this.#blocks) this.sendAfter(this.pid, { type: 'on' }, 1);
    return noreply;
  }

  #sendNext(): boolean {
    new DataView(this.#block.buffer).setUint32(0, this.#at);
    return this.send(this.#sink!, this.#block) === 'ok';
  }
}

function numberIn(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset).getUint32(0);
}
