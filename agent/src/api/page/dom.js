// Making and changing elements. Text only ever goes in as text: names and images come from strangers.

/** An element; `attributes` that are false, null or undefined are left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  dress(element, attributes, children);
  return element;
}

/** The same of a drawing. The name of its language is taken from the document, which has one. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(document.querySelector('svg').namespaceURI, tag);
  dress(element, attributes, children);
  return element;
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
}

/** Sets an attribute where it is not so already. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Text that changes often: touches the document only where it differs. */
export class Text {
  node = document.createTextNode('');
  #last = '';

  set(text) {
    if (text === this.#last) return false;
    this.#last = text;
    this.node.data = text;
    return true;
  }
}

/** A changing text for each of these keys. */
export function texts(keys) {
  return Object.fromEntries(keys.map((key) => [key, new Text()]));
}
