// What a user can do about a connection that could not be opened. Separate constants, so that pages load only those they use.

export const REFUSED_HINT = 'Start the kite, or check the host and port.';
export const HOST_NAME_HINT = 'Check the host name and the DNS.';
export const NETWORK_HINT = 'Check the network.';
export const TIMEOUT_HINT = 'Check the address and the firewalls.';
export const SCHEME_HINT = 'Use https if the server requires TLS, and http otherwise.';
export const CLOSED_HINT = `${SCHEME_HINT} If the server has too many open files, raise its ulimit -n.`;
export const CERTIFICATE_HINT =
  'Trust the certificate authority with the option "ca" (--ca FILE) or NODE_EXTRA_CA_CERTS, if you know its owner.';
export const CLIENT_CERTIFICATE_HINT =
  'Set a certificate that the server trusts, with its key: the options "cert" and "key" (--cert FILE --key FILE).';
export const PORT_HINT = 'Check the port.';
