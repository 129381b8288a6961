import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a child process left behind. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
}

export interface RunOptions {
  readonly args?: readonly string[];
  /** Flags for Node.js itself, before the script. */
  readonly flags?: readonly string[];
  /** Added to this process's environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** After this the child is killed and `runNode` rejects with what it had printed; 90 s by default. */
  readonly timeoutMs?: number;
  /** Called with each piece of standard output, for a test that signals the child when it is ready. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same for standard error. */
  readonly onErrorOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a script in a process of its own, from the repository's folder, and resolves when it has ended. */
export function runNode(script: string | URL, options: RunOptions = {}): Promise<Finished> {
  return run([script instanceof URL ? fileURLToPath(script) : script], options);
}

/** Runs TypeScript source in a process of its own; it can `import` from `tergo`. */
export function runSource(source: string, options: RunOptions = {}): Promise<Finished> {
  return run(['--input-type=module-typescript', '--eval', source], options);
}

function run(script: readonly string[], options: RunOptions): Promise<Finished> {
  const { args = [], flags = [], env = {}, cwd = root, stdin = '', timeoutMs = 90_000 } = options;
  const begin = performance.now();
  const child = spawn(process.execPath, [...flags, ...script, ...args], {
    cwd,
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onOutput?.(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onErrorOutput?.(text, (signal) => child.kill(signal));
  });
  // A child that ends without reading its input is no fault of the test.
  child.stdin.on('error', () => undefined).end(stdin);

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(`still running after ${timeoutMs} ms\nstdout:\n${stdout}\nstderr:\n${stderr}`),
      );
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ stdout, stderr, code, signal, ms: performance.now() - begin });
    });
  });
}
