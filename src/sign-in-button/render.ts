import type { ReadProps } from './props.js'
import type { SignInDialog } from './sign-in-dialog.js'
import { signInView, type ViewElement } from './view.js'

/** The elements that `render` has made or taken over, with what they show. */
const shown = new WeakMap<Element, ViewElement>()

/**
 * Makes the element show what the view says, and changes no more of it than has changed, so that the focus stays. Takes
 * over elements that a server has rendered.
 */
export function render(target: Element, view: ViewElement): void {
  const before = shown.get(target)
  shown.set(target, view)
  for (const name of Object.keys(before?.attributes ?? {}))
    if (!Object.hasOwn(view.attributes, name)) target.removeAttribute(name)
  for (const [name, value] of Object.entries(view.attributes)) {
    const text = value === true ? '' : value
    if (text === false) target.removeAttribute(name)
    else if (target.getAttribute(name) !== text) target.setAttribute(name, text)
  }
  // The listener is added once, and does what the view says by then.
  if (!before) target.addEventListener('click', () => void shown.get(target)?.onClick?.())
  const olds = [...target.childNodes]
  const nodes = view.children.map((child) => {
    const at = olds.findIndex((node) => isFor(node, child))
    const found = at < 0 ? undefined : olds.splice(at, 1)[0]
    const node = found ?? newNode(target.ownerDocument, child)
    if (typeof child === 'string') node.nodeValue = child
    else render(node as Element, child)
    return node
  })
  for (const node of olds) node.remove()
  nodes.forEach((node, i) => {
    const present = target.childNodes[i] ?? null
    if (present !== node) target.insertBefore(node, present)
  })
}

/** Whether a node of the page is that of this part of the view. */
function isFor(node: ChildNode, child: ViewElement | string): boolean {
  if (typeof child === 'string') return node.nodeType === Node.TEXT_NODE
  const isSame = node instanceof Element && node.localName === child.tag
  return isSame && (shown.get(node)?.key ?? child.key) === child.key
}

function newNode(document: Document, child: ViewElement | string): ChildNode {
  return typeof child === 'string' ? document.createTextNode(child) : document.createElement(child.tag)
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '')

// The only one of the view's elements that has no end.
const VOID = 'img'

/** The view as HTML, for a server. */
export function renderToHTML({ tag, attributes, children }: ViewElement): string {
  const written = Object.entries(attributes).map(([name, value]) => {
    if (value === false) return ''
    return value === true ? ` ${name}` : ` ${name}="${escaped(value)}"`
  })
  const start = `<${tag}${written.join('')}>`
  if (tag === VOID) return start
  const inner = children.map((child) => (typeof child === 'string' ? escaped(child) : renderToHTML(child)))
  return `${start}${inner.join('')}</${tag}>`
}

/**
 * Shows a button in an element, perhaps one that a server has rendered, until `leave` is called. `show` shows it anew, for
 * props that have changed.
 */
export function showIn(
  root: Element,
  dialog: SignInDialog,
  props: () => ReadProps,
): { show(): void; leave(): void } {
  const show = (): void => {
    const { words, className } = props()
    render(root, signInView(dialog.stage, words, dialog, className))
    dialog.update()
  }
  show()
  const detach = dialog.attach(root)
  const unsubscribe = dialog.subscribe(show)
  return {
    show,
    leave() {
      unsubscribe()
      detach()
    },
  }
}
