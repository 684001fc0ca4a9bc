import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../process/free-port.js';

const NGINX = '/usr/sbin/nginx';
const HAPROXY = '/usr/sbin/haproxy';

/** Whether nginx and HAProxy are installed; `test/install.sh` installs them. */
export const balancersInstalled = existsSync(NGINX) && existsSync(HAPROXY);

/** The suffix for titles of tests that need both. */
export const withoutBalancers = balancersInstalled ? '' : ' (skipped: there is no nginx or HAProxy here)';

export interface Balancer {
  readonly port: number;
  /** Its log so far. */
  readonly log: () => string;
  close(): Promise<void>;
}

/** Replaces parts of a configuration, each of which must be present. */
export function edited(config: string, replacements: Readonly<Record<string, string>>): string {
  let text = config;
  for (const [part, replacement] of Object.entries(replacements)) {
    if (!text.includes(part)) throw new Error(`The configuration lacks ${part}`);
    text = text.replaceAll(part, replacement);
  }
  return text;
}

/** Reads a configuration of `docs/deploy`, with the addresses of two nodes on this machine. */
export function deployed(name: string, replacements: Readonly<Record<string, string>>): string {
  return edited(
    readFileSync(path.join(import.meta.dirname, '../../../docs/deploy', name), 'utf8'),
    replacements,
  );
}

/** Starts a real nginx. `PORT` in the configuration is its port. */
export async function startNginx(config: string): Promise<Balancer> {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return start((folder, port) => {
    const temporary = folders.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
    const text = edited(config, {
      PORT: `127.0.0.1:${port}`,
      'http {': `http { access_log off; ${temporary}`,
    });
    writeFileSync(path.join(folder, 'nginx.conf'), text);
    mkdirSync(path.join(folder, 'logs'));
    const user = process.getuid?.() === 0 ? ' user root;' : '';
    const globals = `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;${user}`;
    return spawn(NGINX, ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-g', globals], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  });
}

/** Starts a real HAProxy. `PORT` in the configuration is its port. */
export async function startHaproxy(config: string): Promise<Balancer> {
  return start((folder, port) => {
    const file = path.join(folder, 'haproxy.cfg');
    writeFileSync(file, edited(config, { PORT: `127.0.0.1:${port}` }));
    return spawn(HAPROXY, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
}

async function start(run: (folder: string, port: number) => ChildProcess): Promise<Balancer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-balancer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const child = run(folder, port);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'close');
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  while (!(await accepts(port))) {
    if (child.exitCode === null) continue;
    await close();
    throw new Error(`The load balancer did not start:\n${log}`);
  }
  return { port, log: () => log, close };
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
