import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Actor, type Next, noreply, type Pid } from 'tergo';
import { waitFor } from '../support/wait-for.ts';
import { puppet } from '../threads/stage.ts';
import { networkNode, pair } from './cluster.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A node that was connected, and has stopped; nobody has it any more. */
async function stopped(number: number): Promise<WeakRef<object>[]> {
  const a = await networkNode(`a${number}@localhost`);
  const b = await networkNode(`b${number}@localhost`);
  const { port } = b.network.acceptors()[0]!;
  const route = { host: '127.0.0.1', port };
  await a.network.connect(b.name, { route });
  await a.stop();
  await b.stop();
  return [new WeakRef(a), new WeakRef(b)];
}

test('nothing keeps a node with a network once it has stopped', async (t) => {
  const refs: WeakRef<object>[] = [];
  for (let number = 0; number < 5; number += 1) refs.push(...(await stopped(number)));
  // The last ones may stand in caches that the next node takes over.
  const old = refs.slice(0, -2);
  await waitFor('the nodes to be collected', () => {
    collect();
    return old.every((ref) => ref.deref() === undefined);
  });
  t.pass();
});

test('what a process has set for compression does not outlive it', async (t) => {
  const { a, b } = await pair(t);
  const to = await puppet(b, 0);
  await a.network.connect(b.name);
  const refs: WeakRef<object>[] = [];
  class Squeezer extends Actor<{ message: unknown }> {
    override init(target: Pid<unknown>): void {
      this.compression = { enabled: true, thresholdBytes: 1024 + refs.length };
      refs.push(new WeakRef(this.compression));
      this.send(target, 'again and again '.repeat(1000));
    }

    override handleMessage(): Next {
      return noreply;
    }
  }
  const count = 10;
  for (let number = 0; number < count; number += 1)
    a.kill(await a.spawn(Squeezer, { args: [to.pid] }));
  await to.hears(count);
  await waitFor('the settings to be collected', () => {
    collect();
    return refs.slice(0, -2).every((ref) => ref.deref() === undefined);
  });
  t.pass();
});
