import { describe, expect, it } from 'vitest'
import { notesIn, noteValue } from '../../src/store/page-cookie.js'

const note = {
  until: 1_764_340_000,
  secs: 600,
  keyDID: 'did:key:zDnaeyDjriNNPKVjqcmqXrshc5GLxjy8wG4NQvExHtEMdxdBt',
  path: '/app/séance?',
}
const value = noteValue(note)
const HOST = '__Host-cacao-session-until'

describe('the readable note beside a cookie', () => {
  it('is read as it was written, at any position', () => {
    expect(value).toMatch(/^[!#-+\--:<-[\]-~]+$/)
    for (const cookies of [
      `${HOST}=${value}`,
      `a=b; ${HOST}=${value}`,
      `${HOST}=${value}; a=b`,
      `; ${HOST}=${value};`,
    ])
      expect(notesIn(cookies, false)).toEqual([note])
    const other = { ...note, path: '/admin/session' }
    expect(notesIn(`${HOST}=${value}; __Host-admin-until=${noteValue(other)}`, false)).toEqual([note, other])
  })

  it('is ignored if another host could have written it', () => {
    for (const name of [
      'cacao-session-until',
      '__Secure-cacao-session-until',
      'x__Host-a-until',
      ' __Host-a-until',
    ]) {
      expect(notesIn(`${name}=${value}`, false)).toEqual([])
      expect(notesIn(`a=b; ${name}=${value}`, false)).toEqual([])
    }
    expect(notesIn(`cacao-session-until=${value}`, true)).toEqual([note])
  })

  it.each([
    ['nothing', ''],
    ['another cookie', `__Host-cacao-session=${value}`],
    ['a value that only ends like one', `${HOST}=x${value}`],
    ['another key than a did:key', `${HOST}=1.1.abc.%2Fsession`],
    ['a malformed path', `${HOST}=1.1.zDnae.%E0%A4%A`],
    ['an invalid path', `${HOST}=1.1.zDnae.session`],
    ['no path', `${HOST}=1.1.zDnae.`],
    ['a time that is no number', `${HOST}=1e9.1.zDnae.%2Fsession`],
  ])('is not found in %s', (_, cookies) => {
    expect(notesIn(cookies, false)).toEqual([])
  })
})
