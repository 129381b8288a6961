import { Actor, noreply, type ExitReason, type MaybePromise, type Next } from 'tergo';

/** What happened to a supervisor and its children, in order, as short lines: `up a`, `down a normal`, … */
export type Story = string[];

/** What a child does differently from an obedient one. */
export interface Manners {
  /** Runs in `init`, with how often the child came up before. */
  readonly onInit?: (ups: number, self: Tended) => MaybePromise<void>;
  readonly onTerminate?: (reason: ExitReason) => MaybePromise<void>;
  readonly trapExit?: boolean;
}

export type TendedTask = (self: Tended) => MaybePromise<Next | void>;
export type TendedProtocol = { message: TendedTask };

/** A child that tells its story. */
export class Tended extends Actor<TendedProtocol> {
  #story: Story = [];
  #label = '';
  #manners: Manners = {};

  override init(story: Story, label: string, manners: Manners = {}): MaybePromise<void> {
    this.#story = story;
    this.#label = label;
    this.#manners = manners;
    this.trapExit = manners.trapExit ?? false;
    const ups = story.filter((line) => line === `up ${label}`).length;
    const done = manners.onInit?.(ups, this);
    if (done instanceof Promise) return done.then(() => void story.push(`up ${label}`));
    story.push(`up ${label}`);
  }

  override handleMessage(task: TendedTask): MaybePromise<Next> {
    const result = task(this);
    return result instanceof Promise ? result.then(nextOf) : nextOf(result);
  }

  override handleExit(): Next {
    return noreply;
  }

  override terminate(reason: ExitReason): MaybePromise<void> {
    this.#story.push(`down ${this.#label} ${textOf(reason)}`);
    return this.#manners.onTerminate?.(reason);
  }
}

/** How a reason reads in a story. */
export function textOf(reason: ExitReason): string {
  return reason instanceof Error ? reason.message : reason;
}

function nextOf(result: Next | void): Next {
  return result ?? noreply;
}
