import type { Runtime } from '../node/runtime.ts';
import { notifyOf } from '../router/failures.ts';
import type { RouteFailure } from '../router/routed.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import type { FarPid } from './far-pid.ts';

/** Tells senders on other threads what a router of this one could not hand on. */
export class RouteNotices {
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#far = far;
    far.controls.on(Control.routeFailed, ({ value }) => {
      const [pid, failure] = value as [FarPid, RouteFailure];
      notifyOf(runtime.core, runtime.recordOf(pid), failure);
    });
  }

  /** Only who listens; lost when the way there is full. What was made of the message meanwhile may not travel: then the sender hears without it. */
  tell(to: FarPid, failure: RouteFailure): void {
    if (!to.presence.hearsRouters) return;
    try {
      this.#offer(to, failure);
    } catch {
      this.#offer(to, { ...failure, message: undefined });
    }
  }

  #offer(to: FarPid, failure: RouteFailure): void {
    this.#far.controls.offer(to.thread, Control.routeFailed, 0, [to, failure]);
  }
}
