import type { BindingAcceptorInfo } from '../native/load.ts';
import type { AcceptorInfo } from './acceptor-info.ts';
import { flagsOf } from './features.ts';

/** What the network counts of an acceptor, as users are told. */
export function acceptorInfo(counted: BindingAcceptorInfo): AcceptorInfo {
  const { address: host, features, maxMessage: maxMessageSize, ...rest } = counted;
  return { host, ...rest, flags: flagsOf(features), maxMessageSize };
}
