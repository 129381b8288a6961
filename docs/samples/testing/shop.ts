import { Actor, noreply, processName, reply, stop, unhandled } from 'tergo';
import type { Answer, Down, Next, Pid, ProcessName, Request } from 'tergo';

export interface StoreProtocol {
  message: { type: 'take'; item: string };
  request: Request<{ type: 'stock'; item: string }, number>;
}
export const storeName: ProcessName<StoreProtocol> = processName('store');

type ShopMessage = { type: 'buy'; item: string } | { type: 'open' } | { type: 'close' };
type Sold = Request<{ type: 'sold' }, number>;

/** Works through one order. */
export class Packer extends Actor<{ message: { type: 'pack'; item: string } }> {
  override init(_desk: number): void {}

  override handleMessage(): Next {
    return noreply;
  }
}

/** Sells what the store has, lets a packer pack it, and closes at night. */
export class Shop extends Actor<{ message: ShopMessage; request: Sold }> {
  #packer: Pid<{ message: { type: 'pack'; item: string } }> | undefined;
  #sold = 0;

  override async handleMessage(message: ShopMessage): Promise<Next> {
    switch (message.type) {
      case 'open':
        this.#packer = await this.spawn(Packer, { args: [1], name: 'packer' });
        await this.monitor(this.#packer);
        this.sendAfter(this.pid, { type: 'close' }, 12 * 3_600_000);
        return noreply;
      case 'buy':
        return this.#sell(message.item);
      case 'close':
        return stop('shutdown');
      default:
        return unhandled(message);
    }
  }

  override handleCall(request: Sold): Answer {
    return reply(request, this.#sold);
  }

  override handleDown({ reason }: Down): Next {
    this.log.warning('the packer is gone', { reason });
    return noreply;
  }

  async #sell(item: string): Promise<Next> {
    const stock = await this.call(storeName, { type: 'stock', item });
    if (stock === 0) {
      this.log.info('out of stock', { item });
      return noreply;
    }
    const taken = this.send(storeName, { type: 'take', item });
    if (taken !== 'ok') {
      this.log.error('the store does not answer', { taken });
      return noreply;
    }
    if (this.#packer !== undefined) this.send(this.#packer, { type: 'pack', item });
    this.#sold += 1;
    return noreply;
  }
}
