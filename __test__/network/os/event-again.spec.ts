import test, { type ExecutionContext } from 'ava';
import { type EventId, type EventName, eventId, eventName } from 'tergo';
import { fresh, gone, type Handle, puppet } from '../../threads/stage.ts';
import { receivers } from '../cluster.ts';
import { linkOfNode, relayed, type Sender, senderBeside } from './relayed.ts';

/** Two processes of node a that send over different links, of which neither is that of the node; the first one has an event. */
interface Stage {
  readonly first: Sender;
  readonly second: Sender;
  readonly subscribers: readonly [Handle, Handle];
  readonly name: EventName<unknown>;
  readonly event: EventId<unknown>;
  /** The event of the first ends with it, and the second one registers its own. */
  change(): Promise<void>;
}

async function staged(t: ExecutionContext, thread: number): Promise<Stage> {
  const nodes = await relayed(t);
  const { a, b } = nodes;
  const link = await linkOfNode(nodes);
  const first = await senderBeside(nodes, [link]);
  const second = await senderBeside(nodes, [link, first.link]);
  const name = eventName<unknown>(fresh('event'));
  await first.who.do('announce', name, { notify: true });
  const change = async (): Promise<void> => {
    first.who.tell({ type: 'stop', reason: 'shutdown' });
    await gone(a, first.who.pid);
    await second.who.do('announce', name, { notify: true });
  };
  const subscribers = [await puppet(b, thread), await puppet(b, thread)] as const;
  return { first, second, subscribers, name, event: eventId(name, 'a@localhost'), change };
}

for (const { title, thread } of receivers) {
  test(`an event that comes again before its end was heard is another one, ${title}`, async (t) => {
    const { first, second, subscribers, name, event, change } = await staged(t, thread);
    const [former, later] = subscribers;
    await former.do('monitorEvent', event);
    first.link.dialler.pause();
    await first.who.do('publish', name, 'last of the first');
    await change();
    await later.do('monitorEvent', event);
    await second.who.do('publish', name, 'of the second');
    t.deepEqual(await later.messages(1), ['of the second']);
    first.link.dialler.resume();
    // The notice may overtake in the mailbox.
    const notices = await former.hears(2);
    t.deepEqual(notices.map(({ on }) => on).toSorted(), ['down', 'event']);
    t.true(notices.some((one) => 'message' in one && one.message === 'last of the first'));
    // Who subscribes now joins those of the second.
    await former.do('monitorEvent', event);
    await second.who.do('publish', name, 'to both');
    t.deepEqual((await later.messages(2)).slice(1), ['to both']);
    t.deepEqual((await former.messages(3)).slice(2), ['to both']);
    // Nothing stands for the first any more.
    for (const one of subscribers) await one.do('demonitorEvent', event);
    const heard = await second.who.hears(2);
    t.deepEqual(
      heard.map(({ on }) => on),
      ['event-start', 'event-stop'],
    );
  });

  test(`subscribers of an event that comes again before the first was answered hear of the second, ${title}`, async (t) => {
    const { first, second, subscribers, name, event, change } = await staged(t, thread);
    first.link.dialler.pause();
    const early = subscribers[0].do('monitorEvent', event);
    await first.who.hears(1);
    await change();
    const late = subscribers[1].do('monitorEvent', event);
    // The answer of the second is there, and has been taken for that of the first.
    await early;
    first.link.dialler.resume();
    await late;
    await second.who.do('publish', name, 'to both');
    for (const one of subscribers) t.deepEqual(await one.messages(1), ['to both']);
    for (const one of subscribers) await one.do('demonitorEvent', event);
    await second.who.hears(2);
    for (const one of subscribers) t.is((await one.seen()).length, 1);
  });

  test(`who subscribes to an event that has just ended and come again joins the second, ${title}`, async (t) => {
    const { first, second, subscribers, name, event, change } = await staged(t, thread);
    const [former, later] = subscribers;
    await former.do('monitorEvent', event);
    first.link.dialler.pause();
    second.link.dialler.pause();
    await change();
    const subscribed = later.do('monitorEvent', event);
    await second.who.hears(1);
    first.link.dialler.resume();
    await former.hears(1);
    second.link.dialler.resume();
    await subscribed;
    await second.who.do('publish', name, 'of the second');
    t.deepEqual(await later.messages(1), ['of the second']);
  });
}
