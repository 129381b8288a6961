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
