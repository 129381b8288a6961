import { processName, type Alias, type Node, type Pid } from 'tergo';
import { spawnScript, type Options, type Script, type Self } from '../support/improvise.ts';

/** One callback, and what makes the runtime call it. */
export interface Occasion {
  readonly callback: Exclude<keyof Script<unknown, unknown>, 'init' | 'terminate'>;
  /** What the process does in its `init`, so that the occasion can come. */
  readonly prepare?: (self: Self, node: Node) => unknown;
  readonly options?: Options;
  /** Brings the occasion about; a promise settles with what the process answers. */
  readonly trigger: (node: Node, pid: Pid<unknown>) => unknown;
}

const name = processName<unknown>('named');
const aliased = new WeakMap<Node, Alias<unknown>>();

/** Every callback that takes something from the mailbox. */
export const occasions: readonly Occasion[] = [
  { callback: 'handleMessage', trigger: (node, pid) => node.send(pid, 'message') },
  {
    callback: 'handleMessageName',
    prepare: (self) => (self.splitHandle = true),
    options: { name },
    trigger: (node) => node.send(name, 'message'),
  },
  {
    callback: 'handleMessageAlias',
    prepare: (self, node) => {
      self.splitHandle = true;
      aliased.set(node, self.createAlias());
    },
    trigger: (node) => node.send(aliased.get(node)!, 'message'),
  },
  { callback: 'handleCall', trigger: (node, pid) => node.call(pid, { type: 'request' }) },
  {
    callback: 'handleEvent',
    prepare: (self, node) => {
      node.registerEvent('event', { open: true });
      return self.linkEvent('event');
    },
    trigger: (node) => node.sendEvent('event', 'message'),
  },
  {
    callback: 'handleExit',
    prepare: (self) => (self.trapExit = true),
    trigger: (node, pid) => spawnScript(node, { init: (self) => self.sendExit(pid, 'shutdown') }),
  },
  {
    callback: 'handleDown',
    prepare: async (self, node) => {
      await self.monitor(await spawnScript(node, {}, { name }));
    },
    trigger: (node) => node.kill(node.whereis(name)!),
  },
  {
    callback: 'handleResponse',
    prepare: async (self, node) => {
      const server = await spawnScript(node, { handleCall: () => 'answer' });
      self.sendRequest(server, { type: 'request' });
    },
    trigger: () => undefined,
  },
  {
    callback: 'handleEventStart',
    prepare: (self) => self.registerEvent('own', { notify: true }),
    trigger: (node) => spawnScript(node, { init: (self) => self.linkEvent('own') }),
  },
  {
    callback: 'handleEventStop',
    prepare: (self) => self.registerEvent('own', { notify: true }),
    trigger: async (node) =>
      node.kill(await spawnScript(node, { init: (self) => self.monitorEvent('own') })),
  },
  {
    callback: 'handleLog',
    prepare: (self, node) => node.addLogger('process', self.pid),
    trigger: (node) => node.log.error('to be logged'),
  },
  { callback: 'handleInspect', trigger: (node, pid) => node.inspect(pid) },
];

/** Whether somebody waits for what the callback returns. */
export function isAnswered({ callback }: Occasion): boolean {
  return callback === 'handleCall' || callback === 'handleInspect';
}

/** Spawns a process whose callback for this occasion is `body`, and brings the occasion about. */
export async function bringAbout(
  node: Node,
  occasion: Occasion,
  body: () => unknown,
  rest: Script<unknown, unknown> = {},
): Promise<{ pid: Pid<unknown>; outcome: Promise<unknown> }> {
  const { prepare, options, trigger, callback } = occasion;
  const script: Script<unknown, unknown> = { init: (self) => prepare?.(self, node), ...rest };
  script[callback] = body;
  const pid = await spawnScript(node, script, options);
  const outcome = Promise.resolve(trigger(node, pid));
  // Looked at later, if at all.
  outcome.catch(() => undefined);
  return { pid, outcome };
}
