/** The process of a Kontrol: `kontrol-child.ts CONFIG`, a StorageConfig in JSON. Receives commands over the IPC channel. */
import { Kontrol } from '../src/lib/kontrol.js';
import { openStorage, type StorageConfig } from '../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../src/lib/util/clock.js';
import { silentLogger } from '../src/lib/util/logger.js';

export type KontrolCommand = 'cpu' | 'heap' | 'signed' | 'close';

const config = JSON.parse(process.argv[2] ?? '{}') as StorageConfig;
const storage = openStorage(config, { clock: systemClock, logger: silentLogger });
const kontrol = new Kontrol({
  storage,
  port: 0,
  env: {},
  logger: silentLogger,
  limits: { registrationsPerUser: 1_000_000 },
});

async function execute(command: KontrolCommand): Promise<number | null> {
  switch (command) {
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case 'heap':
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    case 'signed': {
      const text = await (await fetch(new URL('/metrics', kontrol.url))).text();
      return Number(/^kontrol_tokens_signed_total (\d+)/m.exec(text)?.[1]);
    }
    case 'close':
      await kontrol.close();
      process.disconnect();
      return null;
  }
}

await kontrol.listen();
process.on('message', (command: KontrolCommand) => {
  execute(command).then(
    (value) => process.connected && process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.({ value: { url: kontrol.url, key: await kontrol.newKiteKey('bob') } });
