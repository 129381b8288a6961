import { Actor, noreply, startNode, TergoError } from 'tergo';
import type { AnyPid, Down, LogRecord, Next } from 'tergo';
import { PrimeSupervisor, primesName } from './primes.ts';

/** Tells of the end of a process, wherever that lives. */
class Watcher extends Actor {
  override async init(pid: AnyPid): Promise<void> {
    await this.monitor(pid);
  }

  override handleDown({ reason }: Down): Next {
    if (TergoError.is(reason, 'thread-terminated')) console.log('down:', reason.message);
    return noreply;
  }
}

const told = ({ message }: LogRecord): void => console.log('log:', message);
await using node = await startNode('end@localhost', {
  threads: 2,
  behaviors: [new URL('primes.ts', import.meta.url)],
  resourceLimits: { maxOldGenerationSizeMb: 256 },
  log: { disableConsole: true, loggers: [{ name: 'told', logger: { log: told } }] },
});
await node.spawn(PrimeSupervisor);
const first = node.whereis(primesName)!;
await node.spawn(Watcher, { args: [first] });

// It ends its thread, and all that lives there; the call waits in its mailbox meanwhile.
node.send(primesName, { type: 'crash the thread' });
try {
  await node.call(primesName, { type: 'count', below: 100 });
} catch (error) {
  if (!TergoError.is(error, 'process-terminated')) throw error;
  console.log('call:', error.code, '-', (error.cause as TergoError).code);
}

// The node starts the thread anew, the supervisor its child.
while (node.whereis(primesName) === undefined) await new Promise((go) => setTimeout(go, 10));
console.log('again:', await node.call(primesName, { type: 'count', below: 100 }));
const [, one] = node.info().threads;
console.log('restarts of thread 1:', one!.restarts);
