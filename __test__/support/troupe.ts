import type { ExecutionContext } from 'ava';
import {
  Application,
  childSpec,
  type ApplicationClass,
  type ApplicationMode,
  type ApplicationSpec,
  type AnyPid,
  type ChildSpec,
  type ExitReason,
  type LogRecord,
  type MaybePromise,
  type Node,
} from 'tergo';
import type { VirtualClock } from 'tergo/testing';
import type { ChildPlace } from './child-places.ts';
import { stageOf, Tended, textOf, type Manners, type Story } from './keeper.ts';

/** The callbacks of an application beside those that tell its story. */
export interface Conduct {
  readonly onInit?: (self: Application) => MaybePromise<void>;
  readonly onStart?: (self: Application) => MaybePromise<void>;
  readonly onStop?: (self: Application) => MaybePromise<void>;
  readonly onTerminate?: (self: Application) => MaybePromise<void>;
}

/** A class of applications that tell their story: `init a permanent`, `start …`, `stop a normal`, `terminate …`. */
export function troupe(
  story: Story,
  spec: ApplicationSpec,
  conduct: Conduct = {},
): ApplicationClass {
  return class Troupe extends Application {
    override load(): ApplicationSpec {
      return spec;
    }
    override init(mode: ApplicationMode): MaybePromise<void> {
      story.push(`init ${spec.name} ${mode}`);
      return conduct.onInit?.(this);
    }
    override start(mode: ApplicationMode): MaybePromise<void> {
      story.push(`start ${spec.name} ${mode}`);
      return conduct.onStart?.(this);
    }
    override stop(reason: ExitReason): MaybePromise<void> {
      story.push(`stop ${spec.name} ${textOf(reason)}`);
      return conduct.onStop?.(this);
    }
    override terminate(reason: ExitReason): MaybePromise<void> {
      story.push(`terminate ${spec.name} ${textOf(reason)}`);
      return conduct.onTerminate?.(this);
    }
  };
}

/** A member that tells its story. */
export function member(story: Story, name: string, manners: Manners = {}): ChildSpec {
  return childSpec(name, Tended, { args: [story, name, manners] });
}

/** Members of these names. */
export function members(story: Story, ...names: readonly string[]): readonly ChildSpec[] {
  return names.map((name) => member(story, name));
}

/** A node whose applications tell one story. */
export interface Theatre {
  readonly node: Node;
  readonly clock: VirtualClock;
  readonly log: readonly LogRecord[];
  readonly story: Story;
  /** Loads an application that tells its story; gives its name. */
  load(spec: ApplicationSpec, conduct?: Conduct): Promise<string>;
  /** The pid of a member that runs. */
  pidOf(application: string, member: string): AnyPid;
  /** Ends a member from outside; resolves when everybody is at rest. */
  end(application: string, member: string, reason: ExitReason): Promise<void>;
  /** The story since the last time, once everybody is at rest. */
  told(): Promise<Story>;
}

/** A node with a clock that stands still, and a story; one with threads for a place that has some. */
export async function theatre(t: ExecutionContext, place?: ChildPlace): Promise<Theatre> {
  const { node, clock, log, story, own, settle } = await stageOf(t, place);
  let told = 0;
  const pidOf = (application: string, name: string): AnyPid => {
    const { group } = node.applications.info(application);
    const pid = group.find((one) => one.name === name)?.pid;
    if (pid === undefined) throw new Error(`no member ${name} of ${application} runs`);
    return pid;
  };
  return {
    ...{ node, clock, log, story, pidOf },
    load: (spec, conduct) => node.applications.load(troupe(own, spec, conduct)),
    end: async (application, name, reason) => {
      const pid = pidOf(application, name);
      if (reason === 'kill') node.kill(pid);
      else node.sendExit(pid, reason);
      await settle();
    },
    told: async () => {
      await settle();
      const news = story.slice(told);
      told = story.length;
      return news;
    },
  };
}
