import { inputText, type SignatureInput } from '../setup/sign-wire.js'
import { withHeader } from '../setup/wire-request.js'
import { respellDictionary } from './dictionary-spellings.js'
import type { RequestMutation } from './genuine-requests.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'

type ListChange = (list: readonly string[], random: Random, others: readonly string[]) => string[]

const LIST_CHANGES: readonly ListChange[] = [
  (list, random) => list.filter((_, i) => i !== random.below(list.length)),
  (list, random) => [...list, random.pick(list)],
  (list, random) => [random.pick(list), ...list],
  (list, random) => random.shuffled(list),
  (list, random, others) => list.map((item) => (random.oneIn(3) ? random.pick(others) : item)),
  (list, random, others) => [...list, random.pick(others)],
  () => [],
]

const COMPONENTS = [
  '"@method"',
  '"@authority"',
  '"@path"',
  '"@query"',
  '"@target-uri"',
  '"@request-target"',
  '"@scheme"',
  '"@status"',
  '"@query-param";name="page"',
  '"@signature-params"',
  '"authorization"',
  '"Authorization"',
  '"authorization";bs',
  '"authorization";sf',
  '"authorization";tr',
  '"authorization";req',
  '"authorization";key="cacao"',
  '"@method";req',
  '"@path";req=?0',
  '"content-digest"',
  '"content-digest";key="sha-256"',
  '"signature";key="cacao"',
  '"host"',
  '"accept"',
  '""',
  '"@method',
  '@method',
  'method',
  '1',
  ':AAAA:',
  '("@method")',
  '"é"',
] as const

const PARAMETERS = [
  'created',
  'created=0',
  'created=1717286400.0',
  'created="1717286400"',
  'created=@1717286400',
  'created=999999999999999',
  'created=-1',
  'expires=999999999999999',
  'expires=1717286460.5',
  'expires=?1',
  'nonce=""',
  'nonce="AAAAAAAAAAAAAAAAAAAAAA"',
  'nonce=token',
  'nonce=:AAAA:',
  'nonce=%"a"',
  'alg="ed25519"',
  'alg="ecdsa-p256-sha256"',
  'alg="hmac-sha256"',
  'alg="none"',
  'alg=""',
  'keyid="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"',
  'tag="other"',
  'tag=cacao-session',
  'constructor=1',
  '__proto__=1',
  'Created=1',
  'x="\\""',
] as const

const DID = /did:key:[1-9A-HJ-NP-Za-km-z]+/g

/** One item of a list changed as text: another number, a DID without its fragment, white space. */
const itemChanged: ListChange = (list, random, others) => {
  const i = random.below(list.length)
  const item = list[i] ?? ''
  const made = random.pick([
    mutateText(item, random, random.pick(others)),
    item.replace(/\d+$/, (digits) => String(Number(digits) + random.pick([-1, 1, 60, 86_400]))),
    item.replace(/\d+$/, '$&.0'),
    item.replace(/=(\d+)$/, '=0$1'),
    item.replace(/#[^"]*/, ''),
    item.replace(/did:key:[^#]*/, ''),
    item.replace(DID, (did) => did.toUpperCase()),
    item.replace(/[^=]*=/, (name) => ` ${name}`),
    item.replaceAll('"', ''),
    item.replace(/"(.)/, '"\\$1'),
    `${item};a`,
    item.toUpperCase(),
  ])
  return list.map((known, at) => (at === i ? made : known))
}

const changedList = (list: readonly string[], random: Random, others: readonly string[]): string[] =>
  random.pick([...LIST_CHANGES, ...Array<ListChange>(5).fill(itemChanged)])(list, random, others)

/** One part of a signature's parameters, changed. */
function mutatedInput(said: SignatureInput, random: Random, other: SignatureInput): SignatureInput {
  const part = random.below(8)
  if (part === 0) return { ...said, label: random.pick(['sig1', 'Cacao', 'cacao2', '*', 'a', '', 'cacao ']) }
  return part < 4
    ? {
        ...said,
        components: changedList(said.components, random, random.pick([COMPONENTS, other.components])),
      }
    : {
        ...said,
        parameters: changedList(said.parameters, random, random.pick([PARAMETERS, other.parameters])),
      }
}

export const changeInput: RequestMutation = (request, random, other) => {
  const text = inputText(mutatedInput(request.said, random, other.said))
  const whole = inputText(request.said)
  const spelt = random.oneIn(4) ? respellDictionary(whole, random, inputText(other.said)) : text
  return withHeader(request, 'signature-input', spelt)
}
