import { NamedProcess } from '../process/process-id.ts';

/** A name on another node, as the target of a message or call: whose it is, is known there only. */
export class RemoteName {
  readonly name: string;
  readonly node: string;
  /** What stands for its pid where that is shown. */
  readonly pid: NamedProcess;
  readonly isAlive = true;
  readonly reason: undefined = undefined;
  readonly extra: undefined = undefined;

  constructor(name: string, node: string) {
    this.name = name;
    this.node = node;
    this.pid = new NamedProcess(name, node);
  }
}
