import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright'

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// Of the rules that axe runs by default, those that depend on colours.
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

/** The violations that axe finds on the page, with their elements: of all rules, or only of those that depend on colours. */
export async function violations(page: Page, about?: 'colours'): Promise<string[]> {
  await page.evaluate(await source)
  const options: RunOptions = about ? { runOnly: { type: 'rule', values: COLOUR_RULES } } : {}
  const found = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults
  return found.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, any, all, none }) =>
      [impact, id, target.join(' '), ...[...any, ...all, ...none].map(({ message }) => message)].join(': '),
    ),
  )
}
