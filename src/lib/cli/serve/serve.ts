import { defaultLimits, Kite, kitePath } from '../../index.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { configurationError, usageError } from '../runtime/cli-error.js';
import { endOptions, handleServerSignals, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import { serverEnvironment } from '../settings/client-environment.js';
import { serveSettings } from '../settings/serve-settings.js';
import { findKey } from '../target/find-key.js';
import { RegistrationCheck } from '../target/key-recipient.js';
import { readAccess } from '../target/read-access.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { kontrolUrlsOf } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { serveInstances } from './serve-instances.js';
import { startListening } from '../settings/start-listening.js';
import { moduleMethods } from './module-methods.js';
import type { ServedMethod } from './served-method.js';
import type { ServeOptions } from './serve-options.js';
import { ShellMethods } from './shell-methods.js';

type ServeCommandOptions = ServeOptions & {
  /** Format in which to print the URL once the kite listens. If undefined, the URL is only logged. */
  readonly format: OutputFormat | undefined;
};

/**
 * Runs a kite whose methods are shell commands or the functions of a module until `signal` fires. Running calls then have
 * ten seconds to finish. With `instances`, runs it in several processes.
 *
 * @throws CliError if the kite cannot start
 */
export async function serve(options: ServeCommandOptions, runtime: CommandRuntime): Promise<void> {
  const { signal, env, instance } = runtime;
  const { instances } = options;
  if (instances !== undefined && !instance) return serveInstances({ ...options, instances }, runtime);
  const logger = loggerFor(runtime);
  for (const text of options.warnings) logger.warn(text);
  const check = new RegistrationCheck(options.settings);
  const kite = await createKite(options, check, logger, runtime);
  check.observe(kite);
  kite.health();
  const shell = new ShellMethods({
    ...options,
    env,
    maxBytes: options.limits.messageBytes ?? defaultLimits.messageBytes,
    clock: systemClock,
    logger,
  });
  addMethods(kite, options, [
    ...(options.module === undefined ? [] : await moduleMethods(options.module)),
    ...shell.methods(),
  ]);
  runtime.deferExit();
  try {
    await startListening(serveSettings, () => kite.listen());
    await instance?.report({ type: 'listening' });
    handleServerSignals([], logger, runtime);
    await registerAndReport(kite, options, check, logger, runtime);
    await waitForAbort(signal);
  } finally {
    await kite.close(endOptions(runtime, options.lameDuck));
    await shell.close();
  }
}

async function createKite(
  options: ServeCommandOptions,
  { admitPeer }: RegistrationCheck,
  logger: Logger,
  { env }: CommandRuntime,
): Promise<Kite> {
  const { name, version, port, ip, environment, region, auth, register, systemInfo } = options;
  const { allowOrigin, allowedHosts, trustedProxies, limits, settings, module } = options;
  const found = await findKey(settings);
  if (!found && (auth || register)) {
    throw configurationError(
      auth
        ? 'No kite key: this kite could not authenticate its callers.'
        : 'No kite key: this kite cannot register.',
      `Get one with: kitectl register --to URL --username NAME${auth && !register ? '. Or allow unauthenticated calls with --no-auth.' : ''}`,
    );
  }
  const kiteOptions = {
    env: serverEnvironment(env),
    logger,
    kiteKey: found?.key.jwt ?? (false as const),
    ...(found && { saveKiteKey: renewedKeySaver(found, env) }),
    version,
    port,
    ip,
    environment,
    region,
    ...(register &&
      found && { kontrolUrl: kontrolUrlsOf(settings, found), serverAccess: readAccess(settings) }),
    allowOrigin,
    allowedHosts,
    trustedProxies,
    limits,
    // Functions of a module calculate with numbers; commands get them as they are written.
    numbers: module === undefined ? ('literal' as const) : ('exact' as const),
    ...(systemInfo && { systemMethods: ['kite.systemInfo'] as const }),
  };
  return new Kite(name, version, kiteOptions, { admitPeer });
}

function addMethods(
  kite: Kite,
  { auth }: ServeCommandOptions,
  methods: readonly (readonly [name: string, method: ServedMethod])[],
): void {
  const names = new Set<string>();
  for (const [name, { handler, description, jsonSchema, streams = false }] of methods) {
    if (name.startsWith('kite.')) {
      throw usageError(`Invalid method name ${name}: the prefix "kite." is reserved for built-in methods.`);
    }
    if (names.has(name))
      throw usageError(`Duplicate method ${name}: it is defined by the module and by --method.`);
    names.add(name);
    const method = kite.handle(
      name,
      { ...(description !== undefined && { description }), ...(jsonSchema && { jsonSchema }), streams },
      handler,
    );
    if (!auth) method.disableAuthentication();
  }
}

/** Returns a URL without a path with the path of the kite. */
function withPath(url: string, { url: own = '' }: Kite): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = new URL(own).pathname;
  return parsed.href;
}

async function registerAndReport(
  kite: Kite,
  { auth, register, advertise, format }: ServeCommandOptions,
  { refused }: RegistrationCheck,
  logger: Logger,
  runtime: CommandRuntime,
): Promise<void> {
  const { signal, instance } = runtime;
  const { name, version } = kite.identity;
  const path = kitePath(kite.identity);
  if (!auth && !kite.listensAtLoopback) {
    logger.warn(
      'Anyone who can reach this kite can call its methods: it listens on the network with --no-auth.',
    );
  }
  logger.info(`${name} ${version} listens at ${kite.url}`);
  if (register) {
    // Registering retries until it succeeds, so it must not outlast the signal.
    const own = advertise === undefined ? {} : { url: withPath(advertise, kite) };
    await Promise.race([kite.registerForever(own), refused, waitForAbort(signal)]);
    if (signal.aborted) return;
    logger.info(`registered as ${path}`);
  }
  // The process that has started the instances prints their URLs.
  if (instance) return instance.report({ type: 'ready', url: kite.url ?? '', kite: path });
  if (format === undefined) return;
  const data = { url: kite.url, kite: path };
  const fields = [
    { label: 'URL', value: kite.url ?? '' },
    { label: 'kite', value: path },
  ];
  await printDetails({ fields, data, name: kite.url ?? '' }, format, runtime);
}
