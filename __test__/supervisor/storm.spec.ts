import test from 'ava';
import {
  Actor,
  childSpec,
  childTemplate,
  noreply,
  reply,
  Supervisor,
  type Answer,
  type AnyPid,
  type ChildInfo,
  type ChildTemplate,
  type Next,
  type Node,
  type Pid,
  type Request,
  type SupervisorSpec,
} from 'tergo';
import { stillNode } from '../support/keeper.ts';

const count = 10_000;
const names = Array.from({ length: count }, (_, at) => `child ${at}`);

class Child extends Actor {
  override init(_at: number): void {}
}
const worker: ChildTemplate<{}, [at: number]> = childTemplate('worker', Child);

type Start = Request<{ type: 'start'; instances: number }, number>;
type Children = Request<{ type: 'children' }, readonly ChildInfo[]>;
type Restarts = Request<{ type: 'restarts' }, number>;
interface Heard {
  readonly started: AnyPid[];
  readonly terminated: AnyPid[];
}

class Shelter extends Supervisor<{ request: Start | Children | Restarts }> {
  #heard!: Heard;

  override init(spec: SupervisorSpec, heard: Heard): SupervisorSpec {
    this.#heard = heard;
    return spec;
  }

  override async handleCall(request: Start | Children | Restarts): Promise<Answer> {
    switch (request.type) {
      case 'start':
        for (let at = 0; at < request.instances; at++)
          await this.startChild(worker, { args: [at] });
        return reply(request, request.instances);
      case 'children':
        return reply(request, this.children());
      case 'restarts':
        return reply(
          request,
          this.children().reduce((sum, { restarts }) => sum + restarts, 0),
        );
    }
  }

  override handleChildStart(_name: string, pid: Pid<never>): Next {
    this.#heard.started.push(pid);
    return noreply;
  }

  override handleChildTerminate(_name: string, pid: Pid<never>): Next {
    this.#heard.terminated.push(pid);
    return noreply;
  }
}

interface Storm {
  readonly node: Node;
  readonly supervisor: Pid<{ request: Start | Children | Restarts }>;
  readonly before: readonly AnyPid[];
  readonly heard: Heard;
}

/** Ten thousand children die at once. */
async function storm(t: Parameters<typeof stillNode>[0], spec: SupervisorSpec): Promise<Storm> {
  const { node, clock } = await stillNode(t);
  const heard: Heard = { started: [], terminated: [] };
  const supervisor = await node.spawn(Shelter, { args: [spec, heard] });
  if (spec.strategy === 'simple-one-for-one')
    await node.call(supervisor, { type: 'start', instances: count });
  await clock.settle();
  t.is(heard.started.length, count);
  const before = heard.started.slice();
  for (const pid of before) node.kill(pid);
  await clock.settle();
  for (const pid of before) t.is(node.processState(pid), 'terminated');
  return { node, supervisor, before, heard };
}

const many = { intensity: 2 * count };
const specs: readonly SupervisorSpec[] = [
  { ...many, strategy: 'simple-one-for-one', restart: 'permanent', children: [worker] },
  {
    ...{ ...many, strategy: 'one-for-one', restart: 'permanent' },
    children: names.map((name, at) => childSpec(name, Child, { args: [at] })),
  },
  {
    ...{ ...many, strategy: 'all-for-one', restart: 'permanent' },
    children: names.map((name, at) => childSpec(name, Child, { args: [at] })),
  },
  {
    ...{ ...many, strategy: 'rest-for-one', restart: 'permanent', keepOrder: true },
    children: names.map((name, at) => childSpec(name, Child, { args: [at] })),
  },
];

for (const spec of specs) {
  test(`${spec.strategy}: of ten thousand children that die at once no exit is lost, and all run again`, async (t) => {
    const { node, supervisor, before, heard } = await storm(t, spec);
    t.deepEqual(new Set(heard.terminated), new Set(before));
    t.is(heard.terminated.length, count);
    t.is(heard.started.length, 2 * count);
    const children = await node.call(supervisor, { type: 'children' });
    t.is(children.length, count);
    const pids = new Set(children.map(({ pid }) => pid));
    t.is(pids.size, count);
    t.true(children.every(({ state, pid }) => state === 'running' && !before.includes(pid!)));
    t.is(node.info().processes, count + 1);
    // A group restarts once, whoever of it dies meanwhile.
    const isGroup = spec.strategy === 'all-for-one' || spec.strategy === 'rest-for-one';
    t.is(await node.call(supervisor, { type: 'restarts' }), isGroup ? 1 : count);
    t.is(node.info().messagesDropped, 0);
  });
}

test('of ten thousand temporary instances that die at once none comes back, and the supervisor lives', async (t) => {
  const { node, supervisor, before, heard } = await storm(t, {
    ...{ strategy: 'simple-one-for-one', restart: 'temporary' },
    children: [worker],
  });
  t.deepEqual(new Set(heard.terminated), new Set(before));
  t.is(heard.terminated.length, count);
  t.deepEqual(await node.call(supervisor, { type: 'children' }), []);
  t.is(node.info().processes, 1);
  t.is(node.info().links, 0);
});

for (const strategy of ['simple-one-for-one', 'one-for-one'] as const) {
  test(`${strategy}: ten thousand deaths at once are too many for the limits: the supervisor ends, and leaves nobody`, async (t) => {
    const { node, supervisor } = await storm(
      t,
      strategy === 'simple-one-for-one'
        ? { strategy, restart: 'permanent', intensity: 100, children: [worker] }
        : {
            ...{ strategy, restart: 'permanent', intensity: 100 },
            children: names.map((name, at) => childSpec(name, Child, { args: [at] })),
          },
    );
    t.is(node.processState(supervisor), 'terminated');
    t.is(node.info().processes, 0);
    t.is(node.info().registeredNames, 0);
    t.is(node.info().pendingTimers, 0);
  });
}
