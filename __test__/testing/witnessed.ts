import { type ExecutionContext } from 'ava';
import { processName, type ProcessName, type Request } from 'tergo';
import { probe, startUnit, type Probe, type Unit } from 'tergo/testing';
import { Witness, type WitnessProtocol } from '../support/witness.ts';

/** What the other party takes. */
export type PeerProtocol = { message: unknown; request: Request<{ type: 'ask' }, number> };
/** By which it is found. */
export const peerName: ProcessName<PeerProtocol> = processName('peer');

/** A unit that ends with the test. */
export async function unitOf(t: ExecutionContext): Promise<Unit> {
  const unit = await startUnit();
  t.teardown(() => unit[Symbol.asyncDispose]());
  return unit;
}

/** A probed witness in a unit of its own. */
export async function witness(
  t: ExecutionContext,
): Promise<{ unit: Unit; self: Probe<WitnessProtocol> }> {
  const unit = await unitOf(t);
  return { unit, self: await probe(Witness, { unit, args: [] }) };
}
