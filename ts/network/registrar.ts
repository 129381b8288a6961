import { checkDelay, checkName } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import type { ApplicationRoute, ResolveOptions } from './application-route.ts';
import type { RegistrarInfo } from './network-info.ts';

/** Where a node can be dialled, as a registrar knows it. Source: Ergo `gen.Route`. */
export interface NodeRoute {
  /** Its host, or its address without brackets; the host of the node's name by default. */
  readonly host?: string;
  /** Its port, 1 to 65535. */
  readonly port: number;
  /** Whether it is encrypted; false by default. The certificate there must be for the host of the node's name, unless `tls` says otherwise. */
  readonly isTls?: boolean;
}

/** All that a node tells a registrar of itself; each announcement replaces the one before. It is plain data. */
export interface NodeAnnouncement {
  /** Its name. */
  readonly node: string;
  /** Its incarnation: larger after a restart, so that an entry that a crash has left behind can be told from a new one. */
  readonly creation: number;
  /** The name is taken, and nobody is to hear of it: the node is `hidden` or `passive`. It has no routes and no applications then. */
  readonly isHidden: boolean;
  /** Where it can be dialled, best first. */
  readonly routes: readonly NodeRoute[];
  /** Its applications, in every state. */
  readonly applications: readonly ApplicationRoute[];
}

/**
 * What a registrar tells a node by itself. None of these throws: what cannot be is logged and ignored. Of what is told once `close` has been
 * called nothing comes. They can be called without the object.
 *
 * @example
 * watch(folder, (_, file) => (file.endsWith('.json') ? events.joined(nodeOf(file)) : undefined));
 */
export interface RegistrarEvents {
  /** The node is registered again, after `lost` or `refused`. That it is for the first time `start` says by resolving. */
  readonly registered: () => void;
  /** The registrar cannot be reached any more, and is looked for. It is logged. */
  readonly lost: (reason?: unknown) => void;
  /** The node cannot be registered as it announces itself, as when its name is taken meanwhile. It is logged. */
  readonly refused: (reason?: unknown) => void;
  /** Another node is there: `networkEvent` tells of it. */
  readonly joined: (node: string) => void;
  /** Another node is gone: `networkEvent` tells of it. */
  readonly left: (node: string) => void;
}

/** What every question to a registrar comes with. */
export interface RegistrarAsking {
  /** Aborted when nobody waits for the answer any more: `timeoutMs` is over, or the node stops. */
  readonly signal: AbortSignal;
}

/**
 * Finds nodes, and lets them be found: a registrar of one's own, in place of the one that each host has by itself. Each node needs
 * an object for itself. All of it is called on thread 0, and may give a promise or its value at once.
 *
 * The node believes none of it: answers are checked, what throws, rejects or is not settled within `timeoutMs` fails this one question and is
 * logged, once until it succeeds again. Only what `resolve` gives is dialled, and whoever is there has to know the cookie and to have
 * that name. Source: Ergo `gen.Registrar`.
 *
 * @example
 * await using node = await startNode('a@localhost', { network: { registrar: new FileRegistrar('/run/cluster') } });
 */
export interface Registrar {
  /** Its name and version, for information and the log. */
  readonly name: string;
  /** How long the node waits for each answer, ms; 5000 by default. */
  readonly timeoutMs?: number;
  /**
   * Registers the node, and sees to it that it stays so. Called once, before all else; `startNode` waits for it. When it rejects,
   * `startNode` does so with `no-connection` and that as the cause: after `close` has been called. A `TergoError` with `taken` (another
   * live node has the name) or `timeout` is what `startNode` rejects with itself.
   *
   * @example
   * async start({ node, creation }: NodeAnnouncement, events: RegistrarEvents) {
   *   if (!(await consul.acquire(node, creation))) throw new TergoError('taken', `${node} runs already`);
   *   consul.onLost((reason) => events.lost(reason));
   * }
   */
  start(
    announcement: NodeAnnouncement,
    events: RegistrarEvents,
    asking: RegistrarAsking,
  ): void | Promise<void>;
  /**
   * Announces the node anew, in place of all before: an application of it has changed. Called once for all changes of a turn, and not
   * while `start` or an earlier one is under way: unless its time was over. Its `signal` is aborted then, and it must not write any more. When it
   * rejects, the next change is announced like any other.
   *
   * @example
   * announce = (announcement: NodeAnnouncement) => etcd.put(`nodes/${announcement.node}`, JSON.stringify(announcement));
   */
  announce(announcement: NodeAnnouncement, asking: RegistrarAsking): void | Promise<void>;
  /**
   * Where a node can be dialled, best first, 16 at most; none: nobody knows it, and the dial rejects with `no-route`. Asked for each dial
   * for which there is no static route, once for all who want to know of a node at the same time; when it rejects, the dial does with
   * `no-connection` and that as the cause. 64 calls at most are under way at once, 1024 wait for their turn.
   *
   * @example
   * resolve = async (node: string) => (await dns.resolveSrv(node.replace('@', '.'))).map(({ name, port }) => ({ host: name, port }));
   */
  resolve(
    node: string,
    asking: RegistrarAsking,
  ): readonly NodeRoute[] | Promise<readonly NodeRoute[]>;
  /**
   * Which nodes have an application, 10000 at most. Those of another name, with weight 0, or without the tags are left out by the node, which also
   * sorts them. `options` are those of `node.network.resolveApplication`; what `host` means there is for the registrar to say.
   *
   * @example
   * resolveApplication = (name: string) => this.#announcements.flatMap(({ applications }) => applications.filter((route) => route.name === name));
   */
  resolveApplication(
    name: string,
    options: ResolveOptions & RegistrarAsking,
  ): readonly ApplicationRoute[] | Promise<readonly ApplicationRoute[]>;
  /**
   * The nodes that are not hidden, this one included, in any order; 10000 at most.
   *
   * @example
   * nodes = async () => (await readdir(this.#folder)).map((file) => decodeURIComponent(file));
   */
  nodes(asking: RegistrarAsking): readonly string[] | Promise<readonly string[]>;
  /**
   * How it stands, asked for by `node.network.registrar()`; what is left out is known otherwise: `server` is empty, `isServing` false,
   * `isRegistered` what `start` and the events have said. May be left out altogether.
   *
   * @example
   * info = () => ({ server: 'consul.example:8500' });
   */
  info?(): Partial<Omit<RegistrarInfo, 'name'>>;
  /**
   * Unregisters the node and ends all: the last call, also after a `start` that has failed. The stop of the node waits for it, for 2 s at the longest.
   *
   * @example
   * close = () => rm(this.#file, { force: true });
   */
  close(): void | Promise<void>;
}

const METHODS = [
  ...(['start', 'announce', 'resolve', 'resolveApplication', 'nodes', 'close'] as const),
];

/** Whether it is a registrar of the user's own, or means to be one, and not options of the host's. @internal */
export function isOwnRegistrar(registrar: object): registrar is Registrar {
  if (Array.isArray(registrar)) return false;
  const prototype = Object.getPrototypeOf(registrar) as object | null;
  // Plain objects of another realm, such as that of a test framework, are plain as well.
  const isInstance = prototype !== null && Object.getPrototypeOf(prototype) !== null;
  return isInstance || METHODS.some((method) => method in registrar);
}

/** Throws `incorrect`, naming what is missing. @internal */
export function checkOwnRegistrar(argument: string, registrar: Registrar): void {
  for (const method of METHODS)
    if (typeof registrar[method] !== 'function')
      throw incorrect(
        `${argument}.${method}`,
        'a method of the registrar (see Registrar)',
        registrar[method],
      );
  const { name, timeoutMs, info } = registrar;
  checkName(`${argument}.name`, name);
  if (timeoutMs !== undefined) checkDelay(`${argument}.timeoutMs`, timeoutMs, 1);
  if (info !== undefined && typeof info !== 'function')
    throw incorrect(`${argument}.info`, 'a method, or left out', info);
}
