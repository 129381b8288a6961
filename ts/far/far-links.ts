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
import type { Runtime } from '../node/runtime.ts';
import { DEAD, type ProcessRecord } from '../process/process-record.ts';
import { Relation, type RelationKind, type Settlement } from '../relation/relation.ts';
import { FarAlias } from './far-alias.ts';
import type { Far } from './far.ts';
import { FarPid } from './far-pid.ts';
import type { FarName } from './far-names.ts';
import type { FarTarget, Proxy } from './proxy.ts';

/** A link or monitor of a process of this thread on something of another one. */
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

/** Links and monitors on targets of other threads. */
export class FarLinks {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
  }

  /** What `to` is on another thread, if it is there: `process` is whom it leads to. */
  targetOf(to: unknown, process: FarPid): FarTarget {
    if (to instanceof FarAlias) return aliasTarget(to);
    if (to instanceof FarPid) return pidTarget(to);
    const name = typeof to === 'string' ? to : (to as { name: string }).name;
    const found = this.#far.names.name(name);
    if (found === undefined) return pidTarget(process);
    return this.#named('name', name, found);
  }

  eventTarget(name: string, found: FarName): FarTarget {
    return this.#named('event', name, found);
  }

  /** Settles when the relation stands; an event gives its backlog. */
  relate(
    consumer: ProcessRecord,
    kind: RelationKind,
    target: FarTarget,
  ): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.#far.proxies.use(target, (proxy, answer) => {
        if ('error' in answer) return reject(answer.error);
        const done = { resolve: () => resolve(answer.backlog), reject };
        if (!this.#relate(consumer, kind, proxy, done))
          reject(new TergoError('not-allowed', `${consumer.pid} has ended`));
      });
    });
  }

  unrelate(consumer: ProcessRecord, kind: RelationKind, target: FarTarget): Promise<void> {
    return new Promise((resolve, reject) => {
      const proxy = this.#far.proxies.find(target);
      if (proxy === undefined) {
        const text = `there is no such ${kind} on ${target.key}; it may have fired already`;
        return reject(new TergoError('target-unknown', text));
      }
      const ask = new FarRelation(kind, proxy, { resolve, reject }, true);
      this.#write(OP_UNRELATE, consumer, ask);
    });
  }

  /** The link of a parent to a child that another thread has spawned, and watches by that number. */
  adopt(parent: ProcessRecord, child: FarPid, number: number): void {
    const proxy = this.#far.proxies.adopt(number, pidTarget(child));
    proxy.uses += 1;
    if (!this.#relate(parent, 'link', proxy, undefined)) return;
  }

  /** The link of a child of this thread to its parent elsewhere: if that is gone, the child hears so at once. */
  linkQuietly(child: ProcessRecord, parent: FarPid): void {
    this.relate(child, 'link', pidTarget(parent)).catch((reason: Error) => {
      if (child.isAlive) this.#runtime.messaging.signal(child, { from: parent, reason });
    });
  }

  /** A relation is gone without having fired, or was refused. */
  gone({ proxy, isAsk }: FarRelation): void {
    if (!isAsk) this.#far.proxies.release(proxy);
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
    const { outbox, slab } = this.#runtime.driver;
    const { target, index } = relation.proxy;
    const monitor = relation.kind === 'monitor' ? RELATION_MONITOR : 0;
    const kind = (target.isEvent ? monitor : monitor | RELATION_NODE) << COMMAND_KIND_SHIFT;
    const targetKind = (target.isEvent ? TARGET_EVENT : 0) << COMMAND_QUEUE_SHIFT;
    outbox.write(op | kind | targetKind, consumer.pid.slot, index, slab.put(relation, undefined));
  }

  #named(kind: 'name' | 'event', name: string, { thread, index, generation }: FarName): FarTarget {
    const { node } = this.#runtime.home;
    return {
      key: `${kind} '${name}' (${thread}.${index}.${generation})`,
      thread,
      isEvent: kind === 'event',
      words: [kind, name],
      about: kind === 'event' ? { event: name, node } : { name, node },
    };
  }
}

/** What a process of another thread is as a target. */
export function pidTarget(pid: FarPid): FarTarget {
  const { thread } = pid;
  return { key: `${pid}`, thread, isEvent: false, words: pid, about: { pid } };
}

function aliasTarget(alias: FarAlias): FarTarget {
  return { key: `${alias}`, thread: alias.thread, isEvent: false, words: alias, about: { alias } };
}
