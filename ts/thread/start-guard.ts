import { TergoError } from '../error/tergo-error.ts';

/** On a scheduler thread: keeps the modules that it imports from starting nodes whose threads would import them again, without end. */
class StartGuard {
  /** The modules of behaviours of this thread; none on any other. */
  #modules: readonly string[] = [];
  #importing: string | undefined;
  /** What `check` threw meanwhile, first. */
  #refusal: TergoError | undefined;

  /** Calls `load`, which says what it imports. Rejects with what was refused meanwhile, too, if a module has swallowed it. */
  async during<T>(
    modules: readonly string[],
    load: (onImport: (module: string) => void) => Promise<T>,
  ): Promise<T> {
    this.#modules = modules;
    const loaded = load((module) => (this.#importing = module));
    await loaded.catch(() => undefined);
    this.#importing = undefined;
    if (this.#refusal !== undefined) throw this.#refusal;
    return await loaded;
  }

  /** Throws `incorrect` when a node with threads that import these modules must not be started here and now. */
  check(threads: number, modules: readonly string[]): void {
    if (this.#importing !== undefined) {
      this.#refusal ??= refusal(`while a scheduler thread imported ${this.#importing}`);
      throw this.#refusal;
    }
    const own = threads === 1 ? undefined : modules.find((one) => this.#modules.includes(one));
    if (own !== undefined)
      throw refusal(
        `on a scheduler thread that has imported ${own} itself, of options.behaviors or options.network.validators`,
      );
  }
}

/** That of this thread. */
export const startGuard: StartGuard = new StartGuard();

function refusal(where: string): TergoError {
  const remedy =
    'its threads would import it and start nodes, without end. Put the behaviours into a module of their own, which starts no node, ' +
    'or start it only where isMainThread of node:worker_threads is true';
  return new TergoError('incorrect', `startNode was called ${where}: ${remedy}`);
}
