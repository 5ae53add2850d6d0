import { Page } from 'guide:react/button'
import SvelteApp from 'guide:svelte/app'
import VueApp from 'guide:vue/app'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { mount, unmount } from 'svelte'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { createApp } from 'vue'
import { testWallet } from '../../src/testing/index.js'
import { sessionPlugin } from '../../src/vue/index.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'

const resources = ['https://api.example.com/notes/*']

beforeEach(clearOrigin)

const mounts: readonly [string, (target: HTMLElement) => () => void | Promise<void>][] = [
  [
    'React',
    (target) => {
      const root = createRoot(target)
      root.render(createElement(Page))
      return () => root.unmount()
    },
  ],
  [
    'Vue',
    (target) => {
      const app = createApp(VueApp).use(sessionPlugin, { resources })
      app.mount(target)
      return () => app.unmount()
    },
  ],
  [
    'Svelte',
    (target) => {
      const app = mount(SvelteApp, { target })
      return () => unmount(app)
    },
  ],
]

/** Signs in with the button as a person does, and waits until the button shows it. */
async function signIn(page: Element): Promise<void> {
  const click = (selector: string) =>
    vi.waitFor(() => {
      const button = page.querySelector<HTMLButtonElement>(selector)
      if (!button || button.disabled) throw new Error(`there is no ${selector} yet`)
      button.click()
    }, SOON)
  await click('.cacao-sign-in-button')
  await click('.cacao-sign-in-choice')
  await vi.waitFor(() => expect(page.querySelector('[data-status=signed-in]')).toBeTruthy(), SOON)
}

it.each(mounts)('the button of the %s guide signs in', async (name, mountApp) => {
  onTestFinished(testWallet().announce())
  const page = document.createElement('main')
  document.body.append(page)
  onTestFinished(mountApp(page))
  onTestFinished(() => page.remove())
  await signIn(page)
  // React's guide saves notes in a block of its own.
  if (name === 'React') return
  // The guide's code also sends a request with the session.
  const fetch = vi.spyOn(window, 'fetch').mockResolvedValue(new Response('', { status: 201 }))
  onTestFinished(() => fetch.mockRestore())
  await vi.waitFor(() => expect(page.querySelector('.save')).toBeTruthy(), SOON)
  page.querySelector<HTMLElement>('.save')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('Saved'), SOON)
  const sent = fetch.mock.calls[0]?.[0]
  expect(sent instanceof Request && sent.headers.has('signature')).toBe(true)
  fetch.mockRejectedValue(new TypeError('there is no network'))
  page.querySelector<HTMLElement>('.save')?.click()
  await vi.waitFor(() => expect(page.textContent).toContain('there is no network'), SOON)
})

it('the button of a page without a framework signs in', async () => {
  onTestFinished(testWallet().announce())
  const { removeButton } = await import('guide:sign-in-button/page')
  onTestFinished(removeButton)
  await signIn(document.body)
})
