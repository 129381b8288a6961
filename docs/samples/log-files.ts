import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { FileLogger, PinoLogger, startNode } from 'tergo';

const folder = await mkdtemp(path.join(tmpdir(), 'shop-'));
const node = await startNode('files@localhost', { log: { disableConsole: true } });

const file = new FileLogger({
  path: path.join(folder, 'shop.log'),
  format: 'json',
  period: 'day',
  maxBytes: 50_000_000,
  depth: 7,
  gzip: true,
});
node.addLogger('file', file);

const lines: string[] = [];
const output = { write: (line: string) => void lines.push(line) };
node.addLogger('pino', new PinoLogger(pino({ level: 'debug', base: null }, output)));

node.log.error('shelf is empty', { shelf: 4, error: new Error('no pears') });
await node.stop(); // all is written now

console.log(await readdir(folder));
const { level, message, fields } = JSON.parse(
  await readFile(path.join(folder, 'shop.log'), 'utf8'),
);
console.log(level, message, fields.shelf, fields.error.message);
const line = JSON.parse(lines.join(''));
console.log(line.level, line.msg, line.shelf, line.err.message);
await rm(folder, { recursive: true });
