import { systemClock } from '../../util/clock.js';
import { usageError } from '../runtime/cli-error.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { defaultInstallLimits, type InstallLimits } from './install-limits.js';
import { Installation } from './installation.js';
import { programOf } from './installed.js';
import { parseDigest } from './kite-manifest.js';
import { kitesFolder, nameOf, placeFolder, placePath } from './kite-folder.js';
import { parseSource } from './install-source.js';
import { withStaging } from './staging.js';

export interface InstallOptions {
  readonly source: string;
  /** The digest that the archive must have; undefined = that of the manifest. */
  readonly sha256: string | undefined;
  /** Install also what comes without a digest. */
  readonly insecure: boolean;
  /** Replace the same version. */
  readonly force: boolean;
  readonly format: OutputFormat | undefined;
  readonly limits?: Partial<InstallLimits>;
  /** What asks for manifests and archives. Default: that of Node. */
  readonly fetch?: typeof fetch;
}

/**
 * Installs a kite. It is made ready in a folder of its own and moved to its place in one step: whatever stands in the way,
 * and whenever it is interrupted, nothing of it is left.
 *
 * @throws CliError that says what stands in the way
 */
export async function install(options: InstallOptions, runtime: CommandRuntime): Promise<void> {
  const { env, signal } = runtime;
  const source = parseSource(options.source);
  const digest = parseDigest(options.sha256, '--sha256');
  if (digest !== undefined && source.type === 'npm') {
    throw usageError('--sha256 is about archives; npm checks packages by the digests of the registry.');
  }
  // What was begun is removed before the command ends.
  runtime.deferExit();
  const kites = kitesFolder(env);
  const { insecure, force } = options;
  const limits = { ...defaultInstallLimits, ...options.limits };
  const installation = new Installation(
    { kites, digest, insecure, force, limits, fetch: options.fetch ?? fetch },
    runtime,
  );
  const place = await withStaging(kites, systemClock, (staging) => installation.run(source, staging));
  const path = placeFolder(kites, place);
  const program = programOf(path, place);
  const name = nameOf(place);
  await printDetails(
    {
      fields: [
        { label: 'kite', value: placePath(place) },
        { label: 'program', value: program },
      ],
      data: { name, ...place, path, program },
      name: placePath(place),
      text: `Installed ${placePath(place)}.\nRun it with: kitectl run ${name}\n`,
    },
    options.format,
    runtime,
  );
  signal.throwIfAborted();
}
