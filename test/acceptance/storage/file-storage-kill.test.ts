import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FileStorage } from '../../../src/lib/kontrol/storage/file/file-storage.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

const WRITER = path.join(import.meta.dirname, '../../helpers/storage/file-store-writer.ts');
const COUNT = 10_000;

/** Makes another process register kites, and kills it after `after` acknowledgements. Resolves with what it acknowledged. */
async function killedWriter(folder: string, after: number): Promise<string[]> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, folder, String(COUNT)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const id of createInterface({ input: child.stdout })) {
    acknowledged.push(id);
    if (acknowledged.length === after) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

it.for([1, 4321, COUNT])(
  'the file store has its acknowledged entries after it was killed at acknowledgement %i of 10,000',
  { timeout: 60_000 },
  async (after) => {
    const folder = path.join(temporaryFolder(), 'kontrol');
    const acknowledged = await killedWriter(folder, after);
    expect(acknowledged.length).toBeGreaterThanOrEqual(after);
    const storage = new FileStorage(folder);
    await storage.open();
    const stored = new Set((await storage.registrations()).map(({ kite }) => kite.id));
    await storage.close();
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  },
);
