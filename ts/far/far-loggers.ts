import type { LogRecord } from '../log/log-record.ts';
import type { LoggerOptions } from '../log/logger.ts';
import { FRAME_MESSAGE, KIND_LOG, QUEUE_LOG } from '../native/layout.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { LocalPid } from '../process/pid.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import { FarLane, type FarReader } from './far-lane.ts';
import { targetOf } from './far-messages.ts';
import type { FarPid } from './far-pid.ts';
import { NO_VALUE } from './frame-reader.ts';
import { HOME_THREAD } from './station.ts';
import { tellRecord } from './travelling-record.ts';

/** A process of another thread and what it is as a logger. */
interface Reader extends FarReader {
  lane: FarLane | undefined;
}

/** Processes that serve as loggers on another thread than that of the loggers: both sides of it. */
export class FarLoggers {
  readonly #runtime: Runtime;
  readonly #far: Far;
  /** Until the process ends. */
  readonly #byPid = new Map<FarPid, Reader>();

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.controls.on(Control.serve, ({ value }) => {
      const [pid, name] = value as [LocalPid, string | undefined];
      this.#serve(pid, name);
    });
    far.controls.on(Control.logTaken, ({ value }) => {
      const reader = this.#byPid.get(value as FarPid);
      if (reader === undefined) return;
      reader.queued -= 1;
      reader.lane?.taken();
    });
  }

  /** Makes a process of another thread a logger of this one, where the loggers are. Throws `taken`, `not-allowed`, `incorrect`. */
  add(name: string, pid: FarPid, options: LoggerOptions): void {
    const { hub } = this.#runtime;
    this.#far.refuseNested();
    const reader = this.#readerOf(pid);
    if (reader.lane !== undefined)
      throw failure('not-allowed', `${pid} is the logger '${reader.lane.name}' already`);
    hub.checkFree(name);
    reader.lane = new FarLane(name, reader, options, hub);
    hub.addLane(reader.lane);
    this.#far.controls.send(pid.thread, Control.serve, 0, [pid, name]);
  }

  /** A record that a process of this thread takes; `undefined` for one that cannot be read. Its place is free then, too. */
  take({ pid }: ProcessRecord, frame: number): LogRecord | undefined {
    const value = this.#far.reader.value(frame);
    this.#far.controls.send(HOME_THREAD, Control.logTaken, 0, pid);
    return value === NO_VALUE ? undefined : (value as LogRecord);
  }

  #readerOf(pid: FarPid): Reader {
    const known = this.#byPid.get(pid);
    if (known !== undefined) return known;
    const reader: Reader = {
      pid,
      queued: 0,
      lane: undefined,
      send: (record) => this.#send(reader, record),
      leave: () => this.#leave(reader),
    };
    this.#byPid.set(pid, reader);
    void this.#far.proxies.endOf(pid).then(() => this.#ended(reader));
    return reader;
  }

  #send(reader: Reader, record: LogRecord): boolean {
    const { pid } = reader;
    const { presence, writer } = this.#far;
    const { isBounded } = pid.presence;
    if (isBounded && !presence.accept(pid, QUEUE_LOG)) {
      this.#runtime.counters.mailboxFull += 1;
      return false;
    }
    const isEncodable = (value: unknown): boolean => this.#far.isEncodable(value);
    const target = { ...targetOf(pid), station: pid.thread, kind: KIND_LOG, queue: QUEUE_LOG };
    let isWritten = false;
    try {
      const { core } = this.#runtime;
      isWritten = tellRecord(record, isEncodable, (travelling) =>
        writer.write({ ...target, op: FRAME_MESSAGE }, core.pid, travelling),
      );
    } finally {
      if (isWritten) reader.queued += 1;
      else if (isBounded) presence.retract(pid.presence, QUEUE_LOG);
    }
    return isWritten;
  }

  #leave(reader: Reader): void {
    const { pid } = reader;
    reader.lane = undefined;
    if (pid.isAlive) this.#far.controls.send(pid.thread, Control.serve, 0, [pid, undefined]);
  }

  #ended(reader: Reader): void {
    const { lane, pid } = reader;
    this.#byPid.delete(pid);
    if (lane !== undefined) this.#runtime.hub.remove(lane.name);
  }

  #serve(pid: LocalPid, name: string | undefined): void {
    const record = this.#runtime.recordOf(pid);
    if (record === undefined) return;
    // What it takes is told to the thread of the loggers by `take`.
    record.more.logger = name === undefined ? undefined : { name, taken: () => undefined };
  }
}
