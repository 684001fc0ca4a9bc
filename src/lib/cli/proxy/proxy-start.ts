import { type ProxyOptions, ReverseProxy, TunnelProxy } from '../../proxy.js';
import { CertificateReload } from '../../proxy/shared/certificate-reload.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { configurationError } from '../runtime/cli-error.js';
import { RegistrationCheck } from '../target/key-recipient.js';
import { readAccess } from '../target/read-access.js';
import { readPem } from '../target/read-pem.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { kontrolUrlsOf } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { endOptions, handleServerSignals, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import { serverEnvironment } from '../settings/client-environment.js';
import { proxyStartSettings } from '../settings/proxy-start-settings.js';
import { readTlsFiles, reloadedTls, type TlsPems } from '../target/tls-files.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { startListening } from '../settings/start-listening.js';
import { findProxyKey } from './proxy-key.js';
import type { ProxyStartOptions } from './proxy-start-options.js';

type StartProxyOptions = ProxyStartOptions & { readonly format: OutputFormat | undefined };
type Proxy = ReverseProxy | TunnelProxy;

/**
 * Runs a proxy until `signal` fires, then shuts it down gracefully: its kites move to another proxy.
 *
 * @throws CliError if the proxy cannot start
 */
export function startProxy(options: StartProxyOptions, runtime: CommandRuntime): Promise<void> {
  return startListening(proxyStartSettings, () => runProxy(options, runtime));
}

async function runProxy(options: StartProxyOptions, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr } = runtime;
  const print = (text: string): void => void stderr.write(`${text}\n`);
  const logger = loggerFor(runtime);
  for (const warning of options.warnings) logger.warn(warning);
  const tls = await readTlsFiles(options.tlsFiles);
  const check = new RegistrationCheck(options.settings);
  const proxy = await createProxy(options, tls, { check, logger }, runtime);
  check.observe(proxy.kite);
  runtime.deferExit();
  await proxy.listen();
  const reload = tls && watchTlsFiles(options, tls, proxy, logger);
  handleServerSignals(
    reloadedTls(options.tlsFiles, (pems) => proxy.useTls(pems)),
    logger,
    runtime,
  );
  try {
    const kind = options.tunnel ? 'tunnel' : 'reverse';
    print(`The ${kind} proxy listens at ${proxy.kite.url}, public URL ${proxy.url}`);
    if (options.kiteDomain !== undefined) print(`Kites get host names below ${options.kiteDomain}`);
    const { url } = proxy;
    if (options.format !== undefined) {
      const fields = [{ label: 'URL', value: url }];
      await printDetails({ fields, data: { url }, name: url }, options.format, runtime);
    }
    await Promise.race([waitForAbort(signal), check.refused]);
  } finally {
    print('The proxy is shutting down.');
    reload?.stop();
    await proxy.close(endOptions(runtime, options.lameDuck));
  }
}

async function createProxy(
  options: StartProxyOptions,
  tls: TlsPems | undefined,
  { check, logger }: { readonly check: RegistrationCheck; readonly logger: Logger },
  { env, version }: CommandRuntime,
): Promise<Proxy> {
  const { publicHost, publicPort, ip, port, environment, region } = options;
  const found = await findProxyKey(options.settings);
  const common: ProxyOptions = {
    publicHost,
    publicPort,
    ip,
    port,
    tls,
    kiteKey: found.key.jwt,
    saveKiteKey: renewedKeySaver(found, env),
    kontrolUrl: kontrolUrlsOf(options.settings, found),
    environment,
    region,
    version: options.version ?? version,
    trustedProxies: options.trustedProxies,
    limits: options.limits,
    serverAccess: readAccess(options.settings),
    logger,
    env: serverEnvironment(env),
  };
  const replaced = { admitPeer: check.admitPeer };
  if (options.tunnel) {
    const any = options.allowOrigins.includes('*');
    return new TunnelProxy({ ...common, allowOrigin: any ? '*' : options.allowOrigins }, replaced);
  }
  const reverse = {
    ...common,
    kiteDomain: options.kiteDomain,
    allowTargets: options.allowTargets,
    localKites: options.localKites,
    kiteCa: await readKiteCa(options),
    verifyKites: options.verifyKites,
  };
  return new ReverseProxy(reverse, replaced);
}

function watchTlsFiles(
  options: StartProxyOptions,
  current: TlsPems,
  proxy: Proxy,
  logger: Logger,
): CertificateReload {
  const { certificate = '', privateKey = '' } = options.tlsFiles ?? {};
  const reload = new CertificateReload({
    files: [certificate, privateKey],
    read: async () => (await readTlsFiles(options.tlsFiles)) ?? current,
    apply: (tls) => proxy.useTls(tls),
    current,
    clock: systemClock,
    logger,
  });
  reload.start();
  return reload;
}

async function readKiteCa({ kiteCaFile }: StartProxyOptions): Promise<string | undefined> {
  if (kiteCaFile === undefined) return undefined;
  const ca = await readPem(kiteCaFile, false);
  if (ca !== undefined) return ca;
  throw configurationError(
    `The certificate file ${kiteCaFile} does not exist.`,
    'Pass another file with --kite-ca.',
  );
}
