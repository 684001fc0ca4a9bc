import { arch, platform } from 'node:process';
import { badSource, isSegment, isVersion } from './install-location.js';

/** The parsed content of a `.kite.json`. */
export interface KiteManifest {
  readonly name: string;
  readonly version: string;
  /** Archives by platform, such as `linux_amd64`. */
  readonly archives: ReadonlyMap<string, KiteArchive>;
}

export interface KiteArchive {
  /** May be relative to the manifest. */
  readonly url: string;
  /** SHA-256 in lower-case hexadecimal. */
  readonly sha256: string | undefined;
}

/** The platform of an archive that runs on all platforms. */
const ANY_PLATFORM = 'any';

const GO_PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Returns the platform of this machine, named as in Go. */
export function thisPlatform(os: string = platform, cpu: string = arch): string {
  return `${GO_PLATFORMS[os] ?? os}_${GO_ARCHITECTURES[cpu] ?? cpu}`;
}

/**
 * Parses `{name, version, platforms: {linux_amd64: URL or {url, sha256}}, sha256: {linux_amd64: hex} or hex}`.
 *
 * @throws CliError if the manifest is malformed
 */
export function parseManifest(text: string, from: string): KiteManifest {
  const value = parseObject(text, from);
  const { name, version, platforms, sha256 } = value;
  if (typeof name !== 'string' || !isSegment(name)) {
    throw badSource(`The manifest ${from} has no valid "name".`);
  }
  if (typeof version !== 'string' || !isVersion(version)) {
    throw badSource(`The manifest ${from} has no "version" of the form 1.2.3.`);
  }
  const archives = new Map<string, KiteArchive>();
  for (const [key, archive] of Object.entries(isObject(platforms) ? platforms : {})) {
    const { url, sha256: ownDigest } = isObject(archive) ? archive : { url: archive };
    if (typeof url !== 'string') continue;
    const digest = ownDigest ?? (isObject(sha256) && Object.hasOwn(sha256, key) ? sha256[key] : sha256);
    archives.set(key, { url, sha256: isObject(digest) ? undefined : parseDigest(digest, from) });
  }
  return { name: name.replace(/\.kite$/, ''), version, archives };
}

/**
 * Returns the archive for a platform.
 *
 * @throws CliError if there is none
 */
export function archiveFor(
  { archives, name }: KiteManifest,
  platformName: string,
  from: string,
): KiteArchive {
  const archive = archives.get(platformName) ?? archives.get(ANY_PLATFORM);
  if (archive) return archive;
  const platforms = [...archives.keys()];
  throw badSource(
    `The manifest ${from} has no archive of ${name} for ${platformName}${platforms.length === 0 ? '' : `, only for ${platforms.join(', ')}`}.`,
  );
}

/** @throws CliError if the value is not a digest */
export function parseDigest(value: unknown, from: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw badSource(`Invalid sha256 in ${from}: expected 64 hexadecimal digits.`);
}

function parseObject(text: string, from: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Reported below.
  }
  throw badSource(`The manifest ${from} is not a JSON object.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
