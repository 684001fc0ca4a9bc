import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';

const run = promisify(execFile);

const SECRETS = 'org.freedesktop.secrets';

/**
 * The password service of a desktop: a separate bus, and GNOME's Secret Service on it, unlocked. It stores its secrets in a
 * temporary folder.
 */
export class Desktop {
  readonly #session: ChildProcess;
  readonly #home: string;
  /** The environment of a program on this desktop. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(session: ChildProcess, home: string, address: string) {
    this.#session = session;
    this.#home = home;
    this.env = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: join(home, 'run') };
  }

  /** Without `secrets` the bus has no services. */
  static async create({ secrets = true }: { readonly secrets?: boolean } = {}): Promise<Desktop> {
    for (const program of ['dbus-daemon', 'gnome-keyring-daemon']) {
      if (!existsSync(`/usr/bin/${program}`)) throw new Error(`There is no ${program}: run test/install.sh`);
    }
    const home = await mkdtemp(join(tmpdir(), 'kitectl-desktop-'));
    await mkdir(join(home, 'run'), { mode: 0o700 });
    // A bus without service folders starts no services.
    const config = join(home, 'bus.conf');
    await writeFile(
      config,
      `<busconfig><type>session</type><listen>unix:tmpdir=${home}</listen><policy context="default">
      <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
    );
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      XDG_RUNTIME_DIR: join(home, 'run'),
    };
    const session = spawn(
      'dbus-daemon',
      [`--config-file=${config}`, '--nofork', '--print-address=1', '--nosyslog'],
      {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const [address] = (await once(session.stdout, 'data')) as [Buffer];
    const desktop = new Desktop(session, home, address.toString().trim());
    try {
      if (secrets) await desktop.#startSecrets(env);
      return desktop;
    } catch (error) {
      await desktop.remove();
      throw error;
    }
  }

  /** Locks the keychain, as when the user logs out: nothing can be read or written. */
  async lock(): Promise<void> {
    await this.#call(`/${SECRETS.replaceAll('.', '/')}`, 'org.freedesktop.Secret.Service.Lock', [
      'array:objpath:/org/freedesktop/secrets/collection/login',
    ]);
  }

  async remove(): Promise<void> {
    this.#session.kill();
    await once(this.#session, 'close');
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  async #startSecrets(env: NodeJS.ProcessEnv): Promise<void> {
    const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
      env: { ...env, ...this.env },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // It ends with its bus.
    daemon.stdin.end('a password');
    await vi.waitFor(
      async () => {
        const owned = await this.#call('/', 'org.freedesktop.DBus.NameHasOwner', [`string:${SECRETS}`]);
        if (!owned.includes('boolean true')) throw new Error('There is no Secret Service on the bus');
      },
      { timeout: 5000 },
    );
  }

  async #call(path: string, method: string, args: readonly string[]): Promise<string> {
    const destination = method.startsWith('org.freedesktop.DBus.') ? 'org.freedesktop.DBus' : SECRETS;
    const { stdout } = await run(
      'dbus-send',
      ['--session', '--print-reply', `--dest=${destination}`, path, method, ...args],
      { env: { ...process.env, ...this.env } },
    );
    return stdout;
  }
}
