import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { PlainEvent } from './member.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import { networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress } from './member.ts';

// Operating system processes whose nodes find each other by the registrar of examples/file-registrar.

const A = 'a@localhost';
const B = 'b@localhost';
const DIAL_MS = 30_000;
const PATIENCE_MS = 30_000;

interface Member {
  readonly os: MemberProcess;
  readonly address: MemberAddress;
}

async function members(t: ExecutionContext): Promise<{
  readonly folder: string;
  start(name: string): Promise<Member>;
}> {
  await turnstile(t);
  const folder = scratchFolder(t);
  return {
    folder,
    async start(name) {
      const os = MemberProcess.launch(t);
      const node = { name, network: networkOf(), registrarFolder: folder, puppets: ['one'] };
      return { os, address: await os.start(node) };
    },
  };
}

/** What a member has heard of nodes that have registered. */
async function heardBy({ os, address }: Member): Promise<readonly string[]> {
  const events = await os.do<readonly PlainEvent[]>('events', address.name);
  return events
    .filter(({ type }) => type === 'joined' || type === 'left')
    .map(({ type, node }) => `${type} ${node}`);
}

async function hears(member: Member, what: string): Promise<void> {
  const isHeard = async (): Promise<boolean> => (await heardBy(member)).includes(what);
  await waitFor(what, isHeard, PATIENCE_MS);
}

test('nodes of two processes find each other, and hear of each other', async (t) => {
  const { folder, start } = await members(t);
  const a = await start(A);
  const b = await start(B);
  t.is(await a.os.do('connect', A, B, DIAL_MS), b.address.creation);
  await a.os.do('relate', A, 'one', 'send', { name: 'one', node: B }, 'hello');
  t.deepEqual(await b.os.hears(B, 'one', 1), [{ on: 'message', message: 'hello' }]);
  t.deepEqual(await b.os.do('registered', B), [A, B]);
  await hears(a, `joined ${B}`);
  await b.os.do('stop', B);
  await hears(a, `left ${B}`);
  t.deepEqual(await heardBy(a), [`joined ${B}`, `left ${B}`]);
  t.deepEqual(readdirSync(folder), [`${encodeURIComponent(A)}.json`]);
  await t.throwsAsync(a.os.do('connect', A, B, DIAL_MS), { code: 'no-route' });
});

test('a name belongs to one of them, and to a later one when its process was killed', async (t) => {
  const { start } = await members(t);
  const a = await start(A);
  const b = await start(B);
  await t.throwsAsync(start(B), { code: 'taken' });
  t.is(await a.os.do('connect', A, B, DIAL_MS), b.address.creation);
  await b.os.kill();
  const again = await start(B);
  t.true(again.address.creation > b.address.creation);
  const isFound = (): Promise<boolean> =>
    a.os.do<number>('connect', A, B, DIAL_MS).then(
      (creation) => creation === again.address.creation,
      () => false,
    );
  await waitFor('the later one to be found', isFound, PATIENCE_MS);
});

test('a file that cannot be read fails the dial of its node, with the cause', async (t) => {
  const { folder, start } = await members(t);
  const a = await start(A);
  const file = path.join(folder, `${encodeURIComponent(B)}.json`);
  writeFileSync(file, '{"node": "b@loc');
  const message = /has failed at resolve: .*JSON/;
  await t.throwsAsync(a.os.do('connect', A, B, DIAL_MS), { code: 'no-connection', message });
  writeFileSync(file, JSON.stringify({ osProcess: process.pid, routes: [{ host: 'x' }] }));
  await t.throwsAsync(a.os.do('connect', A, B, DIAL_MS), {
    code: 'no-connection',
    message: /\[0\]\.port must be a whole number/,
  });
});
