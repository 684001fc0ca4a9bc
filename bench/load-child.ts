/**
 * A process of the load tests: `load-child.ts server`, a kite that strangers attack, `load-child.ts kontrol`, a Kontrol that a
 * user attacks, or `load-child.ts caller URL KEY`, an honest caller that measures how long its pings take. Receives commands
 * over the IPC channel.
 */
import { readFileSync } from 'node:fs';
import { Kite } from '../src/lib/index.js';
import { Kontrol } from '../src/lib/kontrol.js';
import { openStorage } from '../src/lib/kontrol/storage/open-storage.js';
import { systemClock } from '../src/lib/util/clock.js';
import { silentLogger } from '../src/lib/util/logger.js';

export type LoadCommand =
  /** Starts the kite or Kontrol, and returns its URL. */
  | { readonly type: 'listen' }
  /** Returns a kite key of a user of the Kontrol. Empty if there is none. */
  | { readonly type: 'key'; readonly username: string }
  /** Returns the peak of the resident memory, in MiB. */
  | { readonly type: 'peak' }
  /** Returns the 99th percentile of the time of a ping since the last command, in milliseconds. */
  | { readonly type: 'ping' };

const [, , role = '', url = '', key = ''] = process.argv;
const storage = openStorage({ type: 'memory' }, { clock: systemClock, logger: silentLogger });
const kontrol =
  role === 'kontrol' ? new Kontrol({ storage, port: 0, env: {}, logger: silentLogger }) : undefined;
const kite = new Kite('load', '1.0.0', { port: 0, kiteKey: false, env: {}, logger: silentLogger });

/** Calls `send` with `size` characters, `rate` times per second. */
kite
  .handle<[(text: string) => void, number, number]>('subscribe', ({ args: [send, size, rate], client }) => {
    const text = 'x'.repeat(size);
    const perTurn = Math.max(1, Math.round(rate / 100));
    const timer = setInterval(
      () => {
        for (let n = 0; n < perTurn; n++) send(text);
      },
      (1000 * perTurn) / rate,
    );
    client.on('disconnect', () => clearInterval(timer));
    return true;
  })
  .disableAuthentication();

let times: number[] = [];

async function pingForever(): Promise<void> {
  const client = kite.newClient(url, key === '' ? {} : { auth: { type: 'kiteKey', key } });
  await client.dial();
  for (;;) {
    const start = performance.now();
    await client.tellWithTimeout(60_000, 'kite.ping');
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function execute(command: LoadCommand): Promise<string | number> {
  switch (command.type) {
    case 'listen':
      await (kontrol ?? kite).listen();
      return kontrol?.url ?? kite.url ?? '';
    case 'key':
      return (await kontrol?.newKiteKey(command.username)) ?? '';
    case 'peak':
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
    case 'ping': {
      const sorted = times.toSorted((a, b) => a - b);
      times = [];
      return sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN;
    }
  }
}

process.on('message', (command: LoadCommand) => {
  execute(command).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
if (role === 'caller') void pingForever();
process.send?.({ value: 'ready' });
