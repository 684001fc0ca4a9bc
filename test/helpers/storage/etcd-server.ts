import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Etcd3 } from 'etcd3';
import { freePort } from '../process/free-port.js';
import { isStopped } from '../process/process-state.js';

const BINARY = '/usr/bin/etcd';
const TRIES = 3;

/** Whether etcd is installed; `test/install.sh` installs it. */
export const etcdInstalled = existsSync(BINARY);

/** The name of the missing program, for the titles of skipped tests. */
export const missingEtcd = etcdInstalled ? undefined : 'etcd';

/** The suffix for titles of tests that need a server. */
export const skipped = etcdInstalled ? '' : ' (skipped: there is no etcd here)';

export interface EtcdOptions {
  /** Default: 1. */
  readonly members?: number;
  /** Enables TLS for clients. */
  readonly tls?: {
    readonly certificate: string;
    readonly privateKey: string;
    /** The authority that signed the required certificates of clients. Undefined: clients need none. */
    readonly clientCa?: string;
  };
  /** Issues signed tokens with the revision of the users, instead of tokens that a member stores. */
  readonly tokenKeys?: { readonly publicKey: string; readonly privateKey: string };
}

/** One etcd process. */
export class EtcdMember {
  readonly url: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  constructor(url: string, args: readonly string[]) {
    this.url = url;
    this.#args = args;
  }

  /** Starts it with its existing data. Resolves once it serves clients, which needs a majority of members. */
  async start(): Promise<void> {
    const child = spawn(BINARY, this.#args, { stdio: ['ignore', 'ignore', 'pipe'], env: { TZ: 'UTC' } });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let log = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-4000);
        if (log.includes('ready to serve client requests')) resolve();
      });
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`etcd did not start:\n${log}`)));
    });
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops it with SIGSTOP: its port accepts connections and does not answer. */
  freeze(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The member does not run');
    process.kill(pid, 'SIGSTOP');
    while (!isStopped(pid)) {
      // One of its threads must run to receive the signal; until then the others may still answer.
    }
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  killNow(): void {
    this.#process?.kill('SIGKILL');
  }
}

/** A real etcd, on free ports of 127.0.0.1, with its data in a temporary folder. */
export class EtcdServer {
  readonly #folder: string;
  #members: readonly EtcdMember[] = [];
  readonly #removeAtExit = (): void => this.#removeNow();

  /** Creates a server and starts it. It exists until `remove`, or until this process ends. */
  static async start(options: EtcdOptions = {}): Promise<EtcdServer> {
    for (let tries = 1; ; tries++) {
      const server = new EtcdServer();
      try {
        server.#members = await server.#make(options);
        await server.start();
        return server;
      } catch (error) {
        await server.remove();
        // Another process may have taken the free port.
        if (tries === TRIES || !/address already in use/.test(String(error))) throw error;
      }
    }
  }

  private constructor() {
    this.#folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-etcd-'));
    process.once('exit', this.#removeAtExit);
  }

  get members(): readonly EtcdMember[] {
    return this.#members;
  }

  get urls(): string[] {
    return this.#members.map(({ url }) => url);
  }

  async start(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.start()));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
  }

  freeze(): void {
    for (const member of this.#members) member.freeze();
  }

  thaw(): void {
    for (const member of this.#members) member.thaw();
  }

  /** The leader of the members. */
  async leader(): Promise<EtcdMember> {
    for (const member of this.#members) {
      const client = new Etcd3({ hosts: member.url });
      const { leader, header } = await client.maintenance.status();
      client.close();
      if (leader === header.member_id) return member;
    }
    throw new Error('No member leads');
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    this.thaw();
    await this.kill();
    process.off('exit', this.#removeAtExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #make({ members = 1, tls, tokenKeys }: EtcdOptions): Promise<EtcdMember[]> {
    const scheme = tls ? 'https' : 'http';
    const security = [
      ...(tls ? this.#securityArgs(tls) : []),
      ...(tokenKeys ? this.#tokenArgs(tokenKeys) : []),
    ];
    const addresses = [];
    for (let n = 0; n < members; n++) {
      addresses.push({
        name: `member-${n}`,
        client: `${scheme}://127.0.0.1:${await freePort()}`,
        peer: `http://127.0.0.1:${await freePort()}`,
      });
    }
    const cluster = addresses.map(({ name, peer }) => `${name}=${peer}`).join(',');
    return addresses.map(({ name, client, peer }) => {
      const settings = {
        name,
        'data-dir': path.join(this.#folder, name),
        'listen-client-urls': client,
        'advertise-client-urls': client,
        'listen-peer-urls': peer,
        'initial-advertise-peer-urls': peer,
        'initial-cluster': cluster,
        // Quick elections with a margin for a busy machine; this is also the minimum lease.
        'heartbeat-interval': '50',
        'election-timeout': '500',
        // The minimum cost for hashing passwords.
        'bcrypt-cost': '4',
      };
      const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
      return new EtcdMember(client, [...args, '--unsafe-no-fsync', ...security]);
    });
  }

  #securityArgs({ certificate, privateKey, clientCa }: NonNullable<EtcdOptions['tls']>): string[] {
    const args = [
      `--cert-file=${this.#writeFile('server.crt', certificate)}`,
      `--key-file=${this.#writeFile('server.key', privateKey)}`,
    ];
    if (clientCa === undefined) return args;
    return [...args, '--client-cert-auth', `--trusted-ca-file=${this.#writeFile('clients.crt', clientCa)}`];
  }

  #tokenArgs({ publicKey, privateKey }: NonNullable<EtcdOptions['tokenKeys']>): string[] {
    const files = `pub-key=${this.#writeFile('token.pub', publicKey)},priv-key=${this.#writeFile('token.key', privateKey)}`;
    return [`--auth-token=jwt,${files},sign-method=RS256,ttl=10m`];
  }

  #writeFile(name: string, content: string): string {
    const file = path.join(this.#folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  #removeNow(): void {
    for (const member of this.#members) member.killNow();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
