import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { TergoError } from '../error/tergo-error.ts';
import type * as binding from './binding.d.ts';

export type {
  BindingAcceptorInfo,
  BindingConnectionInfo,
  BindingCounters,
  BindingFabric,
  BindingNetwork,
  BindingNetworkEvent,
  BindingRegistrarAnswer,
  BindingRoute,
  BindingRouteCounts,
  BindingScheduler,
  BindingTls,
  BindingTlsUse,
} from './binding.d.ts';

/** What the native addon exports. */
export type Native = typeof binding;

/** `linux-x64-gnu` and the like: how napi names the binary of a platform. */
export function platformSuffix(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `${platform}-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
}

/**
 * Loads the native addon: from `TERGO_BINARY` if that is set, else beside the compiled sources, else
 * from the platform's package. Throws `binary-missing` with every file that was tried and what to do.
 */
export function loadNative(): Native {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  const causes: unknown[] = [];
  for (const candidate of candidates()) {
    try {
      return require(candidate) as Native;
    } catch (error) {
      tried.push(`  ${candidate}: ${firstLine(error)}`);
      if (!isMissing(error)) causes.push(error);
    }
  }
  const options = causes.length === 0 ? {} : { cause: new AggregateError(causes) };
  throw new TergoError('binary-missing', missingText(tried), options);
}

function candidates(): readonly string[] {
  const named = process.env['TERGO_BINARY'];
  if (named !== undefined && named !== '') return [named];
  const suffix = platformSuffix();
  const beside = new URL(`../native/tergo.${suffix}.node`, import.meta.url);
  return [fileURLToPath(beside), `@tergo/core-${suffix}`];
}

function missingText(tried: readonly string[]): string {
  return [
    `Tergo's native part for ${platformSuffix()} (Node.js ${process.version}) could not be loaded. Tried:`,
    ...tried,
    'Install again with optional dependencies (npm install --include=optional), or build it from the',
    'sources with Rust (https://rustup.rs) and `npm run build`, or name a binary in TERGO_BINARY.',
    "A program that is bundled must leave tergo outside of its bundle (external: ['tergo']).",
  ].join('\n');
}

/** That a file is not there says the text already. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0]!;
}

function isMusl(): boolean {
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime === undefined;
}
