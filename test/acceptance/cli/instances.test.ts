import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { INSTANCE_DEATHS } from '../../../src/lib/cli/runtime/command-limits.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { bin, cleanEnv, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { freePort } from '../../helpers/process/free-port.js';
import { hasEnded, isStopped } from '../../helpers/process/process-state.js';
import { SIGNALS } from '../../helpers/process/signals.js';
import { request } from '../../helpers/transport/http.js';

const MODULE = `import process from 'node:process';
export const pid = () => process.pid;
export const die = () => process.exit(7);
let finish;
export const wait = () => new Promise((resolve) => { finish = () => resolve(process.pid); });
export const waits = () => finish !== undefined;
export const release = () => finish();
export const block = () => { for (;;); };
export const variables = () => Object.keys(process.env).filter((name) => /^(?:KITECTL|NODE)_/.test(name));
`;

let network: Network;
beforeAll(async () => {
  network = await Network.create();
  await writeFile(join(network.cli.home, 'kite.mjs'), MODULE);
});
afterAll(() => network.close());

interface Ready {
  readonly instance: number;
  readonly url: string;
  readonly kite: string;
}

/** A running `serve --instances`. */
class Served {
  readonly running: Running;
  readonly pid: number;

  /** Starts it in its own process group, as a shell does. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { home } = network.cli;
    const line = [bin, 'serve', '--json', ...args];
    const child = spawn(process.execPath, line, {
      cwd: home,
      detached: true,
      env: cleanEnv(home, env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.running = new Running(child);
    this.pid = child.pid ?? 0;
    onTestFinished(async () => {
      if (!hasEnded(this.pid)) process.kill(-this.pid, 'SIGKILL');
      await this.running.outcome;
    });
  }

  /** The lines of stdout so far. */
  get lines(): readonly Ready[] {
    const lines = this.running.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Ready);
  }

  /** Resolves with the last line of each instance, once there are as many lines. */
  async ready(lines = 2): Promise<Ready[]> {
    await this.running.until(() => this.lines.length >= lines);
    const last = new Map(this.lines.map((line) => [line.instance, line]));
    return [...last.values()].toSorted((one, other) => one.instance - other.instance);
  }

  /** The process of an instance that was started last. */
  pidOf(number: number): number {
    const started = this.running.stderr.matchAll(/Started instance (\d+) \(process (\d+)\)/g);
    return Number([...started].findLast(([, instance]) => Number(instance) === number)?.[2]);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Sends a signal to the process and its instances, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }
}

function serve(...args: readonly string[]): Served {
  return new Served(['kite.mjs', '--no-auth', '--instances', '2', ...args]);
}

function caller(): Kite {
  const kite = new Kite('caller', '1.0.0', {
    kiteKey: network.jwt,
    kontrolUrl: network.kontrol.url,
    env: {},
    logger: silentLogger,
  });
  onTestFinished(() => kite.close());
  return kite;
}

/** Starts a call that runs until it is released, and resolves with its answer once it runs. */
async function startCall(
  url: string,
): Promise<{ answer: Promise<unknown>; release: () => Promise<unknown> }> {
  const client = caller().newClient(url);
  await client.dial();
  const answer = client.tell('wait', [], { timeout: 0 }).catch((error: unknown) => error);
  await expect.poll(() => client.tell('waits')).toBe(true);
  return { answer, release: () => client.tell('release') };
}

const readiness = async (url: string): Promise<number> =>
  (await request('GET', `${new URL(url).origin}/readyz`)).status;

describe('serve --instances', () => {
  it('each instance registers its own URL under one name, and a service balances over all of them', async () => {
    const kontrol = ['--register', '--kontrol', network.kontrol.url];
    const served = serve(...kontrol, '--name', 'balanced', '--environment', 'prod');
    const ready = await served.ready();
    expect(ready.map(({ instance }) => instance)).toEqual([1, 2]);
    const { stdout } = await network.cli.run(['query', '/bob/prod/balanced', '--json']);
    const kites = JSON.parse(stdout) as { url: string; kite: { id: string; name: string } }[];
    expect(new Set(kites.map(({ kite }) => kite.name))).toEqual(new Set(['balanced']));
    expect(new Set(kites.map(({ kite }) => kite.id)).size).toBe(2);
    expect(kites.map(({ url }) => url).toSorted()).toEqual(ready.map(({ url }) => url).toSorted());
    const service = caller().service('/bob/prod/balanced', { balance: 'roundRobin' });
    const found = new Set<unknown>();
    await expect.poll(async () => found.add(await service.tell('pid')).size, { timeout: 20_000 }).toBe(2);
    expect([...found].toSorted()).toEqual([served.pidOf(1), served.pidOf(2)].toSorted());
    served.signal('SIGTERM');
    expect(await served.running.outcome).toMatchObject({ code: 0 });
    const after = await network.cli.run(['query', '/bob/prod/balanced', '--json']);
    expect(after.stdout).not.toContain('balanced');
  });

  it('an instance that is killed or exits is started again at its port, with a new id', async () => {
    const port = await freePort();
    const served = serve('--port', String(port));
    const [one, two] = await served.ready();
    expect([one, two].map((ready) => Number(new URL(ready?.url ?? '').port))).toEqual([port, port + 1]);
    process.kill(served.pidOf(2), 'SIGKILL');
    const [, again] = await served.ready(3);
    expect(served.running.stderr).toMatch(
      /WARN +Instance 2 \(process \d+\) ended: killed by SIGKILL\. It starts again in /,
    );
    expect(again?.url).toBe(two?.url);
    expect(again?.kite).not.toBe(two?.kite);
    const client = caller().newClient(again?.url ?? '');
    await client.dial();
    expect(await client.tell('pid')).toBe(served.pidOf(2));
    await expect(client.tell('die')).rejects.toMatchObject({ code: 'lost' });
    await served.ready(4);
    expect(served.running.stderr).toContain('ended: exit code 7. It starts again in ');
  });

  it.each(['a signal to the first process', 'a signal to the process group'])(
    'all instances answer their running calls after %s',
    async (what) => {
      const served = serve('--lame-duck', '1ms');
      const [one, two] = await served.ready();
      const calls = [await startCall(one?.url ?? ''), await startCall(two?.url ?? '')];
      if (what.endsWith('group')) served.signalGroup('SIGINT');
      else served.signal('SIGINT');
      // An instance that is not ready any more has got the signal.
      for (const ready of [one, two])
        await expect.poll(() => readiness(ready?.url ?? '').catch(() => 503), { timeout: 20_000 }).toBe(503);
      for (const { release } of calls) void release().catch(() => undefined);
      const pids = [served.pidOf(1), served.pidOf(2)];
      const results = await Promise.all(calls.map(({ answer }) => answer));
      expect(results).toEqual(pids);
      const { code, stderr } = await served.running.outcome;
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    },
  );
});
