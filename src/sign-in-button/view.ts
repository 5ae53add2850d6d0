import type { WalletChoice } from '../wallet/wallets.js'
import type { SignInWords } from './props.js'
import type { SignInDialog, SignInStage } from './sign-in-dialog.js'

/** A description of an element, for every renderer. The attributes have their names in HTML. */
export interface ViewElement {
  readonly tag: string
  /** Differs from the keys of the siblings, so that a renderer can keep the same element. */
  readonly key: string
  readonly attributes: Readonly<Record<string, string | boolean>>
  readonly onClick: (() => unknown) | undefined
  readonly children: readonly (ViewElement | string)[]
}

/** The methods of the dialog that clicks call. */
export type SignInActions = Pick<
  SignInDialog,
  'open' | 'close' | 'cancel' | 'choose' | 'renew' | 'signOut' | 'retry'
>

/** The prefix of every class, so that a stylesheet affects nothing else of the page. */
const PREFIX = 'cacao-sign-in'

/** The button and its dialog, as HTML that is usable without a stylesheet. */
export function signInView(
  stage: SignInStage,
  words: SignInWords,
  actions: SignInActions,
  className?: string,
): ViewElement {
  const { session, isOpen } = stage
  return element(
    'root',
    'div',
    { class: className ? `${PREFIX} ${className}` : PREFIX, 'data-status': session.status },
    [
      trigger(stage, words, actions),
      ...(session.status === 'expiring'
        ? [button('renew', words.renew, actions.renew, session.isRenewing)]
        : []),
      part('notice', 'p', { role: 'status' }, [noticeOf(stage, words)]),
      ...(isOpen ? [] : failure(stage, words)),
      part(
        'dialog',
        'dialog',
        dialogAttributes(stage, words),
        isOpen ? dialogContent(stage, words, actions) : [],
      ),
    ],
  )
}

function trigger(
  { session: { status, account }, isOpen }: SignInStage,
  words: SignInWords,
  { open, retry }: SignInActions,
): ViewElement {
  const opens = { 'aria-haspopup': 'dialog', 'aria-expanded': String(isOpen) }
  const attributes = { type: 'button', ...(status !== 'error' && opens) }
  const shown = (text: string, onClick: () => unknown, rest: ViewElement['attributes'] = {}): ViewElement =>
    part('button', 'button', { ...attributes, ...rest }, [text], onClick)
  switch (status) {
    case 'loading':
      return shown(words.signIn, open, { disabled: true, 'aria-busy': 'true' })
    case 'signed-out':
      return shown(account === undefined ? words.signIn : words.signInAgain, open)
    case 'signing-in':
      return shown(words.signingIn, open, { 'aria-busy': 'true' })
    case 'error':
      return shown(words.retry, retry)
    default:
      return shown(shortAccount(account), open, { title: account })
  }
}

/** The account's address, shortened to fit on a button. */
function shortAccount(account: string): string {
  const address = account.slice(account.lastIndexOf(':') + 1)
  return address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address
}

function noticeOf({ session: { status, account } }: SignInStage, words: SignInWords): string {
  if (status === 'expiring') return words.endsSoon
  return status === 'signed-out' && account !== undefined ? words.ended : ''
}

function failure({ session: { error } }: SignInStage, words: SignInWords): readonly ViewElement[] {
  return error ? [part('failure', 'p', { role: 'alert' }, [words.failed(error)])] : []
}

function dialogAttributes(stage: SignInStage, words: SignInWords): ViewElement['attributes'] {
  // A click outside closes the dialog, but not while the page waits for a wallet: the click may be meant for the
  // wallet.
  return { 'aria-label': titleOf(stage, words), closedby: stage.asked ? 'closerequest' : 'any' }
}

function titleOf({ asked, isRenewal, session }: SignInStage, words: SignInWords): string {
  if (asked) return words.waitingFor(nameOf(asked, words))
  if (isRenewal) return words.renew
  return session.session ? words.signedIn : words.signIn
}

function dialogContent(
  stage: SignInStage,
  words: SignInWords,
  actions: SignInActions,
): readonly (ViewElement | string)[] {
  const { asked, isLooking, choices, session, isRenewal } = stage
  const isAccount = session.session !== undefined && !isRenewal && !asked
  const lookAt = asked?.kind ? words.lookAtBrowser : words.lookAtWallet
  const looking = isLooking && choices.length === 0 ? words.looking : ''
  return [
    part('title', 'h2', { tabindex: '-1' }, [titleOf(stage, words)]),
    // This element stays while the rest changes, so that screen readers announce the change.
    part('progress', 'p', { role: 'status' }, [asked ? lookAt : isAccount ? '' : looking]),
    ...(asked ? [] : failure(stage, words)),
    ...(asked ? [button('cancel', words.cancel, actions.cancel)] : []),
    ...(isAccount ? accountDetails(stage, words, actions) : []),
    ...(asked || isAccount ? [] : choiceList(stage, words, actions)),
    button('close', words.close, actions.close),
  ]
}

function accountDetails(
  { session: { session, status, isRenewing } }: SignInStage,
  words: SignInWords,
  { renew, signOut }: SignInActions,
): readonly ViewElement[] {
  const end = session?.expiresAt
  return [
    part('account', 'p', {}, [session?.account ?? '']),
    ...(end ? [part('until', 'p', {}, [words.until(end)])] : []),
    ...(status === 'expiring' ? [button('renew', words.renew, renew, isRenewing)] : []),
    button('out', words.signOut, signOut),
  ]
}

function choiceList(
  { choices, help, isLooking, isRenewal }: SignInStage,
  words: SignInWords,
  { choose }: SignInActions,
): readonly ViewElement[] {
  const offered = isRenewal ? choices.filter(({ kind }) => kind !== 'new-passkey') : choices
  const items = offered.map((choice) => {
    const picture = choice.icon
      ? [part('icon', 'img', { src: choice.icon, alt: '', width: '32', height: '32' })]
      : []
    const content = [...picture, element('name', 'span', {}, [nameOf(choice, words)])]
    const attributes = { type: 'button', 'data-kind': choice.kind ?? 'wallet', 'data-name': choice.name }
    return element(choice.id, 'li', {}, [part('choice', 'button', attributes, content, () => choose(choice))])
  })
  // A person who sees only passkeys may look for a wallet, so show the links to wallets, if a source has any.
  const isNothing = !isLooking && offered.every(({ kind }) => kind !== undefined)
  const links = help.map((url) =>
    element(url, 'a', { href: url, target: '_blank', rel: 'noopener' }, [
      words.findWallet(new URL(url).hostname),
    ]),
  )
  return [
    ...(items.length > 0 ? [part('choices', 'ul', { 'aria-busy': isLooking && 'true' }, items)] : []),
    ...(isNothing && (links.length > 0 || items.length === 0)
      ? [part('nothing', 'p', {}, [words.nothingFound])]
      : []),
    ...(isNothing && links.length > 0 ? [part('help', 'p', {}, links)] : []),
  ]
}

function nameOf({ kind, name }: WalletChoice, words: SignInWords): string {
  if (kind === 'known-passkey') return words.knownPasskey(name)
  if (kind === 'passkey') return words.anyPasskey
  return kind === 'new-passkey' ? words.newPasskey : name || words.unnamedWallet
}

function element(
  key: string,
  tag: string,
  attributes: ViewElement['attributes'],
  children: ViewElement['children'],
  onClick?: () => unknown,
): ViewElement {
  return { key, tag, attributes, onClick, children: children.filter((child) => child !== '') }
}

/** An element with a class for stylesheets. */
function part(
  name: string,
  tag: string,
  attributes: ViewElement['attributes'],
  children: ViewElement['children'] = [],
  onClick?: () => unknown,
): ViewElement {
  return element(name, tag, { class: `${PREFIX}-${name}`, ...attributes }, children, onClick)
}

function button(name: string, text: string, onClick: () => unknown, disabled = false): ViewElement {
  return part(name, 'button', { type: 'button', ...(disabled && { disabled }) }, [text], onClick)
}
