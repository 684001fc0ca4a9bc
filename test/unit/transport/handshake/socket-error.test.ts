import { describe, expect, it } from 'vitest';
import { DialError } from '../../../../src/lib/transport/handshake/dial-error.js';
import { socketError } from '../../../../src/lib/transport/handshake/socket-error.js';

const url = new URL('http://user:secret@kites.example:3636/kite?token=secret');

describe('the error of a socket', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ENOTFOUND', 'notFound'],
    ['EAI_AGAIN', 'notFound'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ECONNRESET', 'reset'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'tls'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['ESOMETHING', 'protocol'],
  ])('the socket error %s has the code %s, contains the address, and hides secrets', (code, expected) => {
    const cause = Object.assign(new Error('it failed'), { code });
    const error = socketError(url, cause);
    expect(error).toBeInstanceOf(DialError);
    expect(error).toMatchObject({
      name: 'DialError',
      code: expected,
      cause,
      url: 'http://kites.example:3636/kite',
    });
    expect(error.message).toMatch(/^Cannot connect to http:\/\/kites\.example:3636\/kite: /);
    expect(error.message).not.toContain('secret');
  });

  it.each([
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  ])('the alert %s is about the certificate of the client', (code) => {
    const { message, hint } = socketError(url, Object.assign(new Error('it failed'), { code }));
    expect(message).toContain('requires a certificate of the client, or rejects that of this one');
    expect(hint).toContain('--cert FILE --key FILE');
  });
});
