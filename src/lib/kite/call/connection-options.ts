export interface ConnectionOptions {
  /** Who opened the connection. Only an accepted one pauses a peer that does not read: were both to, neither might go on. */
  readonly role: 'accepted' | 'dialled';
  /** Methods that the peer may call without authentication; `true` = all. Default none. */
  readonly trustRemote?: readonly string[] | true | undefined;
  /** Who the peer is, where that is known without what its calls carry. */
  readonly username?: string | undefined;
  /** What calls carry as `authentication`. Default null. */
  readonly auth?: unknown;
  /** Milliseconds; default the host's. */
  readonly timeout?: number | undefined;
  /** Called when the connection has ended, before the event. */
  readonly ended?: (code: number, reason: string) => void;
}

export type ConnectionEvents = {
  /** The connection has ended: WebSocket close code and reason. */
  disconnect: [code: number, reason: string];
};
