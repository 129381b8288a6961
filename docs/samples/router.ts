import {
  Actor,
  discard,
  noreply,
  processName,
  reply,
  route,
  Router,
  routeTo,
  startNode,
  TergoError,
  type Answer,
  type Next,
  type ProcessName,
  type Request,
  type Routed,
  type RouteFailure,
  type RouterSpec,
} from 'tergo';

type Order = { type: 'order'; country: string; item: string };
type Stock = Request<{ type: 'stock'; country: string }, string>;
interface ShopProtocol {
  message: Order;
  request: Stock;
}
const worldShop: ProcessName<ShopProtocol> = processName('world-shop');

class Shop extends Actor<ShopProtocol> {
  readonly #items: string[] = [];

  override init(first?: string): void {
    if (first !== undefined) this.#items.push(first);
  }

  override handleMessage({ item }: Order): Next {
    this.#items.push(item);
    return noreply;
  }

  override handleCall(request: Stock): Answer {
    return reply(request, this.#items.join());
  }
}

class Shops extends Router<ShopProtocol> {
  override init(): RouterSpec<ShopProtocol> {
    return {
      routes: [
        route('at', Shop, { args: ['apple'] }), // spawned, and respawned, by the router
        route('de', Shop),
        routeTo('world', worldShop), // whoever has this name
      ],
      fallback: 'world',
    };
  }

  override routeMessage({ country, item }: Order): Routed {
    return item === '' ? discard : country;
  }

  override routeCall({ country }: Stock): Routed {
    return country === '' ? undefined : country;
  }
}

/** Hears of its messages that could not be handed on. */
class Customer extends Actor<{ message: Order }> {
  override handleMessage(order: Order): Next {
    this.send(shops, order);
    return noreply;
  }

  override handleRouteFailed({ route: country, code }: RouteFailure): Next {
    console.log('no delivery to', country, code);
    return noreply;
  }
}

await using node = await startNode('shops@localhost', { log: { level: 'disabled' } });
const shops = await node.spawn(Shops);
const customer = await node.spawn(Customer);

node.send(customer, { type: 'order', country: 'at', item: 'pear' });
node.send(customer, { type: 'order', country: 'nowhere', item: 'pear' });
await node.call(shops, { type: 'stock', country: 'de' });
console.log(await node.call(shops, { type: 'stock', country: 'at' }));

try {
  await node.call(shops, { type: 'stock', country: '' });
} catch (error) {
  if (TergoError.is(error, 'name-unknown')) console.log('the rest of the world is closed');
}
await node.spawn(Shop, { name: worldShop, args: ['plum'] });
console.log(await node.call(shops, { type: 'stock', country: '' }));
