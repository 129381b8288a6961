import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** How much there is to check: so many contracts with so many variants each, half of them requests. */
export interface ProjectSize {
  readonly contracts: number;
  readonly variants: number;
}

const body = (i: number): string =>
  `id: string; count${i}: number; tags?: readonly string[]; nested: { a: number; b?: boolean }`;
const literal = (i: number): string => `id: 'x', count${i}: ${i}, tags: ['t'], nested: { a: 1 }`;

/** Writes a project that uses the package in `root`: contracts, behaviours, and a use of each variant. */
export function writeProject(folder: string, root: string, size: ProjectSize): void {
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, path.join(folder, 'node_modules', 'tergo'));
  symlinkSync(
    path.join(root, 'node_modules', '@types'),
    path.join(folder, 'node_modules', '@types'),
  );
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  write('package.json', '{ "private": true, "type": "module" }');
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['.'] }));
  const half = Array.from({ length: size.variants / 2 }, (_, i) => i);
  for (let c = 0; c < size.contracts; c++) {
    write(`contract-${c}.ts`, contract(half));
    write(`behaviour-${c}.ts`, behaviour(c, half));
    write(`use-${c}.ts`, use(c, half));
  }
}

/** What a strict project has. */
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

function lines(half: readonly number[], line: (i: number) => string): string {
  return half.map(line).join('\n');
}

function contract(half: readonly number[]): string {
  return `import type { Request } from 'tergo';
${lines(half, (i) => `export type M${i} = { type: 'm${i}'; ${body(i)} };`)}
${lines(half, (i) => `export type R${i} = Request<{ type: 'r${i}'; ${body(i)} }, { value${i}: number; from: string }>;`)}
export type Message = ${half.map((i) => `M${i}`).join(' | ')};
export type Ask = ${half.map((i) => `R${i}`).join(' | ')};
export interface P { message: Message; request: Ask }
`;
}

function behaviour(c: number, half: readonly number[]): string {
  return `import { Actor, noreply, reply, type Answer, type Next } from 'tergo';
import type { Ask, Message, P } from './contract-${c}.ts';
export class Behaviour extends Actor<P> {
  #n = 0;
  override init(start: number): void { this.#n = start; }
  override handleMessage(message: Message): Next {
    switch (message.type) {
${lines(half, (i) => `      case 'm${i}': this.#n += message.count${i} + message.nested.a; return noreply;`)}
    }
  }
  override handleCall(request: Ask): Answer {
    switch (request.type) {
${lines(half, (i) => `      case 'r${i}': return reply(request, { value${i}: this.#n + request.count${i}, from: request.id });`)}
    }
  }
}
`;
}

function use(c: number, half: readonly number[]): string {
  return `import type { Node } from 'tergo';
import { Behaviour } from './behaviour-${c}.ts';
export async function use(node: Node): Promise<void> {
  const pid = await node.spawn(Behaviour, { args: [1] });
${lines(half, (i) => `  node.send(pid, { type: 'm${i}', ${literal(i)} });`)}
${lines(half, (i) => `  const v${i}: number = (await node.call(pid, { type: 'r${i}', ${literal(i)} })).value${i}; node.log.info('v', { v${i} });`)}
}
`;
}
