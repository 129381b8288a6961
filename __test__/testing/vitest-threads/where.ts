import { threadId } from 'node:worker_threads';
import { Actor, reply, type Answer, type Request } from 'tergo';

export type Where = Request<{ type: 'where' }, number>;

/** Answers with the number that Node.js gives to the thread it lives on. */
export class Wanderer extends Actor<{ request: Where }> {
  override handleCall(request: Where): Answer {
    return reply(request, threadId);
  }
}
