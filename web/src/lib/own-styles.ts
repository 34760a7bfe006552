/**
 * Runs what writes style elements, as xterm.js and CodeMirror do when they open, on a site whose policy lets nobody write
 * any: its styles are kept as sheets made by script, which the policy allows. For code that runs to its end at once.
 */
export function withOwnStyles<Opened>(open: () => Opened): Opened {
  Object.defineProperty(document, 'createElement', {
    configurable: true,
    value: (tag: string) => (tag === 'style' ? standIn() : create(tag)),
  });
  try {
    return open();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
}

/**
 * From now on a span that is given its style as text has it set by script: the policy of the site allows that and no
 * attribute. It is how xterm.js shows colours beyond the sixteen, and what is chosen, on spans that it makes itself.
 */
export function styleSpansByScript(): void {
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else HTMLElement.prototype.setAttribute.call(this, name, value);
  };
}

/** Takes text as a style element does. */
function standIn(): HTMLElement {
  const element = create('span');
  element.hidden = true;
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, 'textContent', {
    get: () => '',
    set(css: string) {
      sheet.replaceSync(css);
    },
  });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    HTMLElement.prototype.remove.call(element);
  };
  return element;
}

function create(tag: string): HTMLElement {
  return document.createElementNS('http://www.w3.org/1999/xhtml', tag);
}
