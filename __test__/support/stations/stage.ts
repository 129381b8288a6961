import {
  eventId,
  eventName,
  processId,
  processName,
  TergoError,
  type Alias,
  type Node,
  type Pid,
} from 'tergo';
import { turn, waitFor } from '../wait-for.ts';
import { holdings, holdsAgain } from '../witness.ts';
import { nextNumber, restart, write, type Reader } from './journal.ts';
import { Player, type PlayerProtocol, type Step, type Target } from './player.ts';
import type { Act, Round, SpawnSpec, StepSpec } from './program.ts';
import { Verdict } from './verdict.ts';
import { textOf } from './words.ts';

export const players: URL = new URL('./player.ts', import.meta.url);

/** More ends of one thread within 10 s leave it down, which is another story. */
const ENDS_EACH = 4;

/** One that the test has spawned. */
interface Member {
  readonly id: number;
  readonly node: Node;
  readonly pid: Pid<PlayerProtocol>;
  readonly alias: Alias<PlayerProtocol>;
}

/** A scheduler thread of a node. */
interface Station {
  readonly node: Node;
  readonly thread: number;
}

/** Plays programs on all threads of some nodes of this OS process, and looks whether what came of it is as promised. */
export class Stage {
  readonly nodes: readonly Node[];
  readonly #stations: readonly Station[];
  readonly #before = new Map<Node, Awaited<ReturnType<typeof holdings>>>();
  #members: Member[] = [];
  #journal: Reader = restart();
  #scripts = 0;
  #ends: { readonly at: number; readonly station: Station }[] = [];
  #pending: Promise<unknown>[] = [];

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
    this.#stations = nodes.flatMap((node) =>
      node.info().threads.map(({ thread }) => ({ node, thread })),
    );
  }

  /** To be called once before the first program. */
  async prepare(): Promise<void> {
    for (const node of this.nodes) this.#before.set(node, await holdings(node));
  }

  /** How many notices and messages came. Throws what is not as promised. */
  async play(rounds: readonly Round[]): Promise<number> {
    try {
      for (const { spawns, acts, settles } of rounds) {
        await Promise.all(spawns.map((spec) => this.#spawn(spec)));
        for (const act of acts) await this.#perform(act);
        if (settles) await this.#settle();
      }
      await this.#settle();
      return this.#verdict().heard;
    } finally {
      await this.#clear();
    }
  }

  async #spawn({ station, trapExit, isNamed }: SpawnSpec): Promise<void> {
    const { node, thread } = this.#stations[station % this.#stations.length]!;
    const id = nextNumber();
    const name = processName<PlayerProtocol>(`name ${id}`);
    const args: [number, boolean] = [id, trapExit];
    try {
      const pid = await node.spawn(Player, { thread, args, ...(isNamed ? { name } : {}) });
      if (isNamed) write(id, 'has', `name:${name}@${node.name}`);
      const alias = await node.call<PlayerProtocol>(pid, { type: 'get alias' } as never);
      this.#members.push({ id, node, pid, alias: alias as never });
    } catch (error) {
      // Its thread ends just then.
      const codes = ['thread-terminated', 'process-terminated', 'process-unknown'] as const;
      if (!codes.some((code) => TergoError.is(error, code))) throw error;
    }
  }

  async #perform(act: Act): Promise<void> {
    this.#act(act);
    if (act.turns) await turn();
  }

  #act({ act, who, steps }: Act): void {
    if (act === 'end thread') return this.#endThread(who);
    if (act === 'part') return this.#part(who);
    const member = this.#members[who % this.#members.length];
    if (member === undefined) return;
    if (act === 'kill') return this.#kill(member);
    this.#scripts += 1;
    const script = steps.map((step) => this.#stepOf(member, step));
    const message = { type: 'play', number: this.#scripts, steps: script } as const;
    const sent = member.node.send(member.pid, message);
    if (sent === 'ok') write(member.id, 'has to play', this.#scripts);
  }

  #kill({ id, node, pid }: Member): void {
    write(id, 'killed');
    try {
      node.kill(pid);
    } catch (error) {
      if (!TergoError.is(error, 'process-unknown')) throw error;
    }
  }

  #endThread(who: number): void {
    const station = this.#stations[who % this.#stations.length]!;
    const { node, thread } = station;
    const now = performance.now();
    this.#ends = this.#ends.filter(({ at }) => now - at < 11_000);
    const ends = this.#ends.filter((end) => end.station === station);
    if (thread === 0 || ends.length >= ENDS_EACH) return;
    this.#ends.push({ at: now, station });
    write(-1, 'thread ends', node.name, thread);
    const args: [number, boolean] = [nextNumber(), false];
    const ended = node.spawn(Player, { thread, args }).then(
      (pid) => {
        const step = { op: 'exit thread', target: {} } as Step;
        node.send(pid, { type: 'play', number: 0, steps: [step] });
      },
      () => undefined,
    );
    this.#pending.push(ended);
  }

  /** Ends the connection between two nodes. */
  #part(who: number): void {
    const [one, other] = who % 2 === 0 ? this.nodes : this.nodes.toReversed();
    if (one === undefined || other === undefined) return;
    write(-1, 'parted');
    this.#pending.push(one.network.node(other.name)?.disconnect() ?? Promise.resolve());
  }

  #stepOf(from: Member, spec: StepSpec): Step {
    const isToProcess = ['send', 'important', 'call'].includes(spec.op);
    const isNone = spec.kind === 'node' && this.nodes.length === 1;
    const isOther = isToProcess && (spec.kind === 'event' || spec.kind === 'node');
    const kind = isNone || isOther || spec.op === 'exit' ? 'pid' : spec.kind;
    return { ...spec, target: this.#targetOf(from, { ...spec, kind }) };
  }

  #targetOf(from: Member, { other, kind }: StepSpec): Target {
    const { id: of, pid, alias, node } = this.#members[other % this.#members.length]!;
    const isHere = node === from.node;
    const name = processName(`name ${of}`);
    const event = eventName(`event ${of}`);
    switch (kind) {
      case 'pid':
        return { kind, of, key: `pid:${textOf(pid)}`, ref: pid };
      case 'alias':
        return { kind, of, key: `alias:${alias}`, ref: alias };
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
        const { name: ref } = this.nodes.find((one) => one !== from.node)!;
        return { kind, of: 0, key: `node:${ref}`, ref };
      }
    }
  }

  #verdict(): Verdict {
    // Who lives is looked up last: what was told of an end must not be judged as if that one lived.
    const entries = this.#journal.read();
    const living = this.nodes.flatMap((node) => node.processList().map(textOf));
    return new Verdict(entries, new Set(living));
  }

  /** Waits until all has come that must; throws what came too much, or in a way in which it must not come. */
  async #settle(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    const areUp = (): boolean =>
      this.nodes.every((node) => node.info().threads.every(({ isUp }) => isUp));
    await waitFor('all threads to be up', areUp);
    // What comes too much comes with the rest, or in one of the turns after that.
    for (let calm = 0; calm < 10; calm += 1) await waitFor('a verdict', () => this.#isSettled());
    const living = new Set(this.nodes.flatMap((node) => node.processList()));
    this.#members = this.#members.filter(({ pid }) => living.has(pid));
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
    await Promise.all(this.#pending.splice(0));
    for (const node of this.nodes) {
      await waitFor('the end of all', () => {
        for (const pid of node.processList()) this.#kill({ id: -1, node, pid } as never);
        return node.processList().length === 0;
      });
    }
    for (const [node, before] of this.#before) await holdsAgain(node, before);
    this.#members = [];
    this.#journal = restart();
  }
}
