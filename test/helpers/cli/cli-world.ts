import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kite } from '../../../src/lib/index.js';
import { writeKiteKeyFile } from '../../../src/lib/keys/index.js';
import { TunnelProxy } from '../../../src/lib/proxy/tunnel/tunnel-proxy.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { bin, Cli, cleanEnv, root, Running } from './cli-harness.js';
import type { TestKite } from './cli-kite.js';
import { Network } from './cli-network.js';

/** Everything that the examples of the help refer to: a Kontrol, a proxy, kites, and users with separate homes. */
export class World {
  readonly network: Network;
  readonly #math: TestKite;
  readonly #proxy: TunnelProxy;
  readonly #behind: Kite;

  private constructor(network: Network, math: TestKite, proxy: TunnelProxy, behind: Kite) {
    this.network = network;
    this.#math = math;
    this.#proxy = proxy;
    this.#behind = behind;
  }

  static async create(): Promise<World> {
    const network = await Network.create({ page: join(root, 'dist', 'ui') });
    const math = await network.register();
    const { kontrol, jwt } = network;
    const common = { kontrolUrl: kontrol.url, env: {}, logger: silentLogger };
    const proxy = new TunnelProxy({
      ...common,
      kiteKey: await kontrol.newKiteKey('kontrol'),
      environment: 'unknown',
      port: 0,
      // A test does not wait until the id of a kite that it has exposed is free again.
      limits: { reservationTime: 100 },
    });
    await proxy.listen();
    const behind = new Kite('behind', '1.0.0', { ...common, kiteKey: jwt, environment: 'prod' });
    await behind.registerToTunnel({ proxyUrl: proxy.url });
    const programs = join(network.cli.home, 'programs');
    await mkdir(programs);
    await writeFile(join(programs, 'kitectl'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
    await chmod(join(programs, 'kitectl'), 0o755);
    return new World(network, math, proxy, behind);
  }

  /** A line of the help with the addresses of this world. */
  here(line: string): string {
    return line
      .replaceAll('http://localhost:3636/kite', this.#math.url)
      .replaceAll('http://localhost:3636', new URL(this.#math.url).origin)
      .replaceAll('ws://localhost:7780', this.#math.url)
      .replaceAll('http://127.0.0.1:4000/kite', this.network.kontrol.url)
      .replaceAll(/https:\/\/(?:proxy|tunnel)\.example\.com\/kite/g, this.#proxy.url)
      .replaceAll('--duration 5s', '--duration 300ms')
      .replaceAll('--duration 1m', '--duration 300ms')
      .replaceAll('--port 3636', '--port 0')
      .replaceAll('proxy start', 'proxy start --port 0')
      .replaceAll('--port 443 ', '');
  }

  /** A user bob on a separate machine, which has the kite key of a Kontrol as well. */
  async person({ key = true } = {}): Promise<PromptStreams> {
    const cli = await Cli.create();
    const home = join(cli.home, '.kite');
    if (key) await writeKiteKeyFile(this.network.jwt, { home });
    await writeKiteKeyFile(await this.network.keyOf('kontrol'), { home: join(home, 'kontrol') });
    await writeFile(join(cli.home, 'kite.js'), 'export function cube(n) { return n ** 3; }\n');
    const folder = join(cli.home, 'math-kite');
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, '.kite.json'), '{"name":"math","version":"1.0.0"}');
    await writeFile(join(folder, 'bin', 'math'), '#!/bin/sh\necho "math runs $*"\n');
    await chmod(join(folder, 'bin', 'math'), 0o755);
    return new PromptStreams(this, cli);
  }

  /** An invite for bob, as another user passes it on. */
  async invite(): Promise<string> {
    const { cli } = await this.person();
    const { stdout } = await cli.run(['kontrol', 'invite', 'bob']);
    await cli.remove();
    return stdout.trim();
  }

  get path(): string {
    return `${join(this.network.cli.home, 'programs')}:${process.env['PATH'] ?? ''}`;
  }

  async close(): Promise<void> {
    await this.#behind.close({ drainTimeout: 0 });
    await this.#proxy.close({ drainTimeout: 0 });
    await this.network.close();
  }
}

/** Types lines at a shell. */
export class PromptStreams {
  readonly cli: Cli;
  readonly #world: World;

  constructor(world: World, cli: Cli) {
    this.#world = world;
    this.cli = cli;
  }

  /** Runs a line in a script, without a terminal. */
  inPipe(line: string): Running {
    // The shell is replaced by a single command, which then gets the signals.
    const alone = line.startsWith('kitectl ') && !/[|>]/.test(line);
    return this.#start('bash', ['-c', alone ? `exec ${line}` : line], 'ignore');
  }

  /** Runs a line on a terminal of 160 columns. */
  atTerminal(line: string): Running {
    return this.#start('script', ['-qec', `stty cols 160; ${line}`, '/dev/null'], 'pipe');
  }

  #start(program: string, args: readonly string[], stdin: 'ignore' | 'pipe'): Running {
    const env = cleanEnv(this.cli.home, {
      PATH: this.#world.path,
      TERM: 'xterm-256color',
      SHELL: '/bin/bash',
      NO_COLOR: '1',
      KONTROL_PORT: '0',
    });
    return new Running(spawn(program, args, { cwd: this.cli.home, env, stdio: [stdin, 'pipe', 'pipe'] }));
  }
}
