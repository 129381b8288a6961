import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a fresh process printed and how long it lived. */
export interface Fresh {
  readonly stdout: string;
  readonly wallMs: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs module source in a Node.js process of its own. */
export function fresh(source: string): Promise<Fresh> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const args = ['--input-type=module', '--eval', source];
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ stdout, wallMs: performance.now() - begin });
      else reject(new Error(`a fresh process ended with code ${code}`));
    });
  });
}
