import {
  Actor,
  childSpec,
  noreply,
  stop,
  Supervisor,
  type ChildSpec,
  type Next,
  type Node,
  type SupervisorSpec,
} from 'tergo';
import { benchNode } from '../bench-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const children = 1000;
const restarts = 100_000;

class Idle extends Actor {}

/** Ends as soon as it is up, until it has come up often enough. */
class Mortal extends Actor<{ message: 'end' }> {
  override init(lives: Lives): void {
    lives.count += 1;
    if (lives.count <= restarts) this.send(this.pid, 'end');
    else lives.over();
  }

  override handleMessage(): Next {
    return stop('normal');
  }
}

interface Lives {
  count: number;
  readonly over: () => void;
}

/** The idle children from one place to another. */
function idle(from: number, to: number): ChildSpec[] {
  return Array.from({ length: to - from }, (_, at) => childSpec(`idle ${from + at}`, Idle));
}

/** A thousand children, of which the one in the middle ends again and again. */
class Keeper extends Supervisor {
  override init(lives: Lives): SupervisorSpec {
    return {
      strategy: 'one-for-one',
      restart: 'permanent',
      intensity: 2 * restarts,
      periodMs: 1,
      children: [
        ...idle(0, children / 2),
        childSpec('mortal', Mortal, { args: [lives] }),
        ...idle(children / 2, children - 1),
      ],
    };
  }
}

/** The same by hand: a parent that starts its one child anew when it hears of its end. */
class Parent extends Actor {
  #lives!: Lives;

  override async init(lives: Lives): Promise<void> {
    this.trapExit = true;
    this.#lives = lives;
    await this.#start();
  }

  override async handleExit(): Promise<Next> {
    await this.#start();
    return noreply;
  }

  async #start(): Promise<void> {
    const options = { name: 'mortal', linkChild: true, linkParent: true };
    await this.spawn(Mortal, { args: [this.#lives], ...options });
  }
}

/** Seconds until the child has come up again as often as it should. */
async function measure(node: Node, behaviour: typeof Keeper | typeof Parent): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const lives: Lives = { count: 0, over: resolve };
  const seconds = stopwatch();
  await node.spawn(behaviour, { args: [lives] });
  await promise;
  const elapsed = seconds();
  verify(lives.count === restarts + 1, `the child came up ${lives.count} times`);
  return elapsed;
}

async function run(): Promise<Run> {
  await using node = await benchNode();
  const before = node.info();
  const elapsed = await measure(node, Keeper);
  const after = node.info();
  verify(after.processes === before.processes + children + 1, `${after.processes} processes live`);
  const ended = after.terminated - before.terminated;
  verify(ended === restarts, `${ended} processes have ended`);
  await using other = await benchNode();
  const direct = restarts / (await measure(other, Parent));
  return {
    ops: restarts,
    seconds: elapsed,
    extra: {
      direct_rate: Math.round(direct),
      overhead: Math.round((100 * direct * elapsed) / restarts) / 100,
    },
  };
}

/** One child among a thousand is restarted, each time after its end; beside it a parent that does it by hand. */
export const suite: Suite = { unit: 'restarts', warmUps: 1, runs: 5, run };
