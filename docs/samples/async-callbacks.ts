import { readFile } from 'node:fs/promises';
import { Actor, noreply, reply, startNode } from 'tergo';
import type { Answer, Request } from 'tergo';

type Lines = Request<{ type: 'lines'; path: string | URL }, number>;

// While the promise of a callback is pending, its process takes no other message. The others go on.
export class Reader extends Actor<{ request: Lines }> {
  override async handleCall(request: Lines): Promise<Answer> {
    const text = await readFile(request.path, { encoding: 'utf8', signal: this.signal });
    return reply(request, text.split('\n').length);
  }
}

// To take messages meanwhile, keep the caller and answer from the promise.
export class BusyReader extends Actor<{ request: Lines }> {
  override handleCall(request: Lines): Answer {
    const caller = this.callerOf(request);
    readFile(request.path, { encoding: 'utf8', signal: this.signal }).then(
      (text) => this.sendResponse(caller, text.split('\n').length),
      (error: Error) => this.sendResponseError(caller, error),
    );
    return noreply;
  }
}

await using node = await startNode('reader@localhost');
const path = new URL('hello.ts', import.meta.url);
const reader = await node.spawn(Reader);
const lines = await node.call(reader, { type: 'lines', path });
const busy = await node.spawn(BusyReader);
const [same, missing] = await Promise.all([
  node.call(busy, { type: 'lines', path }),
  node.call(busy, { type: 'lines', path: 'missing' }).catch((error: Error) => error.name),
]);
console.log(lines > 10, same === lines, missing);

// A caller can give up: the call rejects at once, and a request that was not taken yet is dropped.
const signal = AbortSignal.abort(new Error('changed my mind'));
await node
  .call(reader, { type: 'lines', path }, { signal })
  .catch((error: Error) => console.log(error.message));
