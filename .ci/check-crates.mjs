// Fails when a crate depends on one that it must not know, or when a Rust file has outgrown its limit.
// core ← wire; core, wire ← net ← addon. What is not listed here may depend on no crate of ours.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { cargoEnvironment, root } from './tools.mjs';

const allowed = {
  'tergo-core': [],
  'tergo-wire': ['tergo-core'],
  'tergo-net': ['tergo-core', 'tergo-wire'],
  'tergo-addon': ['tergo-core', 'tergo-net'],
};
/** External crates that a crate must never see: the core knows no I/O, no clock and no JavaScript. */
const forbidden = {
  'tergo-core': /^(napi|napi-.*|tokio|mio|socket2|rustls)$/,
  'tergo-wire': /^(napi|napi-.*|tokio|mio|socket2|rustls)$/,
  'tergo-net': /^(napi|napi-.*)$/,
};
const maxLines = 500;

const packages = metadata().packages;
const ours = new Set(packages.map(({ name }) => name));
const faults = [...packages.flatMap(arrowFaults), ...packages.flatMap(sizeFaults)];
for (const fault of faults) console.error(fault);
if (packages.length === 0) console.error('cargo metadata names no crate');
process.exitCode = faults.length > 0 || packages.length === 0 ? 1 : 0;

function metadata() {
  const args = ['metadata', '--no-deps', '--format-version', '1'];
  const options = { cwd: root, env: cargoEnvironment(), encoding: 'utf8', maxBuffer: 1 << 26 };
  const { status, stdout, stderr } = spawnSync('cargo', args, options);
  if (status !== 0) throw new Error(`cargo metadata failed: ${stderr}`);
  return JSON.parse(stdout);
}

function arrowFaults({ name, dependencies }) {
  return dependencies
    .filter(({ kind }) => kind !== 'dev')
    .filter((one) =>
      ours.has(one.name) ? !allowed[name]?.includes(one.name) : forbidden[name]?.test(one.name),
    )
    .map((one) => `${name} must not depend on ${one.name}`);
}

function sizeFaults({ manifest_path }) {
  const folder = path.dirname(manifest_path);
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.rs') && !/(^|[\\/])target[\\/]/.test(file))
    .map((file) => path.join(folder, file))
    .map((file) => ({ file, lines: fs.readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > maxLines)
    .map(
      ({ file, lines }) =>
        `${path.relative(root, file)} has ${lines} lines, at most ${maxLines} are allowed`,
    );
}
