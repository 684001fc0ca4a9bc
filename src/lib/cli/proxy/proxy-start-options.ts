import type { ProxyLimits } from '../../proxy/limits/proxy-limits.js';
import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { proxyStartSettings } from '../settings/proxy-start-settings.js';
import { isLoopbackHost } from '../../util/loopback.js';

/** The resolved options of `proxy start`. */
export interface ProxyStartOptions {
  /** Run a tunnel proxy instead of a reverse proxy. */
  readonly tunnel: boolean;
  readonly publicHost: string | undefined;
  readonly publicPort: number | undefined;
  readonly ip: string;
  readonly port: number;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly environment: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  /** Contains the URL of Kontrol and the kite key to register with. */
  readonly settings: CommandSettings;
  readonly kiteDomain: string | undefined;
  readonly allowTargets: readonly string[];
  readonly localKites: boolean | undefined;
  readonly kiteCaFile: string | undefined;
  readonly verifyKites: boolean;
  /** Allowed origins of pages; `*` allows any. */
  readonly allowOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** How long callers are served after a signal to end, in milliseconds. */
  readonly lameDuck: number;
  readonly limits: Partial<ProxyLimits>;
  /** Warnings to log at the start. */
  readonly warnings: readonly string[];
}

const all = proxyStartSettings;

/**
 * Resolves the options from flags and variables.
 *
 * @throws CliError or ConfigurationError if a value is invalid
 */
export function proxyStartOptions(flags: ParsedFlags, env: Environment): ProxyStartOptions {
  const settings = CommandSettings.fromFlags(all, flags, env);
  const publicHost = settings.value(all['public-host']);
  const [certificate, privateKey] = [settings.value(all['tls-cert']), settings.value(all['tls-key'])];
  // oclif requires each flag if the other one is set.
  const tlsFiles =
    certificate === undefined || privateKey === undefined ? undefined : { certificate, privateKey };
  const ip = settings.value(all.ip) ?? defaultIp(publicHost);
  return {
    tunnel: settings.value(all.tunnel),
    publicHost,
    publicPort: settings.value(all['public-port']),
    ip,
    port: settings.value(all.port),
    tlsFiles,
    environment: settings.value(all.environment),
    region: settings.value(all.region),
    version: settings.value(all.version),
    settings,
    kiteDomain: settings.value(all['kite-domain']),
    allowTargets: settings.value(all['allow-target']),
    localKites: settings.value(all['local-kites']),
    kiteCaFile: settings.value(all['kite-ca']),
    verifyKites: !settings.value(all['insecure-kites']),
    allowOrigins: settings.value(all['allow-origin']),
    trustedProxies: settings.value(all['trusted-proxy']),
    lameDuck: settings.value(all['lame-duck']),
    limits: settings.value(all.limit),
    warnings: proxyStartWarnings({ ip, publicHost, tls: tlsFiles !== undefined, settings }),
  };
}

/** Listens on all addresses if there is a public host, unless that is a URL of something in front of the proxy. */
function defaultIp(publicHost: string | undefined): string {
  if (publicHost === undefined || publicHost.includes('://') || isLoopbackHostAndPort(publicHost))
    return '127.0.0.1';
  return '0.0.0.0';
}

/** Whether a host, with or without a port, is a loopback host. */
function isLoopbackHostAndPort(host: string): boolean {
  const url = `http://${host}`;
  return isLoopbackHost(URL.canParse(url) ? new URL(url).hostname : host);
}

interface ProxyWarningConditions {
  readonly ip: string;
  readonly publicHost: string | undefined;
  readonly tls: boolean;
  readonly settings: CommandSettings;
}

function proxyStartWarnings({ ip, publicHost, tls, settings }: ProxyWarningConditions): string[] {
  const warnings: string[] = [];
  const local = isLoopbackHost(ip);
  if (!local && !tls) {
    warnings.push(
      'The proxy listens on the network without TLS, so tokens can be intercepted: set --tls-cert and --tls-key.',
    );
  }
  if (
    local &&
    publicHost !== undefined &&
    !publicHost.includes('://') &&
    !isLoopbackHostAndPort(publicHost)
  ) {
    warnings.push(
      `The proxy listens at ${ip}, so ${publicHost} cannot be reached from other machines: set --ip.`,
    );
  }
  const kiteDomain = settings.value(all['kite-domain']);
  const isLocalHost = publicHost === undefined || isLoopbackHostAndPort(publicHost);
  if (local && isLocalHost && kiteDomain !== undefined && !isLoopbackHost(kiteDomain)) {
    warnings.push(
      `The proxy listens at ${ip}, so kites below ${kiteDomain} cannot be reached from other machines: set --public-host.`,
    );
  }
  if (settings.value(all['insecure-kites']))
    warnings.push('Certificates of kites are not verified: another server can impersonate a kite.');
  if (settings.hasFlag(all['public-key']) || settings.hasFlag(all['private-key'])) {
    warnings.push(
      'The key pair is ignored: this proxy signs and verifies tunnel tokens with its own secret.',
    );
  }
  return warnings;
}
