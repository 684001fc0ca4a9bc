/** The logger of a program. Compatible with pino and winston. */
export interface Logger {
  /** Whether messages of this level are logged. If it is not defined, all messages are created. */
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
