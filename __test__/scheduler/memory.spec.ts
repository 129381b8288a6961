import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Actor, noreply, startNode, type Next } from 'tergo';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

class Sink extends Actor<{ message: number }> {
  override handleMessage(): Next {
    return noreply;
  }
}

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('what a flood of messages took is given back when no such flood has come for some time', async (t) => {
  await using node = await startNode('memory@localhost', { log: { disableConsole: true } });
  const sink = await node.spawn(Sink);
  const before = heapUsed();
  const count = 3_000_000;
  const bytes = 16 * count;
  for (let at = 0; at < count; at++) node.send(sink, at);
  t.true(heapUsed() - before > bytes / 2, 'the flood takes memory');
  // Each of these finds nothing else under way.
  for (let at = 0; at < 5000; at++) {
    node.send(sink, at);
    while (node.info().messagesIn > node.info().messagesOut) await setImmediate();
  }
  t.true(heapUsed() - before < bytes / 4, 'it is kept');
});
