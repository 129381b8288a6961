import { Actor, noreply, reply, unhandled, type Answer, type Next, type Publisher } from 'tergo';
import type { Batch } from './batches.ts';
import { progressEvent } from './protocols.ts';
import type {
  AggregatorProtocol,
  AggregatorRequest,
  Counted,
  Missing,
  NodeEnded,
  Progress,
  Totals,
} from './protocols.ts';
import { add } from './words.ts';

/** Adds up what the workers found, and publishes how far it is. */
export class Aggregator extends Actor<AggregatorProtocol> {
  /** By number: batches that are counted. */
  readonly #seen = new Set<number>();
  readonly #counts = new Map<string, number>();
  readonly #crashes: Batch[] = [];
  #progress!: Publisher<Progress>;
  #batches: readonly Batch[] = [];
  #isAsked = false;
  #endedThread: number | undefined;
  #lost = 0;
  #endedNode: NodeEnded | undefined;
  #lostWithNode = 0;
  /** Files: all, those that are done, those of them that hold text. */
  #of = 0;
  #done = 0;
  #texts = 0;
  #bytes = 0;
  #words = 0;

  override init(batches: readonly Batch[]): void {
    this.#batches = batches;
    this.#of = batches.reduce((sum, { paths }) => sum + paths.length, 0);
    // Whoever subscribes late gets the last one at once.
    this.#progress = this.registerEvent(progressEvent, { buffer: 1 });
  }

  override handleMessage(message: AggregatorProtocol['message']): Next {
    switch (message.type) {
      case 'counted':
        // After a restart of the reader a batch may be counted twice: it did not know what was under way.
        if (!this.#seen.has(message.batch)) this.#add(message);
        return noreply;
      case 'crashed':
        this.#crashes.push(this.#batches[message.batch]!);
        return noreply;
      case 'lost':
        this.#lost += this.#batches[message.batch]!.paths.length;
        return noreply;
      case 'lost with a node':
        this.#lostWithNode += this.#batches[message.batch]!.paths.length;
        return noreply;
      case 'node-ended':
        this.#endedNode = message;
        return noreply;
      case 'thread-ended':
        this.#endedThread = message.thread;
        return noreply;
      default:
        return unhandled(message);
    }
  }

  override handleCall(request: AggregatorRequest): Answer {
    switch (request.type) {
      case 'totals':
        return reply(request, this.#totals());
      case 'missing':
        return reply(request, this.#missing());
      default:
        return unhandled(request);
    }
  }

  #add({ batch, files, counts }: Counted): void {
    this.#seen.add(batch);
    for (const { bytes } of files.filter(({ isText }) => isText)) {
      this.#texts += 1;
      this.#bytes += bytes;
    }
    for (const [word, number] of counts) {
      this.#words += number;
      add(this.#counts, word, number);
    }
    this.#publish(files.length);
  }

  #missing(): Missing {
    const batches = this.#batches.filter(({ number }) => !this.#seen.has(number));
    const isFirst = !this.#isAsked;
    this.#isAsked = true;
    return { batches, isFirst };
  }

  #totals(): Totals {
    return {
      ...{ files: this.#texts, skipped: this.#done - this.#texts, bytes: this.#bytes },
      ...{ words: this.#words, counts: this.#counts, crashes: this.#crashes },
      ...{ endedThread: this.#endedThread, lost: this.#lost },
      ...{ endedNode: this.#endedNode, lostWithNode: this.#lostWithNode },
    };
  }

  /** At most once for each per cent. */
  #publish(files: number): void {
    const of = this.#of;
    const before = Math.floor((100 * this.#done) / of);
    this.#done += files;
    const done = this.#done;
    if (Math.floor((100 * done) / of) > before)
      this.sendEvent(this.#progress, { done, of, words: this.#words });
  }
}
