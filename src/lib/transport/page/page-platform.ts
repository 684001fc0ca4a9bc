/*
 * The part of the browser's API that connections use. It is declared here so that nothing else of a page is accessible, and so
 * that tests can replace it. Node has all of it except `location`.
 */

export interface PageSocket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
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
  /** Fails instead of following a redirect. */
  readonly redirect: 'error';
  readonly method: 'POST';
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: 'include';
  readonly signal: AbortSignal;
}

export interface PagePlatform {
  readonly WebSocket: new (url: string) => PageSocket;
  fetch(url: string, request: PageRequest): Promise<PageResponse>;
  /** The URL of the page, to which relative URLs are resolved. */
  readonly location?: { readonly href: string } | undefined;
}
