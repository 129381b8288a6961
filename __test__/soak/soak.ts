// Random spawns, ends, links, monitors, calls, sends, events and timers beside a model of them.
// usage: node --expose-gc soak.ts [--seconds N] [--seed N]     prints a report as one JSON line
import { parseArgs } from 'node:util';
import { startNode, type NodeInfo } from 'tergo';
import { addresses } from '../support/relation-member.ts';
import { RelationWorld } from '../support/relation-world.ts';
import { holdings, holdsAgain, spawnWitness } from '../support/witness.ts';
import { MemorySamples } from './memory.ts';
import { Random } from './random.ts';
import { Traffic } from './traffic.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
console.log(`soak: ${seconds} s, seed ${seed}`);

const population = 200;
const random = new Random(seed);
const memory = new MemorySamples();
await using node = await startNode('soak@localhost', { log: { disableConsole: true } });
const clock = await spawnWitness(node);
const before = await holdings(node);
const world = new RelationWorld(node);
const traffic = new Traffic(world, random, clock);

let rounds = 0;
let actions = 0;
const begin = performance.now();
for (let past = 0; past < seconds * 1000; past = performance.now() - begin) {
  while (world.members.length < population) await world.spawn(random.oneIn(2));
  for (let left = random.between(0, 2000); left > 0; left -= 1) act();
  await world.settle();
  await traffic.settle();
  rounds += 1;
  // Before that, compilers and tables warm up.
  if (past > seconds * 250) memory.take();
}
const info = node.info();
for (const member of [...world.members]) world.kill(member);
await world.settle();
await holdsAgain(node, before);

const [rss, heapUsed] = [memory.growth('rss'), memory.growth('heapUsed')];
const report = { seed, seconds, rounds, actions, ...counted(info), samples: memory.count };
console.log(JSON.stringify({ ...report, rss, heapUsed }));
for (const [name, { second, last, isFlat }] of Object.entries({ rss, heapUsed })) {
  if (isFlat) continue;
  console.error(`${name} grew from ${second} to ${last} bytes after warm-up`);
  process.exitCode = 1;
}

/** One random action; what is common in programs is common here. */
function act(): void {
  actions += 1;
  const [one, other] = [random.pick(world.members), random.pick(world.members)];
  const kind = random.oneIn(2) ? 'link' : 'monitor';
  const address = random.pick(addresses);
  const dice = random.between(0, 999);
  if (dice < 250) world.send(one);
  else if (dice < 500) traffic.call(one, other);
  else if (dice < 700) world.relate(one, kind, other, address);
  else if (dice < 770) world.unrelate(one, kind, other, address);
  else if (dice < 900) world.publish(one);
  else if (dice < 970) traffic.timer(one);
  else if (dice < 977) world.giveUp(one, address);
  else if (dice < 984) world.kill(one);
  else if (dice < 991) world.exit(one, other);
  else if (dice < 996) world.crash(one);
  else if (dice < 999) traffic.callToCrash(one);
  else traffic.callInVain(one, other);
}

function counted({
  spawned,
  terminated,
  messagesIn,
  messagesOut,
  eventsDelivered,
}: NodeInfo): object {
  const { noticed } = world;
  return {
    spawned,
    terminated,
    messagesIn,
    messagesOut,
    eventsDelivered,
    noticed,
    ...traffic.counts,
  };
}
