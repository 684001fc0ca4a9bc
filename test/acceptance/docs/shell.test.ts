import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';
import { Manifest } from '../../helpers/docs/manifest-check.js';
import type { Page } from '../../helpers/docs/markdown.js';
import { runPage } from '../../helpers/docs/own-network.js';
import { DONE_BEFORE } from '../../helpers/docs/page-run.js';
import { allPages } from '../../helpers/docs/pages.js';
import type { Preparation } from '../../helpers/docs/preparations.js';
import { etcdInstalled } from '../../helpers/storage/etcd-server.js';
import { postgresInstalled } from '../../helpers/storage/postgres-server.js';

/** The page whose blocks are the examples of the help, which every-command.test.ts runs in a pipe and on a terminal. */
const REFERENCE = 'docs/cli.md';

/** What pages take for granted, and say so. */
const TAKEN_FOR_GRANTED: Readonly<Record<string, readonly Preparation[]>> = {
  'docs/operations.md': ['etcd'],
  'docs/protocol.md': ['math'],
  'docs/proxies.md': ['kontrol'],
  'docs/storage.md': ['postgres', 'etcdCluster'],
};

/** What test/install.sh brings. */
const INSTALLED: Readonly<Partial<Record<Preparation, boolean>>> = {
  etcd: etcdInstalled,
  etcdCluster: etcdInstalled,
  postgres: postgresInstalled,
};

/** A page starts a dozen programs, on a machine that may have other things to do. */
const TIMEOUT = 300_000;

const pages = allPages();
const withShell = pages.filter(
  ({ path, blocks }) => path !== REFERENCE && blocks.some(({ language }) => language === 'sh'),
);
const isInstalled = ({ path }: Page): boolean =>
  (TAKEN_FOR_GRANTED[path] ?? []).every((preparation) => INSTALLED[preparation] ?? true);

describe('the shell blocks of README and docs', () => {
  let ran = 0;
  let compared = 0;
  afterAll(() => console.log(`docs: ${ran} shell blocks run, ${compared} outputs compared`));

  for (const page of withShell) {
    const { path, blocks } = page;
    const skipped = isInstalled(page) ? '' : ' (skipped: its store is not installed here)';
    const count = (language: string): number => blocks.filter((block) => block.language === language).length;
    it.skipIf(skipped !== '')(
      `run from top to bottom in ${path}${skipped}`,
      async () => {
        const report = await runPage(path, join(root, path), TAKEN_FOR_GRANTED[path] ?? []);
        ran += report.ran;
        compared += report.compared;
        expect(report).toEqual({ problems: [], ran: count('sh'), compared: count('output') });
      },
      TIMEOUT,
    );
  }

  it('leave to .ci/run and npm test only what these do first', async () => {
    const lines = withShell.flatMap(({ blocks }) =>
      blocks.flatMap(({ text }) => text.match(DONE_BEFORE) ?? []),
    );
    expect([...new Set(lines)].toSorted()).toEqual(['npm ci', 'npm run build']);
    expect(await readFile(join(root, '.ci', 'run'), 'utf8')).toMatch(/^npm ci$/m);
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: { test: string };
    };
    expect(scripts.test).toMatch(/^npm run --silent build && /);
  });

  it(`in ${REFERENCE} are the examples of the help, which are run by a test of their own`, () => {
    const [reference] = pages.filter(({ path }) => path === REFERENCE);
    const examples = new Set(Manifest.read().examples);
    const blocks = (reference?.blocks ?? []).filter(({ language }) => language === 'sh');
    expect(blocks.map(({ text }) => text).filter((text) => !examples.has(text))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} shell blocks of ${REFERENCE} run by every-command.test.ts`);
  });
});

describe('a page with a mistake', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitectl-planted-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function problems(page: string): Promise<readonly string[]> {
    const file = join(folder, 'planted.md');
    await writeFile(file, page.replaceAll("'''", '```'));
    return (await runPage('planted.md', file, [])).problems;
  }

  it('is not found fault with while it has none', async () => {
    const page = `
Save this as \`math.js\`:

'''js
export const square = (n) => n * n;
'''

'''sh
# In another terminal
kitectl serve ./math.js --port 3636 --no-auth --allow-host math.example.com
'''

'''output
… listens at http://127.0.0.1:3636/kite
'''

'''sh
export KITE_TO=http://math.example.com:3636/kite
kitectl call square 4 --auth none
'''

'''output
16
'''

'''sh
# In that terminal, after Ctrl-C
node -e 'console.log("goodbye"); setInterval(() => {}, 1e6)'
'''

'''output
goodbye
'''
`;
    expect(await problems(page)).toEqual([]);
  });

  it.each([
    ['a command that fails', "'''sh\ntrue\nfalse\ntrue\n'''", /planted\.md:2: .*exit code 1 of: false/s],
    ['output that differs', "'''sh\necho 15\n'''\n'''output\n16\n'''", /does not print what the page says/],
    [
      'a program that ends instead of going on',
      "'''sh\n# In another terminal\ntrue\n'''\n'''output\nready\n'''",
      /it ended/,
    ],
    [
      'a program that goes on with nothing that shows that it is ready',
      "'''sh\n# In another terminal\nsleep 1000\n'''",
      /needs a block of output/,
    ],
    [
      'a program that fails in the end',
      "'''sh\n# In another terminal\nnode -e 'process.on(\"SIGINT\", () => process.exit(7)); console.log(\"ready\"); setInterval(() => {}, 1e6)'\n'''\n'''output\nready\n'''",
      /at the end: exit code 7 /,
    ],
  ])('is found fault with for %s', async (_, page, problem) => {
    expect(await problems(page)).toEqual([expect.stringMatching(problem)]);
  });
});
