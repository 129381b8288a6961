import { Actor, noreply, reply, unhandled, type Answer, type Next, type Publisher } from 'tergo';
import { progressEvent } from './protocols.ts';
import type {
  AggregatorProtocol,
  AggregatorRequest,
  Counted,
  Crashed,
  Missing,
  Progress,
  Totals,
} from './protocols.ts';
import { add } from './words.ts';

/** Adds up what the workers found, and publishes how far it is. */
export class Aggregator extends Actor<AggregatorProtocol> {
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #crashes: string[] = [];
  #progress!: Publisher<Progress>;
  #paths: readonly string[] = [];
  #isAsked = false;
  #files = 0;
  #bytes = 0;
  #words = 0;

  override init(paths: readonly string[]): void {
    this.#paths = paths;
    // Whoever subscribes late gets the last one at once.
    this.#progress = this.registerEvent(progressEvent, { buffer: 1 });
  }

  override handleMessage(message: Counted | Crashed): Next {
    switch (message.type) {
      case 'counted':
        // After a restart of the reader a file may be counted twice: it did not know what was under way.
        if (!this.#seen.has(message.path)) this.#add(message);
        return noreply;
      case 'crashed':
        this.#crashes.push(message.path);
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

  #add({ path, bytes, words }: Counted): void {
    this.#seen.add(path);
    if (words !== undefined) {
      this.#files += 1;
      this.#bytes += bytes;
      for (const [word, number] of words) {
        this.#words += number;
        add(this.#counts, word, number);
      }
    }
    this.#publish();
  }

  #missing(): Missing {
    const paths = this.#paths.filter((path) => !this.#seen.has(path));
    const isFirst = !this.#isAsked;
    this.#isAsked = true;
    return { paths, isFirst };
  }

  #totals(): Totals {
    const files = this.#files;
    const skipped = this.#seen.size - files;
    const [bytes, words, counts, crashes] = [this.#bytes, this.#words, this.#counts, this.#crashes];
    return { files, skipped, bytes, words, counts, crashes };
  }

  /** Once for each per cent. */
  #publish(): void {
    const [done, of] = [this.#seen.size, this.#paths.length];
    if (Math.floor((100 * done) / of) === Math.floor((100 * (done - 1)) / of)) return;
    this.sendEvent(this.#progress, { done, of, words: this.#words });
  }
}
