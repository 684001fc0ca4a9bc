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

const MODULE = `import { existsSync } from 'node:fs';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
export const pid = () => process.pid;
export const die = () => process.exit(7);
let waiting = false;
export const wait = async (file) => {
  waiting = true;
  while (!existsSync(file)) await setTimeout(10);
  return process.pid;
};
export const waits = () => waiting;
export const work = () => { let sum = 0; for (let n = 0; n < 8e6; n++) sum += Math.sqrt(n); return sum; };
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

/** Starts a call that runs until the file exists, and resolves with its answer once it runs. */
async function startCall(url: string, file: string): Promise<{ readonly answer: Promise<unknown> }> {
  const client = caller().newClient(url);
  await client.dial();
  const answer = client.tell('wait', file, { timeout: 0 }).catch((error: unknown) => error);
  await expect.poll(() => client.tell('waits')).toBe(true);
  return { answer };
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
    expect(found).toEqual(new Set([served.pidOf(1), served.pidOf(2)]));
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
      const served = serve();
      const urls = (await served.ready()).map(({ url }) => url);
      const file = join(network.cli.home, `finish-${served.pid}`);
      const calls = await Promise.all(urls.map((url) => startCall(url, file)));
      if (what.endsWith('group')) served.signalGroup('SIGINT');
      else served.signal('SIGINT');
      // An instance that accepts no connections any more has got the signal.
      for (const url of urls)
        await expect.poll(() => readiness(url).catch(() => 0), { timeout: 20_000 }).not.toBe(200);
      await writeFile(file, '');
      const answers = await Promise.all(calls.map(({ answer }) => answer));
      expect(answers).toEqual([served.pidOf(1), served.pidOf(2)]);
      const { code, stderr } = await served.running.outcome;
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  it('each instance has its own /readyz, which is 503 while it serves its callers after SIGTERM', async () => {
    const served = serve('--lame-duck', '1h');
    const urls = (await served.ready()).map(({ url }) => url);
    expect(await Promise.all(urls.map(readiness))).toEqual([200, 200]);
    served.signal('SIGTERM');
    for (const url of urls) await expect.poll(() => readiness(url), { timeout: 20_000 }).toBe(503);
    expect(await network.cli.run(['ping', '--to', urls[1] ?? '', '--count', '1'])).toMatchObject({ code: 0 });
    served.signal('SIGTERM');
    expect((await served.running.outcome).code).toBe(SIGNALS.SIGTERM);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'a second %s ends all instances at once, also one that is stopped',
    async (signal) => {
      const served = serve('--lame-duck', '1h');
      const urls = (await served.ready()).map(({ url }) => url);
      const pids = [served.pidOf(1), served.pidOf(2)];
      served.signalGroup(signal);
      for (const url of urls) await expect.poll(() => readiness(url), { timeout: 20_000 }).toBe(503);
      process.kill(pids[0] ?? 0, 'SIGSTOP');
      await expect.poll(() => isStopped(pids[0] ?? 0)).toBe(true);
      served.signalGroup(signal);
      expect((await served.running.outcome).code).toBe(SIGNALS[signal]);
      expect(pids.map(hasEnded)).toEqual([true, true]);
    },
  );

  it('the instances end if the process that has started them is killed', async () => {
    const served = serve('--lame-duck', '1h');
    const [one] = await served.ready();
    const pids = [served.pidOf(1), served.pidOf(2)];
    const file = join(network.cli.home, `finish-${served.pid}`);
    const { answer } = await startCall(one?.url ?? '', file);
    served.signal('SIGKILL');
    await expect.poll(() => readiness(one?.url ?? '').catch(() => 0), { timeout: 20_000 }).not.toBe(200);
    await writeFile(file, '');
    expect(await answer).toBe(pids[0]);
    await expect.poll(() => pids.map(hasEnded), { timeout: 20_000 }).toEqual([true, true]);
  });

  it('an instance that gets SIGTERM itself ends gracefully, and is started again', async () => {
    const served = serve();
    const [one] = await served.ready();
    const file = join(network.cli.home, `finish-${served.pid}`);
    const { answer } = await startCall(one?.url ?? '', file);
    const pid = served.pidOf(1);
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => readiness(one?.url ?? '').catch(() => 0), { timeout: 20_000 }).not.toBe(200);
    await writeFile(file, '');
    expect(await answer).toBe(pid);
    await served.ready(3);
    expect(served.running.stderr).toContain(`(process ${pid}) ended: exit code 0. It starts again in `);
  });

  it('SIGHUP and SIGUSR2 reach each instance once, even if they are sent to the process group', async () => {
    const served = serve();
    await served.ready();
    served.signalGroup('SIGUSR2');
    await served.running.until(({ stderr }) => (stderr.match(/log level: debug/g) ?? []).length === 3);
    served.signalGroup('SIGHUP');
    await served.running.until(({ stderr }) => (stderr.match(/SIGHUP: reloaded/g) ?? []).length === 3);
    served.signal('SIGTERM');
    const { code, stderr } = await served.running.outcome;
    expect(code).toBe(0);
    expect(stderr.match(/(?:\[\d\] )?(?:log level: \w+|SIGHUP: reloaded.*)/g)?.toSorted()).toEqual([
      'SIGHUP: reloaded the log level, the instances',
      '[1] SIGHUP: reloaded the log level',
      '[1] log level: debug',
      '[2] SIGHUP: reloaded the log level',
      '[2] log level: debug',
      'log level: debug',
    ]);
  });

  it('the ports of --advertise count up with the instances', async () => {
    const kontrol = ['--register', '--kontrol', network.kontrol.url, '--name', 'advertised'];
    const served = serve(...kontrol, '--advertise', 'https://math.example.com:8443');
    await served.ready();
    const { stdout } = await network.cli.run(['query', '/bob/unknown/advertised', '-o', 'name']);
    const urls = (
      JSON.parse((await network.cli.run(['query', '/bob/unknown/advertised', '--json'])).stdout) as {
        url: string;
      }[]
    ).map(({ url }) => url);
    expect(urls.toSorted()).toEqual([
      'https://math.example.com:8443/kite',
      'https://math.example.com:8444/kite',
    ]);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  it('neither a module nor a command gets variables of the instance, and a command gets its arguments and no secret', async () => {
    const served = new Served(
      [
        'kite.mjs',
        '--no-auth',
        '--instances',
        '1',
        '--method',
        'echo',
        '--exec',
        'cat; env | grep -c "^KITECTL_\\|^KITE_KEY=" >&2',
      ],
      { KITE_KEY: network.jwt },
    );
    const [one] = await served.ready(1);
    const client = caller().newClient(one?.url ?? '');
    await client.dial();
    expect(await client.tell('variables')).toEqual([]);
    // The last command of the line finds nothing, which is a failure.
    await expect(client.tell('echo', [1])).rejects.toMatchObject({ message: '0' });
  });
});

/** A program that makes the calculation of the method `work` some times when it gets a line, and prints how long that took. */
const WORKER = `const work = () => { let sum = 0; for (let n = 0; n < 8e6; n++) sum += Math.sqrt(n); return sum; };
work();
process.stdin.once('data', () => {
  const begin = performance.now();
  for (let n = 0; n < 20; n++) work();
  console.log(performance.now() - begin);
  process.exit();
});
console.log('ready');`;

/** Returns how much more processes of Node calculate in a time than one does, on the cores that other programs leave. */
async function measureCores(): Promise<number> {
  const timeOf = async (count: number): Promise<number> => {
    const workers = Array.from({ length: count }, () => new Running(spawn(process.execPath, ['-e', WORKER])));
    for (const worker of workers) await worker.until(({ stdout }) => stdout.includes('ready'));
    for (const { child } of workers) child.stdin?.write('\n');
    const outcomes = await Promise.all(workers.map(({ outcome }) => outcome));
    return Math.max(...outcomes.map(({ stdout }) => Number(stdout.split('\n')[1])));
  };
  const one = await timeOf(1);
  return (2 * one) / (await timeOf(2));
}

describe('serve --instances on several cores', () => {
  it('two instances make as many more calls of a method that needs the CPU as two processes calculate more than one', async () => {
    const kite = caller();
    const serviceOf = async (served: Served, count: number) =>
      kite.service((await served.ready(count)).map(({ url }) => url));
    const one = await serviceOf(new Served(['kite.mjs', '--no-auth', '--instances', '1']), 1);
    const two = await serviceOf(serve(), 2);
    const rateOf = async (service: typeof one, parallel: number): Promise<number> => {
      let left = 40;
      const run = async (): Promise<void> => {
        while (left-- > 0) await service.tell('work', [], { timeout: 60_000 });
      };
      const begin = performance.now();
      await Promise.all(Array.from({ length: parallel }, run));
      return 40 / (performance.now() - begin);
    };
    // The first calls compile the method.
    for (const service of [one, two]) await rateOf(service, 4);
    const rounds: { readonly cores: number; readonly ratio: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const cores = await measureCores();
      const single = await rateOf(one, 2);
      rounds.push({ cores, ratio: (await rateOf(two, 4)) / single });
    }
    const ratio = Math.max(...rounds.map((round) => round.ratio));
    // Other programs need the cores as well, and not at all times.
    const cores = Math.min(2, ...rounds.map((round) => round.cores));
    console.log(`instances: ${ratio.toFixed(2)} × the calls of one, on ${cores.toFixed(2)} cores`);
    expect(ratio).toBeGreaterThan(0.75 * cores);
  });
});

describe('serve --instances that cannot start', () => {
  const run = (
    ...args: readonly string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => new Served(args).running.outcome;

  it('an error of the start is reported once, with its exit code', async () => {
    const { code, stdout, stderr } = await run('missing.mjs', '--no-auth', '--instances', '3');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr.match(/There is no module missing\.mjs/g)).toHaveLength(1);
    expect(stderr).toContain('"hint":"Pass the path of a JavaScript file');
  });

  it('a port in use ends all instances', async () => {
    const { port } = new URL(network.kontrol.url);
    const first = String(Number(port) - 1);
    const { code, stderr } = await run('kite.mjs', '--no-auth', '--instances', '2', '--port', first);
    expect(code).toBe(3);
    expect(stderr).toContain('the port is in use');
    expect(stderr).not.toContain('It starts again');
  });

  it('a module that ends the process while it is loaded ends the command', async () => {
    await writeFile(join(network.cli.home, 'exits.mjs'), 'process.exit(9);\n');
    const { code, stderr } = await run('exits.mjs', '--no-auth', '--instances', '2');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Instance \d ended before it listened: exit code 9\./);
  });

  it('instances that end soon after each start end the command, instead of being started for ever', async () => {
    await writeFile(
      join(network.cli.home, 'crashes.mjs'),
      'export const a = 1, b = () => 2;\nsetTimeout(() => { throw new Error("it crashes"); }, 500);\n',
    );
    const { code, stderr } = await run('crashes.mjs', '--no-auth', '--instances', '1');
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Instance 1 ended ${INSTANCE_DEATHS + 1} times in a row, each time within 10s after its start`,
    );
    expect(stderr.match(/It starts again in/g)).toHaveLength(INSTANCE_DEATHS);
    expect(stderr.match(/Error: it crashes/g)).toHaveLength(INSTANCE_DEATHS + 1);
  });

  it.each([
    [
      '--advertise without a port',
      ['--register', '--advertise', 'https://math.example.com'],
      'each of the 2 instances needs its own',
    ],
    [
      'a port after which there are too few',
      ['--port', '65535'],
      '2 instances need the ports 65535 to 65536',
    ],
  ])('%s is refused before anything starts', async (_what, args, message) => {
    const { code, stderr } = await run('kite.mjs', '--instances', '2', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('Started instance');
  });
});
