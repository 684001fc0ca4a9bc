import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/lib/cli/completion/command-manifest.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { Cli, root, type Running } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';
import { GoKontrol } from '../../helpers/kontrol/go-kontrol.js';

let cli: Cli;
let kontrol: GoKontrol;
let math: TestKite;
let owner: string;

beforeAll(async () => {
  cli = await Cli.create();
  kontrol = await GoKontrol.start();
  await writeKiteKeyFile(kontrol.keyOf('bob'), { home: join(cli.home, '.kite') });
  owner = await writeKiteKeyFile(kontrol.keyOf('kontrol'), { home: join(cli.home, 'owner') });
  math = new TestKite({ kiteKey: kontrol.keyOf('bob'), environment: 'prod', logger: silentLogger }, 'math');
  await math.kite.listen();
  await math.kite.registerForever();
});

afterAll(async () => {
  await math.kite.close({ drainTimeout: 0 });
  await kontrol.close();
  await cli.remove();
});

/** What a command does with a Kontrol of Go. */
type Use =
  /** It does not use Kontrol, for this reason. */
  | { readonly local: string }
  /** It works, and prints this, or writes it to stderr. */
  | { readonly args: string; readonly prints: RegExp; readonly running?: boolean }
  /** Kontrol does not offer it. `hint` begins what to do instead. */
  | { readonly args: string; readonly hint: string; readonly code?: number };

const LOCAL: Use = { local: 'works on files of this machine' };
const START = 'Use Kontrol of this program, which accepts the same key files and kite keys';

const USES: Readonly<Record<string, Use>> = {
  bench: { args: 'square 4 --to /bob/prod/math --duration 100ms', prints: /throughput/ },
  call: { args: 'square 4 --to /bob/prod/math', prints: /^16$/m },
  complete: { local: 'hidden, and prints nothing about errors' },
  completion: LOCAL,
  'config:explain': LOCAL,
  'context:-': LOCAL,
  'context:add': LOCAL,
  'context:list': LOCAL,
  'context:previous': LOCAL,
  'context:remove': LOCAL,
  'context:show': LOCAL,
  'context:use': LOCAL,
  describe: { args: '--to /bob/prod/math', prints: /^square\t/m },
  doctor: { args: '', prints: /^token\tok\t/m },
  expose: { args: 'MATH --name math', hint: 'Start one with: kitectl proxy start --tunnel.', code: 5 },
  install: LOCAL,
  keygen: LOCAL,
  'keys:list': LOCAL,
  'keys:move': LOCAL,
  'keys:remove': LOCAL,
  'keys:show': LOCAL,
  'kontrol:invite': { args: 'eve', hint: 'There, users register without an invite' },
  'kontrol:keys:list': { args: '', hint: START },
  'kontrol:export': { local: 'works on the store of Kontrol' },
  'kontrol:import': { local: 'works on the store of Kontrol' },
  'kontrol:keys:reseal': { local: 'works on the store of Kontrol' },
  'kontrol:keys:revoke': { args: '--kite-key 32c766ac-a4c1-4890-b30f-a63537e8997c --yes', hint: START },
  'kontrol:keys:rotate': { args: '', hint: START },
  'kontrol:start': { local: 'is Kontrol' },
  'kontrol:status': { args: '', hint: 'Check that it works with: kitectl doctor' },
  'kontrol:ui': { args: '', hint: 'Show its kites on the terminal with: kitectl top' },
  'kontrol:users:list': { args: '', hint: START },
  'kontrol:users:revoke': { args: 'bob --yes', hint: START },
  'kontrol:users:show': { args: 'bob', hint: START },
  list: LOCAL,
  ping: { args: '--to /bob/prod/math', prints: /ms/ },
  'proxy:start': { args: '--port 0', prints: /The reverse proxy listens at/, running: true },
  'proxy:status': { args: '--to KONTROL', hint: 'Pass the URL of another with --to URL.' },
  query: { args: '', prints: /\/bob\/prod\/math\// },
  register: {
    args: '--to KONTROL --username eve --context eve --invite-file -',
    hint: 'Get a kite key from the operator of this Kontrol, which is of the Go implementation',
    code: 1,
  },
  run: { local: 'runs a kite, which registers itself' },
  serve: {
    args: '--name echo --method one --exec true --port 0',
    prints: /listens at/,
    running: true,
  },
  shell: { args: '--to /bob/prod/math', prints: /^16$/m },
  showkey: LOCAL,
  tell: { args: '--method square 4 --to /bob/prod/math', prints: /^16$/m },
  token: { args: '/bob/prod/math', prints: /^eyJ/ },
  top: { args: '--once', prints: /^math\t.* ms/m },
  uninstall: LOCAL,
  wait: { args: '/bob/prod/math', prints: /\/bob\/prod\/math\// },
  watch: { args: '', prints: /^note: This Kontrol does not report changes/m, running: true },
};

function manifestCommands(): string[] {
  return readManifest(root).commands.map(({ id }) => id.replaceAll(' ', ':'));
}

function argsOf(id: string, args: string): string[] {
  return [...id.split(':'), ...args.split(' ')]
    .filter((word) => word !== '')
    .map((word) => word.replace('KONTROL', kontrol.url).replace('MATH', math.url));
}

async function untilPrinted(running: Running, prints: RegExp): Promise<void> {
  await running.until(({ stdout, stderr }) => prints.test(stdout + stderr));
  running.child.kill('SIGTERM');
  await running.outcome;
}

const used = Object.entries(USES).filter(([, use]) => !('local' in use));

describe('commands with a Kontrol of Go', () => {
  it('the walk over commands with a Kontrol of Go includes each command', () => {
    expect(Object.keys(USES).toSorted()).toEqual(manifestCommands().toSorted());
    console.log(`Commands with a Kontrol of Go: ${used.length} use it, of ${Object.keys(USES).length}`);
  });

  it.each(used)('kitectl %s works with a Kontrol of Go or names what to do instead', async (id, use) => {
    if ('local' in use) return;
    if ('prints' in use) {
      const running = cli.start(argsOf(id, use.args), { input: 'square 4\n' });
      if (use.running === true) return untilPrinted(running, use.prints);
      const { code, stdout, stderr } = await running.outcome;
      expect({ code, stderr: stderr.replace(/^note: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(use.prints);
      return;
    }
    // With the kite key of any user, and with that of the user who runs Kontrol.
    for (const env of [{}, { KITE_KEY_FILE: owner }] as Record<string, string>[]) {
      const { code, stdout, stderr } = await cli.run(argsOf(id, use.args), { env, input: 'an invite\n' });
      expect({ code, stdout }).toEqual({ code: use.code ?? 7, stdout: '' });
      expect(stderr).toContain(`\nhint: ${use.hint}`);
      expect(stderr).not.toContain('kitectl describe');
      expect(stderr).not.toContain('kontrol invite');
    }
  });
});
