import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accessSettings } from '../../../src/lib/cli/settings/access-settings.js';
import { parseKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import type { Kite } from '../../../src/lib/index.js';
import { root } from '../../helpers/cli/cli-harness.js';
import { runInProcess } from '../../helpers/cli/run-in-process.js';
import { Sink } from '../../helpers/cli/test-runtime.js';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { temporaryFolder } from '../../helpers/process/temporary-folder.js';
import { startKite } from '../../helpers/proxy/proxy.js';
import { startTunnelProxy } from '../../helpers/proxy/tunnel.js';
import { type Authority, type Identified, makeAuthority } from '../../helpers/transport/authority.js';
import { startTlsFront, type TlsFront } from '../../helpers/transport/tls-front.js';

// Commands that reach kites, Kontrol and a proxy only through servers that terminate TLS in front of them.

interface Line {
  /** The words after the command. `{name}` stands for a value of the world. */
  readonly line: string;
  /** What it prints if it works. */
  readonly works: RegExp;
  readonly input?: string;
  /** It runs until it is stopped, and tries again if a connection fails. */
  readonly serves?: boolean;
  /** It works once a kite of Kontrol's user has registered. */
  readonly registers?: boolean;
  /** It prints something only while kites register. */
  readonly changes?: boolean;
}

const ADMIN = '--kontrol {kontrol} --key-file {admin}';

/** A line for each command that opens connections. */
const LINES: Readonly<Record<string, Line>> = {
  bench: { line: 'square 4 --duration 20ms --to {math}', works: /throughput/ },
  call: { line: 'square 4 --to {math}', works: /^16$/m },
  describe: { line: '--to {math}', works: /^square\t/m },
  doctor: { line: '--kontrol {kontrol}', works: /^Kontrol\tok\t[^]*^token\tok\t/m },
  expose: {
    line: '{math} --name exposed --environment prod --to {proxy} --kontrol {kontrol}',
    works: / is available as /,
    serves: true,
  },
  'kontrol invite': { line: `carol ${ADMIN}`, works: /^\S{20,}$/m },
  'kontrol keys list': { line: ADMIN, works: /\tactive\t/ },
  'kontrol keys revoke': { line: `--kite-key {evesKey} --yes ${ADMIN}`, works: /Revoked the kite key/ },
  'kontrol keys rotate': { line: ADMIN, works: /Rotated the keys/ },
  'kontrol status': { line: ADMIN, works: /^kites\t/m },
  'kontrol ui': { line: '--kontrol {kontrol}', works: /#sign-in=/ },
  'kontrol users list': { line: ADMIN, works: /^bob\t/m },
  'kontrol users revoke': { line: `dave --yes ${ADMIN}`, works: /Revoked/ },
  'kontrol users show': { line: `bob ${ADMIN}`, works: /\tkite key\t/ },
  ping: { line: '--to {math}', works: /^pong from / },
  'proxy start': {
    line: '--port 0 --kontrol {kontrol} --key-file {admin}',
    works: /listens at/,
    registers: true,
  },
  'proxy status': { line: `--to {proxy} ${ADMIN} -o json`, works: /"kites"/ },
  query: { line: '/bob --kontrol {kontrol}', works: /\t\/bob\/prod\/math\// },
  register: {
    line: '--to {kontrol} --username carol --invite-file {invite} --key-store file --force',
    works: /carol/,
  },
  serve: {
    line: '--name served --method date --exec date --port 0 --register --kontrol {kontrol}',
    works: /registered as/,
    serves: true,
  },
  shell: { line: '--to {math}', works: /^16$/m, input: 'square 4\n' },
  tell: { line: '--method square 4 --to {math}', works: /^16$/m },
  token: { line: '/bob/prod/math --kontrol {kontrol}', works: /^eyJ/m },
  top: { line: '--once --kontrol {kontrol}', works: /math/ },
  watch: { line: '/kontrol --kontrol {kontrol}', works: /math/, serves: true, changes: true },
};

/** How long a command may take to print what shows that it works, in milliseconds. */
const PATIENCE = 20_000;

/** Kontrol, a kite and a proxy behind fronts that present certificates of an authority. */
class TlsWorld {
  readonly fronts: readonly TlsFront[];
  readonly home: string;
  readonly #values: Readonly<Record<string, string>>;
  readonly #newValues: () => Promise<Readonly<Record<string, string>>>;
  /** A kite that connects to Kontrol directly. */
  readonly #kite: Kite;

  private constructor(
    fronts: readonly TlsFront[],
    home: string,
    values: Readonly<Record<string, string>>,
    newValues: () => Promise<Readonly<Record<string, string>>>,
    kite: Kite,
  ) {
    this.fronts = fronts;
    this.home = home;
    this.#values = values;
    this.#newValues = newValues;
    this.#kite = kite;
  }

  static async create(server: Identified, clientCa?: string): Promise<TlsWorld> {
    const { kontrol } = await startKontrol({ registration: 'open', page: join(root, 'dist', 'ui') });
    const math = await startKite(kontrol, { allowedHosts: '*' });
    const proxy = await startTunnelProxy(kontrol);
    const ports = [kontrol.kite.port, math.port, proxy.kite.port];
    const fronts = await Promise.all(
      ports.map((port) => startTlsFront({ port: port ?? 0, ...server, clientCa })),
    );
    const [kontrolUrl = '', mathUrl = '', proxyUrl = ''] = fronts.map(
      ({ port }) => `https://127.0.0.1:${port}/kite`,
    );
    await math.register({ url: mathUrl });
    const direct = await startKite(kontrol, { username: 'kontrol' });
    const home = temporaryFolder();
    await writeKiteKeyFile(await kontrol.newKiteKey('bob'), { home });
    await mkdir(join(home, 'admin'));
    await writeKiteKeyFile(await kontrol.newKiteKey('kontrol'), { home: join(home, 'admin') });
    const invite = join(home, 'invite');
    await writeFile(invite, 'none');
    const newValues = async (): Promise<Readonly<Record<string, string>>> => {
      const eve = parseKiteKey(await kontrol.newKiteKey('eve'));
      return { evesKey: eve.id ?? '' };
    };
    const files = { admin: join(home, 'admin', 'kite.key'), invite };
    const urls = { kontrol: kontrolUrl, math: mathUrl, proxy: proxyUrl };
    return new TlsWorld(fronts, home, { ...files, ...urls }, newValues, direct);
  }

  /** Registers a kite again and again. */
  async #registerUntil(signal: AbortSignal): Promise<void> {
    let number = 0;
    while (!signal.aborted) await this.#kite.register({ url: `http://127.0.0.1:1/${number++}` });
  }

  /** Runs the line of a command with more flags until it ends or has printed what shows that it works. */
  async run(command: string, flags: readonly string[]): Promise<{ output: string; stderr: string }> {
    const {
      line,
      works,
      input,
      serves = false,
      registers = false,
      changes = false,
    } = LINES[command] ?? { line: '', works: /$/ };
    const values = { ...this.#values, ...(await this.#newValues()) };
    const words = line
      .split(' ')
      .map((word) => word.replace(/\{(\w+)\}/, (_all, name) => values[name] ?? ''));
    const [stdout, stderr] = [new Sink(), new Sink()];
    const output = (): string => `${stdout.text}\n${stderr.text}`;
    const stop = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop.abort(new Error('late'));
    }, PATIENCE);
    if (registers) {
      const watch = await this.#kite.watchKites({ username: 'kontrol' }, ({ action, kite: { kite } }) => {
        if (action === 'REGISTER' && kite.name === 'proxy') stop.abort(new Error('stopped'));
      });
      stop.signal.addEventListener('abort', () => watch.cancel());
    }
    if (serves) {
      const check = (): void => {
        if (works.test(output())) stop.abort(new Error('stopped'));
      };
      for (const sink of [stdout, stderr]) sink.on('finish', check);
      for (const sink of [stdout, stderr]) {
        const write = sink._write.bind(sink);
        sink._write = (chunk, encoding, done) => {
          write(chunk, encoding, done);
          check();
        };
      }
    }
    const changing = changes ? this.#registerUntil(stop.signal) : undefined;
    const home = command === 'register' ? temporaryFolder() : this.home;
    await runInProcess([...command.split(' '), ...words, ...flags], {
      stdout,
      stderr,
      home,
      input,
      signal: stop.signal,
    }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    clearTimeout(timer);
    await changing;
    return { output: late ? `late: ${output()}` : output(), stderr: stderr.text };
  }
}

/** Writes files and returns their paths. */
async function writeInto(folder: string, contents: Readonly<Record<string, string>>): Promise<string[]> {
  const paths = [];
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    paths.push(path);
  }
  return paths;
}

const commands = accessSettings.ca.commands.filter((name) => name !== 'config explain');

/** Whether a command ends if it cannot connect. Others try again. */
function endsAtOnce(command: string): boolean {
  const { serves = false, registers = false } = LINES[command] ?? {};
  return !serves && !registers;
}

/** Runs each command with flags, and returns those that do not work. */
async function failuresOf(
  world: TlsWorld,
  flagsFor: (command: string) => readonly string[],
  check: (command: string, stderr: string) => void = () => {},
): Promise<readonly object[]> {
  const failures = [];
  for (const command of commands) {
    const { output, stderr } = await world.run(command, flagsFor(command));
    check(command, stderr);
    if (output.startsWith('late') || !LINES[command]?.works.test(output)) failures.push({ command, output });
  }
  return failures;
}

async function setUp(): Promise<{ authority: Authority; server: Identified; ca: string; folder: string }> {
  const authority = await makeAuthority('one');
  const folder = temporaryFolder();
  const [ca = ''] = await writeInto(folder, { 'ca.pem': authority.ca });
  return { authority, server: await authority.server(), ca, folder };
}

it('each command that connects has a line in this test', () => {
  expect(Object.keys(LINES).toSorted()).toEqual([...commands].toSorted());
});

it('each command that connects trusts a server with --ca, and rejects it without', {
  timeout: 120_000,
}, async () => {
  const { server, ca } = await setUp();
  const world = await TlsWorld.create(server);
  let rejected = 0;
  for (const command of commands.filter(endsAtOnce)) {
    const { output } = await world.run(command, []);
    expect(`${command}: ${output}`).toMatch(/is not trusted|unable to verify/);
    rejected++;
  }
  expect(await failuresOf(world, () => ['--ca', ca])).toEqual([]);
  console.log(`--ca: ${commands.length} commands, ${rejected} of which fail at once without it`);
});

it('each command that connects has the certificate that a server requires, with --cert and --key', {
  timeout: 120_000,
}, async () => {
  const { authority, server, ca, folder } = await setUp();
  const bob = await authority.client('bob');
  const [cert = '', key = ''] = await writeInto(folder, { 'cert.pem': bob.cert, 'key.pem': bob.key });
  const world = await TlsWorld.create(server, authority.ca);
  let rejected = 0;
  for (const command of commands.filter(endsAtOnce)) {
    const { output } = await world.run(command, ['--ca', ca]);
    expect(`${command}: ${output}`).toMatch(/requires a certificate of the client|certificate required/);
    rejected++;
  }
  const before = world.fronts.flatMap(({ clients }) => clients).length;
  const names = (command: string): string[] =>
    command === 'proxy start' ? ['--client-cert', '--client-key'] : ['--cert', '--key'];
  const flags = (command: string): string[] => {
    const [certFlag = '', keyFlag = ''] = names(command);
    return ['--ca', ca, certFlag, cert, keyFlag, key];
  };
  expect(await failuresOf(world, flags)).toEqual([]);
  const clients = world.fronts.flatMap((front) => front.clients);
  expect(before).toBe(0);
  expect(new Set(clients)).toEqual(new Set(['bob']));
  console.log(
    `--cert and --key: ${commands.length} commands over ${clients.length} connections, ${rejected} commands fail at once without`,
  );
});

it.each(['WebSocket', 'XHR polling'])(
  'each command that connects sends the headers of --header over %s',
  { timeout: 120_000 },
  async (name) => {
    const { server, ca, folder } = await setUp();
    const [file = ''] = await writeInto(folder, {
      headers: '# gateway\nAuthorization: Bearer hunter2\r\n\n',
    });
    const world = await TlsWorld.create(server);
    const xhr = (command: string): string[] =>
      name === 'WebSocket' || NO_TRANSPORT.has(command) ? [] : ['--transport', 'xhr'];
    const flags = (command: string): string[] => [
      '--ca',
      ca,
      '--header',
      'X-Tenant: blue',
      '--header',
      `@${file}`,
      ...xhr(command),
    ];
    const failures = await failuresOf(world, flags, (command, stderr) => {
      expect(`${command}: ${stderr}`).not.toContain('hunter2');
    });
    expect(failures).toEqual([]);
    const heads = world.fronts.flatMap((front) => front.heads);
    const without = heads.filter(
      (head) =>
        !/\nx-tenant: blue(?:\r|$)/.test(head) || !/\nauthorization: bearer hunter2(?:\r|$)/.test(head),
    );
    expect(without).toEqual([]);
    console.log(`--header over ${name}: ${commands.length} commands, ${heads.length} connections`);
  },
);

/** The commands without --transport. */
const NO_TRANSPORT: ReadonlySet<string> = new Set(['proxy start', 'serve', 'expose']);

it('each command that connects accepts any certificate with --insecure, and warns once', {
  timeout: 120_000,
}, async () => {
  const { server } = await setUp();
  const world = await TlsWorld.create(server);
  const failures = await failuresOf(
    world,
    () => ['--insecure'],
    (command, stderr) => {
      const warnings = stderr.split('\n').filter((line) => line.includes('warning: --insecure'));
      expect({ command, warnings: warnings.length }).toEqual({ command, warnings: 1 });
    },
  );
  expect(failures).toEqual([]);
  console.log(`--insecure: ${commands.length} commands`);
});
