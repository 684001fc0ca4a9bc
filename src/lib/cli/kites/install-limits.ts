/** Limits on the resources that installing a kite may use. */
export interface InstallLimits {
  /** Maximum size of a manifest, in bytes. Default 1 MiB. If exceeded, nothing is installed. */
  readonly manifestBytes: number;
  /** Maximum size of an archive, in bytes. Default 512 MiB. If exceeded, nothing is installed. */
  readonly archiveBytes: number;
  /** Maximum size of the content of an archive, in bytes. Default 2 GiB. If exceeded, nothing is installed. */
  readonly unpackedBytes: number;
  /** Maximum number of files, folders and links in an archive. Default 100,000. If exceeded, nothing is installed. */
  readonly entries: number;
  /** Maximum length of a path in an archive, in characters. Default 1,024. If exceeded, nothing is installed. */
  readonly pathLength: number;
  /** Maximum number of folders in a path of an archive. Default 64. If exceeded, nothing is installed. */
  readonly pathDepth: number;
  /** Maximum number of redirects of one download. Default 5. If exceeded, nothing is installed. */
  readonly redirects: number;
}

export const defaultInstallLimits: InstallLimits = Object.freeze({
  manifestBytes: 1024 * 1024,
  archiveBytes: 512 * 1024 * 1024,
  unpackedBytes: 2 * 1024 * 1024 * 1024,
  entries: 100_000,
  pathLength: 1024,
  pathDepth: 64,
  redirects: 5,
});
