import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../process/free-port.js';
import { serverUser, type PostgresServer } from './postgres-server.js';

const PROGRAM = '/usr/sbin/pgbouncer';

/** Whether PgBouncer is installed; `test/install.sh` installs it. */
export const pgbouncerInstalled = existsSync(PROGRAM);

export interface PgBouncer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a real PgBouncer with its default settings in front of a server. */
export async function startPgBouncer(
  server: PostgresServer,
  poolMode: 'session' | 'transaction' | 'statement',
): Promise<PgBouncer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kitectl-pgbouncer-'));
  const port = await freePort();
  const { user, password, port: serverPort } = server.login('postgres');
  const write = (name: string, content: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    own(file);
    return file;
  };
  own(folder);
  const users = write('users.txt', `"${user}" "${password}"\n`);
  const config = write(
    'pgbouncer.ini',
    [
      '[databases]',
      `* = host=127.0.0.1 port=${serverPort}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      `pool_mode = ${poolMode}`,
      '',
    ].join('\n'),
  );
  const child = spawn(PROGRAM, [config], {
    ...serverUser(),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  await untilUp(child).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { port, close };
}

function untilUp(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
      if (log.includes('process up')) resolve();
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`PgBouncer did not start:\n${log}`)));
  });
}

function own(file: string): void {
  const { uid, gid } = serverUser();
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}
