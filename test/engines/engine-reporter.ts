import type { Reporter, TestModule } from 'vitest/node'
import { type Engine, engineTitles } from './engine.js'
import type { Engines } from './engines.js'

const named = (engine: Engine): string => `${engineTitles[engine.name]} ${engine.version}`

/** Suites that can't run have a test named `skipped: reason`. Each reason is printed once, not once for each lane. */
function skippedSuites(modules: readonly TestModule[]): Set<string> {
  const tests = modules.flatMap((module) => [...module.children.allTests('skipped')])
  const reasons = tests.filter((test) => test.name.startsWith('skipped: ') && test.parent.type === 'suite')
  return new Set(reasons.map((test) => `skipped: ${test.fullName.replace(' > skipped: ', ' (')})`))
}

/** Prints which engines the tests run in, and which are missing and why. */
export class EngineReporter implements Reporter {
  readonly #engines: Engines

  constructor(engines: Engines) {
    this.#engines = engines
  }

  onInit(): void {
    console.log(`engines: ${[`Node ${process.versions.node}`, ...this.#engines.found.map(named)].join(', ')}`)
    this.#printMissing()
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const projects = new Set(modules.map((module) => module.project.name))
    // End-to-end tests drive every engine from Node.
    const ran = (name: string): boolean => projects.has(name) || projects.has('e2e')
    const node = ran('node') ? [`Node ${process.versions.node}`] : []
    const browsers = this.#engines.found.filter(({ name }) => ran(name)).map(named)
    console.log(`ran in: ${[...node, ...browsers].join(', ')}`)
    this.#printMissing()
    for (const line of skippedSuites(modules)) console.log(line)
  }

  #printMissing(): void {
    for (const { name, reason } of this.#engines.missing) console.log(`skipped: ${name} (${reason})`)
  }
}
