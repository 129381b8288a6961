// Measures Tergo beside Ergo (Go) and Erlang/OTP, in turn, on the same machine in the same minutes.
// usage: npm run bench:peers [-- --rounds N] [SUITE …]
import { parseArgs } from 'node:util';
import { comparisons, tableOf, unmetGoals, type Figures } from './peers/comparison.ts';
import { buildErgo, findErlang, tergo, type System } from './peers/systems.ts';
import { describeMachine, writeResults } from './peers/results.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const unknown = positionals.filter((name) => !comparisons.some(({ suite }) => suite === name));
if (!Number.isInteger(rounds) || rounds < 1)
  exit(`--rounds must be a number from 1 on, not ${values.rounds}`);
if (unknown.length > 0) exit(`no such suite: ${unknown.join(', ')}`);

const chosen = comparisons.filter(({ suite, isLong = false }) =>
  positionals.length === 0 ? !isLong : positionals.includes(suite),
);
const systems: System[] = [tergo()];
for (const found of [buildErgo(), findErlang()]) {
  if ('missing' in found) console.log(`left out: ${found.missing}`);
  else systems.push(found);
}

const figures: Figures[] = [];
for (const { suite, peers = ['ergo', 'erlang'] } of chosen) {
  const able = systems.filter(({ name }) => name === 'tergo' || peers.includes(name));
  for (let round = 1; round <= rounds; round++) {
    for (const system of able) {
      figures.push(...(await tried(system, suite, round)));
    }
  }
}

console.log(`\n${tableOf(chosen, figures)}`);
const file = writeResults(describeMachine(systems), rounds, chosen, figures);
console.log(`\nwritten to ${file}`);
for (const goal of unmetGoals(chosen, figures)) console.log(`goal missed: ${goal}`);

/** A peer that cannot do it is told of, and left out of that round. */
async function tried(system: System, suite: string, round: number): Promise<readonly Figures[]> {
  try {
    const result = await system.run(suite);
    console.log(`${suite}, round ${round}: ${system.name} ${whole(result.rate)}/s`);
    return [result];
  } catch (error) {
    if (system.name === 'tergo') throw error;
    const [text] = String(error).split('\n');
    console.log(`${suite}, round ${round}: ${system.name} failed: ${text}`);
    return [];
  }
}

function whole(rate: number): string {
  return Math.round(rate).toLocaleString('en-US');
}

function exit(text: string): never {
  console.error(text);
  process.exit(2);
}
