import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage until `isDone`. Rejects after `attempts`: each also runs the callbacks of finalization registries. */
export async function collectGarbageUntil(isDone: () => boolean, attempts = 200): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let attempt = 0; attempt < attempts; attempt++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    if (isDone()) return;
  }
  throw new Error(`Nothing was collected after ${attempts} attempts`);
}
