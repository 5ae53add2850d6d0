import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { cookiesOfSession, headerOf, sealedCookies, trustOptions } from '../setup/cookies.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const NAME = '__Host-cacao-session%3Adefault'
const LONG = 'x'.repeat(5000)

describe('a value that is too long for one cookie', () => {
  it('is split into several, each short enough for any browser', async () => {
    const cookies = sealedCookies(undefined)
    await cookies.setItem('key', LONG)
    expect(cookies.setCookies()).toHaveLength(2)
    for (const cookie of cookies.setCookies()) expect(cookie.length).toBeLessThanOrEqual(4093)
    expect(await sealedCookies(headerOf(cookies)).getItem('key')).toBe(LONG)
  })

  it('may fill three cookies to the last byte that any browser keeps, and no more', async () => {
    const cookies = sealedCookies(undefined, { maxAgeSecs: 400 * 24 * 60 * 60 })
    // A sealed value grows by blocks of 16 bytes, so the largest one that fits leaves less than 16 bytes free.
    await cookies.setItem('long', 'ü'.repeat(4463))
    expect(cookies.setCookies().map(({ length }) => length)).toEqual([4091, 4093, 4083])
    await expectCode('ERR_STORE_UNAVAILABLE', () => cookies.setItem('long', 'ü'.repeat(4464)))
  })

  it('needs fewer cookies once it becomes shorter, and the others are removed', async () => {
    const cookies = sealedCookies(undefined)
    await cookies.setItem('key', LONG)
    const header = headerOf(cookies)
    const later = sealedCookies(header)
    await later.setItem('key', 'short')
    expect(headerOf(later, header)).toMatch(/^__Host-key=[-\w]{8}\.1\.[-\w]+\.\.[-\w.]+$/)
    expect(await sealedCookies(headerOf(later, header)).getItem('key')).toBe('short')
  })

  it('for three is refused with ERR_STORE_UNAVAILABLE, and the old value stays', async () => {
    const cookies = sealedCookies(undefined)
    await cookies.setItem('key', 'x'.repeat(11_000))
    expect(cookies.setCookies()).toHaveLength(3)
    await expectCode('ERR_STORE_UNAVAILABLE', () => cookies.setItem('key', 'x'.repeat(13_000)))
    expect(await cookies.getItem('key')).toBe('x'.repeat(11_000))
    const store = stringStore(sealedCookies(undefined))
    const many = Array.from({ length: 300 }, (_, i) => `https://api.example/notes/${i}/${'x'.repeat(20)}`)
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth, { resources: many, store, ...trustOptions }),
    )
  })

  it('may contain any characters', async () => {
    const value = `ü;,"\\ \n%=${'🍫'.repeat(300)}`
    const cookies = sealedCookies(undefined)
    await cookies.setItem('a key; with (all) = kinds', value)
    expect(cookies.setCookies().join()).toMatch(/^[\x21-\x7e ]+$/)
    expect(await sealedCookies(headerOf(cookies)).getItem('a key; with (all) = kinds')).toBe(value)
  })

  it('counts as absent if a part is missing, of another write, or changed', async () => {
    const [first, second] = [sealedCookies(undefined), sealedCookies(undefined)]
    await first.setItem('key', LONG)
    await second.setItem('key', LONG)
    const [[a = '', b = ''], [, d = '']] = [first, second].map((cookies) =>
      headerOf(cookies).split('; '),
    ) as [string[], string[]]
    expect(await sealedCookies(`${b}; ${a}`).getItem('key')).toBe(LONG)
    for (const header of [
      a,
      b,
      `${a}; ${d}`,
      a.replace('.2.', '.1.'),
      `${a.replace('.2.', '.x.')}; ${b}`,
      `${a}%; ${b}`,
    ])
      expect(await sealedCookies(header).getItem('key')).not.toBe(LONG)
    for (const header of [a, b, `${a}; ${d}`, `${a.replace('.2.', '.x.')}; ${b}`, `${a}%; ${b}`])
      expect(await sealedCookies(header).getItem('key')).toBeUndefined()
  })
})

describe('cookies that were tampered with', () => {
  it.each<[how: string, tamper: (value: string) => string]>([
    ['cut', (value) => value.slice(0, -20)],
    ['extended', (value) => `${value}AAAA`],
    ['quoted', (value) => `"${value}`],
    ['emptied', () => ''],
    ['replaced', () => 'j%3A%7B%22user%22%3A1%7D'],
    ['without their marks', (value) => value.slice(11)],
    [
      'with a character of another',
      (value) => `${value.slice(0, 300)}${value[300] === 'A' ? 'B' : 'A'}${value.slice(301)}`,
    ],
  ])('count as signed out: %s', async (_, tamper) => {
    const header = headerOf(await cookiesOfSession())
    const value = header.slice(NAME.length + 1)
    const load = (text: string) =>
      DIDSession.load(undefined, {
        ...trustOptions,
        store: stringStore(sealedCookies(`${NAME}=${text}; theme=dark`)),
      })
    expect(await load(value)).toBeDefined()
    expect(await load(tamper(value))).toBeUndefined()
  })
})
