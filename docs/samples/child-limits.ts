import { Actor, childSpec, reply, startNode, Supervisor } from 'tergo';
import type { Answer, Next, Request, SupervisorSpec } from 'tergo';

class Core extends Actor {}

// Crashes as soon as it is up.
class Plugin extends Actor<{ message: 'work' }> {
  override init(): void {
    this.send(this.pid, 'work');
  }

  override handleMessage(): Next {
    throw new Error('a bad plugin');
  }
}

type State = Request<{ type: 'state' }, string>;

// A plugin that is restarted more than twice a minute is switched off; the rest goes on.
class Plugins extends Supervisor<{ request: State }> {
  override init(): SupervisorSpec {
    return {
      strategy: 'one-for-one',
      children: [
        childSpec('core', Core),
        childSpec('plugin', Plugin, { intensity: 2, periodMs: 60_000, onExceed: 'disable' }),
      ],
    };
  }

  override handleCall(request: State): Answer {
    const list = this.children().map(({ name, state, restarts }) => `${name} ${state} ${restarts}`);
    return reply(request, list.join(', '));
  }
}

await using node = await startNode('plugins@localhost', { log: { disableConsole: true } });
const disabled = Promise.withResolvers<void>();
node.addLogger('alerts', {
  log: ({ message, fields }) => {
    console.log(message, fields['child'] ?? String(fields['error']));
    if (fields['child'] === 'plugin') disabled.resolve();
  },
});
const plugins = await node.spawn(Plugins);
await disabled.promise;
console.log(await node.call(plugins, { type: 'state' }));
const { restarts, lastRestarts = '' } = await node.inspect(plugins, 'restarts', 'lastRestarts');
console.log(restarts, JSON.parse(lastRestarts)[0].reason);
