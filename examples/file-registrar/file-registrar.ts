import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type ApplicationRoute,
  type NodeAnnouncement,
  type NodeRoute,
  type Registrar,
  type RegistrarEvents,
  TergoError,
} from 'tergo';

/** What the file of a node says. */
interface Entry extends NodeAnnouncement {
  readonly osProcess: number;
}

/** A registrar for the nodes of one host: a folder with a JSON file for each. A node that was killed leaves its file, which counts no more. */
export class FileRegistrar implements Registrar {
  readonly name = 'files:1';
  readonly #folder: string;
  #own: string | undefined;
  #watcher: FSWatcher | undefined;
  /** The nodes that were there when the folder was last looked at, and who looks at it. */
  #known: ReadonlySet<string> = new Set();
  #looking: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(announcement: NodeAnnouncement, events: RegistrarEvents): Promise<void> {
    const { node } = announcement;
    await mkdir(this.#folder, { recursive: true });
    if ((await this.#entryOf(node)) !== undefined)
      throw new TergoError('taken', `${node} is in ${this.#folder} already`);
    await this.announce(announcement);
    this.#known = new Set(await this.nodes());
    this.#watcher = watch(this.#folder, () => {
      this.#looking = this.#looking.then(() => this.#look(events)).catch(events.lost);
    });
    this.#watcher.on('error', events.lost);
  }

  async announce(announcement: NodeAnnouncement): Promise<void> {
    this.#own = this.#fileOf(announcement.node);
    const entry: Entry = { ...announcement, osProcess: process.pid };
    // Others read the former text or the new one, and no half of it.
    await writeFile(`${this.#own}.new`, JSON.stringify(entry));
    await rename(`${this.#own}.new`, this.#own);
  }

  async resolve(node: string): Promise<readonly NodeRoute[]> {
    return (await this.#entryOf(node))?.routes ?? [];
  }

  async resolveApplication(): Promise<readonly ApplicationRoute[]> {
    return (await this.#entries()).flatMap(({ applications }) => applications);
  }

  async nodes(): Promise<readonly string[]> {
    return (await this.#entries()).filter(({ isHidden }) => !isHidden).map(({ node }) => node);
  }

  info(): { readonly server: string } {
    return { server: this.#folder };
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    if (this.#own !== undefined) await rm(this.#own, { force: true });
  }

  /** Tells who has come and gone since the last time. */
  async #look(events: RegistrarEvents): Promise<void> {
    const now = new Set(await this.nodes());
    for (const node of now) if (!this.#known.has(node)) events.joined(node);
    for (const node of this.#known) if (!now.has(node)) events.left(node);
    this.#known = now;
  }

  async #entries(): Promise<readonly Entry[]> {
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.json'));
    const nodes = files.map((file) => decodeURIComponent(file.slice(0, -'.json'.length)));
    return (await Promise.all(nodes.map((node) => this.#entryOf(node)))).flatMap(
      (entry) => entry ?? [],
    );
  }

  /** What a node that runs has announced. */
  async #entryOf(node: string): Promise<Entry | undefined> {
    const text = await readFile(this.#fileOf(node), 'utf8').catch(() => undefined);
    const entry = text === undefined ? undefined : (JSON.parse(text) as Entry);
    return entry !== undefined && isRunning(entry.osProcess) ? entry : undefined;
  }

  #fileOf(node: string): string {
    return path.join(this.#folder, `${encodeURIComponent(node)}.json`);
  }
}

function isRunning(osProcess: number): boolean {
  try {
    return process.kill(osProcess, 0);
  } catch (error) {
    // One of another user runs, and may not be signalled.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
