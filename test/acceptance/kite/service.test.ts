import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite, type KiteError, type Service, type ServiceOptions } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { root } from '../../helpers/source-files.js';
import { freePort } from '../../helpers/process/free-port.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';

interface FleetMethods {
  /** Must run once. */
  once(id: number): number;
  /** May run again. */
  again(id: number): number;
}

/** A call that takes as long, in milliseconds, has waited for the frozen kite. */
const SLOW = 900;

/** Kites in processes of their own, and a service of them. */
async function startFleet(count: number, options: ServiceOptions = {}) {
  const notes = join(temporaryFolder(), 'notes');
  const program = join(root, 'test', 'helpers', 'kite', 'fleet-kite.mjs');
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  const start = (index: number): ChildProcess => {
    const args = [program, String(ports[index]), notes];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    });
    return child;
  };
  const children = ports.map((_, index) => start(index));
  const caller = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
  onTestFinished(() => caller.close());
  const urls = ports.map((port) => `http://127.0.0.1:${port}/kite`);
  const service = caller.service<FleetMethods>(urls, {
    idempotent: ['again'],
    ...options,
  } as ServiceOptions<'again'>);
  const fleet = {
    service,
    child: (index: number) => children[index] as ChildProcess,
    /** Resolves when the service has connected to a kite, after `action`. */
    async untilReady(index: number, action: () => void): Promise<void> {
      const ready = new Promise<void>((resolve) => {
        const off = service.on('ready', ({ url }) => {
          if (url !== urls[index]) return;
          off();
          resolve();
        });
      });
      action();
      await ready;
    },
    async restart(index: number, signal: NodeJS.Signals): Promise<void> {
      const child = children[index] as ChildProcess;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      await fleet.untilReady(index, () => (children[index] = start(index)));
    },
    /** How often each call has run. */
    runs: (): Map<string, number> => {
      const counts = new Map<string, number>();
      for (const line of readFileSync(notes, 'utf8').split('\n').filter(Boolean))
        counts.set(line, (counts.get(line) ?? 0) + 1);
      return counts;
    },
  };
  await Promise.all(urls.map((_, index) => fleet.untilReady(index, () => {})));
  return fleet;
}

/** Calls both methods all the time, until `stop`. */
function load(service: Service<FleetMethods>, parallel = 16) {
  const failures: { readonly method: keyof FleetMethods; readonly id: number; readonly error: KiteError }[] =
    [];
  let calls = 0;
  const state = { isOver: false };
  const caller = async (method: keyof FleetMethods): Promise<void> => {
    while (!state.isOver) {
      const id = calls++;
      try {
        expect(await service.tell(method, id)).toBe(id);
      } catch (error) {
        failures.push({ method, id, error: error as KiteError });
      }
    }
  };
  const callers = Array.from({ length: parallel }, (_, index) => caller(index % 2 ? 'once' : 'again'));
  const stop = async () => {
    state.isOver = true;
    await Promise.all(callers);
    return { calls, failures };
  };
  return { stop };
}

describe('a service of kites that restart', () => {
  it('no call fails while kites restart in turn with SIGTERM, and each runs once', async () => {
    const fleet = await startFleet(3);
    const { stop } = load(fleet.service);
    for (const index of [0, 1, 2]) await fleet.restart(index, 'SIGTERM');
    const { calls, failures } = await stop();
    console.log(`${calls} calls`, fleet.service.metrics().events);
    expect(failures.map(({ method, error }) => `${method}: ${error.message}`)).toEqual([]);
    expect([...fleet.runs()].filter(([, count]) => count > 1)).toEqual([]);
    expect(fleet.runs().size).toBe(calls);
  });

  it('no idempotent call fails while kites end with SIGKILL, and no other call runs twice', async () => {
    const fleet = await startFleet(3);
    const { stop } = load(fleet.service);
    for (const index of [0, 1, 2]) await fleet.restart(index, 'SIGKILL');
    const { calls, failures } = await stop();
    console.log(`${calls} calls, ${failures.length} lost`, fleet.service.metrics().events);
    expect(failures.filter(({ method }) => method === 'again')).toEqual([]);
    for (const { error } of failures) expect(error).toMatchObject({ type: 'disconnect', code: 'lost' });
    const runs = fleet.runs();
    expect([...runs].filter(([call, count]) => call.startsWith('once') && count > 1)).toEqual([]);
  });

  it('each caller has one slow call at most when a kite is frozen by SIGSTOP, and its idempotent calls do not fail', async () => {
    const fleet = await startFleet(3);
    const frozen = fleet.child(1);
    const slow = new Map<number, number>();
    const failures: unknown[] = [];
    let calls = 0;
    /** The number of calls at which the callers stop. */
    let last = Number.POSITIVE_INFINITY;
    fleet.service.once('out', () => (last = calls + 500));
    frozen.kill('SIGSTOP');
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      while (calls < last) {
        const start = performance.now();
        await fleet.service.tell('again', calls++).catch((error: unknown) => failures.push(error));
        if (performance.now() - start > SLOW) slow.set(caller, (slow.get(caller) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await Promise.all(callers);
    console.log(`${calls} calls while frozen, slow ones by caller:`, [...slow]);
    expect(failures).toEqual([]);
    expect([...slow.values()].filter((count) => count > 1)).toEqual([]);
    await fleet.untilReady(1, () => frozen.kill('SIGCONT'));
    const { kites } = fleet.service.metrics();
    expect(kites.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  });
});

describe('a service of a query', () => {
  it('kites that register with Kontrol are called with tokens, also after its first Kontrol has gone', async () => {
    const storage = new FakeStorage();
    const [one, two] = [await startKontrol({ storage }), await startKontrol({ storage })];
    const makeKite = async (name: string, kontrolUrl: string): Promise<Kite> => {
      const kiteKey = await one.kontrol.newKiteKey('bob');
      const kite = new Kite('math', '1.2.0', {
        port: 0,
        kiteKey,
        environment: 'prod',
        env: { KITE_KONTROL_URL: kontrolUrl },
        logger: silentLogger,
      });
      kite.handle('name', () => name);
      onTestFinished(() => kite.close({ drainTimeout: 100 }));
      return kite;
    };
    const registered = async (name: string): Promise<Kite> => {
      const kite = await makeKite(name, two.url);
      await kite.listen();
      await kite.registerForever();
      return kite;
    };
    const first = await registered('first');
    const caller = await makeKite('caller', `${one.url}, ${two.url}`);
    await using math = caller.service('/bob/prod/math/>= 1.2', { balance: 'roundRobin' });
    expect(await math.tell('name')).toBe('first');
    await one.kontrol.close({ drainTimeout: 1 });
    const isReady = new Promise((resolve) => math.once('ready', resolve));
    await registered('second');
    await isReady;
    const names = new Set([await math.tell('name'), await math.tell('name')]);
    expect(names).toEqual(new Set(['first', 'second']));
    const isGone = new Promise((resolve) => math.once('gone', resolve));
    await first.close({ drainTimeout: 100 });
    await isGone;
    expect([await math.tell('name'), await math.tell('name')]).toEqual(['second', 'second']);
  });

  it('the program of the documentation has six lines at most, and calls the kites that Kontrol finds', async () => {
    const { kontrol, url } = await startKontrol();
    const kiteKey = await kontrol.newKiteKey('bob');
    const options = { port: 0, kiteKey, kontrolUrl: url, environment: 'prod', env: {}, logger: silentLogger };
    const math = new Kite('math', '1.0.0', options);
    onTestFinished(() => math.close({ drainTimeout: 100 }));
    math.handle<[number]>('square', ({ args: [n] }) => n * n);
    await math.listen();
    await math.registerForever();
    const document = readFileSync(join(root, 'docs', 'services.md'), 'utf8');
    const [, text = ''] = /whole program[^`]*```ts\n(.*?)```/s.exec(document) ?? [];
    const lines = text.split('\n').filter(Boolean);
    console.log(`${lines.length} lines`);
    expect(lines.length).toBeLessThanOrEqual(6);
    const program = join(temporaryFolder(), 'fleet.mjs');
    writeFileSync(program, text.replace("'kitectl'", JSON.stringify(join(root, 'dist', 'lib', 'index.js'))));
    const env = { ...process.env, KITE_KEY: kiteKey, KITE_KONTROL_URL: url };
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
    expect(stdout).toBe('16\n');
  });

  it('a query without a Kontrol is rejected at once', () => {
    const kite = new Kite('caller', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    onTestFinished(() => kite.close());
    expect(() => kite.service('/bob/prod/math')).toThrow(
      expect.objectContaining({ type: 'configurationError', code: 'noKontrol' }),
    );
    expect(() => kite.service(['http://localhost:1/kite'], { client: { headers: 7 } as never })).toThrow(
      expect.objectContaining({ code: 'badValue' }),
    );
  });
});
