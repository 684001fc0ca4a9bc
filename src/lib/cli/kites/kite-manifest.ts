import { arch, platform } from 'node:process';
import { badSource, isSegment, isVersion } from './kite-folder.js';

/** What a `.kite.json` says. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** Archives by platform, `linux_amd64`. */
  readonly archives: ReadonlyMap<string, Archive>;
}

export interface Archive {
  /** May be relative to the manifest. */
  readonly url: string;
  /** SHA-256 in lower-case hexadecimal digits. */
  readonly sha256: string | undefined;
}

/** The platform of an archive that fits everywhere. */
const EVERYWHERE = 'any';

const GO_PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** This machine in the words of manifests, which are those of Go. */
export function thisPlatform(os: string = platform, cpu: string = arch): string {
  return `${GO_PLATFORMS[os] ?? os}_${GO_ARCHITECTURES[cpu] ?? cpu}`;
}

/**
 * Reads `{name, version, platforms: {linux_amd64: URL or {url, sha256}}, sha256: {linux_amd64: hex} or hex}`.
 *
 * @throws CliError that says what is wrong with it
 */
export function parseManifest(text: string, from: string): Manifest {
  const value = parseObject(text, from);
  const { name, version, platforms, sha256 } = value;
  if (typeof name !== 'string' || !isSegment(name)) {
    throw badSource(`The manifest ${from} has no "name" that is a plain name.`);
  }
  if (typeof version !== 'string' || !isVersion(version)) {
    throw badSource(`The manifest ${from} has no "version" like 1.2.3.`);
  }
  const archives = new Map<string, Archive>();
  for (const [key, archive] of Object.entries(isObject(platforms) ? platforms : {})) {
    const { url, sha256: own } = isObject(archive) ? archive : { url: archive };
    if (typeof url !== 'string') continue;
    const digest = own ?? (isObject(sha256) && Object.hasOwn(sha256, key) ? sha256[key] : sha256);
    archives.set(key, { url, sha256: isObject(digest) ? undefined : parseDigest(digest, from) });
  }
  return { name: name.replace(/\.kite$/, ''), version, archives };
}

/**
 * The archive for this machine.
 *
 * @throws CliError where there is none
 */
export function archiveFor({ archives, name }: Manifest, wanted: string, from: string): Archive {
  const archive = archives.get(wanted) ?? archives.get(EVERYWHERE);
  if (archive) return archive;
  const there = [...archives.keys()];
  throw badSource(
    `The manifest ${from} has no ${name} for ${wanted}${there.length === 0 ? '' : `, only for ${there.join(', ')}`}.`,
  );
}

/** @throws CliError where a digest is none */
export function parseDigest(value: unknown, from: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw badSource(`${from} has a sha256 that is none: it must be 64 hexadecimal digits.`);
}

function parseObject(text: string, from: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw badSource(`The manifest ${from} is not a JSON object.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
