import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnv, root } from '../../helpers/cli/cli-harness.js';
import { TestKite } from '../../helpers/cli/cli-kite.js';

const run = promisify(execFile);

/** npm with the user's configuration, which may select a registry. */
const npm = (args: string[], cwd: string) => run('npm', args, { cwd, env: process.env });

let folder: string;
let prefix: string;
let tarball: string;
let packed: string[];
let remote: TestKite;

/** The output of a development tool. A tool that finds a fault exits with another code than 0, which rejects. */
async function tool(name: string, script: string, args: string[]): Promise<string> {
  const program = join(root, 'node_modules', name, script);
  const { stdout } = await run(process.execPath, [program, ...args], { cwd: folder, env: cleanEnv(folder) });
  return stdout;
}

/** Compiles a folder, and returns the errors. */
function compile(path: string): Promise<string> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return run(process.execPath, [tsc, '--project', path, '--pretty', 'false']).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
}

/** Runs an installed program outside this repository. */
function installed(command: string, args: string[]) {
  return run(join(prefix, 'bin', command), args, { cwd: folder, env: cleanEnv(folder) });
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'kitectl-pack-')));
  prefix = join(folder, 'prefix');
  await mkdir(prefix);
  // npm test has built dist/, and other tests run from it.
  const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root);
  const [manifest] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  packed = manifest.files.map(({ path }) => path);
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  tarball = join(folder, name);
  await npm(
    ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', tarball],
    folder,
  );
  // A session over XHR outlives its client by this delay.
  remote = new TestKite({ limits: { disconnectDelay: 2000 } });
  await remote.kite.listen();
}, 600_000);

afterAll(async () => {
  await remote.kite.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the published package', () => {
  it('the published package contains the required files and no others', () => {
    for (const path of [
      'bin/run.js',
      'bin/package.json',
      'dist/cli.cjs',
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'dist/lib/browser.d.ts',
      'dist/lib/kontrol.d.ts',
      'dist/lib/proxy.d.ts',
      'dist/browser/kitectl.js',
      'dist/browser/kitectl.esm.js',
      'examples/math.ts',
      'examples/README.md',
      'examples/browser/server.ts',
      'examples/browser/index.html',
      'examples/browser/page.css',
      'oclif.manifest.json',
      'LICENSE',
      'README.md',
    ]) {
      expect(packed).toContain(path);
    }
    expect(packed.filter((path) => /^(src|test|bench|scripts|node_modules)\//.test(path))).toEqual([]);
  });

  it('the published package passes publint', async () => {
    expect(await tool('publint', 'src/cli.js', ['run', tarball, '--strict'])).toContain('All good!');
  });

  it('the published package has types that resolve like its code, from ES modules and in bundlers', async () => {
    const flags = ['--no-definitely-typed', '--format', 'ascii', '--profile', 'esm-only'];
    // Scripts for <script src>, which no program imports.
    const scripts = ['kitectl', 'kitectl-core', 'kitectl-service', 'kitectl-webrtc'].map(
      (name) => `browser/${name}.js`,
    );
    const report = await tool('@arethetypeswrong/cli', 'dist/index.js', [
      tarball,
      ...flags,
      '--exclude-entrypoints',
      ...scripts,
    ]);
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: object };
    const entryPoints = Object.keys(exports).filter((path) => !scripts.includes(path.slice(2)));
    expect(entryPoints.length).toBeGreaterThan(4);
    for (const path of entryPoints) expect(report).toContain(`"kitectl${path.slice(1)}"`);
  });

  it('the published package installs a working kitectl globally', async () => {
    expect((await installed('kitectl', ['--version'])).stdout).toMatch(/^kitectl\/\d+\.\d+\.\d+ /);
    expect((await installed('kitectl', ['help', 'call'])).stdout).toContain('kitectl call square 4');
    expect(await installed('kitectl', ['call', 'square', '4', '--to', remote.url])).toEqual({
      stdout: '16\n',
      stderr: '',
    });
    await installed('kitectl', ['keygen', '--tls', '--out', 'keys']);
    expect((await readdir(join(folder, 'keys'))).toSorted()).toEqual(['cert.pem', 'key.pem', 'key_pub.pem']);
  });

  it('kitectl rebuilds its code caches for a Node version that it was not built for', async () => {
    const home = join(prefix, 'lib', 'node_modules', 'kitectl');
    const caches = join(home, 'dist', 'code-cache');
    const [before] = await readdir(caches);
    await rm(caches, { recursive: true });
    await run(process.execPath, [join(home, 'bin', 'code-cache.mjs')], { env: cleanEnv(folder) });
    expect(await readdir(caches)).toEqual([before]);
    expect((await installed('kitectl', ['--version'])).stdout).toMatch(/^kitectl\//);
  });

  it('a program imports the published package as a library', async () => {
    const program = join(folder, 'program');
    await mkdir(program);
    await symlink(join(prefix, 'lib', 'node_modules'), join(program, 'node_modules'), 'junction');
    await writeFile(
      join(program, 'main.mjs'),
      `import { Kite, isKiteError } from 'kitectl';
      import { Kite as PageKite } from 'kitectl/browser';
      const kite = new Kite('caller', '1.0.0', { kiteKey: false });
      const client = kite.newClient(process.argv[2]);
      await client.dial();
      console.log(await client.tell('square', 5));
      console.log(await client.tell('fail').catch((error) => isKiteError(error, 'tooBad') && error.code));
      await kite.close();
      // Modules for pages run in every runtime with fetch.
      const page = new PageKite('page', '1.0.0', { transport: 'XHRPolling' });
      const polling = page.newClient(process.argv[2]);
      await polling.dial();
      console.log(await polling.tell('square', 6));
      await page.close();`,
    );
    const { stdout } = await run(process.execPath, ['main.mjs', remote.url], {
      cwd: program,
      env: cleanEnv(folder),
    });
    expect(stdout).toBe('25\nE42\n36\n');
  });

  it('a program runs a Kontrol and proxies of the published package', async () => {
    const program = join(folder, 'servers');
    await mkdir(program);
    await symlink(join(prefix, 'lib', 'node_modules'), join(program, 'node_modules'), 'junction');
    await writeFile(
      join(program, 'main.mjs'),
      `import { Kite } from 'kitectl';
      import { Kontrol, openPolicy, openStorage } from 'kitectl/kontrol';
      import { ReverseProxy, TunnelProxy } from 'kitectl/proxy';
      const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
      const common = { port: 0, env: {}, logger };
      const kontrol = new Kontrol({ ...common, storage: openStorage({ type: 'memory' }), policy: openPolicy() });
      await kontrol.listen();
      const kiteKey = await kontrol.newKiteKey('kontrol');
      const proxies = [new ReverseProxy({ ...common, kiteKey }), new TunnelProxy({ ...common, kiteKey })];
      for (const proxy of proxies) await proxy.listen();
      for (const [index, method] of ['registerToProxy', 'registerToTunnel'].entries()) {
        const kite = new Kite('math', '1.0.0', { ...common, kiteKey });
        kite.handle('square', ({ args: [n] }) => n * n);
        await kite.listen();
        const { url } = await kite[method]();
        const client = kite.newClient(url, { auth: { type: 'kiteKey', key: kiteKey } });
        await client.dial();
        console.log(await client.tell('square', 7), proxies[index].status().kites.length, kontrol.status().kites);
        await kite.close();
      }
      for (const proxy of proxies) await proxy.close({ drainTimeout: 0 });
      await kontrol.close();`,
    );
    const { stdout, stderr } = await run(process.execPath, ['main.mjs'], {
      cwd: program,
      env: cleanEnv(folder),
    });
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^49 1 [34]$/),
      expect.stringMatching(/^49 1 [345]$/),
      '',
    ]);
  });

  it('a CommonJS program requires the published package', async () => {
    const program = join(folder, 'commonjs');
    await mkdir(program);
    await symlink(join(prefix, 'lib', 'node_modules'), join(program, 'node_modules'), 'junction');
    await writeFile(
      join(program, 'main.cjs'),
      "const { Kite } = require('kitectl'); console.log(new Kite('caller', '1.0.0', { kiteKey: false }).identity.name);",
    );
    const { stdout } = await run(process.execPath, ['main.cjs'], { cwd: program, env: cleanEnv(folder) });
    expect(stdout).toBe('caller\n');
  });

  it('the type tests compile with the declarations of the published package', async () => {
    const program = join(folder, 'types');
    const modules = join(program, 'node_modules');
    await mkdir(modules, { recursive: true });
    // What a program that has installed these packages finds, and the published package instead of this repository.
    for (const name of await readdir(join(root, 'node_modules')))
      if (name !== 'kitectl') await symlink(join(root, 'node_modules', name), join(modules, name));
    await symlink(join(prefix, 'lib', 'node_modules', 'kitectl'), join(modules, 'kitectl'), 'junction');
    await writeFile(join(program, 'package.json'), '{"type":"module"}');
    const tests = join(root, 'test', 'types');
    const names = (await readdir(tests)).filter((name) => name.endsWith('.ts'));
    const texts = await Promise.all(names.map((name) => readFile(join(tests, name), 'utf8')));
    await Promise.all(names.map((name, index) => writeFile(join(program, name), texts[index] ?? '')));
    await writeFile(
      join(program, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { lib: ['ES2023', 'DOM', 'DOM.Iterable'], typeRoots: [join(modules, '@types')] },
        include: ['*.ts'],
        exclude: [],
      }),
    );
    expect(await compile(program)).toBe('');
    const count = (pattern: RegExp): number => texts.join('\n').match(pattern)?.length ?? 0;
    const wrong = count(/@ts-expect-error/g);
    const right = count(/\bexpectTypeOf\b\(?</g) + count(/\bexpectTypeOf\(/g);
    console.log(`type tests of the package: ${right} assertions, ${wrong} lines that must not compile`);
    expect(wrong).toBeGreaterThan(60);
    expect(right).toBeGreaterThan(60);
  });

  it('the declarations of the published package have no errors, for Node and for pages', async () => {
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      exports: Readonly<Record<string, string | { readonly types?: string }>>;
    };
    const entryPoints = Object.entries(exports)
      .filter(([, target]) => typeof target === 'object' && target.types !== undefined)
      .map(([path]) => `kitectl${path.slice(1)}`);
    for (const platform of ['node', 'page'] as const) {
      const program = join(folder, `declarations-${platform}`);
      await mkdir(program);
      await symlink(join(prefix, 'lib', 'node_modules'), join(program, 'node_modules'), 'junction');
      await writeFile(join(program, 'package.json'), '{"type":"module"}');
      const isForPages = (path: string): boolean => path.startsWith('kitectl/browser');
      const lines = entryPoints
        .filter((path) => isForPages(path) === (platform === 'page'))
        .map((path, index) => `export * as part${index} from '${path}';`);
      await writeFile(join(program, 'main.ts'), lines.join('\n'));
      const forNode = {
        module: 'NodeNext',
        types: ['node'],
        typeRoots: [join(root, 'node_modules', '@types')],
      };
      const forPages = { module: 'ESNext', moduleResolution: 'Bundler', types: [] };
      const compilerOptions = {
        target: 'ES2022',
        lib: platform === 'node' ? ['ES2023'] : ['ES2023', 'DOM', 'DOM.Iterable'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        ...(platform === 'node' ? forNode : forPages),
      };
      await writeFile(
        join(program, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, include: ['main.ts'] }),
      );
      expect(await compile(program)).toBe('');
    }
  });
});
