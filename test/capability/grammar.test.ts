import { describe, expect, it } from 'vitest'
import { parseDateTime } from '../../src/capability/cacao.js'
import { covers, isAuthority, isURI, missingResources } from '../../src/capability/resources.js'

describe('RFC 3339 date-times', () => {
  it.each([
    ['2024-06-01T12:00:00Z', Date.UTC(2024, 5, 1, 12)],
    ['2024-06-01T12:00:00.5Z', Date.UTC(2024, 5, 1, 12, 0, 0, 500)],
    ['2024-06-01T12:00:00.123456Z', Date.UTC(2024, 5, 1, 12, 0, 0, 123)],
    ['2024-06-01t12:00:00z', Date.UTC(2024, 5, 1, 12)],
    ['2024-06-01T12:00:00+02:00', Date.UTC(2024, 5, 1, 10)],
    ['2024-06-01T12:00:00-00:30', Date.UTC(2024, 5, 1, 12, 30)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['0001-01-01T00:00:00Z', -62135596800000],
  ])('accepts %s', (text, time) => expect(parseDateTime(text)).toBe(time))

  it.each([
    '2023-02-29T00:00:00Z',
    '2022-02-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00Z',
    '2024-01-01',
    '+002024-01-01T00:00:00Z',
    'Wed Oct 05 2011 16:48:00 GMT+0200 (CEST)',
    ' 2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00Z\n',
    '1717243200000',
    '',
  ])('refuses %j', (text) => expect(parseDateTime(text)).toBeUndefined())
})

describe('URIs and authorities', () => {
  it.each([
    'https://example.com/a/b?c=d#e',
    'ceramic://*',
    'ceramic://kjzl6hvfrbw6c7?model=kh4q0ozorrgaq2',
    'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3',
    'urn:recap:eyJhdHQiOnt9fQ',
    'a:',
    'a://[::1]:80/x',
    'a://[::]',
    'a://[1:2:3:4:5:6:7:8]',
    'a://[1:2:3:4:5:6:7::]',
    'a://[::ffff:192.0.2.1]',
    'file:///etc/hosts',
    'x:%41',
  ])('%s is a URI', (text) => expect(isURI(text)).toBe(true))

  it.each([
    '',
    'example.com',
    '//example.com',
    '://example.com',
    '1a:b',
    'https://exa mple.com',
    'https://example.com/a b',
    'https://example.com/a\nb',
    'https://example.com/%4',
    'https://example.com/ü',
    'https://example.com:80a',
    'https://a@b@c',
    'https://[::1',
    'https://[::1]x',
    'https://[1:2]',
    'https://[1:2:3:4:5:6:7:8:9]',
    'https://[1:2:3:4::5:6:7:8]',
    'https://[1::2::3:4:5:6:7:8]',
    'https://[::g]',
    'https://[::12345]',
    'https://[::192.0.2.256]',
    'x:<script>',
    'x:\u2028',
  ])('%j is no URI', (text) => expect(isURI(text)).toBe(false))

  it.each([
    'example.com',
    'example.com:8080',
    'user@localhost:1',
    '[::1]:3000',
    '127.0.0.1',
    'xn--bcher-kva.example',
  ])('%s is an authority', (text) => expect(isAuthority(text)).toBe(true))

  it.each([
    '',
    ':80',
    'user@',
    'https://example.com',
    'example.com/',
    'exa mple',
    'a\nb',
    '#x',
    'ü.example',
    '[::1',
  ])('%j is no authority', (text) => expect(isAuthority(text)).toBe(false))

  it.each([`a:${'/'.repeat(100_000)} `, `a://${'%41'.repeat(50_000)} `, `a://[${':'.repeat(100_000)}]`])(
    'reads very long texts in linear time',
    (text) => expect(isURI(text)).toBe(false),
  )
})

describe('a granted resource', () => {
  it.each([
    ['ceramic://a', 'ceramic://a'],
    ['ceramic://*', 'ceramic://a'],
    ['ceramic://*', 'ceramic://a/b?c=d'],
    ['ceramic://*', 'ceramic://*'],
    ['ceramic://*', 'ceramic://a/*'],
    ['https://example.com/notes/*', 'https://example.com/notes/1'],
    ['https://example.com/notes/*', 'https://example.com/notes/1/2?x=y'],
    ['https://example.com/notes/*', 'https://example.com/notes/.hidden'],
    ['https://example.com/*', 'https://example.com/notes/*'],
    ['x:/*', 'x:/a//b'],
    ['x://*', 'x:///a'],
    ['https://example.com/*', 'https://example.com//notes'],
  ])('%s covers %s', (granted, wanted) => expect(covers(granted, wanted)).toBe(true))

  it.each([
    ['ceramic://a', 'ceramic://ab'],
    ['ceramic://a', 'ceramic://*'],
    ['ceramic://*', 'ceramic://'],
    ['ceramic://*', 'https://a'],
    ['ceramic://*', 'CERAMIC://a'],
    ['ceramic*', 'ceramic://a'],
    ['https://example.com/notes/*', 'https://example.com/notes'],
    ['https://example.com/notes/*', 'https://example.com/notes/'],
    ['https://example.com/notes/*', 'https://example.com/notes-of-others'],
    ['https://example.com/notes/*', 'https://example.com/notes/../admin'],
    ['https://example.com/notes/*', 'https://example.com/notes/a/..'],
    ['https://example.com/notes/*', 'https://example.com/notes/%2e%2E/admin'],
    ['https://example.com/notes/*', 'https://example.com/notes/..?x'],
    ['https://example.com/notes/*', 'https://example.com.evil/notes/1'],
    ['https://example.com/notes*', 'https://example.com/notes/1'],
    ['https://example.com/a?b=/*', 'https://example.com/a?b=/c'],
    ['https://example.com/a#/*', 'https://example.com/a#/c'],
    ['*', 'https://example.com/'],
    ['x:/*', 'x://host/a'],
    ['x:/*', 'x://*'],
    ['https:/*', 'https://example.com/notes/1'],
  ])('%s does not cover %s', (granted, wanted) => expect(covers(granted, wanted)).toBe(false))

  it('is found missing if no resource covers it', () => {
    expect(missingResources(['a://*', 'b:c'], ['a://x', 'b:c', 'b:d'])).toEqual(['b:d'])
    expect(missingResources([], ['a:b'])).toEqual(['a:b'])
    expect(missingResources([], [])).toEqual([])
  })
})
