import { readFile } from 'node:fs/promises';

/** Returns the peak of the resident memory of a running process, in MiB. Returns NaN if it has ended. */
export async function peakMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
