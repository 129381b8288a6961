import { Actor } from '../actor/actor.ts';
import { type Next, noreply } from '../actor/outcome.ts';

/** The node as a process: the sender of what comes from outside of processes. What is sent to it is lost, and logged. */
export class CoreProcess extends Actor<{ message: unknown; request: unknown; event: unknown }> {
  override handleMessage(message: unknown): Next {
    this.log.warning('a message was sent to the node itself; it is lost', { message });
    return noreply;
  }
}
