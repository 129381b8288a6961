import test from 'ava';
import * as fc from 'fast-check';
import { processName, TergoError, type Node, type Pid } from 'tergo';
import { workerPlaces } from '../support/child-places.ts';
import { clerkOn } from '../support/clerk-places.ts';
import { closeShared, emptiedPlace, infoOf } from '../support/places.ts';
import { gone } from '../support/witness.ts';

const names = ['a', 'b', 'c'].map((name) => processName<unknown>(name));
const count = 4;

/** What may happen to a name and a process, by their numbers. */
const step = fc.record({
  what: fc.constantFrom('register', 'unregister', 'send', 'end'),
  name: fc.nat(names.length - 1),
  process: fc.nat(count - 1),
});

/** The code with which something is refused; 'ok' if it is not. */
function outcomeOf(action: () => unknown): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    if (error instanceof TergoError) return error.code;
    throw error;
  }
}

/** Names and processes find each other, both ways, as a plain map of the one to the other says. */
class Model {
  readonly #pids: Pid<unknown>[] = [];
  readonly #owners = new Map<string, Pid<unknown>>();

  async spawn(node: Node, index: number): Promise<void> {
    const { threads } = node.info();
    this.#pids[index] = (await clerkOn(node, index % threads.length)).pid;
  }

  pid(index: number): Pid<unknown> {
    return this.#pids[index]!;
  }

  nameOf(pid: Pid<unknown>): string | undefined {
    return [...this.#owners].find(([, owner]) => owner === pid)?.[0];
  }

  ownerOf(name: string): Pid<unknown> | undefined {
    return this.#owners.get(name);
  }

  register(name: string, pid: Pid<unknown>): string {
    if (this.#owners.has(name) || this.nameOf(pid) !== undefined) return 'taken';
    this.#owners.set(name, pid);
    return 'ok';
  }

  unregister(name: string): string {
    return this.#owners.delete(name) ? 'ok' : 'name-unknown';
  }

  get size(): number {
    return this.#owners.size;
  }
}

test.after.always(closeShared);

for (const place of workerPlaces) {
  const it = place.isThreaded ? test.serial : test;
  it(`a name finds its process and a process its name, and neither is left when the other goes [C20]${place.isThreaded ? ', with processes on all threads' : ''}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const node = await emptiedPlace(t, place);
        const model = new Model();
        for (let index = 0; index < count; index++) await model.spawn(node, index);
        for (const { what, name: at, process } of steps) {
          const [name, pid] = [names[at]!, model.pid(process)];
          if (what === 'register')
            t.is(
              outcomeOf(() => node.registerName(name, pid)),
              model.register(name, pid),
            );
          else if (what === 'unregister')
            t.is(
              outcomeOf(() => node.unregisterName(name)),
              model.unregister(name),
            );
          else if (what === 'send')
            t.is(node.send(name, 1), model.ownerOf(name) === undefined ? 'name-unknown' : 'ok');
          else {
            node.kill(pid);
            await gone(node, { pid });
            model.unregister(model.nameOf(pid) ?? '');
            await model.spawn(node, process);
          }
          for (const each of names) t.true(node.whereis(each) === model.ownerOf(each));
          for (let index = 0; index < count; index++)
            t.is((await infoOf(node, model.pid(index))).name, model.nameOf(model.pid(index)));
          t.is(node.info().registeredNames, model.size);
        }
      }),
      { numRuns: place.isThreaded ? 15 : 50 },
    );
  });
}
