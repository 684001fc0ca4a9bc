/**
 * What tests need of the system. `npm test` runs all tests, and test/install.sh installs their needs; `npm run
 * test:portable` runs those that need nothing but Node and the features of the current system.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Need {
  readonly name: string;
  /** The systems that have it without test/install.sh. */
  readonly systems: readonly NodeJS.Platform[];
  /** Whether a file that a test uses has this need. */
  readonly isIn: (file: TestFile) => boolean;
}

interface TestFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../', import.meta.url));

/** The class `Cli`: the test shows which of its features it uses. */
const HARNESS = 'test/helpers/cli/cli-harness.ts';

function isFile(path: string): Need['isIn'] {
  return (file) => file.path === path;
}

function says(pattern: RegExp): Need['isIn'] {
  return ({ path, text }) => path !== HARNESS && pattern.test(text);
}

export const NEEDS: readonly Need[] = [
  { name: 'PostgreSQL', systems: [], isIn: isFile('test/helpers/storage/postgres-server.ts') },
  { name: 'PgBouncer', systems: [], isIn: isFile('test/helpers/storage/pgbouncer.ts') },
  { name: 'nginx or HAProxy', systems: [], isIn: isFile('test/helpers/balancers/balancer.ts') },
  {
    name: 'Squid, tinyproxy or microsocks',
    systems: [],
    isIn: isFile('test/helpers/transport/proxied-network.ts'),
  },
  { name: 'etcd', systems: [], isIn: isFile('test/helpers/storage/etcd-server.ts') },
  { name: 'a keychain', systems: [], isIn: isFile('test/helpers/cli/desktop.ts') },
  { name: 'Chromium', systems: [], isIn: isFile('test/helpers/browser/chromium.ts') },
  { name: 'root', systems: [], isIn: isFile('test/helpers/cli/other-user.ts') },
  {
    name: 'mounts, users or network namespaces, as root',
    systems: [],
    isIn: (file) => isFile('test/helpers/process/mounts.ts')(file) || says(/\bunshare |'setpriv'/)(file),
  },
  { name: 'tmux', systems: [], isIn: isFile('test/helpers/cli/tmux.ts') },
  { name: 'jq, zsh or fish', systems: [], isIn: says(/\| jq |'jq |\bfish -|'fish', \[/) },
  {
    name: 'script of util-linux',
    systems: ['linux'],
    isIn: says(/'script',|\.(?:terminal|startTerminal|typed)\(/),
  },
  { name: '/proc or /dev/full', systems: ['linux'], isIn: says(/\/proc\/|\/dev\/full/) },
  {
    name: 'a POSIX shell',
    systems: ['linux', 'darwin'],
    isIn: says(/\.shell\(|'bash'|'sh'|#!\/bin\/sh|--exec/),
  },
  { name: 'signals', systems: ['linux', 'darwin'], isIn: says(/\bSIG(?:TERM|INT|HUP|STOP|CONT)\b/) },
  { name: 'file modes', systems: ['linux', 'darwin'], isIn: says(/\bchmod|\bumask\b|\b0o[0-7]{3}\b/) },
  { name: 'npm as a program', systems: ['linux', 'darwin'], isIn: says(/\('npm'/) },
];

/** The paths of all tests with their needs. */
export function needsOfTests(): ReadonlyMap<string, readonly Need[]> {
  const files = new Map<string, TestFile>();
  for (const name of readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const path = `test/${name.replaceAll('\\', '/')}`;
    files.set(path, { path, text: readFileSync(join(root, path), 'utf8') });
  }
  const tests = [...files.keys()].filter((path) => path.endsWith('.test.ts')).toSorted();
  return new Map(
    tests.map((test) => {
      const taking = withImports(test, files);
      return [test, NEEDS.filter(({ isIn }) => taking.some((file) => isIn(file)))];
    }),
  );
}

/** The tests that need only what a system has. */
export function portableTests(system: NodeJS.Platform): string[] {
  return [...needsOfTests()]
    .filter(([, needs]) => needs.every(({ systems }) => systems.includes(system)))
    .map(([path]) => path);
}

/** A file, and all files of test/ that it imports, directly or not. */
function withImports(path: string, files: ReadonlyMap<string, TestFile>): TestFile[] {
  const found = new Map<string, TestFile>();
  const queue = [path];
  for (const each of queue) {
    const file = files.get(each);
    if (!file || found.has(each)) continue;
    found.set(each, file);
    for (const [, specifier = ''] of file.text.matchAll(/from '(\.[^']+)\.js'/g)) {
      queue.push(relative(root, join(root, dirname(each), `${specifier}.ts`)).replaceAll('\\', '/'));
    }
  }
  return [...found.values()];
}
