import type { ReadProps } from './props.js'
import type { SignInDialog } from './sign-in-dialog.js'
import { signInView, type ViewElement } from './view.js'

/** For each element that `render` manages, the view that it shows. */
const shown = new WeakMap<Element, ViewElement>()

/**
 * Updates the element to show the view. Changes only what differs, so that the focus stays. Reuses elements that a
 * server has rendered.
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
  // The listener is added once, and calls the handler of the latest view.
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

/** Whether a node of the page belongs to this part of the view. */
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

// The only element of the view that has no end tag.
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
 * Shows a button in an element, which a server may have rendered, until `leave` is called. Call `show` after the props
 * have changed.
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
