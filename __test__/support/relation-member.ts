import {
  eventName,
  processName,
  type Alias,
  type EventName,
  type ExitReason,
  type ProcessName,
  type Publisher,
  type RelationTargetInfo,
} from 'tergo';
import {
  reasonOf,
  type Handle,
  type Notice,
  type Witness,
  type WitnessProtocol,
} from './witness.ts';

export type RelationKind = 'link' | 'monitor';
export const addresses = ['pid', 'name', 'alias', 'event'] as const;
export type AddressKind = (typeof addresses)[number];

/** A link or monitor as the model believes it to stand. */
export interface ModelRelation {
  readonly consumer: Member;
  readonly kind: RelationKind;
  readonly target: Member;
  readonly address: AddressKind;
}

/** A notice that has to come, if its receiver lives that long. */
export interface Due {
  readonly on: 'exit' | 'down';
  readonly address: AddressKind;
  readonly about: Member;
  isReason(reason: ExitReason | undefined): boolean;
}

/** A process that has one address of each kind, together with what the model believes of it. */
export class Member {
  readonly handle: Handle;
  readonly self: Witness;
  readonly trapExit: boolean;
  readonly name: ProcessName<WitnessProtocol>;
  readonly alias: Alias<WitnessProtocol>;
  readonly event: EventName<number>;
  readonly publisher: Publisher<number>;
  isAlive = true;
  /** Killed from outside: the reason must be `kill`. */
  isKilled = false;
  /** The addresses that it has not given up. */
  readonly has: Set<AddressKind> = new Set(addresses);
  due: Due[] = [];
  /** What was published to it, in this order. */
  dueEvents: number[] = [];
  readonly own: Set<ModelRelation> = new Set();
  readonly onto: Set<ModelRelation> = new Set();

  constructor(handle: Handle, self: Witness, trapExit: boolean) {
    this.handle = handle;
    this.self = self;
    this.trapExit = trapExit;
    this.name = processName(self.name!);
    this.event = eventName(self.name!);
    this.alias = self.createAlias();
    this.publisher = self.registerEvent(this.event);
  }

  isReachable(address: AddressKind): boolean {
    return this.isAlive && this.has.has(address);
  }

  find(kind: RelationKind, target: Member, address: AddressKind): ModelRelation | undefined {
    for (const relation of this.own) {
      const isThis = relation.kind === kind && relation.target === target;
      if (isThis && relation.address === address) return relation;
    }
    return undefined;
  }

  relate(kind: RelationKind, target: Member, address: AddressKind): Promise<unknown> {
    const { self } = this;
    if (address === 'event')
      return kind === 'link' ? self.linkEvent(target.event) : self.monitorEvent(target.event);
    const to = target.#addressed(address);
    return kind === 'link' ? self.link(to) : self.monitor(to);
  }

  unrelate(kind: RelationKind, target: Member, address: AddressKind): Promise<unknown> {
    const { self } = this;
    if (address === 'event')
      return kind === 'link' ? self.unlinkEvent(target.event) : self.demonitorEvent(target.event);
    const to = target.#addressed(address);
    return kind === 'link' ? self.unlink(to) : self.demonitor(to);
  }

  giveUp(address: AddressKind): void {
    if (address === 'name') this.self.unregisterName();
    if (address === 'alias') this.self.deleteAlias(this.alias);
    if (address === 'event') this.self.unregisterEvent(this.event);
  }

  /** Whether something is the reason for which it has ended. */
  readonly isEnd: Due['isReason'] = (reason) =>
    !this.isAlive && reason === reasonOf(this.handle.seen.at(-1));

  /** Whether a notice is about this process at that address. */
  isIn(ended: RelationTargetInfo, address: AddressKind): boolean {
    if (ended.kind !== address) return false;
    if (ended.kind === 'pid') return ended.pid === this.handle.pid;
    if (ended.kind === 'alias') return ended.alias === this.alias;
    return ended.name === this.name;
  }

  #addressed(address: Exclude<AddressKind, 'event'>): Parameters<Witness['link']>[0] {
    return { pid: this.handle.pid, name: this.name, alias: this.alias }[address];
  }
}

/** The numbers of the event messages in what was heard. */
export function eventsIn(notices: readonly Notice[]): number[] {
  return notices.flatMap((notice) => (notice.on === 'event' ? [notice.message as number] : []));
}
