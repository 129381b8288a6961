import { Actor, noreply, startNode } from 'tergo';
import type { LogRecord, Next, Pid } from 'tergo';

type Order = { type: 'order'; id: number };

class Shop extends Actor<{ message: Order }> {
  override handleMessage({ id }: Order): Next {
    this.log.debug('not written unless the level is debug');
    this.log.info('order taken', { id });
    if (id === 2) throw new Error('out of stock');
    return noreply;
  }
}

// The console logger writes to standard error; here it gets another output and writes JSON.
const lines: string[] = [];
const output = (line: string): void => void lines.push(line);
const log = { format: 'json', output } as const;
await using node = await startNode('log@localhost', { log });

// Any object with a `log` method is a logger, and gets the levels that it asks for.
const crashed = Promise.withResolvers<LogRecord>();
node.addLogger('alarm', { log: crashed.resolve }, { levels: ['error'] });

const shop: Pid<{ message: Order }> = await node.spawn(Shop);
node.send(shop, { type: 'order', id: 1 });
node.send(shop, { type: 'order', id: 2 });
const { message, fields, source } = await crashed.promise;
console.log(
  message,
  (fields['error'] as Error).message,
  source.type === 'process' && source.behaviour,
);
for (const line of lines) console.log(JSON.parse(line).level, JSON.parse(line).message);
