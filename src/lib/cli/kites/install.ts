import { proxyFinder } from '../../kite/config/find-proxy.js';
import { routedFetch } from '../../transport/forward-proxy/routed-fetch.js';
import { systemClock } from '../../util/clock.js';
import { composeLimits } from '../../kite/limits/compose-limits.js';
import { usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { defaultInstallLimits, type InstallLimits } from './install-limits.js';
import { Installation } from './installation.js';
import { programOf } from './installed-kites.js';
import { parseDigest } from './kite-manifest.js';
import { kitesFolder, nameOf, locationFolder, locationPath } from './install-location.js';
import { parseSource } from './install-source.js';
import { withStaging } from './staging.js';

export interface InstallOptions {
  readonly source: string;
  /** Expected SHA-256 of the archive. Default: the one in the manifest. */
  readonly sha256: string | undefined;
  /** Allow archives without a digest. */
  readonly insecure: boolean;
  /** Replace the same version if it is installed. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
  readonly limits?: Partial<InstallLimits>;
  /** Downloads manifests and archives. Default: requests through the proxy of the environment, if there is one. */
  readonly fetch?: typeof fetch;
}

/**
 * Installs a kite. It is prepared in a staging folder and moved to its location in one step, so that a failure or an
 * interruption leaves nothing behind.
 *
 * @throws CliError if the kite cannot be installed
 */
export async function install(options: InstallOptions, runtime: CommandRuntime): Promise<void> {
  const { env, signal } = runtime;
  const source = parseSource(options.source);
  const digest = parseDigest(options.sha256, '--sha256');
  if (digest !== undefined && source.type === 'npm') {
    throw usageError(
      '--sha256 applies only to archives; npm verifies packages with the digests of the registry.',
    );
  }
  // The staging folder has to be removed before the command ends.
  runtime.deferExit();
  const kites = kitesFolder(env);
  const { insecure, force } = options;
  const limits = composeLimits(defaultInstallLimits, options.limits);
  const installation = new Installation(
    { kites, digest, insecure, force, limits, fetch: options.fetch ?? routedFetch(proxyFinder(env)) },
    runtime,
  );
  const location = await withStaging(kites, systemClock, (staging) => installation.run(source, staging));
  const path = locationFolder(kites, location);
  const program = programOf(path, location);
  const name = nameOf(location);
  await printDetails(
    {
      fields: [
        { label: 'kite', value: locationPath(location) },
        { label: 'program', value: program },
      ],
      data: { name, ...location, path, program },
      name: locationPath(location),
      lines: [`Installed ${locationPath(location)}.`, `Run it with: kitectl run ${name}`],
    },
    options.format,
    runtime,
  );
  signal.throwIfAborted();
}
