/*
 * The part of a browser that connections need, written down here so that nothing else of a page is in reach, and so that
 * a test can put something else in its place. Node has all of it too, but for `location`.
 */

export interface PageSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}

export interface PageResponse {
  readonly status: number;
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

export interface PageRequest {
  readonly method: 'POST';
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: 'include';
  readonly signal: AbortSignal;
}

export interface PagePlatform {
  readonly WebSocket: new (url: string) => PageSocket;
  fetch(url: string, request: PageRequest): Promise<PageResponse>;
  /** The page, which relative URLs are relative to. */
  readonly location?: { readonly href: string } | undefined;
}
