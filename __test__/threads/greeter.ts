import { writeFileSync } from 'node:fs';
import { Actor, noreply, type Next, type Pid, type SendResult } from 'tergo';

/** Whom to greet, who wants to know what became of it, and a file that says that it is done, for who cannot take messages meanwhile. */
export interface Greet {
  readonly whom: Pid<{ message: string }>;
  readonly to: Pid<{ message: SendResult }>;
  readonly done: string;
}

/** Sends whom it is told a message, and tells what the send gave. Takes anything else. */
export class Greeter extends Actor<{ message: Greet | { readonly bulk: string } }> {
  override handleMessage(message: Greet | { readonly bulk: string }): Next {
    if ('whom' in message) {
      this.send(message.to, this.send(message.whom, 'hello'));
      writeFileSync(message.done, '');
    }
    return noreply;
  }
}
