import {
  computed,
  type DefineSetupFnComponent,
  defineComponent,
  h,
  onMounted,
  onUpdated,
  shallowRef,
  type VNode,
  watch,
} from 'vue'
import type { SessionOptions } from '../session-state/options.js'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { LOADING_STAGE, SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView, type ViewElement } from '../sign-in-button/view.js'
import { reactiveSession } from './use-session.js'

/** What a sign-in button takes in Vue. A class needs no prop: it falls through to the outermost element. */
export interface VueSignInButtonProps extends Pick<SignInButtonProps, 'wallets' | 'words' | 'beforeSignOut'> {
  /** The options of `useSession`, which are left out where `sessionPlugin` or `provideSession` has them. */
  options?: Partial<SessionOptions> | undefined
}

/**
 * A button with which a person signs in, with whichever wallet or passkey they have, and signs out. It comes without a
 * style: import `cacao-session/sign-in-button.css`, or write one for its classes. Throws a `TypeError` for a wrong prop.
 *
 * @example
 * h(SignInButton, { wallets: [ethereumWallets(), passkeys()] })
 */
export const SignInButton: DefineSetupFnComponent<VueSignInButtonProps> = defineComponent(
  (props: VueSignInButtonProps) => {
    const read = computed(() => readProps({ ...props.options, ...props }))
    const { shared } = reactiveSession(() => props.options ?? {})
    const dialog = computed(() => new SignInDialog(shared.value, () => read.value))
    const root = shallowRef<Element>()
    const stage = shallowRef(LOADING_STAGE)
    onMounted(() => {
      watch(
        dialog,
        (shown, _, onCleanup) => {
          const show = (): void => {
            stage.value = shown.stage
          }
          const leave = shown.subscribe(show)
          const detach = root.value && shown.attach(root.value)
          onCleanup(() => {
            leave()
            detach?.()
          })
          show()
        },
        { immediate: true, flush: 'post' },
      )
    })
    onUpdated(() => dialog.value.update())
    return () => rendered(signInView(stage.value, read.value.words, dialog.value), { ref: root })
  },
  { name: 'SignInButton', props: ['wallets', 'words', 'beforeSignOut', 'options'] },
)

function rendered({ tag, key, attributes, onClick, children }: ViewElement, extra?: object): VNode {
  const content = children.map((child) => (typeof child === 'string' ? child : rendered(child)))
  return h(tag, { key, ...attributes, ...(onClick && { onClick }), ...extra }, content)
}
