/* Limits on the resources of the Kontrol page that other kites can use. Fixed. */

/** Maximum number of lines that a method prints to the page. Default 200. If exceeded, the oldest is removed. */
export const PRINTED_LINES = 200;

/** Maximum length of a displayed value, in characters. Default 200,000. If exceeded, the rest is only counted. */
export const PRINTED_LENGTH = 200_000;

/** Maximum number of kites that are pinged. Default 64. If exceeded, the rest are not pinged. */
export const PINGED_KITES = 64;

/** Maximum number of concurrent pings. Default 6. If exceeded, a ping waits for another one to end. */
export const PINGS_AT_ONCE = 6;
