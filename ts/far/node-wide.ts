import { asPath } from '../codec/unencodable.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { LogRecord } from '../log/log-record.ts';
import type { StopReport } from '../node/stop-report.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import type { ProcessInfo, ProcessListOptions, ProcessShortInfo } from '../process/process-info.ts';
import { failure } from '../node/messaging.ts';
import { Control } from './control.ts';
import type { Far } from './far.ts';
import type { FarPid } from './far-pid.ts';
import type { Patience } from './questions.ts';
import { type SettingStamp, SettingStamps } from './setting-stamps.ts';
import { HOME_THREAD } from './station.ts';
import { tellRecord } from './travelling-record.ts';

/** How long another thread may take to tell of its processes, ms. */
const ANSWER_MS = 5000;
const ALL = { limit: Number.MAX_SAFE_INTEGER };

/** What is one for the whole node, though it has several threads. */
export class NodeWide {
  readonly #runtime: Runtime;
  readonly #far: Far;
  readonly #stamps: SettingStamps;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    this.#stamps = new SettingStamps(far.thread);
    const { questions, controls } = far;
    questions.on('stop-node', (timeoutMs: number) => runtime.shutdown.stop(timeoutMs));
    questions.on('drain', (timeoutMs: number, isForced: boolean) =>
      runtime.shutdown.drain(timeoutMs, isForced),
    );
    questions.on(LOG_LEVEL, (level: LogLevel, stamp: SettingStamp) => {
      if (this.#stamps.takes(LOG_LEVEL, stamp)) runtime.takeLogLevel(level);
    });
    questions.on('env', (key: string, value: unknown, stamp: SettingStamp) => {
      if (this.#stamps.takes(settingOf(key), stamp)) runtime.env.set(key, value);
    });
    questions.on('process-info', (pid: LocalPid) => this.#infoOf(pid));
    questions.on('process-list', () => runtime.inspector.list(ALL));
    controls.on(Control.log, ({ value }) => {
      const [record, only] = value as [LogRecord, string | undefined];
      runtime.hub.write(record, only);
    });
    runtime.hub.isHeldUp = () => far.isWriting;
    if (far.thread !== HOME_THREAD) runtime.hub.relay = (record, only) => this.#relay(record, only);
  }

  /** Stops the node from one of its other threads. */
  stop(timeoutMs: number): Promise<StopReport> {
    return this.#far.questions.ask(HOME_THREAD, 'stop-node', timeoutMs) as Promise<StopReport>;
  }

  /** The level of the node was changed on this thread. */
  setLogLevel(level: LogLevel): void {
    const stamp = this.#stamps.next(LOG_LEVEL);
    this.#tellOthers([LOG_LEVEL, level, stamp], () => this.logLevelWords());
    this.#stamps.takes(LOG_LEVEL, stamp);
  }

  /** A value of the node's environment is to be set on this thread. Throws `unencodable`, also when nobody is up to be told. */
  setEnv(key: string, value: unknown): void {
    if (this.#far.threads > 1)
      asPath(/^message/, 'value', () => this.#far.refuseUnencodable(value));
    const stamp = this.#stamps.next(settingOf(key));
    this.#tellOthers(['env', key, value, stamp], () => this.envWords(key));
    this.#stamps.takes(settingOf(key), stamp);
  }

  /** What a thread is asked so that it has the level of the node. */
  logLevelWords(): Words {
    return [LOG_LEVEL, this.#runtime.logLevel, this.#stamps.of(LOG_LEVEL)];
  }

  /** The same for a value of the environment. */
  envWords(key: string): Words {
    return ['env', key, this.#runtime.env.at(key), this.#stamps.of(settingOf(key))];
  }

  async processInfo(pid: FarPid): Promise<ProcessInfo> {
    const asking = { station: pid.thread, process: pid };
    const patience = patienceWith(pid.thread);
    const { questions } = this.#far;
    return (await questions.askWithin(patience, asking, 'process-info', pid)) as ProcessInfo;
  }

  /** Those of all threads that are up. Throws `incorrect`; rejects when one of them ends meanwhile, or does not answer in time. */
  async processes(options: ProcessListOptions): Promise<readonly ProcessShortInfo[]> {
    const { inspector } = this.#runtime;
    const { others, questions } = this.#far;
    const threads = others.filter((thread) => this.#far.isUp(thread));
    const asked = threads.map((thread) =>
      questions.askWithin(patienceWith(thread), { station: thread }, 'process-list'),
    );
    const lists = (await Promise.all(asked)) as ProcessShortInfo[][];
    return inspector.page([...inspector.list(ALL), ...lists.flat()], options);
  }

  /** What cannot travel of a record goes as text. */
  #relay(record: LogRecord, only: string | undefined): void {
    const isEncodable = (value: unknown): boolean => this.#far.isEncodable(value);
    tellRecord(record, isEncodable, (travelling) => {
      this.#far.controls.send(HOME_THREAD, Control.log, 0, [travelling, only]);
    });
  }

  #tellOthers(words: Words, latest: () => Words): void {
    for (const thread of this.#far.others) this.#tell(thread, words, latest);
  }

  /** One that is not up, or ends meanwhile, may begin with what stood before: it is told what stands when it is back. */
  #tell(thread: number, words: Words, latest: () => Words): void {
    const { absences, questions } = this.#far;
    const isBack = absences.whenUp(thread);
    const told =
      isBack === undefined
        ? questions.ask(thread, ...words)
        : isBack.then(() => questions.ask(thread, ...latest()));
    told.catch(() => {
      const isComing = !absences.isUp(thread) && absences.lossOf(thread) === undefined;
      if (isComing) this.#tell(thread, latest(), latest);
    });
  }

  #infoOf(pid: LocalPid): ProcessInfo {
    const record = this.#runtime.recordOf(pid);
    if (record === undefined) throw failure('process-unknown', pid);
    return this.#runtime.inspector.info(record);
  }
}

/** A question and what it is about. */
export type Words = readonly [question: string, ...args: readonly unknown[]];

const LOG_LEVEL = 'log-level';

/** As the stamps know a value of the environment. */
function settingOf(key: string): string {
  return `env ${key.toUpperCase()}`;
}

function patienceWith(thread: number): Patience {
  const text = `thread ${thread} did not answer within ${ANSWER_MS} ms: it hangs, or has too much to do; the node's log tells of threads that hang`;
  return { ms: ANSWER_MS, text };
}
