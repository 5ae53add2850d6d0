import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { mount, unmount } from 'svelte'
import { onTestFinished } from 'vitest'
import { createApp, h } from 'vue'
import { SignInButton as ReactButton, SessionProvider } from '../../src/react/index.js'
import { mountSignInButton, type SignInButtonProps } from '../../src/sign-in-button/index.js'
import { SignInButton as SvelteButton } from '../../src/svelte/index.js'
import { sessionPlugin, SignInButton as VueButton } from '../../src/vue/index.js'

export const resources = ['https://api.example/notes/*']

/** Mounts a button in the element with one of the frameworks, and returns a function that removes it. */
type MountButton = (target: HTMLElement, props: SignInButtonProps) => () => void

const inReact: MountButton = (target, props) => {
  const root = createRoot(target)
  root.render(createElement(SessionProvider, { resources }, createElement(ReactButton, props)))
  return () => root.unmount()
}

const inVue: MountButton = (target, { wallets, words, beforeSignOut, ...options }) => {
  const app = createApp(() => h(VueButton, { wallets, words, beforeSignOut, options }))
  app.use(sessionPlugin, { resources, ...options }).mount(target)
  return () => app.unmount()
}

const inSvelte: MountButton = (target, { className: _, ...props }) => {
  const component = mount(SvelteButton, { target, props: { resources, ...props } })
  return () => void unmount(component)
}

const withoutFramework: MountButton = (target, props) => mountSignInButton(target, { resources, ...props })

export const FRAMEWORKS: readonly [name: string, mount: MountButton][] = [
  ['React', inReact],
  ['Vue', inVue],
  ['Svelte', inSvelte],
  ['no framework', withoutFramework],
]

/** Mounts a button in the page until the test ends, and returns its element. */
export function mounted(mountButton: MountButton, props: SignInButtonProps): HTMLElement {
  const target = document.createElement('main')
  document.body.append(target)
  const leave = mountButton(target, props)
  onTestFinished(() => {
    leave()
    target.remove()
  })
  return target
}
