/**
 * Loads a module by its URL. A file of its own in the program, where `import()` stays what it is: elsewhere it is made a
 * `require`, which starts faster, and knows no ES modules in Node 20.
 */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}
