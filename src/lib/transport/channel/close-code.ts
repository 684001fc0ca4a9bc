import type { CloseCode } from '../../errors/error-codes.js';

/** A protocol violation by a peer, and the code and reason with which the connection closes. */
export interface Violation {
  readonly type: 'violation';
  readonly code: CloseCode;
  readonly reason: string;
}

/** How a connection ends, as in a WebSocket close frame. */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

export function violation(code: CloseCode, reason: string): Violation {
  return { type: 'violation', code, reason };
}

export const GO_AWAY_CODE = 3000;
export const GO_AWAY_REASON = 'Go away!';
/** WebSocket close code "service restart". */
export const RESTART_CODE = 1012;
/** With `RESTART_CODE`: the kite has answered every call that it has received, so that a call without an answer has not run. */
export const ALL_ANSWERED_REASON = 'All calls are answered';
/** Whether a connection ended with the reason of a kite that shuts down. */
export function isShutdown(reason: string): boolean {
  return reason === GO_AWAY_REASON || reason === ALL_ANSWERED_REASON;
}

/** WebSocket close code "bad gateway". */
export const BAD_GATEWAY_CODE = 1014;
/** The connection dropped without a close frame. Never sent. */
export const DROPPED_CODE = 1006;

/** Returns the code if WebSocket allows it in a close frame (RFC 6455, section 7.4), and 3000 otherwise. */
export function validCloseCode(code: number): number {
  // 1004 to 1006 are reserved.
  const standard = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
  const registered = code >= 3000 && code <= 4999;
  return Number.isInteger(code) && (standard || registered) ? code : GO_AWAY_CODE;
}

const REASON_BYTES = 123;

/** Truncates a reason to the 123 bytes that fit into a WebSocket close frame. */
export function truncateReason(reason: string): string {
  if (reason.length * 3 <= REASON_BYTES) return reason;
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(REASON_BYTES));
  return reason.slice(0, read);
}
