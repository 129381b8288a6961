import { inspect } from 'node:util';
import { checkAnyNode, isNodeName } from '../node/node-name.ts';
import type { Accepts } from '../protocol/protocol.ts';
import type { ProcessName } from './process-name.ts';
import { checkName, isName } from '../error/check.ts';

/** A registered name on a given node. Source: Ergo `gen.ProcessID`, OTP `{name, node}`. */
export interface ProcessId<P = unknown> extends Accepts<P> {
  /** The registered name. */
  readonly name: string;
  /** The node on which it is registered. */
  readonly node: string;
}

/**
 * Addresses a name on a node. Throws `incorrect` for a bad name or node name.
 *
 * @example
 * node.send(processId(counterName, 'b@localhost'), { type: 'add', by: 1 });
 */
export function processId<P>(name: ProcessName<P>, node: string): ProcessId<P> {
  checkName('name', name);
  checkAnyNode('node', node);
  return new NamedProcess(name, node);
}

/** Whether `to` is a process id: what `processId` gave, or a literal of the same shape. @internal */
export function isProcessId(to: unknown): to is ProcessId<unknown> {
  if (to instanceof NamedProcess) return true;
  if (typeof to !== 'object' || to === null || 'id' in to || 'alias' in to) return false;
  return 'name' in to && isName(to.name) && 'node' in to && isNodeName(to.node);
}

/** @internal */
export class NamedProcess implements ProcessId<unknown> {
  readonly name: string;
  readonly node: string;
  /** No process's: shows at the first look that this is no pid. */
  readonly slot = 0;

  constructor(name: string, node: string) {
    this.name = name;
    this.node = node;
  }

  toString(): string {
    return `<'${this.name}'@'${this.node}'>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
