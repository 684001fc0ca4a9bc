/** Yields the results of promises that do not reject, each as soon as it is there. */
export async function* inOrderOfArrival<Value>(
  promises: readonly Promise<Value>[],
): AsyncGenerator<Value, void> {
  const arrived: Value[] = [];
  let wake: (() => void) | undefined;
  const add = (value: Value): void => {
    arrived.push(value);
    wake?.();
  };
  for (const promise of promises) void promise.then(add);
  for (let index = 0; index < promises.length; index++) {
    if (index >= arrived.length) await new Promise<void>((resolve) => (wake = resolve));
    yield arrived[index] as Value;
  }
}
