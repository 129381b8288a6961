import {
  Actor,
  type AnyPid,
  type Next,
  type Node,
  noreply,
  type SpawnName,
  spawnName,
} from 'tergo';

/** By which `lendSlow` lends. */
export const slowSpawn: SpawnName<{ message: unknown }> = spawnName('slow');

/** Lends a process whose `init` is over when `finish` is called. It traps exits. */
export function lendSlow(node: Node): { readonly begun: Promise<AnyPid>; finish(): void } {
  const begun = Promise.withResolvers<AnyPid>();
  const gate = Promise.withResolvers<void>();
  class Slow extends Actor<{ message: unknown }> {
    override handleMessage(): Next {
      return noreply;
    }

    override async init(): Promise<void> {
      this.trapExit = true;
      begun.resolve(this.pid);
      await gate.promise;
    }
  }
  node.network.enableSpawn(slowSpawn, Slow);
  return { begun: begun.promise, finish: gate.resolve };
}
