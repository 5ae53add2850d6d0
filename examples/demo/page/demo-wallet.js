import { demoWalletIcon } from './demo-wallet-icon.js'

const STORAGE_KEY = 'demo-wallet-key'

let key = readKey()

/**
 * Replaces a browser extension with an EIP-1193 provider that announces itself (EIP-6963). Its key is stored by the page. Its
 * signatures are real, and it signs only after the person has agreed.
 */
export function announceDemoWallet() {
  const info = Object.freeze({
    uuid: crypto.randomUUID(),
    name: 'Demo wallet',
    icon: demoWalletIcon,
    rdns: 'localhost.demo-wallet',
  })
  const detail = Object.freeze({ info, provider: Object.freeze({ request }) })
  const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  window.addEventListener('eip6963:requestProvider', announce)
  announce()
}

/** @param {{ method: string, params?: any }} args */
async function request({ method, params }) {
  switch (method) {
    case 'eth_chainId':
      return '0x1'
    case 'eth_accounts':
      return key ? [await address()] : []
    case 'eth_requestAccounts':
      return [await address()]
    case 'personal_sign':
      return personalSign(params[0])
    default:
      throw rpcError(4200, `the demo wallet has no ${method}`)
  }
}

/** @param {string} message Bytes in hex. */
async function personalSign(message) {
  const { confirmSigning } = await import('./wallet-dialog.js')
  const bytes = Uint8Array.from(message.slice(2).match(/../g) ?? [], (hex) => Number.parseInt(hex, 16))
  if (!(await confirmSigning(new TextDecoder().decode(bytes), await address())))
    throw rpcError(4001, 'the person rejected the request')
  const { signPersonal } = await import('./demo-key.js')
  return signPersonal(bytes, await ownKey())
}

async function address() {
  const { addressOfKey } = await import('./demo-key.js')
  return addressOfKey(await ownKey())
}

/** The wallet's key; a new one if it has none yet. */
async function ownKey() {
  if (key) return key
  const { generateKey } = await import('./demo-key.js')
  key ??= generateKey()
  writeKey(key)
  return key
}

function readKey() {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

/** @param {string} newKey */
function writeKey(newKey) {
  try {
    localStorage.setItem(STORAGE_KEY, newKey)
  } catch {
    // If the browser refuses storage, the wallet exists until the page is closed.
  }
}

/**
 * @param {number} code
 * @param {string} message
 */
const rpcError = (code, message) => Object.assign(new Error(message), { code })
