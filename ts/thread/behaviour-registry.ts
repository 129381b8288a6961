import { incorrect, TergoError } from '../error/tergo-error.ts';
import { type AnyProcess, Process } from '../process/process.ts';
import { type Exports, importModule } from './module-import.ts';

/** A class to spawn; which messages it takes was checked where it was given. */
export type AnyBehaviour = new () => AnyProcess;

/** The behaviours that other threads know: by the URL of their module and the name of their export. */
export class BehaviourRegistry {
  readonly #byName = new Map<string, AnyBehaviour>();
  readonly #names = new Map<unknown, string>();

  /**
   * Imports the modules, of each of which it tells before. Rejects with `incorrect`, naming the module, when one cannot be imported
   * or exports no behaviour.
   */
  static async load(
    modules: readonly (string | URL)[],
    onImport?: (module: string) => void,
  ): Promise<BehaviourRegistry> {
    const registry = new BehaviourRegistry();
    for (const module of modules.map(String)) {
      onImport?.(module);
      registry.#add(module, await importModule(module, 'options.behaviors'));
    }
    return registry;
  }

  /** Under which name other threads know a behaviour. */
  nameOf(behaviour: unknown): string | undefined {
    return this.#names.get(behaviour);
  }

  /** Throws `not-allowed` when no other thread knows this behaviour; the text says how to register it. */
  checkedNameOf(behaviour: { readonly name: string }): string {
    const name = this.nameOf(behaviour);
    if (name !== undefined) return name;
    const text = `${behaviour.name} cannot be spawned on another thread: ${this.#whyUnknown(behaviour.name)}`;
    throw new TergoError('not-allowed', text);
  }

  /** The behaviour of a name that another thread gave. */
  at(name: string): AnyBehaviour {
    const behaviour = this.#byName.get(name);
    if (behaviour === undefined) throw new TergoError('internal', `no behaviour is named ${name}`);
    return behaviour;
  }

  #whyUnknown(name: string): string {
    const known = [...this.#byName.keys()].find((one) => one.endsWith(`#${name}`));
    if (known === undefined)
      return (
        'no module of `behaviors` exports it. Export the class from a module and name that: ' +
        "startNode(name, { behaviors: [new URL('./module.js', import.meta.url)] })"
      );
    return (
      `the option behaviors knows another class of this name, ${known}. If that is the same code, it was loaded twice: ` +
      'import it by that URL, and have a test runner that loads modules itself (vitest) leave them to Node.js; see docs/threads.md'
    );
  }

  #add(url: string, exported: Exports): void {
    const behaviours = Object.entries(exported).filter(([, value]) => isBehaviour(value));
    if (behaviours.length === 0)
      throw incorrect(`options.behaviors: ${url}`, 'a module that exports behaviours', exported);
    for (const [name, behaviour] of behaviours) {
      const known = `${url}#${name}`;
      this.#byName.set(known, behaviour as AnyBehaviour);
      this.#names.set(behaviour, known);
    }
  }
}

function isBehaviour(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof Process;
}
