import { describe, inject, it } from 'vitest'
import { type Engine, type EngineName, engineNames, engineTitles } from '../engines/engine.js'

const engines = inject('engines')

/** One suite for each engine (or each named engine) of this machine; a skipped one names the missing engine. */
export function describeEngines(
  title: string,
  suite: (engine: Engine) => void,
  names: readonly EngineName[] = engineNames,
): void {
  for (const name of names) {
    const engine = engines.find((candidate) => candidate.name === name)
    describe(`${title} in ${engineTitles[name]}`, () => {
      if (engine) suite(engine)
      else it.skip('skipped: no such browser here')
    })
  }
}
