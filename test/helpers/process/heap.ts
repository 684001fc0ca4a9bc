import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of the heap in use after garbage collection. */
export function collectedHeap(): number {
  collectTwice();
  return process.memoryUsage().heapUsed;
}

/** Bytes of buffers in use after garbage collection, without those of other tests in this process. */
export function collectedBuffers(): number {
  collectTwice();
  return process.memoryUsage().arrayBuffers;
}

/** Collects garbage until `isDone`. Rejects after `attempts`: each also runs the callbacks of finalization registries. */
export async function collectGarbageUntil(isDone: () => boolean, attempts = 200): Promise<void> {
  const collect = collector();
  for (let attempt = 0; attempt < attempts; attempt++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    if (isDone()) return;
  }
  throw new Error(`Nothing was collected after ${attempts} attempts`);
}

function collectTwice(): void {
  const collect = collector();
  collect();
  collect();
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
