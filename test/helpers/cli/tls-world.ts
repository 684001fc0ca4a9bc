import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kite } from '../../../src/lib/index.js';
import { parseKiteKey, writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { startKontrol } from '../kontrol/kontrol.js';
import { temporaryFolder } from '../process/temporary-folder.js';
import { startKite } from '../proxy/proxy.js';
import { startTunnelProxy } from '../proxy/tunnel.js';
import type { Identified } from '../transport/authority.js';
import { startTlsFront, type TlsFront } from '../transport/tls-front.js';
import { root } from './cli-harness.js';
import { runInProcess } from './run-in-process.js';
import { Sink } from './test-runtime.js';

/** A command line that opens connections. */
export interface TlsLine {
  /** The words after the command. `{name}` stands for a value of the world. */
  readonly line: string;
  /** What it prints if it works. */
  readonly works: RegExp;
  readonly input?: string;
  /** It runs until it is stopped, and tries again if a connection fails. */
  readonly serves?: boolean;
  /** It works once a kite of Kontrol's user has registered. */
  readonly registers?: boolean;
  /** It tries again if a connection fails. */
  readonly waits?: boolean;
  /** It prints something only while kites register. */
  readonly changes?: boolean;
}

const ADMIN = '--kontrol {kontrol} --key-file {admin}';

/** A line for each command that opens connections. */
export const TLS_LINES: Readonly<Record<string, TlsLine>> = {
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
  wait: { line: '/bob/prod/math --kontrol {kontrol}', works: /\/bob\/prod\/math\//, waits: true },
  watch: { line: '/kontrol --kontrol {kontrol}', works: /math/, serves: true, changes: true },
};

/** How long a command may take to print what shows that it works, in milliseconds. */
const PATIENCE = 20_000;

/** Kontrol, a kite and a proxy behind fronts that present certificates of an authority. */
export class TlsWorld {
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
    } = TLS_LINES[command] ?? { line: '', works: /$/ };
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
