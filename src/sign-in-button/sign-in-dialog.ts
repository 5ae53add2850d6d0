import { accountArgument, chainless } from '../base/account.js'
import type { DIDSession } from '../session/did-session.js'
import type { SessionState, SignIn } from '../session-state/session-state.js'
import { LOADING } from '../session-state/session-state.js'
import type { SharedSession } from '../session-state/shared-session.js'
import type { WalletChoice, WalletSource } from '../wallet/wallets.js'
import { KeptFocus } from './kept-focus.js'

/** What the button and its dialog show. */
export interface SignInStage {
  readonly session: SessionState
  readonly isOpen: boolean
  /** The wallets and passkeys that were found, in the order of the sources. */
  readonly choices: readonly WalletChoice[]
  /** Whether some of the sources are still looking. */
  readonly isLooking: boolean
  /** The help pages of the sources that found nothing. */
  readonly help: readonly string[]
  /** The wallet or passkey that the page waits for. */
  readonly asked: WalletChoice | undefined
  /** Whether a choice renews the session, instead of signing in. */
  readonly isRenewal: boolean
}

const CLOSED = { isOpen: false, asked: undefined, isRenewal: false } as const
const UNSEARCHED = { choices: [], isLooking: false, help: [] } as const

/** What a server renders, and what a page shows until it knows who is signed in. */
export const LOADING_STAGE: SignInStage = { session: LOADING, ...CLOSED, ...UNSEARCHED }

/** The current props of the button that the dialog needs. */
export interface SignInDialogProps {
  readonly wallets: readonly WalletSource[]
  readonly beforeSignOut?: ((session: DIDSession) => unknown) | undefined
}

/**
 * The dialog in which a person chooses a wallet, waits for it, and signs out. It depends on no framework, and only
 * `attach` needs a document. Its actions are bound, so they can be passed as event handlers.
 */
export class SignInDialog {
  readonly #session: SharedSession
  readonly #props: () => SignInDialogProps
  readonly #listeners = new Set<() => void>()
  readonly #focus = new KeptFocus()
  #stage: SignInStage = LOADING_STAGE
  #search = new AbortController()
  #found: readonly (readonly WalletChoice[])[] = []
  #asking: AbortController | undefined
  #lastChosen: WalletChoice | undefined
  #signingOut: Promise<void> | undefined
  #root: Element | undefined
  #isShown = false

  constructor(session: SharedSession, props: () => SignInDialogProps) {
    this.#session = session
    this.#props = props
  }

  /** The same object until something changes. */
  get stage(): SignInStage {
    const { state } = this.#session
    if (this.#stage.session !== state) this.#stage = { ...this.#stage, session: state }
    return this.#stage
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = (): void => {
      this.#focus.note()
      listener()
    }
    this.#listeners.add(own)
    const leave = this.#session.subscribe(own)
    return () => {
      this.#listeners.delete(own)
      leave()
    }
  }

  /** Opens the dialog and begins to look for wallets. */
  readonly open = (): void => void this.#open(false)

  /** Closes the dialog. The answer of a wallet that is still prompting is then ignored. */
  readonly close = (): void => {
    this.cancel()
    this.#search.abort()
    this.#change(CLOSED)
  }

  /** Stops waiting for the wallet, and shows the choices again. */
  readonly cancel = (): void => {
    this.#asking?.abort()
    this.#asking = undefined
    this.#change({ asked: undefined })
  }

  /** Signs in with the chosen wallet, or renews the session with it. */
  readonly choose = async (choice: WalletChoice): Promise<void> => {
    this.cancel()
    const asking = new AbortController()
    const { signal } = asking
    this.#asking = asking
    this.#lastChosen = choice
    this.#change({ asked: choice })
    let session: DIDSession | undefined
    try {
      session = await this.#ask(choice, signal)
    } finally {
      // Also if it rejects with an error of the app: the page no longer waits for a wallet.
      if (this.#asking === asking) {
        this.#asking = undefined
        if (session) this.close()
        else this.#change({ asked: undefined })
      }
    }
  }

  /** Renews the session with the wallet that has its account, or lets the person choose a wallet. */
  readonly renew = async (): Promise<void> => {
    const { account } = this.#session.state
    const last = this.#lastChosen
    const searched = this.#open(true)
    const { signal } = this.#search
    await searched
    if (signal.aborted || this.#asking || account === undefined) return
    const choices = this.#stage.choices.filter(({ kind }) => kind !== 'new-passkey')
    const holders = await Promise.all(
      choices.map(async (choice) => (await isHolder(choice, account)) && choice),
    )
    const holder = holders.find((choice) => choice && choice.id === last?.id) || holders.find(Boolean)
    // A wallet may answer late. By then, the person may have closed the dialog, or opened it for something else.
    if (holder && !signal.aborted && !this.#asking) await this.choose(holder)
  }

  /** Signs out. While a sign-out is pending, further clicks do nothing. */
  readonly signOut = async (): Promise<void> => {
    this.#signingOut ??= this.#signOut().finally(() => {
      this.#signingOut = undefined
    })
    return this.#signingOut
  }

  async #signOut(): Promise<void> {
    const { session } = this.#session.state
    const { beforeSignOut } = this.#props()
    try {
      if (session) await beforeSignOut?.(session)
    } finally {
      // Even if the server fails, the person wanted to sign out on this device.
      if (await this.#session.actions.signOut()) this.close()
    }
  }

  readonly retry = (): void => this.#session.actions.retry()

  /** Manages the dialog element in the button's root element. Returns a function that stops this. */
  attach(root: Element): () => void {
    const listening = new AbortController()
    const { signal } = listening
    this.#root = root
    this.#focus.attach(root)
    // On Escape, and on a click outside, the browser itself closes the dialog. The event does not bubble, and it comes
    // so late that the dialog may be open again.
    const closed = (): void => {
      if (this.#stage.isOpen && !this.#dialogElement?.open) this.close()
    }
    root.addEventListener('close', closed, { capture: true, signal })
    this.#closeOnClickOutside(root, signal)
    this.update()
    return () => {
      listening.abort()
      this.#search.abort()
      this.#root = undefined
      this.#focus.attach(undefined)
      this.#change(CLOSED)
    }
  }

  /** Closes the dialog on a click outside, in browsers that do not support `closedby="any"`, such as WebKit. */
  #closeOnClickOutside(root: Element, signal: AbortSignal): void {
    let beganOutside = false
    const isOutside = ({ target, clientX: x, clientY: y }: MouseEvent): boolean => {
      const dialog: Element | null | undefined = this.#dialogElement
      if (!dialog || 'closedBy' in dialog || dialog.getAttribute('closedby') !== 'any') return false
      // The target of a click on the backdrop is the dialog element, like that of a click on its padding.
      if (target !== dialog) return false
      const { left, right, top, bottom } = dialog.getBoundingClientRect()
      return x < left || x > right || y < top || y > bottom
    }
    const began = (event: Event): void => {
      beganOutside = isOutside(event as PointerEvent)
    }
    const ended = (event: Event): void => {
      if (beganOutside && isOutside(event as PointerEvent)) this.close()
    }
    root.addEventListener('pointerdown', began, { signal })
    root.addEventListener('pointerup', ended, { signal })
  }

  /**
   * Opens or closes the dialog element, keeps the focus in it while it is open, and returns the focus to the button.
   * Call this each time the view has been rendered.
   */
  update(): void {
    const dialog = this.#dialogElement
    if (!dialog) return
    const isOpening = this.#stage.isOpen && !this.#isShown
    const isClosing = this.#isShown && !this.#stage.isOpen
    if (isOpening && !dialog.open) dialog.showModal()
    if (!this.#stage.isOpen && dialog.open) dialog.close()
    // If the person has closed the dialog, its `close` event has not arrived yet: do not open the dialog again.
    this.#isShown = this.#stage.isOpen
    this.#focus.restore(isClosing)
    if (!dialog.open) return
    // The focused element may have been removed: move the focus to the title.
    const { activeElement } = dialog.getRootNode() as Document | ShadowRoot
    const isInside = activeElement !== dialog && dialog.contains(activeElement)
    if (isOpening || !isInside) dialog.querySelector<HTMLElement>('[tabindex="-1"]')?.focus()
  }

  get #dialogElement(): HTMLDialogElement | null | undefined {
    return this.#root?.querySelector('dialog')
  }

  async #ask(choice: WalletChoice, signal: AbortSignal): Promise<DIDSession | undefined> {
    const { actions, state } = this.#session
    if (this.#stage.isRenewal && state.account !== undefined)
      return actions.renew(choice.authMethod(state.account), { signal })
    const signIn = async (): Promise<SignIn> => {
      const account = await choice.account(signal)
      return { account, authMethod: choice.authMethod(account) }
    }
    return actions.signIn(signIn, { signal })
  }

  #open(isRenewal: boolean): Promise<void> {
    this.#search.abort()
    this.#search = new AbortController()
    const { signal } = this.#search
    this.#isShown = false
    const sources = this.#props().wallets
    this.#found = sources.map(() => [])
    this.#change({ isOpen: true, isRenewal, ...UNSEARCHED, isLooking: true })
    const searches = sources.map((source, i) => this.#searchIn(source, i, signal))
    return Promise.all(searches).then(() => {
      if (!signal.aborted) this.#change({ isLooking: false, help: this.#helpOf(sources) })
    })
  }

  async #searchIn(source: WalletSource, index: number, signal: AbortSignal): Promise<void> {
    const onChoice = (choice: WalletChoice): void => {
      if (signal.aborted) return
      this.#found = this.#found.map((found, i) => (i === index ? withChoice(found, choice) : found))
      this.#change({ choices: this.#found.flat(), help: this.#helpOf(this.#props().wallets) })
    }
    try {
      await source.find(onChoice, signal)
    } catch (error) {
      // A source that fails must not hide the others. Report the error to the app's developers.
      if (!signal.aborted) reportError(error)
    }
  }

  #helpOf(sources: readonly WalletSource[]): readonly string[] {
    return sources.flatMap(({ help }, i) => (help && this.#found[i]?.length === 0 ? [help] : []))
  }

  #change(change: Partial<SignInStage>): void {
    this.#stage = { ...this.#stage, ...change }
    for (const listener of [...this.#listeners]) listener()
  }
}

/** The choices with this one added. It replaces a choice that has the same id. */
function withChoice(found: readonly WalletChoice[], choice: WalletChoice): readonly WalletChoice[] {
  const isKnown = found.some(({ id }) => id === choice.id)
  return isKnown ? found.map((known) => (known.id === choice.id ? choice : known)) : [...found, choice]
}

async function isHolder(choice: WalletChoice, account: string): Promise<boolean> {
  try {
    const known = await choice.knownAccount?.()
    // A wallet can sign for its address on any chain.
    return known !== undefined && chainless(accountArgument(known)) === chainless(account)
  } catch {
    // The person can still choose a wallet that fails here.
    return false
  }
}
