/* Fixed limits of credentials and key files. */

/**
 * Maximum length of a JWT, in characters; a kite key that contains a key of 8,192 bits takes 4,300. Default 16,384. If
 * exceeded, the JWT is rejected without being parsed.
 */
export const JWT_LENGTH = 16_384;

/** Maximum length of a key in PEM, in characters. Default 16,384. If exceeded, the key is rejected without being parsed. */
export const PEM_LENGTH = 16_384;

/** Minimum size of an RSA key, in bits. Default 2,048. If the key is smaller, it is rejected. */
export const MIN_BITS = 2048;

/** Maximum size of an RSA key, in bits. Default 8,192. If exceeded, the key is rejected. */
export const MAX_BITS = 8192;
