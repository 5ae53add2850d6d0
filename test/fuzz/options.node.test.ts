import { describe, expect, it } from 'vitest'
import { describeMutated } from './describe-mutated.js'
import { OPTION_CASES } from './option-cases.js'
import { checkOptions } from './option-kind.js'

describe('each check among the options', () => {
  const named = OPTION_CASES.map(
    (optionCase) => [`${optionCase.of}: ${optionCase.option}`, optionCase] as const,
  )

  it.each(named)('%s refuses by the value of that option only', async (_, optionCase) => {
    const { others, option, refusing, accepting } = optionCase
    const isAccepted = (value: unknown): Promise<boolean> =>
      optionCase.judge({ ...others, [option]: value }).catch(() => false)
    expect(await isAccepted(refusing)).toBe(false)
    expect(await isAccepted(accepting)).toBe(accepting !== undefined)
  })
})

describeMutated([checkOptions, 0.04])
