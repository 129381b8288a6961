import test from 'ava';
import { startNode, TergoError, type Compression } from 'tergo';
import { inside, spawnPuppet } from '../support/improvise.ts';

const FIRST: Compression = { enabled: false, type: 'lz4', level: 'default', thresholdBytes: 1024 };

test('compression is off at first, and each setting is laid over the others [L9]', async (t) => {
  await using node = await startNode('compression@localhost');
  const puppet = await spawnPuppet(node);
  const set = (settings: Partial<Compression>): Promise<Compression> =>
    inside(node, puppet, (self) => {
      self.compression = settings;
      return self.compression;
    });
  t.deepEqual(await inside(node, puppet, (self) => self.compression), FIRST);
  t.deepEqual(await set({ enabled: true }), { ...FIRST, enabled: true });
  t.deepEqual(await set({ level: 'size' }), { ...FIRST, enabled: true, level: 'size' });
  const last = await set({ enabled: false, type: 'zstd', thresholdBytes: 4096 });
  t.deepEqual(last, { enabled: false, type: 'zstd', level: 'size', thresholdBytes: 4096 });
  t.deepEqual(node.processInfo(puppet).compression, last);
});

const WRONG: readonly (readonly [key: string, settings: object])[] = [
  ['compression.level', { level: 'best' }],
  ['compression.type', { type: 'lzw' }],
  ['compression.thresholdBytes', { thresholdBytes: 1023 }],
  ['compression.enabled', { enabled: 'yes' }],
  ['compression.kind', { kind: 'gzip' }],
];

for (const [key, settings] of WRONG) {
  test(`a wrong ${key} is refused by name and changes nothing [L9]`, async (t) => {
    await using node = await startNode('compression@localhost');
    const puppet = await spawnPuppet(node);
    const refused = await t.throwsAsync(
      inside(node, puppet, (self) => (self.compression = settings)),
    );
    t.true(TergoError.is(refused, 'incorrect'));
    t.true(refused?.message.startsWith(key), refused?.message);
    t.deepEqual(node.processInfo(puppet).compression, FIRST);
    await t.throwsAsync(spawnPuppet(node, { compression: settings }), { message: new RegExp(key) });
  });
}

test('a setting that is given as undefined is left out', async (t) => {
  await using node = await startNode('compression@localhost');
  const settings = { enabled: true, level: undefined } as object;
  const puppet = await spawnPuppet(node, { compression: settings });
  t.deepEqual(node.processInfo(puppet).compression, { ...FIRST, enabled: true });
});

test('a spawn may bring compression along', async (t) => {
  await using node = await startNode('compression@localhost');
  const puppet = await spawnPuppet(node, { compression: { enabled: true, type: 'gzip' } });
  t.deepEqual(node.processInfo(puppet).compression, { ...FIRST, enabled: true, type: 'gzip' });
});
