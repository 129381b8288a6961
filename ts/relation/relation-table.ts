import { type ErrorCode, incorrect, TergoError } from '../error/tergo-error.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { EventRecord } from '../event/event-record.ts';
import {
  COMMAND_KIND_SHIFT,
  OP_RELATE,
  OP_RELEASE,
  OP_UNRELATE,
  COMMAND_QUEUE_SHIFT,
  RELATION_MONITOR,
  RELATION_NODE,
  RESULT_A,
  TARGET_ALIAS,
  TARGET_EVENT,
  TARGET_NAME,
  TARGET_PID,
  VERDICT_OK,
} from '../native/layout.ts';
import { failure, toldText } from '../node/messaging.ts';
import { checkAnyNode } from '../node/node-name.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalAlias } from '../process/alias.ts';
import { FarRelation } from '../far/far-links.ts';
import { FarPid } from '../far/far-pid.ts';
import { lostError } from '../far/peers.ts';
import type { FarTarget } from '../far/proxy.ts';
import type { RemotePid } from '../far/remote-pid.ts';
import type { FarPeer } from '../far/request-frame.ts';
import type { NodeProcess, Peer } from '../process/peer.ts';
import { LocalPid } from '../process/pid.ts';
import { isProcessId } from '../process/process-id.ts';
import { DEAD, ProcessRecord } from '../process/process-record.ts';
import { SharedValue } from '../scheduler/slab.ts';
import type { Ended } from './ended.ts';
import {
  describeTarget,
  Relation,
  type RelationKind,
  type RelationTarget,
  type Settlement,
  targetText,
} from './relation.ts';

/** Where a name, alias or event stands in the core. */
export interface Address {
  readonly index: number;
  readonly generation: number;
}

/** A target with its address in the core. */
interface Found {
  readonly kind: number;
  readonly index: number;
  readonly target: RelationTarget;
}

/** By verdict of the core. */
const VERDICT_CODES: readonly ErrorCode[] = [
  'internal',
  'process-unknown',
  'target-exist',
  'target-unknown',
  'name-unknown',
  'alias-unknown',
  'event-unknown',
];

/** Links and monitors of the processes of a node. The core keeps and fires them; here is what they are on. */
export class RelationTable {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Links to or monitors a pid, name or alias; the promise rejects with what is wrong. */
  relate(consumer: ProcessRecord, kind: RelationKind, to: unknown): Promise<void> {
    return this.#settled((settlement) => {
      const process = this.#resolve(consumer, kind, to);
      if (!(process instanceof ProcessRecord))
        this.#relateFar(consumer, kind, to, process, settlement);
      else this.#write(OP_RELATE, consumer, kind, this.#found(to, process), settlement);
    });
  }

  /** Takes a link or monitor back; rejects with `target-unknown` when there is none. */
  unrelate(consumer: ProcessRecord, kind: RelationKind, to: unknown): Promise<void> {
    return this.#settled((settlement) => {
      this.#refuseEnded(consumer);
      const process = this.#resolveRelated(to);
      if (!(process instanceof ProcessRecord))
        this.#unrelateFar(consumer, kind, to, process, settlement);
      else this.#write(OP_UNRELATE, consumer, kind, this.#found(to, process), settlement);
    });
  }

  /** Subscribes to an event of this node. */
  subscribe(consumer: ProcessRecord, kind: RelationKind, event: EventRecord): Promise<void> {
    return this.#settled((settlement) => {
      this.#refuseEnded(consumer);
      this.#write(OP_RELATE, consumer, kind, eventTarget(event), settlement);
    });
  }

  unsubscribe(consumer: ProcessRecord, kind: RelationKind, event: EventRecord): Promise<void> {
    return this.#settled((settlement) => {
      this.#refuseEnded(consumer);
      this.#write(OP_UNRELATE, consumer, kind, eventTarget(event), settlement);
    });
  }

  /** A link that is made with a spawn: nobody waits for its verdict. */
  linkQuietly(consumer: ProcessRecord, target: NodeProcess | RemotePid): void {
    if (!(target instanceof ProcessRecord))
      return this.#runtime.far!.links.linkQuietly(consumer, target);
    const found = { kind: TARGET_PID, index: target.pid.slot, target: { pid: target.pid } };
    this.#write(OP_RELATE, consumer, 'link', found, undefined);
  }

  /** Gives up a name, alias or event: who is linked to it or monitors it hears `reason`. */
  release(address: Address, reason: ExitReason): void {
    const { driver, dispatcher } = this.#runtime;
    const payload = driver.slab.put(new SharedValue(reason), undefined);
    driver.outbox.write(OP_RELEASE, address.index, address.generation, payload);
    dispatcher.overtakeCurrent();
  }

  /** The verdict of the core. */
  settle(token: number, verdict: number): void {
    const relation = this.#runtime.driver.tokens.at(token);
    if (!(relation instanceof Relation)) return;
    const { settlement, isAsk } = relation;
    relation.settlement = undefined;
    if (isAsk || verdict !== VERDICT_OK) this.freed(token);
    if (settlement === undefined) return;
    this.#runtime.driver.letPromisesRun();
    if (verdict === VERDICT_OK) return settlement.resolve();
    const code = VERDICT_CODES[verdict] ?? 'internal';
    settlement.reject(new TergoError(code, verdictText(code, relation)));
  }

  /** A relation is gone without having fired. */
  freed(token: number): void {
    const relation = this.#runtime.driver.tokens.take(token);
    if (relation instanceof FarRelation) this.#runtime.far!.links.gone(relation);
  }

  /** What a fired link or monitor says; its slot is free from now on. */
  take(token: number, reason: ExitReason): Ended {
    const relation = this.#runtime.driver.tokens.take(token) as Relation;
    return { ...describeTarget(relation.target), reason };
  }

  /** The relation behind a token. */
  at(token: number): Relation | undefined {
    const relation = this.#runtime.driver.tokens.at(token);
    return relation instanceof Relation ? relation : undefined;
  }

  /** Links to or monitors a node, once there is a connection to it. Rejects with what a dial fails with. */
  async relateNode(consumer: ProcessRecord, kind: RelationKind, node: string): Promise<void> {
    this.#refuseEnded(consumer);
    this.#checkOther(node);
    const { far } = this.#runtime;
    if (far === undefined) throw failure('no-connection', node);
    await far.peers.connect(node);
    await this.#settled((settlement) => {
      this.#refuseEnded(consumer);
      // What stood may have gone before this goes on.
      if (far.peers.connectedAs(node) === undefined) throw lostError(node, 'it was lost meanwhile');
      this.#writeNode(OP_RELATE, consumer, kind, node, settlement);
    });
  }

  /** Takes a link or monitor of a node back; rejects with `target-unknown` when there is none. */
  unrelateNode(consumer: ProcessRecord, kind: RelationKind, node: string): Promise<void> {
    return this.#settled((settlement) => {
      this.#refuseEnded(consumer);
      this.#checkOther(node);
      this.#writeNode(OP_UNRELATE, consumer, kind, node, settlement);
    });
  }

  /** The connection to a node is gone: who is linked to the node or monitors it hears so. */
  nodeEnded(node: string, reason: Error): void {
    const { driver, native, dispatcher } = this.#runtime;
    driver.outbox.flush();
    native.nodeDown(node, driver.slab.put(new SharedValue<ExitReason>(reason), undefined));
    dispatcher.overtakeCurrent();
  }

  #checkOther(node: string): void {
    checkAnyNode('node', node);
    if (node === this.#runtime.home.node)
      throw failure('not-allowed', `${node} is this very node; it cannot outlive itself`);
  }

  #writeNode(
    op: number,
    consumer: ProcessRecord,
    kind: RelationKind,
    node: string,
    settlement: Settlement,
  ): void {
    const { native, driver } = this.#runtime;
    driver.outbox.flush();
    native.nodeAddress(node);
    const index = driver.ring[RESULT_A]!;
    const relation = new Relation(kind, { node }, settlement, op === OP_UNRELATE);
    const bits = RELATION_NODE | (kind === 'monitor' ? RELATION_MONITOR : 0);
    const words = op | (bits << COMMAND_KIND_SHIFT);
    driver.outbox.write(words, consumer.pid.slot, index, driver.tokens.put(relation, undefined));
  }

  #settled(start: (settlement: Settlement) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start({ resolve, reject });
    });
  }

  #write(
    op: number,
    consumer: ProcessRecord,
    kind: RelationKind,
    found: Found,
    settlement: Settlement | undefined,
  ): void {
    const { outbox, tokens } = this.#runtime.driver;
    const relation = new Relation(kind, found.target, settlement, op === OP_UNRELATE);
    const bits = kind === 'monitor' ? RELATION_MONITOR : 0;
    const words = op | (bits << COMMAND_KIND_SHIFT) | (found.kind << COMMAND_QUEUE_SHIFT);
    outbox.write(words, consumer.pid.slot, found.index, tokens.put(relation, undefined));
  }

  #relateFar(
    consumer: ProcessRecord,
    kind: RelationKind,
    to: unknown,
    process: FarPeer,
    { resolve, reject }: Settlement,
  ): void {
    const { links } = this.#runtime.far!;
    const target = (): FarTarget => {
      const found = links.targetOf(to, process);
      if (found === undefined) throw failure('process-unknown', to);
      return found;
    };
    const related =
      process instanceof FarPid
        ? links.relate(consumer, kind, target())
        : links.relateRemote(consumer, kind, process.node, target);
    related.then(() => resolve(), reject);
  }

  #unrelateFar(
    consumer: ProcessRecord,
    kind: RelationKind,
    to: unknown,
    process: FarPeer,
    { resolve, reject }: Settlement,
  ): void {
    const { links, peers } = this.#runtime.far!;
    if (!(process instanceof FarPid) && peers.connectedAs(process.node) === undefined)
      return reject(notRelated(to));
    const target = links.targetOf(to, process);
    if (target === undefined) return reject(notRelated(to));
    links.unrelate(consumer, kind, target).then(resolve, reject);
  }

  #resolve(consumer: ProcessRecord, kind: RelationKind, to: unknown): Peer {
    this.#refuseEnded(consumer);
    checkTarget(to);
    const process = this.#runtime.messaging.resolve(to);
    if (typeof process === 'string') throw failure(lookupCode(process), to);
    if (process === consumer && kind === 'link')
      throw failure('not-allowed', `${consumer.pid} cannot link to itself`);
    return process;
  }

  /** Like `#resolve`, but a target that is gone has no relations: `target-unknown`. */
  #resolveRelated(to: unknown): Peer {
    checkTarget(to);
    const process = this.#runtime.messaging.resolve(to);
    if (typeof process === 'string') throw notRelated(to);
    return process;
  }

  #found(to: unknown, process: ProcessRecord): Found {
    if (to instanceof LocalPid) return { kind: TARGET_PID, index: to.slot, target: { pid: to } };
    if (to instanceof LocalAlias)
      return { kind: TARGET_ALIAS, index: to.index, target: { alias: to } };
    const name = isProcessId(to) ? to.name : to;
    const entry = process.extra?.name;
    if (entry === undefined || entry.name !== name)
      throw new TergoError('internal', `the name ${String(name)} does not lead to itself`);
    const { node } = this.#runtime.home;
    return { kind: TARGET_NAME, index: entry.index, target: { name: entry.name, node } };
  }

  /** Its slot may be another's by now. A process that still runs its `terminate` has ended, too. */
  #refuseEnded(consumer: ProcessRecord): void {
    if ((consumer.flags & DEAD) !== 0) throw failure('not-allowed', `${consumer.pid} has ended`);
  }
}

function notRelated(to: unknown): TergoError {
  const text = `there is no such relation to ${String(to)}; it may have fired already`;
  return new TergoError('target-unknown', text);
}

function checkTarget(to: unknown): void {
  const isName = typeof to === 'string' && to !== '';
  if (isName || to instanceof LocalPid || to instanceof LocalAlias || isProcessId(to)) return;
  throw incorrect('target', 'a pid, a process name, a process id or an alias', to);
}

function eventTarget(event: EventRecord): Found {
  const target = { event: event.name, node: event.node };
  return { kind: TARGET_EVENT, index: event.index, target };
}

/** A name that nobody has is, for links and monitors, a process that is not there (Ergo: ErrProcessUnknown). */
function lookupCode<Code extends string>(code: Code): Code | 'process-unknown' {
  return code === 'name-unknown' ? 'process-unknown' : code;
}

function verdictText(code: ErrorCode, { kind, target }: Relation): string {
  const on = targetText(target);
  if (code === 'target-exist') return `there is such a ${kind} on ${on} already`;
  if (code === 'target-unknown') return `there is no such ${kind} on ${on}`;
  return toldText(code, on);
}
