import type { BindingTls } from '../native/load.ts';
import type { TlsOptions } from './tls-options.ts';

const CLIENT_AUTH = { none: 0, optional: 1, required: 2 } as const;

/** Certificates as the binding takes them; self-signed ones are for the host of the node's name. */
export function tlsWords(tls: TlsOptions | 'self-signed', node: string): BindingTls {
  if (tls === 'self-signed') {
    const [, host] = node.split('@');
    const selfSigned = [...new Set([host ?? 'localhost', 'localhost', '127.0.0.1'])];
    return { ca: [], clientAuth: CLIENT_AUTH.none, insecure: true, selfSigned };
  }
  const { certificate, key, ca = [], clientAuth = 'none', serverName, insecure = false } = tls;
  return {
    ...{ ca: [...ca], clientAuth: CLIENT_AUTH[clientAuth], insecure },
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}
