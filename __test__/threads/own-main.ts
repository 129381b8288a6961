import { isMainThread } from 'node:worker_threads';
import { startNode, type TergoError } from 'tergo';
import { Puppet } from './puppet.ts';

/** A program whose main file is a module of behaviours, too, and how it comes to start its node. */
const how = process.env['TERGO_TEST_OWN_MAIN'];
const { promise: refused, resolve: refuse } = Promise.withResolvers<string>();

export class Own extends Puppet {
  /** What its thread was told that started a node itself. */
  refused(): Promise<string> {
    return refused;
  }
}

async function main(): Promise<void> {
  const log = { disableConsole: true };
  const node = await startNode('own@localhost', { threads: 2, behaviors: [import.meta.url], log });
  const pid = await node.spawn(Own, { thread: 1, args: [{}] });
  const order = { type: 'do', op: 'refused', args: [] };
  console.log(how === 'starts later' ? await node.call(pid, order as never) : 'up');
  await node.stop();
}

function tell(error: TergoError): void {
  refuse(error.message);
  if (isMainThread) console.log(error.code, error.message);
}

if (how === 'awaits') await main().catch(tell);
if (how === 'starts') main().catch(tell);
if (how === 'starts later') setImmediate(() => void main().catch(tell));
if (how === 'guards' && isMainThread) main().catch(tell);
