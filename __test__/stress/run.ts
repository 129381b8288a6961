// usage: npm run stress [-- --messages n] [--threads n] [--seed n]
import { parseArgs } from 'node:util';
import { stress } from './stress.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000000' },
    threads: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [messages, threads, seed] = [values.messages, values.threads, values.seed].map(Number);
let told = 0;
const { faults, ms, ...counts } = await stress({
  ...{ messages: messages!, threads: threads!, seed: seed! },
  onProgress: (sent) => {
    if (sent < told + messages! / 10) return;
    told = sent;
    console.log(`${sent} of ${messages} messages`);
  },
});
console.log(JSON.stringify({ seed, threads, seconds: Math.round(ms / 100) / 10, ...counts }));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
