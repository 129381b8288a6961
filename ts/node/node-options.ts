import { Application, type ApplicationClass } from '../application/application.ts';
import type { EnvEntry } from '../env/env-key.ts';
import { checkEnv } from '../env/environment.ts';
import {
  checkBoolean,
  checkChoice,
  checkDelay,
  checkFunction,
  checkOptions,
} from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';
import { checkConsoleOptions, type ConsoleLoggerOptions } from '../log/console-logger.ts';
import type { NamedLogger } from '../log/logger.ts';
import { LOG_LEVELS, type LogLevel } from '../log/log-level.ts';
import type { ResourceLimits } from 'node:worker_threads';
import { MAX_THREADS } from '../native/layout.ts';
import { checkNetwork, type NetworkOptions } from '../network/network-options.ts';
import type { Clock } from '../scheduler/clock.ts';
import { isModuleUrl } from '../thread/module-import.ts';
import { checkThreadLimits } from '../thread/thread-limits.ts';

/** What others may see or take over. All off by default. Source: Ergo `gen.SecurityOptions`. */
export interface SecurityOptions {
  /** Process information shows the environment. */
  readonly exposeEnvInfo?: boolean;
  /** A remote spawn takes the environment of the spawning process along. */
  readonly exposeEnvRemoteSpawn?: boolean;
  /** A remote start of an application takes the environment along. */
  readonly exposeEnvRemoteApplicationStart?: boolean;
}

/** What the node logs, and where to. */
export interface LogOptions extends ConsoleLoggerOptions {
  /** From which level; `info` by default. */
  readonly level?: LogLevel;
  /** No console logger at all; false by default. */
  readonly disableConsole?: boolean;
  /** Further loggers, so that they get what is written during the start, too. One that is refused refuses the start, as `addLogger` would. */
  readonly loggers?: readonly NamedLogger[];
}

/** How a node is run. Source: Ergo `gen.NodeOptions`. */
export interface NodeOptions {
  /** Environment values that every process sees. */
  readonly env?: readonly EnvEntry[];
  readonly log?: LogOptions;
  readonly security?: SecurityOptions;
  /** How long `stop` waits for processes before it kills the rest, ms; 180000 (3 min) by default. */
  readonly shutdownTimeoutMs?: number;
  /** Deep-freezes every message, so that a mutation after sending is caught; false by default. For tests and development. */
  readonly freezeMessages?: boolean;
  /** SIGINT and SIGTERM stop the node gracefully, a second one by force; false by default. */
  readonly handleSignals?: boolean;
  /**
   * Applications to load and start with the node, in this order, but what one depends on before it. If one
   * does not start, those before it are stopped, and `startNode` rejects with its error.
   */
  readonly applications?: readonly ApplicationClass[];
  /**
   * How many scheduler threads it has, the calling one included; 1 by default, which costs nothing; `'auto'`: one for
   * each core that the OS process may use. At most 64. See docs/threads.md.
   */
  readonly threads?: number | 'auto';
  /**
   * URLs of the modules whose exported behaviours may live on other threads; none by default. Every thread imports every
   * module, by itself, during `startNode`; with one thread and no network nothing is imported. See docs/threads.md.
   *
   * @example
   * behaviors: [new URL('./workers.js', import.meta.url)]
   */
  readonly behaviors?: readonly (string | URL)[];
  /**
   * The most memory of each thread but the first, in MB, as `worker_threads` has it; what is left out has Node.js's own limits. A
   * thread that exceeds them ends, its processes with it, and is started anew. With one thread there is nothing that they limit.
   * `maxOldGenerationSizeMb` from 16, `maxYoungGenerationSizeMb` from 1, both to 1048576; `stackSizeMb` from 0.5 to 1024,
   * `codeRangeSizeMb` from 1 to 512: beyond these V8 may end the whole program.
   */
  readonly resourceLimits?: ResourceLimits;
  /**
   * Other nodes: how this one talks with them; `true` or `{}` for a network as it is by default. Without the option, or with `false`,
   * there is none: no port is opened. See docs/network.md.
   */
  readonly network?: boolean | NetworkOptions;
  /** The time it lives by; the machine's by default. `virtualClock` of `tergo/testing` is one that a test moves. Only with one thread; what the network itself waits for goes by the machine's. */
  readonly clock?: Clock;
}

/** Throws `incorrect`, naming the key, unless these are options of `startNode`. @internal */
export function checkNodeOptions(options: NodeOptions): void {
  checkOptions('options', options, [
    'env',
    'log',
    'security',
    'shutdownTimeoutMs',
    'freezeMessages',
    'handleSignals',
    'clock',
    'applications',
    'threads',
    'behaviors',
    'resourceLimits',
    'network',
  ]);
  checkThreads(options);
  if (options.env !== undefined) checkEnv('options.env', options.env);
  if (options.shutdownTimeoutMs !== undefined)
    checkDelay('options.shutdownTimeoutMs', options.shutdownTimeoutMs, 0);
  if (options.freezeMessages !== undefined)
    checkBoolean('options.freezeMessages', options.freezeMessages);
  if (options.handleSignals !== undefined)
    checkBoolean('options.handleSignals', options.handleSignals);
  if (options.clock !== undefined) checkClock(options.clock);
  if (options.applications !== undefined) checkApplications(options.applications);
  if (options.security !== undefined) checkSecurity(options.security);
  if (options.network !== undefined) checkNetwork('options.network', options.network);
  checkValidatorPlaces(options);
  if (options.log !== undefined) checkLog(options.log);
}

function checkThreads(options: NodeOptions): void {
  const { threads, behaviors, resourceLimits, clock } = options;
  if (threads !== undefined && threads !== 'auto' && !isThreadCount(threads))
    throw incorrect(
      'options.threads',
      `a whole number from 1 to ${MAX_THREADS} or 'auto'`,
      threads,
    );
  if (threads !== undefined && threads !== 1 && clock !== undefined)
    throw incorrect('options.clock', 'left out when there are several threads', clock);
  if (resourceLimits !== undefined) checkThreadLimits('options.resourceLimits', resourceLimits);
  if (behaviors === undefined) return;
  if (!Array.isArray(behaviors))
    throw incorrect('options.behaviors', 'a list of module URLs', behaviors);
  for (const [index, url] of behaviors.entries()) checkModule(`options.behaviors[${index}]`, url);
}

function isThreadCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_THREADS;
}

/** Whether a node takes part in a network at all. @internal */
export function hasNetwork(network: NodeOptions['network']): boolean {
  if (network === undefined || network === false) return false;
  return network === true || network.mode !== 'disabled';
}

/** What stands in one thread is not in the others. */
function checkValidatorPlaces({ threads = 1, network }: NodeOptions): void {
  if (threads === 1 || typeof network !== 'object') return;
  for (const [index, one] of (network.validators ?? []).entries()) {
    if (isModuleUrl(one)) continue;
    const mustBe =
      'the URL of a module that exports it, since each of several threads imports it by itself';
    throw incorrect(`options.network.validators[${index}]`, mustBe, one);
  }
}

function checkModule(argument: string, url: unknown): void {
  if (!isModuleUrl(url))
    throw incorrect(argument, "a URL: new URL('./workers.js', import.meta.url)", url);
}

function checkApplications(applications: readonly ApplicationClass[]): void {
  if (!Array.isArray(applications))
    throw incorrect('options.applications', 'a list of classes', applications);
  for (const [index, one] of applications.entries()) {
    if (typeof one !== 'function' || !(one.prototype instanceof Application))
      throw incorrect(`options.applications[${index}]`, 'a class that extends Application', one);
  }
}

function checkClock(clock: Clock): void {
  if (typeof clock !== 'object' || clock === null)
    throw incorrect('options.clock', 'a Clock', clock);
  checkFunction('options.clock.now', clock.now);
  checkFunction('options.clock.wallNow', clock.wallNow);
  checkFunction('options.clock.alarm', clock.alarm);
  if (clock.join !== undefined) checkFunction('options.clock.join', clock.join);
}

function checkSecurity(security: SecurityOptions): void {
  const keys = ['exposeEnvInfo', 'exposeEnvRemoteSpawn', 'exposeEnvRemoteApplicationStart'];
  checkOptions('options.security', security, keys);
  for (const [key, value] of Object.entries(security)) {
    if (value !== undefined) checkBoolean(`options.security.${key}`, value);
  }
}

function checkLog(log: LogOptions): void {
  checkConsoleOptions('options.log', log, ['level', 'disableConsole', 'loggers']);
  if (log.level !== undefined) checkChoice('options.log.level', log.level, LOG_LEVELS);
  if (log.disableConsole !== undefined)
    checkBoolean('options.log.disableConsole', log.disableConsole);
  if (log.loggers === undefined) return;
  if (!Array.isArray(log.loggers))
    throw incorrect('options.log.loggers', 'a list of named loggers', log.loggers);
  for (const [at, named] of log.loggers.entries()) {
    if (typeof named !== 'object' || named === null)
      throw incorrect(`options.log.loggers[${at}]`, 'a named logger', named);
  }
}
