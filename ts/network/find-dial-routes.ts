import { TergoError } from '../error/tergo-error.ts';
import type { BindingNetwork } from '../native/load.ts';
import type { DialRoute } from './dial-route.ts';

type FoundRoute = Parameters<Parameters<BindingNetwork['findRoute']>[1]>[0];

/** Where a node would be dialled, in the order in which it is tried. Rejects with `no-route`, or with `no-connection` and its cause, if there is one. */
export async function findDialRoutes(
  native: BindingNetwork,
  node: string,
  causeOf: () => unknown,
): Promise<readonly DialRoute[]> {
  const { promise, resolve } = Promise.withResolvers<FoundRoute>();
  native.findRoute(node, resolve);
  const { error, isUnknown, isStatic, targets } = await promise;
  if (error !== null && isUnknown) throw new TergoError('no-route', error);
  const cause = causeOf();
  const options = cause === undefined ? {} : { cause };
  if (error !== null) throw new TergoError('no-connection', error, options);
  return targets.map((target) => ({ source: isStatic ? 'static' : 'registrar', ...target }));
}
