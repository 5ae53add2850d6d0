import { DIDSession } from '../../../src/index.js'
import {
  createPasskey,
  knownPasskeys,
  webauthnAccount,
  webauthnAuth,
  webauthnVerifiers,
} from '../../../src/wallet/webauthn/index.js'
import type { Outcome, PasskeyPage } from './passkey-page.js'

const resources = ['https://api.example.com/*']
const verifiers = webauthnVerifiers()

const page: PasskeyPage = {
  create: (name) => createPasskey({ name }),
  async get(account) {
    const session = await DIDSession.get(account, webauthnAuth(), { resources, verifiers })
    const { url, headers } = await session.signRequest(new Request('https://api.example.com/notes'))
    return { id: session.id, keyDID: session.keyDID, request: { url, headers: [...headers] } }
  },
  async authorize(account, options) {
    return (await DIDSession.authorize(webauthnAuth(account, options), { resources })).serialize()
  },
  choose: () => webauthnAccount(),
  async chooseAndLeave() {
    const end = new AbortController()
    const { credentials } = navigator
    credentials.get = (options) => {
      const answer = CredentialsContainer.prototype.get.call(credentials, options)
      end.abort(new DOMException('the page was left', 'TestReason'))
      return answer
    }
    try {
      return await webauthnAccount({ signal: end.signal })
    } finally {
      Reflect.deleteProperty(credentials, 'get')
    }
  },
  known: async () => (await knownPasskeys()).map(({ name = '' }) => name),
  async forget(account) {
    localStorage.clear()
    if (account !== undefined) await DIDSession.remove(account)
  },
}

globalThis.passkeyPage = {
  async run(name, args): Promise<Outcome> {
    try {
      const work = page[name] as (...args: readonly unknown[]) => Promise<unknown>
      return { value: await work(...args) }
    } catch (error) {
      const { code, name: kind, message } = error as { code?: unknown; name: string; message: string }
      return { code: typeof code === 'string' ? code : kind, message }
    }
  },
}
