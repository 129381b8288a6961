import { Actor, noreply, startNode, TergoError, type Next } from 'tergo';
import { Finder, found, PrimePool, Primes } from './primes.ts';

/** Is in no module of `behaviors`. */
class Local extends Actor<{ message: unknown }> {
  override handleMessage(): Next {
    return noreply;
  }
}

const behaviors = [new URL('primes.ts', import.meta.url)];
await using node = await startNode('threads@localhost', { threads: 2, behaviors });
const primes = await node.spawn(Primes, { thread: 'any' });
console.log(await node.call(primes, { type: 'count', below: 1_000_000 }));

await node.spawn(Primes, { thread: 1 }); // by number; 0 is the thread that started the node
await node.spawn(Primes, { thread: { near: primes } }); // where that one lives
await node.spawn(Local); // 'here', the default: on the thread of the spawner

const pool = await node.spawn(PrimePool, { args: [4] });
const limits = [10, 100, 1000, 10_000];
const asked = limits.map((below) => node.call(pool, { type: 'count', below }));
console.log(await Promise.all(asked));

try {
  await node.spawn(Local, { thread: 1 });
} catch (error) {
  if (!TergoError.is(error, 'not-allowed')) throw error;
  console.log(error.message.slice(0, 80));
}

const finder = await node.spawn(Finder, { thread: 1 });
for (const prime of [2, 3, 5]) node.send(finder, { prime });
try {
  node.send(finder, { prime: 7, note: { steps: [{ done: () => 'called back' }] } });
} catch (error) {
  if (!TergoError.is(error, 'unencodable')) throw error;
  console.log(error.message.split(',')[0]);
}

let seen = 0;
for await (const { message } of node.subscribe(found)) {
  console.log('found', message.prime);
  if (++seen === 3) break;
}

// 1 MB of bytes: copied once into shared memory, and read from there on the other thread.
const bytes = new Uint8Array(1_000_000).fill(1);
console.log(await node.call(primes, { type: 'sum', bytes }));

for (const { thread, isUp, processes, restarts } of node.info().threads)
  console.log(`thread ${thread}: up ${isUp}, ${processes > 0}, restarts ${restarts}`);
