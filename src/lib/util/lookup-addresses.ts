/** All addresses of a host name, as programs on this machine resolve it. Rejects where there are none. */
export async function lookupAddresses(host: string): Promise<readonly string[]> {
  // Loaded when a name is looked up: most commands and kites are told addresses.
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
