import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { parseKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli, type Running } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { freePort } from '../../helpers/process/free-port.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';
import { startCutLink } from '../../helpers/transport/cut-link.js';

let cli: Cli;

beforeAll(async () => {
  cli = await Cli.create();
});

afterAll(() => cli.remove());

/** A Kontrol without persistence on a given port, which is closed at the end of the test. */
async function kontrolAt(port: number): Promise<Kontrol> {
  const kontrol = new Kontrol({
    storage: new FakeStorage(),
    port,
    keyPair: await testKeyPair(0),
    env: {},
    logger: silentLogger,
  });
  await kontrol.listen();
  onTestFinished(() => kontrol.close({ drainTimeout: 0 }));
  return kontrol;
}

/** A kite of bob's that registers until the end of the test. */
async function register(name: string, kiteKey: string): Promise<TestKite> {
  const remote = new TestKite({ kiteKey, environment: 'prod', logger: silentLogger }, name);
  onTestFinished(() => remote.kite.close({ drainTimeout: 0 }));
  await remote.kite.listen();
  await remote.kite.registerForever();
  return remote;
}

/** Starts a command that ends with the test. */
function start(args: readonly string[]): Running {
  const running = cli.start(args);
  onTestFinished(() => void running.child.kill('SIGKILL'));
  return running;
}

interface Change {
  readonly action: string;
  readonly kite: { readonly name: string };
}

/** The changes that a command has printed as JSON, such as `REGISTER math`. */
function changes({ stdout }: Running): string[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => {
    const { action, kite } = JSON.parse(line) as Change;
    return `${action} ${kite.name}`;
  });
}

async function useKey(jwt: string): Promise<void> {
  await writeKiteKeyFile(jwt, { home: `${cli.home}/.kite`, force: true });
}

async function interrupted(running: Running): Promise<number | null> {
  running.child.kill('SIGINT');
  return (await running.outcome).code;
}

const NOTE = /^note: This Kontrol does not report changes, .* It is queried every 2 s\.$/gm;

describe('a watch at a Kontrol of Go', () => {
  it('watch and query --watch query a Kontrol of Go periodically, and say so once', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    await useKey(kontrol.keyOf('bob'));
    const commands = [
      start(['watch', '--json']),
      start(['query', '--watch', '-o', 'ndjson']),
      start(['watch']),
    ];
    for (const running of commands) await running.until(({ stderr }) => stderr.includes('note: '));
    const math = await register('math', kontrol.keyOf('bob'));
    for (const running of commands) await running.until(({ stdout }) => stdout.includes('\n'));
    await math.kite.close();
    for (const running of commands) await running.until(({ stdout }) => stdout.includes('DEREGISTER'));
    const [json, ndjson, lines] = commands as [Running, Running, Running];
    expect(changes(json)).toEqual(['REGISTER math', 'DEREGISTER math']);
    expect(changes(ndjson)).toEqual(['REGISTER math', 'DEREGISTER math']);
    expect(lines.stdout).toMatch(/^REGISTER\t\/bob\/prod\/math\/.*\nDEREGISTER\t\/bob\/prod\/math\/.*\n$/);
    for (const { stderr } of commands) expect(stderr.match(NOTE)).toHaveLength(1);
    expect(await Promise.all(commands.map(interrupted))).toEqual([130, 130, 130]);
  });

  it('a watch at a Kontrol of Go survives its restart and reports only what has changed', async () => {
    const first = await GoKontrol.start();
    const { port } = first;
    const key = first.keyOf('bob');
    await useKey(key);
    await register('stays', key);
    const running = start(['query', '--watch', '--json']);
    await running.until((all) => changes(all).length === 1);
    const { kites } = first;
    await first.close();
    await running.until(({ stderr }) => stderr.includes('warning: '));
    const second = await GoKontrol.start({ port, kites });
    onTestFinished(() => second.close());
    await running.until(({ stderr }) => stderr.includes('again.'));
    await register('new', key);
    await running.until((all) => changes(all).length === 2);
    expect(changes(running)).toEqual(['REGISTER stays', 'REGISTER new']);
    expect(running.stderr.match(NOTE)).toHaveLength(1);
    expect(await interrupted(running)).toBe(130);
  });

  it('top lists the kites of a Kontrol of Go', async () => {
    const kontrol = await GoKontrol.start();
    onTestFinished(() => kontrol.close());
    await useKey(kontrol.keyOf('bob'));
    const none = await cli.run(['top', '--once', '--json']);
    expect(none).toMatchObject({ code: 0, stdout: '[]\n' });
    await register('math', kontrol.keyOf('bob'));
    const { code, stdout } = await cli.run(['top', '--once', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ kite: { name: 'math' }, responds: true }]);
    const screen = cli.startTerminal(['top'], 120);
    await screen.until((all) => all.stdout.includes(' ms'));
    await register('physics', kontrol.keyOf('bob'));
    await screen.until((all) => all.stdout.includes('physics'));
    screen.child.stdin?.write('q');
    expect((await screen.outcome).code).toBe(0);
  });
});

describe('a watch while Kontrol restarts', () => {
  it('watch and query --watch continue with the differences after a restart that has emptied Kontrol', async () => {
    const port = await freePort();
    const first = await kontrolAt(port);
    const jwt = await first.newKiteKey('bob');
    await useKey(jwt);
    await register('stays', jwt);
    const leaves = await register('leaves', jwt);
    const commands = [start(['watch', '--json']), start(['query', '--watch', '-o', 'ndjson'])];
    const [watching, querying] = commands as [Running, Running];
    await querying.until((all) => changes(all).length === 2);
    await expect.poll(() => first.status().watchers, { timeout: 30_000 }).toBe(2);
    await first.close({ drainTimeout: 0 });
    for (const running of commands) await running.until(({ stderr }) => stderr.includes('ECONNREFUSED'));
    await leaves.kite.close({ drainTimeout: 0 });
    await kontrolAt(port);
    for (const running of commands) await running.until(({ stderr }) => stderr.includes('again.'));
    await register('new', jwt);
    // It is reported when the kites have had time to register again.
    for (const running of commands) await running.until(({ stdout }) => stdout.includes('DEREGISTER'));
    expect(changes(watching)).toEqual(['REGISTER new', 'DEREGISTER leaves']);
    expect(changes(querying).slice(0, 2).toSorted()).toEqual(['REGISTER leaves', 'REGISTER stays']);
    expect(changes(querying).slice(2)).toEqual(['REGISTER new', 'DEREGISTER leaves']);
    for (const { stderr } of commands) {
      expect(
        stderr.split('\n').map((line) => line.replaceAll(`http://127.0.0.1:${port}/kite`, 'URL')),
      ).toEqual([
        expect.stringMatching(
          /^warning: The connection to Kontrol at URL was lost: Kontrol closed it\. Trying again/,
        ),
        expect.stringMatching(
          /^warning: Cannot connect to URL: connection refused \(ECONNREFUSED\)\. Trying/,
        ),
        'note: Connected to Kontrol at URL again.',
        '',
      ]);
    }
    expect(await Promise.all(commands.map(interrupted))).toEqual([130, 130]);
  }, 60_000);

  it('watch survives the SIGKILL of Kontrol, and ends at once when it is interrupted in between', async () => {
    const port = String(await freePort());
    const startKontrol = async (): Promise<Running> => {
      const kontrol = start(['kontrol', 'start', '--port', port, '--no-ui']);
      await kontrol.until(({ stderr }) => stderr.includes('Kontrol listens at'));
      return kontrol;
    };
    const first = await startKontrol();
    const { stdout: invite } = await cli.run(['kontrol', 'invite', 'bob']);
    const to = `http://127.0.0.1:${port}/kite`;
    const registering = ['register', '--to', to, '--username', 'bob', '--force', '--invite-file', '-'];
    expect(await cli.run(registering, { input: invite })).toMatchObject({ code: 0 });
    const { stdout: jwt } = await cli.run(['keys', 'show', '--secret']);
    const commands = [start(['query', '/', '--watch', '--json']), start(['query', '/', '--watch'])];
    const [watching, other] = commands as [Running, Running];
    await register('math', jwt.trim());
    await watching.until(({ stdout }) => stdout.includes('"math"'));
    await other.until(({ stdout }) => stdout.includes('/math/'));
    first.child.kill('SIGKILL');
    await first.outcome;
    for (const running of commands) await running.until(({ stderr }) => stderr.includes('ECONNREFUSED'));
    expect(await interrupted(other)).toBe(130);
    await startKontrol();
    await watching.until(({ stderr }) => stderr.includes('again.'));
    await register('physics', jwt.trim());
    await watching.until(({ stdout }) => stdout.includes('"physics"'));
    expect(changes(watching).filter((change) => change.endsWith('math'))).toEqual(['REGISTER math']);
    expect(await interrupted(watching)).toBe(130);
  }, 60_000);

  it('watch ends with exit code 4 when its kite key is revoked', async () => {
    const kontrol = await kontrolAt(0);
    const jwt = await kontrol.newKiteKey('bob');
    await useKey(jwt);
    const running = start(['watch']);
    await expect.poll(() => kontrol.status().watchers, { timeout: 30_000 }).toBe(1);
    await kontrol.revokeKiteKey(parseKiteKey(jwt).id);
    const { code, stderr } = await running.outcome;
    expect(code).toBe(4);
    expect(stderr).toContain('hint: Get a new kite key with an invite: kitectl register --force');
  });
});

describe('a silent kite', () => {
  it('a silent kite is shown by watch and query, in tables and as JSON, until it has returned', async () => {
    const port = await freePort();
    const kontrol = await kontrolAt(port);
    const link = await startCutLink(port);
    const kiteKey = await kontrol.newKiteKey('bob');
    await useKey(kiteKey);
    await register('other', kiteKey);
    const remote = new TestKite(
      {
        kiteKey,
        kontrolUrl: `http://127.0.0.1:${link.port}/kite`,
        environment: 'prod',
        logger: silentLogger,
      },
      'math',
    );
    onTestFinished(() => remote.kite.close({ drainTimeout: 0 }));
    await remote.kite.listen();
    await remote.kite.registerForever();
    const lines = start(['watch', '/bob']);
    const json = start(['query', '/bob', '--watch', '--json']);
    await json.until((all) => changes(all).length === 2);
    expect(changes(json)).toEqual(['REGISTER math', 'REGISTER other']);
    // It prints nothing at the start.
    while (kontrol.status().watchers < 2) await new Promise((resolve) => setImmediate(resolve));
    link.block();
    for (const running of [lines, json]) await running.until(({ stdout }) => stdout.includes('SILENT'));
    const { stdout } = await cli.run(['query', '/bob', '--json']);
    const kites = JSON.parse(stdout) as {
      kite: { name: string };
      registeredAt: number;
      silentSince?: number;
    }[];
    expect(kites.map(({ kite, silentSince }) => [kite.name, typeof silentSince])).toEqual([
      ['math', 'number'],
      ['other', 'undefined'],
    ]);
    const wide = (await cli.run(['query', '/bob', '-o', 'wide'])).stdout;
    const [math] = kites;
    for (const time of [math?.registeredAt, math?.silentSince])
      expect(wide).toContain(new Date(time ?? Number.NaN).toISOString());
    expect(wide).toMatch(/│ since +│ silent +│/);
    const late = start(['query', '/bob', '--watch', '--json']);
    await late.until((all) => changes(all).length === 3);
    expect(changes(late)).toEqual(['REGISTER math', 'SILENT math', 'REGISTER other']);
    link.restore();
    for (const running of [lines, json]) await running.until((all) => /SILENT[^]*REGISTER/.test(all.stdout));
    expect(changes(json).slice(2)).toEqual(['SILENT math', 'REGISTER math']);
    expect(lines.stdout).toMatch(/^SILENT\t\/bob\/prod\/math\/.*\nREGISTER\t\/bob\/prod\/math\/.*\n$/);
    expect(await Promise.all([lines, json, late].map(interrupted))).toEqual([130, 130, 130]);
  });
});
