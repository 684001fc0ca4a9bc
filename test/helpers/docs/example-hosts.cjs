// Loaded into every Node that a page of documentation starts: the hosts of example.com are this machine, etcd-2.example.com at
// 127.0.0.2 and so on.
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
