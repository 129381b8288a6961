import { Actor, reply, type Answer } from 'tergo';
import { aggregatorName, type CounterProtocol } from './protocols.ts';
import { countWords } from './words.ts';

/** Counts one file after the other. */
export class Worker extends Actor<CounterProtocol> {
  override async handleCall(request: CounterProtocol['request']): Promise<Answer> {
    const { path, bytes, text, isUnlucky } = request;
    if (isUnlucky) throw new Error(`crashed on purpose with ${path} in hand`);
    const words = text === undefined ? undefined : await countWords(text);
    this.send(aggregatorName, { type: 'counted', path, bytes, words });
    return reply(request, undefined);
  }
}
