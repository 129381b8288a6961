import test from 'ava';
import {
  Actor,
  noreply,
  reply,
  type Answer,
  type Next,
  type Node,
  type Pid,
  type Request,
} from 'tergo';
import { recordLog } from '../support/log-records.ts';
import { waitFor } from '../support/wait-for.ts';
import { quietNode, spawnWitness, type Handle } from '../support/witness.ts';

type Ready = Request<{ type: 'ready' }, boolean>;

/** Asks for every notice and has a callback for none. */
class Deaf extends Actor<{ message: Handle; request: Ready }> {
  override init(): void {
    this.trapExit = true;
    this.registerEvent('own', { notify: true });
  }

  override async handleMessage({ pid }: Handle): Promise<Next> {
    await this.link(pid);
    await this.monitor(pid);
    await this.monitorEvent<never>('news');
    return noreply;
  }

  override handleCall(request: Ready): Answer {
    return reply(request, true);
  }
}

const notices: readonly { callback: string; bring(node: Node, target: Handle): unknown }[] = [
  { callback: 'handleExit', bring: (node, { pid }) => node.kill(pid) },
  { callback: 'handleDown', bring: (node, { pid }) => node.kill(pid) },
  {
    callback: 'handleEvent',
    bring: (_node, target) => target.run((self) => self.sendEvent('news', 'one')),
  },
  {
    callback: 'handleEventStart',
    bring: (_node, target) => target.run((self) => self.linkEvent('own')),
  },
  {
    callback: 'handleEventStop',
    bring: (_node, target) =>
      target.run(async (self) => {
        await self.linkEvent('own');
        await self.unlinkEvent('own');
      }),
  },
];

for (const { callback, bring } of notices) {
  test(`a notice for a ${callback} that is not there is a warning in the log, not the end of the process`, async (t) => {
    const node = await quietNode(t);
    const target = await spawnWitness(node);
    await target.run((self) => self.registerEvent('news', { open: true }));
    const deaf: Pid<{ message: Handle; request: Ready }> = await node.spawn(Deaf);
    node.send(deaf, target);
    t.true(await node.call(deaf, { type: 'ready' }));

    const records = recordLog(node);
    await bring(node, target);
    const warning = await waitFor('the warning', () =>
      records.find(({ message }) => message.startsWith(`${callback} is not implemented`)),
    );
    t.like(warning, {
      level: 'warning',
      source: { type: 'process', pid: deaf, behaviour: 'Deaf' },
    });
    t.true(await node.call(deaf, { type: 'ready' }));
  });
}
