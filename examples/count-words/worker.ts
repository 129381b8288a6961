import { Actor, noreply, stop, type Next } from 'tergo';
import { aggregatorName, readerName } from './protocols.ts';
import { countWords } from './words.ts';

/** Counts file after file until there is none left. */
export class Worker extends Actor<{ message: 'work' }> {
  override init(): void {
    this.send(this.pid, 'work');
  }

  override async handleMessage(): Promise<Next> {
    const task = await this.call(readerName, { type: 'next' }, { timeoutMs: 60_000 });
    if (task === undefined) return stop('normal');
    const { path, bytes, text, isUnlucky } = task;
    if (isUnlucky) throw new Error(`crashed on purpose with ${path} in hand`);
    const words = text === undefined ? undefined : await countWords(text);
    this.send(aggregatorName, { type: 'counted', path, bytes, words });
    this.send(this.pid, 'work');
    return noreply;
  }
}
