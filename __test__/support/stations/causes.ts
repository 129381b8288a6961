/** The way between two nodes, whichever of them is named first. */
export function wayOf(one: string, other: string): string {
  return [one, other].toSorted().join(' and ');
}

/** What has disturbed nodes and the ways between them, and after how many rests it did so last. */
export class Causes {
  readonly #last = new Map<string, number>();
  /** How often all had come to rest so far. */
  epoch = 0;

  parted(one: string, other: string): void {
    this.#last.set(wayOf(one, other), this.epoch);
  }

  threadEnds(node: string): void {
    this.#last.set(`a thread of ${node}`, this.epoch);
  }

  stops(node: string): void {
    this.#last.set(node, this.epoch);
  }

  hasLostThread(node: string): boolean {
    return this.#last.has(`a thread of ${node}`);
  }

  hasStopped(node: string): boolean {
    return this.#last.has(node);
  }

  /** Whether the connection between two nodes was ever lost. */
  haveParted(one: string, other: string): boolean {
    return this.#last.has(wayOf(one, other)) || this.hasStopped(one) || this.hasStopped(other);
  }

  /** Whether what goes from one to the other since then may be lost. */
  hasDisturbed(one: string | undefined, other: string | undefined, since: number): boolean {
    if (one === undefined || other === undefined) return true;
    const isSince = (what: string): boolean => (this.#last.get(what) ?? -1) >= since;
    return [one, other, wayOf(one, other), `a thread of ${one}`, `a thread of ${other}`].some(
      isSince,
    );
  }
}
