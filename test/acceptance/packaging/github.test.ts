import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../helpers/cli/cli-harness.js';
import { NEEDS, needsOfTests, portableTests } from '../../needs.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly 'runs-on': string;
  readonly container?: { readonly image: string; readonly options: string };
  readonly 'timeout-minutes'?: number;
  readonly strategy: { readonly matrix: { readonly os?: string[]; readonly node: number[] } };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Form {
  readonly name: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: {
      readonly label?: string;
      readonly value?: string;
      readonly options?: readonly unknown[];
    };
  }[];
}

const github = join(root, '.github');

const read = (...names: string[]) => readFile(join(root, ...names), 'utf8');

/** The content of all YAML files in a folder, by name. A duplicate key or an unknown anchor throws. */
async function yamlIn(folder: string): Promise<[string, unknown][]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name));
  return Promise.all(
    names.map(
      async (name): Promise<[string, unknown]> => [
        name,
        parse(await readFile(join(folder, name), 'utf8'), { strict: true }),
      ],
    ),
  );
}

const workflows = async () => (await yamlIn(join(github, 'workflows'))) as [string, Workflow][];

const steps = async () =>
  (await workflows()).flatMap(([, { jobs }]) => Object.values(jobs).flatMap((job) => job.steps));

describe('the workflows of GitHub', () => {
  it('the workflows run programs of the repository and npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const lines = (await steps()).flatMap(({ run }) => run?.trim().split('\n') ?? []);
    const commands = lines.map((line) => {
      const script = /^npm (?:run )?([\w:-]+)$/.exec(line)?.[1] ?? '';
      if (script === 'ci') return line;
      const exists = script === '' ? existsSync(join(root, line.split(' ')[0] ?? '')) : script in scripts;
      expect([line, exists]).toEqual([line, true]);
      return line;
    });
    expect(commands).toEqual(
      expect.arrayContaining(['test/install.sh', 'npm test', 'npm run test:portable']),
    );
  });

  it('the workflows use actions of a pinned major version', async () => {
    const actions = (await steps()).flatMap(({ uses }) => uses ?? []);
    expect(actions).toContain('actions/checkout@v6');
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/);
  });

  it('the workflows test Node 20, 22 and 24 on Linux, macOS and Windows, with limits on time and permissions', async () => {
    for (const [name, { on, permissions, jobs }] of await workflows()) {
      expect([name, Object.keys(on).length > 0, permissions]).toEqual([name, true, { contents: 'read' }]);
      for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
    const jobs = Object.values(new Map(await workflows()).get('ci.yml')?.jobs ?? {});
    const systems = jobs.flatMap((job) => job.strategy.matrix.os ?? job['runs-on']);
    expect(new Set(systems)).toEqual(new Set(['ubuntu-latest', 'macos-latest', 'windows-latest']));
    for (const job of jobs) expect(job.strategy.matrix.node).toEqual([20, 22, 24]);
    // What test/install.sh installs comes from Debian.
    const installing = jobs.filter((job) => job.steps.some(({ run }) => run === 'test/install.sh'));
    // Tests make mounts, users and network namespaces.
    expect(installing.map(({ container }) => container)).toEqual([
      { image: 'node:${{ matrix.node }}-bookworm', options: '--privileged' },
    ]);
  });

  it('the workflows are marked as never run as long as CONTRIBUTING.md is', async () => {
    const marked = (await read('.github', 'workflows', 'ci.yml')).includes('has not been run yet');
    expect((await read('CONTRIBUTING.md')).includes('has not been run yet')).toBe(marked);
  });
});

describe('the portable tests', () => {
  it('the portable tests include more files on a system with more features, and every need has a test', () => {
    const tests = needsOfTests();
    const all = [...tests.keys()];
    for (const need of NEEDS) {
      const needing = all.filter((test) => tests.get(test)?.includes(need));
      expect([need.name, needing.length > 0]).toEqual([need.name, true]);
    }
    const [linux, darwin, win32] = (['linux', 'darwin', 'win32'] as const).map(portableTests);
    expect(linux).toEqual(expect.arrayContaining(darwin ?? []));
    expect(darwin).toEqual(expect.arrayContaining(win32 ?? []));
    expect(win32?.length).toBeGreaterThan(all.length / 2);
    expect(linux?.length).toBeLessThan(all.length);
  });

  it('the portable tests exclude each test that starts a server from Debian', () => {
    const linux = portableTests('linux');
    for (const word of ['postgres-conformance', 'etcd-conformance', 'keychain.test', 'browser/ui.test']) {
      const [path] = [...needsOfTests().keys()].filter((test) => test.includes(word));
      expect([word, path !== undefined, linux.includes(path ?? '')]).toEqual([word, true, false]);
    }
  });

  it('CONTRIBUTING.md lists the needs of the tests that are not portable', async () => {
    const names = { linux: 'Linux', darwin: 'macOS' } as const;
    const rows = NEEDS.map(({ name, systems }) => {
      const list = systems.map((system) => (system in names ? names[system as keyof typeof names] : system));
      return `| ${name} | ${list.join(', ') || '–'} |`;
    });
    expect(await read('CONTRIBUTING.md')).toContain(rows.join('\n'));
  });
});

describe('the forms of GitHub', () => {
  const TYPES = new Set(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']);

  it('the issue forms have a title, and fields of a known type with distinct ids', async () => {
    const forms = (await yamlIn(join(github, 'ISSUE_TEMPLATE'))) as [string, Form][];
    expect(forms.map(([name]) => name).toSorted()).toEqual(['bug.yml', 'config.yml', 'feature.yml']);
    for (const [name, { description, labels, body }] of forms.filter(([each]) => each !== 'config.yml')) {
      expect([name, description.length > 0, labels.length]).toEqual([name, true, 1]);
      const fields = body.filter(({ type }) => type !== 'markdown');
      expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
      for (const { type, attributes } of body) {
        expect(TYPES).toContain(type);
        expect(type === 'markdown' ? attributes.value : attributes.label).toBeTruthy();
        if (type === 'dropdown' || type === 'checkboxes')
          expect(attributes.options?.length).toBeGreaterThan(1);
      }
    }
  });

  it('the repository has a pull request template, dependency updates and owners of existing files', async () => {
    const dependabot = parse(await read('.github', 'dependabot.yml'), { strict: true }) as {
      version: number;
      updates: { 'package-ecosystem': string; schedule: { interval: string } }[];
    };
    expect(dependabot.version).toBe(2);
    expect(dependabot.updates.map((update) => update['package-ecosystem'])).toEqual([
      'npm',
      'github-actions',
    ]);
    for (const { schedule } of dependabot.updates) expect(schedule.interval).toBe('weekly');

    expect(await read('.github', 'pull_request_template.md')).toContain('npm test');
    const owned = (await read('.github', 'CODEOWNERS'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(owned.length).toBeGreaterThan(1);
    for (const line of owned) {
      const [pattern = '', ...owners] = line.split(/\s+/);
      expect([line, pattern === '*' || existsSync(join(root, pattern))]).toEqual([line, true]);
      for (const owner of owners) expect(owner).toMatch(/^@[\w-]+\/[\w-]+$/);
      expect(owners.length).toBeGreaterThan(0);
    }
  });
});
