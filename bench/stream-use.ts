import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { env } from 'node:process';
import type { Connection, StreamUse } from './peers/peer.js';

/** Reads the file of the server, and compares its digest with `BENCH_DIGEST`. Returns its size in bytes. */
export async function downloadFile({ download }: StreamUse): Promise<number> {
  const hash = createHash('sha256');
  let bytes = 0;
  await download((part) => {
    hash.update(part);
    bytes += part.length;
  });
  const digest = hash.digest('hex');
  if (digest !== env['BENCH_DIGEST']) throw new Error(`the file of ${bytes} bytes has the digest ${digest}`);
  return bytes;
}

/** Returns how many bytes the server has read for a consumer that sleeps after the first part of the file. */
export async function producedForSleeper({ download, produced }: StreamUse, ms: number): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    let parts = 0;
    const sleep = async (): Promise<void> => {
      if (parts++ > 0) return;
      await delay(ms);
      produced().then(resolve, reject);
      // Nothing more is read: the connection ends now.
      await new Promise(() => undefined);
    };
    download(sleep).catch(() => undefined);
  });
}

/** Returns the times of several aborts, in milliseconds. */
export async function abortTimes({ abort }: Connection, count: number): Promise<number[]> {
  const times: number[] = [];
  if (!abort) return times;
  for (let index = 0; index < count; index++) times.push(await abort());
  return times;
}
