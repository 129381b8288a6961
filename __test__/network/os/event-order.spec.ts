import test, { type ExecutionContext } from 'ava';
import { type EventId, type EventName, eventId, eventName } from 'tergo';
import { fresh, gone, type Handle, puppet } from '../../threads/stage.ts';
import { receivers } from '../cluster.ts';
import type { Passage } from './relay.ts';
import { linkOfNode, relayed, type Relayed, type Sender, senderBeside } from './relayed.ts';

/** A producer on node a that does not send over the link that the node itself uses. */
interface Stage extends Relayed {
  readonly producer: Sender;
  readonly link: Passage;
  readonly subscriber: Handle;
  readonly witness: Handle;
  readonly name: EventName<unknown>;
  readonly event: EventId<unknown>;
}

async function staged(t: ExecutionContext, thread: number, options: object = {}): Promise<Stage> {
  const nodes = await relayed(t);
  const { b } = nodes;
  const [subscriber, witness] = [await puppet(b, thread), await puppet(b, 0)];
  const link = await linkOfNode(nodes);
  const producer = await senderBeside(nodes, [link]);
  const name = eventName<unknown>(fresh('event'));
  const event = eventId(name, 'a@localhost');
  await producer.who.do('announce', name, { notify: true, ...options });
  return { ...nodes, producer, link, subscriber, witness, name, event };
}

/** Publishes, and waits until what the publisher has sent after that is there. */
async function published(
  { who }: Sender,
  { name, witness }: Stage,
  message: string,
): Promise<void> {
  await who.do('publish', name, message);
  await who.do('sendAll', witness.pid, [['it is published']]);
  await witness.hears(1);
}

for (const { title, thread } of receivers) {
  test(`a subscriber misses nothing when its confirmation is slow, ${title}`, async (t) => {
    const stage = await staged(t, thread);
    const { producer, link, subscriber, name, event } = stage;
    link.dialler.pause();
    const subscribed = subscriber.do('monitorEvent', event);
    await producer.who.hears(1);
    await published(producer, stage, 'first');
    link.dialler.resume();
    await subscribed;
    await producer.who.do('publish', name, 'second');
    const notices = await subscriber.messages(2);
    t.deepEqual(notices, ['first', 'second']);
  });

  test(`a subscriber hears of the end of an event after all that was published, ${title}`, async (t) => {
    const { a, producer, subscriber, witness, name, event } = await staged(t, thread);
    await subscriber.do('monitorEvent', event);
    const answering = await puppet(a, 0);
    producer.link.dialler.pause();
    await producer.who.do('publish', name, 'last');
    producer.who.tell({ type: 'stop', reason: 'shutdown' });
    await gone(a, producer.who.pid);
    // What the node itself says comes over another link.
    await witness.do('callAll', answering.pid, [{ type: 'echo' }, { type: 'echo' }]);
    producer.link.dialler.resume();
    const notices = await subscriber.hears(2);
    // The notice may overtake in the mailbox.
    t.deepEqual(notices.map(({ on }) => on).toSorted(), ['down', 'event']);
  });

  test(`a subscriber misses nothing of what others publish of an open event, ${title}`, async (t) => {
    const stage = await staged(t, thread, { open: true });
    const { producer, link, subscriber, name, event } = stage;
    const other = await senderBeside(stage, [producer.link, link]);
    producer.link.dialler.pause();
    link.dialler.pause();
    const subscribed = subscriber.do('monitorEvent', event);
    await producer.who.hears(1);
    await published(other, stage, 'first');
    producer.link.dialler.resume();
    link.dialler.resume();
    await subscribed;
    await producer.who.do('publish', name, 'second');
    const notices = await subscriber.messages(2);
    t.deepEqual(notices, ['first', 'second']);
  });
}
