import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Network } from '../../helpers/cli/cli-network.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

const FEW = 64;
const MANY = 600;
const DEAD = 'http://127.0.0.1:1/kite';

let network: Network;
let math: TestKite;
let carol: string;
const kites: Kite[] = [];

/** Registers kites of a user, in the order of their paths. Each is at the URL that `urlOf` returns for its number. */
async function register(kiteKey: string, count: number, urlOf: (n: number) => string): Promise<void> {
  for (let n = 0; n < count; n++) {
    const name = `kite-${String(n).padStart(3, '0')}`;
    const options = { kiteKey, environment: 'prod', logger: silentLogger, env: {} };
    const kite = new Kite(name, '1.0.0', options);
    kites.push(kite);
    await kite.register({ url: urlOf(n) });
  }
}

beforeAll(async () => {
  network = await Network.create();
  math = new TestKite();
  await math.kite.listen();
  await register(network.jwt, FEW, (n) => (n === 50 ? math.url : DEAD));
  carol = await network.keyOf('carol');
  await register(carol, MANY, () => math.url);
}, 120_000);

afterAll(async () => {
  await Promise.all(kites.map((kite) => kite.close({ drainTimeout: 0 })));
  await math.kite.close();
  await network.close();
});

describe('a command without --to', () => {
  it('a command finds the only kite that responds, even if it is the 51st of 64', async () => {
    const outcome = await network.cli.run(['call', 'square', '4', '--auth', 'none']);
    expect(outcome).toEqual({ code: 0, stdout: '16\n', stderr: '' });
  }, 60_000);
});

describe('top with more kites than it asks at a time', () => {
  it('top --json asks all of 600 kites, and --once lists them', async () => {
    const env = { KITE_KEY: carol };
    const { code, stdout } = await network.cli.run(['top', '--json', '--timeout', '10m'], { env });
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as { asked: boolean; responds: boolean | null }[];
    expect(rows).toHaveLength(MANY);
    expect(rows.filter(({ responds }) => responds === true)).toHaveLength(MANY);
    const once = await network.cli.run(['top', '--once', '--timeout', '10m'], { env });
    expect(once.stdout.match(/ ms\t/g)).toHaveLength(MANY);
    expect(once.stderr).toBe('');
  }, 120_000);

  it('top lists kites for which the time does not suffice as not asked, and says how many they are', async () => {
    const env = { KITE_KEY: carol };
    // The query and the first slice may take all of the time.
    const { code, stdout, stderr } = await network.cli.run(['top', '--timeout', '60ms'], { env });
    if (code !== 0) return expect(stderr).toContain('timeout');
    const left = stdout.match(/\tnot asked\t/g)?.length ?? 0;
    expect(left).toBeGreaterThan(0);
    expect(stderr).toBe(
      `warning: ${left} of ${MANY} kites were not asked within 60ms. Allow more time with --timeout.\n`,
    );
  }, 60_000);
});
