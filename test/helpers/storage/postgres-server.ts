import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, type QueryResult } from 'pg';
import { freePort } from '../process/free-port.js';
import { hasEnded, isStopped } from '../process/process-state.js';

const binaries = findBinaries();

/** Whether PostgreSQL is installed; `test/install.sh` installs it. */
export const postgresInstalled = binaries !== undefined;

/** The name of the missing program, for the titles of skipped tests. */
export const missingPostgres = postgresInstalled ? undefined : 'PostgreSQL';

/** The suffix for titles of tests that need a server. */
export const skipped = postgresInstalled ? '' : ' (skipped: there is no PostgreSQL here)';

/** The password of the superuser `postgres`. */
export const PASSWORD = 'the password of postgres';

/** A real PostgreSQL server, on a port of 127.0.0.1, with its data in a temporary folder. */
export class PostgresServer {
  readonly #folder: string;
  #port = 0;
  #process: ChildProcess | undefined;
  #frozen: number[] = [];
  #databases = 0;
  readonly #watcher: ChildProcess;

  /**
   * Creates a server and starts it. It exists until `remove`, or until this process ends, for any reason.
   *
   * @param port default: a free one
   */
  static async start(port?: number): Promise<PostgresServer> {
    const server = new PostgresServer();
    try {
      server.#initialize();
      server.#port = port ?? (await freePort());
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Creates a standby of a running server, which replicates it, and starts it. */
  static async startStandby(primary: PostgresServer): Promise<PostgresServer> {
    const server = new PostgresServer();
    try {
      server.#copy(primary);
      server.#port = await freePort();
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  private constructor() {
    this.#folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-postgres-'));
    this.#watcher = watchOver(this.#folder);
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it with its existing data. Resolves once it accepts connections. */
  async start(): Promise<void> {
    const settings = {
      port: String(this.#port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.#folder,
      fsync: 'off',
      max_connections: '60',
      shared_buffers: '16MB',
      autovacuum: 'off',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(binary('postgres'), ['-D', this.#data, ...args], {
      ...serverUser(),
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C', TZ: 'UTC' },
    });
    this.#process = child;
    await untilReady(child);
  }

  /** Kills all of its processes with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child?.pid) return;
    const exited = once(child, 'exit');
    const all = [child.pid, ...childrenOf(child.pid)];
    for (const pid of all) signal(pid, 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await exited;
    // It does not start while one of the old processes has its memory attached.
    while (!all.every(hasEnded)) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Stops all of its processes with SIGSTOP: the port accepts connections and does not answer. */
  freeze(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The server does not run');
    // The list of children may miss some while others start and end, and a signal takes a moment to arrive.
    let running = [pid];
    for (let looks = 0; running.length > 0 || looks < 3; looks++) {
      for (const each of running) signal(each, 'SIGSTOP');
      running = [pid, ...childrenOf(pid)].filter((each) => !isStopped(each));
    }
    this.#frozen = [pid, ...childrenOf(pid)];
  }

  thaw(): void {
    for (const pid of this.#frozen.splice(0).toReversed()) signal(pid, 'SIGCONT');
  }

  /** Sets configuration that takes effect without a restart, such as `ssl`. Values are quoted here. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings))
      await this.sql('postgres', `ALTER SYSTEM SET ${name} = '${value.replaceAll("'", "''")}'`);
    await this.sql('postgres', 'SELECT pg_reload_conf()');
  }

  /** Writes a file that only the server can read, and returns its path. */
  writeFile(name: string, content: string): string {
    const file = path.join(this.#folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    own(file);
    return file;
  }

  /** Creates an empty database and returns its name. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.sql('postgres', `CREATE DATABASE ${name}`);
    return name;
  }

  /** Runs SQL in a database, as the role `postgres`, and returns the rows of its only or last statement. */
  async sql<Row extends Record<string, unknown>>(
    database: string,
    text: string,
    values?: unknown[],
  ): Promise<Row[]> {
    const client = new Client({ ...this.login(database), ssl: false });
    client.on('error', () => {});
    await client.connect();
    try {
      const result: QueryResult<Row> | QueryResult<Row>[] = await client.query<Row>(text, values);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** The address, user and password of a database. */
  login(database: string): { host: string; port: number; user: string; password: string; database: string } {
    return { host: '127.0.0.1', port: this.#port, user: 'postgres', password: PASSWORD, database };
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
    const gone = once(this.#watcher, 'exit');
    this.#watcher.stdin?.end();
    await gone;
  }

  #copy(primary: PostgresServer): void {
    chmodSync(this.#folder, 0o700);
    own(this.#folder);
    const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
    execFileSync(binary('pg_basebackup'), [...from, '-D', this.#data, '-R', '-c', 'fast', '--no-sync'], {
      ...serverUser(),
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PGPASSWORD: PASSWORD },
    });
  }

  get #data(): string {
    return path.join(this.#folder, 'data');
  }

  #initialize(): void {
    chmodSync(this.#folder, 0o700);
    own(this.#folder);
    const passwords = this.writeFile('password', PASSWORD);
    const args = [
      '-D',
      this.#data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwords}`,
      '--no-sync',
    ];
    execFileSync(binary('initdb'), [...args, '--no-instructions', '-E', 'UTF8', '--locale=C'], {
      ...serverUser(),
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
}

/** A process that stops the server and removes its folder when this process ends, for any reason. */
function watchOver(folder: string): ChildProcess {
  const script = `cat >/dev/null
    pid="$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)" && grep -q postgres "/proc/$pid/comm" && kill -9 "$pid"
    rm -rf "$0"`;
  return spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
}

function findBinaries(): string | undefined {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return undefined;
  return readdirSync(versions)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => path.join(versions, version, 'bin'))
    .find((folder) => existsSync(path.join(folder, 'initdb')));
}

function binary(name: string): string {
  if (binaries === undefined) throw new Error('PostgreSQL is not installed');
  return path.join(binaries, name);
}

/** The user that servers run as: PostgreSQL and PgBouncer refuse to run as root. */
export function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function own(file: string): void {
  const { uid, gid } = serverUser();
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
      if (/database system is ready to accept (?:read-only )?connections/.test(log)) resolve();
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
