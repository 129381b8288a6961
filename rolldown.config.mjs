// The JavaScript of the package in few files: each module of its own would cost its share of every start.
export default {
  input: { index: 'ts/index.ts', 'testing/index': 'ts/testing/index.ts' },
  platform: 'node',
  external: [/^node:/, 'croner'],
  output: {
    dir: 'dist',
    format: 'esm',
    sourcemap: true,
    // Beside `dist/native`, as `ts/native/load.ts` looks for the addon relative to itself.
    chunkFileNames: 'chunks/[name].js',
  },
};
