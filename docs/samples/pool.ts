import {
  Actor,
  childSpec,
  Pool,
  poolSpec,
  processName,
  reply,
  startNode,
  Supervisor,
  type Answer,
  type PoolSpec,
  type ProcessName,
  type Request,
  type SupervisorSpec,
} from 'tergo';

type Resize = Request<{ type: 'resize'; path: string }, { bytes: number }>;
type Grow = Request<{ type: 'grow'; by: number }, number>;
interface ResizerProtocol {
  request: Resize | Grow;
}
const resizers: ProcessName<ResizerProtocol> = processName('resizers');

class Resizer extends Actor<ResizerProtocol> {
  #folder = '';

  override init(folder: string): void {
    this.#folder = folder;
  }

  override handleCall(request: Resize | Grow): Answer {
    if (request.type === 'grow') return reply(request, 1);
    return reply(request, { bytes: this.#folder.length + request.path.length });
  }
}

class Resizers extends Pool<ResizerProtocol> {
  override init(size: number): PoolSpec<ResizerProtocol> {
    return poolSpec(Resizer, { size, args: ['/tmp'], workerMailboxSize: 100 });
  }

  // What has priority is for the pool itself.
  override async handleCall(request: Resize | Grow): Promise<Answer> {
    if (request.type === 'resize') return reply(request, { bytes: 0 });
    return reply(request, await this.addWorkers(request.by));
  }
}

class Images extends Supervisor {
  override init(): SupervisorSpec {
    return { strategy: 'one-for-one', children: [childSpec(resizers, Resizers, { args: [4] })] };
  }
}

await using node = await startNode('images@localhost', { log: { level: 'disabled' } });
await node.spawn(Images);

// A worker answers, wherever the call came in.
const { bytes } = await node.call(resizers, { type: 'resize', path: 'a.png' }, { timeoutMs: 2000 });
console.log(bytes);

const size = await node.call(resizers, { type: 'grow', by: 2 }, { priority: 'high' });
console.log(size, 'workers');

const { forwarded, restarts } = await node.inspect(resizers, 'forwarded', 'restarts');
console.log(forwarded, 'forwarded,', restarts, 'restarts');
