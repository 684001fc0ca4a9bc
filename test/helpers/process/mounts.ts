import { execFileSync } from 'node:child_process';
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
