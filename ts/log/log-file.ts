import * as fs from 'node:fs';
import { promisify } from 'node:util';

const open = promisify(fs.open);
const write = promisify(fs.write);
const fstat = promisify(fs.fstat);
const ftruncate = promisify(fs.ftruncate);
const close = promisify(fs.close);

/**
 * A file that one writer appends to, at positions that it keeps itself: what a failed or unfinished write
 * left behind is written over, so that a line is there once or not at all.
 */
export class LogFile {
  readonly #fd: number;
  /** Whether it is a regular one: has a size, and can be put aside. */
  readonly isRegular: boolean;
  /** When it was last changed before it was opened, ms since 1970. */
  readonly changedMs: number;
  #size: number;
  /** What is being written; empty when nothing is. */
  #underWay: Buffer = Buffer.alloc(0);

  private constructor(fd: number, stats: fs.Stats) {
    this.#fd = fd;
    this.isRegular = stats.isFile();
    this.changedMs = stats.mtimeMs;
    this.#size = this.isRegular ? stats.size : 0;
  }

  /** Opens it, makes it if it is not there. Rejects with what the system says. */
  static async open(path: string): Promise<LogFile> {
    // Not O_APPEND: that takes no positions. Not 'w': what is there stays.
    const fd = await open(path, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o644);
    return new LogFile(fd, await fstat(fd));
  }

  /** Bytes that are written for certain. */
  get size(): number {
    return this.#size;
  }

  /** Writes all of it; after a rejection nothing of it stays. */
  async write(data: Buffer): Promise<void> {
    this.#underWay = data;
    try {
      for (let done = 0; done < data.length;) {
        const rest = data.length - done;
        done += (await write(this.#fd, data, done, rest, this.#at(done))).bytesWritten;
      }
      this.#size += data.length;
    } catch (error) {
      // Half a line must not stay; if that fails, the next write covers it.
      if (this.isRegular) await ftruncate(this.#fd, this.#size).catch(() => undefined);
      throw error;
    } finally {
      this.#underWay = Buffer.alloc(0);
    }
  }

  /** Writes at once; what is under way is written again, at the same place. */
  writeSync(data: Buffer): void {
    const all = Buffer.concat([this.#underWay, data]);
    for (let done = 0; done < all.length;)
      done += fs.writeSync(this.#fd, all, done, all.length - done, this.#at(done));
    this.#size += all.length;
    this.#underWay = Buffer.alloc(0);
  }

  close(): Promise<void> {
    return close(this.#fd);
  }

  #at(done: number): number | null {
    return this.isRegular ? this.#size + done : null;
  }
}
