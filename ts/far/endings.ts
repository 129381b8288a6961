import type { ExitReason } from '../error/exit-reason.ts';

/** So many ends are remembered: those whose mailboxes may still come back. */
const KEPT = 4096;

/** Why processes of this thread ended, for calls from other threads that still waited in their mailboxes. */
export class Endings {
  readonly #reasons = new Map<
    number,
    { readonly generation: number; readonly reason: ExitReason }
  >();

  add(slot: number, generation: number, reason: ExitReason): void {
    this.#reasons.delete(slot);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size === KEPT) this.#reasons.delete(oldest!);
    this.#reasons.set(slot, { generation, reason });
  }

  reasonOf(slot: number, generation: number): ExitReason | undefined {
    const ending = this.#reasons.get(slot);
    return ending?.generation === generation ? ending.reason : undefined;
  }
}
