import { isDeepStrictEqual } from 'node:util';
import {
  eventId,
  eventName,
  processId,
  processName,
  TergoError,
  type Alias,
  type AnyPid,
  type Node,
  type Pid,
} from 'tergo';
import { turn, waitFor, within } from '../wait-for.ts';
import { holdings, holdsAgain } from '../witness.ts';
import { Crew, type Strategy } from './crew.ts';
import { nextNumber, restart, write, type Reader } from './journal.ts';
import { Player, playerSpawn, type PlayerProtocol, type Step, type Target } from './player.ts';
import type { Act, Round, SpawnSpec, StepSpec } from './program.ts';
import { Verdict } from './verdict.ts';
import { agree, waysBetween } from './ways.ts';
import { aliasText, textOf } from './words.ts';

/** The modules that all threads need. */
export const players: readonly URL[] = ['./player.ts', './crew.ts'].map(
  (file) => new URL(file, import.meta.url),
);

/** More ends of one thread within 10 s leave it down, which is another story. */
const ENDS_EACH = 4;

const STRATEGIES: readonly Strategy[] = ['one-for-one', 'all-for-one', 'rest-for-one'];
/** How long a node may take to stop, ms. */
const STOP_MS = 20_000;
/** Some of those that have ended are spoken to all the same. */
const GHOST_EVERY = 5;

/** A player of whose pid the test knows. */
interface Member {
  readonly id: number;
  readonly node: Node;
  readonly pid: Pid<PlayerProtocol>;
  /** Known a little later than the pid. */
  alias?: Alias<PlayerProtocol>;
}

interface Boss {
  readonly id: number;
  readonly node: Node;
  readonly pid: AnyPid;
}

/** A scheduler thread of a node. */
interface Station {
  readonly node: Node;
  readonly thread: number;
}

/** Starts a node anew that has stopped. */
export type StartAgain = (name: string) => Promise<Node>;

/** Plays programs on all threads of some nodes of this OS process, and looks whether what came of it is as promised. */
export class Stage {
  /** Those that run. */
  readonly nodes: Node[];
  readonly #names: readonly string[];
  readonly #startAgain: StartAgain | undefined;
  readonly #before = new Map<string, Awaited<ReturnType<typeof holdings>>>();
  #members: Member[] = [];
  #bosses: Boss[] = [];
  #journal: Reader = restart();
  #scripts = 0;
  #ends: { readonly at: number; readonly station: Station }[] = [];
  #pending: Promise<unknown>[] = [];

  /** `startAgain` is for programs that stop nodes. */
  constructor(nodes: readonly Node[], startAgain?: StartAgain) {
    this.nodes = [...nodes];
    this.#names = nodes.map(({ name }) => name);
    this.#startAgain = startAgain;
    for (const node of nodes) lend(node);
  }

  get #stations(): readonly Station[] {
    return this.nodes.flatMap((node) =>
      node.info().threads.map(({ thread }) => ({ node, thread })),
    );
  }

  /** To be called once before the first program. */
  async prepare(): Promise<void> {
    for (const node of this.nodes) this.#before.set(node.name, await holdings(node));
  }

  /** How many notices and messages came. Throws what is not as promised. */
  async play(rounds: readonly Round[]): Promise<number> {
    let heard = 0;
    try {
      for (const { spawns, acts, settles } of rounds) {
        await Promise.all(spawns.map((spec) => this.#spawn(spec)));
        this.#adopt();
        for (const act of acts) await this.#perform(act);
        if (settles) await this.#settle();
      }
      await this.#settle();
      ({ heard } = this.#verdict());
    } catch (error) {
      // What was wrong first tells more than what it leaves behind.
      await this.#clear().catch(() => undefined);
      throw error;
    }
    await this.#clear();
    return heard;
  }

  async #spawn(spec: SpawnSpec): Promise<void> {
    const stations = this.#stations;
    if (stations.length === 0) return;
    const station = stations[spec.station % stations.length]!;
    try {
      if (spec.isCrew) await this.#spawnCrew(station, spec.station);
      else await this.#spawnPlayer(station, spec);
    } catch (error) {
      // Its thread ends just then, or its node.
      const codes = [
        ...(['thread-terminated', 'process-terminated', 'process-unknown'] as const),
        'node-terminated' as const,
      ];
      if (!codes.some((code) => TergoError.is(error, code))) throw error;
    }
  }

  async #spawnPlayer({ node, thread }: Station, { trapExit, isNamed }: SpawnSpec): Promise<void> {
    const id = nextNumber();
    const name = processName<PlayerProtocol>(`name ${id}`);
    const args: [number, boolean] = [id, trapExit];
    const pid = await node.spawn(Player, { thread, args, ...(isNamed ? { name } : {}) });
    if (isNamed) write(id, 'has', `name:${name}@${node.name}`);
    await this.#welcome({ id, node, pid });
  }

  async #spawnCrew({ node, thread }: Station, number: number): Promise<void> {
    const id = nextNumber();
    const strategy = STRATEGIES[number % STRATEGIES.length]!;
    const args: [number, Strategy, number] = [id, strategy, node.info().threads.length];
    this.#bosses.push({ id, node, pid: await node.spawn(Crew, { thread, args }) });
  }

  async #welcome(member: Member): Promise<void> {
    const { node, pid } = member;
    const alias = await node.call<PlayerProtocol>(pid, { type: 'get alias' } as never);
    member.alias = alias as never;
    if (!this.#members.includes(member)) this.#members.push(member);
  }

  /** Those whom a player or a supervisor has spawned are spoken to as well. */
  #adopt(): void {
    const known = new Set(this.#members.map(({ id }) => id));
    const ids = new Map<unknown, number>();
    for (const [id, what, pid] of this.#journal.read())
      if (what === 'up' && !known.has(id)) ids.set(pid, id);
    for (const node of this.nodes) {
      for (const pid of node.processList()) {
        const id = ids.get(textOf(pid));
        if (id === undefined) continue;
        const member: Member = { id, node, pid: pid as Pid<PlayerProtocol> };
        this.#members.push(member);
        this.#pending.push(this.#welcome(member).catch(() => undefined));
      }
    }
  }

  async #perform(act: Act): Promise<void> {
    this.#act(act);
    if (act.turns) await turn();
  }

  #act({ act, who, steps }: Act): void {
    if (act === 'end thread') return this.#endThread(who);
    if (act === 'part') return this.#part(who);
    if (act === 'stop node') return this.#stopNode(who);
    if (act === 'kill crew') {
      const boss = this.#bosses[who % this.#bosses.length];
      return boss && this.#kill(boss);
    }
    const member = this.#members[who % this.#members.length];
    if (member === undefined || !this.nodes.includes(member.node)) return;
    if (act === 'kill') return this.#kill(member);
    this.#scripts += 1;
    const script = steps.map((step) => this.#stepOf(member, step));
    const message = { type: 'play', number: this.#scripts, steps: script } as const;
    const sent = member.node.send(member.pid, message);
    if (sent === 'ok') write(member.id, 'has to play', this.#scripts);
  }

  #kill({ id, node, pid }: Boss): void {
    write(id, 'killed');
    try {
      node.kill(pid);
    } catch (error) {
      const codes = ['process-unknown', 'node-terminated'] as const;
      if (!codes.some((code) => TergoError.is(error, code))) throw error;
    }
  }

  #endThread(who: number): void {
    const stations = this.#stations;
    if (stations.length === 0) return;
    const station = stations[who % stations.length]!;
    const { node, thread } = station;
    const now = performance.now();
    this.#ends = this.#ends.filter(({ at }) => now - at < 11_000);
    const ends = this.#ends.filter(
      (end) => end.station.node === node && end.station.thread === thread,
    );
    if (thread === 0 || ends.length >= ENDS_EACH) return;
    this.#ends.push({ at: now, station });
    write(-1, 'thread ends', node.name, thread);
    const args: [number, boolean] = [nextNumber(), false];
    const ended = node.spawn(Player, { thread, args }).then(
      async (pid) => {
        const step = { op: 'exit thread', target: {} } as Step;
        node.send(pid, { type: 'play', number: 0, steps: [step] });
        await waitFor('the end of a thread', () => !node.processList().includes(pid));
      },
      () => undefined,
    );
    this.#pending.push(ended);
  }

  /** Ends the connection between two nodes. */
  #part(who: number): void {
    const one = this.nodes[who % this.nodes.length];
    const others = this.#names.filter((name) => name !== one?.name);
    const other = others[Math.floor(who / 7) % others.length];
    const peer = other === undefined ? undefined : one?.network.node(other);
    if (one === undefined || peer === undefined) return;
    write(-1, 'parted', one.name, peer.name);
    this.#pending.push(peer.disconnect());
  }

  /** Stops a node, politely or not, and starts one of the same name. */
  #stopNode(who: number): void {
    const node = this.nodes[who % this.nodes.length];
    if (node === undefined || this.#startAgain === undefined) return;
    this.nodes.splice(this.nodes.indexOf(node), 1);
    write(-1, 'node stops', node.name);
    const isPolite = who % 2 === 0;
    this.#pending.push(this.#comesAgain(node, isPolite, this.#startAgain));
  }

  async #comesAgain(node: Node, isPolite: boolean, startAgain: StartAgain): Promise<void> {
    const stops = isPolite ? node.stop({ timeoutMs: STOP_MS }) : node.stopForce();
    const { killed } = await within(`the stop of ${node.name}`, () => stops);
    if (isPolite && killed.length > 0) throw new Error(`${killed.join()} had to be killed`);
    const next = await startAgain(node.name);
    lend(next);
    this.nodes.push(next);
  }

  #stepOf(from: Member, spec: StepSpec): Step {
    const { op, other, third } = spec;
    const isToProcess = ['send', 'important', 'call', 'forward call', 'timer'].includes(op);
    const isNone = spec.kind === 'node' && this.#names.length === 1;
    const isOther = isToProcess && (spec.kind === 'event' || spec.kind === 'node');
    const kind = isNone || isOther || op === 'exit' ? 'pid' : spec.kind;
    // A name alone means something on its own node only.
    const isFull = op === 'forward call';
    const step: Step = {
      ...{ ...spec, target: this.#targetOf(from, { other, kind, isFull }) },
      via: this.#targetOf(from, { other: third, kind: third % 2 === 0 ? 'pid' : 'alias' }),
    };
    const stations = this.#stations;
    const place = stations[third % stations.length];
    // Whose node has come again meanwhile is over.
    if (op !== 'spawn' || place === undefined) return step;
    if (place.node !== from.node && place.node.name === from.node.name) return step;
    const { node, thread } = place;
    return { ...step, place: { node: node.name, thread, isHere: node === from.node } };
  }

  #targetOf(from: Member, wanted: Wanted): Target {
    const { other, isFull = false } = wanted;
    const { id: of, pid, alias, node } = this.#members[other % this.#members.length]!;
    const kind = wanted.kind === 'alias' && alias === undefined ? 'pid' : wanted.kind;
    const isHere = node.name === from.node.name && !isFull;
    const name = processName(`name ${of}`);
    const event = eventName(`event ${of}`);
    switch (kind) {
      case 'pid':
        return { kind, of, key: `pid:${textOf(pid)}`, ref: pid };
      case 'alias':
        return { kind, of, key: `alias:${aliasText(alias!)}`, ref: alias };
      case 'name':
        return {
          ...{ kind, of, key: `name:${name}@${node.name}` },
          ref: isHere ? name : processId(name, node.name),
        };
      case 'event':
        return {
          ...{ kind, of, key: `event:${event}@${node.name}` },
          ref: isHere ? event : eventId(event, node.name),
        };
      case 'node': {
        const others = this.#names.filter((one) => one !== from.node.name);
        const ref = others[other % others.length]!;
        return { kind, of: 0, key: `node:${ref}`, ref };
      }
    }
  }

  #verdict(): Verdict {
    // Who lives is looked up last: what was told of an end must not be judged as if that one lived.
    const entries = this.#journal.read();
    const living = this.nodes.flatMap((node) => node.processList().map(textOf));
    return new Verdict(entries, new Set(living), waysBetween(this.nodes));
  }

  /** Waits until all has come that must; throws what came too much, or in a way in which it must not come. */
  async #settle(): Promise<void> {
    await this.#drain();
    const areUp = (): boolean =>
      this.nodes.every((node) => node.info().threads.every(({ isUp }) => isUp));
    await waitFor('all threads to be up', areUp);
    await waitFor('all nodes to agree on their connections', () => agree(this.nodes));
    // What comes too much comes with the rest, or in one of the turns after that.
    for (let calm = 0; calm < 10; calm += 1) await waitFor('a verdict', () => this.#isSettled());
    await waitFor('all nodes to agree on their connections', () => agree(this.nodes));
    write(-1, 'rest');
    const living = new Set(this.nodes.flatMap((node) => node.processList()));
    const stays = ({ id, pid }: Boss): boolean => living.has(pid) || id % GHOST_EVERY === 0;
    this.#members = this.#members.filter(stays);
    this.#bosses = this.#bosses.filter(({ pid }) => living.has(pid));
  }

  /** Waits for what was begun, and what that has begun. */
  async #drain(): Promise<void> {
    while (this.#pending.length > 0) await Promise.all(this.#pending.splice(0));
  }

  #since = 0;

  #isSettled(): boolean {
    const { wrong, missing } = this.#verdict();
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    if (missing.length === 0) {
      this.#since = 0;
      return true;
    }
    this.#since ||= performance.now();
    if (performance.now() - this.#since > 25_000) throw new Error(missing.join('\n'));
    return false;
  }

  /** Ends everybody; nothing may be left of them. */
  async #clear(): Promise<void> {
    this.#since = 0;
    await this.#drain();
    // Whoever was to come from another node may come yet, so all are looked for until nothing is left.
    const isOver = async (): Promise<boolean> => {
      for (const node of this.nodes)
        for (const pid of node.processList()) this.#kill({ id: -1, node, pid });
      const held = await Promise.all(this.nodes.map(holdings));
      return this.nodes.every(({ name }, at) =>
        isDeepStrictEqual(held[at], this.#before.get(name)),
      );
    };
    // If something is left, it is told below.
    await waitFor('the end of all', isOver).catch(() => undefined);
    for (const node of this.nodes) await holdsAgain(node, this.#before.get(node.name)!);
    this.#members = [];
    this.#bosses = [];
    this.#journal = restart();
  }
}

interface Wanted {
  readonly other: number;
  readonly kind: Target['kind'];
  /** Whether a name is said with its node. */
  readonly isFull?: boolean;
}

function lend(node: Node): void {
  if (node.network.mode !== 'disabled') node.network.enableSpawn(playerSpawn, Player);
}
