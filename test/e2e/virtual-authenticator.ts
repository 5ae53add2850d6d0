import type { CDPSession } from 'playwright'
import { onTestFinished } from 'vitest'
import type { Browser } from './browser.js'

/** Chromium's own authenticator, which answers without a person. */
export interface VirtualAuthenticator {
  /** The number of signatures of each passkey, in the order of their creation. */
  signatures(): Promise<number[]>
  setUserVerified(isUserVerified: boolean): Promise<void>
}

/** Adds an authenticator to the browser's page until the test ends. */
export async function addAuthenticator(browser: Browser): Promise<VirtualAuthenticator> {
  const [page] = browser.context?.pages() ?? []
  if (!browser.context || !page) throw new Error('only Chromium has a virtual authenticator')
  const cdp: CDPSession = await browser.context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  onTestFinished(() => cdp.detach())
  const order: string[] = []
  const counts = async (): Promise<Map<string, number>> => {
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
    return new Map(credentials.map(({ credentialId, signCount }) => [credentialId, signCount]))
  }
  return {
    async signatures() {
      const found = await counts()
      for (const id of found.keys()) if (!order.includes(id)) order.push(id)
      return order.map((id) => found.get(id) ?? 0)
    },
    async setUserVerified(isUserVerified) {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
