import {
  Actor,
  discard,
  noreply,
  reply,
  route,
  Router,
  routeTo,
  type Answer,
  type AnyPid,
  type EventMeta,
  type Next,
  type Pid,
  type ProcessName,
  type Routed,
  type RouterSpec,
} from 'tergo';
import { scribe } from './far-witness.ts';
import type { Notice } from './witness.ts';

/** What goes through a router, and to which route. */
export interface Parcel {
  readonly type: string;
  readonly to?: string;
}

export interface FarRouterProtocol {
  message: Parcel;
  request: Parcel;
  event: Parcel;
}

/** Who a route leads to: tells the scribe what it gets, and answers with its label and who asks. */
export class FarRouted extends Actor<FarRouterProtocol> {
  #label = '';

  override init(label: string): void {
    this.#label = label;
  }

  override handleMessage(message: Parcel, from: AnyPid): Next {
    return this.#tell({ on: 'message', message, from });
  }

  override handleCall(request: Parcel, from: AnyPid): Answer {
    return reply(request, [this.#label, from] as never);
  }

  override handleEvent(message: Parcel, meta: EventMeta): Next {
    return this.#tell({ on: 'event', message, meta });
  }

  #tell(notice: Notice): Next {
    this.send(scribe, [this.#label, notice]);
    return noreply;
  }
}

export interface FarRouterPlan {
  /** The label of its own. */
  readonly label: string;
  /** The labels of the processes of its routes, which are named after them. */
  readonly owned: readonly string[];
  readonly thread: number;
  readonly registered?: ProcessName<FarRouterProtocol>;
  readonly fallback?: string;
}

/** Goes by what each parcel says; what has priority it tells the scribe itself. */
export class FarRouter extends Router<FarRouterProtocol> {
  #label = '';

  override init(plan: FarRouterPlan): RouterSpec<FarRouterProtocol> {
    const { label, owned, thread, registered, fallback } = plan;
    this.#label = label;
    const routes = owned.map((each) => route(each, FarRouted, { args: [each], thread }));
    return {
      routes: registered === undefined ? routes : [...routes, routeTo('registered', registered)],
      ...(fallback === undefined ? {} : { fallback }),
    };
  }

  override routeMessage({ to }: Parcel): Routed {
    return to === '-' ? discard : to;
  }

  override routeCall({ to }: Parcel): Routed {
    return to === '-' ? discard : to;
  }

  override routeEvent({ to }: Parcel): Routed {
    return to === '-' ? discard : to;
  }

  override async handleMessage(message: Parcel, from: Pid<unknown>): Promise<Next> {
    if (message.type === 'monitor') await this.monitorEvent(message.to as never);
    this.send(scribe, [this.#label, { on: 'message', message, from }]);
    return noreply;
  }

  override handleCall(request: Parcel, from: Pid<unknown>): Answer {
    return reply(request, [this.#label, from] as never);
  }
}
