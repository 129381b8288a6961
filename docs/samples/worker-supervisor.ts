import { Actor, childTemplate, noreply, reply, startNode, Supervisor } from 'tergo';
import type { Answer, ChildTemplate, Next, Pid, Request, SupervisorSpec } from 'tergo';

type Fetch = Request<{ type: 'fetch' }, string>;
interface WorkerProtocol {
  request: Fetch;
}

class Worker extends Actor<WorkerProtocol> {
  #url = '';

  override init(url: string, retries: number): void {
    this.#url = `${url} (${retries} retries)`;
  }

  override handleCall(request: Fetch): Answer {
    return reply(request, this.#url);
  }
}

// The template carries the types of pid and arguments to startChild.
const worker: ChildTemplate<WorkerProtocol, [url: string, retries: number]> = childTemplate(
  'worker',
  Worker,
);

const bothGone = Promise.withResolvers<void>();

type Start = Request<{ type: 'start'; url: string }, Pid<WorkerProtocol>>;
type Workers = Request<{ type: 'workers' }, number>;
export class WorkerSupervisor extends Supervisor<{ request: Start | Workers }> {
  override init(): SupervisorSpec {
    return { strategy: 'simple-one-for-one', restart: 'transient', children: [worker] };
  }

  override async handleCall(request: Start | Workers): Promise<Answer> {
    if (request.type === 'workers') return reply(request, this.children().length);
    return reply(request, await this.startChild(worker, { args: [request.url, 3] }));
  }

  override handleChildTerminate(name: string, _pid: Pid<never>, reason: unknown): Next {
    console.log(name, 'gone:', reason);
    if (reason === 'normal') bothGone.resolve();
    return noreply;
  }
}

await using node = await startNode('workers@localhost', { log: { level: 'disabled' } });
const workers = await node.spawn(WorkerSupervisor);

const first = await node.call(workers, { type: 'start', url: 'https://a.example' });
const second = await node.call(workers, { type: 'start', url: 'https://b.example' });
console.log(await node.call(first, { type: 'fetch' }));

// A transient child comes back after a crash, with the arguments it was started with, but not after a normal end.
node.kill(first);
node.sendExit(second, 'normal');
await bothGone.promise;
console.log(await node.call(workers, { type: 'workers' }), 'worker left');
