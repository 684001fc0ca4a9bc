/**
 * Imports a module by its URL. This file is a separate bundle in which the build does not change `import()`. In other bundles it
 * becomes `require`, which is faster but cannot load ES modules in Node 20.
 */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}
