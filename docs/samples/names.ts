import { Actor, env, envKey, noreply, processId, reply, startNode } from 'tergo';
import type { Alias, Answer, EnvKey, Next, Pid, Request } from 'tergo';
import { counterName, type CounterProtocol } from './counter-contract.ts';
import { Counter } from './counter.ts';

export const quality: EnvKey<number> = envKey('quality');

// Gives others an address that it can take back.
type Badge = Request<{ type: 'badge' }, Alias<HostProtocol>>;
interface HostProtocol {
  message: string;
  request: Badge;
}
class Host extends Actor<HostProtocol> {
  override handleMessage(text: string, from: Pid<unknown>): Next {
    console.log('host got', text, 'at quality', this.env(quality, 80));
    if (from === this.parent) console.log('from its parent');
    return noreply;
  }

  override handleCall(request: Badge): Answer {
    return reply(request, this.createAlias());
  }
}

await using node = await startNode('names@localhost', { env: [env(quality, 70)] });

// A name is typed: whoever sends by it is checked, whoever registers under it must fit.
await node.spawn(Counter, { args: [1], name: counterName });
node.send(counterName, { type: 'add', by: 1 });
node.send(processId(counterName, 'names@localhost'), { type: 'add', by: 1 });
const found: Pid<CounterProtocol> | undefined = node.whereis(counterName);
if (found) console.log(await node.call(found, { type: 'total' }));
node.unregisterName(counterName);
console.log(node.send(counterName, { type: 'reset' }));

// An alias is a further address; the environment comes from the node unless a spawn says otherwise.
const host = await node.spawn(Host, { env: [env(quality, 90)] });
const badge = await node.call(host, { type: 'badge' });
node.send(badge, 'a letter');
await node.call(badge, { type: 'badge' }); // comes after the letter
