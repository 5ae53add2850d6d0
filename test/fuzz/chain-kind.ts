import type { Cacao } from '../../src/capability/cacao.js'
import { chainOf } from '../../src/capability/cacao.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { accept, jsonable, jsonOf, textCase } from './capability-kinds.js'
import { copyOf } from './copy.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { contentOf } from './genuine.js'
import { chains, forgedChains } from './genuine-chains.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

const links = chains.flatMap(({ cacao }) => chainOf(cacao))
const one = (random: Random): Cacao => random.pick(chains).cacao

/** A payload, a signature and a parent from any three links. */
function spliced(random: Random): unknown {
  const [a, b] = [one(random), one(random)]
  const { h, p, s } = random.oneIn(2) ? a : b
  const parent = random.pick([a.s.m?.parent, random.pick(links)])
  return {
    h,
    p: random.oneIn(3) ? random.pick(links).p : p,
    s: { ...(random.oneIn(3) ? b.s : s), m: { parent } },
  }
}

/** A link removed, repeated or moved. */
function relinked(random: Random): unknown {
  const chain = chainOf(one(random))
  const i = random.below(chain.length)
  const [link] = chain.splice(i, 1) as [Cacao]
  if (!random.oneIn(3))
    chain.splice(random.below(chain.length + 1), 0, link, ...(random.oneIn(2) ? [link] : []))
  return chain.reduce<unknown>((parent, { h, p, s }) => {
    const { m: _, ...bare } = s
    return { h, p, s: parent === undefined ? bare : { ...s, m: { parent } } }
  }, undefined)
}

function mutant(random: Random): unknown {
  const forged = (): unknown => random.pick(forgedChains)
  const made = [spliced, relinked, forged, forged][random.below(12)]
  return made?.(random) ?? mutateValue(one(random), random, one(random))
}

function objectCase(input: unknown): FuzzCase {
  return { input, run: () => accept(input) }
}

export const delegationChains: FuzzKind = {
  name: 'chain of capabilities',
  genuine: new Set(links.map(contentOf)),
  control: (random) =>
    random.oneIn(2) ? objectCase(copyOf(one(random))) : textCase(encodeDagJSON(one(random))),
  mutated(random) {
    if (random.oneIn(2)) return objectCase(mutant(random))
    const text = jsonOf(jsonable(random.oneIn(3) ? mutant(random) : one(random)), random)
    const mutated = random.oneIn(4) ? text : mutateText(text, random, encodeDagJSON(one(random)))
    return textCase(mutated.slice(0, 100_000), random.oneIn(8))
  },
}
