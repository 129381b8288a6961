import { TergoError } from '../error/tergo-error.ts';
import {
  COMMAND_KIND_SHIFT,
  COMMAND_QUEUE_SHIFT,
  OP_RELATE,
  OP_UNRELATE,
  RELATION_MONITOR,
  RELATION_NODE,
  TARGET_EVENT,
} from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import { DEAD, type ProcessRecord } from '../process/process-record.ts';
import { Relation, type RelationKind, type Settlement, targetText } from '../relation/relation.ts';
import { FarAlias } from './far-alias.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import type { FarName } from './far-names.ts';
import { aliasTarget, foundTarget, namedTarget, pidTarget, remoteTarget } from './far-targets.ts';
import { lostError } from './peers.ts';
import type { RemoteHome } from './remote-home.ts';
import { RemoteName } from './remote-name.ts';
import { RemotePid } from './remote-pid.ts';
import type { FarPeer } from './request-frame.ts';
import { requestPatience } from './request-patience.ts';
import type { FarTarget, Proxy, WatchAnswer } from './proxy.ts';
import type { Patience } from './questions.ts';

/** A link or monitor of a process of this thread on something of another thread or node. */
export class FarRelation extends Relation {
  readonly proxy: Proxy;

  constructor(
    kind: RelationKind,
    proxy: Proxy,
    settlement: Settlement | undefined,
    isAsk: boolean,
  ) {
    super(kind, proxy.target.about, settlement, isAsk);
    this.proxy = proxy;
  }
}

/** Links and monitors on targets of other threads and nodes. */
export class FarLinks {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
  }

  /** What `to` is on another thread or node: `process` is whom it has led to. `undefined`: a name that was given up since it was looked up. */
  targetOf(to: unknown, process: FarPeer): FarTarget | undefined {
    if (process instanceof RemoteName)
      return namedTarget('name', process.name, this.#homeOf(process.node));
    if (process instanceof RemotePid) {
      // Of which incarnation its node is, is known once there is a connection.
      if (this.#homeOf(process.home.node) !== process.home)
        throw failure('process-incarnation', to);
      return remoteTarget(to, process);
    }
    if (to instanceof FarAlias) return aliasTarget(to);
    if (to instanceof FarPid) return pidTarget(to);
    const name = typeof to === 'string' ? to : (to as { name: string }).name;
    const found = this.#far.names.name(name);
    return found && foundTarget('name', name, found, this.#runtime.home.node);
  }

  eventTarget(name: string, found: FarName): FarTarget {
    return foundTarget('event', name, found, this.#runtime.home.node);
  }

  /** An event of a node that is connected. */
  remoteEvent(name: string, node: string): FarTarget {
    return namedTarget('event', name, this.#homeOf(node));
  }

  /** The same once the node of the target is connected. Rejects with what a dial fails with, too, and with `timeout`. */
  async relateRemote(
    consumer: ProcessRecord,
    kind: RelationKind,
    node: string,
    targetOn: () => FarTarget,
  ): Promise<readonly unknown[]> {
    if (this.#far.peers.connectedAs(node) === undefined) await this.#far.peers.connect(node);
    const target = targetOn();
    const patience = requestPatience(targetText(target.about), `there is no such ${kind}`);
    return this.relate(consumer, kind, target, patience);
  }

  /** Settles when the relation stands; an event gives its backlog. */
  relate(
    consumer: ProcessRecord,
    kind: RelationKind,
    target: FarTarget,
    patience?: Patience,
  ): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const ready = (proxy: Proxy, answer: WatchAnswer): void => {
        if ('error' in answer) return reject(answer.error);
        const done = { resolve: () => resolve(answer.backlog), reject };
        if (!this.#relate(consumer, kind, proxy, done))
          reject(new TergoError('not-allowed', `${consumer.pid} has ended`));
      };
      this.#far.proxies.use(target, ready, patience);
    });
  }

  unrelate(consumer: ProcessRecord, kind: RelationKind, target: FarTarget): Promise<void> {
    return new Promise((resolve, reject) => {
      const proxy = this.#far.proxies.find(target);
      if (proxy === undefined) {
        const text = `there is no such ${kind} on ${targetText(target.about)}; it may have fired already`;
        return reject(new TergoError('target-unknown', text));
      }
      const ask = new FarRelation(kind, proxy, { resolve, reject }, true);
      this.#write(OP_UNRELATE, consumer, ask);
    });
  }

  /** The link of a parent to a child that another thread or node has spawned, and watches by that number. */
  adopt(parent: ProcessRecord, child: FarPid | RemotePid, number: number): void {
    const target = child instanceof FarPid ? pidTarget(child) : remoteTarget(child, child);
    const proxy = this.#far.proxies.adopt(number, target);
    proxy.uses += 1;
    if (!this.#relate(parent, 'link', proxy, undefined)) return this.#far.proxies.unprepare(number);
    this.#far.proxies.catchUp(number);
    const lost = child instanceof RemotePid ? this.#far.lossOf(child) : undefined;
    if (lost !== undefined) this.#far.proxies.end(proxy, lost);
  }

  /** The link of a child of this thread to its parent elsewhere: if that is gone, the child hears so at once. */
  linkQuietly(child: ProcessRecord, parent: FarPid | RemotePid): void {
    const { lifecycle } = this.#runtime;
    this.#linkToParent(child, parent).catch((reason: Error) => lifecycle.orphan(child, reason));
  }

  /** A relation is gone without having fired, or was refused. */
  gone({ proxy, isAsk }: FarRelation): void {
    if (!isAsk) this.#far.proxies.release(proxy);
  }

  async #linkToParent(child: ProcessRecord, parent: FarPid | RemotePid): Promise<void> {
    // Its thread may have ended, too, and does not answer.
    if (parent instanceof FarPid && !parent.isAlive) throw failure('process-unknown', parent);
    const lost = parent instanceof RemotePid ? this.#far.lossOf(parent) : undefined;
    if (lost !== undefined) throw lost;
    const target = parent instanceof FarPid ? pidTarget(parent) : remoteTarget(parent, parent);
    await this.relate(child, 'link', target);
  }

  #relate(
    consumer: ProcessRecord,
    kind: RelationKind,
    proxy: Proxy,
    settlement: Settlement | undefined,
  ): boolean {
    if ((consumer.flags & DEAD) !== 0) {
      this.#far.proxies.release(proxy);
      return false;
    }
    this.#write(OP_RELATE, consumer, new FarRelation(kind, proxy, settlement, false));
    return true;
  }

  #write(op: number, consumer: ProcessRecord, relation: FarRelation): void {
    const { outbox, tokens } = this.#runtime.driver;
    const { target, index } = relation.proxy;
    const monitor = relation.kind === 'monitor' ? RELATION_MONITOR : 0;
    const kind = (target.isEvent ? monitor : monitor | RELATION_NODE) << COMMAND_KIND_SHIFT;
    const targetKind = (target.isEvent ? TARGET_EVENT : 0) << COMMAND_QUEUE_SHIFT;
    outbox.write(op | kind | targetKind, consumer.pid.slot, index, tokens.put(relation, undefined));
  }

  #homeOf(node: string): RemoteHome {
    const home = this.#far.peers.connectedAs(node);
    if (home === undefined) throw lostError(node, 'it was lost meanwhile');
    return home;
  }
}
