/** What to do if a port cannot be opened. The table of error codes and the errors of `listen` share these sentences. */
export const PORT_IN_USE_HINT = 'Choose another port, or 0 for a free one, or stop the program that uses it.';
export const PORT_DENIED_HINT =
  'Choose a port above 1023, or start the program with the permission to use it.';
export const NO_ADDRESS_HINT = 'Choose an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.';
