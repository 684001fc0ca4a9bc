import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { install, type InstallOptions } from '../../../../src/lib/cli/kites/install.js';
import { kiteEntries, type TarEntry, tarGz } from '../../../helpers/tar.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

const MANIFEST = 'https://kites.test/bob/math/.kite.json';
const ARCHIVE = 'https://kites.test/bob/math/math.tar.gz';

/** A home folder, and a fake web server. */
class World {
  readonly home = temporaryFolder();
  readonly pages = new Map<string, () => Response>();
  readonly requested: string[] = [];
  readonly stdout = new Sink();

  publish(archive: Buffer, changes: object = {}): this {
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const manifest = {
      name: 'math',
      version: '1.0.0',
      platforms: { any: 'math.tar.gz' },
      sha256,
      ...changes,
    };
    this.pages.set(MANIFEST, () => new Response(JSON.stringify(manifest)));
    this.pages.set(ARCHIVE, () => new Response(archive));
    return this;
  }

  redirect(from: string, to: string): this {
    this.pages.set(from, () => new Response(null, { status: 302, headers: { location: to } }));
    return this;
  }

  install(options: Partial<InstallOptions> = {}): Promise<void> {
    const fetch = async (url: string): Promise<Response> => {
      this.requested.push(url);
      return this.pages.get(url)?.() ?? new Response(null, { status: 404 });
    };
    return install(
      {
        source: MANIFEST,
        sha256: undefined,
        insecure: false,
        force: false,
        format: undefined,
        fetch: fetch as typeof globalThis.fetch,
        ...options,
      },
      testRuntime({ env: { KITE_HOME: this.home }, stdout: this.stdout }),
    );
  }

  /** The error of an installation, which leaves no files. */
  async failure(
    options: Partial<InstallOptions> = {},
  ): Promise<{ text: string; exitCode: number } | undefined> {
    const failure = await this.install(options).then(
      () => undefined,
      (error: unknown) => error as { message: string; hint: string; exitCode: number },
    );
    expect(this.stdout.text).toBe('');
    expect(existsSync(join(this.home, 'kites')) ? readdirSync(join(this.home, 'kites')) : []).toEqual([]);
    return failure && { text: `${failure.message} ${failure.hint}`, exitCode: failure.exitCode };
  }
}

const saying = (reason: string, exitCode = 1): object => ({
  text: expect.stringContaining(reason) as string,
  exitCode,
});

const good = tarGz(kiteEntries(':'));

describe('installing a kite', () => {
  it('install puts the whole kite into its folder', async () => {
    const world = new World().publish(good);
    await world.install({ format: 'json' });
    const path = join(world.home, 'kites/kites.test/bob/math/1.0.0');
    expect(JSON.parse(world.stdout.text)).toEqual({
      name: 'math',
      domain: 'kites.test',
      user: 'bob',
      repo: 'math',
      version: '1.0.0',
      path,
      program: join(path, 'bin/math'),
    });
    expect(readdirSync(path).toSorted()).toEqual(['.kite.json', 'bin']);
    expect(readdirSync(join(world.home, 'kites'))).toEqual(['kites.test']);
  });

  it('install gets the manifest of a repository from GitHub', async () => {
    const world = new World().publish(good, { platforms: { any: ARCHIVE } });
    const manifest = 'https://raw.githubusercontent.com/bob/math.kite/HEAD/.kite.json';
    world.pages.set(manifest, world.pages.get(MANIFEST) ?? (() => new Response()));
    await world.install({ source: 'github.com/bob/math.kite' });
    expect(world.requested).toEqual([manifest, ARCHIVE]);
    expect(world.stdout.text).toContain('Installed github.com/bob/math.kite/1.0.0.');
  });

  it('install replaces an existing version only with --force, which it checks before the download', async () => {
    const world = new World().publish(good);
    await world.install();
    await expect(world.install()).rejects.toMatchObject({ exitCode: 3 });
    expect(world.requested.filter((url) => url === ARCHIVE)).toHaveLength(1);
    await world.install({ force: true });
  });

  it('install keeps the existing version if the new one is invalid', async () => {
    const world = new World().publish(good);
    await world.install();
    world.publish(tarGz([{ path: '../evil' }]));
    await expect(world.install({ force: true })).rejects.toThrow('outside the kite');
    expect(existsSync(join(world.home, 'kites/kites.test/bob/math/1.0.0/bin/math'))).toBe(true);
  });

  it('install requires a digest and an archive that matches it, even with --force', async () => {
    const digest = createHash('sha256').update(good).digest('hex');
    const untold = new World().publish(good, { sha256: undefined });
    expect(await untold.failure()).toEqual(saying('--insecure'));
    expect(untold.requested).not.toContain(ARCHIVE);
    await untold.install({ sha256: digest.toUpperCase() });
    await untold.install({ insecure: true, force: true });
    const other = new World().publish(good, { sha256: 'ab'.repeat(32) });
    expect(await other.failure()).toEqual(saying('The sha256 of the archive is'));
    expect(await other.failure({ insecure: true })).toEqual(saying('The sha256 of the archive is'));
    expect(await new World().publish(good).failure({ sha256: 'cd'.repeat(32) })).toEqual(
      saying('The sha256 of the archive is'),
    );
    expect(await new World().publish(good).failure({ sha256: 'abc' })).toEqual(
      saying('64 hexadecimal digits'),
    );
  });

  it('install rejects http URLs', async () => {
    const plain = 'http://kites.test/math.tar.gz';
    const world = new World().publish(good, { platforms: { any: plain } });
    expect(await world.failure()).toEqual(saying('not served over https'));
    world.publish(good).redirect(ARCHIVE, plain);
    expect(await world.failure()).toEqual(saying('redirects to http://kites.test/math.tar.gz'));
    world.redirect(MANIFEST, plain);
    expect(await world.failure()).toEqual(saying('redirects to'));
    expect(world.requested.filter((url) => url.startsWith('http:'))).toEqual([]);
    expect(await world.failure({ source: MANIFEST.replace('https', 'http') })).toEqual(saying('https', 2));
  });

  it('install limits the number of redirects', async () => {
    const world = new World().redirect(MANIFEST, '/bob/math/.kite.json');
    expect(await world.failure()).toEqual(saying('more than 5 times'));
    expect(world.requested).toHaveLength(6);
    world.requested.length = 0;
    const limits = { redirects: 1 };
    expect(await world.failure({ limits })).toEqual(saying('more than 1 times'));
    expect(world.requested).toHaveLength(2);
  });

  it('install prints no secrets of a URL', async () => {
    const world = new World();
    const source = 'https://kites.test/x?token=secret';
    expect(await world.failure({ source })).toEqual(saying('https://kites.test/x was not found', 5));
    for (const manifest of [
      '{}',
      '{"name":"x","version":"1.0.0"}',
      '{"name":"x","version":"1.0.0","platforms":{"any":"a"}}',
    ]) {
      world.pages.set(source, () => new Response(manifest));
      expect((await world.failure({ source }))?.text).not.toContain('secret');
    }
  });

  it('install rejects a download above the size limit, also without a declared size', async () => {
    const world = new World().publish(good);
    expect(await world.failure({ limits: { manifestBytes: 10 } })).toEqual(saying('larger than 10 bytes'));
    expect(await world.failure({ limits: { archiveBytes: 100 } })).toEqual(saying('larger than 100 bytes'));
    const headers = { 'content-length': '101' };
    world.pages.set(ARCHIVE, () => new Response(new ReadableStream(), { headers }));
    expect(await world.failure({ limits: { archiveBytes: 100 } })).toEqual(saying('larger than 100 bytes'));
  });

  it.each([
    ['returns an error status', () => new Response(null, { status: 503 }), '(HTTP 503)', 6],
    ['does not answer', () => Promise.reject(new TypeError('fetch failed')), 'cannot be reached', 6],
    [
      'aborts the response',
      () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error('reset')) })),
      'closed the connection early: reset',
      6,
    ],
  ])('install leaves no files if the server %s', async (_title, page, reason, exitCode) => {
    const world = new World().publish(good);
    world.pages.set(ARCHIVE, page as () => Response);
    expect(await world.failure()).toEqual(saying(reason, exitCode));
  });

  it.each<[string, TarEntry[]]>([
    ['a path with ..', [{ path: '../../../../../../evil', content: 'x' }]],
    ['a link to the outside', [{ path: 'math-1.0.0.kite/l', type: '2', link: '../../../../evil' }]],
    ['a device', [{ path: 'math-1.0.0.kite/zero', type: '3' }]],
    ['a set-uid program', [{ path: 'math-1.0.0.kite/bin/su', mode: 0o4755, content: 'x' }]],
  ])('install rejects an archive with %s and leaves no files', async (_title, hostile) => {
    expect(await new World().publish(tarGz([...kiteEntries(':'), ...hostile])).failure()).toEqual(
      saying('is not allowed in a kite'),
    );
  });

  it.each([
    ['no program', tarGz(kiteEntries(':', { name: 'other' })), 'no program bin/math'],
    ['a program that is a folder', tarGz([{ path: 'x/bin/math/file' }]), 'no program bin/math'],
    ['a program at another path', tarGz([{ path: 'x/bin/math', type: '2', link: 'sh' }]), 'no program'],
    ['no archive', Buffer.from('no archive'), 'not a tar.gz'],
  ])('install rejects an archive with %s', async (_title, archive, reason) => {
    expect(await new World().publish(archive).failure()).toEqual(saying(reason));
  });

  it.each([
    ['a name that leaves the folder', { name: '../../evil' }, 'no valid "name"'],
    ['a version that leaves the folder', { version: '../../../evil' }, '1.2.3'],
    ['no archive for this platform', { platforms: { plan9_386: 'x' } }, 'only for plan9_386'],
    ['an archive that is not a URL', { platforms: { any: 'https://' } }, 'invalid archive URL'],
  ])('install rejects a manifest with %s', async (_title, changes, reason) => {
    expect(await new World().publish(good, changes).failure()).toEqual(saying(reason));
  });

  it('install removes the files of a killed installation after a day', async () => {
    const world = new World().publish(good);
    const [old, young] = ['old', 'young'].map((name) => join(world.home, 'kites', `.staging-${name}`));
    for (const folder of [old, young]) mkdirSync(folder ?? '', { recursive: true });
    const before = Date.now() / 1000 - 90_000;
    utimesSync(old ?? '', before, before);
    await world.install();
    expect(readdirSync(join(world.home, 'kites')).toSorted()).toEqual(['.staging-young', 'kites.test']);
  });
});
