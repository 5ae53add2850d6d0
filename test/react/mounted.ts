import { createElement, type ReactElement, type ReactNode } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { onTestFinished } from 'vitest'
import { type SessionOptions, type UseSession, useSession } from '../../src/react/index.js'

/** A part of the page that React has rendered. */
export interface Mounted {
  readonly container: HTMLElement
  /** Renders another element in its place. */
  render(element: ReactNode): void
  unmount(): void
  /** Waits until the part's text contains the words. */
  shows(words: string): Promise<void>
  click(selector: string): void
}

/** Renders an element into a part of the page until the test ends. If there is HTML of a server, hydrates it. */
export function mount(element: ReactNode, html?: string): Mounted {
  const container = document.createElement('div')
  container.innerHTML = html ?? ''
  document.body.append(container)
  let root: Root
  if (html === undefined) {
    root = createRoot(container)
    root.render(element)
  } else root = hydrateRoot(container, element, { onRecoverableError: (error) => console.error(error) })
  const unmount = (): void => root.unmount()
  onTestFinished(() => {
    unmount()
    container.remove()
  })
  return {
    container,
    render: (other) => root.render(other),
    unmount,
    shows: (words) => shows(container, words),
    click: (selector) => container.querySelector<HTMLElement>(selector)?.click(),
  }
}

/** Waits until the element's text contains the words. */
function shows(element: Element, words: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!element.textContent?.includes(words)) return
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(look)
    observer.observe(element, { childList: true, characterData: true, subtree: true })
    look()
  })
}

/** What a component shows in a test, and the actions of its buttons. */
export interface ShowProps {
  readonly options?: Partial<SessionOptions>
  readonly onSignIn?: (actions: UseSession) => unknown
  readonly onRender?: (state: UseSession) => unknown
}

/** Renders what `useSession` returns. */
export function Show({ options, onSignIn, onRender }: ShowProps): ReactElement {
  const state = useSession(options)
  onRender?.(state)
  const { status, account, error, signOut } = state
  return createElement(
    'section',
    null,
    createElement('p', null, [status, account?.slice(-4), error?.code].filter(Boolean).join(' ')),
    createElement('button', { type: 'button', className: 'in', onClick: () => onSignIn?.(state) }, 'Sign in'),
    createElement('button', { type: 'button', className: 'out', onClick: signOut }, 'Sign out'),
  )
}
