// A program with nodes of its own that does what its parent says over IPC; `MemberProcess` starts it.
import { readdirSync } from 'node:fs';
import {
  networkEvent,
  type NetworkEvent,
  type NetworkOptions,
  type NetworkRoute,
  type Node,
  type Pid,
  processId,
  processName,
  startNode,
} from 'tergo';
import { FileRegistrar } from '../../../examples/file-registrar/file-registrar.ts';
import { type Notice, Puppet, type PuppetProtocol } from '../../threads/puppet.ts';
import { serveDeeds } from './deeds.ts';

/** A node that a member starts. */
export interface MemberNode {
  readonly name: string;
  readonly network: NetworkOptions;
  /** The folder of a registrar of the user's own; in place of that of `network`. */
  readonly registrarFolder?: string;
  readonly threads?: number;
  /** Names of the puppets that live there. */
  readonly puppets?: readonly string[];
}

/** Where to find it. */
export interface MemberAddress {
  readonly name: string;
  readonly creation: number;
  readonly host: string;
  readonly port: number;
}

/** A process by its name. */
export interface Named {
  readonly name: string;
  readonly node: string;
}

/** What is left of a notice on its way to the parent. */
export interface PlainNotice {
  readonly on: string;
  readonly kind?: string;
  readonly code?: string;
  readonly message?: unknown;
}

/** What is left of an event of the network. */
export interface PlainEvent {
  readonly type: string;
  readonly node?: string;
  /** Of one that was rejected. */
  readonly reason?: string;
}

interface Home {
  readonly node: Node;
  readonly puppets: Map<string, Pid<PuppetProtocol>>;
  readonly events: NetworkEvent[];
}

const homes = new Map<string, Home>();

/** What the parent may ask for; the first argument is the name of a node unless it has none. */
const deeds = {
  async start(member: MemberNode): Promise<MemberAddress> {
    const { name, registrarFolder, threads = 1, puppets = [] } = member;
    const network: NetworkOptions =
      registrarFolder === undefined
        ? member.network
        : { ...member.network, registrar: new FileRegistrar(registrarFolder) };
    const behaviors = [new URL('../../threads/puppet.ts', import.meta.url)];
    const log = { disableConsole: true };
    const node = await startNode(name, { log, behaviors, threads, network });
    const home: Home = { node, puppets: new Map(), events: [] };
    homes.set(name, home);
    void collect(home);
    for (const puppet of puppets) await deeds.puppet(name, puppet);
    const [acceptor] = node.network.acceptors();
    const { host = '', port = 0 } = acceptor ?? {};
    return { name, creation: node.creation, host, port };
  },

  async puppet(at: string, name: string): Promise<void> {
    const { node, puppets } = homeOf(at);
    const args: [object] = [{ trapExit: true }];
    puppets.set(name, await node.spawn(Puppet, { name: processName(name), args }));
  },

  route(at: string, to: string, route: NetworkRoute): void {
    homeOf(at).node.network.addRoute(`^${to}$`, route);
  },

  async connect(at: string, to: string, timeoutMs: number): Promise<number> {
    return (await homeOf(at).node.network.connect(to, { timeoutMs })).creation;
  },

  /** All nodes of this program dial all these others at once. */
  async meet(others: readonly string[], timeoutMs: number): Promise<void> {
    const dials = [...homes].flatMap(([name, { node }]) =>
      others
        .filter((other) => other !== name)
        .map((other) => node.network.connect(other, { timeoutMs })),
    );
    await Promise.all(dials);
  },

  nodes: (at: string) => homeOf(at).node.network.nodes(),
  registered: (at: string) => homeOf(at).node.network.registeredNodes(),
  peers: (at: string) => homeOf(at).node.network.info().nodes,
  acceptors: (at: string) => homeOf(at).node.network.acceptors(),

  events: (at: string): readonly PlainEvent[] =>
    homeOf(at).events.map((event) =>
      event.type === 'rejected'
        ? { type: event.type, reason: event.reason }
        : { type: event.type, node: event.node },
    ),

  /** A puppet does something with a process of another node: `link`, `monitor`, `send`. */
  relate(at: string, puppet: string, op: string, to: Named, ...args: unknown[]): Promise<unknown> {
    return order(at, puppet, op, processId(processName(to.name), to.node), ...args);
  },

  order,

  async notices(at: string, puppet: string): Promise<readonly PlainNotice[]> {
    return ((await order(at, puppet, 'seen')) as readonly Notice[]).map(plain);
  },

  async stop(at: string): Promise<void> {
    const { node } = homeOf(at);
    homes.delete(at);
    await node.stopForce();
  },

  descriptors: () => readdirSync('/proc/self/fd').length,
  memory: () => process.memoryUsage().rss,
};

serveDeeds(deeds);

function homeOf(name: string): Home {
  const home = homes.get(name);
  if (home === undefined) throw new Error(`there is no node ${name} here`);
  return home;
}

async function order(
  at: string,
  puppet: string,
  op: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const { node, puppets } = homeOf(at);
  const pid = puppets.get(puppet);
  if (pid === undefined) throw new Error(`there is no puppet ${puppet} on ${at}`);
  const answered = await node.call(pid, { type: 'do', op, args } as never);
  const [how, value] = answered as readonly ['done' | 'failed', unknown];
  if (how === 'failed') throw value;
  return value;
}

async function collect({ node, events }: Home): Promise<void> {
  for await (const { message } of node.subscribe(networkEvent)) events.push(message);
}

function plain(notice: Notice): PlainNotice {
  if (notice.on === 'message') return { on: 'message', message: notice.message };
  if (notice.on !== 'exit' && notice.on !== 'down') return { on: notice.on };
  const { kind } = notice.ended;
  const reason = 'reason' in notice.ended ? notice.ended.reason : undefined;
  const code = (reason as { code?: string } | undefined)?.code;
  return { on: notice.on, kind, ...(code === undefined ? {} : { code }) };
}
