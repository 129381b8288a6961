import { CallbackProcess } from '../actor/callback-process.ts';
import {
  type Answer,
  ErrorReply,
  type MaybePromise,
  type Next,
  noreply,
  Stop,
} from '../actor/outcome.ts';
import { type ExitReason, reasonOf, reasonText } from '../error/exit-reason.ts';
import { checkName, checkOptions } from '../error/check.ts';
import { incorrect, TergoError } from '../error/tergo-error.ts';
import { failure } from '../node/messaging.ts';
import type { Envelope } from '../process/envelope.ts';
import type { LocalPid, Pid } from '../process/pid.ts';
import { aftermath, context, initialise, supervises } from '../process/process-context.ts';
import type { Optional, WithArgs } from '../process/process-options.ts';
import { TAKES_EXITS } from '../process/process-record.ts';
import type { ChildPlan } from './child.ts';
import type { ChildInfo, RestartInfo } from './child-info.ts';
import {
  type ChildSpec,
  type ChildStart,
  type ChildTemplate,
  LocalChildSpec,
  LocalChildTemplate,
} from './child-spec.ts';
import { childrenInfo, describe, restartsInfo } from './inspection.ts';
import { NamedSupervision } from './named-supervision.ts';
import { ChildGone, ChildStarted, ChildTerminated, Note } from './note.ts';
import { SimpleSupervision } from './simple-supervision.ts';
import type { Supervision } from './supervision.ts';
import { SupervisionRunner } from './supervision-runner.ts';
import { type CheckedSpec, checkSpec, type SupervisorSpec } from './supervisor-spec.ts';

type Result = MaybePromise<Next | Answer | object>;

/**
 * Starts children, watches them and restarts them as its spec says. It is an actor besides: spawn it,
 * name it, call it, and write the callbacks that its protocol asks for.
 *
 * - `init` returns the spec. The children start in its order; the spawn of the supervisor resolves when
 *   all are up (its own `initTimeoutMs` covers them), and rejects with the error of the first that does
 *   not come up, after those before it have ended, last one first.
 * - While a child starts, the supervisor takes no other message; an asynchronous `init` of a child makes
 *   it wait. A child must therefore not call its supervisor in `init`.
 * - When it ends – by an exit of its parent or of anybody else who is no child of its own, by
 *   `stop(reason)` or an error of a callback, by a significant child or too many restarts – its children
 *   are stopped with that reason first: one by one, last started first, instances of templates all at
 *   once. `trapExit` makes no difference, and there is no `handleExit`. Only `kill` ends it at once; its
 *   children follow by their links.
 * - A child has ended when its `terminate` is over, an asynchronous one included: only then is it
 *   restarted. What takes over its `shutdownTimeoutMs` to end is killed, or left behind in `terminate`,
 *   and logged as an error.
 *
 * Source: Ergo `act.Supervisor`, OTP `supervisor`.
 *
 * @example
 * class Shop extends Supervisor {
 *   override init(): SupervisorSpec {
 *     return { strategy: 'one-for-one', children: [childSpec(counterName, Counter, { args: [10] })] };
 *   }
 * }
 */
export abstract class Supervisor<P = {}> extends CallbackProcess<P> {
  #spec: CheckedSpec | undefined;
  #runner: SupervisionRunner | undefined;

  constructor() {
    super();
    this[context].flags |= TAKES_EXITS;
    if (typeof this.init !== 'function')
      throw incorrect(`init of ${new.target.name}`, 'a method that returns the spec', this.init);
  }

  /** Gives the spec. The spawn rejects with `incorrect` or `child-duplicate`, naming the key, when it is none. */
  abstract override init(...args: never[]): MaybePromise<SupervisorSpec>;

  /** A child has started, for the first time or again. Comes in order with `handleChildTerminate`, after the messages that wait. */
  handleChildStart?(name: string, pid: Pid<never>): MaybePromise<Next>;

  /** A child has ended. Comes once for every end of a child that was up, also while the supervisor ends. */
  handleChildTerminate?(name: string, pid: Pid<never>, reason: ExitReason): MaybePromise<Next>;

  /**
   * The children in the order of starts: those of the spec and added ones, or all instances of templates.
   * Throws `not-allowed` before `init` has returned the spec.
   */
  children(): readonly ChildInfo[] {
    return childrenInfo(this.#running.supervision);
  }

  /** The last 50 restarts, oldest first. Throws like `children`. */
  restarts(): readonly RestartInfo[] {
    const { driver, clock } = this[context].runtime;
    return restartsInfo(this.#running.supervision, driver.readNow(), clock);
  }

  /**
   * Starts a child that is known by its name and has ended, as `spec` says from now on (class, options,
   * arguments; how it is supervised stays), or an instance of a template, which keeps its arguments over
   * its restarts. Resolves when its `init` is over. Rejects with `child-unknown`, `child-running`,
   * `child-disabled`, `supervisor-strategy-active` (children stop or start just now; ask again later),
   * `not-allowed` (outside of its callbacks, or in `init`), or what `spawn` rejects with; then all is as
   * it was.
   *
   * @example
   * const pid = await this.startChild(worker, { args: [request.url, 3] });
   */
  startChild<T>(spec: ChildSpec<T>): Promise<Pid<T>>;
  startChild<T, Args extends readonly unknown[]>(
    template: ChildTemplate<T, Args>,
    ...options: Optional<WithArgs<NoInfer<Args>>>
  ): Promise<Pid<T>>;
  async startChild(
    child: unknown,
    options?: { readonly args?: readonly unknown[] },
  ): Promise<unknown> {
    if (child instanceof LocalChildSpec && options !== undefined)
      throw incorrect('options', 'left out: a childSpec has its arguments', options);
    checkOptions('options', options, ['args']);
    const plan = this.#planOf(child, options?.args);
    return this.#running.ask((supervision) => supervision.start(plan));
  }

  /**
   * Adds a child behind all others and starts it, or adds a template, of which nothing is started. Rejects
   * like `startChild`, also with `child-duplicate`; then the child is not added.
   */
  addChild<T>(spec: ChildSpec<T>): Promise<Pid<T>>;
  addChild<T, Args extends readonly unknown[]>(template: ChildTemplate<T, Args>): Promise<void>;
  async addChild(child: unknown): Promise<unknown> {
    const plan = this.#planOf(child, undefined);
    return this.#running.ask((supervision) => supervision.add(plan));
  }

  /**
   * Takes a disabled child into service again and starts it; of a template nothing is started. Rejects
   * like `startChild`; then it stays disabled. What is not disabled is left as it is.
   */
  async enableChild(name: string): Promise<void> {
    checkName('name', name);
    await this.#running.ask((supervision) => supervision.enable(name));
  }

  /**
   * Stops a child with the reason `shutdown`, or all instances of a template, and keeps it from being
   * started until `enableChild`. Resolves when it is told, not when it has ended. Rejects with
   * `child-unknown`, `supervisor-strategy-active`, `not-allowed`.
   */
  async disableChild(name: string): Promise<void> {
    checkName('name', name);
    await this.#running.ask((supervision) => supervision.disable(name));
  }

  /** Calls the callback that an entry of the mailbox is for. Override it only to see every entry; then call `super.receive`. */
  override receive(envelope: Envelope): MaybePromise<Next | Answer | object> {
    switch (envelope.kind) {
      case 'exit':
        return nextAfter(this.#running.exited(envelope.exit));
      case 'response':
        if (Note.is(envelope.response)) return this.#note(envelope.response);
        break;
      case 'inspect':
        return this.#guard(() => this.#inspect(envelope), true);
    }
    return this.#guard(() => super.receive(envelope), envelope.kind === 'request');
  }

  /** @internal */
  override async [initialise](args: readonly unknown[]): Promise<void> {
    const spec = checkSpec(await this.init(...(args as never[])));
    this.#spec = spec;
    this.#runner = new SupervisionRunner(this[context], supervisionOf(spec), {
      toStarts: this.handleChildStart !== undefined,
      toEnds: this.handleChildTerminate !== undefined,
    });
    await this.#runner.begin();
  }

  /** @internal */
  override [supervises](pid: LocalPid): boolean {
    return this.#runner?.has(pid) === true;
  }

  /** @internal */
  override [aftermath](): Promise<void> | undefined {
    return this.#runner?.aftermath();
  }

  get #running(): SupervisionRunner {
    if (this.#runner === undefined)
      throw failure(
        'not-allowed',
        'a supervisor has no children before its init has returned the spec',
      );
    return this.#runner;
  }

  #planOf(child: unknown, args: readonly unknown[] | undefined): ChildPlan<ChildStart> {
    const isSimple = this.#running.supervision instanceof SimpleSupervision;
    if (isSimple && child instanceof LocalChildTemplate) return child.with(args);
    if (!isSimple && child instanceof LocalChildSpec) return child;
    const maker = isSimple ? 'childTemplate' : 'childSpec';
    throw incorrect(
      'child',
      `what ${maker} gives, as the strategy is ${this.#spec?.strategy}`,
      child,
    );
  }

  #inspect({ items, from }: Extract<Envelope, { kind: 'inspect' }>): Record<string, string> {
    const own = describe(this.#spec!, this.#running.supervision, this.restarts(), items);
    return { ...own, ...this.handleInspect?.(items, from) };
  }

  /** What it has sent to itself. */
  #note(note: Note): Result {
    if (note instanceof ChildGone) return nextAfter(this.#running.gone(note));
    const result = this.#guard(() => this.#tell(note), false);
    return result instanceof Promise
      ? result.finally(() => this.#running.told())
      : this.#told(result);
  }

  #tell(note: Note): MaybePromise<Next> {
    if (note instanceof ChildStarted)
      return this.handleChildStart?.(note.name, note.pid) ?? noreply;
    if (note instanceof ChildTerminated)
      return this.handleChildTerminate?.(note.name, note.pid, note.reason) ?? noreply;
    return noreply;
  }

  #told<T>(result: T): T {
    this.#running.told();
    return result;
  }

  /** Runs a callback. Where it would end the supervisor, the children end first. */
  #guard(callback: () => Result, isCall: boolean): Result {
    try {
      const result = callback();
      if (!(result instanceof Promise)) return this.#obey(result, isCall);
      return result.then(
        (value) => this.#obey(value, isCall),
        (error: unknown) => this.#crashed(error, isCall),
      );
    } catch (error) {
      return this.#crashed(error, isCall);
    }
  }

  #obey(result: Next | Answer | object, isCall: boolean): Result {
    const runner = this.#running;
    if (!(result instanceof Stop) || runner.isDead) return result;
    if (runner.isBare && !runner.supervision.isEnding) return result;
    const unanswered = (): unknown => unansweredBy(this[context].pid, result.reason);
    const answer = isCall ? ((result.answer ?? unanswered()) as object) : noreply;
    const stopped = runner.stop(result.reason);
    return stopped instanceof Promise ? stopped.then(() => answer) : answer;
  }

  #crashed(error: unknown, isCall: boolean): Result {
    const runner = this.#running;
    const isLate = runner.supervision.isEnding;
    if (runner.isDead || (runner.isBare && !isLate)) throw error;
    const reason = reasonOf(error);
    if (isLate)
      this.log.error('a callback failed while the supervisor was ending', { error: reason });
    const answer = isCall ? unansweredBy(this[context].pid, reason) : noreply;
    const stopped = runner.stop(reason);
    return stopped instanceof Promise ? stopped.then(() => answer) : answer;
  }
}

function supervisionOf(spec: CheckedSpec): Supervision<ChildStart> {
  if (spec.strategy !== 'simple-one-for-one') return new NamedSupervision(spec, spec.children);
  return new SimpleSupervision(
    spec,
    spec.children.map(({ name }) => name),
  );
}

function nextAfter(done: MaybePromise<void>): MaybePromise<Next> {
  return done instanceof Promise ? done.then(() => noreply) : noreply;
}

/** What a caller gets whose call ends the supervisor. */
function unansweredBy(pid: LocalPid, reason: ExitReason): ErrorReply {
  const text = `${pid} ends before it answered (${reasonText(reason)})`;
  return new ErrorReply(new TergoError('process-terminated', text, { cause: reason }));
}
