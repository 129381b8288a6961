import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8 = 0x0c;
const UTC_TIME = 0x17;
const DAY_MS = 86_400_000;

const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const BASIC_CONSTRAINTS = '0603551d13';
const ALTERNATIVE_NAME = '0603551d11';
const TRUE = '0101ff';

/** A certificate with its key, as PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** For whom a certificate is, and when. */
export interface LeafOptions {
  /** Names of hosts; `localhost` by default. */
  readonly names?: readonly string[];
  /** IPv4 addresses; `127.0.0.1` by default. */
  readonly addresses?: readonly string[];
  /** Until so many days from now; 1 by default. */
  readonly days?: number;
}

/** Signs certificates. Made anew for each test, so that there is no key that anybody could find. */
export class Authority {
  readonly #key: KeyObject;
  readonly #name: Buffer;
  /** What those trust who trust it, as PEM. */
  readonly certificate: string;
  #lastSerial = 1;

  constructor(name: string) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = pair.privateKey;
    this.#name = nameOf(name);
    const isAuthority = tlv(SEQUENCE, hex(TRUE));
    const constraints = extension(BASIC_CONSTRAINTS, isAuthority, hex(TRUE));
    this.certificate = this.#sign(this.#name, pair.publicKey, 1, constraints);
  }

  /** A certificate for a node. */
  issue(options: LeafOptions = {}): Identity {
    const { names = ['localhost'], addresses = ['127.0.0.1'], days = 1 } = options;
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const hosts = tlv(
      SEQUENCE,
      ...names.map((name) => tlv(0x82, Buffer.from(name))),
      ...addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
    );
    const alternatives = extension(ALTERNATIVE_NAME, hosts);
    const certificate = this.#sign(nameOf('a node'), pair.publicKey, days, alternatives);
    const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { certificate, key };
  }

  #sign(subject: Buffer, key: KeyObject, days: number, ...extensions: readonly Buffer[]): string {
    this.#lastSerial += 1;
    const algorithm = tlv(SEQUENCE, hex(ECDSA_WITH_SHA256));
    const [from, to] = [utcTime(Date.now() - 10 * DAY_MS), utcTime(Date.now() + days * DAY_MS)];
    const body = tlv(
      SEQUENCE,
      tlv(0xa0, tlv(INTEGER, Buffer.from([2]))),
      tlv(INTEGER, Buffer.from([this.#lastSerial])),
      algorithm,
      this.#name,
      tlv(SEQUENCE, from, to),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      tlv(0xa3, tlv(SEQUENCE, ...extensions)),
    );
    const signature = tlv(BIT_STRING, Buffer.from([0]), sign('sha256', body, this.#key));
    return new X509Certificate(tlv(SEQUENCE, body, algorithm, signature)).toString();
  }
}

function nameOf(text: string): Buffer {
  const pair = tlv(SEQUENCE, hex(COMMON_NAME), tlv(UTF8, Buffer.from(text)));
  return tlv(SEQUENCE, tlv(SET, pair));
}

function extension(id: string, value: Buffer, ...critical: readonly Buffer[]): Buffer {
  return tlv(SEQUENCE, hex(id), ...critical, tlv(OCTET_STRING, value));
}

function utcTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return tlv(UTC_TIME, Buffer.from(`${text}Z`));
}

/** A value with its tag and its length before it. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
