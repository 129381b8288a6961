// Puts the JavaScript of the package into few files in dist/: each module of its own would cost its share of
// every start. usage: node .ci/bundle.mjs
import { rolldown } from 'rolldown';
import { at } from './tools.mjs';

const bundle = await rolldown({
  input: {
    index: at('ts', 'index.ts'),
    'testing/index': at('ts', 'testing', 'index.ts'),
    'thread/worker': at('ts', 'thread', 'worker.ts'),
  },
  platform: 'node',
  external: [/^node:/, 'croner'],
});
await bundle.write({
  dir: at('dist'),
  format: 'esm',
  sourcemap: true,
  // Beside `dist/native`: `ts/native/load.ts` looks for the addon relative to itself.
  chunkFileNames: 'chunks/[name].js',
  // Looks for `dist/thread/worker.js` relative to itself, too, though only one entry needs it.
  codeSplitting: { groups: [{ name: 'worker-run', test: /ts\/thread\/worker-run\.ts$/ }] },
});
