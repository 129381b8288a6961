import { Actor, reply, type Answer, type Pid, type Request } from 'tergo';
import { sharedNode } from '../bench-node.ts';
import { stopwatch, verify, type Run, type Suite } from '../suite.ts';

const calls = 300_000;

type Echo = Request<{ type: 'echo'; value: number }, number>;
type CallAll = Request<{ type: 'call-all'; server: Pid<{ request: Echo }> }, number>;

class Server extends Actor<{ request: Echo }> {
  override handleCall(request: Echo): Answer {
    return reply(request, request.value);
  }
}

/** Calls one after another from a single callback and checks each reply. */
class Client extends Actor<{ request: CallAll }> {
  override async handleCall(request: CallAll): Promise<Answer> {
    let answered = 0;
    for (let value = 0; value < calls; value++) {
      const echoed = await this.call(request.server, { type: 'echo', value });
      if (echoed === value) answered++;
    }
    return reply(request, answered);
  }
}

async function run(): Promise<Run> {
  const node = await sharedNode();
  const server = await node.spawn(Server);
  const client = await node.spawn(Client);
  const seconds = stopwatch();
  const answered = await node.call(client, { type: 'call-all', server }, { timeoutMs: 120_000 });
  const elapsed = seconds();
  verify(answered === calls, `${answered} of ${calls} calls had the right answer`);
  return { ops: calls, seconds: elapsed };
}

/** One actor calls another, each call after the answer to the last. */
export const suite: Suite = { unit: 'calls', warmUps: 2, runs: 7, run };
