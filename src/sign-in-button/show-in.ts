import type { ReadProps } from './props.js'
import { render } from './render.js'
import type { SignInDialog } from './sign-in-dialog.js'
import { signInView } from './view.js'

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
