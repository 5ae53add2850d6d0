import type { WireRequest } from '../setup/wire-request.js'
import { genuineRequests } from './genuine-requests.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'

type WireMutation = (request: WireRequest, random: Random) => WireRequest
type TextMutation = (text: string, random: Random) => string

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`

/** Replaces one of the characters that the pattern finds. */
const atOne =
  (pattern: RegExp, replace: (found: string, random: Random) => string): TextMutation =>
  (text, random) => {
    const found = [...text.matchAll(pattern)]
    const { index = 0, 0: match = '' } = random.pick(found) ?? ['']
    return text.slice(0, index) + replace(match, random) + text.slice(index + match.length)
  }

// Other spellings of a path that servers, proxies and routers treat as the same path, or as another one.
const PATHS: readonly TextMutation[] = [
  atOne(/\//g, (_, random) =>
    random.pick(['//', '/./', '/x/../', '/%2e/', '/x/%2E%2e/', '%2F', '%2f', '\\', '%5C', '/;/', '/%00/']),
  ),
  atOne(/[A-Za-z0-9~@]/g, (found) => escaped(found)),
  atOne(/[A-Za-z]/g, (found) => (found === found.toLowerCase() ? found.toUpperCase() : found.toLowerCase())),
  atOne(/%[0-9A-Fa-f]{2}/g, (found) => {
    const other = found.toLowerCase()
    return other === found ? found.toUpperCase() : other
  }),
  atOne(/%[0-9A-Fa-f]{2}/g, (found) => String.fromCharCode(Number.parseInt(found.slice(1), 16) || 97)),
  atOne(/%/g, () => '%25'),
  atOne(/$/g, (_, random) =>
    random.pick(['/', '/.', '/..', '/../', '%00', '%20', '.json', ';v=1', '?', '#', '#x']),
  ),
  atOne(/^\/?/g, (_, random) =>
    random.pick(['', '//', '/\\', '\\', './', '/../', '*', '?', '/admin/..', '/notes/..']),
  ),
]

const shuffledPairs: TextMutation = (query, random) => random.shuffled(query.split('&')).join('&')
const onePair =
  (change: (pair: string, random: Random) => string[]): TextMutation =>
  (query, random) => {
    const pairs = query.split('&')
    const i = random.below(pairs.length)
    pairs.splice(i, 1, ...change(pairs[i] ?? '', random))
    return pairs.join('&')
  }

// Without the question mark.
const QUERIES: readonly TextMutation[] = [
  shuffledPairs,
  onePair((pair) => [pair, pair]),
  onePair(() => []),
  onePair((pair, random) => [
    pair,
    random.pick(['admin=1', 'page=2', 'page[]=1', '', '=', '__proto__[a]=1']),
  ]),
  onePair((pair, random) => [random.pick(['admin=1', 'page=2', '']), pair]),
  onePair((pair) => [`${pair}=`]),
  onePair((pair) => [pair.replace('=', '')]),
  atOne(/&/g, (_, random) => random.pick([';', '&&', '&amp;', '%26', '?'])),
  atOne(/=/g, (_, random) => random.pick(['==', '%3D', '[]=', '%00='])),
  atOne(/\+|%20/g, (found) => (found === '+' ? '%20' : '+')),
  atOne(/^/g, (_, random) => random.pick(['?', '&', '#', '%3F'])),
  atOne(/$/g, (_, random) => random.pick(['&', '?', '#', '%00', '=', '%0d%0ax:y'])),
  ...PATHS.slice(1, 6),
]

function mutatedTarget({ target, host }: WireRequest, random: Random, other: string): string {
  const mark = target.indexOf('?')
  const [path, query] = mark < 0 ? [target, undefined] : [target.slice(0, mark), target.slice(mark + 1)]
  const inOne = random.below(6)
  if (inOne === 0) return mutateText(target, random, other)
  if (inOne === 1) {
    return random.pick([
      `https://${host}${target}`,
      `http://${host}${target}`,
      `https://evil.example${target}`,
      `//${host}${target}`,
      `.evil.example${target}`,
      `@evil.example${target}`,
      `:443${target}`,
      host,
      '*',
      '',
      other,
      `${path}?`,
      path,
      `${path}%3F${query ?? ''}`,
    ])
  }
  if (inOne < 4 || query === undefined) return random.pick(PATHS)(path, random) + target.slice(path.length)
  return `${path}?${random.pick(QUERIES)(query, random)}`
}

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'QUERY',
] as const
const HOSTS = [
  'api.example.com',
  'api.example.org:8443',
  'api.example.org',
  'api.example.com:443',
  'api.example.com:80',
  'API.Example.com',
  'api.example.com.',
  'api.example.com.evil.example',
  'evil.example',
  'api.example.com@evil.example',
  'evil.example#api.example.com',
  'аpi.example.com',
  'xn--pi-6kc.example.com',
  '[::1]:8443',
  '127.0.0.1',
  'api.example.com, evil.example',
  '',
] as const

export const changeMethod: WireMutation = (request, random) => ({
  ...request,
  method: random.oneIn(3)
    ? random.pick([request.method.toLowerCase(), mutateText(request.method, random), `${request.method} `])
    : random.pick(METHODS),
})

export const changeHost: WireMutation = (request, random) => ({
  ...request,
  host: random.oneIn(4) ? mutateText(request.host, random) : random.pick(HOSTS),
})

export const changeTarget: WireMutation = (request, random) => ({
  ...request,
  target: mutatedTarget(request, random, random.pick(genuineRequests).target),
})
