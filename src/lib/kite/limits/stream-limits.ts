/** Limits of the streams in calls and in results. */
export interface StreamLimits {
  /**
   * Maximum number of items of a stream that have been sent and not been taken by the program at the other end. Default 256. If
   * exceeded, this side waits before it makes the next item; if a peer exceeds it, its stream fails with `invalidResponse`.
   */
  readonly streamItems: number;
  /**
   * Maximum size of these items together, in bytes, before the last of them. Default 1 MiB. If exceeded, this side waits
   * before it makes the next item; if a peer exceeds twice the size, its stream fails with `invalidResponse`.
   */
  readonly streamBytes: number;
  /**
   * Maximum size of the items of all streams of one peer that have arrived and not been taken by the program, in bytes. Default
   * 64 MiB. If exceeded, the stream whose item arrives fails with `requestLimitError`. Streams that are opened when much of it is
   * promised get a smaller window.
   */
  readonly streamBytesPerConnection: number;
  /**
   * Maximum number of items of a stream that is sent as an array, to a caller that does not speak the extension `stream`. Default
   * 65,536. If exceeded, the stream ends, and the call fails with `streamTooLong`.
   */
  readonly streamArrayItems: number;
}

export const streamLimits: StreamLimits = {
  streamItems: 256,
  streamBytes: 1024 * 1024,
  streamBytesPerConnection: 64 * 1024 * 1024,
  streamArrayItems: 65_536,
};
