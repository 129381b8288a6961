import { processId, type StandardSchema, startNode, TergoError, validators } from 'tergo';
import { Counter } from './counter.ts';
import { counterName, type CounterMessage, type CounterRequest } from './counter-contract.ts';

// By hand what zod, valibot or arktype make: z.object({ type: z.literal('add'), by: z.number() })
const additions: StandardSchema<CounterMessage> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate(value) {
      const { type, by } = (value ?? {}) as { type?: unknown; by?: unknown };
      if (type !== 'add') return { issues: [{ message: 'must be add', path: ['type'] }] };
      if (typeof by !== 'number')
        return { issues: [{ message: 'must be a number', path: ['by'] }] };
      return { value: { type, by } };
    },
  },
};
const totals: StandardSchema<CounterRequest> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: (value) =>
      (value as CounterRequest | undefined)?.type === 'total'
        ? { value: { type: 'total' } }
        : { issues: [{ message: 'must be total', path: ['type'] }] },
  },
};

const network = {
  cookie: 'at least sixteen bytes',
  registrar: false,
  acceptors: [{ port: 0 }],
} as const;
await using a = await startNode('a@localhost', { network });
const forCounter = validators(Counter, { message: additions, request: totals });
await using b = await startNode('b@localhost', {
  network: { ...network, validators: [forCounter] },
  log: { level: 'error' },
});
const [acceptor] = b.network.acceptors();
a.network.addRoute('^b@', { host: '127.0.0.1', port: acceptor!.port });
await b.spawn(Counter, { args: [5], name: counterName });
const far = processId(counterName, 'b@localhost');

a.send(far, { type: 'add', by: 2 });
a.send(far, { type: 'reset' }); // does not pass: dropped, and logged on b
console.log(await a.call(far, { type: 'total' })); // 7
try {
  await a.call(far, { type: 'label' });
} catch (error) {
  if (!TergoError.is(error, 'incorrect')) throw error;
  console.log(error.message.endsWith('the validators of Counter: type: must be total'));
}
