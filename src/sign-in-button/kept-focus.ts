/**
 * Keeps the focus on the button. When a session ends, the focused element may be removed or disabled, and a person who
 * uses the keyboard would have to start again at the top of the page.
 */
export class KeptFocus {
  #root: Element | undefined
  /** The element outside of the dialog that has the focus, or had it when it was removed or disabled. */
  #focused: Element | undefined
  #isLost = false

  /** Starts to keep the focus in this root element of a button. With `undefined`, stops. */
  attach(root: Element | undefined): void {
    this.#root = root
    this.#focused = undefined
    this.#isLost = false
  }

  /** Notes which element has the focus. Call this before the view changes. */
  note(): void {
    const { activeElement } = (this.#root?.getRootNode() ?? {}) as Partial<Document | ShadowRoot>
    const isOurs = activeElement && this.#root?.contains(activeElement)
    if (isOurs && !activeElement.closest('dialog')) this.#focused = activeElement
    // If the element can still have the focus, the person moved the focus away on purpose.
    else if (!this.#isNowhere || canHoldFocus(this.#focused)) this.#focused = undefined
    this.#isLost = this.#focused !== undefined && this.#focused !== activeElement
  }

  /** Focuses the button if the focus was lost, or was in the dialog. Call this after the view has changed. */
  restore(isDialogClosing: boolean): void {
    const isLost = this.#isLost || (this.#focused !== undefined && !canHoldFocus(this.#focused))
    // The browser returns the focus to the element that had it before. After a renewal that element is gone, and Safari
    // does not focus a button that is clicked.
    if (!(isDialogClosing || isLost) || !this.#isNowhere) return
    // While the session is loading, no button is enabled. `restore` is called again when it has loaded.
    this.#root?.querySelector<HTMLElement>('button:enabled')?.focus({ preventScroll: true })
  }

  get #isNowhere(): boolean {
    const { activeElement, body } = this.#root?.ownerDocument ?? {}
    return !activeElement || activeElement === body
  }
}

function canHoldFocus(element: Element | undefined): boolean {
  return element?.isConnected === true && !element.matches(':disabled')
}
