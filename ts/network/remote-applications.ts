import type { ApplicationInfo } from '../application/application-info.ts';
import { APPLICATION_MODES, type ApplicationMode } from '../application/application-spec.ts';
import { checkStart, START_KEYS } from '../application/applications.ts';
import { type EnvWords, envWords, isEnvWords, withEnvPath } from '../env/env-words.ts';
import { checkDelay, checkName, checkOptions } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Far } from '../far/far.ts';
import type { RemoteHome } from '../far/remote-home.ts';
import { RemotePid } from '../far/remote-pid.ts';
import { REQUEST_MS, requestPatience } from '../far/request-patience.ts';
import { HOME_THREAD, type Station } from '../far/station.ts';
import { LOG_LEVELS, type LogLevel } from '../log/log-level.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import { flagsOf } from './features.ts';
import type { RemoteStartOptions } from './remote-start-options.ts';

/** Where a value of the environment stands in what another node is asked. */
const ENV_PATH = /^message\[3\]\[(\d+)\]\[1\]/;

type StartWords = readonly [
  name: string,
  mode: ApplicationMode | undefined,
  env: EnvWords,
  /** The node that asks, as a process. */
  parent: LocalPid,
  logLevel: LogLevel,
];

/** Applications of other nodes, and what others ask of those of this one. */
export class RemoteApplications {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.questions.onPeer('start-application', isStart, (station, ...words: StartWords) =>
      this.#startHere(station, words),
    );
    far.questions.onPeer('application-info', isName, (_station, name: string) =>
      runtime.applications.get(name).info(),
    );
  }

  /** Starts an application of another node, which must allow it. */
  async start(home: RemoteHome, name: string, options: RemoteStartOptions): Promise<void> {
    checkName('name', name);
    const timeoutMs = checkRemoteStart(options);
    if (!flagsOf(home.features).remoteApplicationStart)
      throw new TergoError('unsupported', `${home.node} or this node has remote starts off`);
    const { security, env, core, logLevel } = this.#runtime;
    const inherited = security.exposeEnvRemoteApplicationStart ? env.list() : undefined;
    const { env: own = [] } = options;
    const words: StartWords = [name, options.mode, envWords(own, inherited), core.pid, logLevel];
    const asking = { station: home.stationOf(HOME_THREAD) };
    const patience = requestPatience(name, 'it may start all the same', timeoutMs);
    const { questions } = this.#far;
    try {
      if (timeoutMs === 0) await questions.ask(asking.station, 'start-application', ...words);
      else await questions.askWithin(patience, asking, 'start-application', ...words);
    } catch (error) {
      throw withEnvPath(error, ENV_PATH, words[2], own.length);
    }
  }

  /** What another node says of an application. */
  async info(home: RemoteHome, name: string): Promise<ApplicationInfo> {
    checkName('name', name);
    const asking = { station: home.stationOf(HOME_THREAD) };
    const patience = requestPatience(name, 'nothing is known of it');
    const { questions } = this.#far;
    const info = await questions.askWithin(patience, asking, 'application-info', name);
    return info as ApplicationInfo;
  }

  async #startHere(station: Station, words: StartWords): Promise<void> {
    const [name, mode, env, pid, logLevel] = words;
    const { network, applications } = this.#runtime;
    const peer = this.#far.peers.ownerOf(station);
    if (network === undefined || peer === undefined)
      throw new TergoError('not-allowed', 'nothing may be started here');
    network.startable.take(name, peer.node);
    if (!flagsOf(peer.features).remoteApplicationStart)
      throw new TergoError('unsupported', 'remote starts are off between the two nodes');
    if (!(pid instanceof RemotePid) || pid.home !== peer)
      throw new TergoError('not-allowed', `the parent must be a process of ${peer.node}`);
    const options = { mode, env: env.map(([key, value]) => ({ key, value })) };
    const starter = { pid, logLevel };
    await applications.start(applications.getOwn(name), { ...options, starter });
  }
}

/** Gives the time that it may take. Throws `incorrect`. */
function checkRemoteStart(options: RemoteStartOptions): number {
  checkOptions('options', options, [...START_KEYS, 'timeoutMs']);
  const { timeoutMs = REQUEST_MS, ...start } = options;
  checkStart(start);
  checkDelay('options.timeoutMs', timeoutMs, 0);
  return timeoutMs;
}

function isName(args: readonly unknown[]): boolean {
  return typeof args[0] === 'string';
}

function isStart(args: readonly unknown[]): boolean {
  const [name, mode, env, parent, logLevel] = args;
  const isMode = mode === undefined || APPLICATION_MODES.includes(mode as ApplicationMode);
  const isFrom = parent instanceof LocalPid && LOG_LEVELS.includes(logLevel as LogLevel);
  return typeof name === 'string' && isMode && isEnvWords(env) && isFrom;
}
