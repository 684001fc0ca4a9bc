// Loaded into every Node that a document starts. It resolves the hosts of example.com to this machine, and
// etcd-2.example.com to 127.0.0.2.
const dns = require('node:dns');
const { syncBuiltinESMExports } = require('node:module');

const here = (hostname) => {
  const [found, number = '1'] = /^(?:[a-z-]*?-?(\d+)?\.)?example\.com$/.exec(hostname) ?? [];
  return found === undefined ? hostname : `127.0.0.${number}`;
};

const { lookup } = dns;
dns.lookup = (hostname, ...rest) => lookup(here(hostname), ...rest);
const { lookup: lookupPromise } = dns.promises;
dns.promises.lookup = (hostname, ...rest) => lookupPromise(here(hostname), ...rest);
syncBuiltinESMExports();
