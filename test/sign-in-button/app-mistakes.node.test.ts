import { beforeEach, expect, it, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { sharedSession } from '../../src/session-state/shared-session.js'
import { mountSignInButton } from '../../src/sign-in-button/index.js'
import { SignInDialog, type SignInDialogProps } from '../../src/sign-in-button/sign-in-dialog.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAccount, ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { passkeys, type WalletChoice } from '../../src/wallet/wallets.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A } from '../setup/wallet.js'

// The dialog without a document, with choices of an app. Other tests cover the button.

const resources = ['https://api.example/notes/*']

let wallet: TestWallet
let choice: WalletChoice
let options: { resources: string[]; store: ReturnType<typeof memoryStore> }

beforeEach(() => {
  wallet = testWallet()
  options = { resources, store: memoryStore() }
  choice = {
    id: 'own',
    name: 'Own wallet',
    account: () => ethereumAccount(wallet.provider),
    authMethod: (account) => ethereumAuth(wallet.provider, account, { domain: 'app.example' }),
    knownAccount: () => ethereumAccount(wallet.provider, { silent: true }),
  }
})

function open(props: Partial<SignInDialogProps> = {}): SignInDialog {
  const shared = sharedSession({ store: options.store, key: 'a', latest: () => options })
  const wallets = [{ find: async (onChoice: (found: WalletChoice) => void) => onChoice(choice) }]
  const dialog = new SignInDialog(shared, () => ({ wallets, ...props }))
  dialog.subscribe(() => undefined)
  dialog.open()
  return dialog
}

const signedIn = async (dialog: SignInDialog): Promise<void> => {
  await dialog.choose(choice)
  expect(dialog.stage.session.status).toBe('signed-in')
}

it.each<[string, Partial<WalletChoice>]>([
  ['finds no account', { account: async () => undefined as unknown as string }],
  ['makes no auth method', { authMethod: () => undefined as never }],
])('stops waiting for a choice of the app that %s, and reports the error', async (_, wrong) => {
  const dialog = open()
  const chosen = dialog.choose({ ...choice, ...wrong })
  expect(dialog.stage.asked?.id).toBe('own')
  await expect(chosen).rejects.toBeInstanceOf(TypeError)
  expect([dialog.stage.asked, dialog.stage.isOpen]).toEqual([undefined, true])
  await signedIn(dialog)
  expect(dialog.stage.isOpen).toBe(false)
})

it('stops waiting for a renewal if the choice fails to start it', async () => {
  const dialog = open()
  await signedIn(dialog)
  choice = {
    ...choice,
    authMethod: () => {
      throw new TypeError('no wallet')
    },
  }
  await expect(dialog.renew()).rejects.toThrow('no wallet')
  expect(dialog.stage.asked).toBeUndefined()
})

it('calls beforeSignOut once, however often a person clicks', async () => {
  let end = (): void => undefined
  const answered = new Promise<void>((resolve) => {
    end = resolve
  })
  const beforeSignOut = vi.fn(() => answered)
  const dialog = open({ beforeSignOut })
  await signedIn(dialog)
  const clicks = [dialog.signOut(), dialog.signOut()]
  end()
  await Promise.all(clicks)
  expect(beforeSignOut).toHaveBeenCalledTimes(1)
  expect(await DIDSession.load(undefined, options)).toBeUndefined()
  await signedIn(dialog)
  await dialog.signOut()
  expect(beforeSignOut).toHaveBeenCalledTimes(2)
})

it('does not prompt a wallet that answers only after the dialog was closed', async () => {
  const dialog = open()
  await signedIn(dialog)
  let say = (_: string): void => undefined
  const known = new Promise<string>((resolve) => {
    say = resolve
  })
  const asked = vi.fn(() => known)
  choice = { ...choice, knownAccount: asked }
  const { prompts } = wallet
  const renewal = dialog.renew()
  await vi.waitFor(() => expect(asked).toHaveBeenCalled(), SOON)
  dialog.close()
  dialog.open()
  say(ACCOUNT_A)
  await renewal
  expect(dialog.stage.asked).toBeUndefined()
  expect(wallet.prompts).toBe(prompts)

  await dialog.renew()
  expect(wallet.prompts).toBe(prompts + 1)
})

it.each<[string, () => Promise<string>]>([
  ['throws', () => expect.fail('locked')],
  ['rejects', () => Promise.reject(new Error('locked'))],
  ['says nonsense', async () => 'nobody'],
])('lets the person choose if a wallet that could renew %s', async (_, knownAccount) => {
  const dialog = open()
  await signedIn(dialog)
  choice = { ...choice, knownAccount }
  await dialog.renew()
  expect([dialog.stage.isOpen, dialog.stage.isRenewal, dialog.stage.asked]).toEqual([true, true, undefined])
})

it.each([null, undefined, '#app', {}])('cannot be mounted in %j', (target) => {
  expect(() => mountSignInButton(target as never, { ...options, wallets: [passkeys()] })).toThrow(
    new TypeError('target must be an element of the page, such as document.body'),
  )
})

it('cannot be mounted without resources, and the error speaks of no component', () => {
  expect(() => mountSignInButton({ append() {} } as never, { wallets: [passkeys()] })).toThrow(
    /^mountSignInButton needs the option resources or abilities: /,
  )
})
