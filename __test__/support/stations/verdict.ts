import type { Entry } from './journal.ts';

/** What somebody has begun that settles later. */
interface Operation {
  readonly op: string;
  readonly words: readonly unknown[];
  outcome?: 'done' | 'failed';
  value?: unknown;
}

/** One player as the journal tells of it. */
interface Life {
  readonly id: number;
  readonly pid: string;
  readonly isAlive: boolean;
  readonly traps: boolean;
  reason?: string;
  readonly operations: Map<number, Operation>;
  /** By link or monitor and target. */
  readonly relations: Map<string, Relation>;
  /** By sender and priority: the numbers that came. */
  readonly got: Map<string, number[]>;
  /** By event. */
  readonly events: Map<string, number[]>;
  readonly published: number[];
  readonly signals: string[];
}

interface Relation {
  readonly key: string;
  readonly of: number;
  made: number;
  refused: number;
  undone: number;
  readonly backlogs: (readonly number[])[];
  readonly notices: string[];
}

const REFUSALS = [
  ...['process-unknown', 'name-unknown', 'alias-unknown', 'event-unknown', 'not-allowed'],
  ...['no-connection', 'target-exist', 'target-unknown'],
];
const UNSETTLED_CALLS = ['timeout', 'no-reply', 'process-terminated', 'thread-terminated'];

/** Looks through a journal: what is `wrong` stays so, what is `missing` may come yet. */
export class Verdict {
  readonly wrong: string[] = [];
  readonly missing: string[] = [];
  /** Notices, messages and events. */
  heard = 0;
  readonly #lives = new Map<number, Life>();
  readonly #living: ReadonlySet<string>;
  /** What somebody has or had: whether it was given up. */
  readonly #things = new Map<string, { isGivenUp: boolean; isThere: boolean }>();
  readonly #causes = new Set<string>();
  /** The signal's text, and who has sent it. */
  readonly #signals = new Map<string, string>();
  readonly #played = new Set<number>();

  constructor(entries: readonly Entry[], living: ReadonlySet<string>) {
    this.#living = living;
    for (const entry of entries) this.#meet(entry);
    for (const life of this.#lives.values()) if (life.isAlive) this.#judge(life);
    for (const [who, what, ...rest] of entries) this.#judgeSent(who, what, rest);
  }

  #meet([who, what, ...rest]: Entry): void {
    if (what === 'up') {
      const [pid, traps] = rest as [string, boolean];
      const isAlive = this.#living.has(pid);
      this.#lives.set(who, { ...newLife(who), pid, isAlive, traps });
      this.#things.set(`pid:${pid}`, { isGivenUp: false, isThere: isAlive });
    } else if (what === 'has' || what === 'gives up') {
      const thing = this.#things.get(rest[0] as string);
      const isGivenUp = thing?.isGivenUp === true || what === 'gives up';
      this.#things.set(rest[0] as string, { isGivenUp, isThere: what === 'has' });
    } else if (what === 'thread ends' || what === 'parted') this.#causes.add(what);
    else {
      const life = this.#lives.get(who);
      if (life !== undefined) this.#tell(life, what, rest);
    }
  }

  #tell(life: Life, what: string, rest: readonly unknown[]): void {
    const [first, second, third] = rest;
    if (what === 'begins')
      life.operations.set(first as number, { op: second as string, words: rest.slice(2) });
    else if (what === 'done' || what === 'failed')
      this.#settled(life, first as number, what, second);
    else if (what === 'exit' || what === 'down') {
      this.heard += 1;
      // Whoever has ended by a signal has that as its reason, too.
      const isSignal = first === `pid:${this.#signals.get(second as string)}`;
      if (isSignal && what === 'exit') life.signals.push(second as string);
      else relationOf(life, what, first as string, 0).notices.push(second as string);
    } else if (what === 'got') {
      this.heard += 1;
      listIn(life.got, `${String(first)} ${String(third)}`).push(second as number);
    } else if (what === 'event') {
      this.heard += 1;
      listIn(life.events, first as string).push(second as number);
    } else if (what === 'published') life.published.push(first as number);
    else if (what === 'ended') life.reason = first as string;
    else if (what === 'signals') this.#signals.set(`signal ${String(second)}`, life.pid);
    else if (what === 'played') this.#played.add(first as number);
  }

  #settled(life: Life, number: number, outcome: 'done' | 'failed', value: unknown): void {
    const operation = life.operations.get(number)!;
    const title = `${life.id}: ${operation.op} ${operation.words.join(' ')}`;
    if (operation.outcome !== undefined) this.wrong.push(`${title} has settled twice`);
    Object.assign(operation, { outcome, value });
    const { op, words } = operation;
    if (op !== 'relate' && op !== 'unrelate') return;
    const [kind, key, of] = words as [string, string, number];
    const relation = relationOf(life, kind, key, of);
    if (outcome === 'failed') {
      if (op === 'relate') relation.refused += 1;
      return;
    }
    if (op === 'unrelate') relation.undone += 1;
    else {
      relation.made += 1;
      relation.backlogs.push((value ?? []) as readonly number[]);
    }
  }

  #judge(life: Life): void {
    for (const [number, operation] of life.operations) this.#judgeOutcome(life, number, operation);
    for (const [kind, relation] of life.relations) this.#judgeRelation(life, kind, relation);
    for (const [from, numbers] of life.got)
      if (!isRising(numbers)) this.wrong.push(`${life.id} got of ${from}: ${numbers.join(' ')}`);
    for (const [key, numbers] of life.events) this.#judgeEvents(life, key, numbers);
    if (new Set(life.signals).size < life.signals.length)
      this.wrong.push(`${life.id} heard a signal twice: ${life.signals.join()}`);
  }

  #judgeOutcome(life: Life, number: number, { op, words, outcome, value }: Operation): void {
    const title = `${life.id}: ${number} ${op} ${words.join(' ')}`;
    if (outcome === undefined) return void this.missing.push(`${title} has not settled`);
    const [of, n, priority, key, mode] = words as [number, number, string, string, string];
    const other = this.#lives.get(of);
    const isWell = other?.isAlive === true && of !== life.id && this.#causes.size === 0;
    const isByPid = typeof key === 'string' && key.startsWith('pid:');
    const isAnswered = ['now', 'async'].includes(mode);
    if (outcome === 'failed') {
      const codes = op === 'call' ? [...REFUSALS, ...UNSETTLED_CALLS] : REFUSALS;
      const isKnown =
        codes.includes(value as string) || (op === 'important' && this.#causes.size > 0);
      // It says that of itself who was killed and has not left its callback yet.
      const isOfOther = value !== 'not-allowed';
      const mustBe = isOfOther && (op === 'important' || (op === 'call' && isAnswered));
      if (!isKnown || (isWell && isByPid && mustBe))
        this.wrong.push(`${title} was refused with ${String(value)}`);
    } else if (op === 'call') {
      if (String(value) !== String([of, life.id, n]))
        this.wrong.push(`${title} got ${String(value)}`);
    } else if (op === 'important' && other?.isAlive === true)
      this.#mustHaveCome(other, `${life.id} ${priority}`, n);
  }

  #judgeRelation(
    life: Life,
    kind: string,
    { key, of, made, refused, undone, notices }: Relation,
  ): void {
    const title = `${life.id}: ${kind} of ${key}`;
    const balance = made - undone - notices.length;
    // One that was taken back before it was refused.
    const stands = balance < 0 ? Math.min(0, balance + refused) : balance;
    const text = `${title} was made ${made} times, undone ${undone} times, and fired with ${notices.join()}`;
    const isPending = [...life.operations.values()].some(
      ({ outcome, words }) => outcome === undefined && words[1] === key,
    );
    if (isPending) return;
    if (stands < 0 || stands > 1) this.wrong.push(text);
    const thing = this.#things.get(key);
    const isOver = thing?.isThere === false || (of > 0 && this.#lives.get(of)?.isAlive === false);
    if (stands === 1 && isOver) this.missing.push(`${title} has not fired`);
    for (const reason of notices)
      if (!this.#mayFire(key, of, reason)) this.wrong.push(`${title} has fired with ${reason}`);
  }

  #mayFire(key: string, of: number, reason: string): boolean {
    const target = this.#lives.get(of);
    if (reason === 'no-connection' && this.#causes.has('parted')) return true;
    if (reason === 'unregistered' && this.#things.get(key)?.isGivenUp === true) return true;
    if (target === undefined || target.isAlive) return false;
    if (target.reason !== undefined) return target.reason === reason;
    return reason === 'kill' || (reason === 'thread-terminated' && this.#causes.has('thread ends'));
  }

  /** One subscription that nobody took back: all since then, without a gap. */
  #judgeEvents(life: Life, key: string, numbers: readonly number[]): void {
    const relations = ['exit', 'down'].map((kind) => life.relations.get(`${kind} ${key}`));
    const made = relations.filter((one) => one !== undefined && one.made > 0);
    const isAsked = [...life.operations.values()].some(({ words }) => words[1] === key);
    if (!isAsked) this.wrong.push(`${life.id} heard ${key} unasked`);
    const [one] = made;
    if (made.length !== 1 || one!.made !== 1 || one!.undone > 0) return;
    const all = [...one!.backlogs[0]!, ...numbers];
    if (all.some((n, at) => at > 0 && n !== all[at - 1]! + 1))
      this.wrong.push(`${life.id} heard of ${key}: ${all.join(' ')}`);
    const producer = this.#lives.get(one!.of);
    const last = producer?.published.at(-1);
    if (producer?.isAlive === true && one!.notices.length === 0 && all.at(-1) !== last)
      this.missing.push(`${life.id} has not heard ${last} of ${key}`);
  }

  #judgeSent(who: number, what: string, rest: readonly unknown[]): void {
    if (what === 'sent') {
      const [of, n, priority, key, result] = rest as [number, number, string, string, string];
      const other = this.#lives.get(of);
      const isWell = other?.isAlive === true && this.#causes.size === 0 && key.startsWith('pid:');
      if (!isWell || this.#lives.get(who)?.isAlive !== true) return;
      if (result === 'ok') this.#mustHaveCome(other, `${who} ${priority}`, n);
      else if (result !== 'not-allowed')
        this.wrong.push(`${who}: a message to ${of} was refused with ${result}`);
    } else if (what === 'has to play' && !this.#played.has(rest[0] as number)) {
      if (this.#lives.get(who)?.isAlive === true)
        this.missing.push(`${who} has not done all that it was told`);
    }
  }

  #mustHaveCome(to: Life, from: string, n: number): void {
    if (to.got.get(from)?.includes(n) !== true)
      this.missing.push(`${to.id} has not got ${n} of ${from}`);
  }
}

function newLife(id: number): Life {
  return {
    ...{ id, pid: '', isAlive: false, traps: false, operations: new Map(), relations: new Map() },
    ...{ got: new Map(), events: new Map(), published: [], signals: [] },
  };
}

function relationOf({ relations }: Life, kind: string, key: string, of: number): Relation {
  const place = `${kind} ${key}`;
  const known = relations.get(place);
  // A notice may be written before the word that the relation is made.
  const relation = known ?? { key, of, made: 0, refused: 0, undone: 0, backlogs: [], notices: [] };
  if (known === undefined || (known.of === 0 && of > 0)) relations.set(place, { ...relation, of });
  return relations.get(place)!;
}

function listIn(lists: Map<string, number[]>, key: string): number[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((n, at) => at === 0 || n > numbers[at - 1]!);
}
