import { Actor, noreply, startNode, stop } from 'tergo';
import type { ExitReason, Next, StopReport } from 'tergo';

class Saver extends Actor<{ message: 'finish' | 'fail' }> {
  override handleMessage(message: 'finish' | 'fail'): Next {
    return message === 'finish' ? stop('normal') : stop(new Error('disk full'));
  }

  // Runs once whatever the reason, also when the node stops; it may be asynchronous.
  override async terminate(reason: ExitReason): Promise<void> {
    await Promise.resolve(); // a file, a database, …
    console.log('saved because of', reason instanceof Error ? reason.message : reason);
  }
}

class Stubborn extends Actor<{ message: 'work' }> {
  override async handleMessage(): Promise<Next> {
    await new Promise(() => {});
    return noreply;
  }

  override terminate(reason: ExitReason): void {
    console.log('stubborn ends by', reason);
  }
}

const node = await startNode('stopping@localhost', { log: { level: 'disabled' } });
const [first, second, third] = [
  await node.spawn(Saver),
  await node.spawn(Saver),
  await node.spawn(Saver),
];
node.send(first, 'finish');
node.send(second, 'fail');
const stubborn = await node.spawn(Stubborn);
node.send(stubborn, 'work');
while (node.processState(stubborn) !== 'running') await new Promise(setImmediate);
for (const pid of [first, third, stubborn]) console.log(node.processState(pid));

// Asks every process to end as its parent would, waits, kills the rest, and says whom.
const report: StopReport = await node.stop({ timeoutMs: 100 });
console.log('killed', report.killed.length, 'alive', node.isAlive);
