import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseToken, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { Kontrol } from '../../../src/lib/kontrol.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';
import { testKeyPair } from '../../helpers/kite/keys.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';
import { FakeStorage } from '../../helpers/storage/fake-storage.js';

/** A Kontrol with the kites math, math in the environment test, and text of bob, and a home of bob. */
class Fleet {
  readonly cli: Cli;
  readonly kites: TestKite[] = [];
  readonly #key: string;
  readonly #close: () => Promise<void>;

  private constructor(cli: Cli, key: string, close: () => Promise<void>) {
    [this.cli, this.#key, this.#close] = [cli, key, close];
  }

  static async start(type: string): Promise<Fleet> {
    const cli = await Cli.create();
    const { key, close } = type === GO ? await startGo() : await startKontrol();
    await writeKiteKeyFile(key, { home: join(cli.home, '.kite') });
    const fleet = new Fleet(cli, key, close);
    await fleet.register('math', 'prod');
    await fleet.register('math', 'test');
    await fleet.register('text', 'prod');
    return fleet;
  }

  async register(name: string, environment: string): Promise<TestKite> {
    const remote = new TestKite({ kiteKey: this.#key, environment, logger: silentLogger }, name);
    await remote.kite.listen();
    await remote.kite.registerForever();
    this.kites.push(remote);
    return remote;
  }

  async close(): Promise<void> {
    for (const { kite } of this.kites) await kite.close({ drainTimeout: 0 });
    await this.#close();
    await this.cli.remove();
  }
}

async function startGo() {
  const kontrol = await GoKontrol.start();
  return { key: kontrol.keyOf('bob'), close: () => kontrol.close() };
}

async function startKontrol() {
  const keyPair = await testKeyPair(0);
  const kontrol = new Kontrol({
    storage: new FakeStorage(),
    port: 0,
    keyPair,
    env: {},
    logger: silentLogger,
  });
  await kontrol.listen();
  return { key: await kontrol.newKiteKey('bob'), close: () => kontrol.close({ drainTimeout: 0 }) };
}

const GO = 'a Kontrol of Go';

/** Each place on the command line that takes a query, with a glob. */
interface Use {
  readonly args: readonly string[];
  readonly prints: RegExp;
  readonly code: number;
}

const use = (args: readonly string[], prints: RegExp, code = 0): Use => ({ args, prints, code });

/** Each place on the command line that takes a query, with a glob. */
const USES: readonly Use[] = [
  use(['query', '/bob/*/math'], /^1\t\/bob\/prod\/math\/.*\n2\t\/bob\/test\/math\/.*\n$/),
  use(['query', '/bob/*/m?t*/1.*'], /^1\t\/bob\/prod\/math\/.*\n2\t\/bob\/test\/math\/.*\n$/),
  use(['query', '--environment', '*', '--name', 'te*'], /^1\t\/bob\/prod\/text\/.*\n$/),
  use(['query', '-environment=p*'], /^1\t\/bob\/prod\/math\/.*\n2\t\/bob\/prod\/text\/.*\n$/),
  use(['query', '/bob/*/none*'], /^$/, 5),
  use(['top', '/bob/*/math', '--once', '-o', 'name'], /^\/bob\/prod\/math\/.*\n\/bob\/test\/math\/.*\n$/),
  use(['call', 'square', '4', '--to', '/bob/*/math'], /^16\n$/),
  use(['call', 'square', '4', '--to', '/bob/te*/*'], /^16\n$/),
  use(['tell', '4', '--method', 'square', '--to', '/bob/te*/*'], /^16\n$/),
  use(['ping', '--to', '/bob/test/m*'], /ms/),
  use(['call', 'square', '4', '--to', '/bob/*/math', '--all'], /\/bob\/prod\/math\/[^]*\/bob\/test\/math\//),
  use(['ping', '--to', '/bob/*/math', '--all'], /\/bob\/prod\/math\/[^]*\/bob\/test\/math\//),
  use(['wait', '/bob/*/math', '--for', 'count=2'], /\/bob\/prod\/math\/[^]*\/bob\/test\/math\//),
  use(['wait', '/bob/*/none*', '--for', 'gone'], /^$/),
  use(['describe', '--to', '/bob/p*/math'], /^square\t/m),
  use(['bench', 'square', '4', '--to', '/bob/*/math', '--duration', '50ms'], /throughput/),
  use(['token', '/bob/*/text'], /^ey\S+\n$/),
  use(['token', '/bob/*/math'], /^$/, 5),
  use(['complete', '--', 'ping', '--to=/bob/*/ma'], /^--to=\/bob\/\*\/math\n$/),
  use(['complete', '--', 'query', '/b?b/t*/'], /^\/b\?b\/t\*\/math\n$/),
];

describe.each(['this Kontrol', GO])('globs on the command line at %s', (type) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(type);
  });

  afterAll(() => fleet.close());

  // It needs a username.
  const uses = USES.filter(({ args }) => type !== GO || !args.some((arg) => arg.includes('/b?b')));

  it.each(uses)(`kitectl $args takes globs at ${type}`, async ({ args, prints, code }) => {
    const outcome = await fleet.cli.run([...args]);
    expect(outcome).toMatchObject({ code, stdout: expect.stringMatching(prints) as string });
  });

  it(`kitectl query --watch takes globs at ${type}`, async () => {
    const news = await fleet.register('news', 'test');
    const watch = fleet.cli.start(['query', '--watch', '/bob/*/ne*', '--json']);
    onTestFinished(() => void watch.child.kill('SIGKILL'));
    await watch.until(({ stdout }) => stdout.includes('"news"'));
    const { kite } = await fleet.register('other', 'test');
    const newer = await fleet.register('newer', 'test');
    await watch.until(({ stdout }) => stdout.includes('"newer"'));
    await kite.close({ drainTimeout: 0 });
    await newer.kite.close({ drainTimeout: 0 });
    await watch.until(({ stdout }) => stdout.includes('"DEREGISTER"'));
    expect(watch.stdout).not.toMatch(/other|math|text/);
    await news.kite.close({ drainTimeout: 0 });
  });

  it(`the tokens of globs on the command line are for the kites of one name at ${type}`, async () => {
    const { stdout } = await fleet.cli.run(['token', '/bob/*/text']);
    expect(parseToken(stdout.trim()).audience).toBe('/bob/prod/text');
  });

  it(`kitectl takes globs in each of its queries at ${type}`, () => {
    console.log(`globs: ${uses.length + 2} uses on the command line at ${type}`);
    expect(uses.length).toBeGreaterThan(12);
  });
});

describe('globs on the command line', () => {
  it('kitectl reports that a query with globs has to be quoted if a shell has expanded it', async () => {
    const cli = await Cli.create();
    onTestFinished(() => cli.remove());
    const { code, stderr } = await cli.run(['query', '/home/ann/math', '/home/bob/math']);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Quote a query with * or ?, such as '/bob/*/math'") as string,
    });
  });

  it('kitectl reports that a Kontrol of Go needs a username', async () => {
    const fleet = await Fleet.start(GO);
    onTestFinished(() => fleet.close());
    const { code, stderr } = await fleet.cli.run(['query', '/*/prod/math']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not know globs.*write the username/);
  });
});
