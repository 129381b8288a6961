import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** `2026-01-02T03:04:05.678Z` without colons, which not every system takes in names; sorts by time. */
const STAMP = String.raw`\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z`;

/** The files that were put aside: `<path>.<time>`, with `.gz` once they are compressed. */
export class OldFiles {
  readonly #path: string;
  readonly #depth: number | undefined;
  readonly #gzip: boolean;
  readonly #report: (error: unknown) => void;
  #lastMs = 0;
  /** What is done behind the writing, one after the other. */
  #tail: Promise<void> = Promise.resolve();

  constructor(file: string, options: OldFilesOptions, report: (error: unknown) => void) {
    this.#path = file;
    this.#depth = options.depth;
    this.#gzip = options.gzip ?? false;
    this.#report = report;
  }

  /** Gives the current file a name for ever. Rejects with what the system says. */
  async putAside(timeMs: number): Promise<void> {
    await fs.rename(this.#path, await this.#freeName(timeMs));
  }

  /** Compresses and removes what is to be, behind the writing. */
  tidy(): void {
    this.#tail = this.#tail.then(() => this.#tidy()).catch(this.#report);
  }

  /** Resolves when nothing is done any more. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** Never one that was used: two sizes can be reached in one ms, and clocks are set back. */
  async #freeName(timeMs: number): Promise<string> {
    const taken = new Set(await this.#list());
    for (let ms = Math.max(Math.floor(timeMs), this.#lastMs + 1); ; ms++) {
      const name = `${path.basename(this.#path)}.${stampOf(ms)}`;
      if (taken.has(name) || taken.has(`${name}.gz`)) continue;
      this.#lastMs = ms;
      return path.join(path.dirname(this.#path), name);
    }
  }

  async #tidy(): Promise<void> {
    const names = (await this.#list()).map((name) => path.join(path.dirname(this.#path), name));
    for (const half of names.filter(isHalf)) await fs.rm(half);
    const old = names.filter((name) => !isHalf(name));
    const surplus = Math.max(0, old.length - (this.#depth ?? Infinity));
    for (const name of old.slice(0, surplus)) await fs.rm(name);
    if (!this.#gzip) return;
    for (const name of old.slice(surplus)) if (!name.endsWith('.gz')) await compress(name);
  }

  /** The names of all that were put aside, oldest first. */
  async #list(): Promise<string[]> {
    const pattern = new RegExp(String.raw`^\.${STAMP}(\.gz(\.tmp)?)?$`);
    const base = path.basename(this.#path);
    const names = await fs.readdir(path.dirname(this.#path));
    return names
      .filter((name) => name.startsWith(base) && pattern.test(name.slice(base.length)))
      .toSorted();
  }
}

/** What becomes of files that were put aside. */
export interface OldFilesOptions {
  /** How many are kept; all by default. The oldest go first. */
  readonly depth?: number;
  /** Whether they are compressed, with the suffix `.gz`; false by default. */
  readonly gzip?: boolean;
}

/** An interrupted compression left it behind. */
function isHalf(name: string): boolean {
  return name.endsWith('.tmp');
}

function stampOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll(':', '-');
}

/** Under another name until it is whole. */
async function compress(file: string): Promise<void> {
  const half = `${file}.gz.tmp`;
  try {
    await pipeline(createReadStream(file), createGzip(), createWriteStream(half));
    await fs.rename(half, `${file}.gz`);
  } catch (error) {
    await fs.rm(half, { force: true });
    throw error;
  }
  await fs.rm(file);
}
