import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { render, renderToHTML } from '../../src/sign-in-button/render.js'
import type { ViewElement } from '../../src/sign-in-button/view.js'

let root: HTMLElement
beforeEach(() => {
  root = document.createElement('div')
  document.body.append(root)
  onTestFinished(() => root.remove())
})

const element = (key: string, tag: string, more: Partial<ViewElement> = {}): ViewElement => ({
  key,
  tag,
  attributes: {},
  onClick: undefined,
  children: [],
  ...more,
})
const page = (...children: ViewElement['children']): ViewElement => element('root', 'div', { children })
const show = (...children: ViewElement['children']): void => render(root, page(...children))

it('changes the text and the attributes of existing elements, and keeps the elements', () => {
  const button = (text: string, attributes: ViewElement['attributes']): ViewElement =>
    element('button', 'button', { attributes, children: [text] })
  show(button('Sign in', { type: 'button', disabled: true, title: 'a' }))
  const [first] = root.children
  expect(root.innerHTML).toBe('<button type="button" disabled="" title="a">Sign in</button>')
  show(button('Sign out', { type: 'button', disabled: false }))
  expect(root.innerHTML).toBe('<button type="button">Sign out</button>')
  expect(root.children[0]).toBe(first)
})

it('keeps each element by its key, and its focus, when elements are added before it or removed', () => {
  const item = (key: string): ViewElement => element(key, 'button', { children: [key] })
  show(item('a'), item('b'), item('c'))
  const [, b, c] = root.children
  ;(b as HTMLElement).focus()
  show(item('new'), item('b'), item('c'))
  expect(document.activeElement).toBe(b)
  show(item('c'), item('b'))
  expect(root.textContent).toBe('cb')
  expect([...root.children]).toEqual([c, b])
  show(element('b', 'a', { children: ['b'] }))
  expect(root.innerHTML).toBe('<a>b</a>')
  show()
  expect(root.innerHTML).toBe('')
})

it('calls the click handler of the latest view, once', () => {
  const [first, second] = [vi.fn(), vi.fn()]
  for (const onClick of [first, second, second]) show(element('button', 'button', { onClick }))
  root.querySelector('button')?.click()
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1])
  show(element('button', 'button'))
  root.querySelector('button')?.click()
  expect(second).toHaveBeenCalledTimes(1)
})

it('reuses elements that a server has rendered', () => {
  const onClick = vi.fn()
  const view = page(
    element('button', 'button', { attributes: { type: 'button' }, onClick, children: ['<in>'] }),
    'or',
  )
  root.innerHTML = renderToHTML(view)
  const served = root.querySelector('button')
  const taken = root.firstElementChild as Element
  render(taken, view)
  expect(root.innerHTML).toBe(renderToHTML(view))
  expect(root.querySelector('button')).toBe(served)
  served?.click()
  expect(onClick).toHaveBeenCalledTimes(1)
})
