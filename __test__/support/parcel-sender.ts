import { Actor, noreply, reply, type Answer, type Next, type Pid, type RouteFailure } from 'tergo';
import type { FarRouterProtocol, Parcel } from './far-router.ts';

export interface ParcelSenderProtocol {
  message: {
    readonly type: 'send';
    readonly through: Pid<FarRouterProtocol>;
    readonly parcel: Parcel;
  };
  request: { readonly type: 'failures' };
}

/** Sends parcels through a router, and keeps what could not be handed on. */
export class ParcelSender extends Actor<ParcelSenderProtocol> {
  readonly #failures: RouteFailure[] = [];

  override handleMessage({ through, parcel }: ParcelSenderProtocol['message']): Next {
    this.send(through, parcel);
    return noreply;
  }

  override handleRouteFailed(failure: RouteFailure): Next {
    this.#failures.push(failure);
    return noreply;
  }

  override handleCall(request: unknown): Answer {
    return reply(request, this.#failures as never);
  }
}
