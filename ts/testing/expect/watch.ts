import type { SendResult } from '../../error/send-result.ts';
import type { AnyPid } from '../../process/pid.ts';
import type { RecordBase } from '../record/records.ts';
import { Timeline } from '../record/timeline.ts';
import { ArrangedFault, type FailOptions, type FailureKind, type Fault } from '../tap/fault.ts';
import type { Listener } from '../tap/tap.ts';

/** One listener: what it has heard, what it makes fail, what it has spawned in place of something else. */
export class Watch implements Listener {
  readonly timeline: Timeline = new Timeline();
  readonly #faults: { decide(record: RecordBase): SendResult | Error | undefined }[] = [];
  /** Whether an operation is never made to fail; none is by default. */
  exempts: (record: RecordBase) => boolean = () => false;
  /** See `Listener`. */
  began: NonNullable<Listener['began']> = () => undefined;
  /** See `Listener`; nothing is by default. */
  substituteFor: NonNullable<Listener['substituteFor']> = () => undefined;

  /** The first that was arranged and fails the operation does. */
  faultOf(record: RecordBase): SendResult | Error | undefined {
    if (this.exempts(record)) return undefined;
    for (const fault of this.#faults) {
      const value = fault.decide(record);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Throws `incorrect` for bad options. */
  fail<K extends FailureKind>(kind: K, by: AnyPid | undefined, options: FailOptions<K>): Fault {
    const fault = new ArrangedFault(kind, by, options);
    this.#faults.push(fault);
    return fault;
  }
}
