import { startNode } from 'tergo';
import type { Logger, LogRecord } from 'tergo';

/** Stands for a service far away. */
const upload = Promise.withResolvers<void>();
const uploaded: string[] = [];

class Uploader implements Logger {
  log(record: LogRecord): Promise<void> {
    return this.logAll([record]);
  }

  async logAll(records: readonly LogRecord[]): Promise<void> {
    await upload.promise;
    uploaded.push(...records.map(({ message }) => message));
  }
}

const node = await startNode('slow@localhost', { log: { disableConsole: true } });
node.addLogger('far', new Uploader(), { queueSize: 2 });

for (let id = 1; id <= 5; id++) node.log.info(`order ${id}`); // waits for nobody

const [far] = node.loggers();
console.log(far?.queued, 'wait,', far?.dropped, 'dropped');

upload.resolve();
await node.stop(); // waits for the uploader
console.log(uploaded.join(', '));
