import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Mounts something until the test ends. Needs root. */
function mount(args: readonly string[], target: string): void {
  execFileSync('mount', [...args, target], { stdio: 'pipe' });
  onTestFinished(() => void execFileSync('umount', ['--lazy', target], { stdio: 'pipe' }));
}

/** Mounts an empty file system in memory, of at most `kibibytes`. */
export function mountMemory(target: string, kibibytes: number): void {
  mount(['-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=0700`, 'none'], target);
}

/** Mounts a file or folder at another one, as with `docker run -v`. */
export function mountBind(source: string, target: string): void {
  mount(['--bind', source], target);
}

/** Makes a folder read-only, with all files in it that are not mounted themselves. */
export function mountReadOnly(folder: string): void {
  mount(['--bind', folder], folder);
  execFileSync('mount', ['-o', 'remount,bind,ro', folder], { stdio: 'pipe' });
}

/** Fills the disk of a folder to its last byte. */
export function fillDisk(folder: string): void {
  const ballast = openSync(join(folder, 'ballast'), 'w');
  try {
    for (;;) writeSync(ballast, Buffer.alloc(4096));
  } catch {
    // It is full.
  } finally {
    closeSync(ballast);
  }
}
