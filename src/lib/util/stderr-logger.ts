import { type Clock, systemClock } from './clock.js';
import type { Logger } from './logger.js';
import { makeVisible } from './make-visible.js';

/** From the most to the least verbose. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface StderrLoggerOptions {
  /** The lowest level that is logged. Default: `info`. */
  readonly level?: LogLevel;
  /** Whether to use colors if the stream is a terminal. Default: true. */
  readonly color?: boolean;
  /** Default: `process.stderr`. */
  readonly stream?: LogStream;
  /** Precedes each message. Default: empty. */
  readonly prefix?: string;
  readonly clock?: Clock;
}

export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const COLORS: Readonly<Record<LogLevel, string>> = { debug: '90', info: '36', warn: '33', error: '31' };

/**
 * Logs each message as one line, `2026-01-31T12:00:00.000Z INFO  text`. Escapes control characters, so that text of a peer
 * cannot forge a line.
 */
export class StderrLogger implements Logger {
  /** The lowest level that is logged. May be set at any time. */
  level: LogLevel;
  readonly #configured: LogLevel;
  readonly #stream: LogStream;
  readonly #color: boolean;
  readonly #prefix: string;
  readonly #clock: Clock;

  constructor(options: StderrLoggerOptions = {}) {
    this.#configured = options.level ?? 'info';
    this.level = this.#configured;
    this.#stream = options.stream ?? process.stderr;
    this.#color = (options.color ?? true) && this.#stream.isTTY === true;
    this.#prefix = options.prefix ?? '';
    this.#clock = options.clock ?? systemClock;
  }

  /** Enables debug messages. The next call restores the configured level. */
  toggleDebug(): void {
    if (this.level !== 'debug') this.level = 'debug';
    else this.level = this.#configured === 'debug' ? 'info' : this.#configured;
  }

  /** Ends debug messages that `toggleDebug` has enabled. */
  restoreLevel(): void {
    this.level = this.#configured;
  }

  isLevelEnabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.level);
  }

  debug(message: string): void {
    this.#write('debug', message);
  }

  info(message: string): void {
    this.#write('info', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  error(message: string): void {
    this.#write('error', message);
  }

  #write(level: LogLevel, message: string): void {
    if (!this.isLevelEnabled(level)) return;
    const name = level.toUpperCase().padEnd(5);
    const label = this.#color ? `\u001b[${COLORS[level]}m${name}\u001b[39m` : name;
    const time = new Date(this.#clock.now()).toISOString();
    this.#stream.write(`${time} ${label} ${this.#prefix}${makeVisible(message)}\n`);
  }
}
