type Child = Node | string | undefined;

/** Creates an element with attributes and children. Undefined ones are omitted. Strings become text nodes, never HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** Returns an element of the HTML page. */
export function byId<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return node;
}

/** Changes the text of a node, unless it is the same: screen readers announce each assignment. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
