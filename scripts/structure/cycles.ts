/** Returns the strongly connected components that contain a cycle, with Tarjan's algorithm. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    low.set(node, index);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const lowestReachable = order.has(next)
        ? stack.includes(next)
          ? (order.get(next) ?? 0)
          : index
        : visit(next);
      low.set(node, Math.min(low.get(node) ?? index, lowestReachable));
    }
    const lowest = low.get(node) ?? index;
    if (lowest === index) {
      const group = stack.splice(stack.indexOf(node));
      if (group.length > 1 || graph.get(node)?.includes(node)) cycles.push(group);
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return cycles;
}
