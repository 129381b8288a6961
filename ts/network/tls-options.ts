import { checkBoolean, checkChoice, checkName, checkOptions } from '../error/check.ts';
import { incorrect } from '../error/tergo-error.ts';

/** Certificates, as PEM: the text, or the path of a file, which is read again by `network.reloadTls`. */
export interface TlsOptions {
  /** Of this node, with those that it was signed with up to a known one; needed to listen. */
  readonly certificate?: string;
  readonly key?: string;
  /** Whom this node believes; needed to dial, and for `clientAuth`. */
  readonly ca?: readonly string[];
  /** Whether those who dial must show a certificate: `required`, `optional` or, by default, `none`. */
  readonly clientAuth?: 'none' | 'optional' | 'required';
  /** The name that the certificate of a dialled node must have; its host by default. */
  readonly serverName?: string;
  /** Takes every certificate: for development only, and logged as a warning at the start. False by default. */
  readonly insecure?: boolean;
}

const KEYS = ['certificate', 'key', 'ca', 'clientAuth', 'serverName', 'insecure'];
const CLIENT_AUTH = ['none', 'optional', 'required'];

/** Throws `incorrect`, naming the key. @internal */
export function checkTls(argument: string, tls: unknown): void {
  if (tls === 'self-signed') return;
  if (typeof tls === 'string') throw incorrect(argument, "an object, or 'self-signed'", tls);
  checkOptions(argument, tls, KEYS);
  const { certificate, key, ca, clientAuth, serverName, insecure } = tls as TlsOptions;
  if (certificate !== undefined) checkPem(`${argument}.certificate`, certificate);
  if (key !== undefined) checkPem(`${argument}.key`, key);
  if ((certificate === undefined) !== (key === undefined))
    throw incorrect(
      `${argument}.key`,
      'there if and only if there is a certificate',
      key !== undefined,
    );
  if (ca !== undefined && !Array.isArray(ca)) throw incorrect(`${argument}.ca`, 'a list', ca);
  for (const [index, one] of (ca ?? []).entries()) checkPem(`${argument}.ca[${index}]`, one);
  if (clientAuth !== undefined) checkChoice(`${argument}.clientAuth`, clientAuth, CLIENT_AUTH);
  if (serverName !== undefined) checkName(`${argument}.serverName`, serverName);
  if (insecure !== undefined) checkBoolean(`${argument}.insecure`, insecure);
}

/** Not shown: it may be a key. */
function checkPem(argument: string, pem: unknown): void {
  if (typeof pem !== 'string' || pem === '')
    throw incorrect(argument, 'PEM text, or the path of a PEM file', typeof pem);
}
