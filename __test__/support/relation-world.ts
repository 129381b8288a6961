import { isDeepStrictEqual } from 'node:util';
import { TergoError, type ErrorCode, type Node, type NodeInfo } from 'tergo';
import {
  eventsIn,
  Member,
  type AddressKind,
  type Due,
  type ModelRelation,
  type RelationKind,
} from './relation-member.ts';
import { waitFor } from './wait-for.ts';
import { reasonOf, spawnWitness, type Notice } from './witness.ts';

/**
 * Processes of a node and, beside them, the simple model of their relations: every action is done to both.
 * Between two `settle` all actions stand at one point of time: no process has taken anything meanwhile.
 */
export class RelationWorld {
  readonly node: Node;
  /** The living, and those that died since the last `settle`. */
  members: Member[] = [];
  /** Notices and event messages that came as they had to. */
  noticed = 0;
  /** What the model counts beside the node. */
  readonly counts = { spawned: 0, terminated: 0, published: 0, delivered: 0, sent: 0, taken: 0 };
  readonly #before: NodeInfo;
  readonly #doomed: Member[] = [];
  readonly #pending: Promise<void>[] = [];
  #signals: { readonly to: Member; readonly reason: Error }[] = [];

  constructor(node: Node) {
    this.node = node;
    this.#before = node.info();
  }

  async spawn(trapExit: boolean): Promise<Member> {
    const name = `member-${++this.counts.spawned}`;
    const handle = await spawnWitness(this.node, { trapExit, name });
    const member = new Member(handle, await handle.run((self) => self), trapExit);
    this.members.push(member);
    return member;
  }

  relate(consumer: Member, kind: RelationKind, target: Member, address: AddressKind): void {
    const refusal = this.#refusal(consumer, kind, target, address);
    this.expect(consumer.relate(kind, target, address), refusal);
    if (refusal !== undefined) return;
    const relation = { consumer, kind, target, address };
    consumer.own.add(relation);
    target.onto.add(relation);
  }

  unrelate(consumer: Member, kind: RelationKind, target: Member, address: AddressKind): void {
    const relation = consumer.find(kind, target, address);
    const missing = relation === undefined ? 'target-unknown' : undefined;
    const undone = consumer.unrelate(kind, target, address);
    this.expect(undone, this.#isMute(consumer, target, address) ? 'not-allowed' : missing);
    if (relation !== undefined) forget(relation);
  }

  kill(member: Member): void {
    if (!member.isAlive) return;
    this.node.kill(member.handle.pid);
    member.isKilled = true;
    this.#end(member);
  }

  /** An exit signal from one process to another. */
  exit(from: Member, to: Member): void {
    const reason = new Error('exit signal');
    const result = from.self.sendExit(to.handle.pid, reason);
    const refused = !from.isAlive || from === to ? 'not-allowed' : 'process-unknown';
    same('sendExit', result, from.isAlive && to.isAlive && from !== to ? 'ok' : refused);
    if (result !== 'ok') return;
    this.counts.sent += 1;
    this.#signals.push({ to, reason });
    const isReason: Due['isReason'] = (actual) => actual === reason;
    if (to.trapExit) to.due.push({ on: 'exit', address: 'pid', about: from, isReason });
    else this.doom(to);
  }

  /** A message on which the process throws. */
  crash(member: Member): void {
    this.send(member, () => {
      throw new Error('crash');
    });
    this.doom(member);
  }

  /** A message that is counted. */
  send(to: Member, action: () => void = () => undefined): void {
    const result = this.node.send(to.handle.pid, () => {
      this.counts.taken += 1;
      action();
    });
    same('send', result, to.isAlive ? 'ok' : 'process-unknown');
    if (result === 'ok') this.counts.sent += 1;
  }

  publish(producer: Member): void {
    const message = this.counts.published;
    const result = this.node.sendEvent(producer.publisher, message);
    same('sendEvent', result, producer.isReachable('event') ? 'ok' : 'event-unknown');
    if (result !== 'ok') return;
    this.counts.published += 1;
    for (const { address, consumer } of producer.onto) {
      if (address !== 'event') continue;
      consumer.dueEvents.push(message);
      this.counts.delivered += 1;
    }
  }

  giveUp(member: Member, address: AddressKind): void {
    if (address === 'pid' || !member.isReachable(address)) return;
    member.giveUp(address);
    member.has.delete(address);
    this.#fire(member, address, (reason) => TergoError.is(reason, 'unregistered'));
  }

  /** From what was done to it, this process will end before all is settled. */
  doom(member: Member): void {
    if (member.isAlive) this.#doomed.push(member);
  }

  /** A promise that `settle` waits for, and with which code it must reject, if at all. */
  expect(actual: Promise<unknown>, code: ErrorCode | undefined): void {
    const checked = actual.then(
      () => same('the outcome', 'success', code ?? 'success'),
      (error: unknown) => {
        if (!(error instanceof TergoError) || error.code !== code)
          throw new Error(`something failed, but not with ${code}`, { cause: error });
      },
    );
    // Looked at by `settle`; until then nobody else must complain of it.
    checked.catch(() => undefined);
    this.#pending.push(checked);
  }

  /** Lets everything happen that has to, and compares. Throws what differs. */
  async settle(): Promise<void> {
    for (let member = this.#doomed.pop(); member !== undefined; member = this.#doomed.pop()) {
      if (member.isAlive) this.#end(member);
    }
    await Promise.all(this.#pending.splice(0));
    const dead = this.members.filter(({ isAlive }) => !isAlive);
    this.members = this.members.filter(({ isAlive }) => isAlive);
    for (const { handle } of dead) {
      const hasEnded = (): boolean => this.node.processState(handle.pid) === 'terminated';
      if (!hasEnded()) await waitFor(`the end of ${handle.pid}`, hasEnded);
    }
    const heard = await Promise.all(this.members.map(({ handle }) => handle.heard()));
    for (const signal of this.#signals.splice(0)) {
      if (signal.to.handle.seen.some((notice) => reasonOf(notice) === signal.reason))
        this.counts.taken += 1;
    }
    for (const member of dead) this.#checkDead(member);
    for (const [at, member] of this.members.entries()) this.#checkLiving(member, heard[at]!);
    await this.#checkNode();
  }

  #refusal(
    consumer: Member,
    kind: RelationKind,
    target: Member,
    address: AddressKind,
  ): ErrorCode | undefined {
    if (this.#isMute(consumer, target, address)) return 'not-allowed';
    if (!target.isReachable(address)) {
      if (address === 'event') return 'event-unknown';
      return address === 'alias' ? 'alias-unknown' : 'process-unknown';
    }
    if (kind === 'link' && consumer === target && address !== 'event') return 'not-allowed';
    return consumer.find(kind, target, address) === undefined ? undefined : 'target-exist';
  }

  /** Whether a process may do nothing any more; that an event is unknown is found out before. */
  #isMute(consumer: Member, target: Member, address: AddressKind): boolean {
    return !consumer.isAlive && (address !== 'event' || target.isReachable('event'));
  }

  #end(member: Member): void {
    member.isAlive = false;
    this.counts.terminated += 1;
    for (const relation of [...member.own]) {
      // A target that ends in the same cascade may have done so before; then its notice may have come.
      if (!member.isKilled) member.due.push(dueOf(relation, relation.target.isEnd));
      forget(relation);
    }
    for (const address of member.has) this.#fire(member, address, member.isEnd);
  }

  #fire(target: Member, address: AddressKind, isReason: Due['isReason']): void {
    for (const relation of [...target.onto]) {
      if (relation.address !== address) continue;
      forget(relation);
      const { consumer, kind } = relation;
      consumer.due.push(dueOf(relation, isReason));
      if (kind === 'link' && !consumer.trapExit) this.doom(consumer);
    }
  }

  /** Told once of its end at last; before that at most what was due. */
  #checkDead({ handle, isKilled, due, dueEvents }: Member): void {
    const { seen, pid } = handle;
    const last = seen.at(-1);
    if (last?.on !== 'terminate') throw new Error(`${pid} ended without terminate`);
    if (isKilled) same('the reason', last.reason, 'kill');
    const before = seen.slice(0, -1);
    this.#takeFrom(due.slice(), before);
    const events = eventsIn(before);
    same('the events', events, dueEvents.slice(0, events.length));
  }

  #checkLiving(member: Member, heard: readonly Notice[]): void {
    const { pid, seen } = member.handle;
    const left = this.#takeFrom(member.due, heard);
    if (left.length > 0) {
      const missing = left.map(({ on, about }) => `${on} of ${about.handle.pid}`);
      throw new Error(`${pid} did not hear ${missing.join(', ')}`);
    }
    same(`the events of ${pid}`, eventsIn(heard), member.dueEvents);
    seen.length = 0;
    member.due = [];
    member.dueEvents = [];
  }

  /** Takes each notice from what is due and gives the rest; throws for one that is not due. */
  #takeFrom(due: Due[], notices: readonly Notice[]): Due[] {
    for (const notice of notices) {
      this.noticed += 1;
      if (notice.on === 'event') continue;
      const at = due.findIndex((one) => isNoticeOf(notice, one));
      if (at < 0)
        throw new Error(`heard too much: ${'ended' in notice ? notice.ended.kind : notice.on}`);
      due.splice(at, 1);
    }
    return due;
  }

  async #checkNode(): Promise<void> {
    const model = this.#model();
    const isAsModel = (): boolean => isDeepStrictEqual(this.#actual(), model);
    // What nobody took comes back some turns later.
    if (!isAsModel()) await waitFor('the counters', isAsModel, 1000).catch(() => undefined);
    same('the counters', this.#actual(), model);
  }

  #model(): Record<string, number> {
    const { members, counts } = this;
    const relations = members.flatMap(({ own }) => [...own]);
    const having = (address: AddressKind): number =>
      members.filter(({ has }) => has.has(address)).length;
    return {
      processes: members.length,
      spawned: counts.spawned,
      terminated: counts.terminated,
      names: having('name'),
      aliases: having('alias'),
      events: having('event'),
      links: relations.filter(({ kind }) => kind === 'link').length,
      monitors: relations.filter(({ kind }) => kind === 'monitor').length,
      published: counts.published,
      delivered: counts.delivered,
      dropped: counts.sent - counts.taken,
    };
  }

  #actual(): Record<string, number> {
    const now = this.node.info();
    const since = (key: CounterKey): number => now[key] - this.#before[key];
    return {
      processes: since('processes'),
      spawned: since('spawned'),
      terminated: since('terminated'),
      names: since('registeredNames'),
      aliases: since('registeredAliases'),
      events: since('registeredEvents'),
      links: since('links'),
      monitors: since('monitors'),
      published: since('eventsPublished'),
      delivered: since('eventsDelivered'),
      dropped: since('messagesDropped'),
    };
  }
}

type CounterKey = {
  [Key in keyof NodeInfo]: NodeInfo[Key] extends number ? Key : never;
}[keyof NodeInfo];

function forget(relation: ModelRelation): void {
  relation.consumer.own.delete(relation);
  relation.target.onto.delete(relation);
}

function dueOf({ kind, target, address }: ModelRelation, isReason: Due['isReason']): Due {
  return { on: kind === 'link' ? 'exit' : 'down', address, about: target, isReason };
}

function isNoticeOf(notice: Notice, { on, address, about, isReason }: Due): boolean {
  if (notice.on !== on || !('ended' in notice)) return false;
  return about.isIn(notice.ended, address) && isReason(notice.ended.reason);
}

function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
