import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, cleanEnv, type Outcome, Running, type RunOptions } from '../cli/cli-harness.js';

const SQUID = '/usr/sbin/squid';
const TINYPROXY = '/usr/bin/tinyproxy';
const MICROSOCKS = '/usr/bin/microsocks';

/** Whether the proxies are installed, and network namespaces can be created. `test/install.sh` installs them. */
export const proxiesInstalled =
  [SQUID, TINYPROXY, MICROSOCKS].every((program) => existsSync(program)) && process.getuid?.() === 0;

/** The suffix for titles of tests that need them. */
export const withoutProxies = proxiesInstalled
  ? ''
  : ' (skipped: Squid, tinyproxy or microsocks is not installed, or this is not root)';

/** The address of the machine with the proxies, as the clients see it, and what it listens on. */
const GATEWAY = '10.91.1.1';
export const SQUID_URL = `http://${GATEWAY}:3128`;
export const TINYPROXY_URL = `http://${GATEWAY}:8888`;
export const SOCKS_URL = `socks5h://${GATEWAY}:1080`;
/** The machine with the servers, which clients cannot reach or resolve. */
export const SERVER = 'kontrol.test';

/**
 * Three machines, which are network namespaces: clients, a gateway with proxies, and servers. Clients have a connection to the
 * gateway only, and no route and no name for anything else.
 */
const SCRIPT = `
set -e
start_machine() { unshare --net --mount sleep infinity & }
in_machine() { machine=$1; shift; nsenter --target $machine --net --mount -- "$@"; }
ready() { until [ "$(readlink /proc/$1/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done; }
start_machine; client=$!
start_machine; server=$!
trap 'kill $(jobs -p)' EXIT
ready $client; ready $server
ip link set lo up
ip link add to-client type veth peer name gateway netns $client
ip link add to-server type veth peer name gateway netns $server
ip addr add 10.91.1.1/24 dev to-client; ip link set to-client up
ip addr add 10.91.2.1/24 dev to-server; ip link set to-server up
in_machine $client sh -c 'ip link set lo up; ip addr add 10.91.1.2/24 dev gateway; ip link set gateway up'
in_machine $server sh -c 'ip link set lo up; ip addr add 10.91.2.2/24 dev gateway; ip link set gateway up'
echo 127.0.0.1 localhost > hosts.client
{ echo 127.0.0.1 localhost; echo 10.91.2.2 kontrol.test; } > hosts
: > resolv.conf
in_machine $client mount --bind "$PWD/hosts.client" /etc/hosts
in_machine $client mount --bind "$PWD/resolv.conf" /etc/resolv.conf
in_machine $server mount --bind "$PWD/hosts" /etc/hosts
mount --bind "$PWD/hosts" /etc/hosts
tinyproxy -d -c "$PWD/tinyproxy.conf" &
microsocks -i 10.91.1.1 -p 1080 > /dev/null 2>&1 &
squid -N -f "$PWD/squid.conf" > squid/out 2>&1 &
for port in 3128 8888 1080; do
  until (exec 3<>/dev/tcp/10.91.1.1/$port) 2> /dev/null; do
    [ $(jobs -pr | wc -l) = 5 ] || { cat squid/out; exit 1; } >&2
    sleep 0.02
  done
done
echo "$client $server"
cat > /dev/null
`;

/** The rules of Debian's Squid: tunnels to port 443 only, requests also to unprivileged ports. */
function squidConfig(folder: string): string {
  return `http_port ${GATEWAY}:3128
acl SSL_ports port 443
acl Safe_ports port 80 443 1025-65535
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access allow all
visible_hostname gateway
access_log stdio:${folder}/squid/log
cache_log /dev/null
pid_filename none
cache deny all
hosts_file ${folder}/hosts
shutdown_lifetime 0 seconds
`;
}

/** The configuration of Debian's tinyproxy. */
function tinyproxyConfig(folder: string): string {
  return `Port 8888
Listen ${GATEWAY}
Timeout 600
MaxClients 100
LogLevel Connect
LogFile "${folder}/tinyproxy/log"
`;
}

export type Machine = 'client' | 'server';

export class ProxiedNetwork {
  readonly folder: string;
  readonly #holder: ChildProcess;
  readonly #pids: Readonly<Record<Machine, string>>;

  private constructor(folder: string, holder: ChildProcess, pids: Readonly<Record<Machine, string>>) {
    this.folder = folder;
    this.#holder = holder;
    this.#pids = pids;
  }

  static async create(): Promise<ProxiedNetwork> {
    const folder = mkdtempSync(join(tmpdir(), 'kitectl-network-'));
    // Squid drops its privileges.
    chmodSync(folder, 0o755);
    for (const name of ['client', 'server', 'squid', 'tinyproxy']) mkdirSync(join(folder, name));
    chmodSync(join(folder, 'squid'), 0o777);
    writeFileSync(join(folder, 'squid.conf'), squidConfig(folder));
    writeFileSync(join(folder, 'tinyproxy.conf'), tinyproxyConfig(folder));
    const holder = spawn('unshare', ['--net', '--mount', 'bash', '-c', SCRIPT], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const running = new Running(holder);
    await running.until(({ stdout }) => stdout.includes('\n'));
    const [client = '', server = ''] = running.stdout.trim().split(' ');
    return new ProxiedNetwork(folder, holder, { client, server });
  }

  /** Starts the built program on a machine. Each machine has a home. */
  start(machine: Machine, args: readonly string[], options: RunOptions = {}): Running {
    return this.node(machine, [bin, ...args], options);
  }

  /** Starts Node on a machine. */
  node(machine: Machine, args: readonly string[], { env, input }: RunOptions = {}): Running {
    const home = join(this.folder, machine);
    const enter = ['--target', this.#pids[machine], '--net', '--mount', `--wd=${home}`, '--', process.execPath];
    const child = spawn('nsenter', [...enter, ...args], {
      cwd: home,
      env: cleanEnv(home, env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    if (input !== undefined) child.stdin.end(input);
    return new Running(child);
  }

  run(machine: Machine, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.start(machine, args, { input: '', ...options }).outcome;
  }

  /** The number of requests to the server that a proxy has logged. */
  requests(proxy: 'squid' | 'tinyproxy'): number {
    const log = readFileSync(join(this.folder, proxy, 'log'), 'utf8');
    return log.split(/(?:CONNECT |http:\/\/)kontrol\.test/).length - 1;
  }

  /** Resolves when a proxy has logged more requests than `count`. */
  async requested(proxy: 'squid' | 'tinyproxy', count: number): Promise<void> {
    const changes = watch(join(this.folder, proxy));
    if (this.requests(proxy) > count) return;
    for await (const _ of changes) if (this.requests(proxy) > count) return;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#holder.once('close', resolve));
    this.#holder.stdin?.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
