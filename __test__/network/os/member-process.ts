import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { TergoError, type ErrorCode } from 'tergo';
import { waitFor } from '../../support/wait-for.ts';
import type { Question, Reply } from './deeds.ts';
import type { MemberAddress, MemberNode, PlainNotice } from './member.ts';

const program = fileURLToPath(new URL('./member.ts', import.meta.url));

/** How a member is started. */
export interface LaunchOptions {
  /** A command before that of Node.js, such as one that enters a network namespace. */
  readonly before?: readonly string[];
  readonly program?: string;
}

/** An operating system process with nodes of its own, from the outside. */
export class MemberProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #stderr = '';

  private constructor({ before = [], program: file = program }: LaunchOptions) {
    const [command, ...args] = [...before, process.execPath, file];
    this.#child = spawn(command!, args, {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#child.on('message', (reply: Reply) => this.#settle(reply));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) =>
      this.#fail(new Error(`the member has ended: ${code ?? signal}\n${this.#stderr}`)),
    );
  }

  /** One that outlives no test. */
  static launch(t: ExecutionContext, options: LaunchOptions = {}): MemberProcess {
    const member = new MemberProcess(options);
    t.teardown(() => member.kill());
    return member;
  }

  /** One for programs, which end it themselves. */
  static begin(options: LaunchOptions = {}): MemberProcess {
    return new MemberProcess(options);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has printed to standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Starts a node there. */
  start(node: MemberNode): Promise<MemberAddress> {
    return this.do('start', node);
  }

  /** One of its deeds. */
  do<T = unknown>(op: string, ...args: readonly unknown[]): Promise<T> {
    const pending = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    const question: Question = { id: this.#lastId, op, args };
    this.#waiting.set(question.id, pending);
    if (!this.#child.connected) this.#fail(new Error(`the member has ended\n${this.#stderr}`));
    else this.#child.send(question);
    return pending.promise as Promise<T>;
  }

  /** What a puppet has heard once there are so many notices. */
  async hears(at: string, puppet: string, count: number): Promise<readonly PlainNotice[]> {
    return await waitFor(`${count} notices at ${puppet}`, async () => {
      const notices = await this.do<readonly PlainNotice[]>('notices', at, puppet);
      return notices.length >= count && notices;
    });
  }

  /** It stands still, until `resume`. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it as a crash of the machine would; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #settle({ id, value, error }: Reply): void {
    const pending = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) return pending?.resolve(value);
    const { code, message } = error;
    const isOurs = code !== undefined && !code.startsWith('ERR_');
    pending?.reject(isOurs ? new TergoError(code as ErrorCode, message) : new Error(message));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
