// Nodes with subscribers, in a worker: tells when they are subscribed, and whenever all of them have had an event.
import { parentPort, workerData } from 'node:worker_threads';
import { startSubscribers, type SubscriberNodes } from './subscriber-nodes.ts';

const port = parentPort!;
await startSubscribers(workerData as SubscriberNodes, () => port.postMessage('round'));
port.postMessage('ready');
