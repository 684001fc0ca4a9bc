/** Where a program's log lines go. A pino or winston logger fits as it is. */
export interface Logger {
  /** Whether messages of this level are written. Without it, all are made. */
  isLevelEnabled?(level: 'debug'): boolean;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const silentLogger: Logger = {
  isLevelEnabled: () => false,
  debug() {},
  info() {},
  warn() {},
  error() {},
};
