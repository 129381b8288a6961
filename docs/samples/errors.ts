import { setTimeout } from 'node:timers/promises';
import { Actor, processName, reply, startNode, TergoError } from 'tergo';
import type { Answer, ProcessName, Request } from 'tergo';

type Work = Request<{ type: 'work'; on: string }, string>;
export const workerName: ProcessName<{ request: Work }> = processName('worker');

export class Worker extends Actor<{ request: Work }> {
  override async handleCall(request: Work): Promise<Answer> {
    if (request.on === 'nothing') throw new Error('nothing to work on');
    if (request.on === 'marble') await setTimeout(100);
    return reply(request, `done: ${request.on}`);
  }
}

await using node = await startNode('errors@localhost', { log: { level: 'disabled' } });
await node.spawn(Worker, { name: workerName });

// A call settles in any case, and what Tergo raises has a code.
try {
  await node.call(workerName, { type: 'work', on: 'marble' }, { timeoutMs: 20 });
} catch (error) {
  if (TergoError.is(error, 'timeout')) console.log(error.code);
  else throw error;
}

// Let it crash: what a callback throws ends the process, and its caller hears why.
const worker = await node.spawn(Worker);
try {
  await node.call(worker, { type: 'work', on: 'nothing' });
} catch (error) {
  if (!TergoError.is(error, 'process-terminated')) throw error;
  console.log(error.code, '-', (error.cause as Error).message);
}

// A send never throws for the state of its target; it says what is known at once.
const gone = await node.spawn(Worker);
node.kill(gone);
console.log(
  await node.call(gone, { type: 'work', on: 'paper' }).catch(({ code }: TergoError) => code),
);

// A wrong argument is named.
try {
  await startNode('no-host');
} catch (error) {
  console.log((error as Error).message);
}
