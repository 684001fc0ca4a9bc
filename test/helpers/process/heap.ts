import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of the heap in use after garbage collection. */
export function collectedHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes of buffers in use after garbage collection, without those of other tests in this process. */
export function collectedBuffers(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}
