import type { ExitReason } from '../error/exit-reason.ts';
import { writeStacks } from '../error/stack-text.ts';

/** So many ends are remembered, at least: those whose mailboxes may still come back. */
const KEPT = 4096;

type Reasons = Map<number, { readonly generation: number; readonly reason: ExitReason }>;

/** Why processes of this thread ended, for calls from other threads that still waited in their mailboxes. */
export class Endings {
  #recent: Reasons = new Map();
  #former: Reasons = new Map();

  add(slot: number, generation: number, reason: ExitReason): void {
    // It stays here for long, and must not hold the process.
    writeStacks(reason);
    this.#recent.set(slot, { generation, reason });
  }

  /** The thread rests: only now may some be forgotten, for however many end at once, their mailboxes come back after that. */
  rest(): void {
    if (this.#recent.size < KEPT) return;
    this.#former = this.#recent;
    this.#recent = new Map();
  }

  reasonOf(slot: number, generation: number): ExitReason | undefined {
    return reasonIn(this.#recent, slot, generation) ?? reasonIn(this.#former, slot, generation);
  }
}

function reasonIn(reasons: Reasons, slot: number, generation: number): ExitReason | undefined {
  const ending = reasons.get(slot);
  return ending?.generation === generation ? ending.reason : undefined;
}
