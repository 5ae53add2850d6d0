import { describe, expect, it } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../src/base/errors.js'
import type { DIDSession } from '../../src/session/did-session.js'
import type { SessionState } from '../../src/session-state/session-state.js'
import {
  readProps,
  type SignInButtonProps,
  type SignInWords,
  signInWords,
} from '../../src/sign-in-button/props.js'
import { renderToHTML } from '../../src/sign-in-button/render.js'
import { LOADING_STAGE, type SignInStage } from '../../src/sign-in-button/sign-in-dialog.js'
import { type SignInActions, signInView, type ViewElement } from '../../src/sign-in-button/view.js'
import type { WalletChoice, WalletSource } from '../../src/wallet/wallets.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const SHORT = '0x19e7…ff2a'
const HELP = 'https://wallets.example/list'
const REJECTED = new SessionError('ERR_AUTH_REJECTED', 'the person said no')
const END = new Date('2027-01-02T03:04:05Z')

// The members of a session that the view reads.
const held = { account: ACCOUNT_A, expiresAt: END } as DIDSession
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
const EXPIRING: SessionState = { ...SIGNED_IN, status: 'expiring' }
const FAILED: SessionState = { ...SIGNED_OUT, status: 'error', account: undefined, error: REJECTED }

const choice = (id: string, name: string, more: Partial<WalletChoice> = {}): WalletChoice => ({
  id,
  name,
  account: () => Promise.reject(new Error('not asked')),
  authMethod: () => {
    throw new Error('not asked')
  },
  ...more,
})
const CACAO = choice('ethereum:1', 'Cacao wallet', { icon: 'data:image/png;base64,AA' })
const UNNAMED = choice('ethereum', '')
const KNOWN = choice('passkey:1', 'alice', { kind: 'known-passkey' })
const ANY = choice('passkey', '', { kind: 'passkey' })
const NEW = choice('new-passkey', '', { kind: 'new-passkey' })

// Each word is its own name.
const NAMED = Object.fromEntries(
  Object.entries(signInWords()).map(([name, word]) => {
    const shown = (value: unknown): string =>
      value instanceof Date ? value.toISOString() : value instanceof SessionError ? value.code : String(value)
    return [name, typeof word === 'function' ? (value: unknown) => `${name}(${shown(value)})` : name]
  }),
) as unknown as SignInWords

/** Actions that record their name and their arguments. */
function actions(): SignInActions & { readonly called: unknown[][] } {
  const called: unknown[][] = []
  const note =
    (name: string) =>
    (...args: unknown[]): never =>
      called.push([name, ...args]) as never
  return {
    called,
    open: note('open'),
    close: note('close'),
    cancel: note('cancel'),
    choose: note('choose'),
    renew: note('renew'),
    signOut: note('signOut'),
    retry: note('retry'),
  }
}

const stage = (session: SessionState, more: Partial<SignInStage> = {}): SignInStage => ({
  ...LOADING_STAGE,
  session,
  ...more,
})
const open = (more: Partial<SignInStage> = {}, session: SessionState = SIGNED_OUT): SignInStage =>
  stage(session, { isOpen: true, ...more })
const viewOf = (of: SignInStage, on: SignInActions = actions()): ViewElement => signInView(of, NAMED, on)

const classOf = ({ attributes }: ViewElement): string =>
  String(attributes['class'] ?? '').replace('cacao-sign-in-', '')
const everyOf = (view: ViewElement): ViewElement[] => [
  view,
  ...view.children.flatMap((child) => (typeof child === 'string' ? [] : everyOf(child))),
]
const textOf = ({ children }: ViewElement): string =>
  children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('')

/** The parts with text, in the order of the page: `class: words`. */
function said(view: ViewElement): string[] {
  const parts = everyOf(view).filter((each) => each.children.some((child) => typeof child === 'string'))
  return parts.map((each) => `${classOf(each) || each.attributes['href'] || each.tag}: ${textOf(each)}`)
}
const find = (view: ViewElement, name: string): ViewElement => {
  const found = everyOf(view).find((each) => classOf(each) === name)
  if (!found) throw new Error(`there is no ${name} among ${everyOf(view).map(classOf)}`)
  return found
}

describe('the view of the sign-in button', () => {
  it.each<[string, SignInStage, string[]]>([
    ['shows the button while it loads', LOADING_STAGE, ['button: signIn']],
    ['shows the button when signed out', stage(SIGNED_OUT), ['button: signIn']],
    [
      'offers to sign in again after the session has ended',
      stage({ ...SIGNED_OUT, account: ACCOUNT_A }),
      ['button: signInAgain', 'notice: ended'],
    ],
    [
      'shows the button during a prompt',
      stage({ ...SIGNED_OUT, status: 'signing-in', error: undefined }),
      ['button: signingIn'],
    ],
    ['shows the account when signed in', stage(SIGNED_IN), [`button: ${SHORT}`]],
    [
      'offers to renew a session that expires soon',
      stage(EXPIRING),
      [`button: ${SHORT}`, 'renew: renew', 'notice: endsSoon'],
    ],
    [
      'offers to retry when loading failed',
      stage(FAILED),
      ['button: retry', 'failure: failed(ERR_AUTH_REJECTED)'],
    ],
    [
      'shows a rejection below the button',
      stage({ ...SIGNED_OUT, error: REJECTED }),
      ['button: signIn', 'failure: failed(ERR_AUTH_REJECTED)'],
    ],
    [
      'shows an open dialog that looks for wallets',
      open({ isLooking: true }),
      ['button: signIn', 'title: signIn', 'progress: looking', 'close: close'],
    ],
    [
      'shows the wallets found so far',
      open({ isLooking: true, choices: [CACAO, UNNAMED] }),
      ['button: signIn', 'title: signIn', 'span: Cacao wallet', 'span: unnamedWallet', 'close: close'],
    ],
    [
      'shows a dialog of passkeys',
      open({ choices: [KNOWN, ANY, NEW] }),
      [
        'button: signIn',
        'title: signIn',
        'span: knownPasskey(alice)',
        'span: anyPasskey',
        'span: newPasskey',
        'close: close',
      ],
    ],
    [
      'shows a dialog of passkeys, and help to find wallets',
      open({ choices: [ANY], help: [HELP] }),
      [
        'button: signIn',
        'title: signIn',
        'span: anyPasskey',
        'nothing: nothingFound',
        `${HELP}: findWallet(wallets.example)`,
        'close: close',
      ],
    ],
    [
      'shows a dialog of wallets, without help if one source found none',
      open({ choices: [CACAO], help: [HELP] }),
      ['button: signIn', 'title: signIn', 'span: Cacao wallet', 'close: close'],
    ],
    [
      'shows a dialog without choices, with help',
      open({ help: [HELP] }),
      [
        'button: signIn',
        'title: signIn',
        'nothing: nothingFound',
        `${HELP}: findWallet(wallets.example)`,
        'close: close',
      ],
    ],
    [
      'shows a dialog without choices or help',
      open(),
      ['button: signIn', 'title: signIn', 'nothing: nothingFound', 'close: close'],
    ],
    [
      'shows a rejection only in the open dialog',
      open({ choices: [CACAO] }, { ...SIGNED_OUT, error: REJECTED }),
      [
        'button: signIn',
        'title: signIn',
        'failure: failed(ERR_AUTH_REJECTED)',
        'span: Cacao wallet',
        'close: close',
      ],
    ],
    [
      'shows the wallet that is prompting',
      open({ asked: CACAO, choices: [CACAO] }, { ...SIGNED_OUT, status: 'signing-in', error: undefined }),
      [
        'button: signingIn',
        'title: waitingFor(Cacao wallet)',
        'progress: lookAtWallet',
        'cancel: cancel',
        'close: close',
      ],
    ],
    [
      'shows the wallet that is prompting again, and not the earlier error',
      open({ asked: UNNAMED }, { ...SIGNED_IN, error: REJECTED }),
      [
        `button: ${SHORT}`,
        'title: waitingFor(unnamedWallet)',
        'progress: lookAtWallet',
        'cancel: cancel',
        'close: close',
      ],
    ],
    [
      'shows the passkey that is prompting',
      open({ asked: NEW, choices: [NEW] }),
      [
        'button: signIn',
        'title: waitingFor(newPasskey)',
        'progress: lookAtBrowser',
        'cancel: cancel',
        'close: close',
      ],
    ],
    [
      'shows the account and its expiry in the dialog',
      open({ choices: [CACAO] }, SIGNED_IN),
      [
        `button: ${SHORT}`,
        'title: signedIn',
        `account: ${ACCOUNT_A}`,
        'until: until(2027-01-02T03:04:05.000Z)',
        'out: signOut',
        'close: close',
      ],
    ],
    [
      'shows no expiry for a session without one',
      open({}, { ...SIGNED_IN, session: { ...held, expiresAt: undefined } as unknown as DIDSession }),
      [`button: ${SHORT}`, 'title: signedIn', `account: ${ACCOUNT_A}`, 'out: signOut', 'close: close'],
    ],
    [
      'shows a session that expires soon in the dialog',
      open({}, EXPIRING),
      [
        `button: ${SHORT}`,
        'renew: renew',
        'notice: endsSoon',
        'title: signedIn',
        `account: ${ACCOUNT_A}`,
        'until: until(2027-01-02T03:04:05.000Z)',
        'renew: renew',
        'out: signOut',
        'close: close',
      ],
    ],
    [
      'shows the choices for a renewal, without a new passkey',
      open({ isRenewal: true, choices: [CACAO, NEW] }, EXPIRING),
      [
        `button: ${SHORT}`,
        'renew: renew',
        'notice: endsSoon',
        'title: renew',
        'span: Cacao wallet',
        'close: close',
      ],
    ],
  ])('%s', (_, of, expected) => expect(said(viewOf(of))).toEqual(expected))

  it.each([
    [ACCOUNT_A, SHORT],
    ['eip155:1:0x123456789012', '0x123456789012'],
    ['eip155:1:0x1234567890123', '0x1234…0123'],
    ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'z6Mkha…2doK'],
  ])('shows the account %s shortened, and whole in its title', (account, text) => {
    const button = find(viewOf(stage({ ...SIGNED_IN, account })), 'button')
    expect([textOf(button), button.attributes['title']]).toEqual([text, account])
  })

  it.each<[string, SignInStage, string, ViewElement['attributes']]>([
    ['is disabled while it loads', LOADING_STAGE, 'button', { disabled: true, 'aria-busy': 'true' }],
    ['opens a dialog', stage(SIGNED_OUT), 'button', { 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }],
    [
      'is marked as expanded while the dialog is open',
      open(),
      'button',
      { 'aria-haspopup': 'dialog', 'aria-expanded': 'true' },
    ],
    [
      'is busy during a prompt',
      stage({ ...SIGNED_OUT, status: 'signing-in', error: undefined }),
      'button',
      { 'aria-busy': 'true' },
    ],
    ['cannot renew twice', stage({ ...EXPIRING, isRenewing: true }), 'renew', { disabled: true }],
    ['announces changes of the session politely', stage(EXPIRING), 'notice', { role: 'status' }],
    ['announces failures at once', stage(FAILED), 'failure', { role: 'alert' }],
    ['labels its dialog', open(), 'dialog', { 'aria-label': 'signIn', closedby: 'any' }],
    [
      'does not close on a click outside while a wallet is prompting',
      open({ asked: CACAO }),
      'dialog',
      { 'aria-label': 'waitingFor(Cacao wallet)', closedby: 'closerequest' },
    ],
    ['makes the dialog’s title focusable', open(), 'title', { tabindex: '-1' }],
    [
      'marks the list of choices as busy while it looks',
      open({ isLooking: true, choices: [CACAO] }),
      'choices',
      { 'aria-busy': 'true' },
    ],
    ['marks the list of choices as complete', open({ choices: [CACAO] }), 'choices', { 'aria-busy': false }],
    [
      'marks each wallet with its kind and name',
      open({ choices: [CACAO] }),
      'choice',
      { 'data-kind': 'wallet', 'data-name': 'Cacao wallet' },
    ],
    [
      'marks each passkey with its kind and name',
      open({ choices: [KNOWN] }),
      'choice',
      { 'data-kind': 'known-passkey', 'data-name': 'alice' },
    ],
    [
      'has pictures that say nothing',
      open({ choices: [CACAO] }),
      'icon',
      { src: 'data:image/png;base64,AA', alt: '' },
    ],
  ])('%s', (_, of, name, expected) => expect(find(viewOf(of), name).attributes).toMatchObject(expected))

  it('has a retry button that opens no dialog, and disables no button after loading', () => {
    expect(find(viewOf(stage(FAILED)), 'button').attributes).not.toHaveProperty('aria-haspopup')
    expect(find(viewOf(stage(SIGNED_OUT)), 'button').attributes).not.toHaveProperty('disabled')
    expect(find(viewOf(stage(EXPIRING)), 'renew').attributes).not.toHaveProperty('disabled')
  })

  it('has the status of the session, and an additional class, for stylesheets', () => {
    expect(viewOf(stage(EXPIRING)).attributes).toEqual({ class: 'cacao-sign-in', 'data-status': 'expiring' })
    const { attributes } = signInView(stage(SIGNED_OUT), NAMED, actions(), 'mine')
    expect(attributes['class']).toBe('cacao-sign-in mine')
  })

  it.each<[string, SignInStage, string, unknown[]]>([
    ['open', stage(SIGNED_OUT), 'button', ['open']],
    ['open, for whoever is signed in', stage(SIGNED_IN), 'button', ['open']],
    ['retry', stage(FAILED), 'button', ['retry']],
    ['renew', stage(EXPIRING), 'renew', ['renew']],
    ['choose', open({ choices: [CACAO] }), 'choice', ['choose', CACAO]],
    ['cancel', open({ asked: CACAO }), 'cancel', ['cancel']],
    ['signOut', open({}, SIGNED_IN), 'out', ['signOut']],
    ['close', open(), 'close', ['close']],
  ])('has a button to %s', (_, of, name, expected) => {
    const on = actions()
    find(viewOf(of, on), name).onClick?.()
    expect(on.called).toEqual([expected])
  })

  it('gives siblings different keys, so that a renderer can keep each element', () => {
    const stages = [open({ choices: [CACAO, UNNAMED, KNOWN, ANY, NEW], help: [HELP] }), open({}, EXPIRING)]
    for (const parent of stages.flatMap((each) => everyOf(viewOf(each)))) {
      const keys = parent.children.flatMap((child) => (typeof child === 'string' ? [] : [child.key]))
      expect(new Set(keys).size).toBe(keys.length)
    }
  })
})

describe('what a server renders', () => {
  it('is the button of a page that is still loading', () => {
    expect(renderToHTML(signInView(LOADING_STAGE, signInWords(), actions()))).toBe(
      '<div class="cacao-sign-in" data-status="loading"><button class="cacao-sign-in-button" type="button" ' +
        'aria-haspopup="dialog" aria-expanded="false" disabled aria-busy="true">Sign in</button>' +
        '<p class="cacao-sign-in-notice" role="status"></p>' +
        '<dialog class="cacao-sign-in-dialog" aria-label="Sign in" closedby="any"></dialog></div>',
    )
  })

  it('omits false attributes, writes no end tag for images, and escapes texts', () => {
    const evil = choice('1', '"><script>&amp;', { icon: 'x" onerror="alert(1)' })
    const html = renderToHTML(viewOf(open({ choices: [evil] })))
    expect(html).toContain('<ul class="cacao-sign-in-choices">')
    expect(html).toContain('src="x&quot; onerror=&quot;alert(1)" alt="" width="32" height="32"><span>')
    expect(html).toContain('<span>&quot;&gt;&lt;script&gt;&amp;amp;</span>')
    expect(html).toContain('data-name="&quot;&gt;&lt;script&gt;&amp;amp;"')
    expect(html).not.toContain('</img>')
  })
})

describe('the words of the sign-in button', () => {
  it.each<[SessionErrorCode, string]>([
    ['ERR_AUTH_REJECTED', 'Nothing was signed. Choose again when you are ready.'],
    [
      'ERR_CAPABILITY_SIGNATURE',
      'Another account signed. Choose the right one in your wallet and try again.',
    ],
    ['ERR_ENVIRONMENT', 'This page has no secure connection, or its browser cannot do this.'],
    ['ERR_STORE_UNAVAILABLE', 'This browser does not let the page store anything.'],
    ['ERR_AUTH_FAILED', 'as the library says'],
  ])('describe the failure %s', (code, words) =>
    expect(signInWords().failed(new SessionError(code, 'as the library says'))).toBe(words),
  )

  it('name a passkey with or without its name, and write the year of a date', () => {
    const { knownPasskey, until, findWallet, waitingFor } = signInWords()
    expect(knownPasskey('alice')).toBe('Use the passkey “alice”')
    expect(knownPasskey('')).toBe('Use the passkey of last time')
    expect(until(END)).toMatch(/^Until .*2027/)
    expect([findWallet('a.example'), waitingFor('Cacao wallet')]).toEqual([
      'Find a wallet at a.example',
      'Waiting for Cacao wallet',
    ])
  })

  it('are the given words, and English words for the rest', () => {
    const words = signInWords({ signIn: 'Anmelden', failed: ({ code }) => code })
    expect([words.signIn, words.signOut, words.failed(REJECTED)]).toEqual([
      'Anmelden',
      'Sign out',
      'ERR_AUTH_REJECTED',
    ])
    expect(signInWords(undefined)).toEqual(signInWords({}))
  })

  it.each<[string, unknown, string]>([
    ['a misspelt one', { signin: 'Anmelden' }, 'unknown word "signin": the words are signIn, '],
    ['what every object inherits', { toString: 'Anmelden' }, 'unknown word "toString"'],
    ['an empty one', { signIn: '' }, 'words.signIn must be a non-empty text'],
    ['an undefined one', { signIn: undefined }, 'words.signIn must be a non-empty text'],
    ['a function for a text', { signIn: () => 'Anmelden' }, 'words.signIn must be a non-empty text'],
    ['a text for a function', { failed: 'Oh' }, 'words.failed must be a function that returns the text'],
    ['a list', ['Anmelden'], 'words must be an object such as'],
    ['a text', 'Anmelden', 'words must be an object such as'],
    ['null', null, 'words must be an object such as'],
  ])('throw a TypeError for %s', (_, given, message) =>
    expect(() => signInWords(given as Partial<SignInWords>)).toThrow(message),
  )
})

describe('the props of the sign-in button', () => {
  const source: WalletSource = { find: async () => undefined }

  it('are separated into its own props and the options of the session', () => {
    const beforeSignOut = (): void => undefined
    const resources = ['https://api.example/*']
    const props = { wallets: [source], beforeSignOut, className: 'mine', resources, leadSecs: 60 }
    expect(readProps(props)).toEqual({
      wallets: [source],
      words: expect.objectContaining({ signIn: 'Sign in' }),
      beforeSignOut,
      className: 'mine',
      options: { resources, leadSecs: 60 },
    })
    expect(readProps({ wallets: [source], words: undefined, className: undefined }).options).toEqual({})
    expect(readProps({ wallets: [{ ...source, help: HELP }] }).wallets[0]?.help).toBe(HELP)
  })

  it.each<[string, unknown, string]>([
    ['no wallets', {}, 'wallets must be a list such as [ethereumWallets(), passkeys()]'],
    ['an empty list of wallets', { wallets: [] }, 'wallets must be'],
    ['one source that is no list', { wallets: source }, 'wallets must be'],
    ['a source that is not called', { wallets: [() => source] }, 'wallets must be'],
    ['nothing in the list', { wallets: [source, null] }, 'wallets must be'],
    ['a source whose help is no page', { wallets: [{ ...source, help: 'wallets.example' }] }, 'help'],
    [
      'a source whose help is a script',
      { wallets: [{ ...source, help: 'javascript://a/%0aalert(1)' }] },
      'help',
    ],
    ['another word', { wallets: [source], words: { hello: 'x' } }, 'unknown word "hello"'],
    ['no function', { wallets: [source], beforeSignOut: '/out' }, 'beforeSignOut must be a function'],
    ['null for a function', { wallets: [source], beforeSignOut: null }, 'beforeSignOut must be a function'],
    ['a list of classes', { wallets: [source], className: ['a', 'b'] }, 'className must be a text'],
  ])('throw a TypeError for %s', (_, props, message) =>
    expect(() => readProps(props as SignInButtonProps)).toThrow(message),
  )
})
