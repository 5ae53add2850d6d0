import { createElement, type ReactElement, StrictMode, version } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { SessionProvider, useSession } from '../../../src/react/index.js'
import { testWallet } from '../../../src/testing/index.js'
import { ethereumAccount, ethereumAuth } from '../../../src/wallet/ethereum/index.js'

// A server-rendered page, which the test uses like a person.
const wallet = testWallet()
const complaints: string[] = []
console.error = (...args: unknown[]) => complaints.push(args.join(' '))

const resources = ['https://api.example.com/notes/*']

function Person(): ReactElement {
  const { status, signIn, signOut } = useSession()
  const connect = async () => {
    const account = await ethereumAccount(wallet.provider)
    return { account, authMethod: ethereumAuth(wallet.provider, account) }
  }
  return createElement(
    'main',
    null,
    createElement('p', { id: 'status' }, status),
    createElement('button', { type: 'button', id: 'in', onClick: () => signIn(connect) }, 'Sign in'),
    createElement('button', { type: 'button', id: 'out', onClick: signOut }, 'Sign out'),
  )
}

const app = createElement(
  StrictMode,
  null,
  createElement(SessionProvider, { resources }, createElement(Person)),
)
const html = renderToString(app)
const root = document.createElement('div')
root.innerHTML = html
document.body.append(root)
hydrateRoot(root, app, { onRecoverableError: (error) => complaints.push(String(error)) })

declare global {
  /** What the page reports about itself. */
  var reactPage: { version: string; html: string; complaints: string[]; prompts(): number }
}
globalThis.reactPage = { version, html, complaints, prompts: () => wallet.prompts }
