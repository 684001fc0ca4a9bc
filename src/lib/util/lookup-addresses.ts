import { lookup } from 'node:dns';

/** All addresses of a host name, as programs on this machine resolve it. Rejects where there are none. */
export function lookupAddresses(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}
