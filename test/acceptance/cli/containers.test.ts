import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bin, cleanEnv, type Outcome, Running } from '../../helpers/cli/cli-harness.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { binOfOther, spawnAs } from '../../helpers/cli/other-user.js';
import { freePort } from '../../helpers/process/free-port.js';
import { request } from '../../helpers/transport/http.js';
import { fillDisk, mountBind, mountMemory, mountReadOnly } from '../../helpers/process/mounts.js';

let network: Network;
beforeAll(async () => {
  network = await Network.create();
  // Other users find their files in it.
  chmodSync(network.cli.home, 0o755);
});
afterAll(() => network.close());

let last = 0;

/** A new folder that other users can reach. */
function folder(mode = 0o700): string {
  const path = join(network.cli.home, `folder-${++last}`);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

const register = async (home: string, invite: string, ...more: string[]): Promise<Outcome> => {
  const args = [
    'register',
    '--to',
    network.kontrol.url,
    '--username',
    'alice',
    '--invite-file',
    '-',
    ...more,
  ];
  return network.cli.run(args, { env: { KITE_HOME: home }, input: invite });
};

describe('register', () => {
  it('register writes a key file at which something is mounted in place', async () => {
    const home = folder();
    const [file, source] = [join(home, 'kite.key'), join(folder(), 'source')];
    for (const path of [file, source]) writeFileSync(path, '', { mode: 0o600 });
    mountBind(source, file);
    const { code, stderr } = await register(home, await network.kontrol.invite('alice'), '--force');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(source, 'utf8')).toMatch(/^eyJ/);
  });

  it.each([
    ['in a read-only folder', (home: string) => mountReadOnly(home), /read-only/],
    [
      'in a folder that all can write',
      (home: string) => chmodSync(home, 0o777),
      /can be written by other users.*chmod 700/,
    ],
    [
      'in a folder that its group can write',
      (home: string) => chmodSync(home, 0o2775),
      /can be written by other users/,
    ],
    [
      'on a full disk',
      (home: string) => {
        mountMemory(home, 64);
        fillDisk(home);
      },
      /kite\.key cannot be written: the disk is full/,
    ],
    ['at a folder', (home: string) => mkdirSync(join(home, 'kite.key')), /it is a folder/],
  ])('register does not use the invite if the key cannot be written %s', async (_where, prepare, message) => {
    const home = folder();
    prepare(home);
    const invite = await network.kontrol.invite('alice');
    const failed = await register(home, invite, '--force');
    expect(failed.code).toBe(3);
    expect(failed.stderr).toMatch(message);
    expect(await register(folder(), invite)).toMatchObject({ code: 0 });
  });

  it('register checks that the context can be written before it uses the invite', async () => {
    const home = folder();
    mkdirSync(join(home, 'contexts.json'));
    const invite = await network.kontrol.invite('alice');
    const failed = await register(home, invite, '--context', 'prod', '--force');
    expect(failed.code).toBe(3);
    rmContexts(home);
    expect(await register(home, invite, '--context', 'prod')).toMatchObject({ code: 0 });
  });
});

function rmContexts(home: string): void {
  renameSync(join(home, 'contexts.json'), join(home, 'former'));
}

/** Runs a command as the user 1234, with the groups 1234 and 2000, as in a pod with runAsUser and fsGroup. */
function startInPod(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const user = { uid: 1234, groups: [2000] };
  return new Running(
    spawnAs(user, [binOfOther, ...args], { cwd: '/', env: cleanEnv(network.cli.home, env) }),
  );
}

/** A secret that Kubernetes has mounted, read-only and with its links, and the path of its file. */
function mountedSecret(content: string, group: number, mode: number): string {
  const volume = folder();
  mountMemory(volume, 64);
  const data = join(volume, '..2026_01_01');
  mkdirSync(data);
  for (const path of [volume, data]) chownSync(path, 0, group);
  chmodSync(volume, 0o3777);
  chmodSync(data, 0o2755);
  const file = join(data, 'kite.key');
  writeFileSync(file, content);
  chownSync(file, 0, group);
  chmodSync(file, mode);
  symlinkSync('..2026_01_01', join(volume, '..data'));
  symlinkSync('..data/kite.key', join(volume, 'kite.key'));
  execFileSync('mount', ['-o', 'remount,ro', volume]);
  return join(volume, 'kite.key');
}

describe('a pod of Kubernetes', () => {
  it.each([
    [0o440, 2000],
    [0o640, 2000],
    [0o400 | 0o040, 1234],
  ])(
    'a kite key with the mode %i that the group %i of the process can read is accepted',
    async (mode, group) => {
      const file = mountedSecret(network.jwt, group, mode);
      const { code, stdout, stderr } = await startInPod(['showkey', '--key-file', file]).outcome;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('bob');
    },
  );

  it('a kite key that all users can read is refused, with a hint that can be followed', async () => {
    const file = mountedSecret(network.jwt, 2000, 0o444);
    const { code, stderr } = await startInPod(['showkey', '--key-file', file]).outcome;
    expect(code).toBe(3);
    expect(stderr).toContain('can be read or changed by other users (mode 0444)');
    expect(stderr).toContain('in Kubernetes: defaultMode and fsGroup');
    expect(stderr).not.toContain('chmod');
  });

  it('a volume with the mode 2775 works as a kite home and as a data folder, with a warning', async () => {
    const volume = folder();
    chownSync(volume, 0, 2000);
    chmodSync(volume, 0o2775);
    const data = join(volume, 'data');
    mkdirSync(data);
    chownSync(data, 0, 2000);
    chmodSync(data, 0o2775);
    const added = await startInPod(['context', 'add', 'prod'], { KITE_HOME: volume }).outcome;
    expect(added).toMatchObject({ code: 0 });
    const running = startInPod(['kontrol', 'start', '--port', '0', '--json', '--data', data], {
      KITE_HOME: volume,
    });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      expect(await running.outcome).toMatchObject({ code: 0 });
    });
    await running.until(({ stdout }) => stdout.includes('\n'));
    expect(running.stderr).toMatch(
      /WARN +The data folder .*data has the mode 2775, which cannot be changed \(permission denied\)/,
    );
    expect(existsSync(join(data, 'data.mdb'))).toBe(true);
  });

  it('a data folder of another user that all can write is refused', async () => {
    const data = folder(0o777);
    const home = folder();
    chownSync(home, 1234, 1234);
    const running = startInPod(['kontrol', 'start', '--port', '0', '--data', data], { KITE_HOME: home });
    const { code, stderr } = await running.outcome;
    expect(code).toBe(3);
    expect(stderr).toContain('belongs to another user');
  });
});

describe('docs/deploy/kubernetes.yaml', () => {
  interface Probe {
    readonly httpGet: { readonly path: string; readonly port: string };
  }
  interface Container {
    readonly command: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
  }

  it('the command of the deployment registers and answers its probes, and is not ready after SIGTERM', async () => {
    const text = readFileSync(new URL('../../../docs/deploy/kubernetes.yaml', import.meta.url), 'utf8');
    const deployment = parse(text) as {
      spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: Container[] } } };
    };
    const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
    const [{ command, env, ports, readinessProbe, livenessProbe } = {} as Container] = containers;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(5 + 10);
    expect(command).toEqual(expect.arrayContaining(['--lame-duck', '5s']));
    const home = folder();
    writeFileSync(join(home, 'math.js'), 'module.exports.square = (n) => n * n;\n');
    const port = await freePort();
    const replaced: Readonly<Record<string, string>> = {
      '/app/math.js': join(home, 'math.js'),
      '3636': String(port),
      '5s': '1h',
    };
    const values: Readonly<Record<string, string>> = {
      KITE_KONTROL_URL: network.kontrol.url,
      KITE_KEY_FILE: join(network.cli.home, '.kite', 'kite.key'),
    };
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, values[name] ?? value]));
    const running = network.cli.start(
      command.slice(1).map((word) => replaced[word] ?? word),
      { env: variables },
    );
    onTestFinished(async () => {
      running.child.kill('SIGKILL');
      await running.outcome;
    });
    await running.until(({ stderr }) => stderr.includes('registered as /bob/'));
    expect(ports).toEqual([{ name: 'kite', containerPort: 3636 }]);
    // The host of a probe is the address of the pod.
    const statusOf = async ({ httpGet }: Probe): Promise<number> => {
      expect(httpGet.port).toBe('kite');
      const url = `http://127.0.0.1:${port}${httpGet.path}`;
      return (await request('GET', url, { headers: { host: '10.1.2.3:3636' } })).status;
    };
    expect([await statusOf(readinessProbe), await statusOf(livenessProbe)]).toEqual([200, 200]);
    running.child.kill('SIGTERM');
    await expect.poll(() => statusOf(readinessProbe), { timeout: 20_000 }).toBe(503);
    expect(await statusOf(livenessProbe)).toBe(200);
  });
});

describe('serve as process 1 of a container', () => {
  it.each([
    ['serve', []],
    ['serve --instances', ['--instances', '1']],
  ])(
    '%s as process 1 answers calls, and ends on SIGTERM with the commands that it runs',
    async (_name, more) => {
      const { cli } = network;
      const args = [
        'serve',
        '--name',
        'one',
        '--no-auth',
        '--json',
        '--method',
        'stay',
        '--exec',
        'sleep 1000',
        ...more,
      ];
      const inside = ['--pid', '--fork', '--mount-proc', process.execPath, bin, ...args];
      const running = new Running(
        spawn('unshare', inside, { cwd: cli.home, env: cleanEnv(cli.home), stdio: ['pipe', 'pipe', 'pipe'] }),
      );
      await running.until(({ stdout }) => stdout.includes('\n'));
      const outside = running.child.pid ?? 0;
      const first = Number(readFileSync(`/proc/${outside}/task/${outside}/children`, 'utf8').trim());
      const { url } = JSON.parse(running.stdout) as { url: string };
      expect(await cli.run(['ping', '--to', url])).toMatchObject({ code: 0 });
      const caller = cli.start(['call', 'stay', '--to', url, '--timeout', '0']);
      const childrenOf = (pid: number): readonly number[] =>
        (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number);
      const serving = more.length === 0 ? first : (childrenOf(first)[0] ?? 0);
      await expect.poll(() => childrenOf(serving)).toHaveLength(1);
      caller.child.kill('SIGKILL');
      await caller.outcome;
      process.kill(first, 'SIGTERM');
      expect(await running.outcome).toMatchObject({ code: 0 });
    },
  );

  it('the documentation names what reaps the processes that commands leave behind', () => {
    const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    expect(text).toContain('docker run --init');
  });
});
