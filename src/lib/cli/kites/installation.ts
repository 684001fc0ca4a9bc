import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { progressBar, ProgressLine } from '../terminal/progress-line.js';
import { Spinner } from '../terminal/spinner.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import type { InstallLimits } from './install-limits.js';
import { copyFolder } from './copy-folder.js';
import { downloadFile, downloadText, requireHttps, withoutQuery } from './download.js';
import { programOf } from './installed-kites.js';
import { archiveFor, type KiteManifest, parseManifest, thisPlatform } from './kite-manifest.js';
import { installPackage } from './npm.js';
import {
  badSource,
  checkLocation,
  NO_USER,
  type InstallLocation,
  locationFolder,
} from './install-location.js';
import { manifestLocation } from './manifest-location.js';
import type { InstallSource } from './install-source.js';
import { alreadyInstalled, moveToLocation } from './staging.js';
import { unpack } from './unpack.js';
import { fileInFolder } from './file-in-folder.js';
import { pathExists } from '../runtime/path-exists.js';

export interface InstallationOptions {
  /** The folder of installed kites. */
  readonly kites: string;
  /** Expected SHA-256 of the archive. Default: the one in the manifest. */
  readonly digest: string | undefined;
  /** Allow archives without a digest. */
  readonly insecure: boolean;
  /** Replace the same version if it is installed. */
  readonly force: boolean;
  readonly limits: InstallLimits;
  readonly fetch: typeof fetch;
}

/** A kite in the staging folder that can be moved to its location. */
interface StagedKite {
  readonly location: InstallLocation;
  readonly folder: string;
}

/** Installs one kite from a source. */
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

  async run(source: InstallSource, staging: string): Promise<InstallLocation> {
    const { location, folder } = await this.#stage(source, staging);
    await makeProgramExecutable(folder, location);
    this.#runtime.signal.throwIfAborted();
    const { kites, force } = this.#options;
    await moveToLocation(folder, { kites, staging, location, force });
    return location;
  }

  async #stage(source: InstallSource, staging: string): Promise<StagedKite> {
    switch (source.type) {
      case 'manifest':
      case 'github':
        return this.#fromManifest(source, staging);
      case 'npm':
        return this.#fromNpm(source, staging);
      case 'file':
        return this.#fromFile(source.path, staging);
      case 'folder-or-file': {
        const stats = await stat(source.path).catch(() => undefined);
        return stats?.isDirectory()
          ? this.#fromFolder(source.path, staging)
          : this.#fromFile(source.path, staging);
      }
    }
  }

  async #fromManifest(
    source: Extract<InstallSource, { type: 'manifest' | 'github' }>,
    staging: string,
  ): Promise<StagedKite> {
    const { url } = source;
    const from = withoutQuery(url);
    const { signal } = this.#runtime;
    const { manifestBytes: maxBytes, redirects } = this.#limits;
    const manifest = parseManifest(
      await downloadText(url, { maxBytes, redirects, signal, fetch: this.#fetch }),
      from,
    );
    const location = checkLocation(manifestLocation(source, manifest));
    await this.#checkNotInstalled(location);
    const archive = archiveFor(manifest, thisPlatform(), from);
    const expected = this.#expectedDigest(archive.sha256, from);
    const file = join(staging, 'archive.tar.gz');
    if (!URL.canParse(archive.url, url)) throw badSource(`The manifest ${from} has an invalid archive URL.`);
    const digest = await this.#download(requireHttps(new URL(archive.url, url).href), file, manifest);
    verifyDigest(digest, expected);
    return { location, folder: await unpack(file, staging, this.#limits, signal) };
  }

  async #download(url: string, file: string, { name, version }: KiteManifest): Promise<string> {
    const { signal } = this.#runtime;
    const now = (): number => this.#runtime.now();
    const line = new ProgressLine(this.#runtime);
    let lastUpdate = Number.NEGATIVE_INFINITY;
    try {
      return await downloadFile(url, file, {
        maxBytes: this.#limits.archiveBytes,
        redirects: this.#limits.redirects,
        fetch: this.#fetch,
        signal,
        onProgress(bytes, total) {
          if (now() - lastUpdate < 100) return;
          lastUpdate = now();
          const share = total === undefined ? '' : `${progressBar(bytes / total)}  `;
          line.show(`${share}${name} ${version}: ${mebibytes(bytes)} MiB`);
        },
      });
    } finally {
      line.end();
    }
  }

  async #fromNpm(source: Extract<InstallSource, { type: 'npm' }>, staging: string): Promise<StagedKite> {
    const { env, signal } = this.#runtime;
    const folder = join(staging, 'content');
    const location = await new Spinner(this.#runtime).during(`Installing ${source.spec} with npm`, () =>
      installPackage({ source, folder, env, signal }),
    );
    return { location, folder };
  }

  async #fromFile(path: string, staging: string): Promise<StagedKite> {
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) {
      throw configurationError(
        `There is no archive or folder ${path}.`,
        'Pass the path of a tar.gz file or a folder.',
      );
    }
    if (stats.size > this.#limits.archiveBytes) {
      throw badSource(`${path} is larger than ${this.#limits.archiveBytes} bytes.`);
    }
    if (this.#options.digest !== undefined) verifyDigest(await fileDigest(path), this.#options.digest);
    const folder = await unpack(path, staging, this.#limits, this.#runtime.signal);
    return { location: await this.#readLocation(folder, path), folder };
  }

  async #fromFolder(path: string, staging: string): Promise<StagedKite> {
    if (this.#options.digest !== undefined)
      throw usageError(`--sha256 applies only to archives, and ${path} is a folder.`);
    // Check the manifest before copying, because the folder may not be a kite.
    const location = await this.#readLocation(path, path);
    const folder = join(staging, 'content');
    await copyFolder(path, folder, this.#limits, this.#runtime.signal);
    return { location, folder };
  }

  async #readLocation(folder: string, from: string): Promise<InstallLocation> {
    const file = join(folder, '.kite.json');
    const stats = await stat(file).catch(() => undefined);
    if (!stats?.isFile() || stats.size > this.#limits.manifestBytes) {
      throw badSource(`${from} has no manifest .kite.json with a name and version.`);
    }
    const { name, version } = parseManifest(await readFile(file, 'utf8'), `${from} (.kite.json)`);
    const location = checkLocation({ domain: 'local', user: NO_USER, repo: name, version });
    await this.#checkNotInstalled(location);
    return location;
  }

  #expectedDigest(manifestDigest: string | undefined, from: string): string | undefined {
    const expected = this.#options.digest ?? manifestDigest;
    if (expected !== undefined || this.#options.insecure) return expected;
    throw badSource(
      `The manifest ${from} has no sha256 for its archive, so the archive cannot be verified.`,
      'Pass the digest with --sha256, or skip the verification with --insecure.',
    );
  }

  async #checkNotInstalled(location: InstallLocation): Promise<void> {
    const { kites, force } = this.#options;
    if (force) return;
    if (await pathExists(locationFolder(kites, location))) throw alreadyInstalled(location);
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function verifyDigest(digest: string, expected: string | undefined): void {
  if (expected === undefined || digest === expected) return;
  throw badSource(
    `The sha256 of the archive is ${digest}, expected ${expected}.`,
    'Nothing was installed. The archive may have been tampered with; report this to its publisher.',
  );
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Makes the program of a kite executable.
 *
 * @throws CliError if the program is missing or is outside the folder
 */
async function makeProgramExecutable(folder: string, location: InstallLocation): Promise<void> {
  const path = relative(folder, programOf(folder, location));
  const program = await fileInFolder(folder, path);
  if (program === undefined) {
    throw badSource(`The source has no program bin/${basename(path)}, which a kite of this name requires.`);
  }
  await chmod(program, 0o700);
}
