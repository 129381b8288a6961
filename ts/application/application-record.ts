import { Environment } from '../env/environment.ts';
import type { EnvEntry } from '../env/env-key.ts';
import type { ExitReason } from '../error/exit-reason.ts';
import type { LogLevel } from '../log/log-level.ts';
import type { LogSource } from '../log/log-record.ts';
import type { Log } from '../log/log.ts';
import { SourceLog } from '../log/source-log.ts';
import type { Node } from '../node/node.ts';
import type { Runtime } from '../node/runtime.ts';
import type { StopReport } from '../node/stop-report.ts';
import type { LocalPid } from '../process/pid.ts';
import type { Clock } from '../scheduler/clock.ts';
import { type Application, home } from './application.ts';
import type { ApplicationInfo, ApplicationState } from './application-info.ts';
import { ApplicationRun } from './application-run.ts';
import type { ApplicationMode, CheckedApplicationSpec } from './application-spec.ts';

/** How one run differs from what the spec says. */
export interface RunOptions {
  readonly mode: ApplicationMode | undefined;
  readonly env: readonly EnvEntry[];
  /** The other node that starts it; `undefined`: this one. */
  readonly starter?: Starter;
}

/** Another node that starts an application. */
export interface Starter {
  /** The node as a process: parent and leader of the members. */
  readonly pid: LocalPid;
  /** The level of its log, for an application without one of its own. */
  readonly logLevel: LogLevel;
}

/** One loaded application: what it is, and the run that it is in. */
export class ApplicationRecord {
  readonly runtime: Runtime;
  readonly application: Application;
  readonly spec: CheckedApplicationSpec;
  readonly log: Log;
  weight: number;
  tags: readonly string[];
  lastReason: ExitReason | undefined = undefined;
  #run: ApplicationRun | undefined;
  #logLevel: LogLevel | undefined;

  constructor(runtime: Runtime, application: Application, spec: CheckedApplicationSpec) {
    this.runtime = runtime;
    this.application = application;
    this.spec = spec;
    this.weight = spec.weight;
    this.tags = spec.tags;
    this.#logLevel = spec.logLevel;
    this.log = new SourceLog(runtime.hub, this);
    application[home] = this;
  }

  get name(): string {
    return this.spec.name;
  }

  get node(): Node {
    return this.runtime.node;
  }

  get state(): ApplicationState {
    return this.#run?.phase ?? 'loaded';
  }

  get mode(): ApplicationMode {
    return this.#run?.mode ?? this.spec.mode;
  }

  /** What it is in since its start, until all of it is over. */
  get run(): ApplicationRun | undefined {
    return this.#run;
  }

  get clock(): Clock {
    return this.runtime.clock;
  }

  /** Its own, or that of the node that has started it from far; `undefined`: that of this node. */
  get ownLogLevel(): LogLevel | undefined {
    return this.#logLevel ?? this.#run?.starter?.logLevel;
  }

  get logLevel(): LogLevel {
    return this.ownLogLevel ?? this.runtime.logLevel;
  }

  setLogLevel(level: LogLevel): void {
    this.#logLevel = level;
    if (this.run !== undefined) this.runtime.far?.applications.changed(this.run);
  }

  logSource(): LogSource {
    return { type: 'application', node: this.runtime.home.node, name: this.name };
  }

  envAt(key: string): unknown {
    const { env } = this.#run ?? { env: this.#specEnv() };
    return env.has(key) ? env.at(key) : this.runtime.env.at(key);
  }

  /** A run in which nothing has been started yet. */
  begin({ mode = this.spec.mode, env, starter }: RunOptions): ApplicationRun {
    const laid = Environment.over(this.#specEnv(), env)!;
    const run = new ApplicationRun(this, { mode, env: laid, starter }, (reason) => {
      this.lastReason = reason;
      this.#run = undefined;
      this.runtime.applications.ended(this);
    });
    this.#run = run;
    return run;
  }

  /** Resolves when it has ended; at once, if it does not run. Without any time it is killed. */
  async stop(timeoutMs: number = this.spec.stopTimeoutMs): Promise<StopReport> {
    const reason = timeoutMs === 0 ? 'kill' : 'shutdown';
    return (await this.#run?.stop(reason, timeoutMs)) ?? { killed: [] };
  }

  info(): ApplicationInfo {
    const run = this.#run;
    const { exposeEnvInfo } = this.runtime.security;
    const { name, description, version, depends } = this.spec;
    return {
      ...{ name, description, version, depends },
      ...{ state: this.state, mode: this.mode, logLevel: this.logLevel },
      ...{ weight: this.weight, tags: this.tags, lastReason: this.lastReason },
      env: exposeEnvInfo ? (run?.env ?? this.#specEnv()).list() : new Map(),
      group: this.spec.group.map((member) => ({
        name: member.name,
        behaviour: member.start.behaviour.name,
        pid: run?.memberAt(member.name),
      })),
      processes: run?.size ?? 0,
      uptimeMs: run === undefined ? 0 : this.runtime.driver.readNow() - run.startedAt,
    };
  }

  #specEnv(): Environment {
    return Environment.over(undefined, this.spec.env)!;
  }
}
