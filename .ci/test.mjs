// Runs the test suites one after another and prints what each came to, and the sum of all.
// usage: npm test [-- FILE.spec.ts …]   with arguments: only those through ava
import { spawn } from 'node:child_process';
import process from 'node:process';
import { at, cargoEnvironment, root } from './tools.mjs';

const only = process.argv.slice(2);
const suites = [
  {
    name: 'typescript',
    command: [process.execPath, at('node_modules/ava/entrypoints/cli.js'), ...only],
    count: countAva,
  },
];
if (only.length === 0) {
  const cargo = cargoEnvironment();
  const args = ['test', '--workspace', '--exclude', 'tergo-addon', '--color', 'never'];
  if (cargo === undefined) console.log('rust: skipped, cargo (Rust) is not installed');
  else suites.push({ name: 'rust', command: ['cargo', ...args], env: cargo, count: countCargo });
  const tsc = [process.execPath, at('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.test.json'];
  suites.push({
    name: 'types',
    command: tsc,
    count: (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 }),
  });
}

const results = [];
for (const suite of suites) results.push(await runSuite(suite));

console.log('');
for (const { name, passed, failed, skipped, seconds, note } of results) {
  const rest = [skipped > 0 ? `, ${skipped} skipped` : '', note ? ` (${note})` : ''].join('');
  console.log(
    `${name.padEnd(12)}${passed} passed, ${failed} failed${rest}, ${seconds.toFixed(1)} s`,
  );
}
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`tests: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runSuite({ name, command, env = process.env, count }) {
  console.log(`\n── ${name}: ${command.slice(1).map(shorten).join(' ')}`);
  const begin = performance.now();
  const { text, code } = await runShown(command, env);
  const seconds = (performance.now() - begin) / 1000;
  const result = { name, seconds, skipped: 0, ...count(text, code === 0) };
  // What the summary does not count (a crash, a file that does not load) is one failure.
  if (code !== 0 && result.failed === 0) return { ...result, failed: 1, note: `exit code ${code}` };
  if (result.passed + result.failed === 0) return { ...result, failed: 1, note: 'no test ran' };
  return result;
}

/** Runs a command, shows its output as it comes and collects it. */
function runShown([file, ...args], env) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        to.write(chunk);
      });
    }
    child.on('error', (error) => resolve({ text: String(error), code: 1 }));
    child.on('close', (code, signal) => resolve({ text, code: code ?? signal }));
  });
}

/** Counts ava's own lines: `✔ title` for each pass, and the closing summary for the rest. */
function countAva(text) {
  const sum = (pattern) =>
    [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const passed = [...text.matchAll(/^ {2}[✔√] (?!\[)/gm)].length;
  const failed = sum(
    /^ {2}(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?|tests? remained pending)/gm,
  );
  return { passed, failed, skipped: sum(/^ {2}(\d+) tests? (?:skipped|todo)$/gm) };
}

/** Sums the `test result:` lines of all test binaries and doc tests. */
function countCargo(text) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return counts;
}

function shorten(argument) {
  return argument.startsWith(root) ? argument.slice(root.length + 1) : argument;
}
