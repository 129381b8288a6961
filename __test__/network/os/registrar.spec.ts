import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { NetworkOptions } from 'tergo';
import { freePort } from '../../support/free-port.ts';
import { turnstile } from '../../support/turnstile.ts';
import { waitFor } from '../../support/wait-for.ts';
import { networkOf } from '../cluster.ts';
import { MemberProcess } from './member-process.ts';
import type { MemberAddress } from './member.ts';
import { hungUp } from './relay.ts';

const NAMES = ['a@localhost', 'b@localhost', 'c@localhost'] as const;
const LOOPBACK = '127.0.0.1';
const DIAL_MS = 5000;
const TAKE_OVER_MS = 30_000;

interface Member {
  readonly os: MemberProcess;
  readonly address: MemberAddress;
}

/** Starts members that find each other by a registrar of their own. */
async function registered(
  t: ExecutionContext,
): Promise<{ readonly port: number; start(name: string): Promise<Member> }> {
  await turnstile(t);
  const port = await freePort();
  const network: NetworkOptions = networkOf({ registrar: { port } });
  return {
    port,
    async start(name) {
      const os = MemberProcess.launch(t);
      return { os, address: await os.start({ name, network, puppets: ['one'] }) };
    },
  };
}

/** Dials until somebody is found. */
async function finds({ os, address }: Member, to: Member): Promise<void> {
  await waitFor(
    `${to.address.name} to be found by ${address.name}`,
    () =>
      os.do<number>('connect', address.name, to.address.name, DIAL_MS).then(
        (creation) => creation === to.address.creation,
        () => false,
      ),
    TAKE_OVER_MS,
  );
}

test('when the node that serves the registrar is killed, another one serves, and all are found again', async (t) => {
  const { start } = await registered(t);
  const [a, b, c] = [await start(NAMES[0]), await start(NAMES[1]), await start(NAMES[2])];
  await finds(b, a);
  await finds(c, a);
  await a.os.kill();
  await finds(b, c);

  // Nobody keeps its name for it, and its earlier address is of no use.
  const again = await start(NAMES[0]);
  t.true(again.address.creation > a.address.creation);
  await finds(c, again);
  await finds(again, b);
  t.deepEqual(await b.os.do('nodes', NAMES[1]), [NAMES[0], NAMES[2]]);
});

test('garbage costs the registrar the socket that it came on and nothing else', async (t) => {
  const { port, start } = await registered(t);
  const [a, b] = [await start(NAMES[0]), await start(NAMES[1])];
  const udp = createSocket('udp4');
  t.teardown(() => udp.close());
  for (const bytes of [
    Buffer.alloc(2000),
    Buffer.alloc(2000, 0xff),
    randomBytes(100_000),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from('TERGO\r\n\x1A\xff\xff\xff\xff', 'latin1'),
  ]) {
    const socket = connect(port, LOOPBACK);
    socket.end(bytes);
    await hungUp(socket);
    udp.send(bytes.subarray(0, 1400), port, LOOPBACK);
  }
  // Some say nothing, and stay.
  const silent = Array.from({ length: 200 }, () => connect(port, LOOPBACK));
  t.teardown(() => silent.forEach((socket) => socket.destroy()));
  for (const socket of silent) socket.on('error', () => undefined);

  await finds(a, b);
  const c = await start(NAMES[2]);
  await finds(b, c);
  await finds(c, a);
  t.deepEqual(await a.os.do('nodes', NAMES[0]), [NAMES[1], NAMES[2]]);
});
