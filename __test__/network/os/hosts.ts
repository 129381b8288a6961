import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

/** Why no hosts can be made here; `undefined`: they can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} has no network namespaces`;
  if (process.getuid!() !== 0) return 'it needs root';
  if (!['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'].some((path) => existsSync(path)))
    return 'the command ip (iproute2) is not installed';
  const probe = `tergo-probe-${process.pid}`;
  try {
    ip('netns', 'add', probe);
    ip('-n', probe, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other');
    return undefined;
  } catch (error) {
    return `the system does not allow it: ${(error as Error).message}`;
  } finally {
    forget(probe);
  }
}

/** Two hosts, which are network namespaces, and the wire between them. */
export class Hosts {
  readonly #names: readonly string[];
  readonly addresses: readonly string[] = ['10.213.7.1', '10.213.7.2'];

  private constructor(names: readonly string[]) {
    this.#names = names;
  }

  static make(t: ExecutionContext): Hosts {
    const hosts = new Hosts([0, 1].map((number) => `tergo-${process.pid}-${number}`));
    t.teardown(() => hosts.#names.forEach(forget));
    hosts.#build();
    return hosts;
  }

  /** What comes before a command that runs on one of them. */
  on(host: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#names[host]!];
  }

  /** From now on nothing that one sends reaches the other, and neither is told. */
  part(): void {
    // The wire stays up, so that no socket hears of it: what is sent finds no neighbour any more.
    for (const [host, name] of this.#names.entries())
      ip('-n', name, ...neighbour('replace', this.addresses[1 - host]!, '02:00:00:00:00:99'));
  }

  /** All reaches the other again. */
  heal(): void {
    for (const [host, name] of this.#names.entries())
      ip('-n', name, ...neighbour('del', this.addresses[1 - host]!, '02:00:00:00:00:99'));
  }

  #build(): void {
    const [one, other] = this.#names;
    for (const name of this.#names) ip('netns', 'add', name);
    ip('-n', one!, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', other!);
    for (const [host, name] of this.#names.entries()) {
      ip('-n', name, 'addr', 'add', `${this.addresses[host]}/24`, 'dev', 'wire');
      ip('-n', name, 'link', 'set', 'wire', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }
}

/** An entry that never ages, for a machine that there is not. */
function neighbour(how: 'replace' | 'del', address: string, machine: string): readonly string[] {
  const entry = ['neigh', how, address, 'lladdr', machine, 'dev', 'wire'];
  return how === 'replace' ? [...entry, 'nud', 'permanent'] : entry;
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function forget(name: string): void {
  try {
    ip('netns', 'del', name);
  } catch {
    // It has never come to be.
  }
}
