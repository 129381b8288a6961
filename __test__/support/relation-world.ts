import {
  TergoError,
  processName,
  type ExitReason,
  type Node,
  type ProcessName,
  type RelationTargetInfo,
} from 'tergo';
import { waitFor } from './wait-for.ts';
import {
  reasonOf,
  spawnWitness,
  type Handle,
  type Notice,
  type Witness,
  type WitnessProtocol,
} from './witness.ts';

export type RelationKind = 'link' | 'monitor';
export type AddressKind = 'pid' | 'name';

interface ModelRelation {
  readonly consumer: Member;
  readonly kind: RelationKind;
  readonly target: Member;
  readonly address: AddressKind;
}

/** A notice that has to come, if its receiver lives that long. */
interface Due {
  readonly on: 'exit' | 'down';
  readonly address: AddressKind;
  readonly about: Member;
  isReason(reason: ExitReason | undefined): boolean;
}

/** A process together with what the model believes of it. */
export class Member {
  readonly handle: Handle;
  readonly self: Witness;
  readonly trapExit: boolean;
  readonly name: ProcessName<WitnessProtocol>;
  isAlive = true;
  /** Killed from outside: the reason must be `kill`. */
  isKilled = false;
  hasName = true;
  due: Due[] = [];
  readonly own: Set<ModelRelation> = new Set();
  readonly onto: Set<ModelRelation> = new Set();

  constructor(handle: Handle, self: Witness, trapExit: boolean) {
    this.handle = handle;
    this.self = self;
    this.trapExit = trapExit;
    this.name = processName(self.name!);
  }

  addressed(address: AddressKind): Handle['pid'] | ProcessName<WitnessProtocol> {
    return address === 'pid' ? this.handle.pid : this.name;
  }

  isReachable(address: AddressKind): boolean {
    return this.isAlive && (address === 'pid' || this.hasName);
  }

  find(kind: RelationKind, target: Member, address: AddressKind): ModelRelation | undefined {
    for (const relation of this.own) {
      const isThis = relation.kind === kind && relation.target === target;
      if (isThis && relation.address === address) return relation;
    }
    return undefined;
  }
}

/**
 * Processes of a node and, beside them, the simple model of their relations: every action is done to both.
 * Between two `settle` all actions stand at one point of time: no process has taken anything meanwhile.
 */
export class RelationWorld {
  readonly node: Node;
  /** The living, and those that died since the last `settle`. */
  members: Member[] = [];
  spawned = 0;
  ended = 0;
  /** Notices that came as they had to. */
  noticed = 0;
  readonly #doomed: Member[] = [];
  readonly #pending: Promise<void>[] = [];

  constructor(node: Node) {
    this.node = node;
  }

  async spawn(trapExit: boolean): Promise<Member> {
    const name: ProcessName<WitnessProtocol> = processName(`member-${++this.spawned}`);
    const handle = await spawnWitness(this.node, { trapExit, name });
    const member = new Member(handle, await handle.run((self) => self), trapExit);
    this.members.push(member);
    return member;
  }

  relate(consumer: Member, kind: RelationKind, target: Member, address: AddressKind): void {
    const to = target.addressed(address);
    const made = kind === 'link' ? consumer.self.link(to) : consumer.self.monitor(to);
    const relation = { consumer, kind, target, address };
    if (!consumer.isAlive) return this.#expect(made, 'not-allowed', kind);
    if (!target.isReachable(address)) return this.#expect(made, 'process-unknown', kind);
    if (kind === 'link' && consumer === target) return this.#expect(made, 'not-allowed', kind);
    if (consumer.find(kind, target, address) !== undefined)
      return this.#expect(made, 'target-exist', kind);
    consumer.own.add(relation);
    target.onto.add(relation);
    this.#expect(made, undefined, kind);
  }

  unrelate(consumer: Member, kind: RelationKind, target: Member, address: AddressKind): void {
    const to = target.addressed(address);
    const undone = kind === 'link' ? consumer.self.unlink(to) : consumer.self.demonitor(to);
    if (!consumer.isAlive) return this.#expect(undone, 'not-allowed', `un${kind}`);
    const relation = consumer.find(kind, target, address);
    if (relation === undefined) return this.#expect(undone, 'target-unknown', `un${kind}`);
    forget(relation);
    this.#expect(undone, undefined, `un${kind}`);
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
    const expected = from.isAlive && to.isAlive && from !== to ? 'ok' : refused;
    if (result !== expected) throw new Error(`sendExit gave ${result}, not ${expected}`);
    if (result !== 'ok') return;
    const isReason = (actual: ExitReason | undefined): boolean => actual === reason;
    if (to.trapExit) to.due.push({ on: 'exit', address: 'pid', about: from, isReason });
    else this.#doomed.push(to);
  }

  /** A message on which the process throws. */
  crash(member: Member): void {
    const result = this.node.send(member.handle.pid, () => {
      throw new Error('crash');
    });
    if (result !== (member.isAlive ? 'ok' : 'process-unknown'))
      throw new Error(`a message to a ${member.isAlive ? 'living' : 'dead'} process: ${result}`);
    if (member.isAlive) this.#doomed.push(member);
  }

  giveUpName(member: Member): void {
    if (!member.isReachable('name')) return;
    this.node.unregisterName(member.name);
    member.hasName = false;
    this.#fire(member, 'name', (reason) => TergoError.is(reason, 'unregistered'));
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
    for (const member of dead) this.#checkDead(member);
    for (const [at, member] of this.members.entries()) this.#checkLiving(member, heard[at]!);
    this.#checkNode();
  }

  /** Links and monitors that stand, by the model. */
  count(kind: RelationKind): number {
    return this.members.flatMap(({ own }) => [...own]).filter((one) => one.kind === kind).length;
  }

  #end(member: Member): void {
    member.isAlive = false;
    this.ended += 1;
    for (const relation of [...member.own]) {
      // A target that ends in the same cascade may have done so before; then its notice may have come.
      if (!member.isKilled) member.due.push(dueOf(relation, endOf(relation.target)));
      forget(relation);
    }
    this.#fire(member, 'pid', endOf(member));
    this.#fire(member, 'name', endOf(member));
  }

  #fire(target: Member, address: AddressKind, isReason: Due['isReason']): void {
    for (const relation of [...target.onto]) {
      if (relation.address !== address) continue;
      forget(relation);
      const { consumer, kind } = relation;
      consumer.due.push(dueOf(relation, isReason));
      if (kind === 'link' && !consumer.trapExit) this.#doomed.push(consumer);
    }
  }

  #expect(actual: Promise<void>, code: string | undefined, action: string): void {
    const checked = actual.then(
      () => {
        if (code !== undefined) throw new Error(`${action} succeeded instead of ${code}`);
      },
      (error: unknown) => {
        if (!(error instanceof TergoError) || error.code !== code)
          throw new Error(`${action} failed, not as expected (${code})`, { cause: error });
      },
    );
    // Looked at by `settle`; until then nobody else must complain of it.
    checked.catch(() => undefined);
    this.#pending.push(checked);
  }

  /** Told once of its end at last; before that at most what was due. */
  #checkDead(member: Member): void {
    const { seen, pid } = member.handle;
    const last = seen.at(-1);
    if (last?.on !== 'terminate') throw new Error(`${pid} ended without terminate`);
    if (member.isKilled && last.reason !== 'kill') throw new Error(`${pid} was killed`);
    this.#take(member, seen.slice(0, -1));
    if (last.exit !== undefined && last.exit.kind !== 'pid' && last.exit.kind !== 'name')
      throw new Error(`${pid} ended by ${last.exit.kind}`);
  }

  #checkLiving(member: Member, heard: readonly Notice[]): void {
    const left = this.#take(member, heard);
    if (left.length > 0) {
      const missing = left.map(({ on, about }) => `${on} of ${about.handle.pid}`);
      throw new Error(`${member.handle.pid} did not hear ${missing.join(', ')}`);
    }
    member.handle.seen.length = 0;
    member.due = [];
  }

  /** Takes each notice from what is due; throws for one that is not. */
  #take(member: Member, notices: readonly Notice[]): Due[] {
    const left = member.due.slice();
    for (const notice of notices) {
      const at = left.findIndex((due) => isNoticeOf(notice, due));
      if (at < 0) throw new Error(`${member.handle.pid} heard too much: ${describe(notice)}`);
      left.splice(at, 1);
      this.noticed += 1;
    }
    return left;
  }

  #checkNode(): void {
    const { links, monitors, processes, registeredNames } = this.node.info();
    const actual = { links, monitors, processes, registeredNames };
    const model = {
      links: this.count('link'),
      monitors: this.count('monitor'),
      processes: this.members.length,
      registeredNames: this.members.filter(({ hasName }) => hasName).length,
    };
    if (JSON.stringify(actual) !== JSON.stringify(model))
      throw new Error(`the node counts ${JSON.stringify(actual)}, not ${JSON.stringify(model)}`);
  }
}

function dueOf({ kind, target, address }: ModelRelation, isReason: Due['isReason']): Due {
  return { on: kind === 'link' ? 'exit' : 'down', address, about: target, isReason };
}

/** Whether something is the reason for which a member has ended. */
function endOf(member: Member): Due['isReason'] {
  return (reason) => !member.isAlive && reason === reasonOf(member.handle.seen.at(-1));
}

function forget(relation: ModelRelation): void {
  relation.consumer.own.delete(relation);
  relation.target.onto.delete(relation);
}

function isNoticeOf(notice: Notice, due: Due): boolean {
  if (notice.on !== due.on || !('ended' in notice)) return false;
  return isTarget(notice.ended, due) && due.isReason(notice.ended.reason);
}

function isTarget(ended: RelationTargetInfo, { address, about }: Due): boolean {
  if (ended.kind === 'pid') return address === 'pid' && ended.pid === about.handle.pid;
  return ended.kind === 'name' && address === 'name' && ended.name === about.name;
}

function describe(notice: Notice): string {
  return 'ended' in notice ? `${notice.on} of a ${notice.ended.kind}` : notice.on;
}
