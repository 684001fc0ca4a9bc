// Loaded into a command. kites.localhost is a loopback address when the command asks for its addresses, and MOVED_TO when the
// command dials it.
const dns = require('node:dns');
const { syncBuiltinESMExports } = require('node:module');

const NAME = 'kites.localhost';
const { lookup } = dns;
dns.lookup = (host, options, done) => {
  if (host !== NAME) return lookup(host, options, done);
  const address = process.env.MOVED_TO;
  return process.nextTick(() =>
    options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4),
  );
};
const { lookup: lookupPromise } = dns.promises;
dns.promises.lookup = async (host, ...rest) =>
  host === NAME ? [{ address: '127.0.0.1', family: 4 }] : lookupPromise(host, ...rest);
syncBuiltinESMExports();
