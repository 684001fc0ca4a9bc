/**
 * The process with the Kontrol and the registered kite that the measured commands use. Writes the kite key to the home in its
 * argument, sends the URL and path of the kite to its parent, and exits with it.
 */
import { Kite } from '../src/lib/index.js';
import { writeKiteKeyFile } from '../src/lib/keys/index.js';
import { Kontrol } from '../src/lib/kontrol.js';
import { openStorage } from '../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../src/lib/util/clock.js';
import { silentLogger } from '../src/lib/util/logger.js';

const home = process.argv[2] ?? '';
const storage = openStorage({ type: 'memory' }, { clock: systemClock, logger: silentLogger });
const kontrol = new Kontrol({ storage, ip: '127.0.0.1', port: 0, env: {}, logger: silentLogger });
await kontrol.listen();
const kiteKey = await kontrol.newKiteKey('bench');
await writeKiteKeyFile(kiteKey, { home });

const kite = new Kite('math', '1.0.0', {
  ip: '127.0.0.1',
  port: 0,
  environment: 'prod',
  kiteKey,
  env: {},
  logger: silentLogger,
});
kite.handle('square', ({ args: [n] }) => Number(n) ** 2).disableAuthentication();
await kite.listen();
await kite.register();

process.on('disconnect', () => process.exit());
process.send?.({ url: kite.url, path: '/bench/prod/math' });
