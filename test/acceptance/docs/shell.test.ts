import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../helpers/cli/cli-harness.js';
import { Manifest } from '../../helpers/docs/manifest-check.js';
import type { Document } from '../../helpers/docs/markdown.js';
import { runDocument } from '../../helpers/docs/own-network.js';
import { DONE_BEFORE } from '../../helpers/docs/document-run.js';
import { allDocuments } from '../../helpers/docs/documents.js';
import type { Preparation } from '../../helpers/docs/preparations.js';
import { etcdInstalled } from '../../helpers/storage/etcd-server.js';
import { postgresInstalled } from '../../helpers/storage/postgres-server.js';

/** The blocks of this document are the examples of the help. every-command.test.ts runs them, in a pipe and on a terminal. */
const REFERENCE = 'docs/cli.md';

/** What runs before the first block, as the document says. */
const PREREQUISITES: Readonly<Record<string, readonly Preparation[]>> = {
  'docs/operations.md': ['etcd'],
  'docs/protocol.md': ['math'],
  'docs/proxies.md': ['kontrol'],
  'docs/storage.md': ['postgres', 'etcdCluster'],
};

/** What test/install.sh installs. */
const INSTALLED: Readonly<Partial<Record<Preparation, boolean>>> = {
  etcd: etcdInstalled,
  etcdCluster: etcdInstalled,
  postgres: postgresInstalled,
};

/** A document starts up to a dozen programs, on a machine that may be busy. */
const TIMEOUT = 300_000;

const documents = allDocuments();
const withShell = documents.filter(
  ({ path, blocks }) => path !== REFERENCE && blocks.some(({ language }) => language === 'sh'),
);
const isInstalled = ({ path }: Document): boolean =>
  (PREREQUISITES[path] ?? []).every((preparation) => INSTALLED[preparation] ?? true);

describe('the shell blocks of README and docs', () => {
  let ran = 0;
  let compared = 0;
  afterAll(() => console.log(`docs: ${ran} shell blocks run, ${compared} outputs compared`));

  for (const document of withShell) {
    const { path, blocks } = document;
    const skipped = isInstalled(document) ? '' : ' (skipped: its store is not installed here)';
    const count = (language: string): number => blocks.filter((block) => block.language === language).length;
    it.skipIf(skipped !== '')(
      `the shell blocks of ${path} run from top to bottom${skipped}`,
      async () => {
        const report = await runDocument(path, join(root, path), PREREQUISITES[path] ?? []);
        ran += report.ran;
        compared += report.compared;
        expect(report).toEqual({ problems: [], ran: count('sh'), compared: count('output') });
      },
      TIMEOUT,
    );
  }

  it('every block that is not run contains only commands that .ci/run and npm test run', async () => {
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

  it(`the shell blocks of ${REFERENCE} are the examples of the help, which another test runs`, () => {
    const [reference] = documents.filter(({ path }) => path === REFERENCE);
    const examples = new Set(Manifest.read().examples);
    const blocks = (reference?.blocks ?? []).filter(({ language }) => language === 'sh');
    expect(blocks.map(({ text }) => text).filter((text) => !examples.has(text))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} shell blocks of ${REFERENCE} run by every-command.test.ts`);
  });
});

describe('the runner of documents', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitectl-planted-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function problems(document: string): Promise<readonly string[]> {
    const file = join(folder, 'planted.md');
    await writeFile(file, document.replaceAll("'''", '```'));
    return (await runDocument('planted.md', file, [])).problems;
  }

  it('the runner of documents reports nothing about a document without mistakes', async () => {
    const document = `
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
    expect(await problems(document)).toEqual([]);
  });

  it.each([
    ['a command that fails', "'''sh\ntrue\nfalse\ntrue\n'''", /planted\.md:2: .*exit code 1 of: false/s],
    [
      'output that differs',
      "'''sh\necho 15\n'''\n'''output\n16\n'''",
      /does not print what the document says/,
    ],
    [
      'a program that ends, although it must keep running',
      "'''sh\n# In another terminal\ntrue\n'''\n'''output\nready\n'''",
      /it ended/,
    ],
    [
      'a program that keeps running without output that shows that it is ready',
      "'''sh\n# In another terminal\nsleep 1000\n'''",
      /needs an output block/,
    ],
    [
      'a program that fails after Ctrl-C',
      "'''sh\n# In another terminal\nnode -e 'process.on(\"SIGINT\", () => process.exit(7)); console.log(\"ready\"); setInterval(() => {}, 1e6)'\n'''\n'''output\nready\n'''",
      /at the end: exit code 7 /,
    ],
  ])('the runner of documents reports %s', async (_, document, problem) => {
    expect(await problems(document)).toEqual([expect.stringMatching(problem)]);
  });
});
