import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import {
  type CallbackBackend,
  callbackStore,
  type StoreCallback,
  stringStore,
} from '../../src/store/string-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const boom = new Error('boom')

type Answer = (callback: StoreCallback) => unknown
const answering = (answer: Answer): CallbackBackend => ({
  getItem: (_key, callback) => answer(callback),
  setItem: (_key, _value, callback) => answer(callback),
  removeItem: (_key, callback) => answer(callback),
})

describe('callbackStore', () => {
  it.each<[how: string, answer: Answer]>([
    ['at once', (callback) => callback(null, 'value')],
    ['later', (callback) => setTimeout(() => callback(undefined, 'value'))],
    ['twice, of which the first counts', (callback) => [callback(null, 'value'), callback(boom, 'other')]],
    ['and returns a promise of another value', async (callback) => callback(null, 'value')],
  ])('returns the value that a backend answers %s', async (_, answer) => {
    expect(await callbackStore(answering(answer)).getItem('key')).toBe('value')
  })

  it('passes its arguments on to the backend', async () => {
    const asked: unknown[] = []
    const note =
      (name: string) =>
      (...args: unknown[]) => {
        asked.push([name, ...args.slice(0, -1)])
        ;(args.at(-1) as StoreCallback)()
      }
    const store = callbackStore({
      getItem: note('get'),
      setItem: note('set'),
      removeItem: note('remove'),
    })
    expect(await store.getItem('a')).toBeUndefined()
    await store.setItem('b', 'c')
    await store.removeItem('d')
    expect(asked).toEqual([
      ['get', 'a'],
      ['set', 'b', 'c'],
      ['remove', 'd'],
    ])
  })

  it.each<[how: string, answer: Answer]>([
    ['in its callback', (callback) => callback(boom)],
    [
      'by throwing',
      () => {
        throw boom
      },
    ],
    ['by a promise', () => Promise.reject(boom)],
  ])('whose backend fails %s rejects with ERR_STORE_UNAVAILABLE', async (_, answer) => {
    const store = stringStore(callbackStore(answering(answer)))
    const { cause } = await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.load(ACCOUNT_A, { store }))
    expect(cause).toBe(boom)
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.get(ACCOUNT_A, auth, { resources, store }))
  })

  it('returns the same store for the same backend', () => {
    const backend = answering((callback) => callback())
    expect(callbackStore(backend)).toBe(callbackStore(backend))
    expect(callbackStore(backend)).not.toBe(callbackStore({ ...backend }))
  })

  it.each([undefined, null, {}, { getItem: () => null }])(
    'throws a TypeError for the backend %j',
    async (backend) => {
      expect(await failureOf(() => callbackStore(backend as never))).toBeInstanceOf(TypeError)
    },
  )
})
