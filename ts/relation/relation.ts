import type { LocalAlias } from '../process/alias.ts';
import type { LocalPid } from '../process/pid.ts';
import type { RelationTargetInfo } from '../process/process-info.ts';

/** A link brings an exit, a monitor a down message. */
export type RelationKind = 'link' | 'monitor';

/** What a link or monitor is on. */
export type RelationTarget =
  | { readonly pid: LocalPid }
  | { readonly name: string; readonly node: string }
  | { readonly alias: LocalAlias }
  | { readonly event: string; readonly node: string }
  | { readonly node: string };

/** Who waits for the core's verdict. */
export interface Settlement {
  resolve(): void;
  reject(error: Error): void;
}

/** The slab entry behind a relation's token. */
export class Relation {
  readonly kind: RelationKind;
  readonly target: RelationTarget;
  /** Whoever asked; `undefined` once told. */
  settlement: Settlement | undefined;
  /** Whether this only asks to take a relation back. */
  readonly isAsk: boolean;

  constructor(
    kind: RelationKind,
    target: RelationTarget,
    settlement: Settlement | undefined,
    isAsk: boolean,
  ) {
    this.kind = kind;
    this.target = target;
    this.settlement = settlement;
    this.isAsk = isAsk;
  }
}

/** What a link or monitor is on, as users are told. */
export function describeTarget(target: RelationTarget): RelationTargetInfo {
  if ('pid' in target) return { kind: 'pid', pid: target.pid };
  if ('name' in target) return { kind: 'name', name: target.name, node: target.node };
  if ('alias' in target) return { kind: 'alias', alias: target.alias };
  if ('event' in target) return { kind: 'event', name: target.event, node: target.node };
  return { kind: 'node', node: target.node };
}

/** The same in a sentence. */
export function targetText(target: RelationTarget): string {
  if ('pid' in target) return String(target.pid);
  if ('alias' in target) return String(target.alias);
  if ('name' in target) return `the name '${target.name}' of ${target.node}`;
  if ('event' in target) return `the event '${target.event}' of ${target.node}`;
  return target.node;
}
