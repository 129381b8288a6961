import { pino } from 'pino';
import { Actor, ConsoleLogger, FileLogger, PinoLogger } from 'tergo';
import type { Logger, LoggerInfo, LogRecord, Node, WrittenLevel } from 'tergo';
import { type Equal, expect } from './expect.ts';

declare const node: Node;
declare const record: LogRecord;
expect<Equal<typeof record.level, WrittenLevel>>();

// A logger may return nothing or a promise.
node.addLogger('a', { log: () => undefined });
node.addLogger('a', { log: async () => {} });
// @ts-expect-error TS2322 a number is neither: it could be a mistake
node.addLogger('a', { log: () => 5 });
// @ts-expect-error TS2353 a logger is made of methods
node.addLogger('a', { log: () => undefined, level: 'info' });

// Options say what they take.
node.addLogger('a', new ConsoleLogger({ format: 'coloured', time: 'none' }), {
  levels: ['error'],
  filter: ({ source }) => source.type === 'process' && source.name === 'clerk',
});
// @ts-expect-error TS2322 nothing is written at this level
node.addLogger('a', new ConsoleLogger(), { levels: ['disabled'] });
// @ts-expect-error TS2322 a filter says yes or no
node.addLogger('a', new ConsoleLogger(), { filter: () => 'yes' });
// @ts-expect-error TS2345 a file logger needs a path
export const file: Logger = new FileLogger({ period: 'day' });
// @ts-expect-error TS2322 there is no such period
export const weekly: Logger = new FileLogger({ path: 'a', period: 'week' });

// A real pino fits, and so does its child.
node.addLogger('a', new PinoLogger(pino()));
node.addLogger('a', new PinoLogger(pino().child({ service: 'shop' })));
// @ts-expect-error TS2345 the console has no methods of pino's shape for all levels
export const bad: Logger = new PinoLogger({ info: () => undefined });

expect<Equal<ReturnType<Node['loggers']>, readonly LoggerInfo[]>>();

export class Packer extends Actor {
  override init(): void {
    const depth: number = this.log.pushFields({ order: 7 });
    this.log.deleteFields('order', 'item');
    this.log.logger = depth > 1 ? '.audit' : undefined;
    // @ts-expect-error TS2345 fields have names
    this.log.addFields('order');
    // @ts-expect-error TS2540 fields are changed by methods
    this.log.fields = {};
  }
}
