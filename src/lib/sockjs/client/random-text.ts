import { randomFillSync } from 'node:crypto';

// Each request for random bytes is a call into OpenSSL, which costs more than the rest of a session's name: so they are
// fetched for hundreds of connections at once.
const pool = Buffer.allocUnsafeSlow(4096);
let at = pool.length;

/** `bytes` random bytes from the platform's cryptographic source, 4,096 at most, as text. */
export function randomText(bytes: number, encoding: 'hex' | 'base64'): string {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const text = pool.toString(encoding, at, at + bytes);
  at += bytes;
  return text;
}
