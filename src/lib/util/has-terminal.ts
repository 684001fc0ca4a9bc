/** Whether one of the standard streams of this process is a terminal. A terminal that was closed does not count. */
export function hasTerminal(): boolean {
  // A static import would load the module in kites and commands that do not call this function.
  const { isatty } = process.getBuiltinModule('node:tty');
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}
