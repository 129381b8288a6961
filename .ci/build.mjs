// Builds what is out of date: the native addon (dist/native/*.node, ts/native/binding.d.ts) with
// cargo, the JavaScript (dist/) with rolldown and its declarations with tsc. Runs on any Node.js from 20 on.
// usage: node .ci/build.mjs [--force]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { at, cargoEnvironment, root } from './tools.mjs';

/** Says what went wrong in words for the user; no stack. */
class BuildError extends Error {}

const force = process.argv.includes('--force');
const require = createRequire(path.join(root, 'package.json'));

try {
  buildAddon();
  buildTypeScript();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function buildAddon() {
  const prebuilt = findPrebuilt();
  if (prebuilt !== undefined) {
    console.log(`addon: using the prebuilt ${prebuilt}`);
    return;
  }
  const binary = at('dist', 'native', `tergo.${platformSuffix()}.node`);
  const stamp = `${binary}.sources`;
  const sources = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo', 'crates'];
  // Tests, benches and examples of the crates do not go into the addon.
  const hash = hashOf(
    sources,
    (file) => !/(^|[\\/])(tests|benches|examples)([\\/]|\.rs$)/.test(file),
  );
  if (!force && isCurrent(binary, stamp, hash) && fs.existsSync(at('ts/native/binding.d.ts')))
    return;
  const env = cargoEnvironment();
  if (env === undefined) throw new BuildError(missingCargoText());

  console.log('addon: building with cargo (release) …');
  const out = at('target', 'addon');
  run(at('node_modules/@napi-rs/cli/dist/cli.js'), napiArguments(out), env);
  // Renamed into place, never rewritten: a running process may have the old file mapped.
  fs.mkdirSync(path.dirname(binary), { recursive: true });
  fs.renameSync(path.join(out, path.basename(binary)), binary);
  copyIfChanged(path.join(out, 'binding.d.ts'), at('ts', 'native', 'binding.d.ts'));
  fs.writeFileSync(stamp, hash);
}

function buildTypeScript() {
  const stamp = at('dist', 'typescript.sources');
  const sources = ['ts', 'tsconfig.json', '.ci/bundle.mjs', 'package-lock.json'];
  const hash = hashOf(sources, () => true);
  if (!force && isCurrent(at('dist', 'index.js'), stamp, hash)) return;
  console.log('typescript: compiling …');
  fs.rmSync(stamp, { force: true });
  run(at('node_modules/typescript/bin/tsc'), ['-p', root, '--emitDeclarationOnly'], process.env);
  removeOrphans(at('dist'));
  run(at('.ci', 'bundle.mjs'), [], process.env);
  copyIfChanged(at('ts', 'native', 'binding.d.ts'), at('dist', 'native', 'binding.d.ts'));
  fs.writeFileSync(stamp, hash);
}

function napiArguments(out) {
  const manifest = at('crates', 'addon', 'Cargo.toml');
  const files = ['--manifest-path', manifest, '--package-json-path', at('package.json')];
  const target = ['--output-dir', out, '--target-dir', at('target'), '--dts', 'binding.d.ts'];
  return ['build', '--release', '--strip', '--platform', '--no-js', ...files, ...target];
}

/** A binary that someone else built: named in TERGO_BINARY, or brought by the platform's package. */
function findPrebuilt() {
  const named = process.env.TERGO_BINARY;
  if (named) {
    if (!fs.existsSync(named))
      throw new BuildError(`TERGO_BINARY names ${named}, which does not exist.`);
    return named;
  }
  const name = `@tergo/core-${platformSuffix()}`;
  try {
    require.resolve(name);
    return name;
  } catch {
    return undefined;
  }
}

function missingCargoText() {
  return [
    `Tergo's native part is not built for ${platformSuffix()}, and cargo (Rust) was not found to build it.`,
    'Do one of these:',
    '  - install Rust from https://rustup.rs, open a new shell and run the command again;',
    '  - name a prebuilt binary in the environment variable TERGO_BINARY.',
  ].join('\n');
}

/** As in ts/native/load.ts, which is not compiled yet when this runs; __test__/bridge/load.spec.ts compares them. */
function platformSuffix() {
  const { platform, arch } = process;
  if (platform === 'win32') return `${platform}-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return `${platform}-${arch}-${glibc === undefined ? 'musl' : 'gnu'}`;
}

function run(script, args, env) {
  let file;
  try {
    // Not resolved by `exports`, which the tools' own entry scripts are not part of.
    file = fs.realpathSync(script);
  } catch {
    throw new BuildError('The development tools are not installed. Run `npm ci` first.');
  }
  const { status } = spawnSync(process.execPath, [file, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  if (status !== 0)
    throw new BuildError(`The build stopped: ${path.basename(script)} failed, see above.`);
}

function isCurrent(product, stamp, hash) {
  return fs.existsSync(product) && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash;
}

/** A hash over names and contents, so that a checkout or a touched file builds nothing anew. */
function hashOf(names, isSource) {
  const hash = createHash('sha256');
  for (const file of names.flatMap((name) => filesBelow(at(name))).filter(isSource)) {
    hash
      .update(`${path.relative(root, file)}\0`)
      .update(fs.readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(name) {
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [name];
  return fs
    .readdirSync(name)
    .toSorted()
    .flatMap((entry) => filesBelow(path.join(name, entry)));
}

/** Removes the JavaScript of before, and declarations whose source is gone. */
function removeOrphans(dist) {
  for (const file of filesBelow(dist)) {
    const [, stem, ending] = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(path.relative(dist, file)) ?? [];
    if (stem === undefined) continue;
    const isDeclared = [`${stem}.ts`, `${stem}.d.ts`].some((name) => fs.existsSync(at('ts', name)));
    if (ending === '.js' || !isDeclared) fs.rmSync(file);
  }
}

function copyIfChanged(from, to) {
  const text = fs.readFileSync(from);
  if (fs.existsSync(to) && fs.readFileSync(to).equals(text)) return;
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
}
