import { type EnvWords, envWords, isEnvWords, withEnvPath } from '../env/env-words.ts';
import { checkOptions } from '../error/check.ts';
import { TergoError } from '../error/tergo-error.ts';
import type { Far } from '../far/far.ts';
import { parentOf, withOptionPath } from '../far/far-spawns.ts';
import type { RemoteHome } from '../far/remote-home.ts';
import { RemotePid } from '../far/remote-pid.ts';
import { spawnLimitMs } from '../far/request-patience.ts';
import { HOME_THREAD, type Station } from '../far/station.ts';
import { LOG_LEVELS, type LogLevel } from '../log/log-level.ts';
import type { Runtime } from '../node/runtime.ts';
import { LocalPid } from '../process/pid.ts';
import {
  type AnySpawnOptions,
  checkSpawnOptions,
  farLink,
  SPAWN_KEYS,
} from '../process/process-options.ts';
import type { ProcessRecord } from '../process/process-record.ts';
import { flagsOf } from './features.ts';

/** Where a value of the environment stands in what another node is asked. */
const ENV_PATH = /^message\[1\]\.env\[(\d+)\]\[1\]/;
/** What travels of the options of a spawn as it is. */
const PLAIN_KEYS = SPAWN_KEYS.filter((key) => !['leader', 'env', 'linkChild'].includes(key));

/** What another node is asked to spawn. */
interface SpawnWords {
  readonly name: string;
  readonly options: Omit<AnySpawnOptions, 'env' | 'leader' | 'linkChild'>;
  readonly parent: LocalPid;
  readonly leader: LocalPid;
  readonly env: EnvWords;
  readonly logLevel: LogLevel;
  /** The proxy by which the parent is linked to it; 0: none. */
  readonly proxy: number;
}

/** Processes that other nodes are asked to spawn, and those that they ask for here. */
export class RemoteSpawns {
  readonly #runtime: Runtime;
  readonly #far: Far;

  constructor(runtime: Runtime, far: Far) {
    this.#runtime = runtime;
    this.#far = far;
    far.questions.onPeer('spawn', isSpawn, (station, words: SpawnWords) =>
      this.#spawnHere(station, words),
    );
  }

  /** Spawns a child of a process of this thread on another node, connecting first if need be. */
  async spawn(
    parent: ProcessRecord,
    node: string,
    name: string,
    options: AnySpawnOptions = {},
  ): Promise<RemotePid> {
    checkSpawnOptions(options);
    const home = await this.#far.peers.connect(node);
    if (!flagsOf(home.features).remoteSpawn)
      throw new TergoError('unsupported', `${node} or this node has remote spawn off`);
    const isLinked = options.linkChild === true && parent !== this.#runtime.core;
    const proxy = isLinked ? this.#far.proxies.prepare() : 0;
    const words = this.#words(parent, name, options, proxy);
    try {
      const pid = await this.#ask(home, words, options);
      if (isLinked) this.#far.links.adopt(parent, pid, proxy);
      return pid;
    } catch (error) {
      this.#far.proxies.unprepare(proxy);
      const own = options.env?.length ?? 0;
      throw withEnvPath(withOptionPath(error), ENV_PATH, words.env, own);
    }
  }

  async #ask(home: RemoteHome, words: SpawnWords, options: AnySpawnOptions): Promise<RemotePid> {
    const { node } = home;
    const asked = this.#far.questions.ask(home.stationOf(HOME_THREAD), 'spawn', words);
    const pid = await this.#inTime(asked, words.parent, node, spawnLimitMs(options));
    if (pid instanceof RemotePid && pid.home === home) return pid;
    throw new TergoError('malformed', `${node} has answered a spawn with no pid of its own`);
  }

  #words(parent: ProcessRecord, name: string, options: AnySpawnOptions, proxy: number): SpawnWords {
    const { env = [], leader, linkChild: _linkChild, ...rest } = options;
    const inherited = this.#runtime.security.exposeEnvRemoteSpawn
      ? this.#runtime.envList(parent)
      : new Map<string, unknown>();
    return {
      ...{ name, proxy, options: rest, parent: parent.pid },
      leader: (leader as LocalPid | undefined) ?? parent.leader,
      env: envWords(env, inherited),
      logLevel: this.#runtime.logLevelOf(parent),
    };
  }

  /** A process that comes up after all is ended: nobody knows of it. */
  async #inTime(
    asked: Promise<unknown>,
    parent: LocalPid,
    node: string,
    ms: number,
  ): Promise<unknown> {
    if (ms === 0) return asked;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { timers, messaging } = this.#runtime;
    const timer = timers.start(ms, () => {
      reject(new TergoError('timeout', `${node} did not answer the spawn within ${ms} ms`));
      asked.then(
        (pid) => {
          // In the name of its parent, which it obeys even if it traps exits.
          if (pid instanceof RemotePid) messaging.exitFrom(parent, pid, 'kill');
        },
        () => undefined,
      );
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      timers.cancel(timer);
    }
  }

  async #spawnHere(station: Station, words: SpawnWords): Promise<LocalPid> {
    const { network, spawner, messaging, core } = this.#runtime;
    const peer = this.#far.peers.ownerOf(station);
    if (network === undefined || peer === undefined)
      throw new TergoError('not-allowed', 'nothing is lent here');
    const { connections } = peer;
    this.#check(peer, words);
    const behaviour = network.lent.take(words.name, peer.node);
    const link = { station, proxy: words.proxy, isSupervised: false };
    const options: AnySpawnOptions = { ...words.options, leader: words.leader, [farLink]: link };
    const child = await spawner.spawn(parentOf(words, words.env, undefined), behaviour, options);
    const isThere = this.#far.peers.ownerOf(station) === peer && peer.connections === connections;
    // The node that wanted it was lost, and knows nothing of it though it may be back: it obeys this one in place of its parent.
    if (!isThere) messaging.exitFrom(core.pid, child, 'kill');
    return child;
  }

  /** Throws for what only a hostile node asks. */
  #check(peer: RemoteHome, { parent, options }: SpawnWords): void {
    if (!flagsOf(peer.features).remoteSpawn)
      throw new TergoError('unsupported', 'remote spawn is off between the two nodes');
    checkOptions('options', options, PLAIN_KEYS);
    if (!(parent instanceof RemotePid) || parent.home !== peer)
      throw new TergoError('not-allowed', `the parent must be a process of ${peer.node}`);
  }
}

function isSpawn(args: readonly unknown[]): boolean {
  const [words] = args;
  if (typeof words !== 'object' || words === null) return false;
  const { name, options, parent, leader, env, logLevel, proxy } = words as Partial<SpawnWords>;
  const isNamed = typeof name === 'string' && typeof options === 'object' && options !== null;
  const hasKin = parent instanceof LocalPid && leader instanceof LocalPid;
  const isLevel = LOG_LEVELS.includes(logLevel as LogLevel);
  return isNamed && hasKin && isLevel && isEnvWords(env) && Number.isSafeInteger(proxy);
}
