/**
 * Imports a module by its URL. This file is a separate bundle in which the build does not change `import()`. In other bundles it
 * becomes `require`, which is faster but cannot load ES modules in Node 20.
 */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}

/**
 * Imports a module of the user and resolves with its exports as a property. A module may export a function `then`, which a
 * promise of its exports would call instead of resolving with them. It is therefore imported by another module.
 */
export async function importExports(url: string): Promise<{ readonly exports: unknown }> {
  const source = `export * as exports from ${JSON.stringify(url)};`;
  const { exports } = (await importModule(`data:text/javascript,${encodeURIComponent(source)}`)) as {
    readonly exports: unknown;
  };
  return { exports };
}
