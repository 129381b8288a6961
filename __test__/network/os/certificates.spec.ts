import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { type NetworkOptions, type Node, processId, processName, type TlsOptions } from 'tergo';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { PuppetProtocol } from '../../threads/puppet.ts';
import { networkNode, networkOf } from '../cluster.ts';
import { Authority, type Identity } from './authority.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress, PlainEvent } from './member.ts';

const A = 'a@localhost';
const B = 'b@localhost';
const LOOPBACK = '127.0.0.1';
const bob = processId(processName<PuppetProtocol>('bob'), B);

const ours = new Authority('ours');
const theirs = new Authority('theirs');
const good = ours.issue();
const ca = [ours.certificate];
const full: TlsOptions = { ...good, ca, clientAuth: 'required' };

type Tls = TlsOptions | 'self-signed' | undefined;

interface Case {
  readonly title: string;
  readonly dialler: Tls;
  readonly dialled: Tls;
  /** How the dialler is told that it is not let in; without it, it is. */
  readonly told?: RegExp;
  readonly cookie?: string;
}

const cases: readonly Case[] = [
  { title: 'both show what the other believes', dialler: full, dialled: full },
  {
    title: 'who is dialled shows a certificate of somebody else',
    dialler: full,
    dialled: { ...theirs.issue(), ca },
    told: /certificate is not believed: .*UnknownIssuer; `ca` must have/,
  },
  {
    title: 'who dials shows a certificate of somebody else',
    dialler: { ...theirs.issue(), ca },
    dialled: full,
    told: /does not believe the certificate shown \(UnknownCA\)/,
  },
  {
    title: 'who dials shows none where it must',
    dialler: { ca },
    dialled: full,
    told: /wants a certificate, and was shown none/,
  },
  {
    title: 'who dials shows none where it may',
    dialler: { ca },
    dialled: { ...good, ca, clientAuth: 'optional' },
  },
  {
    title: 'who dials shows one of somebody else where it may show none',
    dialler: { ...theirs.issue(), ca },
    dialled: { ...good, ca, clientAuth: 'optional' },
    told: /does not believe the certificate shown/,
  },
  {
    title: 'the certificate is for another host',
    dialler: { ca },
    dialled: ours.issue({ names: ['elsewhere'], addresses: ['192.0.2.1'] }),
    told: /not valid for name "127\.0\.0\.1".*elsewhere.*`tls\.serverName`/,
  },
  {
    title: 'the certificate is for the name that is expected',
    dialler: { ca, serverName: 'elsewhere' },
    dialled: ours.issue({ names: ['elsewhere'], addresses: [] }),
  },
  {
    title: 'the certificate is out of date',
    dialler: { ca },
    dialled: ours.issue({ days: -1 }),
    told: /certificate is not believed: .*certificate expired/,
  },
  {
    title: 'who dials believes everybody',
    dialler: { insecure: true },
    dialled: theirs.issue(),
  },
  { title: 'both are self-signed', dialler: 'self-signed', dialled: 'self-signed' },
  {
    title: 'a self-signed one is not believed',
    dialler: full,
    dialled: 'self-signed',
    told: /certificate is not believed/,
  },
  {
    title: 'only who is dialled encrypts',
    dialler: undefined,
    dialled: full,
    told: /the other end encrypts, and this one does not/,
  },
  {
    title: 'only who dials encrypts',
    dialler: full,
    dialled: undefined,
    told: /hung up in the middle of TLS; it may not encrypt/,
  },
  {
    title: 'certificates are in order and the cookie is not',
    dialler: full,
    dialled: full,
    told: /another cookie; give both the same cookie/,
    cookie: 'a secret that nobody else has',
  },
];

/** Writes both into the files of these names. */
function store(files: Identity, { certificate, key }: Identity): void {
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
}

/** Of a node that only dials, and so needs no certificate of its own. */
const dials: NetworkOptions = { acceptors: [], dialTimeoutMs: 30_000 };

interface Stage {
  readonly a: Node;
  readonly b: MemberAddress;
  readonly os: MemberProcess;
}

async function stage(
  t: ExecutionContext,
  dialler: Tls,
  dialled: Tls,
  cookie?: string,
): Promise<Stage> {
  await turnstile(t);
  const os = MemberProcess.launch(t);
  const b = await os.start({ name: B, network: networkOf(tlsOf(dialled)), puppets: ['bob'] });
  const own = cookie === undefined ? {} : { cookie };
  const a = await networkNode(A, { ...dials, ...tlsOf(dialler), ...own });
  t.teardown(() => a.stopForce());
  return { a, b, os };
}

function tlsOf(options: Tls): NetworkOptions {
  return options === undefined ? {} : { tls: options };
}

for (const { title, dialler, dialled, told, cookie } of cases)
  test(`${title}: ${told === undefined ? 'they are connected' : 'they are not'}`, async (t) => {
    const { a, b, os } = await stage(t, dialler, dialled, cookie);
    const route = { host: LOOPBACK, port: b.port, tls: dialler !== undefined };
    if (told !== undefined) {
      const connecting = a.network.connect(B, { route });
      const error = await t.throwsAsync(connecting, { code: 'no-connection', message: told });
      t.true(error.message.startsWith(`${B} was not reached at ${LOOPBACK}:${b.port}: `));
      t.deepEqual(a.network.nodes(), []);
      t.deepEqual(await os.do('nodes', B), []);
      const events = await os.do<readonly PlainEvent[]>('events', B);
      t.false(events.some(({ type }) => type === 'connected'));
      return;
    }
    await a.network.connect(B, { route });
    t.is(await a.call(bob, 'hello' as never), 'hello' as never);
    t.deepEqual(await os.do('nodes', B), [A]);
  });

test('who stands between two nodes that believe everybody is not let in with the proof of one of them', async (t) => {
  const { a, b, os } = await stage(t, 'self-signed', 'self-signed');
  const { certificate: cert, key } = theirs.issue();
  let passed = 0;
  const server = tls.createServer({ cert, key }, (from) => {
    const to = tls.connect({ host: LOOPBACK, port: b.port, rejectUnauthorized: false });
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('data', (bytes: Buffer) => {
        passed += bytes.length;
        other.write(bytes);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };

  await t.throwsAsync(a.network.connect(B, { route: { host: LOOPBACK, port, tls: true } }));
  t.true(passed > 100, 'the handshake of the nodes went through');
  t.deepEqual(a.network.nodes(), []);
  t.deepEqual(await os.do('nodes', B), []);
  await waitFor('b to say so', async () =>
    (await os.do<readonly PlainEvent[]>('events', B)).some(({ type }) => type === 'rejected'),
  );
});

test('certificates are changed without a restart: what stands goes on, what begins uses the new one', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-certificates-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = { certificate: path.join(folder, 'node.pem'), key: path.join(folder, 'key.pem') };
  store(files, good);
  const b = await networkNode(B, { tls: { ...files, ca } });
  const a = await networkNode(A, { ...dials, tls: { ca } });
  const c = await networkNode('c@localhost', { ...dials, tls: { ca } });
  for (const node of [a, b, c]) t.teardown(() => node.stopForce());
  const route = { host: LOOPBACK, port: b.network.acceptors()[0]!.port, tls: true };
  await a.network.connect(B, { route });
  store(files, theirs.issue());
  b.network.reloadTls();
  const unbelieved = { code: 'no-connection', message: /UnknownIssuer/ };
  await t.throwsAsync(c.network.connect(B, { route }), unbelieved);
  t.deepEqual(a.network.nodes(), [B]);
  writeFileSync(files.certificate, 'no certificate');
  t.throws(() => b.network.reloadTls(), { code: 'incorrect' });
  store(files, ours.issue());
  b.network.reloadTls();
  await c.network.connect(B, { route });
  await waitFor('both', () => b.network.nodes().length === 2);
  t.deepEqual(b.network.nodes().toSorted(), [A, 'c@localhost']);
});

test('a certificate that cannot be used stays, and the others are new all the same', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tergo-certificates-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [first, second] = ['first', 'second'].map((name) => ({
    certificate: path.join(folder, `${name}.pem`),
    key: path.join(folder, `${name}-key.pem`),
  }));
  for (const files of [first!, second!]) store(files, good);
  const acceptors = [first!, second!].map((files) => ({ port: 0, tls: files }));
  const b = await networkNode(B, { acceptors });
  const a = await networkNode(A, { ...dials, tls: { ca } });
  for (const node of [a, b]) t.teardown(() => node.stopForce());
  writeFileSync(first!.certificate, 'no certificate');
  store(second!, theirs.issue());
  t.throws(() => b.network.reloadTls(), { code: 'incorrect', message: /first\.pem/ });
  const [former, changed] = b.network
    .acceptors()
    .map(({ port }) => ({ route: { host: LOOPBACK, port, tls: true } }));
  const unbelieved = { code: 'no-connection', message: /UnknownIssuer/ };
  await t.throwsAsync(a.network.connect(B, changed), unbelieved);
  await a.network.connect(B, former);
  t.deepEqual(a.network.nodes(), [B]);
});
