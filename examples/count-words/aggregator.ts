import { Actor, noreply, reply, type Answer, type Next, type Publisher } from 'tergo';
import { progressEvent } from './protocols.ts';
import type { AggregatorProtocol, Counted, Progress } from './protocols.ts';
import { add } from './words.ts';

/** Adds up what the workers found, and publishes how far it is. */
export class Aggregator extends Actor<AggregatorProtocol> {
  readonly #seen = new Set<string>();
  readonly #counts = new Map<string, number>();
  #progress!: Publisher<Progress>;
  #of = 0;
  #files = 0;
  #bytes = 0;
  #words = 0;

  override init(files: number): void {
    this.#of = files;
    // Whoever subscribes late gets the last one at once.
    this.#progress = this.registerEvent(progressEvent, { buffer: 1 });
  }

  override handleMessage({ path, bytes, words }: Counted): Next {
    // The notice that a worker died overtakes what it had sent: its file may have been counted twice.
    if (this.#seen.has(path)) return noreply;
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
    return noreply;
  }

  override handleCall(request: AggregatorProtocol['request']): Answer {
    const files = this.#files;
    const skipped = this.#seen.size - files;
    const [bytes, words, counts] = [this.#bytes, this.#words, this.#counts];
    return reply(request, { files, skipped, bytes, words, counts });
  }

  /** Once for each per cent. */
  #publish(): void {
    const [done, of] = [this.#seen.size, this.#of];
    if (Math.floor((100 * done) / of) === Math.floor((100 * (done - 1)) / of)) return;
    this.sendEvent(this.#progress, { done, of, words: this.#words });
  }
}
