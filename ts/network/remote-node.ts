import { inspect } from 'node:util';
import type { ApplicationInfo } from '../application/application-info.ts';
import { failure } from '../node/messaging.ts';
import type { Runtime } from '../node/runtime.ts';
import type { RemoteHome } from '../far/remote-home.ts';
import type { Pid } from '../process/pid.ts';
import type { Optional, SpawnOptions } from '../process/process-options.ts';
import type { RemoteNodeInfo } from './network-info.ts';
import type { RemoteStartOptions } from './remote-start-options.ts';
import type { SpawnName } from './spawn-name.ts';

/**
 * A node that is or was connected, in one incarnation. Once the connection is gone its methods throw or reject
 * `no-connection`, also if there is a new one: that is another `RemoteNode`. Source: Ergo `gen.RemoteNode`.
 *
 * @example
 * const peer = await node.network.connect('b@localhost');
 * const counter = await peer.spawn(counterSpawn, { args: [5] });
 */
export class RemoteNode {
  readonly #runtime: Runtime;
  readonly #home: RemoteHome;
  /** Which of all connections to it. */
  readonly #connection: number;
  readonly #version: string;

  /** @internal */
  constructor(runtime: Runtime, home: RemoteHome) {
    this.#runtime = runtime;
    this.#home = home;
    this.#connection = home.connections;
    this.#version = runtime.network?.standingOf(home)?.version ?? '';
  }

  /** `name@host`. */
  get name(): string {
    return this.#home.node;
  }

  /** For logs and the console. */
  toString(): string {
    return `RemoteNode(${this.name}, ${this.isConnected ? 'connected' : 'not connected'})`;
  }

  /** @internal */
  [inspect.custom](): string {
    return this.toString();
  }

  /** When this incarnation started, ms since 1970, by its own clock. */
  get creation(): number {
    return this.#home.creation;
  }

  /** Which software it runs, such as `tergo 0.1.0`: what it says of itself. Source: Ergo `RemoteNode.Version`. */
  get version(): string {
    return this.#version;
  }

  /** Whether this very connection stands. */
  get isConnected(): boolean {
    return this.#home.isConnected && this.#home.connections === this.#connection;
  }

  /** How long the node has run, ms, if its clock and ours show the same. */
  get uptimeMs(): number {
    return Math.max(0, this.#runtime.clock.wallNow() - this.creation);
  }

  /** How long the connection has stood, ms; 0 when it is gone. */
  get connectionUptimeMs(): number {
    return this.isConnected ? (this.#info()?.connectionUptimeMs ?? 0) : 0;
  }

  /** What is known and counted of the connection. Throws `no-connection` when it is gone. */
  info(): RemoteNodeInfo {
    this.#check();
    const info = this.#info();
    if (info === undefined) throw failure('no-connection', this.name);
    return info;
  }

  /**
   * Spawns there what that node lends under a name; the parent is this node. Rejects with `name-unknown` (it
   * lends nothing of that name), `not-allowed` (not to this node), `unsupported`, `no-connection`, `timeout`, `taken`
   * and with what `init` throws there.
   */
  async spawn<P, Args extends readonly unknown[]>(
    name: SpawnName<P, Args>,
    ...options: Optional<SpawnOptions<NoInfer<P>, NoInfer<Args>>>
  ): Promise<Pid<P>> {
    this.#check();
    const { core } = this.#runtime;
    const spawned = this.#runtime.remoteSpawn(core, this.name, name, options[0]);
    return (await spawned) as Pid<unknown> as Pid<P>;
  }

  /**
   * Starts an application there that the node lets others start. Its members have this node as parent and leader; an
   * application without a log level of its own has that of this node, until it ends. Rejects with `name-unknown`, `not-allowed`,
   * `unsupported`, `no-connection`, with what a start rejects with, and with `timeout` when it takes longer than
   * `timeoutMs` (5 s): then it may start all the same.
   */
  async startApplication(name: string, options: RemoteStartOptions = {}): Promise<void> {
    this.#check();
    await this.#runtime.far!.remoteApplications.start(this.#home, name, options);
  }

  /** What there is to know of an application there. Rejects with `application-unknown`, `no-connection`, and with `timeout` after 5 s. */
  async applicationInfo(name: string): Promise<ApplicationInfo> {
    this.#check();
    return this.#runtime.far!.remoteApplications.info(this.#home, name);
  }

  /** Ends the connection; resolves when it is gone. Nothing, if it is gone already. */
  async disconnect(): Promise<void> {
    if (!this.isConnected) return;
    await this.#runtime.network!.disconnect(this.#home);
  }

  #info(): RemoteNodeInfo | undefined {
    return this.#runtime.network?.infoOf(this.#home);
  }

  #check(): void {
    if (!this.isConnected) throw failure('no-connection', this.name);
  }
}
