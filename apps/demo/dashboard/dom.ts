/** The element of that id. @throws {Error} The page has none of that type: a mistake of ours. */
export function byId(id: string): HTMLElement;
export function byId<E extends Element>(id: string, type: new () => E): E;
export function byId(id: string, type: new () => Element = HTMLElement): Element {
  return part(document, `#${id}`, type);
}

/** The first element below `root` that the selector finds. @throws {Error} There is none of that type. */
export function part<E extends Element>(root: ParentNode, selector: string, type: new () => E): E {
  const element = root.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} ${selector}`);
}

/** Sets text without touching what is the same: a reader's selection stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const drawn = new WeakMap<Element, string>();

/** Sets markup that we made ourselves, if it differs from what was set last; true when it did. */
export function setHtml(element: Element, html: string): boolean {
  if (drawn.get(element) === html) return false;
  drawn.set(element, html);
  element.innerHTML = html;
  return true;
}
