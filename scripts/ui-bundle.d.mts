/** Puts Kontrol's page into `outdir`, as Kontrol serves it. Returns the files that its script is made of. */
export function buildUi(root: string, outdir: string): Promise<string[]>;
