import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Returns the real path of a file in a folder. Returns undefined if it does not exist, is not a file, or is outside the folder. */
export async function fileInFolder(folder: string, path: string): Promise<string | undefined> {
  const file = await realpath(join(folder, path)).catch(() => undefined);
  if (file === undefined || !file.startsWith((await realpath(folder)) + sep)) return undefined;
  return (await stat(file)).isFile() ? file : undefined;
}
