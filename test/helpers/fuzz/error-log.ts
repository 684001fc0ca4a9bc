import type { Logger } from '../../../src/lib/util/logger.js';

/** A logger that keeps errors: a failure that a guard of a server has caught. */
export class ErrorLog implements Logger {
  readonly errors: string[] = [];
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(message: string): void {
    this.errors.push(message);
  }
}
