import { Actor, reply, type Answer, type AnyPid, type ProcessId } from 'tergo';

export interface Nested {
  readonly type: 'nest';
  /** Of another thread. */
  readonly to: AnyPid;
  /** On a node that is not connected. */
  readonly id: ProcessId<never>;
}

/** Sends to another node in the getter of a message, and then as one should; tells what became of the first. */
export class Nester extends Actor<{ request: Nested }> {
  override async handleCall(request: Nested): Promise<Answer> {
    const send = (): unknown => this.send(request.id, 'nested' as never);
    let thrown: unknown;
    try {
      this.send(
        request.to as never,
        {
          get part() {
            return send();
          },
        } as never,
      );
    } catch (error) {
      thrown = error;
    }
    await this.sendImportant(request.id, 'after' as never);
    return reply(request, thrown as never);
  }
}

/** Logs in the getter of its answer, before that and after it. */
export class Chatty extends Actor<{ request: { readonly type: 'chat' } }> {
  override handleCall(request: { readonly type: 'chat' }): Answer {
    const { log } = this;
    log.info('before');
    const answer = {
      get part(): number {
        log.info('meanwhile', { of: 'the getter' });
        return 5;
      },
      after: 'the getter',
    };
    const { node, pid } = this;
    // To another thread, and by the answer itself.
    for (const to of node.processList()) if (to !== pid) this.send(to as never, answer as never);
    log.info('after');
    return reply(request, answer as never);
  }
}
