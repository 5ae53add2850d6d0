import axe from 'axe-core'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import type { SignInButtonProps } from '../../src/sign-in-button/index.js'
import { failingStore, type TestWallet, testClock, testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { ethereumWallets, type WalletSource } from '../../src/wallet/wallets.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { FRAMEWORKS, mounted, resources } from './buttons.js'

const domain = 'app.example'
const WEEK = 7 * 24 * 3_600_000
const SHORT = '0x19e7…ff2a'
const RULES = { rules: { region: { enabled: false } } }

let wallet: TestWallet

const announced = (): void => onTestFinished(wallet.announce())
const wallets = () => [ethereumWallets({ domain })]
const noWallets: WalletSource = {
  find: async () => undefined,
  help: 'https://wallets.example/',
}

/** The button as a person finds it. */
function seen(page: HTMLElement) {
  const one = (selector: string): HTMLElement => {
    const found = page.querySelector<HTMLElement>(selector)
    if (!found) throw new Error(`there is no ${selector} in ${page.innerHTML}`)
    return found
  }
  return {
    one,
    button: () => one('.cacao-sign-in-button'),
    dialog: () => one('dialog') as HTMLDialogElement,
    /** Waits until the element shows the words. */
    shows: (selector: string, words: string) =>
      vi.waitFor(() => expect(one(selector).textContent).toContain(words), SOON),
    /** The violations that axe finds. */
    faults: async () =>
      (await axe.run(page, RULES)).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
    focused: () => document.activeElement?.className,
  }
}

beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
})

describe.each(FRAMEWORKS)('the sign-in button, by %s', (_, mountButton) => {
  const open = (props: Partial<SignInButtonProps> = {}) =>
    seen(mounted(mountButton, { wallets: wallets(), ...props }))

  it('signs in and out again, and keeps the focus in the button or its dialog', async () => {
    announced()
    const page = open()
    await page.shows('[data-status=signed-out] button', 'Sign in')
    expect(await page.faults()).toEqual([])

    page.button().focus()
    page.button().click()
    await page.shows('.cacao-sign-in-choice', 'Test wallet')
    expect(page.dialog().matches(':modal')).toBe(true)
    expect(page.focused()).toBe('cacao-sign-in-title')
    expect(await page.faults()).toEqual([])

    wallet.behaviour = 'hangs'
    page.one('.cacao-sign-in-choice').focus()
    page.one('.cacao-sign-in-choice').click()
    await page.shows('.cacao-sign-in-title', 'Waiting for Test wallet')
    await page.shows('[role=status].cacao-sign-in-progress', 'Look at your wallet')
    expect(page.focused()).toBe('cacao-sign-in-title')
    expect(page.button().ariaBusy).toBe('true')
    expect(await page.faults()).toEqual([])

    page.one('.cacao-sign-in-cancel').click()
    await page.shows('.cacao-sign-in-choice', 'Test wallet')
    wallet.behaviour = 'approves'
    page.one('.cacao-sign-in-choice').click()
    await page.shows('[data-status=signed-in] button', SHORT)
    await vi.waitFor(() => expect(page.dialog().open).toBe(false), SOON)
    expect(page.focused()).toBe('cacao-sign-in-button')

    page.button().click()
    await page.shows('.cacao-sign-in-account', ACCOUNT_A)
    expect(await page.faults()).toEqual([])
    page.one('.cacao-sign-in-out').click()
    await page.shows('[data-status=signed-out] button', 'Sign in')
    await vi.waitFor(() => expect(page.dialog().open).toBe(false), SOON)
    expect(page.focused()).toBe('cacao-sign-in-button')
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
  })

  it('shows that nothing was signed, and lets the person choose again', async () => {
    announced()
    const page = open()
    await page.shows('[data-status=signed-out] button', 'Sign in')
    wallet.behaviour = 'rejects'
    page.button().click()
    await page.shows('.cacao-sign-in-choice', 'Test wallet')
    page.one('.cacao-sign-in-choice').click()
    await page.shows('dialog [role=alert]', 'Nothing was signed')
    expect(page.one('.cacao-sign-in-choice').textContent).toBe('Test wallet')
    expect(page.focused()).toBe('cacao-sign-in-title')
    expect(await page.faults()).toEqual([])
    // The browser does the same on Escape.
    page.dialog().close()
    await page.shows('.cacao-sign-in > [role=alert]', 'Nothing was signed')
    expect(page.button().ariaExpanded).toBe('false')
    // Even if the button did not have the focus: Safari does not focus a button that is clicked.
    expect(page.focused()).toBe('cacao-sign-in-button')
  })

  it('shows what to do if no wallet is installed', async () => {
    const page = open({ wallets: [noWallets] })
    await page.shows('[data-status=signed-out] button', 'Sign in')
    page.button().click()
    await page.shows('.cacao-sign-in-nothing', 'No wallet was found')
    expect(page.one('dialog a').getAttribute('href')).toBe('https://wallets.example/')
    expect(await page.faults()).toEqual([])
  })

  it('renews with the wallet that has the account, and uses the given words', async () => {
    announced()
    await DIDSession.get(ACCOUNT_A, ethereumAuth(wallet.provider, undefined, { domain }), {
      resources,
      // Signed so long ago that one minute of the week is left.
      now: () => Date.now() - WEEK + 60_000,
    })
    const page = open({ words: { renew: 'Bleiben' } })
    await page.shows('[data-status=expiring] .cacao-sign-in-renew', 'Bleiben')
    await page.shows('[role=status].cacao-sign-in-notice', 'ends soon')
    expect(await page.faults()).toEqual([])
    page.one('.cacao-sign-in-renew').focus()
    page.one('.cacao-sign-in-renew').click()
    await page.shows('[data-status=signed-in] button', SHORT)
    await vi.waitFor(() => expect(page.dialog().open).toBe(false), SOON)
    expect(wallet.prompts).toBe(2)
    // The focused element has been removed.
    await vi.waitFor(() => expect(page.focused()).toBe('cacao-sign-in-button'), SOON)
  })

  it.each([
    ['keeps the focus when the focused element is removed because the session ends', true],
    ['takes no focus that the person has taken away before the session ends', false],
  ])('%s', async (_title, isHeld) => {
    const clock = testClock()
    await DIDSession.get(ACCOUNT_A, ethereumAuth(wallet.provider, undefined, { domain }), {
      resources,
      // One minute of the week is left.
      now: () => clock.now() - WEEK + 60_000,
    })
    const page = open({ now: clock.now })
    await page.shows('[data-status=expiring] .cacao-sign-in-renew', 'Stay signed in')
    const renew = page.one('.cacao-sign-in-renew')
    renew.focus()
    if (!isHeld) renew.blur()
    await vi.waitFor(() => {
      // Wake the page each time, because the code that listens may still be loading.
      clock.advance(61)
      expect(page.one('[data-status=signed-out] button').textContent).toBe('Sign in again')
    }, SOON)
    // React and Vue render before they call the function that returns the focus.
    if (isHeld) await vi.waitFor(() => expect(page.focused()).toBe('cacao-sign-in-button'), SOON)
    expect(page.focused()).toBe(isHeld ? 'cacao-sign-in-button' : '')
  })

  it('keeps the focus during a retry', async () => {
    const store = failingStore()
    store.behaviour = 'unavailable'
    const page = open({ store })
    await page.shows('[data-status=error] button', 'Try again')
    page.button().focus()
    store.behaviour = 'hangs'
    page.button().click()
    await page.shows('[data-status=loading] button', 'Sign in')
    // Long enough for the browser to take the focus from a disabled button.
    await new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))
    store.behaviour = 'works'
    await page.shows('[data-status=signed-out] button', 'Sign in')
    await vi.waitFor(() => expect(page.focused()).toBe('cacao-sign-in-button'), SOON)
  })
})
