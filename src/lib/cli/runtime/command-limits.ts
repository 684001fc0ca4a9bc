/* Fixed limits on what files and responses can make a command spend. */

/**
 * Maximum number of calls of `kitectl serve` that wait for a free command. Default 1,024. If exceeded, the call fails with
 * `requestLimitError`.
 */
export const WAITING_CALLS = 1024;

/** Maximum number of instances of `kitectl serve`. Default 256. If exceeded, the command fails. */
export const INSTANCES = 256;

/**
 * Maximum number of times in a row that an instance of `kitectl serve` ends within ten seconds after its start, before any
 * instance has run for longer. Default 5. If exceeded, the command fails. Later, the instance is started again each time.
 */
export const INSTANCE_DEATHS = 5;

/**
 * Maximum number of kites that a command asks at a time whether they respond. Default 50. If exceeded, the rest is asked when
 * others have responded.
 */
export const PROBES = 50;

/**
 * Maximum number of kites that a command with `--all` calls at a time. Default 100. If exceeded, the rest is called when others
 * have answered.
 */
export const CALLED_KITES = 100;

/**
 * Maximum number of kites that `kitectl wait --for gone` prints when they have gone. Default 10,000. If exceeded, those that have
 * gone first are not printed.
 */
export const GONE_KITES = 10_000;

/**
 * Maximum length of a line of text that `kitectl call --all --raw` waits for, in characters. Default 64 KiB. If exceeded, its
 * beginning is printed as a line.
 */
export const RAW_LINE_LENGTH = 64 * 1024;

/**
 * Maximum number of kites to which `kitectl top` stays connected. Default 500. If exceeded, it connects to the others for each
 * measurement.
 */
export const TOP_CONNECTIONS = 500;

/**
 * Maximum number of different reasons that `kitectl watch` reports while it cannot connect to Kontrol again. Default 10. If
 * exceeded, the rest is not reported.
 */
export const FOLLOW_WARNINGS = 10;

/** Maximum number of error types that `kitectl bench` lists. Default 100. If exceeded, the rest is counted together. */
export const BENCH_ERROR_TYPES = 100;

/** Maximum number of method names that the shell completes. Default 10,000. If exceeded, the rest is not completed. */
export const SHELL_NAMES = 10_000;

/** Maximum number of lines in the history of the shell. Default 1,000. If exceeded, the oldest line is removed. */
export const HISTORY_LENGTH = 1000;

/**
 * Maximum length of a line in the history of the shell, in characters. Default 4,096. If exceeded, the line is not stored.
 */
export const HISTORY_LINE_LENGTH = 4096;

/** Maximum number of lookups that completion caches. Default 50. If exceeded, the oldest entry is removed. */
export const COMPLETION_ENTRIES = 50;

/** Maximum number of values that completion caches per lookup. Default 500. If exceeded, the rest is omitted. */
export const COMPLETION_VALUES = 500;

/** Maximum size of a PEM file, in bytes. Default 65,536. If exceeded, the rest is not read. */
export const PEM_FILE_BYTES = 65_536;

/** Maximum length of a file whose path is a setting, in characters. Default 1 MiB. If exceeded, the command fails. */
export const SETTING_FILE_LENGTH = 1024 * 1024;

/** Maximum length of an invite, in characters. Default 1,024. If exceeded, the command fails. */
export const INVITE_LENGTH = 1024;

/**
 * Maximum length of the output of npm that is searched for a reason, in characters. Default 16 KiB. If exceeded, the start is
 * omitted.
 */
export const NPM_OUTPUT_LENGTH = 16 * 1024;

/**
 * Maximum size of the output of a failed command that is searched for its last line, in bytes. Default 4,096. If exceeded,
 * the start is omitted.
 */
export const LAST_LINE_BYTES = 4096;

/**
 * Maximum size of the output that waits for its reader, in bytes. Default 1 MiB. If exceeded, a command does not read from the
 * kite or Kontrol until the output has been read; a server leaves out lines instead.
 */
export const OUTPUT_QUEUE_BYTES = 1024 * 1024;

/**
 * Maximum size of what a kite logs at its caller in a second (`kite.log`, `kite.print`), in bytes. Default 256 KiB. If exceeded,
 * the rest is left out, unless `--all-logs` is set.
 */
export const PEER_LOG_BYTES = 256 * 1024;

/** Maximum number of lines of a table with borders. Default 500. If exceeded, the table has no borders. */
export const TABLE_LINES = 500;

/** Maximum length of a table with borders, in characters. Default 1 MiB. If exceeded, the table has no borders. */
export const TABLE_LENGTH = 1024 * 1024;

/**
 * Maximum width to which the columns of a table without borders are aligned, in cells. Default 200. If exceeded, the value
 * moves the rest of its line.
 */
export const ALIGNED_WIDTH = 200;

/**
 * Maximum number of columns of the table of a result. Default 100. If exceeded, the items are printed as JSON in a single
 * column.
 */
export const RESULT_COLUMNS = 100;

/**
 * Maximum length of the data of an error that is printed as text, in characters. Default 1,000. If exceeded, the rest is omitted.
 */
export const PRINTED_DATA = 1000;
