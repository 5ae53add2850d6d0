import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { authError, isRejection } from '../../src/capability/auth-method.js'

const error = (message: string, more: object = {}): Error => Object.assign(new Error(message), more)
const named = (name: string, message: string, more: object = {}): Error => error(message, { name, ...more })

// The messages and codes are those that the named software uses.
const REJECTIONS: readonly [string, unknown][] = [
  // Ethereum
  ['EIP-1193', { code: 4001, message: 'User rejected the request.' }],
  ['a code as a string', { code: '4001' }],
  ['a code as a string, with white space', { code: ' 4001 ' }],
  ['WalletConnect', { code: 5000, message: 'User rejected.' }],
  ['WalletConnect, methods', { code: 5002, message: 'User rejected methods.' }],
  ['CAIP-25', { code: 5001, message: 'User disapproved requested methods' }],
  ['WalletConnect 1, a closed window', error('User closed modal')],
  ['WalletConnect, a string', '{"code":5001,"message":"-"}'],
  [
    'MetaMask, an internal error',
    { code: -32603, message: 'MetaMask Message Signature: User denied message signature.' },
  ],
  [
    'MetaMask, its message only in the stack',
    {
      code: -32603,
      message: 'Internal JSON-RPC error.',
      stack: 'Error: MetaMask Tx Signature: User denied transaction signature.\n    at a',
    },
  ],
  [
    'MetaMask, a snap',
    {
      code: -32603,
      message: 'Internal error',
      data: { cause: { message: 'User canceled the confirmation' } },
    },
  ],
  ['MetaMask, wrapped', { code: -32603, data: { originalError: { code: 4001 } } }],
  ['MetaMask, mobile', { code: -32000, message: 'User rejected the transaction' }],
  ['Trust', { code: -32000, message: 'Rejected by user' }],
  ['Trust, shortly', 'cancelled'],
  ['a string', 'User rejected the request'],
  ['Coinbase', error('User denied account authorization')],
  ['Coinbase, a string', 'Error: User denied message signature'],
  ['Rainbow', error('Request rejected')],
  ['Frame', error('User declined transaction')],
  ['Zerion', error('UserRejected', {})],
  ['TokenPocket', error('用户取消了操作')],
  ['viem', named('UserRejectedRequestError', 'User rejected the request.\n\nDetails: x', { code: 4001 })],
  ['viem, as a cause', error('x', { cause: error('y', { cause: { code: 4001 } }) })],
  ['viem, by name', named('UserRejectedRequestError', 'x')],
  [
    'ethers 6',
    error('user rejected action (action="signMessage", reason="rejected")', { code: 'ACTION_REJECTED' }),
  ],
  [
    'ethers 6, in its info',
    error('could not coalesce error', { code: 'UNKNOWN_ERROR', info: { error: { code: 4001 } } }),
  ],
  ['ethers 5', error('user rejected signing', { code: 'ACTION_REJECTED', reason: 'user rejected signing' })],
  ['ethers 5, in its reason', { code: 'UNPREDICTABLE', reason: 'user rejected signing' }],
  ['web3.js 4', { name: 'ContractExecutionError', innerError: { code: 4001 } }],
  ['an aggregate', { errors: [error('timeout'), { code: 4001 }] }],
  // Ledger and Trezor
  [
    'Ledger',
    {
      name: 'TransportStatusError',
      message: 'Ledger device: Condition of use not satisfied (denied by the user?) (0x6985)',
      statusCode: 27013,
      statusText: 'CONDITIONS_OF_USE_NOT_SATISFIED',
    },
  ],
  ['Ledger, its status only', { statusCode: 0x6985 }],
  ['Ledger, its status as a string', { code: '0x6985' }],
  ['Ledger, the newer status', error('Ledger device: UNKNOWN_ERROR (0x5501)')],
  ['Ledger, through MetaMask', { code: -32603, message: 'Ledger: User rejected the transaction' }],
  ['Trezor', { error: 'Action cancelled by user', code: 'Failure_ActionCancelled' }],
  ['Trezor, its code only', { code: 'Failure_ActionCancelled' }],
  ['Trezor, a closed window', error('Popup closed')],
  ['a device', error('Action rejected on device')],
  // Solana and others
  ['Phantom', { code: 4001, message: 'User rejected the request.' }],
  ['Solflare', error('Transaction rejected')],
  ['Backpack', error('Approval Denied')],
  [
    'wallet-adapter',
    named('WalletSignMessageError', 'User rejected the request.', { error: { code: 4001 } }),
  ],
  ['Mobile Wallet Adapter', error('-3/sign request declined')],
  ['Keplr', error('Request rejected')],
  ['Beacon', named('AbortedBeaconError', 'The action was aborted by the user.')],
  ['Argent', error('User abort')],
  // Passkeys
  [
    'a browser',
    new DOMException(
      'The operation either timed out or was not allowed. See: https://www.w3.org/TR/webauthn-2/#sctn-privacy-considerations-client.',
      'NotAllowedError',
    ),
  ],
  ['Safari', new DOMException('This request has been cancelled by the user.', 'NotAllowedError')],
  // Other sources
  ['another copy of this library', { name: 'SessionError', code: 'ERR_AUTH_REJECTED', message: 'x' }],
  ['an error without a prototype', Object.assign(Object.create(null), { code: 4001 })],
]

const FAILURES: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 4001],
  ['an internal error', { code: -32603, message: 'Internal JSON-RPC error.' }],
  [
    'a pending request',
    {
      code: -32002,
      message: "Request of type 'wallet_requestPermissions' already pending for origin. Please wait.",
    },
  ],
  [
    'an account that is not connected',
    { code: 4100, message: 'The requested account and/or method has not been authorized by the user.' },
  ],
  ['an unsupported method', { code: 4200, message: 'The Provider does not support the requested method.' }],
  ['a disconnected wallet', { code: 4900, message: 'The Provider is disconnected from all chains.' }],
  ['a contract that reverts', { code: 3, message: 'execution reverted: user rejected' }],
  [
    'a contract that reverts, nested',
    { code: -32603, data: { originalError: { code: 3, message: 'execution reverted: denied by user' } } },
  ],
  ['a bundler', error('UserOperation rejected: AA24 signature error')],
  ['a bundler, by its message', error('user operation rejected because account signature check failed')],
  ['a node', { code: -32000, message: 'transaction rejected by the network: nonce too low' }],
  ['a refused connection', error('connect ECONNREFUSED: connection refused')],
  ['a closed connection', error('Connection closed')],
  ['a relay', error('Socket stalled when trying to connect to wss://relay.example.com')],
  ['a rate limit', { code: -32005, message: 'Request limit exceeded' }],
  ['an access that is denied', { code: 403, message: 'Access denied: the origin is not on the allowlist' }],
  ['a page that may not touch it', new Error('Permission denied to access property "code"')],
  ['an administrator', error("signing was denied by the user's organization policy")],
  ['fetch, aborted', new DOMException('The user aborted a request.', 'AbortError')],
  ['axios, aborted', named('CanceledError', 'canceled', { code: 'ERR_CANCELED' })],
  ['a locked Ledger', { statusCode: 0x5515, message: 'Ledger device: Locked device (0x5515)' }],
  ['Ledger, blind signing', { statusCode: 0x6a80, message: 'Ledger device: Invalid data received (0x6a80)' }],
  ['an unknown user', error('User not found')],
  ['a time-out', error('Request expired. Please try again.')],
  ['a string', 'boom'],
  [
    'a passkey in a frame',
    new DOMException(
      "The 'publickey-credentials-get' feature is not enabled in this document. Permissions Policy may be used to delegate.",
      'NotAllowedError',
    ),
  ],
  ['a passkey without focus', new DOMException('The document is not focused.', 'NotAllowedError')],
  [
    'a passkey without a gesture',
    new DOMException(
      "User gesture is not detected. To use the WebAuthn API, call 'navigator.credentials.get' within user activated events.",
      'NotAllowedError',
    ),
  ],
  [
    'a passkey with a bad certificate',
    new DOMException('WebAuthn is not supported on sites with TLS certificate errors.', 'NotAllowedError'),
  ],
  ['a passkey that already exists', new DOMException('x', 'InvalidStateError')],
]

describe('an error of a wallet', () => {
  it.each(REJECTIONS)('is recognized as a rejection: %s', (_, cause) => {
    const converted = authError(cause)
    expect(converted.code).toBe('ERR_AUTH_REJECTED')
    expect(converted.cause).toBe(cause)
  })

  it.each(FAILURES)('is recognized as a failure: %s', (_, cause) => {
    const converted = authError(cause)
    expect(converted.code).toBe('ERR_AUTH_FAILED')
    expect(converted.cause).toBe(cause)
  })

  it.each(['cause', 'error', 'err', 'info', 'data', 'originalError', 'innerError', 'reason', 'details'])(
    'is recognized as a rejection in %s, at any depth',
    (name) => {
      expect(isRejection({ message: 'x', [name]: { [name]: { [name]: { code: '4001' } } } })).toBe(true)
      expect(isRejection({ message: 'x', [name]: { [name]: { [name]: { code: -32603 } } } })).toBe(false)
    },
  )

  it('is searched even if it contains itself', () => {
    const own: Record<string, unknown> = { message: 'boom' }
    own['cause'] = own
    own['data'] = { error: own, info: 'User rejected the request.' }
    expect(isRejection(own)).toBe(true)
    own['data'] = own
    expect(isRejection(own)).toBe(false)
    let deep: object = { code: 4001 }
    for (let i = 0; i < 10_000; i++) deep = { cause: deep, error: deep }
    expect(isRejection(deep)).toBe(false)
    expect(isRejection(`${'x'.repeat(1e6)} User rejected the request.`)).toBe(false)
  })

  it('is searched once, however long its words are', () => {
    expect(isRejection(`Rejected${'x'.repeat(20)} by the user`)).toBe(true)
    // A pattern without a limit would search the rest of the text for each of its letters.
    expect(isRejection(`Rejected${'x'.repeat(1900)} by the user`)).toBe(false)
    expect(isRejection(`Rejected${'x'.repeat(1900)} on the device`)).toBe(false)
  })

  it('may throw when it is read', () => {
    const locked = new Proxy(
      {},
      {
        get() {
          throw new Error('Permission denied to access object')
        },
      },
    )
    expect(authError(locked)).toMatchObject({
      code: 'ERR_AUTH_FAILED',
      message: 'the wallet failed: it gave no reason',
    })
    expect(isRejection({ message: 'x', cause: locked, data: { code: 4001 } })).toBe(true)
  })

  it('is shown in its own words, on one short line', () => {
    expect(authError('locked').message).toBe('the wallet failed: locked')
    expect(authError({ cause: { message: 'a\nb' } }).message).toBe('the wallet failed: a b')
    expect(authError(error('x'.repeat(1000))).message.length).toBeLessThan(250)
    expect(authError({ code: '-32002' }).message).toMatch(/another request open/)
    const own = new SessionError('ERR_ENVIRONMENT', 'as it is')
    expect(authError(own)).toBe(own)
  })
})
