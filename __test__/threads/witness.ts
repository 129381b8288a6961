import { existsSync } from 'node:fs';
import { Actor, reply, type Answer, type Request } from 'tergo';

export type WitnessProtocol = {
  request: Request<{ type: 'look'; sign?: string }, 'at once' | 'seen' | 'not seen'>;
};

/** How long a sign is waited for, ms; less than those wait that ask. */
const PATIENCE_MS = 50_000;

/** Answers at once, or blocks its thread until there is a file. */
export class Witness extends Actor<WitnessProtocol> {
  override handleCall(request: { type: 'look'; sign?: string }): Answer {
    const { sign } = request;
    if (sign === undefined) return reply(request, 'at once');
    const until = Date.now() + PATIENCE_MS;
    while (!existsSync(sign)) if (Date.now() > until) return reply(request, 'not seen');
    return reply(request, 'seen');
  }
}
