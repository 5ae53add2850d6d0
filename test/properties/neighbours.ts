import type { CacaoPayload } from '../../src/capability/cacao.js'

/** Makes another payload of a first one, with a second one and a number; the guard may refuse it. */
export type Neighbour = (p: CacaoPayload, other: CacaoPayload, at: number) => unknown

type TextField = Exclude<keyof CacaoPayload, 'resources'>

// The members in the order of the text, with the separators between them.
const IN_ORDER: readonly [TextField, string][] = [
  ['domain', ' wants you to sign in with your Ethereum account:\n'],
  ['iss', '\n\n'],
  ['statement', '\n\nURI: '],
  ['aud', '\nVersion: '],
  ['version', '\nChain ID: 1\nNonce: '],
  ['nonce', '\nIssued At: '],
  ['iat', '\nExpiration Time: '],
  ['exp', '\nNot Before: '],
  ['nbf', '\nRequest ID: '],
  ['requestId', '\nResources:\n- '],
]
const FIELDS = IN_ORDER.map(([name]) => name)
const OPTIONAL = ['nbf', 'exp', 'statement', 'requestId', 'resources'] as const

function without(p: CacaoPayload, name: keyof CacaoPayload): object {
  const { [name]: _, ...rest } = p
  return rest
}

/** A change of one text member, if it is present. */
const changed =
  (name: TextField, change: (text: string, at: number, other: CacaoPayload) => string): Neighbour =>
  (p, other, at) => ({ ...p, ...(p[name] !== undefined && { [name]: change(p[name], at, other) }) })

/** A change of the list of resources. */
const listed =
  (change: (resources: string[], at: number) => string[]): Neighbour =>
  (p, _, at) => ({ ...p, resources: change([...(p.resources ?? [])], at) })

const withoutAt = (text: string, at: number): string => {
  const i = at % (text.length + 1)
  return text.slice(0, i) + text.slice(i + 1)
}

// Two neighbouring members, whose boundary is moved by some characters or written into one of them.
const boundaries: Neighbour[] = IN_ORDER.slice(0, -1).flatMap(([first, between]) => {
  const shifted =
    (forth: boolean): Neighbour =>
    (p, _, at) => {
      const second = FIELDS.slice(FIELDS.indexOf(first) + 1).find((name) => p[name] !== undefined)
      const [a, b] = [p[first] ?? '', second ? (p[second] ?? '') : '']
      const cut = forth ? a.length - (at % 9) : a.length
      const taken = forth ? 0 : at % 9
      const moved = { [first]: a.slice(0, cut) + b.slice(0, taken) }
      return second ? { ...p, ...moved, [second]: a.slice(cut) + b.slice(taken) } : { ...p, ...moved }
    }
  const swallowed: Neighbour = (p) => {
    const second = FIELDS[FIELDS.indexOf(first) + 1] ?? 'requestId'
    return { ...without(p, second), [first]: `${p[first] ?? ''}${between}${p[second] ?? ''}` }
  }
  const kept: Neighbour = (p) => ({ ...p, [first]: `${p[first] ?? ''}${between}x` })
  return [shifted(true), shifted(false), swallowed, kept]
})

const members: Neighbour[] = [...FIELDS, 'resources' as const].flatMap((name) => [
  (p, other) =>
    other[name] === undefined ? without(p, name) : { ...p, [name]: other[name as keyof CacaoPayload] },
])

const optional: Neighbour[] = OPTIONAL.flatMap((name): Neighbour[] => [
  (p) => without(p, name),
  (p) => ({ ...p, [name]: name === 'resources' ? [] : '' }),
])

const spellings: Neighbour[] = FIELDS.flatMap((name) => [
  changed(name, withoutAt),
  changed(name, (text) => text.toLowerCase()),
  changed(name, (text) => text.toUpperCase()),
  changed(name, (text) => ` ${text}`),
  changed(name, (text) => `${text} `),
  changed(name, (text) => `${text}\n`),
  changed(name, (text) => `${text}\r`),
  changed(name, (text) => `${text}\u2028`),
  changed(name, (text) => text + text),
])

const special: Neighbour[] = [
  changed('domain', (text) => `https://${text}`),
  changed('domain', (text) => `${text}:443`),
  changed('domain', (text) => `x@${text}`),
  changed('iss', (text) => text.replace(/:(\d+):0x/, ':0$1:0x')),
  changed('iss', (text) => text.replace(/:(\d+):0x/, ':$10:0x')),
  changed('nonce', (text, _, other) => text + other.nonce),
  changed('iat', (text) => text.replace(/z$/i, '+00:00')),
  changed('iat', (text) => text.replace(/(z|[+-]\d\d:\d\d)$/i, '.0$1')),
  changed('exp', (text) => text.replace('T', 't')),
  changed('statement', (text) => text.normalize('NFD')),
  changed('statement', (text) => text.normalize('NFKC')),
  changed('statement', (text) => `${text}\ud800`),
  changed('statement', (text) => `${text}\u200b`),
  changed('aud', (text) => `${text}#`),
  changed('aud', (text) => `${text}/`),
  changed('aud', (text) => text.replace(/%[0-9a-f]{2}/i, (digits) => digits.toLowerCase())),
  changed('requestId', (text) => `${text}\nResources:`),
  (p) => ({ ...p, exp: p.nbf, nbf: p.exp }),
  (p) => ({ ...p, statement: p.requestId, requestId: p.statement }),
  (p) => ({ ...p, statement: `URI: ${p.aud}` }),
  (p) => ({ ...p, resources: [p.aud], aud: p.resources?.[0] ?? p.aud }),
  (p) => ({ ...without(p, 'resources'), requestId: `${p.requestId ?? ''}\nResources:` }),
  (p) => ({ ...without(p, 'requestId'), resources: [...(p.resources ?? []), `r:${p.requestId ?? ''}`] }),
]

const lists: Neighbour[] = [
  ...['', '\n- ', ' - ', ','].map((separator) =>
    listed(([a = 'a:', b = 'b:', ...more]) => [`${a}${separator}${b}`, ...more]),
  ),
  listed(([a = 'a:b', ...more], at) => [a.slice(0, at % a.length), a.slice(at % a.length), ...more]),
  listed(([a = 'a:b', ...more]) => [a, a, ...more]),
  listed((all) => [...all].reverse()),
  listed((all) => all.slice(1)),
  listed((all) => all.slice(0, -1)),
  listed((all) => [...all, 'a:']),
  listed((all) => [...all, '']),
]

/** Ways to make a similar payload: one member changed, removed or added, or a boundary moved. */
export const NEIGHBOURS: readonly Neighbour[] = [
  ...boundaries,
  ...members,
  ...optional,
  ...spellings,
  ...special,
  ...lists,
]
