// A program that registers kites concurrently in the file store of the given folder until it is killed, and prints each id
// once the store has acknowledged it.
import { FileStorage } from '../../../src/lib/kontrol/storage/file/file-storage.js';
import { registration } from './storage-conformance.js';

const [folder = '', count = '0'] = process.argv.slice(2);
const storage = new FileStorage(folder);
await storage.open();
let next = 0;
const writer = async (): Promise<void> => {
  while (next < Number(count)) {
    const id = `id-${next++}`;
    await storage.put(registration({ id }), 0);
    process.stdout.write(`${id}\n`);
  }
};
await Promise.all(Array.from({ length: 100 }, writer));
// It does not end: the test that started it kills it.
setInterval(() => {}, 60_000);
