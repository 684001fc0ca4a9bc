/** What a source of a kite may make this machine spend. */
export interface InstallBounds {
  /** Largest manifest, in bytes. */
  readonly manifestBytes: number;
  /** Largest archive, in bytes. */
  readonly archiveBytes: number;
  /** Most bytes that an archive may unpack to. */
  readonly unpackedBytes: number;
  /** Most files, folders and links in an archive. */
  readonly entries: number;
  /** Longest path in an archive, in characters, and most folders in one. */
  readonly pathLength: number;
  readonly pathDepth: number;
  /** Most redirects of one download. */
  readonly redirects: number;
}

export const defaultInstallBounds: InstallBounds = Object.freeze({
  manifestBytes: 1024 * 1024,
  archiveBytes: 512 * 1024 * 1024,
  unpackedBytes: 2 * 1024 * 1024 * 1024,
  entries: 100_000,
  pathLength: 1024,
  pathDepth: 64,
  redirects: 5,
});
