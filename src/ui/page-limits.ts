/* Limits on the resources of the Kontrol page that other kites can use. Fixed. */

/**
 * Maximum number of lines that a method prints to the page, and of items of a stream that it shows. Default 200. If exceeded, the
 * oldest is removed.
 */
export const PRINTED_LINES = 200;

/** Maximum length of a displayed value, in characters. Default 200,000. If exceeded, the rest is only counted. */
export const PRINTED_LENGTH = 200_000;

/**
 * Maximum size of the bytes of a result, or of the items of a stream, that the page keeps for a download. Default 64 MiB. If
 * exceeded, they cannot be downloaded.
 */
export const DOWNLOAD_BYTES = 64 * 1024 * 1024;

/** Maximum size of the bytes that are shown in hexadecimal. Default 256. If exceeded, the rest is only counted. */
export const SHOWN_BYTES = 256;

/** Maximum number of kites that are pinged. Default 64. If exceeded, the rest are not pinged. */
export const PINGED_KITES = 64;

/** Maximum number of concurrent pings. Default 6. If exceeded, a ping waits for another one to end. */
export const PINGS_AT_ONCE = 6;
