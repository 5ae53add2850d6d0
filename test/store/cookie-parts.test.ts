import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { cookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum.js'
import { cookiesOfSession, headerOf } from '../setup/cookies.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const NAME = '__Host-cacao-session%3Adefault'
const LONG = 'x'.repeat(5000)

describe('a value that is too long for one cookie', () => {
  it('takes several, each of which any browser keeps', () => {
    const cookies = cookieStore(undefined)
    cookies.setItem('key', LONG)
    expect(cookies.setCookies()).toHaveLength(2)
    for (const cookie of cookies.setCookies()) expect(cookie.length).toBeLessThanOrEqual(4093)
    expect(cookieStore(headerOf(cookies)).getItem('key')).toBe(LONG)
  })

  it('fills three to the last byte that any browser keeps, and no further', async () => {
    const cookies = cookieStore(undefined, { maxAgeSecs: 400 * 24 * 60 * 60 })
    cookies.setItem('long', 'x'.repeat(12_030))
    expect(Math.max(...cookies.setCookies().map(({ length }) => length))).toBe(4093)
    await expectCode('ERR_STORE_UNAVAILABLE', () => cookies.setItem('long', 'x'.repeat(12_031)))
  })

  it('gives room back when it shrinks', () => {
    const cookies = cookieStore(undefined)
    cookies.setItem('key', LONG)
    const header = headerOf(cookies)
    const later = cookieStore(header)
    later.setItem('key', 'short')
    expect(headerOf(later, header)).toMatch(/^__Host-key=[-\w]{8}\.1\.short$/)
    expect(cookieStore(headerOf(later, header)).getItem('key')).toBe('short')
  })

  it('takes no more than three, and says so; what was there stays', async () => {
    const cookies = cookieStore(undefined)
    cookies.setItem('key', 'x'.repeat(11_000))
    expect(cookies.setCookies()).toHaveLength(3)
    await expectCode('ERR_STORE_UNAVAILABLE', () => cookies.setItem('key', 'x'.repeat(13_000)))
    expect(cookies.getItem('key')).toBe('x'.repeat(11_000))
    const store = stringStore(cookieStore(undefined))
    const many = Array.from({ length: 300 }, (_, i) => `https://api.example/notes/${i}/${'x'.repeat(20)}`)
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth, { resources: many, store }),
    )
  })

  it('keeps whatever characters it has', () => {
    const value = `ü;,"\\ \n%=${'🍫'.repeat(300)}`
    const cookies = cookieStore(undefined)
    cookies.setItem('a key; with (all) = kinds', value)
    expect(cookies.setCookies().join()).toMatch(/^[\x21-\x7e ]+$/)
    expect(cookieStore(headerOf(cookies)).getItem('a key; with (all) = kinds')).toBe(value)
  })

  it('counts as absent where a part is missing, of another writing, or changed', () => {
    const [first, second] = [cookieStore(undefined), cookieStore(undefined)]
    first.setItem('key', LONG)
    second.setItem('key', LONG)
    const [[a = '', b = ''], [, d = '']] = [first, second].map((cookies) =>
      headerOf(cookies).split('; '),
    ) as [string[], string[]]
    expect(cookieStore(`${b}; ${a}`).getItem('key')).toBe(LONG)
    for (const header of [
      a,
      b,
      `${a}; ${d}`,
      a.replace('.2.', '.1.'),
      `${a.replace('.2.', '.x.')}; ${b}`,
      `${a}%; ${b}`,
    ])
      expect(cookieStore(header).getItem('key')).not.toBe(LONG)
    for (const header of [a, b, `${a}; ${d}`, `${a.replace('.2.', '.x.')}; ${b}`, `${a}%; ${b}`])
      expect(cookieStore(header).getItem('key')).toBeUndefined()
  })
})

describe('cookies that were tampered with', () => {
  it.each<[how: string, tamper: (value: string) => string]>([
    ['cut', (value) => value.slice(0, -20)],
    ['extended', (value) => `${value}AAAA`],
    ['quoted', (value) => `"${value}`],
    ['emptied', () => ''],
    ['replaced', () => 'j%3A%7B%22user%22%3A1%7D'],
    ['without their mark', (value) => value.slice(11)],
    [
      'with a character of another',
      (value) => `${value.slice(0, 300)}${value[300] === 'A' ? 'B' : 'A'}${value.slice(301)}`,
    ],
  ])('mean signed out: %s', async (_, tamper) => {
    const header = headerOf(await cookiesOfSession())
    const value = header.slice(NAME.length + 1)
    const options = { verifiers: ethereumVerifiers() }
    const load = (text: string) =>
      DIDSession.load(undefined, {
        ...options,
        store: stringStore(cookieStore(`${NAME}=${text}; theme=dark`)),
      })
    expect(await load(value)).toBeDefined()
    expect(await load(tamper(value))).toBeUndefined()
  })
})
