export { type CertificateOptions, selfSignedCertificate } from './certificate.js';
export { type Claims, readClaims } from './jwt-claims.js';
export {
  decodeJwt,
  isJwtError,
  JwtError,
  type JwtErrorReason,
  signJwt,
  verifyJwt,
  type VerifyJwtOptions,
} from './jwt.js';
export {
  generateKeyPair,
  type KeyPair,
  type KeyPairOptions,
  parseKeyPair,
  writeKeyPairFiles,
} from './key-pair.js';
export { type KiteKey, kiteKeyOf, type NewKiteKey, newKiteKey, parseKiteKey } from './kite-key.js';
export { kiteKeyPath, readKiteKeyFile, writeKiteKeyFile } from './kite-key-file.js';
export { parsePrivateKey, parsePublicKey, samePublicKey } from './pem.js';
export { withFileLock } from './file-lock.js';
export { type NewFile, type WriteOptions, checkWritable, writeFiles } from './secure-files.js';
export {
  audienceIncludes,
  audienceOf,
  type NewToken,
  newToken,
  parseToken,
  type Token,
  tokenOf,
} from './kite-token.js';
