import type { ExitReason } from '../error/exit-reason.ts';
import type { AnyPid } from '../process/pid.ts';
import type { Exit } from '../relation/ended.ts';
import type { Child } from './child.ts';
import type { ChildStart } from './child-spec.ts';

/**
 * What a supervisor sends to itself. Only instances count, and only this module makes them, so that no
 * message from elsewhere passes for one.
 */
export abstract class Note {
  // Makes the class nominal.
  readonly #isNote = true;

  static is(value: object): value is Note {
    return #isNote in value;
  }
}

/** For `handleChildStart`. */
export class ChildStarted extends Note {
  readonly name: string;
  readonly pid: AnyPid;

  constructor(name: string, pid: AnyPid) {
    super();
    this.name = name;
    this.pid = pid;
  }
}

/** For `handleChildTerminate`. */
export class ChildTerminated extends Note {
  readonly name: string;
  readonly pid: AnyPid;
  readonly reason: ExitReason;

  constructor(name: string, pid: AnyPid, reason: ExitReason) {
    super();
    this.name = name;
    this.pid = pid;
    this.reason = reason;
  }
}

/** The `terminate` of a child whose exit was taken before is over, or is waited for no longer. */
export class ChildGone extends Note {
  readonly child: Child<ChildStart>;
  readonly exit: Exit;

  constructor(child: Child<ChildStart>, exit: Exit) {
    super();
    this.child = child;
    this.exit = exit;
  }
}
