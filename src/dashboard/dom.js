/**
 * Builders of the page. Foreign text, such as the name of a server, only ever becomes a text node:
 * there is no way from it to markup.
 */

/** The element with an id of index.html. */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}

/**
 * Makes an element.
 *
 * @param {string} tag Its name.
 * @param {Record<string, string | number | boolean | undefined>} attributes Its attributes; `true`
 * is an empty one, and what is undefined or false is left out.
 * @param {...(Node | string)} children What is in it; a string becomes text.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children);
  return made;
}

/** Sets an attribute where it is not so already; `undefined` and `false` remove it. */
export function setAttribute(node, name, value) {
  if (value === undefined || value === false) node.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** Sets an element's text where it is not so already, so that nothing is announced for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows or hides an element. */
export function show(node, shown) {
  node.hidden = !shown;
}

/**
 * Puts nodes into a parent in this order and removes the others. Nodes that stay where they are
 * are not touched, so focus stays too; it comes back to a node that has to move.
 */
export function arrange(parent, nodes) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const kept = new Set(nodes);
  for (const child of [...parent.children]) {
    if (!kept.has(child)) child.remove();
  }
  for (const [index, node] of nodes.entries()) {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  }
  if (focused !== null && focused.isConnected) focused.focus({ preventScroll: true });
}
