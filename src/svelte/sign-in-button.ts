import { type Component, createRawSnippet } from 'svelte'
import { toStore } from 'svelte/store'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { renderToHTML } from '../sign-in-button/render.js'
import { showIn } from '../sign-in-button/show-in.js'
import { SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView } from '../sign-in-button/view.js'
import { contextOptions, liveSession } from './use-session.js'

/** What a sign-in button takes in Svelte: the options of `useSession` too, which `provideSession` above it may have. */
export interface SvelteSignInButtonProps extends Omit<SignInButtonProps, 'className'> {
  /** Another class for the outermost element. */
  class?: string | undefined
}

/**
 * A button with which a person signs in, with whichever wallet or passkey they have, and signs out. It comes without a
 * style: import `cacao-session/sign-in-button.css`, or write one for its classes. Throws a `TypeError` for a wrong prop.
 *
 * @example
 * mount(SignInButton, { target: document.body, props: { wallets: [ethereumWallets(), passkeys()] } })
 */
export const SignInButton: Component<SvelteSignInButtonProps> = (internals, props) => {
  const provided = contextOptions()
  const read = (): ReturnType<typeof readProps> => readProps({ ...provided?.(), ...ownProps(props) })
  const dialogOf = (): SignInDialog => new SignInDialog(liveSession(() => read().options).shared, read)
  const first = dialogOf()
  const button = createRawSnippet(() => ({
    render: () => renderToHTML(signInView(first.stage, read().words, first, read().className)),
    setup(root) {
      let shown = { key: '', leave: (): void => undefined, show: (): void => undefined }
      // A store of Svelte's hears of changed props.
      const stop = toStore(read).subscribe((now) => {
        const { key } = liveSession(() => now.options)
        if (key === shown.key) return shown.show()
        shown.leave()
        shown = { key, ...showIn(root, dialogOf(), read) }
      })
      return () => {
        stop()
        shown.leave()
      }
    },
  }))
  // A snippet takes the same first argument as a component: where it is to be.
  ;(button as (this: void, internals: unknown) => void)(internals)
  return {}
}

// Svelte passes things of its own too.
function ownProps({ class: className, ...props }: SvelteSignInButtonProps): SignInButtonProps {
  const own = Object.entries(props).filter(([name]) => !name.startsWith('$$'))
  return { ...(Object.fromEntries(own) as unknown as SignInButtonProps), className }
}
