import {
  Actor,
  noreply,
  processName,
  reply,
  type Answer,
  type ExitReason,
  type MaybePromise,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import test from 'ava';
import { quietNode, spawnWitness } from '../support/witness.ts';
import { turn, waitFor } from '../support/wait-for.ts';

type Ask = Request<{ type: 'heard' }, readonly unknown[]>;
type ListenerProtocol = { message: unknown; request: Ask };
type Init = (self: Listener) => MaybePromise<void>;

/** Runs a function as its `init` and writes down what it hears. */
class Listener extends Actor<ListenerProtocol> {
  readonly heard: unknown[] = [];

  override init(init: Init = () => undefined): MaybePromise<void> {
    return init(this);
  }

  override handleMessage(message: unknown): Next {
    this.heard.push(message);
    return noreply;
  }

  override handleCall(request: Ask): Answer {
    return reply(request, this.heard.slice());
  }
}

const listenerName = processName<ListenerProtocol>('listener');

function spawnListener(node: Node, init: Init): Promise<Pid<ListenerProtocol>> {
  return node.spawn(Listener, { name: listenerName, args: [init] });
}

function heardBy(node: Node, pid: Pid<ListenerProtocol>): Promise<readonly unknown[]> {
  return node.call(pid, { type: 'heard' });
}

test('init has run when the spawn resolves', async (t) => {
  const node = await quietNode(t);
  const steps: string[] = [];
  await spawnListener(node, () => void steps.push('init'));
  steps.push('spawned');
  await node.spawn(Listener, {
    args: [
      async () => {
        await turn();
        steps.push('later init');
      },
    ],
  });
  steps.push('spawned later');
  t.deepEqual(steps, ['init', 'spawned', 'later init', 'spawned later']);
});

test('a process is in the state init until its init is over', async (t) => {
  const node = await quietNode(t);
  const states: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const spawned = spawnListener(node, async (self) => {
    states.push(self.state, node.processState(self.pid));
    await promise;
    states.push(self.state);
  });
  const [info] = node.processListShortInfo();
  t.like(info, { name: 'listener', behaviour: 'Listener', state: 'init' });
  resolve();
  const pid = await spawned;
  t.deepEqual(states, ['init', 'init', 'init']);
  t.is(node.processState(pid), 'sleep');
});

test('the name is registered before init, so that the process can be found by it', async (t) => {
  const node = await quietNode(t);
  const seen: unknown[] = [];
  const pid = await spawnListener(node, (self) => {
    seen.push(self.name, node.whereis(listenerName), self.pid);
  });
  t.deepEqual(seen, ['listener', pid, pid]);
});

test('messages wait during init and are handled after it, in their order', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  let own: Listener | undefined;
  const spawned = spawnListener(node, async (self) => {
    own = self;
    self.send(self.pid, 'to itself');
    self.send(listenerName, 'to its own name');
    await promise;
    t.deepEqual(self.heard, []);
  });
  t.is(node.send(listenerName, 'by name'), 'ok');
  t.is(node.send(own?.pid as Pid<ListenerProtocol>, 'by pid'), 'ok');
  await turn();
  await turn();
  t.deepEqual(own?.heard, []);
  resolve();
  const pid = await spawned;
  t.deepEqual(await heardBy(node, pid), ['to itself', 'to its own name', 'by name', 'by pid']);
});

test('messages of higher priority that came during init go first', async (t) => {
  const node = await quietNode(t);
  const pid = await spawnListener(node, (self) => {
    self.send(self.pid, 'normal');
    self.send(self.pid, 'high', { priority: 'high' });
    self.send(self.pid, 'max', { priority: 'max' });
  });
  t.deepEqual(await heardBy(node, pid), ['max', 'high', 'normal']);
});

test('a call during init is answered after it', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const spawned = spawnListener(node, () => promise);
  const call = node.call(listenerName, { type: 'heard' });
  await turn();
  resolve();
  await spawned;
  t.deepEqual(await call, []);
});

test('an exit that comes during init waits for its end', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const reasons: ExitReason[] = [];
  class Mortal extends Listener {
    override terminate(reason: ExitReason): void {
      reasons.push(reason);
    }
  }
  let own: Listener | undefined;
  const spawned = node.spawn(Mortal, {
    args: [
      (self) => {
        own = self;
        return promise;
      },
    ],
  });
  t.is(node.sendExit(own?.pid as Pid<ListenerProtocol>, 'shutdown'), 'ok');
  await turn();
  t.deepEqual(reasons, []);
  resolve();
  const pid = await spawned;
  await waitFor('the end', () => node.processState(pid) === 'terminated');
  t.deepEqual(reasons, ['shutdown']);
});

test('in init a process may do what it may do later', async (t) => {
  const node = await quietNode(t);
  const target = await spawnWitness(node, { name: 'target' });
  const echo = await spawnListener(node, () => undefined);
  const result = Promise.withResolvers<readonly unknown[]>();
  await node.spawn(Listener, {
    args: [
      async (self: Listener) => {
        self.trapExit = true;
        self.createAlias();
        self.registerName(processName('itself'));
        self.registerEvent('event');
        await self.link(target.pid);
        await self.monitor('target');
        const child = await self.spawn(Listener, { linkChild: true });
        const heard = await self.call(echo, { type: 'heard' });
        const { aliases, links, monitors, name, trapExit } = self.info();
        const counts = [aliases.length, links.length, monitors.length];
        result.resolve([name, trapExit, ...counts, node.processState(child), heard]);
      },
    ],
  });
  t.deepEqual(await result.promise, ['itself', true, 1, 2, 1, 'sleep', []]);
});

test('a class without init is up at once', async (t) => {
  const node = await quietNode(t);
  class Plain extends Actor {}
  const pid = await node.spawn(Plain);
  t.is(node.processState(pid), 'sleep');
});

test('a pending init holds up nobody else', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = spawnListener(node, () => promise);
  const quick = await node.spawn(Listener);
  t.deepEqual(await heardBy(node, quick), []);
  resolve();
  await slow;
});

test('thousands of processes may be in init at once', async (t) => {
  const node = await quietNode(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const spawns = Array.from({ length: 3000 }, () =>
    node.spawn(Listener, { args: [() => promise] }),
  );
  t.is(node.info().processes, 3000);
  await turn();
  resolve();
  const pids = await Promise.all(spawns);
  t.is(new Set(pids).size, 3000);
  t.is(node.info().pendingTimers, 0);
  t.deepEqual(await heardBy(node, pids.at(-1) as Pid<ListenerProtocol>), []);
});
