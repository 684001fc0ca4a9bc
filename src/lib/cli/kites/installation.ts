import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { progressBar, ProgressLine } from '../terminal/progress-line.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { InstallLimits } from './install-limits.js';
import { copyFolder } from './copy-folder.js';
import { downloadFile, downloadText, requireHttps, withoutQuery } from './download.js';
import { programOf } from './installed.js';
import { archiveFor, type Manifest, parseManifest, thisPlatform } from './kite-manifest.js';
import { installPackage } from './npm.js';
import { badSource, checkedPlace, NOBODY, type Place, placeFolder } from './kite-folder.js';
import { placeOfManifest } from './manifest-folder.js';
import type { Source } from './install-source.js';
import { alreadyInstalled, moveIntoPlace } from './staging.js';
import { unpack } from './unpack.js';

export interface InstallationOptions {
  /** The folder of installed kites. */
  readonly kites: string;
  /** The digest that the archive must have; undefined = that of the manifest. */
  readonly digest: string | undefined;
  /** Install also what comes without a digest. */
  readonly insecure: boolean;
  /** Replace the same version. */
  readonly force: boolean;
  readonly limits: InstallLimits;
  readonly fetch: typeof fetch;
}

/** A kite that is ready to be moved to its place. */
interface Ready {
  readonly place: Place;
  readonly folder: string;
}

/** One installation, from its source to its place. */
export class Installation {
  readonly #options: InstallationOptions;
  readonly #runtime: CommandRuntime;
  readonly #limits: InstallLimits;
  readonly #fetch: typeof fetch;

  constructor(options: InstallationOptions, runtime: CommandRuntime) {
    this.#options = options;
    this.#runtime = runtime;
    this.#limits = options.limits;
    this.#fetch = options.fetch;
  }

  async run(source: Source, staging: string): Promise<Place> {
    const { place, folder } = await this.#ready(source, staging);
    await makeProgramExecutable(folder, place);
    this.#runtime.signal.throwIfAborted();
    const { kites, force } = this.#options;
    await moveIntoPlace(folder, { kites, staging, place, force });
    return place;
  }

  async #ready(source: Source, staging: string): Promise<Ready> {
    switch (source.type) {
      case 'manifest':
      case 'github':
        return this.#fromManifest(source, staging);
      case 'npm':
        return this.#fromNpm(source, staging);
      case 'file':
        return this.#fromFile(source.path, staging);
      case 'folder-or-file': {
        const kind = await stat(source.path).catch(() => undefined);
        return kind?.isDirectory()
          ? this.#fromFolder(source.path, staging)
          : this.#fromFile(source.path, staging);
      }
    }
  }

  async #fromManifest(
    source: Extract<Source, { type: 'manifest' | 'github' }>,
    staging: string,
  ): Promise<Ready> {
    const { url } = source;
    const from = withoutQuery(url);
    const { signal } = this.#runtime;
    const { manifestBytes: maxBytes, redirects } = this.#limits;
    const manifest = parseManifest(
      await downloadText(url, { maxBytes, redirects, signal, fetch: this.#fetch }),
      from,
    );
    const place = checkedPlace(placeOfManifest(source, manifest));
    await this.#refuseInstalled(place);
    const archive = archiveFor(manifest, thisPlatform(), from);
    const wanted = this.#wantedDigest(archive.sha256, from);
    const file = join(staging, 'archive.tar.gz');
    if (!URL.canParse(archive.url, url))
      throw badSource(`The manifest ${from} has an archive that is not a valid URL.`);
    const digest = await this.#download(requireHttps(new URL(archive.url, url).href), file, manifest);
    refuseOther(digest, wanted);
    return { place, folder: await unpack(file, staging, this.#limits, signal) };
  }

  async #download(url: string, file: string, { name, version }: Manifest): Promise<string> {
    const { signal } = this.#runtime;
    const now = (): number => this.#runtime.now();
    const line = new ProgressLine(this.#runtime);
    let shownAt = Number.NEGATIVE_INFINITY;
    try {
      return await downloadFile(url, file, {
        maxBytes: this.#limits.archiveBytes,
        redirects: this.#limits.redirects,
        fetch: this.#fetch,
        signal,
        onProgress(bytes, total) {
          if (now() - shownAt < 100) return;
          shownAt = now();
          const share = total === undefined ? '' : `${progressBar(bytes / total)}  `;
          line.show(`${share}${name} ${version}: ${mebibytes(bytes)} MiB`);
        },
      });
    } finally {
      line.end();
    }
  }

  async #fromNpm(source: Extract<Source, { type: 'npm' }>, staging: string): Promise<Ready> {
    const { env, signal } = this.#runtime;
    const folder = join(staging, 'content');
    const place = await new Spinner(this.#runtime).during(`Installing ${source.spec} with npm`, () =>
      installPackage({ source, folder, env, signal }),
    );
    return { place, folder };
  }

  async #fromFile(path: string, staging: string): Promise<Ready> {
    const kind = await stat(path).catch(() => undefined);
    if (!kind?.isFile()) {
      throw configurationError(`There is no archive or folder ${path}.`, 'Name a tar.gz file, or a folder.');
    }
    if (kind.size > this.#limits.archiveBytes) {
      throw badSource(`${path} is larger than ${this.#limits.archiveBytes} bytes.`);
    }
    if (this.#options.digest !== undefined) refuseOther(await digestOf(path), this.#options.digest);
    const folder = await unpack(path, staging, this.#limits, this.#runtime.signal);
    return { place: await this.#localPlace(folder, path), folder };
  }

  async #fromFolder(path: string, staging: string): Promise<Ready> {
    if (this.#options.digest !== undefined)
      throw usageError('--sha256 is about archives, and this is a folder.');
    // Before anything is copied: the folder may be any.
    const place = await this.#localPlace(path, path);
    const folder = join(staging, 'content');
    await copyFolder(path, folder, this.#limits, this.#runtime.signal);
    return { place, folder };
  }

  async #localPlace(folder: string, from: string): Promise<Place> {
    const file = join(folder, '.kite.json');
    const kind = await stat(file).catch(() => undefined);
    if (!kind?.isFile() || kind.size > this.#limits.manifestBytes) {
      throw badSource(`${from} has no manifest .kite.json that says its name and version.`);
    }
    const { name, version } = parseManifest(await readFile(file, 'utf8'), `${from} (.kite.json)`);
    const place = checkedPlace({ domain: 'local', user: NOBODY, repo: name, version });
    await this.#refuseInstalled(place);
    return place;
  }

  #wantedDigest(told: string | undefined, from: string): string | undefined {
    const wanted = this.#options.digest ?? told;
    if (wanted !== undefined || this.#options.insecure) return wanted;
    throw badSource(
      `The manifest ${from} tells no sha256 of its archive, so that nobody can say whether it is the right one.`,
      'Name the digest with --sha256, or install it all the same with --insecure.',
    );
  }

  async #refuseInstalled(place: Place): Promise<void> {
    const { kites, force } = this.#options;
    if (force) return;
    if (await stat(placeFolder(kites, place)).catch(() => undefined)) throw alreadyInstalled(place);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function refuseOther(digest: string, wanted: string | undefined): void {
  if (wanted === undefined || digest === wanted) return;
  throw badSource(
    `The archive is not the one that was meant: its sha256 is ${digest}, and not ${wanted}.`,
    'Nothing was installed. It may have been replaced: tell its publisher.',
  );
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The program of a kite is what its name says, and a file of its own. */
async function makeProgramExecutable(folder: string, place: Place): Promise<void> {
  const program = programOf(folder, place);
  const real = await realpath(program).catch(() => undefined);
  const inside = real?.startsWith((await realpath(folder)) + sep) ?? false;
  if (real === undefined || !inside || !(await stat(real)).isFile()) {
    throw badSource(`It has no program bin/${basename(program)}, which is what runs a kite of this name.`);
  }
  await chmod(real, 0o700);
}
