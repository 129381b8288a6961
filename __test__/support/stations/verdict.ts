import { Causes, wayOf } from './causes.ts';
import { CREW_SIZE } from './crew.ts';
import type { Entry } from './journal.ts';
import {
  balanceOf,
  isRising,
  type Life,
  listIn,
  make,
  newLife,
  type Operation,
  type Relation,
  relationOf,
} from './life.ts';

const REFUSALS = [
  ...['process-unknown', 'name-unknown', 'alias-unknown', 'event-unknown', 'not-allowed'],
  ...['no-connection', 'target-exist', 'target-unknown'],
];
const UNSETTLED_CALLS = ['timeout', 'no-reply', 'process-terminated', 'thread-terminated'];
/** What may become of anything besides, when its target was disturbed. */
const LOSSES = [
  'thread-terminated',
  'process-terminated',
  'process-incarnation',
  'node-terminated',
];

/** Looks through a journal: what is `wrong` stays so, what is `missing` may come yet. */
export class Verdict {
  readonly wrong: string[] = [];
  readonly missing: string[] = [];
  /** Notices, messages and events. */
  heard = 0;
  readonly #lives = new Map<number, Life>();
  readonly #living: ReadonlySet<string>;
  readonly #ways: ReadonlySet<string>;
  /** What somebody has or had: whether it was given up. */
  readonly #things = new Map<string, { isGivenUp: boolean; isThere: boolean }>();
  readonly #causes = new Causes();
  /** The signal's text: who has sent it, and to whom. */
  readonly #signals = new Map<string, { readonly pid: string; readonly to: number }>();
  readonly #played = new Set<number>();
  readonly #killed = new Set<number>();
  readonly #crews = new Map<number, string>();

  /** `living` are the pids of all processes, `ways` the pairs of nodes with a connection. */
  constructor(
    entries: readonly Entry[],
    living: ReadonlySet<string>,
    ways: ReadonlySet<string> = new Set(),
  ) {
    this.#living = living;
    this.#ways = ways;
    // Of a thread that is not the fastest it may be known what became of somebody before that it came.
    for (const entry of entries) if (entry[1] === 'up') this.#comes(entry);
    for (const entry of entries) this.#meet(entry);
    for (const life of this.#lives.values()) if (life.isAlive) this.#judge(life);
    for (const [id, pid] of this.#crews) this.#judgeCrew(id, this.#living.has(pid));
    this.#causes.epoch = 0;
    for (const [who, what, ...rest] of entries) this.#judgeSent(who, what, rest);
  }

  #comes([who, , ...rest]: Entry): void {
    const words = rest as unknown as Parameters<typeof newLife>[1];
    const [pid] = words;
    const life = newLife(who, words, this.#living.has(pid));
    this.#lives.set(who, life);
    this.#things.set(`pid:${pid}`, { isGivenUp: false, isThere: life.isAlive });
  }

  #meet([who, what, ...rest]: Entry): void {
    if (who < 0) return this.#meetCause(what, rest as string[]);
    if (what === 'has' || what === 'gives up') {
      const thing = this.#things.get(rest[0] as string);
      const isGivenUp = thing?.isGivenUp === true || what === 'gives up';
      this.#things.set(rest[0] as string, { isGivenUp, isThere: what === 'has' });
    } else if (what === 'killed') this.#killed.add(who);
    else if (what === 'crew') this.#crews.set(who, rest[0] as string);
    else {
      const life = this.#lives.get(who);
      if (life !== undefined) this.#tell(life, what, rest);
    }
  }

  #meetCause(what: string, [one, other]: readonly string[]): void {
    if (what === 'rest') this.#causes.epoch += 1;
    else if (what === 'thread ends') this.#causes.threadEnds(one!);
    else if (what === 'parted') {
      this.#causes.parted(one!, other!);
      this.#owe((from, to) => (from === one && to === other) || (from === other && to === one));
    } else if (what === 'node stops') {
      this.#causes.stops(one!);
      this.#owe((from, to) => from !== one && to === one);
    }
  }

  /** All that stands between these nodes must fire. */
  #owe(isLost: (from: string, to: string | undefined) => boolean): void {
    for (const life of this.#lives.values()) {
      for (const relation of life.relations.values())
        if (isLost(life.node, this.#nodeOf(relation)) && balanceOf(relation) === 1)
          relation.due = relation.made;
    }
  }

  #tell(life: Life, what: string, rest: readonly unknown[]): void {
    const [first, second, third] = rest;
    const { origin } = life;
    if (what === 'up') {
      if (origin?.of === 'player' && origin.isLinked)
        make(relationOf(life, 'exit', origin.key, origin.id), [], true);
    } else if (what === 'begins') {
      const { epoch } = this.#causes;
      life.operations.set(first as number, { op: second as string, words: rest.slice(2), epoch });
    } else if (what === 'done' || what === 'failed')
      this.#settled(life, first as number, what, second);
    else if (what === 'exit' || what === 'down')
      this.#notice(life, what, first as string, second as string);
    else if (what === 'got') {
      this.heard += 1;
      listIn(life.got, `${String(first)} ${String(third)}`).push(second as number);
    } else if (what === 'event') {
      this.heard += 1;
      listIn(life.events, first as string).push(second as number);
    } else if (what === 'published') life.published.push(first as number);
    else if (what === 'ended') life.reason = first as string;
    else if (what === 'signals')
      this.#signals.set(`signal ${String(second)}`, { pid: life.pid, to: first as number });
    else if (what === 'played') this.#played.add(first as number);
    else if (what === 'timer') {
      const { epoch } = this.#causes;
      const timing = { of: first as number, key: third as string, epoch, isCancelled: false };
      life.timers.set(second as number, timing);
    } else if (what === 'cancelled')
      life.timers.get(first as number)!.isCancelled = second === true;
  }

  #notice(life: Life, kind: 'exit' | 'down', key: string, reason: string): void {
    this.heard += 1;
    // Whoever has ended by a signal has that as its reason, too.
    const signal = this.#signals.get(reason);
    if (kind === 'exit' && signal?.to === life.id && key === `pid:${signal.pid}`)
      life.signals.push(reason);
    else relationOf(life, kind, key, 0).notices.push(reason);
    if (kind === 'exit' && life.origin?.of === 'player' && key === life.origin.key)
      this.wrong.push(`${life.id} has handled the exit of its parent`);
  }

  #settled(life: Life, number: number, outcome: 'done' | 'failed', value: unknown): void {
    const operation = life.operations.get(number)!;
    const title = `${life.id}: ${operation.op} ${operation.words.join(' ')}`;
    if (operation.outcome !== undefined) this.wrong.push(`${title} has settled twice`);
    Object.assign(operation, { outcome, value });
    const { op, words } = operation;
    if (op === 'spawn' && outcome === 'done') {
      const [child, isLinked] = words as [number, boolean];
      const pid = this.#lives.get(child)?.pid;
      if (pid !== value) this.wrong.push(`${title} has given ${String(value)}, and ${pid} is up`);
      if (isLinked) make(relationOf(life, 'exit', `pid:${String(value)}`, child), [], true);
    }
    if (op !== 'relate' && op !== 'unrelate') return;
    const [kind, key, of] = words as [string, string, number];
    const relation = relationOf(life, kind, key, of);
    if (outcome === 'failed') {
      if (op === 'relate') relation.refused += 1;
      return;
    }
    if (op === 'unrelate') relation.undone += 1;
    else make(relation, (value ?? []) as readonly number[], false);
  }

  #judge(life: Life): void {
    for (const [number, operation] of life.operations) {
      const title = `${life.id}: ${number} ${operation.op} ${operation.words.join(' ')}`;
      if (operation.outcome === undefined) this.missing.push(`${title} has not settled`);
      else if (operation.op === 'spawn') this.#judgeSpawn(life, title, operation);
      else if (operation.op === 'relate' || operation.op === 'unrelate')
        this.#judgeRelating(life, title, operation);
      else this.#judgeOutcome(life, title, operation);
    }
    for (const [kind, relation] of life.relations) this.#judgeRelation(life, kind, relation);
    for (const [from, numbers] of life.got) {
      const isRight = from.endsWith(' none')
        ? new Set(numbers).size === numbers.length
        : isRising(numbers);
      if (!isRight) this.wrong.push(`${life.id} got of ${from}: ${numbers.join(' ')}`);
    }
    for (const [key, numbers] of life.events) this.#judgeEvents(life, key, numbers);
    this.#judgeTimers(life);
    if (new Set(life.signals).size < life.signals.length)
      this.wrong.push(`${life.id} heard a signal twice: ${life.signals.join()}`);
  }

  #judgeSpawn(life: Life, title: string, { words, outcome, value, epoch }: Operation): void {
    if (outcome !== 'failed') return;
    const [child, , node] = words as [number, boolean, string];
    // A dial that had begun before may fail yet.
    const since = value === 'no-connection' ? epoch - 1 : epoch;
    if (!this.#killed.has(child) && !this.#causes.hasDisturbed(life.node, node, since))
      this.wrong.push(`${title} was refused with ${String(value)}`);
  }

  #judgeRelating(life: Life, title: string, { words, outcome, value, epoch }: Operation): void {
    if (outcome !== 'failed') return;
    const [, key, of] = words as [string, string, number];
    if (!this.#isRefusal(life, this.#nodeOf({ key, of }), epoch, value as string))
      this.wrong.push(`${title} was refused with ${String(value)}`);
  }

  /** Whether something may be refused so, whatever it was. */
  #isRefusal({ node }: Life, other: string | undefined, epoch: number, code: string): boolean {
    // A dial that had begun before may fail yet.
    if (code === 'no-connection') return this.#causes.hasDisturbed(node, other, epoch - 1);
    if (code === 'process-incarnation') return this.#causes.hasStopped(other!);
    return (
      REFUSALS.includes(code) ||
      (LOSSES.includes(code) && this.#causes.hasDisturbed(node, other, epoch))
    );
  }

  #judgeOutcome(life: Life, title: string, { op, words, outcome, value, epoch }: Operation): void {
    const [of, n, order, key, mode, via, viaKey] = words as [
      ...[number, number, string, string, string, number?, string?],
    ];
    const other = this.#lives.get(of);
    const isCall = op === 'call' || op === 'forward call';
    if (outcome === 'done') {
      if (isCall && String(value) !== String([of, life.id, n]))
        this.wrong.push(`${title} got ${String(value)}`);
      if (op === 'important' && other?.isAlive === true)
        this.#mustHaveCome(other, `${life.id} ${order}`, n);
      return;
    }
    const middle = via === undefined ? life : this.#lives.get(via);
    // What had begun before a node stopped may bring its end to mind again.
    const isOld = value === 'process-incarnation' && this.#causes.hasStopped(other?.node ?? '');
    const isDisturbed =
      this.#causes.hasDisturbed(life.node, middle?.node, epoch) ||
      this.#causes.hasDisturbed(middle?.node, other?.node, epoch);
    const isKnown =
      this.#isRefusal(life, this.#nodeOf({ key, of }), epoch, value as string) ||
      (isCall && UNSETTLED_CALLS.includes(value as string)) ||
      (isDisturbed && (LOSSES.includes(value as string) || value === 'no-connection')) ||
      (via !== undefined && ['process-incarnation', 'no-connection'].includes(value as string));
    const isWell = other?.isAlive === true && middle?.isAlive === true && !isDisturbed;
    const isByPid = key.startsWith('pid:') && viaKey?.startsWith('pid:') !== false;
    const isAnswered = op === 'important' || ['now', 'async'].includes(mode);
    // It says that of itself who was killed and has not left its callback yet; and who would wait for itself.
    const isOfOther = value !== 'not-allowed' && ![life.id, via].includes(of) && via !== life.id;
    if (!isKnown || (isWell && !isOld && isByPid && isAnswered && isOfOther))
      this.wrong.push(`${title} was refused with ${String(value)}`);
  }

  #judgeRelation(life: Life, kind: string, relation: Relation): void {
    const { key, of, made, refused, undone, due, notices } = relation;
    const title = `${life.id}: ${kind} of ${key}`;
    const balance = balanceOf(relation);
    // One that was taken back before it was refused.
    const stands = balance < 0 ? Math.min(0, balance + refused) : balance;
    const text = `${title} was made ${made} times, undone ${undone} times, and fired with ${notices.join()}`;
    const isPending = [...life.operations.values()].some(
      ({ op, outcome, words }) => outcome === undefined && (words[1] === key || op === 'spawn'),
    );
    if (isPending) return;
    if (stands < 0 || stands > 1) this.wrong.push(text);
    const thing = this.#things.get(key);
    const isOver = thing?.isThere === false || (of > 0 && this.#lives.get(of)?.isAlive === false);
    if (stands === 1 && isOver) this.missing.push(`${title} has not fired`);
    if (undone + notices.length < due) this.missing.push(`${text}, and its connection was lost`);
    const node = this.#nodeOf(relation);
    const isFar = node !== undefined && node !== life.node;
    if (stands === 1 && isFar && !this.#ways.has(wayOf(node, life.node)))
      this.missing.push(`${title} stands without a connection`);
    for (const reason of notices)
      if (!this.#mayFire(life, relation, reason))
        this.wrong.push(`${title} has fired with ${reason}`);
  }

  #mayFire(life: Life, relation: Relation, reason: string): boolean {
    const { key, of } = relation;
    const target = this.#lives.get(of);
    const node = this.#nodeOf(relation);
    const isLost = node !== undefined && node !== life.node;
    if (reason === 'no-connection' && isLost && this.#causes.haveParted(node, life.node))
      return true;
    if (reason === 'unregistered' && this.#things.get(key)?.isGivenUp === true) return true;
    if (target === undefined || target.isAlive) return false;
    if (target.reason === reason) return true;
    // It may have ended just before its thread did.
    if (reason === 'thread-terminated') return this.#causes.hasLostThread(target.node);
    if (target.reason !== undefined) return false;
    return reason === 'kill' || this.#causes.hasStopped(target.node);
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

  #judgeTimers(life: Life): void {
    for (const [n, { of, key, epoch, isCancelled }] of life.timers) {
      const other = this.#lives.get(of);
      const hasCome = other?.got.get(`${life.id} none`)?.includes(n) === true;
      if (isCancelled && hasCome)
        this.wrong.push(`${life.id}: what comes with ${n} was cancelled, and has come`);
      const isDisturbed = this.#causes.hasDisturbed(life.node, other?.node, epoch);
      if (!isCancelled && other?.isAlive === true && !isDisturbed && key.startsWith('pid:'))
        this.#mustHaveCome(other, `${life.id} none`, n);
    }
  }

  /** While a supervisor lives, so does each of its children, once; afterwards none. */
  #judgeCrew(id: number, isAlive: boolean): void {
    const children = [...this.#lives.values()]
      .filter((life) => life.isAlive && life.origin?.of === 'crew' && life.origin.id === id)
      .map(({ origin }) => (origin?.of === 'crew' ? origin.child : -1))
      .toSorted((one, other) => one - other);
    const all = isAlive ? Array.from({ length: CREW_SIZE }, (_, child) => child) : [];
    if (String(children) !== String(all))
      this.missing.push(`of the crew ${id} live ${children.join()}, and not ${all.join()}`);
  }

  #judgeSent(who: number, what: string, rest: readonly unknown[]): void {
    if (what === 'rest') this.#causes.epoch += 1;
    else if (what === 'sent') {
      const [of, n, order, key, result] = rest as [number, number, string, string, string];
      const [life, other] = [this.#lives.get(who), this.#lives.get(of)];
      const { epoch } = this.#causes;
      const isDisturbed = this.#causes.hasDisturbed(life?.node, other?.node, epoch);
      if (other?.isAlive !== true || life?.isAlive !== true || !key.startsWith('pid:')) return;
      if (isDisturbed) return;
      if (result === 'ok') this.#mustHaveCome(other, `${who} ${order}`, n);
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

  /** On which node something is. */
  #nodeOf({ key, of }: Pick<Relation, 'key' | 'of'>): string | undefined {
    const [kind] = key.split(':', 1);
    if (kind === 'node') return key.slice('node:'.length);
    return kind === 'name' || kind === 'event'
      ? key.slice(key.indexOf('@') + 1)
      : this.#lives.get(of)?.node;
  }
}
