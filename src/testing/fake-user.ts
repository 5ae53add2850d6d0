import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, toHex } from '../base/hex.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import { addressOfPrivateKey, eip191Sign } from '../wallet/ethereum/secp256k1.js'
import { toEIP55 } from '../wallet/ethereum/siwe-message.js'
/** Who looks at a wallet: does as a test says, and remembers what they were asked to sign. */
export class Person {
  /** The texts that they were asked to sign. */
  readonly texts: string[] = []
  #behaviour: WalletBehaviour = 'approves'
  // Who waits for what comes: for a decision, or for a prompt.
  #undecided: ((decision: Decision) => void)[] = []
  #awaiting: (() => void)[] = []

  get behaviour(): WalletBehaviour {
    return this.#behaviour
  }

  set behaviour(next: WalletBehaviour) {
    assertBehaviour(next)
    this.#behaviour = next
    if (next === 'hangs') return
    const undecided = this.#undecided
    this.#undecided = []
    for (const decide of undecided) decide(next)
  }

  /** What they decide, once they do. */
  async decides(): Promise<Decision> {
    const behaviour = this.#behaviour
    if (behaviour !== 'hangs') return behaviour
    return new Promise((resolve) => this.#undecided.push(resolve))
  }

  /** Shows them a text to sign. */
  isAsked(text: string): void {
    this.texts.push(text)
    const awaiting = this.#awaiting
    this.#awaiting = []
    for (const wake of awaiting) wake()
  }

  /** The text of the prompt of this number, once there was one. */
  async prompted(times: number): Promise<string> {
    if (!(Number.isInteger(times) && times > 0)) throw new TypeError('times must be a positive integer')
    for (;;) {
      const text = this.texts[times - 1]
      if (text !== undefined) return text
      await new Promise<void>((resolve) => this.#awaiting.push(resolve))
    }
  }
}

/**
 * What the person, or a faulty wallet, does about each request that opens the wallet.
 *
 * - `approves`: connects, or signs.
 * - `rejects`: says no (code 4001).
 * - `hangs`: doesn't answer. The next behaviour that is set answers what hangs, too.
 * - `signs-as-another`: with the key of another account.
 * - `signs-another-text`: something else than it was asked to.
 * - `answers-garbage`: what is no signature.
 * - `{ throws }`, `{ answers }`: just that.
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

/** What was decided; who is still thinking has decided nothing. */
export type Decision = Exclude<WalletBehaviour, 'hangs'>

const NAMES: readonly unknown[] = [
  'approves',
  'rejects',
  'hangs',
  'signs-as-another',
  'signs-another-text',
  'answers-garbage',
]

/** A private key, and its address in EIP-55. */
export interface TestAccount {
  readonly key: Uint8Array
  readonly address: string
}

// Well known, and worth nothing: whoever sends something there gives it away.
const FIRST_KEY = `0x${'11'.repeat(32)}`
const SECOND_KEY = `0x${'22'.repeat(32)}`

/** The account of a private key (32 bytes in hex); of a well-known one, or of `another` than that. */
export function testAccount(privateKey: unknown, another?: TestAccount): TestAccount {
  const fallback = another?.address === testAccountOf(SECOND_KEY).address ? FIRST_KEY : SECOND_KEY
  return testAccountOf(privateKey ?? (another ? fallback : FIRST_KEY))
}

function testAccountOf(privateKey: unknown): TestAccount {
  const key = typeof privateKey === 'string' ? fromHex(privateKey.replace(/^0x/, '')) : undefined
  // The message must not repeat the argument: it may be a real one, by mistake.
  if (!key || !secp256k1.utils.isValidSecretKey(key))
    throw new TypeError('privateKey must be a secp256k1 key of 32 bytes in hex: one that is worth nothing')
  return { key, address: toEIP55(addressOfPrivateKey(key)) }
}

/** Throws a `TypeError` for what is none. */
function assertBehaviour(behaviour: unknown): asserts behaviour is WalletBehaviour {
  const isOwn =
    typeof behaviour === 'object' && behaviour !== null && ('throws' in behaviour || 'answers' in behaviour)
  if (!isOwn && !NAMES.includes(behaviour))
    throw new TypeError(`behaviour must be one of ${NAMES.join(', ')}, { throws } or { answers }`)
}

/** The text that `personal_sign` is given, in hex as wallets are sent it, or as it is. */
export function textToSign(message: unknown): string {
  const bytes =
    typeof message === 'string' && message.startsWith('0x') ? fromHex(message.slice(2)) : undefined
  const text = bytes ? fromUtf8(bytes) : message
  if (typeof text === 'string') return text
  throw rpcError(-32602, 'the test wallet signs UTF-8 text only')
}

/** Answers a request to sign. */
export function signAs(behaviour: Decision, text: string, account: TestAccount): unknown {
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
      return connectAs(behaviour, undefined)
  }
}

/** Answers a request to connect: with the accounts, unless the person says no. */
export function connectAs(behaviour: Decision, accounts: unknown): unknown {
  if (behaviour === 'rejects') throw rpcError(4001, 'User rejected the request.')
  if (typeof behaviour === 'string') return accounts
  if ('throws' in behaviour) throw behaviour.throws
  return behaviour.answers
}

/** An error as wallets throw it (EIP-1193). */
export function rpcError(code: number, message: string): Error & { code: number } {
  return Object.assign(new Error(message), { code })
}
