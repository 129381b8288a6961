import { incorrect, TergoError } from '../error/tergo-error.ts';
import type { ErrorCode } from '../error/tergo-error.ts';
import { type ExitReason, isExitReason } from '../error/exit-reason.ts';
import type { SendResult } from '../error/send-result.ts';
import { type SendOptions, checkSendOptions } from '../call/call-options.ts';
import {
  KIND_ADDRESSED,
  KIND_MESSAGE,
  KIND_SIGNAL,
  QUEUE_MAIN,
  QUEUE_URGENT,
} from '../native/layout.ts';
import { LocalAlias } from '../process/alias.ts';
import { FarAlias } from '../far/far-alias.ts';
import { FarPid } from '../far/far-pid.ts';
import { fullWay } from '../far/full-way.ts';
import { RemoteName } from '../far/remote-name.ts';
import { RemotePid } from '../far/remote-pid.ts';
import type { NodeProcess, Peer } from '../process/peer.ts';
import { LocalPid } from '../process/pid.ts';
import { queueOf } from '../process/priority.ts';
import type { Fallback } from '../process/process-options.ts';
import { isProcessId, processId } from '../process/process-id.ts';
import { BOUNDED, isMute, ProcessRecord, SPLIT, ZOMBIE, DEAD } from '../process/process-record.ts';
import { kindAndQueue, type Outbox } from '../scheduler/outbox.ts';
import type { Runtime } from './runtime.ts';

type Failure = Exclude<SendResult, 'ok'>;
const PLAIN_SEND = kindAndQueue(KIND_MESSAGE, QUEUE_MAIN);

/** A message together with the name or alias it was sent to, for split handling. */
export class AddressedMessage {
  readonly message: unknown;
  readonly address: string | LocalAlias | undefined;
  /** Who sent it first, if its frame does not say. */
  readonly from: LocalPid | undefined;

  constructor(message: unknown, address: string | LocalAlias | undefined, from?: LocalPid) {
    this.message = message;
    this.address = address;
    this.from = from;
  }
}

/** An exit signal under way. */
export interface Signal {
  readonly from: LocalPid;
  readonly reason: ExitReason;
}

/** Whoever a message comes from; a forwarded one may come from a process that has ended. */
export interface Sender {
  readonly pid: LocalPid;
  sent: number;
}

/** What every address of this node has: the slot to look at first. Only a pid has one of its own. */
interface Addressed {
  readonly slot: number;
}

/** Finds the target of a message and puts the message into the outbox. */
export class Messaging {
  private readonly runtime: Runtime;
  private readonly records: readonly (ProcessRecord | undefined)[];
  private readonly outbox: Outbox;
  private readonly isFreezing: boolean;
  /** Whether the message in hand is on its way to a fallback, from which it goes no further. */
  isFallingBack = false;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.records = runtime.records;
    this.outbox = runtime.driver.outbox;
    this.isFreezing = runtime.freeze !== undefined;
  }

  send(sender: ProcessRecord, to: unknown, message: unknown, options?: SendOptions): SendResult {
    // Nearly every send passes here, so this stays short enough to be inlined into the callback.
    if (options === undefined && typeof to === 'object' && to !== null && !this.isFreezing) {
      const target = this.records[(to as Addressed).slot];
      if (target !== undefined && target.pid === to && isPlainSend(sender, target)) {
        sender.sent += 1;
        this.outbox.send(target, PLAIN_SEND, message, sender.pid);
        return 'ok';
      }
    }
    return this.sendOtherwise(sender, to, message, options);
  }

  private sendOtherwise(
    sender: ProcessRecord,
    to: unknown,
    message: unknown,
    options: SendOptions | undefined,
  ): SendResult {
    if (isMute(sender)) return this.muteResult();
    if (to instanceof FarPid && options === undefined && isPlainSender(sender)) {
      // Two nodes of one OS process may hold pids of each other.
      if (to.isOf(this.runtime.home)) return this.runtime.far!.messages.send(sender, to, message);
    }
    if (to instanceof RemotePid && options === undefined && hasNoSettings(sender))
      return this.runtime.far?.remote.send(sender, to, message) ?? 'no-connection';
    return this.sendResolved(sender, to, message, options);
  }

  /** The way of every other message of a process that may send. */
  sendResolved(
    sender: ProcessRecord,
    to: unknown,
    message: unknown,
    options?: SendOptions,
  ): SendResult {
    const target = this.resolve(to);
    if (typeof target === 'string') return target;
    if (options !== undefined) checkSendOptions(options);
    return this.deliver(sender, target, this.queueFor(sender, options), message, to);
  }

  /** On one node a message is in the mailbox once it is accepted; another node says when it is. */
  async sendImportant(
    sender: ProcessRecord,
    to: unknown,
    message: unknown,
    options?: SendOptions,
  ): Promise<void> {
    if (isMute(sender)) throw this.refusalOf(sender, 'send');
    const target = this.resolve(to);
    if (typeof target === 'string') throw failure(target, to);
    if (options !== undefined) checkSendOptions(options);
    const queue = this.queueFor(sender, options);
    if (target instanceof RemotePid || target instanceof RemoteName) {
      const alias = to instanceof LocalAlias ? to : undefined;
      return this.runtime.far!.remote.deliverImportant(sender, target, queue, message, alias);
    }
    const result = this.deliver(sender, target, queue, message, to);
    if (result === 'ok') return;
    const isWay = target instanceof FarPid && !target.presence.isBounded;
    if (result === 'process-mailbox-full' && isWay) throw fullWay(this.runtime.far!, target);
    throw failure(result, to);
  }

  /** The error for what a process wants to do that has ended, or whose node has stopped. */
  refusalOf(sender: ProcessRecord, action: string): TergoError {
    const result = this.muteResult();
    if (result === 'node-terminated') return failure(result, this.runtime.home.node);
    return failure(result, `${sender.pid} has ended and cannot ${action}`);
  }

  /** Where a message of `sender` waits: by the options, else by its own priority. */
  queueFor(sender: ProcessRecord, options: SendOptions | undefined): number {
    if (options?.priority !== undefined) return queueOf(options.priority);
    return sender.extra === undefined ? QUEUE_MAIN : sender.extra.queue;
  }

  /** A message from `sender` to a known process, which `to` addressed. */
  deliver(sender: Sender, target: Peer, queue: number, message: unknown, to: unknown): SendResult {
    const runtime = this.runtime;
    if (!(target instanceof ProcessRecord)) {
      const { messages, remote } = runtime.far!;
      const address = this.addressOf(to);
      return target instanceof FarPid
        ? messages.deliver(sender, target, queue, message, address)
        : remote.deliver(sender, target, queue, message, address);
    }
    if (runtime.freeze !== undefined) runtime.freeze(message);
    if ((target.flags & (BOUNDED | SPLIT)) !== 0) {
      return this.deliverSpecial(sender, target, queue, message, to);
    }
    sender.sent += 1;
    this.post(sender, target, kindAndQueue(KIND_MESSAGE, queue), message);
    return 'ok';
  }

  /** Any kind of message to any queue; looks whether it overtakes a slice that is being read. */
  post(sender: Sender, target: ProcessRecord, bits: number, value: unknown): void {
    this.outbox.send(target, bits, value, sender.pid);
    if ((bits & QUEUE_BITS) !== MAIN_BITS) this.runtime.dispatcher.overtake(target);
  }

  /** The process that `to` addresses, or why there is none. Throws `incorrect` for what is no address. */
  resolve(to: unknown): Peer | Failure {
    if (typeof to === 'object' && to !== null) {
      const record = this.records[(to as Addressed).slot];
      if (record !== undefined && record.pid === to && (record.flags & ZOMBIE) === 0) return record;
      return this.resolveObject(to);
    }
    if (typeof to === 'string' && to !== '') {
      if (this.runtime.isStopped) return 'node-terminated';
      const record = this.runtime.names.find(to)?.record;
      if (record === undefined) return this.resolveFarName(to);
      return record.isAlive ? record : 'process-unknown';
    }
    throw incorrect('to', 'a pid, a process name, a process id or an alias', to);
  }

  private resolveFarName(name: string): NodeProcess | Failure {
    const found = this.runtime.names.lookUp(name);
    if (found === undefined) return 'name-unknown';
    const process = 'record' in found ? found.record : found.pid;
    return process.isAlive ? process : 'process-unknown';
  }

  /** The name or alias in an address, for split handling; `undefined` for a pid. */
  addressOf(to: unknown): string | LocalAlias | undefined {
    if (typeof to === 'string' || to instanceof LocalAlias) return to;
    return isProcessId(to) ? to.name : undefined;
  }

  /** An exit signal; refused to oneself, the parent, the leader and the node. */
  exit(sender: ProcessRecord, to: unknown, reason: ExitReason): SendResult {
    if (!this.mayExit(sender, to, reason)) return 'not-allowed';
    return isMute(sender) ? this.muteResult() : this.exitFrom(sender.pid, to, reason);
  }

  /** Whether this sender may send an exit signal there. Throws `incorrect`. */
  mayExit(sender: ProcessRecord, to: unknown, reason: ExitReason): boolean {
    if (!isExitReason(reason))
      throw incorrect('reason', "'normal', 'shutdown', 'kill' or an Error", reason);
    if (!(to instanceof LocalPid)) throw incorrect('to', 'a pid', to);
    const { core } = this.runtime;
    if (to === sender.pid || to === core.pid) return false;
    return sender === core || (to !== sender.parent && to !== sender.leader);
  }

  /** An exit signal that was found to be allowed; its sender may have ended. */
  exitFrom(from: LocalPid, to: unknown, reason: ExitReason): SendResult {
    const target = this.resolve(to);
    if (typeof target === 'string') return target;
    // Only pids are sent exits.
    if (!(target instanceof RemoteName)) this.signal(target, { from, reason });
    return 'ok';
  }

  /** An exit signal to whomever, mostly before all else that waits there. */
  signal(target: Exclude<Peer, RemoteName>, signal: Signal, queue: number = QUEUE_URGENT): void {
    if (target instanceof FarPid) return this.runtime.far!.messages.signal(target, signal, queue);
    if (target instanceof RemotePid) return this.runtime.far!.remote.signal(target, signal, queue);
    const bits = kindAndQueue(KIND_SIGNAL, queue);
    this.outbox.send(target, bits, signal, signal.from);
    if (queue !== QUEUE_MAIN) this.runtime.dispatcher.overtake(target);
  }

  /** What a send gives to a sender that is no more. */
  private muteResult(): 'node-terminated' | 'not-allowed' {
    return this.runtime.isStopped ? 'node-terminated' : 'not-allowed';
  }

  private resolveObject(to: object): Peer | Failure {
    const { home, records, isStopped } = this.runtime;
    if (isStopped) return 'node-terminated';
    if (to instanceof RemotePid && this.isConnected(to)) return to;
    if (to instanceof LocalPid) {
      if (to instanceof FarPid && to.isOf(home)) return to.isAlive ? to : 'process-unknown';
      return to.isOf(home) ? 'process-unknown' : this.remoteOf(to);
    }
    if (to instanceof LocalAlias) {
      if (!to.isOf(home)) return this.remoteOf(to.owner);
      if (!to.alive) return 'alias-unknown';
      if (to instanceof FarAlias) return to.process.isAlive ? to.process : 'alias-unknown';
      const owner = records[to.owner.slot];
      return owner !== undefined && owner.isAlive ? owner : 'alias-unknown';
    }
    if (isProcessId(to)) {
      if (to.node === home.node) return this.resolve(to.name);
      return this.hasNetwork() ? new RemoteName(to.name, to.node) : 'no-connection';
    }
    throw incorrect('to', 'a pid, a process name, a process id or an alias', to);
  }

  /** Whether it is of an incarnation to which this very thread is connected. */
  private isConnected({ home }: RemotePid): boolean {
    const { far } = this.runtime;
    return home.isConnected && home.peers === far?.peers && this.hasNetwork();
  }

  private hasNetwork(): boolean {
    return this.runtime.far?.peers.dial !== undefined;
  }

  /** A process of another node, or why it cannot be reached. */
  private remoteOf(pid: LocalPid): RemotePid | Failure {
    if (pid.node === this.runtime.home.node) return 'process-incarnation';
    if (!this.hasNetwork()) return 'no-connection';
    const { peers } = this.runtime.far!;
    const remote = peers.remoteOf(pid);
    return peers.refusalOf(remote.home) ?? remote;
  }

  /** The target is bounded or wants to know by which address it was reached. */
  private deliverSpecial(
    sender: Sender,
    target: ProcessRecord,
    queue: number,
    message: unknown,
    to: unknown,
  ): SendResult {
    if ((target.flags & BOUNDED) !== 0 && !this.runtime.gauges.accept(target, queue))
      return this.overflow(sender, target, message);
    const address = (target.flags & SPLIT) !== 0 ? this.addressOf(to) : undefined;
    const kind = address === undefined ? KIND_MESSAGE : KIND_ADDRESSED;
    const value = address === undefined ? message : new AddressedMessage(message, address);
    sender.sent += 1;
    this.post(sender, target, kindAndQueue(kind, queue), value);
    return 'ok';
  }

  private overflow(sender: Sender, target: ProcessRecord, message: unknown): SendResult {
    this.runtime.counters.mailboxFull += 1;
    return this.fallBack(sender, target, message);
  }

  /** Sends a message that found a mailbox full to where that process wants such messages. */
  fallBack(sender: Sender, target: ProcessRecord, message: unknown): SendResult {
    return this.fallBackTo(target.extra?.fallback, sender, target, message);
  }

  /** The same for a process of any thread whose fallback is known. */
  fallBackTo(
    fallback: Fallback | undefined,
    sender: Sender,
    target: NodeProcess,
    message: unknown,
  ): SendResult {
    // Two that are each other's fallback would pass the message to and fro.
    if (fallback === undefined || this.isFallingBack) return 'process-mailbox-full';
    const substitute = this.resolve(fallback.to);
    if (typeof substitute === 'string' || substitute === target) return 'process-mailbox-full';
    const wrapped = { type: 'fallback', pid: target.pid, tag: fallback.tag, message };
    this.isFallingBack = true;
    try {
      return this.deliver(sender, substitute, QUEUE_MAIN, wrapped, fallback.to);
    } finally {
      this.isFallingBack = false;
    }
  }
}

/** Whether what it sends goes to the main queue, and it may send at all. */
function isPlainSender({ extra, flags }: ProcessRecord): boolean {
  return (flags & (DEAD | ZOMBIE)) === 0 && (extra === undefined || extra.queue === QUEUE_MAIN);
}

/** Whether what it sends to another node travels as that of any other process. */
function hasNoSettings({ extra, flags }: ProcessRecord): boolean {
  return (flags & (DEAD | ZOMBIE)) === 0 && extra === undefined;
}

/** Neither end asks for anything but the placing in the main queue. */
function isPlainSend(sender: ProcessRecord, target: ProcessRecord): boolean {
  const { extra } = sender;
  return (
    ((target.flags & (BOUNDED | SPLIT | ZOMBIE)) | (sender.flags & (DEAD | ZOMBIE))) === 0 &&
    (extra === undefined || extra.queue === QUEUE_MAIN)
  );
}

const QUEUE_BITS = kindAndQueue(0, 3);
const MAIN_BITS = kindAndQueue(0, QUEUE_MAIN);

const TEXTS: Readonly<Record<Failure, string>> = {
  'process-unknown': 'there is no such process; it has ended, or there never was one',
  'process-incarnation': 'it belongs to an earlier incarnation of its node',
  'process-mailbox-full': 'its mailbox is full; try later, or give it a larger mailboxSize',
  'name-unknown': 'no process has this name',
  'alias-unknown': 'there is no such alias; it was deleted, or its process has ended',
  'event-unknown': 'there is no such event; nobody has registered it, or its producer has ended',
  'event-owner': 'the event belongs to another process',
  'no-connection':
    'there is no connection to its node; it was lost, or startNode was not given the option network',
  'not-allowed': 'that is not allowed',
  'too-large': 'the message is too large',
  unsupported: 'it or this node does not confirm what is sent; important delivery is off',
  'response-ignored': 'nobody waits for this response any more',
  'node-terminated': 'the node has stopped',
};

/** Whether something is the result of a send that was not accepted. */
export function isRefusal(value: unknown): value is Failure {
  return typeof value === 'string' && Object.hasOwn(TEXTS, value);
}

/** The error that rejects where a send would give `code`: `about` is the target, or a whole text. */
export function failure(code: Failure, about: unknown): TergoError {
  const text = code === 'not-allowed' ? String(about) : toldText(code, about);
  return new TergoError<ErrorCode>(code, text);
}

/** What is wrong with a target, as whoever has it tells by a code. */
export function toldText(code: string, about: unknown): string {
  // A literal prints as nothing that anybody knows.
  const target = isProcessId(about) ? processId(about.name, about.node) : about;
  return `${String(target)}: ${isRefusal(code) ? TEXTS[code] : code}`;
}
