import { Actor, noreply, type Next } from 'tergo';
import type { ProgressLine } from './progress-line.ts';
import { progressEvent, type Progress, type ReporterProtocol } from './protocols.ts';

/** Shows how far it is: while it goes on, and in a line of its own when the job of every minute asks. */
export class Reporter extends Actor<ReporterProtocol> {
  #line!: ProgressLine;
  #last: Progress | undefined;

  override async init(line: ProgressLine): Promise<void> {
    this.#line = line;
    for (const { message } of await this.linkEvent(progressEvent)) this.#last = message;
  }

  override handleEvent(progress: Progress): Next {
    this.#last = progress;
    this.#line.show(progress);
    return noreply;
  }

  override handleMessage(): Next {
    this.#line.report(this.#last, new Date());
    return noreply;
  }
}
