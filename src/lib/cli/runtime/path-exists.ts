import { access } from 'node:fs/promises';

/** Whether there is a file or a folder of that name. */
export function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
