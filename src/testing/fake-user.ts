import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromUtf8, utf8 } from '../base/bytes.js'
import { toEIP55 } from '../base/eip55.js'
import { fromHex, toHex } from '../base/hex.js'
import { addressOfPrivateKey, eip191Sign } from '../wallet/ethereum/secp256k1.js'

/**
 * How the user, or a faulty wallet, reacts to each request that opens the wallet.
 *
 * - `approves`: connects, or signs.
 * - `rejects`: says no (code 4001).
 * - `hangs`: does not answer. The next behaviour that is set also answers the pending requests.
 * - `signs-as-another`: signs with the key of another account.
 * - `signs-another-text`: signs a text that differs from the requested one.
 * - `answers-garbage`: answers with something that is not a signature.
 * - `{ throws }`, `{ answers }`: throws this error, or answers with this value.
 */
export type WalletBehaviour =
  | 'approves'
  | 'rejects'
  | 'hangs'
  | 'signs-as-another'
  | 'signs-another-text'
  | 'answers-garbage'
  | { readonly throws: unknown }
  | { readonly answers: unknown }

const BEHAVIOURS: readonly unknown[] = [
  'approves',
  'rejects',
  'hangs',
  'signs-as-another',
  'signs-another-text',
  'answers-garbage',
]

/** A behaviour that answers a request. */
export type Decision = Exclude<WalletBehaviour, 'hangs'>

/** The user of a test wallet: decides as the test says, and records the texts of all prompts. */
export class FakeUser {
  /** The texts that the user was asked to sign. */
  readonly texts: string[] = []
  #behaviour: WalletBehaviour = 'approves'
  #pendingDecisions: ((decision: Decision) => void)[] = []
  #promptWaiters: (() => void)[] = []

  get behaviour(): WalletBehaviour {
    return this.#behaviour
  }

  set behaviour(next: WalletBehaviour) {
    assertKnownBehaviour(next)
    this.#behaviour = next
    if (next === 'hangs') return
    const pending = this.#pendingDecisions
    this.#pendingDecisions = []
    for (const decide of pending) decide(next)
  }

  /** Resolves with the decision of the user. While the behaviour is `hangs`, it waits for the next one. */
  async decide(): Promise<Decision> {
    const behaviour = this.#behaviour
    if (behaviour !== 'hangs') return behaviour
    return new Promise((resolve) => this.#pendingDecisions.push(resolve))
  }

  /** Asks the user to sign a text. */
  prompt(text: string): void {
    this.texts.push(text)
    const waiters = this.#promptWaiters
    this.#promptWaiters = []
    for (const wake of waiters) wake()
  }

  /** Waits until the user was asked to sign this many times, and returns the text of that prompt. */
  async prompted(times: number): Promise<string> {
    if (!(Number.isInteger(times) && times > 0)) throw new TypeError('times must be a positive integer')
    for (;;) {
      const text = this.texts[times - 1]
      if (text !== undefined) return text
      await new Promise<void>((resolve) => this.#promptWaiters.push(resolve))
    }
  }
}

/** Throws a `TypeError` for an unknown behaviour. */
function assertKnownBehaviour(behaviour: unknown): asserts behaviour is WalletBehaviour {
  const isOwn =
    typeof behaviour === 'object' && behaviour !== null && ('throws' in behaviour || 'answers' in behaviour)
  if (!isOwn && !BEHAVIOURS.includes(behaviour))
    throw new TypeError(`behaviour must be one of ${BEHAVIOURS.join(', ')}, { throws } or { answers }`)
}

/** Answers a request to sign, as the user decided. */
export function signatureAnswer(behaviour: Decision, text: string, account: TestAccount): unknown {
  switch (behaviour) {
    case 'approves':
      return eip191Sign(text, account.key)
    case 'signs-as-another':
      return eip191Sign(text, testAccount(undefined, account).key)
    case 'signs-another-text':
      return eip191Sign(`${text}\nand more`, account.key)
    case 'answers-garbage':
      return `0x${toHex(utf8('garbage'))}`
    default:
      return connectionAnswer(behaviour, undefined)
  }
}

/** Answers a request to connect, as the user decided: with the accounts, unless the user rejects it. */
export function connectionAnswer(behaviour: Decision, accounts: unknown): unknown {
  if (behaviour === 'rejects') throw rpcError(4001, 'User rejected the request.')
  if (typeof behaviour === 'string') return accounts
  if ('throws' in behaviour) throw behaviour.throws
  return behaviour.answers
}

/** Returns the text in the parameter of `personal_sign`, which is either hex or the text itself. */
export function textToSign(message: unknown): string {
  const bytes =
    typeof message === 'string' && message.startsWith('0x') ? fromHex(message.slice(2)) : undefined
  const text = bytes ? fromUtf8(bytes) : message
  if (typeof text === 'string') return text
  throw rpcError(-32602, 'the test wallet only signs text in UTF-8')
}

/** Returns an error in the form that wallets throw (EIP-1193). */
export function rpcError(code: number, message: string): Error & { code: number } {
  return Object.assign(new Error(message), { code })
}

/** A private key, and its address in EIP-55. */
export interface TestAccount {
  readonly key: Uint8Array
  readonly address: string
}

// These keys are public: anyone can take funds from their accounts.
const FIRST_KEY = `0x${'11'.repeat(32)}`
const SECOND_KEY = `0x${'22'.repeat(32)}`

/**
 * Returns the account of a private key (32 bytes in hex). Without a key, it is a well-known account that differs from
 * `another`.
 */
export function testAccount(privateKey: unknown, another?: TestAccount): TestAccount {
  const fallback = another?.address === testAccountOf(SECOND_KEY).address ? FIRST_KEY : SECOND_KEY
  return testAccountOf(privateKey ?? (another ? fallback : FIRST_KEY))
}

function testAccountOf(privateKey: unknown): TestAccount {
  const key = typeof privateKey === 'string' ? fromHex(privateKey.replace(/^0x/, '')) : undefined
  // The message must not repeat the argument, which may be a valuable key by mistake.
  if (!key || !secp256k1.utils.isValidSecretKey(key))
    throw new TypeError(
      'privateKey must be a secp256k1 key of 32 bytes in hex: use one that is worth nothing',
    )
  return { key, address: toEIP55(addressOfPrivateKey(key)) }
}
