/** Tells of two times at which a setting was made which is the later one: by the count, and for equal ones by the thread. */
export type SettingStamp = readonly [count: number, thread: number];

const NEVER: SettingStamp = [0, 0];

/**
 * When each setting of the node was made last, as far as this thread knows. Two threads may set one at the same time, and others hear of
 * that in any order: by the stamps the same one is the last everywhere.
 */
export class SettingStamps {
  readonly #thread: number;
  readonly #last = new Map<string, SettingStamp>();

  constructor(thread: number) {
    this.#thread = thread;
  }

  /** For a setting that this thread is about to make: later than all that it knows of. */
  next(setting: string): SettingStamp {
    return [this.of(setting)[0] + 1, this.#thread];
  }

  of(setting: string): SettingStamp {
    return this.#last.get(setting) ?? NEVER;
  }

  /** It is made: true, and known from now on, unless it was made later. */
  takes(setting: string, stamp: SettingStamp): boolean {
    const [count, thread] = this.of(setting);
    if (stamp[0] < count || (stamp[0] === count && stamp[1] < thread)) return false;
    this.#last.set(setting, stamp);
    return true;
  }
}
