import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import type { DIDSession } from '../../src/session/did-session.js'
import type { SessionActions, SessionState, SignIn } from '../../src/session-state/session-state.js'
import { LOADING } from '../../src/session-state/session-state.js'
import type { SharedSession } from '../../src/session-state/shared-session.js'
import { SignInDialog, type SignInDialogProps } from '../../src/sign-in-button/sign-in-dialog.js'
import type { WalletChoice, WalletSource } from '../../src/wallet/wallets.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B } from '../setup/wallet.js'

const held = { account: ACCOUNT_A } as DIDSession
const SIGNED_OUT: SessionState = {
  status: 'signed-out',
  session: undefined,
  account: undefined,
  error: undefined,
  isRenewing: false,
}
const SIGNED_IN: SessionState = {
  status: 'signed-in',
  session: held,
  account: ACCOUNT_A,
  error: undefined,
  isRenewing: false,
}

interface Asked {
  /** `signIn as <account> by <choice>` or `renew by <choice>`. */
  readonly what: string
  readonly signal: AbortSignal | undefined
  /** The session; `undefined` if the action failed. */
  answer(session: DIDSession | undefined): void
}

/** A session that does nothing by itself: the test resolves each action. */
class HeldSession implements SharedSession {
  readonly asked: Asked[] = []
  readonly log: string[] = []
  readonly listeners = new Set<() => void>()
  isSignOutDone = true
  #state: SessionState

  constructor(state: SessionState) {
    this.#state = state
  }

  get state(): SessionState {
    return this.#state
  }

  set state(state: SessionState) {
    this.#state = state
    for (const listener of this.listeners) listener()
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly actions = {
    signIn: async (find: () => SignIn | Promise<SignIn>, options?: { signal?: AbortSignal }) => {
      const { account, authMethod } = await find()
      return this.#ask(`signIn as ${account} by ${nameOf(authMethod)}`, options?.signal)
    },
    renew: (authMethod: AuthMethod, options?: { signal?: AbortSignal }) =>
      this.#ask(`renew by ${nameOf(authMethod)}`, options?.signal),
    signOut: async () => {
      this.log.push('signed out')
      return this.isSignOutDone
    },
    retry: () => void this.log.push('retry'),
  } as SessionActions

  #ask(what: string, signal: AbortSignal | undefined): Promise<DIDSession | undefined> {
    return new Promise((answer) => this.asked.push({ what, signal, answer }))
  }
}

// An auth method that only has a name, and signs nothing.
const methods = new WeakMap<AuthMethod, string>()
const nameOf = (method: AuthMethod): string => methods.get(method) ?? 'nobody'

function choice(id: string, account = ACCOUNT_A, more: Partial<WalletChoice> = {}): WalletChoice {
  return {
    id,
    name: id,
    account: async () => account,
    authMethod(of) {
      const method = (() => Promise.reject(new Error('not asked'))) as unknown as AuthMethod
      methods.set(method, `${id} of ${of}`)
      return method
    },
    ...more,
  }
}
const holding = (id: string, account: string): WalletChoice =>
  choice(id, account, { knownAccount: async () => account })

/** A source that finds the choices of the test, until the test ends the search. */
function heldSource(help?: string) {
  const searches: { find: (found: WalletChoice) => void; end: () => void; signal: AbortSignal }[] = []
  const source: WalletSource = {
    ...(help && { help }),
    find: (find, signal) => new Promise((resolve) => searches.push({ find, end: resolve, signal })),
  }
  const last = () => searches.at(-1) ?? expect.fail('nobody looks')
  return { source, last, find: (found: WalletChoice) => last().find(found), end: () => last().end() }
}
const finding = (...choices: WalletChoice[]): WalletSource => ({
  find: async (onChoice) => choices.forEach((found) => void onChoice(found)),
})

/** Runs all pending microtasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function dialogOf(
  wallets: readonly WalletSource[],
  state: SessionState = SIGNED_OUT,
  props: Partial<SignInDialogProps> = {},
) {
  const session = new HeldSession(state)
  const dialog = new SignInDialog(session, () => ({ wallets, ...props }))
  const ids = () => dialog.stage.choices.map(({ id }) => id)
  return { session, dialog, ids, asked: () => session.asked.map(({ what }) => what) }
}

/** Opens the dialog, and waits until the search has ended. */
async function opened(...args: Parameters<typeof dialogOf>) {
  const all = dialogOf(...args)
  all.dialog.open()
  await settled()
  return all
}

afterEach(() => vi.unstubAllGlobals())

describe('looking for wallets', () => {
  it('lists the choices in the order of the sources, each once, and late ones too', async () => {
    const [first, second] = [heldSource(), heldSource()]
    const { dialog, ids } = dialogOf([first.source, second.source])
    expect(dialog.stage).toMatchObject({ isOpen: false, isLooking: false, choices: [] })
    dialog.open()
    expect(dialog.stage).toMatchObject({ isOpen: true, isLooking: true, choices: [] })
    second.find(choice('b'))
    first.find(choice('a'))
    expect(ids()).toEqual(['a', 'b'])
    first.end()
    await settled()
    expect(dialog.stage.isLooking).toBe(true)
    second.end()
    await settled()
    expect(dialog.stage.isLooking).toBe(false)
    const again = choice('a', ACCOUNT_B)
    first.find(choice('d'))
    first.find(again)
    second.find(choice('c'))
    expect(ids()).toEqual(['a', 'd', 'b', 'c'])
    expect(dialog.stage.choices[0]).toBe(again)
  })

  it('shows the help of sources that found nothing, until they find something', async () => {
    const [first, second] = [heldSource('https://one.example/'), heldSource('https://two.example/')]
    const { dialog } = dialogOf([first.source, second.source, finding()])
    dialog.open()
    expect(dialog.stage.help).toEqual([])
    first.find(choice('a'))
    for (const source of [first, second]) source.end()
    await settled()
    expect(dialog.stage.help).toEqual(['https://two.example/'])
    second.find(choice('b'))
    expect(dialog.stage.help).toEqual([])
  })

  it('ends when the dialog is closed, and starts again when it is opened', async () => {
    const wallets = heldSource()
    const { dialog, ids } = dialogOf([wallets.source])
    dialog.open()
    const before = wallets.last()
    before.find(choice('a'))
    dialog.close()
    expect(before.signal.aborted).toBe(true)
    dialog.open()
    expect([dialog.stage.isOpen, ids(), wallets.last().signal.aborted]).toEqual([true, [], false])
    before.find(choice('late'))
    before.end()
    await settled()
    expect([dialog.stage.isLooking, ids()]).toEqual([true, []])
  })

  it.each<[string, WalletSource['find']]>([
    ['rejects', async () => Promise.reject(new Error('broken'))],
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
  ])('goes on when one source %s, and reports the error', async (_, find) => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const { dialog, ids } = await opened([{ find, help: 'https://one.example/' }, finding(choice('a'))])
    expect([dialog.stage.isLooking, ids(), dialog.stage.help]).toEqual([
      false,
      ['a'],
      ['https://one.example/'],
    ])
    expect(reportError.mock.calls).toEqual([[expect.objectContaining({ message: 'broken' })]])
  })

  it('does not report a source that fails because the dialog was closed', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const find: WalletSource['find'] = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const { dialog } = await opened([{ find }])
    dialog.close()
    await settled()
    expect(reportError).not.toHaveBeenCalled()
  })
})

describe('choosing', () => {
  it('asks the wallet for the account and its signature, and closes once somebody is signed in', async () => {
    const a = choice('a')
    const { dialog, session, asked } = await opened([finding(a)])
    const choosing = dialog.choose(a)
    expect(dialog.stage).toMatchObject({ isOpen: true, asked: a })
    await settled()
    expect(asked()).toEqual([`signIn as ${ACCOUNT_A} by a of ${ACCOUNT_A}`])
    session.asked[0]?.answer(held)
    await choosing
    expect(dialog.stage).toMatchObject({ isOpen: false, asked: undefined })
  })

  it('shows the choices again after a refusal', async () => {
    const a = choice('a')
    const { dialog, session, ids } = await opened([finding(a)])
    const choosing = dialog.choose(a)
    await settled()
    session.asked[0]?.answer(undefined)
    await choosing
    expect(dialog.stage).toMatchObject({ isOpen: true, asked: undefined })
    expect(ids()).toEqual(['a'])
  })

  it('shows the choices again after an error of the app, which rejects', async () => {
    const authMethod = () => {
      throw new TypeError('a wrong option')
    }
    for (const state of [SIGNED_OUT, SIGNED_IN]) {
      const a = choice('a', ACCOUNT_A, { authMethod })
      const { dialog } = await opened([finding(a)], state)
      if (state === SIGNED_IN) await dialog.renew()
      expect(await failureOf(() => dialog.choose(a))).toEqual(new TypeError('a wrong option'))
      expect(dialog.stage).toMatchObject({ isOpen: true, asked: undefined })
    }
  })

  it.each<[string, (dialog: SignInDialog) => unknown, boolean]>([
    ['cancelled', (dialog) => dialog.cancel(), true],
    ['closed', (dialog) => dialog.close(), false],
    ['closed and opened again', (dialog) => [dialog.close(), dialog.open()], true],
  ])('no longer matters once it is %s', async (_, act, isOpen) => {
    const a = choice('a')
    const { dialog, session } = await opened([finding(a)])
    const choosing = dialog.choose(a)
    await settled()
    act(dialog)
    expect(session.asked[0]?.signal?.aborted).toBe(true)
    expect(dialog.stage).toMatchObject({ isOpen, asked: undefined })
    session.asked[0]?.answer(held)
    await choosing
    expect(dialog.stage).toMatchObject({ isOpen, asked: undefined })
  })

  it('is ignored once another wallet is chosen', async () => {
    const [a, b] = [choice('a'), choice('b')]
    const { dialog, session } = await opened([finding(a, b)])
    const choosing = [dialog.choose(a)]
    await settled()
    choosing.push(dialog.choose(b))
    await settled()
    const signals = session.asked.map(({ signal }) => signal?.aborted)
    expect(signals).toEqual([true, false])
    session.asked[0]?.answer(held)
    await choosing[0]
    expect(dialog.stage).toMatchObject({ isOpen: true, asked: b })
    session.asked[1]?.answer(held)
    await choosing[1]
    expect(dialog.stage.isOpen).toBe(false)
  })

  it('passes the wallet a signal, which is aborted when the choice is cancelled', async () => {
    let given: AbortSignal | undefined
    const a = choice('a', ACCOUNT_A, {
      account: (signal) => {
        given = signal
        return new Promise(() => undefined)
      },
    })
    const { dialog } = await opened([finding(a)])
    void dialog.choose(a)
    await settled()
    expect(given?.aborted).toBe(false)
    dialog.cancel()
    expect(given?.aborted).toBe(true)
  })
})

describe('renewing', () => {
  const other = holding('other', ACCOUNT_B)
  const broken = choice('broken', ACCOUNT_A, { knownAccount: () => Promise.reject(new Error('locked')) })
  const unknown = choice('unknown')
  const none = choice('none', ACCOUNT_A, { knownAccount: async () => undefined })
  const made = choice('made', ACCOUNT_A, { kind: 'new-passkey', knownAccount: async () => ACCOUNT_A })

  it.each<[string, readonly WalletChoice[], string | undefined]>([
    ['the wallet with the account', [other, holding('a', ACCOUNT_A)], 'a'],
    [
      'the first of several wallets with the account',
      [holding('a', ACCOUNT_A), holding('b', ACCOUNT_A)],
      'a',
    ],
    ['a wallet with the account on another chain', [holding('a', ACCOUNT_A.replace(':1:', ':10:'))], 'a'],
    ['no wallet with another account', [other], undefined],
    ['no wallet whose account is unknown', [unknown, none], undefined],
    ['the next wallet if one fails to return its account', [broken, holding('a', ACCOUNT_A)], 'a'],
    ['no passkey that has not been created', [made], undefined],
    ['no wallet if there is none', [], undefined],
  ])('prompts %s', async (_, choices, expected) => {
    const { dialog, asked } = dialogOf([finding(...choices)], SIGNED_IN)
    void dialog.renew()
    await settled()
    expect(asked()).toEqual(expected ? [`renew by ${expected} of ${ACCOUNT_A}`] : [])
    expect(dialog.stage).toMatchObject({ isOpen: true, isRenewal: true })
    expect(dialog.stage.asked?.id).toBe(expected)
  })

  it('prompts the wallet that signed in, even if another wallet has the account too', async () => {
    const [a, b] = [holding('a', ACCOUNT_A), holding('b', ACCOUNT_A)]
    const { dialog, session, asked } = await opened([finding(a, b)])
    const choosing = dialog.choose(b)
    await settled()
    session.asked[0]?.answer(held)
    await choosing
    session.state = SIGNED_IN
    const renewing = dialog.renew()
    await settled()
    expect(asked().at(-1)).toBe(`renew by b of ${ACCOUNT_A}`)
    session.asked[1]?.answer(held)
    await renewing
    expect(dialog.stage).toMatchObject({ isOpen: false, isRenewal: false })
  })

  it('lets the person choose if no wallet is known to have the account', async () => {
    const { dialog, asked } = dialogOf([finding(unknown)], SIGNED_IN)
    await dialog.renew()
    void dialog.choose(unknown)
    await settled()
    expect(asked()).toEqual([`renew by unknown of ${ACCOUNT_A}`])
  })

  it.each<[string, (dialog: SignInDialog) => unknown, string[]]>([
    ['was closed', (dialog) => dialog.close(), []],
    ['was used', (dialog) => dialog.choose(unknown), [`renew by unknown of ${ACCOUNT_A}`]],
  ])('prompts no other wallet if the dialog %s meanwhile', async (_, act, expected) => {
    for (const isLate of [false, true]) {
      const wallets = heldSource()
      const { dialog, asked } = dialogOf([wallets.source], SIGNED_IN)
      const told: ((account: string) => void)[] = []
      const knownAccount = vi.fn(() => new Promise<string>((resolve) => told.push(resolve)))
      void dialog.renew()
      for (const found of [choice('a', ACCOUNT_A, { knownAccount }), unknown]) wallets.find(found)
      // During the search, or before the wallet has said which account it has.
      if (!isLate) void act(dialog)
      wallets.end()
      await settled()
      expect(knownAccount).toHaveBeenCalledTimes(isLate ? 1 : 0)
      if (isLate) void act(dialog)
      for (const tell of told) tell(ACCOUNT_A)
      await settled()
      expect(asked()).toEqual(expected)
    }
  })

  it('prompts no wallet if nobody is signed in: the chosen wallet signs in', async () => {
    const a = holding('a', ACCOUNT_A)
    const { dialog, asked } = dialogOf([finding(a)], SIGNED_OUT)
    await dialog.renew()
    expect(asked()).toEqual([])
    void dialog.choose(a)
    await settled()
    expect(asked()).toEqual([`signIn as ${ACCOUNT_A} by a of ${ACCOUNT_A}`])
  })
})

describe('signing out', () => {
  it('calls beforeSignOut first, while the session works, and closes', async () => {
    const log: unknown[] = []
    const beforeSignOut = async (session: DIDSession) => {
      await settled()
      log.push(session, [...of.session.log])
    }
    const of = await opened([finding()], SIGNED_IN, { beforeSignOut })
    await of.dialog.signOut()
    expect(log).toEqual([held, []])
    expect(of.session.log).toEqual(['signed out'])
    expect(of.dialog.stage.isOpen).toBe(false)
  })

  it.each<[string, (session: DIDSession) => unknown]>([
    ['rejects', () => Promise.reject(new Error('offline'))],
    [
      'throws',
      () => {
        throw new Error('offline')
      },
    ],
  ])('is completed even if beforeSignOut %s', async (_, beforeSignOut) => {
    const { dialog, session } = await opened([finding()], SIGNED_IN, { beforeSignOut })
    expect(await failureOf(() => dialog.signOut())).toEqual(new Error('offline'))
    expect([session.log, dialog.stage.isOpen]).toEqual([['signed out'], false])
  })

  it('leaves the dialog open if the person may still be signed in', async () => {
    const { dialog, session } = await opened([finding()], SIGNED_IN)
    session.isSignOutDone = false
    await dialog.signOut()
    expect(dialog.stage.isOpen).toBe(true)
  })

  it('does not call beforeSignOut without a session', async () => {
    const beforeSignOut = vi.fn()
    const { dialog, session } = await opened([finding()], SIGNED_OUT, { beforeSignOut })
    await dialog.signOut()
    expect([beforeSignOut.mock.calls, session.log]).toEqual([[], ['signed out']])
  })
})

describe('the stage of the sign-in dialog', () => {
  it('is the same object until the dialog or the session changes', () => {
    const { dialog, session } = dialogOf([finding()], LOADING)
    const first = dialog.stage
    expect(dialog.stage).toBe(first)
    session.state = SIGNED_IN
    const second = dialog.stage
    expect([second.session, second === first, dialog.stage === second]).toEqual([SIGNED_IN, false, true])
    dialog.open()
    expect(dialog.stage).not.toBe(second)
  })

  it('calls each listener once for each of its subscriptions, until it unsubscribes', () => {
    const { dialog, session } = dialogOf([finding()])
    const listener = vi.fn()
    const leave = [dialog.subscribe(listener), dialog.subscribe(listener)]
    dialog.cancel()
    expect(listener).toHaveBeenCalledTimes(2)
    session.state = SIGNED_IN
    expect(listener).toHaveBeenCalledTimes(4)
    leave[0]?.()
    dialog.cancel()
    expect(listener).toHaveBeenCalledTimes(5)
    leave[1]?.()
    dialog.cancel()
    session.state = SIGNED_OUT
    expect([listener.mock.calls.length, session.listeners.size]).toEqual([5, 0])
  })

  it('is the stage of a closed dialog once its element is removed', () => {
    const root = Object.assign(new EventTarget(), { querySelector: () => null }) as unknown as Element
    const wallets = heldSource()
    const { dialog } = dialogOf([wallets.source])
    const detach = dialog.attach(root)
    onTestFinished(detach)
    dialog.open()
    detach()
    expect([dialog.stage.isOpen, wallets.last().signal.aborted]).toEqual([false, true])
  })

  it('retries with the session', () => {
    const { dialog, session } = dialogOf([finding()])
    dialog.retry()
    expect(session.log).toEqual(['retry'])
  })
})
