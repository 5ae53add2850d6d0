import { describe, expect, it } from 'vitest'
import { durationSecs, timeInWords } from '../../src/cli/output.js'

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['12h', 43_200],
    ['7d', 604_800],
    ['2w', 1_209_600],
    ['36500d', 3_153_600_000],
  ])('accepts %s', (text, secs) => expect(durationSecs(text)).toBe(secs))

  it.each([
    '',
    '7',
    'd',
    '0d',
    '-1d',
    '1.5h',
    '7D',
    '7 d',
    ' 7d',
    '1d12h',
    '7days',
    '1e3s',
    '07d',
    '1y',
    '9999999999s',
  ])('refuses %j', (text) => expect(() => durationSecs(text)).toThrow('is not a duration'))
})

it.each(['36501d', '999999999w'])('refuses %j, which is too long', (text) =>
  expect(() => durationSecs(text)).toThrow(`"${text}" is too long a duration`),
)

describe('times in words', () => {
  const now = Date.UTC(2026, 0, 31, 12)
  it.each([
    [604_799_900, 'in 7 days'],
    [-3 * 86_400_000, '3 days ago'],
    [100 * 60_000, 'in 100 minutes'],
    [0, 'now'],
    [-5000, '5 seconds ago'],
  ])('describes %i ms from now as %s', (ms, words) => {
    const time = new Date(now + ms)
    expect(timeInWords(time, now)).toBe(`${time.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${words}`)
  })
})
