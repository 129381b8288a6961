import { processId, type ExitReason, type Node, type RelationTargetInfo } from 'tergo';
import { eventName, processName, type Alias, type EventName, type ProcessName } from 'tergo';
import type { Handle, Witness, WitnessProtocol } from '../support/witness.ts';

/** One way in which a process ends. */
export interface End {
  readonly title: string;
  /** Brings it about and gives the reason that others hear. */
  bring(node: Node, target: Handle): ExitReason;
}

export const ends: readonly End[] = [
  {
    title: 'kill',
    bring: (node, { pid }) => {
      node.kill(pid);
      return 'kill';
    },
  },
  {
    title: 'an exit signal with an error',
    bring: (node, { pid }) => {
      const reason = new Error('custom');
      node.sendExit(pid, reason);
      return reason;
    },
  },
  {
    title: 'shutdown',
    bring: (node, { pid }) => {
      node.sendExit(pid, 'shutdown');
      return 'shutdown';
    },
  },
  {
    title: 'a crash',
    bring: (_node, target) => {
      const reason = new Error('crash');
      target.crash(reason);
      return reason;
    },
  },
  {
    title: 'a normal stop',
    bring: (_node, target) => {
      target.stop();
      return 'normal';
    },
  },
];

/** An address of a process to which others can link, and how to. */
export interface Address {
  /** As process information and notices show it. */
  readonly shown: RelationTargetInfo;
  link(self: Witness): Promise<unknown>;
  unlink(self: Witness): Promise<unknown>;
  monitor(self: Witness): Promise<unknown>;
  demonitor(self: Witness): Promise<unknown>;
  /** Gives the address up while its process lives on; a pid cannot be given up. */
  readonly giveUp?: (owner: Witness) => void;
}

export type AddressKind = 'pid' | 'name' | 'process id' | 'alias' | 'event';
export const addressKinds: readonly AddressKind[] = ['pid', 'name', 'process id', 'alias', 'event'];

/** Gives a process an address of this kind. */
export async function addressOf(node: Node, owner: Handle, kind: AddressKind): Promise<Address> {
  switch (kind) {
    case 'pid':
      return plain(owner.pid, { kind: 'pid', pid: owner.pid });
    case 'name':
      return named(node, owner, (name) => name);
    case 'process id':
      return named(node, owner, (name) => processId(name, node.name));
    case 'alias': {
      const alias = await owner.run((self) => self.createAlias());
      const giveUp = (self: Witness): void => self.deleteAlias(alias);
      return { ...plain(alias, { kind: 'alias', alias }), giveUp };
    }
    case 'event':
      return await event(node, owner);
  }
}

let names = 0;

async function named(
  node: Node,
  owner: Handle,
  target: (name: ProcessName<WitnessProtocol>) => Parameters<Witness['link']>[0],
): Promise<Address> {
  const name: ProcessName<WitnessProtocol> = processName(`name-${++names}`);
  await owner.run((self) => self.registerName(name));
  const shown = { kind: 'name', name, node: node.name } as const;
  return { ...plain(target(name), shown), giveUp: (self) => self.unregisterName() };
}

async function event(node: Node, owner: Handle): Promise<Address> {
  const name: EventName<unknown> = eventName(`event-${++names}`);
  await owner.run((self) => self.registerEvent(name));
  return {
    shown: { kind: 'event', name, node: node.name },
    link: (self) => self.linkEvent(name),
    unlink: (self) => self.unlinkEvent(name),
    monitor: (self) => self.monitorEvent(name),
    demonitor: (self) => self.demonitorEvent(name),
    giveUp: (self) => self.unregisterEvent(name),
  };
}

type AnyAddress = Handle['pid'] | Alias<WitnessProtocol> | Parameters<Witness['link']>[0];

function plain(target: AnyAddress, shown: RelationTargetInfo): Address {
  return {
    shown,
    link: (self) => self.link(target),
    unlink: (self) => self.unlink(target),
    monitor: (self) => self.monitor(target),
    demonitor: (self) => self.demonitor(target),
  };
}
