import { Actor, noreply, processName, reply } from 'tergo';
import type { Answer, MaybePromise, Next, Pid, ProcessName, Request } from 'tergo';
import { turn } from '../support/wait-for.ts';

const name: ProcessName<NameChangerProtocol> = processName('now and then');

export interface NameChangerProtocol {
  message: Pid<NameWatcherProtocol>;
}

/** Takes a name, tells a watcher, and gives the name up at any time after that. */
export class NameChanger extends Actor<NameChangerProtocol> {
  #count = 0;

  override handleMessage(watcher: Pid<NameWatcherProtocol>): MaybePromise<Next> {
    this.registerName(name);
    this.send(watcher, 'watch');
    const until = performance.now() + (this.#count++ % 16) * 0.01;
    while (performance.now() < until);
    return turn().then(() => {
      this.unregisterName();
      return noreply;
    });
  }
}

type Tally = Request<{ type: 'tally' }, { made: number; fired: number }>;
export interface NameWatcherProtocol {
  message: 'watch';
  request: Tally;
}

/** Counts the monitors on the name that stood, and those that have fired. */
export class NameWatcher extends Actor<NameWatcherProtocol> {
  #made = 0;
  #fired = 0;

  override handleMessage(): Next {
    this.monitor(name).then(
      () => (this.#made += 1),
      () => undefined,
    );
    return noreply;
  }

  override handleCall(request: Tally): Answer {
    return reply(request, { made: this.#made, fired: this.#fired });
  }

  override handleDown(): Next {
    this.#fired += 1;
    return noreply;
  }
}
