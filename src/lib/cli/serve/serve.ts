import { defaultLimits, Kite, kitePath } from '../../index.js';
import { isKiteError } from '../../protocol/errors.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { CliError, configurationError, usageError } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import { findKey } from '../target/find-key.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { kontrolUrlsOf } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { moduleMethods } from './module-methods.js';
import type { ServedMethod } from './served-method.js';
import type { ServeOptions } from './serve-options.js';
import { ShellMethods } from './shell-methods.js';

type Options = ServeOptions & {
  /** How to print where it is, once it listens. Undefined: not at all. */
  readonly format: OutputFormat | undefined;
};

/**
 * Runs a kite whose methods are shell commands, or the functions of a module, until the person or the system ends it.
 * Calls that run then have ten seconds to finish.
 *
 * @throws CliError when it cannot start
 */
export async function serve(options: Options, runtime: CommandRuntime): Promise<void> {
  const { signal, env } = runtime;
  const logger = loggerFor(runtime);
  const kite = await kiteOf(options, logger, runtime);
  const shell = new ShellMethods({
    ...options,
    env,
    maxBytes: defaultLimits.messageBytes,
    clock: systemClock,
    logger,
  });
  addMethods(kite, options, [
    ...(options.module === undefined ? [] : await moduleMethods(options.module)),
    ...shell.methods(),
  ]);
  runtime.deferExit();
  try {
    await listen(kite);
    await announce(kite, options, logger, runtime);
    await waitForAbort(signal);
  } finally {
    await kite.close();
    await shell.close();
  }
}

async function kiteOf(options: Options, logger: Logger, { env }: CommandRuntime): Promise<Kite> {
  const { name, version, port, ip, environment, region, auth, register, systemInfo } = options;
  const { allowOrigin, allowedHosts, settings } = options;
  const found = await findKey(settings);
  if (!found && (auth || register)) {
    throw configurationError(
      auth
        ? 'Without a kite key nobody could call this kite.'
        : 'Without a kite key this kite cannot register.',
      `Get one with: kitectl register --to URL --username NAME${auth && !register ? '; or let everybody call with --no-auth' : ''}`,
    );
  }
  return new Kite(name, version, {
    env,
    logger,
    kiteKey: found?.key.jwt ?? false,
    ...(found && { saveKiteKey: renewedKeySaver(found, env) }),
    version,
    port,
    ip,
    environment,
    region,
    ...(register && found && { kontrolUrl: kontrolUrlsOf(settings, found) }),
    allowOrigin,
    allowedHosts,
    ...(systemInfo && { systemMethods: ['kite.systemInfo'] }),
  });
}

function addMethods(
  kite: Kite,
  { auth }: Options,
  methods: readonly (readonly [name: string, method: ServedMethod])[],
): void {
  const names = new Set<string>();
  for (const [name, { handler, description, jsonSchema }] of methods) {
    if (name.startsWith('kite.')) {
      throw usageError(
        `A method must not be called ${name}: "kite." begins the names of methods that every kite has.`,
      );
    }
    if (names.has(name))
      throw usageError(`There are two methods ${name}: one of the module, one of --method.`);
    names.add(name);
    const method = kite.handle(
      name,
      { ...(description !== undefined && { description }), ...(jsonSchema && { jsonSchema }) },
      handler,
    );
    if (!auth) method.disableAuthentication();
  }
}

async function listen(kite: Kite): Promise<void> {
  try {
    await kite.listen();
  } catch (error) {
    if (!isKiteError(error, 'genericError')) throw error;
    throw new CliError(error.message, {
      exitCode: ExitCode.configuration,
      type: 'configuration',
      code: error.code,
      hint: 'Choose another port with --port.',
      cause: error,
    });
  }
}

async function announce(
  kite: Kite,
  { auth, register, format }: Options,
  logger: Logger,
  runtime: CommandRuntime,
): Promise<void> {
  const { signal } = runtime;
  const { name, version } = kite.identity;
  const path = kitePath(kite.identity);
  if (!auth && !kite.listensAtLoopback) {
    logger.warn(
      'Everybody who reaches this kite may call its methods: it listens beyond this machine with --no-auth.',
    );
  }
  logger.info(`${name} ${version} listens at ${kite.url}`);
  if (register) {
    // Meanwhile the person may have had enough.
    await Promise.race([kite.registerForever(), waitForAbort(signal)]);
    if (signal.aborted) return;
    logger.info(`registered as ${path}`);
  }
  if (format === undefined) return;
  const data = { url: kite.url, kite: path };
  const fields = [
    { label: 'URL', value: kite.url ?? '' },
    { label: 'kite', value: path },
  ];
  await printDetails({ fields, data, name: kite.url ?? '' }, format, runtime);
}
