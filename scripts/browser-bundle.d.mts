/** One file for pages. `text` is undefined where it was written instead. */
export interface BrowserBundle {
  readonly name: string;
  readonly text: string | undefined;
  readonly inputs: readonly string[];
}

export function bundleForBrowsers(root: string, outdir?: string): Promise<readonly BrowserBundle[]>;
