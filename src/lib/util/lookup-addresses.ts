/** Resolves a host name as programs on this machine do, and returns all addresses. Rejects if there are none. */
export async function lookupAddresses(host: string): Promise<readonly string[]> {
  // Loaded only when a name is resolved: most commands and kites use addresses.
  const { lookup } = await import('node:dns/promises');
  const results = await lookup(host, { all: true, verbatim: true });
  return results.map(({ address }) => address);
}
