import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from 'node:perf_hooks';
import test from 'ava';
import { Actor, type Next, noreply, type Pid } from 'tergo';
import { pair } from './cluster.ts';

const BLOCK_BYTES = 512 * 1024;
const BLOCKS = 2000;
/** V8 collects as a whole once so many bytes have come from outside since the last time. */
const BYTES_PER_FULL_COLLECTION = 64 * 1024 * 1024;

/** Counts blocks. */
class Sink extends Actor<{ message: Uint8Array; args: [() => void] }> {
  #come = 0;
  #done!: () => void;

  override init(done: () => void): void {
    this.#done = done;
  }

  override handleMessage(): Next {
    this.#come += 1;
    if (this.#come === BLOCKS) this.#done();
    return noreply;
  }
}

/** Sends blocks; one that finds no room is sent again a little later. */
class Source extends Actor<{ message: 'on'; args: [Pid<{ message: Uint8Array }>] }> {
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #to!: Pid<{ message: Uint8Array }>;
  #sent = 0;

  override init(to: Pid<{ message: Uint8Array }>): void {
    this.#to = to;
    this.send(this.pid, 'on');
  }

  override handleMessage(): Next {
    while (this.#sent < BLOCKS && this.send(this.#to, this.#block) === 'ok') this.#sent += 1;
    if (this.#sent < BLOCKS) this.sendAfter(this.pid, 'on', 1);
    return noreply;
  }
}

test('blocks that are let go at once are freed without collecting all there is', async (t) => {
  const { a, b } = await pair(t);
  await a.network.connect(b.name);
  const { promise, resolve } = Promise.withResolvers<void>();
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().filter(isFull).length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const sink = await b.spawn(Sink, { args: [resolve] });
  await a.spawn(Source, { args: [sink] });
  await promise;
  observer.disconnect();
  const most = (BLOCKS * BLOCK_BYTES) / BYTES_PER_FULL_COLLECTION;
  t.true(collections < most / 3, `${collections} collections of ${most}`);
});

/** The type of an entry does not tell what stands in one of the collector. */
function isFull(entry: object): boolean {
  const { detail } = entry as { readonly detail: NodeGCPerformanceDetail };
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
