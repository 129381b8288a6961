// The contract: types and names only. Whoever talks to a counter imports this file, never the class.
import { processName, type ProcessName, type Request } from 'tergo';

export type CounterMessage = { type: 'add'; by: number } | { type: 'reset' };
export type CounterRequest =
  Request<{ type: 'total' }, number> | Request<{ type: 'label'; upper?: boolean }, string>;
export interface CounterProtocol {
  message: CounterMessage;
  request: CounterRequest;
}
export const counterName: ProcessName<CounterProtocol> = processName('counter');
