import { DIDSession, SessionError } from '../../../src/index.js'
import { SessionController } from '../../../src/session-state/session-controller.js'
import { testWallet } from '../../../src/testing/index.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'

const wallet = testWallet()
const auth = ethereumAuth(wallet.provider, wallet.account)
const rejections: string[] = []
addEventListener('unhandledrejection', ({ reason }) => void rejections.push(String(reason)))

const codeOf = async (call: () => unknown): Promise<string> => {
  try {
    await call()
    return 'none'
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error)
  }
}

let session: DIDSession

const page = {
  /** Signs in for these resources, with a clock that differs by so many seconds from then on. */
  async open(resources: string[], secs = 0): Promise<void> {
    // Signed two days ago, so that the session has begun by any of these clocks.
    let difference = -2 * 86_400_000
    session = await DIDSession.authorize(auth, { resources, now: () => Date.now() + difference })
    difference = secs * 1000
  },
  async send(
    url: string,
    init: RequestInit = {},
  ): Promise<{ status: number; url: string; text: string } | string> {
    try {
      const response = await session.fetch(url, init)
      return { status: response.status, url: response.url, text: await response.text() }
    } catch (error) {
      return String(error)
    }
  },
  /** Sends a request when the page is left. */
  async leave(url: string): Promise<void> {
    const signed = await session.signRequest(new Request(url, { method: 'POST', body: 'bye' }))
    addEventListener('pagehide', () => void fetch(signed, { keepalive: true }))
  },
  /** The error of every call on this page. */
  async codes(): Promise<Record<string, string>> {
    const resources = ['https://api.example.com/*']
    const { account } = wallet
    const calls: Record<string, () => unknown> = {
      get: () => DIDSession.get(account, auth, { resources }),
      load: () => DIDSession.load(),
      use: () => DIDSession.use(account),
      hasSessionFor: () => DIDSession.hasSessionFor(account, resources),
      explain: () => DIDSession.explain(account, resources),
      list: () => DIDSession.list(),
      remove: () => DIDSession.remove(account),
      onChange: () => DIDSession.onChange(() => undefined),
      authorize: () => DIDSession.authorize(auth, { resources }),
      fromSession: () => DIDSession.fromSession('none'),
    }
    const codes = Object.entries(calls).map(async ([name, call]) => [name, await codeOf(call)] as const)
    return Object.fromEntries(await Promise.all(codes))
  },
  /** The states that React shows on this page. */
  async states(): Promise<unknown[]> {
    const controller = new SessionController({ resources: ['https://api.example.com/*'] }, () => undefined)
    const stateNow = (): unknown[] => [controller.state.status, controller.state.error?.code]
    await new Promise<void>((resolve) => {
      controller.subscribe(() => {
        if (controller.state.status !== 'loading') resolve()
      })
    })
    const shown = stateNow()
    await controller.signIn(
      { resources: ['https://api.example.com/*'] },
      {
        account: wallet.account,
        find: () => ({ account: wallet.account, authMethod: auth }),
        options: {},
      },
    )
    return [shown, stateNow(), await controller.signOut({ resources: ['https://api.example.com/*'] })]
  },
  rejections: (): string[] => rejections,
}

export type RequestsPage = typeof page

declare global {
  var requestsPage: RequestsPage
}

Object.assign(globalThis, { requestsPage: page })
