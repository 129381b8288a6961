import process from 'node:process';
import { Actor, noreply, startNode, type Next } from 'tergo';

/** Hangs after an `await`, in thread 0 of a node with as many threads as the argument says. */
class Hanging extends Actor<{ message: 'hang' }> {
  override async handleMessage(): Promise<Next> {
    await Promise.resolve();
    for (;;) if (performance.now() < 0) return noreply;
  }
}

const node = await startNode('hanging@localhost', { threads: Number(process.argv[2]) });
const pid = await node.spawn(Hanging);
console.log(String(pid));
node.send(pid, 'hang');
