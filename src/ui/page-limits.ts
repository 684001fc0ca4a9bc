/* What other kites may make Kontrol's page spend. Fixed. */

/** Maximum number of lines that a method prints to the page. Default 200. If exceeded, the oldest is removed. */
export const PRINTED_LINES = 200;

/** Maximum length of a value that is shown, in characters. Default 200,000. If exceeded, the rest is counted only. */
export const PRINTED_LENGTH = 200_000;

/** Maximum number of kites that are pinged. Default 64. If exceeded, the rest is not pinged. */
export const PINGED_KITES = 64;

/** Maximum number of kites that are pinged at a time. Default 6. If exceeded, a ping waits for its turn. */
export const PINGS_AT_ONCE = 6;
