import type { NodeAnnouncement, Registrar, RegistrarEvents } from 'tergo';
import { TergoError } from 'tergo';

/** What a test does differently. */
export type Deviation = { -readonly [K in keyof Registrar]?: Registrar[K] };

/** A call that a registrar got, in order. */
export interface Heard {
  readonly method: 'start' | 'announce' | 'close';
  readonly node: string;
  readonly applications: readonly string[];
}

/** Knows the nodes of this OS process, by registrars of the user's own. */
export class Directory {
  readonly announcements = new Map<string, NodeAnnouncement>();
  readonly events = new Map<string, RegistrarEvents>();
  readonly heard: Heard[] = [];

  /** One for a node. */
  registrar(deviation: Deviation = {}): Registrar {
    let own = '';
    const registrar: Registrar = {
      name: 'directory:1',
      start: (announcement, events) => {
        if (this.announcements.has(announcement.node))
          throw new TergoError('taken', `${announcement.node} is there already`);
        own = announcement.node;
        this.#note('start', announcement);
        this.events.set(own, events);
        this.announcements.set(own, announcement);
        if (!announcement.isHidden) this.#tell('joined', own);
      },
      announce: (announcement) => {
        this.#note('announce', announcement);
        this.announcements.set(own, announcement);
      },
      resolve: (node) => this.announcements.get(node)?.routes ?? [],
      resolveApplication: () =>
        [...this.announcements.values()].flatMap(({ applications }) => applications),
      nodes: () =>
        [...this.announcements.values()]
          .filter(({ isHidden }) => !isHidden)
          .map(({ node }) => node),
      close: () => {
        this.heard.push({ method: 'close', node: own, applications: [] });
        const known = this.announcements.get(own);
        this.announcements.delete(own);
        this.events.delete(own);
        if (known?.isHidden === false) this.#tell('left', own);
      },
      ...deviation,
    };
    return registrar;
  }

  #note(method: 'start' | 'announce', { node, applications }: NodeAnnouncement): void {
    this.heard.push({
      ...{ method, node },
      applications: applications.map(({ name, state }) => `${name} ${state}`),
    });
  }

  #tell(what: 'joined' | 'left', node: string): void {
    for (const { [what]: tell } of this.events.values()) tell(node);
  }
}
