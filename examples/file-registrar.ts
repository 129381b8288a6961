// Two programs whose nodes find each other by a registrar of their own: a folder of JSON files. Run without arguments it starts
// the other program itself.  usage: node examples/file-registrar.ts [FOLDER NODE]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Actor, type Answer, networkEvent, processId, processName, reply, startNode } from 'tergo';
import type { Node, ProcessName, Request } from 'tergo';
import { FileRegistrar } from './file-registrar/file-registrar.ts';

type Greeting = Request<{ readonly type: 'greet'; readonly name: string }, string>;
interface GreeterProtocol {
  request: Greeting;
}
const greeterName: ProcessName<GreeterProtocol> = processName('greeter');
const [FIRST, SECOND] = ['first@localhost', 'second@localhost'];

class Greeter extends Actor<GreeterProtocol> {
  override handleCall(request: Greeting): Answer {
    return reply(request, `hello ${request.name}, this is another program`);
  }
}

/** A node that registers in that folder, where the cookie of all is as well. */
function start(name: string, folder: string): Promise<Node> {
  const registrar = new FileRegistrar(path.join(folder, 'nodes'));
  const cookieFile = path.join(folder, 'cookie');
  const network = { registrar, cookieFile, acceptors: [{ port: 0 }] };
  return startNode(name, { log: { level: 'warning' }, network });
}

/** Greets whoever asks, until the other program hangs up. */
async function serve(folder: string, name: string): Promise<void> {
  const node = await start(name, folder);
  process.once('disconnect', () => void node.stop());
  await node.spawn(Greeter, { name: greeterName });
  await node.network.connect(FIRST);
}

async function lead(folder: string): Promise<void> {
  await using node = await start(FIRST, folder);
  const changes = node.subscribe(networkEvent);
  const second = fork(import.meta.filename, [folder, SECOND]);
  const awaited = new Set(['joined', 'connected', 'disconnected', 'left']);
  for await (const { message } of changes) {
    if (awaited.delete(message.type)) console.log(message.type, SECOND);
    if (message.type === 'connected') {
      const greeter = processId(greeterName, SECOND);
      console.log(await node.call(greeter, { type: 'greet', name: FIRST }));
      console.log((await node.network.registeredNodes()).join(', '));
    }
    // Both are there: the other one may go.
    if (!awaited.has('joined') && !awaited.has('connected') && second.connected)
      second.disconnect();
    if (awaited.size === 0) break;
  }
  if (second.exitCode === null) await once(second, 'exit');
}

const [folder, name] = process.argv.slice(2);
if (folder !== undefined && name !== undefined) await serve(folder, name);
else {
  const made = await mkdtemp(path.join(tmpdir(), 'tergo-files-'));
  try {
    await lead(made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}
