import { createPublicKey, createSign } from 'node:crypto';

/** Returns a kite key for the user `bench`, signed with `privatePem`: about 1.2 KiB, like a real key. */
export function makeKiteKey(privatePem: string, kontrolURL = 'http://127.0.0.1:4000/kite'): string {
  const claims = {
    iss: 'kontrol',
    sub: 'bench',
    iat: 1_767_225_600,
    jti: '5f7c2ed4-1a44-4c3e-8e0f-0a7a5a4a2b10',
    kontrolURL,
    kontrolKey: createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString(),
  };
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(privatePem, 'base64url')}`;
}
