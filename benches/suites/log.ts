import { closeSync, openSync, writeSync } from 'node:fs';
import { ConsoleLogger, type Logger, startNode } from 'tergo';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const records = 200_000;

/** Records per second that one logger gets from a node's log. */
async function rate(logger: Logger): Promise<number> {
  const log = { disableConsole: true } as const;
  await using node = await startNode('bench@localhost', { log });
  node.addLogger('bench', logger);
  const seconds = stopwatch();
  for (let id = 0; id < records; id++) node.log.info('order taken', { id });
  const elapsed = seconds();
  const written = node.loggers()[0]?.written;
  verify(written === records, `${written} of ${records} records were written`);
  return Math.round(records / elapsed);
}

/** Calls per second at a level that is not written. */
async function disabledRate(): Promise<number> {
  const calls = 10_000_000;
  await using node = await startNode('bench@localhost', { log: { disableConsole: true } });
  node.addLogger('bench', { log: () => verify(false, 'a debug record was written') });
  const seconds = stopwatch();
  for (let i = 0; i < calls; i++) node.log.debug('order taken');
  return Math.round(calls / seconds());
}

async function run(): Promise<Run> {
  let seen = 0;
  const begin = stopwatch();
  await rate({ log: () => void (seen += 1) });
  const seconds = begin();
  verify(seen === records, `${seen} of ${records} records were seen`);
  const fd = openSync('/dev/null', 'w');
  const output = (line: string): void => void writeSync(fd, `${line}\n`);
  const text = await rate(new ConsoleLogger({ output }));
  const json = await rate(new ConsoleLogger({ format: 'json', output }));
  closeSync(fd);
  const extra = { text_rate: text, json_rate: json, disabled_rate: await disabledRate() };
  return { ops: records, seconds, extra };
}

/** A node's log writes records with one field to one logger: to one that counts them, and as lines into /dev/null. */
export const suite: Suite = { unit: 'records', warmUps: 1, runs: 5, run };
