import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Folders that hold what tools have made. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'node_modules',
  'target',
  'dist',
  '.git',
  path.join('docs', 'api'),
]);

/** Something that the user can mend; its message is one line. */
export class InputError extends Error {}

export interface File {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** Every file below the folders, in the order of their paths. Throws `InputError` unless there is one in each. */
export async function listFiles(folders: readonly string[]): Promise<readonly File[]> {
  const paths = (await Promise.all(folders.map(pathsBelow))).flat();
  return Promise.all(paths.map(async (path) => ({ path, size: await sizeOf(path) })));
}

/** Whoever reads a file sees to it that it is gone, or cannot be read. */
async function sizeOf(path: string): Promise<number> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  return size;
}

async function pathsBelow(folder: string): Promise<readonly string[]> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    const text = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`;
    throw new InputError(`${folder} ${text}`);
  });
  if (!found.isDirectory()) throw new InputError(`${folder} is not a folder`);
  const paths = await filesBelow(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${error.path ?? folder} cannot be read (${error.code})`);
  });
  if (paths.length === 0) throw new InputError(`there are no files below ${folder}`);
  return paths;
}

/** Whether the path ends with one of those folders. */
function isLeftOut(folder: string): boolean {
  const parent = path.basename(path.dirname(folder));
  const name = path.basename(folder);
  return LEFT_OUT.has(name) || LEFT_OUT.has(path.join(parent, name));
}

/** Links are not followed: they could lead round in circles. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.join(folder, entry.name);
    if (entry.isFile()) files.push(name);
    else if (entry.isDirectory() && !isLeftOut(name)) files.push(...(await filesBelow(name)));
  }
  return files;
}
