import { Actor, reply, startNode } from 'tergo';
import type { Answer, LogRecord, Request } from 'tergo';

type Order = Request<{ type: 'order'; id: number; items: readonly string[] }, number>;

class Packer extends Actor<{ request: Order }> {
  override init(): void {
    this.log.addFields({ hall: 3 });
  }

  override handleCall(order: Order): Answer {
    const { id, items } = order;
    this.log.pushFields({ order: id });
    try {
      for (const item of items) this.log.info('packed', { item });
    } finally {
      this.log.popFields();
    }
    this.log.info('waits');
    return reply(order, items.length);
  }
}

class Till extends Actor {
  override init(): void {
    this.log.logger = '.audit';
    this.log.info('opened');
  }
}

await using node = await startNode('fields@localhost', { log: { disableConsole: true } });

function show(name: string): (record: LogRecord) => void {
  return ({ message, fields }) => console.log(name, message, JSON.stringify(fields));
}

node.addLogger('packing', { log: show('packing') }, { filter: ({ fields }) => 'hall' in fields });
node.addLogger('trouble', { log: show('trouble') }, { levels: ['warning', 'error'] });
node.addLogger('.audit', { log: show('audit') });

await node.call(await node.spawn(Packer), { type: 'order', id: 7, items: ['pear', 'plum'] });
await node.spawn(Till);
node.log.warning('low on string');
