import { startNode, TergoError, type Node, type Pid } from 'tergo';
import { Random } from '../soak/random.ts';
import { Runner, type Report, type RunnerProtocol } from './runner.ts';

export interface StressOptions {
  /** So many messages are to be accepted at least, each for a process of another thread than its sender's. */
  readonly messages: number;
  readonly threads: number;
  readonly seed: number;
  onProgress?(sent: number): void;
}

export interface StressResult {
  /** Messages that were accepted. */
  readonly sent: number;
  /** Of those, messages to processes that were killed at some time: what became of them nobody can tell. */
  readonly toKilled: number;
  readonly refused: number;
  readonly killed: number;
  /** Exits and down messages that came. */
  readonly notices: number;
  readonly ms: number;
  /** What was wrong; nothing, if all is well. */
  readonly faults: readonly string[];
}

interface Place {
  readonly pid: Pid<RunnerProtocol>;
  readonly thread: number;
  /** Who watches it, by their places. */
  readonly watchers: Place[];
}

const RUNNERS_EACH = 8;
const TARGETS = 4;
const EACH = 250;
/** Every so many rounds one process is killed, and another one takes its place. */
const KILL_EVERY = 5;
/** What waits for the runners in bounded mailboxes must not refuse what they are told. */
const CALL = { timeoutMs: 120_000, priority: 'high' } as const;
const module = new URL('./runner.ts', import.meta.url);

/** Many processes on all threads send each other numbered messages, while some of them are killed. */
export async function stress(options: StressOptions): Promise<StressResult> {
  const log = { disableConsole: true };
  const { threads } = options;
  const node = await startNode('stress@localhost', { threads, behaviors: [module], log });
  try {
    return await new Stress(node, options).run();
  } finally {
    await node.stopForce();
  }
}

class Stress {
  readonly #node: Node;
  readonly #options: StressOptions;
  readonly #random: Random;
  readonly #places: Place[] = [];
  readonly #dead: Place[] = [];
  #sent = 0;

  constructor(node: Node, options: StressOptions) {
    this.#node = node;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<StressResult> {
    const begin = performance.now();
    const { threads, messages, onProgress } = this.#options;
    for (let n = 0; n < RUNNERS_EACH * threads; n++)
      this.#places.push(await this.#spawn(n % threads));
    for (const place of this.#places) await this.#watchSome(place);
    for (let round = 1; this.#sent < messages; round++) {
      const bursts = this.#places.map((place) => this.#burst(place));
      if (round % KILL_EVERY === 0) await this.#replaceOne();
      const counts = await Promise.all(bursts);
      this.#sent += counts.reduce((sum, count) => sum + count, 0);
      onProgress?.(this.#sent);
    }
    const reports = await this.#reports();
    return this.#judge(reports, performance.now() - begin);
  }

  /** Half of the mailboxes are bounded. */
  async #spawn(thread: number): Promise<Place> {
    const mailboxSize = this.#random.oneIn(2) ? 2000 : 0;
    const options = { thread, mailboxSize, logLevel: 'disabled' } as const;
    return { pid: await this.#node.spawn(Runner, options), thread, watchers: [] };
  }

  async #watchSome(place: Place): Promise<void> {
    for (let n = 0; n < 3; n++) {
      const watcher = this.#any();
      if (watcher === place || place.watchers.includes(watcher)) continue;
      place.watchers.push(watcher);
      await this.#node.call(watcher.pid, { type: 'watch', whom: place.pid }, CALL);
    }
  }

  /** To processes of other threads; what a killed one would have sent counts for nobody. */
  async #burst(from: Place): Promise<number> {
    const others = this.#places.filter(({ thread }) => thread !== from.thread);
    const to = Array.from({ length: TARGETS }, () => this.#random.pick(others).pid);
    const burst = { type: 'burst', to, each: EACH } as const;
    try {
      return (await this.#node.call(from.pid, burst, CALL)) as never as number;
    } catch (error) {
      if (this.#dead.some(({ pid }) => pid === from.pid)) return 0;
      throw error;
    }
  }

  async #replaceOne(): Promise<void> {
    const at = this.#random.between(0, this.#places.length - 1);
    const [victim] = this.#places.splice(at, 1);
    this.#dead.push(victim!);
    this.#node.kill(victim!.pid);
    const next = await this.#spawn(this.#random.between(0, this.#options.threads - 1));
    this.#places.push(next);
    await this.#watchSome(next);
  }

  #any(): Place {
    return this.#random.pick(this.#places);
  }

  /** Everybody's, again and again until nothing is under way any more. */
  async #reports(): Promise<Map<string, Report>> {
    let before = -1;
    for (;;) {
      const reports = new Map<string, Report>();
      for (const { pid } of this.#places) reports.set(String(pid), await this.#reportOf(pid));
      const taken = sum([...reports.values()].map(({ received }) => sum([...received.values()])));
      if (taken === before) return reports;
      before = taken;
    }
  }

  /** Behind all that waits for it. */
  async #reportOf(pid: Pid<RunnerProtocol>): Promise<Report> {
    for (;;) {
      try {
        const asked = this.#node.call(pid, { type: 'report' }, { timeoutMs: CALL.timeoutMs });
        return (await asked) as never as Report;
      } catch (error) {
        if (!TergoError.is(error, 'process-mailbox-full')) throw error;
      }
    }
  }

  #judge(reports: Map<string, Report>, ms: number): StressResult {
    const faults = [...reports].flatMap(([pid, report]) =>
      report.faults.map((text) => `${pid}: ${text}`),
    );
    const living = new Set(reports.keys());
    let toKilled = 0;
    for (const [sender, { accepted }] of reports) {
      for (const [target, count] of accepted) {
        const got = reports.get(target)?.received.get(sender) ?? 0;
        if (!living.has(target)) toKilled += count;
        else if (got !== count)
          faults.push(`${target} got ${got} of ${count} messages of ${sender}`);
      }
    }
    faults.push(...this.#noticeFaults(reports));
    const all = [...reports.values()];
    const refused = sum(all.map((report) => report.refused));
    const notices = sum(all.flatMap(({ exits, downs }) => [...exits.values(), ...downs.values()]));
    const counts = { refused, notices, killed: this.#dead.length };
    return { sent: this.#sent, toKilled, ...counts, ms, faults: faults.slice(0, 20) };
  }

  /** Whoever watches one that was killed has heard so once by the link and once by the monitor; of others nobody hears. */
  #noticeFaults(reports: Map<string, Report>): string[] {
    const due = new Map<string, Set<string>>();
    for (const { pid, watchers } of this.#dead)
      for (const watcher of watchers) {
        const key = String(watcher.pid);
        due.set(key, (due.get(key) ?? new Set()).add(String(pid)));
      }
    return [...reports].flatMap(([pid, { exits, downs }]) => {
      const expected = due.get(pid) ?? new Set();
      return [exits, downs].flatMap((heard, at) => {
        const missing = [...expected].filter((one) => heard.get(one) !== 1);
        const extra = [...heard.keys()].filter((one) => !expected.has(one));
        const what = at === 0 ? 'exit' : 'down';
        return [
          ...missing.map(
            (one) => `${pid} heard ${heard.get(one) ?? 0} times the ${what} of ${one}`,
          ),
          ...extra.map((one) => `${pid} heard the ${what} of ${one}, which it did not watch`),
        ];
      });
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
