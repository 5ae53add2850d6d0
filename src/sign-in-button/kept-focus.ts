/**
 * Keeps the focus on the button. Whatever has it may go or be disabled as a session ends, and whoever uses the keyboard would begin
 * again at the top of the page.
 */
export class KeptFocus {
  #root: Element | undefined
  /** What has the focus beside the dialog, or had it when it went. */
  #focused: Element | undefined
  #isLost = false

  /** From now on, keeps the focus of this root element of a button, or of none. */
  attach(root: Element | undefined): void {
    this.#root = root
    this.#focused = undefined
    this.#isLost = false
  }

  /** Sees what has the focus, before the view changes. */
  note(): void {
    const { activeElement } = (this.#root?.getRootNode() ?? {}) as Partial<Document | ShadowRoot>
    const isOurs = activeElement && this.#root?.contains(activeElement)
    if (isOurs && !activeElement.closest('dialog')) this.#focused = activeElement
    // Whoever has left what can still be focused has left it on purpose.
    else if (!this.#isNowhere || canHoldFocus(this.#focused)) this.#focused = undefined
    this.#isLost = this.#focused !== undefined && this.#focused !== activeElement
  }

  /** Gives the button the focus that has been lost since, or that the dialog had, when the view has changed. */
  restore(isDialogClosing: boolean): void {
    const isLost = this.#isLost || (this.#focused !== undefined && !canHoldFocus(this.#focused))
    // The browser gives the focus back to what had it, which is gone after a renewal, and in Safari is no button that was clicked.
    if (!(isDialogClosing || isLost) || !this.#isNowhere) return
    // While it is being found out who is signed in, no button is enabled: this comes again then.
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
