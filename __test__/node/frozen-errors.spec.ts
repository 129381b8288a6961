import test from 'ava';
import { TergoError } from 'tergo';

// In a file of its own, for it freezes what all share.
Object.freeze(Error.prototype);

test('an error has its name and code also when what errors have in common is frozen', (t) => {
  const error = new TergoError('timeout', 'too late', { cause: 'the cause' });
  t.is(error.name, 'TergoError');
  t.is(error.code, 'timeout');
  t.is(String(error), 'TergoError: too late');
  t.is(error.cause, 'the cause');
});
